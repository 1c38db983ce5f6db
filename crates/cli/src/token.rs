//! `rollcall token`: the secrets that identity providers present.

use anyhow::Result;
use clap::{Args, Subcommand, value_parser};
use operations::tokens;

use crate::global::{Format, Global, Within, told};
use crate::output;

/// Bearer tokens of a connection; several may be valid at once, so that they can be exchanged without a gap.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a token and prints it, once: only its hash is stored. It is valid at once.
    #[command(after_help = "Example: rollcall token create --connection staff --expires-in-days 365")]
    Create {
        #[command(flatten)]
        of: Of,
        /// Days until it expires; without it, it does not
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(1..=36_500))]
        expires_in_days: Option<u32>,
    },
    /// Lists the tokens of a connection, without their secrets.
    #[command(after_help = "Example: rollcall token list --connection staff")]
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Shows a token, without its secret.
    #[command(after_help = "Example: rollcall token show --connection staff rollcall_x7Qp")]
    Show {
        #[command(flatten)]
        of: Of,
        /// The id of the token, or its first letters, as `token list` shows them
        token: String,
    },
    /// Changes when a token expires.
    #[command(
        after_help = "Example: rollcall token update --connection staff rollcall_x7Qp --expires-in-days 90"
    )]
    Update {
        #[command(flatten)]
        of: Of,
        /// The id of the token, or its first letters, as `token list` shows them
        token: String,
        /// Days from now until it expires
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(1..=36_500))]
        #[arg(required_unless_present = "never_expires", conflicts_with = "never_expires")]
        expires_in_days: Option<u32>,
        /// It does not expire any more
        #[arg(long)]
        never_expires: bool,
    },
    /// Revokes a token; a running server refuses it within seconds (`auth.token_cache_seconds`). It stays in the list.
    #[command(
        visible_alias = "revoke",
        after_help = "Example: rollcall token delete --connection staff 019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8"
    )]
    Delete {
        #[command(flatten)]
        of: Of,
        /// The id of the token, or its first letters, as `token list` shows them
        token: String,
    },
}

/// Whose token it is.
#[derive(Args)]
pub(crate) struct Of {
    /// The connection, by id, or by name where only one tenant has one of that name
    #[arg(long)]
    connection: String,
    #[command(flatten)]
    within: Within,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    let columns = [
        ("Token", "/hint"),
        ("State", "/state"),
        ("Created", "/createdAt"),
        ("Expires", "/expiresAt"),
        ("Last used", "/lastUsedAt"),
        ("Id", "/id"),
    ];
    match command {
        Command::Create { of, expires_in_days } => {
            let operator = admin.operator("token create").within(of.within.tenant);
            let created =
                tokens::create(db, &operator, &of.connection, expires_in_days).await.map_err(told)?;
            if global.format() == Format::Text {
                output::line("token created; it is shown this once and valid at once")?;
                output::line(format!("token  {}", created.token))?;
                return output::line(format!("id  {}", created.known.id));
            }
            output::details(global, &created, &[("token", "/token"), ("id", "/id")])
        }
        Command::List { of } => {
            let operator = admin.operator("token list").within(of.within.tenant);
            let tokens = tokens::list(db, &operator, &of.connection).await.map_err(told)?;
            output::items(global, &tokens, &columns)
        }
        Command::Show { of, token } => {
            let operator = admin.operator("token show").within(of.within.tenant);
            let token = tokens::show(db, &operator, &of.connection, &token).await.map_err(told)?;
            output::details(global, &token, &columns)
        }
        Command::Update { of, token, expires_in_days, never_expires: _ } => {
            let operator = admin.operator("token update").within(of.within.tenant);
            let updated = tokens::update(db, &operator, &of.connection, &token, expires_in_days);
            let token = updated.await.map_err(told)?;
            let when = token.expires_at.map_or_else(
                || "does not expire any more".to_owned(),
                |at| format!("expires {}", at.format("%Y-%m-%d %H:%M UTC")),
            );
            output::created(global, &token, &format!("token {} {when}", token.hint))
        }
        Command::Delete { of, token } => {
            let operator = admin.operator("token delete").within(of.within.tenant);
            let token = tokens::revoke(db, &operator, &of.connection, &token).await.map_err(told)?;
            output::created(global, &token, &format!("token {} revoked", token.hint))
        }
    }
}
