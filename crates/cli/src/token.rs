//! `rollcall token`: the secrets that identity providers present.

use anyhow::Result;
use clap::{Subcommand, value_parser};
use operations::tokens;

use crate::global::{Global, told};
use crate::output;

/// Bearer tokens of a connection; several may be valid at once, so that they can be exchanged without a gap.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a token and prints it, once: only its hash is stored. It is valid at once.
    #[command(after_help = "Example: rollcall token create --connection staff --expires-in-days 365")]
    Create {
        /// The connection, by id, or by name where only one tenant has one of that name
        #[arg(long)]
        connection: String,
        /// Days until it expires; without it, it does not
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(1..=36_500))]
        expires_in_days: Option<u32>,
    },
    /// Lists the tokens of a connection, without their secrets.
    #[command(after_help = "Example: rollcall token list --connection staff")]
    List {
        /// The connection, by id or name
        #[arg(long)]
        connection: String,
    },
    /// Revokes a token; a running server refuses it within seconds (`auth.token_cache_seconds`).
    #[command(
        after_help = "Example: rollcall token revoke --connection staff 019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8"
    )]
    Revoke {
        /// The connection, by id or name
        #[arg(long)]
        connection: String,
        /// The id of the token, as `token list` shows it
        token: String,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Create { connection, expires_in_days } => {
            let created = tokens::create(db, &admin.operator("token create"), &connection, expires_in_days)
                .await
                .map_err(told)?;
            let token = &created.token;
            let said = format!("token created; it is shown this once and valid at once\ntoken  {token}");
            output::created(global, &created, &said)
        }
        Command::List { connection } => {
            let tokens = tokens::list(db, &admin.operator("token list"), &connection).await.map_err(told)?;
            let columns = [
                ("Token", "/hint"),
                ("State", "/state"),
                ("Created", "/createdAt"),
                ("Expires", "/expiresAt"),
                ("Last used", "/lastUsedAt"),
                ("Id", "/id"),
            ];
            output::items(global, &tokens, &columns)
        }
        Command::Revoke { connection, token } => {
            let token = tokens::revoke(db, &admin.operator("token revoke"), &connection, &token)
                .await
                .map_err(told)?;
            output::created(global, &token, &format!("token {} revoked", token.hint))
        }
    }
}
