//! `rollcall domain`: the e-mail domains that a tenant owns.

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use operations::domains::{self, Change, Listed, Policy};

use crate::global::{Format, Global, told};
use crate::output;

/// The e-mail domains of a tenant; without any, people of every domain are let in.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Adds a domain; it counts for people who come or get another address from now on.
    #[command(
        after_help = "Example: rollcall domain add --tenant \"Northlight Instruments\" northlight.example"
    )]
    Add {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// The domain, such as example.com; its subdomains are others
        domain: String,
    },
    /// Lists the domains of a tenant, and what becomes of people with an address elsewhere.
    #[command(after_help = "Example: rollcall domain list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Removes a domain; without any left, people of every domain are let in.
    #[command(
        after_help = "Example: rollcall domain remove --tenant \"Northlight Instruments\" northlight.example"
    )]
    Remove {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// The domain
        domain: String,
    },
    /// Says what becomes of people with an address in none of the domains: refused, held until released, or flagged.
    #[command(after_help = "Example: rollcall domain policy --tenant \"Northlight Instruments\" hold")]
    Policy {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// What becomes of them
        policy: Elsewhere,
    },
}

/// What becomes of people with an address elsewhere.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Elsewhere {
    /// The request or row is refused
    Refuse,
    /// They get neither seat nor invitation until `rollcall user release`
    Hold,
    /// They are let in, and lists say so
    Flag,
}

impl From<Elsewhere> for Policy {
    fn from(policy: Elsewhere) -> Self {
        match policy {
            Elsewhere::Refuse => Self::Refuse,
            Elsewhere::Hold => Self::Hold,
            Elsewhere::Flag => Self::Flag,
        }
    }
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let (operator, tenant, change) = match command {
        Command::List { tenant } => {
            return listed(global, &domains::list(admin.db(), &tenant).await.map_err(told)?);
        }
        Command::Add { tenant, domain } => (admin.operator("domain add"), tenant, Change::Add(domain)),
        Command::Remove { tenant, domain } => {
            (admin.operator("domain remove"), tenant, Change::Remove(domain))
        }
        Command::Policy { tenant, policy } => {
            (admin.operator("domain policy"), tenant, Change::Policy(policy.into()))
        }
    };
    listed(global, &domains::change(admin.db(), &operator, &tenant, &change).await.map_err(told)?)
}

fn listed(global: &Global, domains: &Listed) -> Result<()> {
    if global.format() == Format::Json {
        return output::json(domains);
    }
    output::items(global, &domains.items, &[("Domain", "/id")])?;
    if global.format() == Format::Text && !domains.items.is_empty() {
        output::line(format!("people with an address elsewhere: {}", domains.policy))?;
    }
    Ok(())
}
