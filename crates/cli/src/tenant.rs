//! `rollcall tenant`: customer organisations.

use anyhow::Result;
use clap::Subcommand;
use operations::tenants;

use crate::global::{Global, told};
use crate::output;

/// Customer organisations; everything else belongs to exactly one.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a tenant.
    #[command(after_help = "Example: rollcall tenant create \"Northlight Instruments\"")]
    Create {
        /// Its name, unlike that of any other tenant.
        name: String,
    },
    /// Lists all tenants.
    #[command(after_help = "Example: rollcall tenant list --json")]
    List,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    match command {
        Command::Create { name } => {
            // The first command of a new installation.
            let admin = global.admin_of_new().await?;
            let tenant =
                tenants::create(admin.db(), &admin.operator("tenant create"), &name).await.map_err(told)?;
            output::created(global, &tenant, &format!("tenant {name} created"))
        }
        Command::List => {
            let admin = global.admin().await?;
            let tenants = tenants::list(admin.db()).await.map_err(told)?;
            output::items(global, &tenants, &[("Tenant", "/name"), ("Created", "/createdAt"), ("Id", "/id")])
        }
    }
}
