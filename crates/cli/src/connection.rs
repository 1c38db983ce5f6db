//! `rollcall connection`: the identity providers that push into a tenant.

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Subcommand, value_parser};
use operations::connections;

use crate::global::{Global, told};
use crate::output;
use crate::owners;

/// Identity providers that push into a tenant.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a connection.
    #[command(
        after_help = "Example: rollcall connection create --tenant \"Northlight Instruments\" --name staff --profile generic\n\
        \n\
        A profile is a set of quirks, which are the deviations from the standard that are tolerated; --with and\n\
        --without switch single ones on and off. Every use is counted: `rollcall requests tail`."
    )]
    Create {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Its name, unlike that of any other connection of the tenant
        #[arg(long)]
        name: String,
        /// The product that pushes: entra, jumpcloud, okta, onelogin or generic (the standard, strictly)
        #[arg(long, ignore_case = true, hide_possible_values = true)]
        #[arg(value_parser = PossibleValuesParser::new(connections::profiles()))]
        profile: String,
        /// A quirk to tolerate besides those of the profile; may be repeated
        #[arg(long, value_name = "QUIRK")]
        with: Vec<String>,
        /// A quirk of the profile not to tolerate; may be repeated
        #[arg(long, value_name = "QUIRK")]
        without: Vec<String>,
        /// Days for which a suspended person keeps seat and data; 0 deactivates at once
        #[arg(long, value_name = "DAYS", value_parser = value_parser!(u32).range(..=36_500))]
        grace_days: Option<u32>,
        /// Seconds by which an invitation waits, so that a test user is gone before it leaves
        #[arg(long, value_name = "SECONDS")]
        invitation_delay: Option<u32>,
        /// Sees and writes the users and groups of the whole tenant, and owns none of other connections
        #[arg(long, conflicts_with = "takes_over")]
        shared: bool,
        /// A connection of the tenant whose users and groups become this one's when it writes them; may be repeated
        #[arg(long, value_name = "NAME")]
        takes_over: Vec<String>,
    },
    #[command(flatten)]
    Owners(owners::Command),
    /// Lists the connections of a tenant.
    #[command(after_help = "Example: rollcall connection list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    match command {
        Command::Create {
            tenant,
            name,
            profile,
            with,
            without,
            grace_days,
            invitation_delay,
            shared,
            takes_over,
        } => {
            let new = connections::New {
                tenant,
                name,
                profile,
                with,
                without,
                grace_days,
                invitation_delay_seconds: invitation_delay,
                shared,
                takes_over,
            };
            let connection = connections::create(admin.db(), &admin.operator("connection create"), &new)
                .await
                .map_err(told)?;
            let said = format!("connection {} created, profile {}", connection.name, connection.profile);
            output::created(global, &connection, &said)
        }
        Command::Owners(command) => owners::run(command, &admin, global).await,
        Command::List { tenant } => {
            let connections = connections::list(admin.db(), &tenant).await.map_err(told)?;
            let columns = [
                ("Connection", "/name"),
                ("Profile", "/profile"),
                ("With", "/with"),
                ("Without", "/without"),
                ("Grace (s)", "/graceSeconds"),
                ("Id", "/id"),
            ];
            output::items(global, &connections, &columns)
        }
    }
}
