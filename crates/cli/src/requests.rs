//! `rollcall requests`: what an identity provider sent, and what it came to.

use anyhow::Result;
use clap::Subcommand;
use operations::request_log;

use crate::global::{Global, Within, told};
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
        #[command(flatten)]
        within: Within,
        /// How many requests
        #[arg(short = 'n', long = "most", default_value_t = 20, value_name = "N")]
        most: u32,
    },
    /// Shows one request with its masked body, by the id that the answer carried and the journal names.
    #[command(after_help = "Example: rollcall requests show 019a2b3c-4d5e-7f60-8192-a3b4c5d6e7f8")]
    Show {
        /// The id of the request
        id: String,
        #[command(flatten)]
        within: Within,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    match command {
        Command::Tail { connection, within, most } => {
            let operator = admin.operator("requests tail").within(within.tenant);
            let requests = request_log::tail(admin.db(), &operator, &connection, most.into()).await;
            let columns = [
                ("At", "/at"),
                ("Method", "/method"),
                ("Path", "/path"),
                ("Status", "/status"),
                ("µs", "/durationUs"),
                ("Quirks", "/quirks"),
                ("Effects", "/effects"),
                ("Refused because", "/error"),
                ("Id", "/id"),
            ];
            output::items(global, &requests.map_err(told)?, &columns)
        }
        Command::Show { id, within } => {
            let operator = admin.operator("requests show").within(within.tenant);
            let request = request_log::show(admin.db(), &operator, &id).await.map_err(told)?;
            let columns = [
                ("request", "/id"),
                ("tenant", "/tenant"),
                ("connection", "/connection"),
                ("at", "/at"),
                ("method", "/method"),
                ("path", "/path"),
                ("status", "/status"),
                ("took (µs)", "/durationUs"),
                ("quirks", "/quirks"),
                ("effects", "/effects"),
                ("ignored", "/ignored"),
                ("refused because", "/error"),
                ("body", "/body"),
            ];
            output::details(global, &request, &columns)
        }
    }
}
