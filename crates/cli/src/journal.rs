//! `rollcall journal`: what happened, and why.

use anyhow::Result;
use clap::Subcommand;
use operations::journal;

use crate::global::{Global, told};
use crate::output;

/// The append-only record of what happened, and why.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows the newest entries, the last one at the bottom.
    #[command(
        after_help = "Example: rollcall journal tail --tenant \"Northlight Instruments\" -n 50\n         rollcall journal tail --user noor.halvorsen@northlight.example"
    )]
    Tail {
        /// The tenant, by name or id
        #[arg(long, required_unless_present = "user", conflicts_with = "user")]
        tenant: Option<String>,
        /// Only what concerns this person, by id or userName
        #[arg(long)]
        user: Option<String>,
        /// How many entries
        #[arg(short = 'n', long = "most", default_value_t = 20, value_name = "N")]
        most: u64,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let Command::Tail { tenant, user, most } = command;
    let admin = global.admin().await?;
    let lines = match (&user, &tenant) {
        (Some(user), _) => journal::of_user(admin.db(), user, most).await,
        (None, tenant) => journal::tail(admin.db(), tenant.as_deref().unwrap_or_default(), most).await,
    };
    let lines = lines.map_err(told)?;
    let columns = [("At", "/at"), ("What", "/kind"), ("By", "/actorName"), ("Why", "/why")];
    output::items(global, &lines, &columns)
}
