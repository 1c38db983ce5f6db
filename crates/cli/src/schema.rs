//! `rollcall schema`: the types of resources, and files with further ones.

use anyhow::{Result, anyhow};
use clap::{Subcommand, ValueEnum};
use server::Example;

use crate::global::Global;
use crate::output;

/// Schemas and types of resources; the setting `schemas_dir` names a folder with your own.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the types of resources that tenants have, or that one tenant has.
    #[command(after_help = "Example: rollcall schema list --tenant 0190d9a0-0000-7000-8000-000000000001")]
    List {
        /// The tenant, by id; without it the types that all tenants have
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Prints a file to begin with.
    #[command(after_help = "Example: rollcall schema example devices > schemas/devices.json")]
    Example {
        /// Which one
        example: Which,
    },
}

/// A file that the program has.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Which {
    /// Devices of a network and the applications that work with them (RFC 9944)
    Devices,
    /// Every type of attribute with every characteristic, for conformance tests
    TestResource,
}

pub(crate) fn run(command: &Command, global: &Global) -> Result<()> {
    match command {
        Command::List { tenant } => {
            let types =
                global.settings(&[])?.resource_types(tenant.as_deref()).map_err(|said| anyhow!(said))?;
            let columns = [
                ("Type", "/name"),
                ("Endpoint", "/endpoint"),
                ("Schema", "/schema"),
                ("Extensions", "/extensions"),
            ];
            output::items(global, &types, &columns)
        }
        Command::Example { example } => {
            let example = match example {
                Which::Devices => Example::Devices,
                Which::TestResource => Example::TestResource,
            };
            output::lines(example.text().lines())
        }
    }
}
