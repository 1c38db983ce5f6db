//! `rollcall binding`: groups whose members get a seat.

use anyhow::Result;
use clap::Subcommand;
use server::admin;

use crate::global::Global;
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

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let progress = People::begin(global);
    let seen = |settled: admin::Settled| progress.at(settled.people);
    let (changed, words) = match command {
        Command::Create { group, pool } => {
            (admin::binding::create(&admin, &group, &pool, seen).await?, "bound to")
        }
        Command::Remove { group, pool } => {
            (admin::binding::remove(&admin, &group, &pool, seen).await?, "unbound from")
        }
        Command::List { tenant } => {
            let bindings = admin::binding::list(&admin, &tenant).await?;
            let columns =
                [("Group", "/groupName"), ("Pool", "/poolName"), ("Since", "/createdAt"), ("Id", "/id")];
            return output::items(global, &bindings, &columns);
        }
    };
    progress.end();
    let (group, pool) = (&changed.binding.group_name, &changed.binding.pool_name);
    let refused = match changed.settled.refused {
        0 => String::new(),
        refused => format!(", {refused} of them without a seat because the pool is full"),
    };
    let people = output::counted(changed.settled.people, "person", "people");
    let said = format!("group {group} {words} pool {pool}; {people} settled{refused}");
    output::created(global, &changed, &said)
}
