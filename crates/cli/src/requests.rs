//! `rollcall requests`: what an identity provider sent, and what it came to.

use anyhow::Result;
use clap::Subcommand;
use operations::request_log;

use crate::global::{Global, told};
use crate::output;

/// The request log of a connection.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows the newest requests with their status, the quirks they used and what they changed.
    #[command(after_help = "Example: rollcall requests tail --connection staff -n 50")]
    Tail {
        /// The connection, by id or name
        #[arg(long)]
        connection: String,
        /// How many requests
        #[arg(short = 'n', long = "most", default_value_t = 20, value_name = "N")]
        most: u64,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let Command::Tail { connection, most } = command;
    let admin = global.admin().await?;
    let requests = request_log::tail(admin.db(), &connection, most).await.map_err(told)?;
    let columns = [
        ("At", "/at"),
        ("Method", "/method"),
        ("Path", "/path"),
        ("Status", "/status"),
        ("µs", "/durationUs"),
        ("Quirks", "/quirks"),
        ("Effects", "/effects"),
        ("Refused because", "/error"),
    ];
    output::items(global, &requests, &columns)
}
