//! `rollcall binding`: groups whose members get a seat.

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::bindings;
use operations::work::{Progress, Work};
use serde::Serialize;
use server::admin::Admin;

use crate::agreement::{Agreement, Preview};
use crate::global::{Global, Within, told};
use crate::output;
use crate::people::People;

/// Bindings of groups to pools: each direct member of a bound group is enrolled and gets a seat.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Binds a group to a pool and settles its members.
    #[command(
        after_help = "Example: rollcall binding create --group \"NL Engineering\" --pool \"Vault Standard\""
    )]
    Create {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        preview: Preview,
    },
    /// Lists the bindings of a tenant.
    #[command(after_help = "Example: rollcall binding list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Shows a binding.
    #[command(
        after_help = "Example: rollcall binding show --group \"NL Engineering\" --pool \"Vault Standard\""
    )]
    Show {
        #[command(flatten)]
        of: Of,
    },
    /// Unbinds a group: a member of no other bound group loses access, with the grace of the connection that owns the user.
    #[command(
        visible_alias = "remove",
        after_help = "Example: rollcall binding delete --group \"NL Engineering\" --pool \"Vault Standard\" --expect-people 12"
    )]
    Delete {
        #[command(flatten)]
        of: Of,
        #[command(flatten)]
        agreement: Agreement,
    },
}

/// Which group and which pool.
#[derive(Args)]
pub(crate) struct Of {
    /// The group, by id, or by name where only one tenant has one of that name
    #[arg(long)]
    group: String,
    /// The pool, by id or name
    #[arg(long)]
    pool: String,
    #[command(flatten)]
    within: Within,
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
    let db = admin.db();
    let columns = [("Group", "/groupName"), ("Pool", "/poolName"), ("Since", "/createdAt"), ("Id", "/id")];
    match command {
        Command::Create { of: Of { group, pool, within }, preview } => {
            let operator = admin.operator("binding create").within(within.tenant);
            let consequences = Box::pin(bindings::preview_create(db, &operator, &group, &pool));
            if preview.shown(global, &format!("binding the group {group}"), consequences).await? {
                return Ok(());
            }
            let (binding, work) = bindings::create(db, &operator, &group, &pool).await.map_err(told)?;
            settled(global, &admin, binding, work, "bound to").await
        }
        Command::List { tenant } => {
            let bindings = bindings::list(db, &tenant).await.map_err(told)?;
            output::items(global, &bindings, &columns)
        }
        Command::Show { of: Of { group, pool, within } } => {
            let operator = admin.operator("binding show").within(within.tenant);
            let binding = bindings::show(db, &operator, &group, &pool).await.map_err(told)?;
            output::details(global, &binding, &columns)
        }
        Command::Delete { of: Of { group, pool, within }, agreement } => {
            let operator = admin.operator("binding delete").within(within.tenant);
            let consequences = Box::pin(bindings::preview_delete(db, &operator, &group, &pool));
            let what = format!("unbinding the group {group}");
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let deleted = bindings::delete(db, &operator, &group, &pool, agreed).await;
            let (binding, work) = deleted.map_err(told)?;
            settled(global, &admin, binding, work, "unbound from").await
        }
    }
}

/// Brings the work to its end and says what came of it.
async fn settled(
    global: &Global,
    admin: &Admin,
    binding: bindings::Binding,
    work: Work,
    words: &str,
) -> Result<()> {
    let progress = People::begin(global);
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
