//! `rollcall config`: the settings, and where each is from.

use anyhow::Result;
use clap::Subcommand;

use crate::global::Global;
use crate::output;

/// Settings.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Checks the settings and shows each with its value and where it is from.
    #[command(after_help = "Example: rollcall config check --config /etc/rollcall.toml")]
    Check,
}

pub(crate) fn run(command: &Command, global: &Global) -> Result<()> {
    match command {
        Command::Check => {
            let settings = global.settings(&[])?;
            output::items(
                global,
                settings.settings(),
                &[("Setting", "/id"), ("Value", "/value"), ("From", "/origin")],
            )
        }
    }
}
