//! `rollcall api-token`: the secrets that the application presents.

use anyhow::Result;
use clap::{Subcommand, value_parser};
use operations::api_tokens;

use crate::global::{Format, Global, told};
use crate::output;

/// Tokens of the application's API, `/api/v1`, each with scopes.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a token and prints it, once: only its hash is stored. It is valid at once.
    #[command(
        after_help = "Example: rollcall api-token create --tenant \"Northlight Instruments\" --name latchkey --scope people:read"
    )]
    Create {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// What people call it
        #[arg(long)]
        name: String,
        /// What it allows: people:read, events:read, enrolment:write, devices:write, holds:write or streams:write; may be repeated.
        /// Without it, all
        #[arg(long = "scope", value_name = "SCOPE")]
        scopes: Vec<String>,
        /// Days until it expires; without it, it does not
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(1..=36_500))]
        expires_in_days: Option<u32>,
    },
    /// Lists the tokens of a tenant's application, without their secrets.
    #[command(after_help = "Example: rollcall api-token list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Revokes a token; it is refused at once, and stays in the list.
    #[command(
        visible_alias = "revoke",
        after_help = "Example: rollcall api-token delete --tenant \"Northlight Instruments\" latchkey"
    )]
    Delete {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// The token, by name, id or first letters
        token: String,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Create { tenant, name, scopes, expires_in_days } => {
            let operator = admin.operator("api-token create");
            let created = api_tokens::create(db, &operator, &tenant, (&name, &scopes), expires_in_days).await;
            let created = created.map_err(told)?;
            if global.format() == Format::Text {
                output::line("token created; it is shown this once and valid at once")?;
                output::line(format!("token  {}", created.token))?;
                return output::line(format!("id  {}", created.known.id));
            }
            output::details(global, &created, &[("token", "/token"), ("id", "/id")])
        }
        Command::List { tenant } => {
            let tokens = api_tokens::list(db, &admin.operator("api-token list"), &tenant).await;
            let columns = [
                ("Name", "/name"),
                ("Token", "/hint"),
                ("State", "/state"),
                ("Scopes", "/scopes"),
                ("Expires", "/expiresAt"),
                ("Last used", "/lastUsedAt"),
                ("Id", "/id"),
            ];
            output::items(global, &tokens.map_err(told)?, &columns)
        }
        Command::Delete { tenant, token } => {
            let operator = admin.operator("api-token delete");
            let revoked = api_tokens::revoke(db, &operator, &tenant, &token).await.map_err(told)?;
            output::created(global, &revoked, &format!("token {} revoked", revoked.hint))
        }
    }
}
