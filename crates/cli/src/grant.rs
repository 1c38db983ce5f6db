//! `rollcall grant`: licences given and taken by hand.

use anyhow::Result;
use clap::Subcommand;
use operations::grants;

use crate::global::{Global, told};
use crate::output;

/// Licences given and taken by hand, beside what groups and rules give.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Gives a person a licence.
    #[command(
        after_help = "Example: rollcall grant give --user noor.halvorsen@northlight.example --pool \"Vault Standard\""
    )]
    Give {
        /// The person, by id or userName
        #[arg(long)]
        user: String,
        /// The pool, by id or name
        #[arg(long)]
        pool: String,
    },
    /// Takes a licence back that was given by hand; there is no grace.
    #[command(
        after_help = "Example: rollcall grant lift --user noor.halvorsen@northlight.example --pool \"Vault Standard\""
    )]
    Lift {
        /// The person, by id or userName
        #[arg(long)]
        user: String,
        /// The pool, by id or name
        #[arg(long)]
        pool: String,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let (db, operator) = (admin.db(), |command| admin.operator(command));
    let (grant, words) = match command {
        Command::Give { user, pool } => {
            (grants::give(db, &operator("grant give"), &user, &pool).await, "has a licence of")
        }
        Command::Lift { user, pool } => {
            (grants::lift(db, &operator("grant lift"), &user, &pool).await, "has no licence by hand of")
        }
    };
    let grant = grant.map_err(told)?;
    let effects =
        if grant.effects.is_empty() { "nothing else changed".to_owned() } else { grant.effects.join("; ") };
    output::created(global, &grant, &format!("{} {words} {}: {effects}", grant.user_name, grant.pool_name))
}
