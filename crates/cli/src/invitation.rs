//! `rollcall invitation`: invitations that wait for an administrator.

use anyhow::Result;
use clap::{Subcommand, value_parser};
use operations::invitations;
use serde_json::json;

use crate::global::{Global, told};
use crate::output;

/// Invitations that wait for an administrator.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lets invitations go of connections that invite on release, the oldest first; they keep quiet hours and caps.
    #[command(
        after_help = "Example: rollcall invitation release --tenant \"Northlight Instruments\" --connection staff --most 50"
    )]
    Release {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Only those of this connection, by id or name
        #[arg(long)]
        connection: Option<String>,
        /// The most that are let go
        #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = value_parser!(u64).range(1..=1_000_000))]
        most: u64,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let Command::Release { tenant, connection, most } = command;
    let operator = admin.operator("invitation release");
    let released = invitations::release(admin.db(), &operator, &tenant, connection.as_deref(), most);
    let released = released.await.map_err(told)?;
    let said = match released {
        0 => "no invitation waits for an administrator".to_owned(),
        1 => "1 invitation was let go".to_owned(),
        many => format!("{many} invitations were let go"),
    };
    output::created(global, &json!({ "invitations": released }), &said)
}
