//! `rollcall binding`: groups whose members get a seat.

use anyhow::Result;
use clap::Subcommand;
use operations::bindings;
use operations::work::Progress;
use serde::Serialize;

use crate::global::{Global, told};
use crate::output;
use crate::people::People;

/// Bindings of groups to pools: whoever is directly in a bound group is enrolled and gets a seat.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Binds a group to a pool and settles everybody who is in it.
    #[command(
        after_help = "Example: rollcall binding create --group \"NL Engineering\" --pool \"Vault Standard\""
    )]
    Create {
        /// The group, by id, or by name where only one tenant has one of that name
        #[arg(long)]
        group: String,
        /// The pool, by id or name
        #[arg(long)]
        pool: String,
    },
    /// Unbinds a group: who is in no other bound group loses access, with the grace of their connection.
    #[command(
        after_help = "Example: rollcall binding remove --group \"NL Engineering\" --pool \"Vault Standard\""
    )]
    Remove {
        /// The group, by id or name
        #[arg(long)]
        group: String,
        /// The pool, by id or name
        #[arg(long)]
        pool: String,
    },
    /// Lists the bindings of a tenant.
    #[command(after_help = "Example: rollcall binding list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
}

/// A binding that was made or removed, and what followed for the group's members.
#[derive(Serialize)]
struct Changed {
    #[serde(flatten)]
    binding: bindings::Binding,
    settled: Progress,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let progress = People::begin(global);
    let ((binding, work), words) = match command {
        Command::Create { group, pool } => {
            let operator = admin.operator("binding create");
            (bindings::create(admin.db(), &operator, &group, &pool).await.map_err(told)?, "bound to")
        }
        Command::Remove { group, pool } => {
            let operator = admin.operator("binding remove");
            (bindings::remove(admin.db(), &operator, &group, &pool).await.map_err(told)?, "unbound from")
        }
        Command::List { tenant } => {
            let bindings = bindings::list(admin.db(), &tenant).await.map_err(told)?;
            let columns =
                [("Group", "/groupName"), ("Pool", "/poolName"), ("Since", "/createdAt"), ("Id", "/id")];
            return output::items(global, &bindings, &columns);
        }
    };
    let settled = admin.finish(work, |settled| progress.at(settled.people)).await?;
    progress.end();
    let (group, pool) = (&binding.group_name, &binding.pool_name);
    let refused = match settled.refused {
        0 => String::new(),
        refused => format!(", {refused} of them without a seat because the pool is full"),
    };
    let people = output::counted(settled.people, "person", "people");
    let said = format!("group {group} {words} pool {pool}; {people} settled{refused}");
    output::created(global, &Changed { binding, settled }, &said)
}
