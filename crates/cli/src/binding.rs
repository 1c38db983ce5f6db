//! `rollcall binding`: groups whose members get a seat.

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::bindings;
use operations::groups::Dynamic;
use operations::work::{Progress, Work};
use serde::Serialize;
use server::admin::Admin;

use crate::agreement::{Agreement, Expected};
use crate::global::{Global, Within, told};
use crate::output;
use crate::people::People;

/// Bindings of groups to pools: each direct member of a bound group is enrolled and gets a seat.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Binds groups to a pool and settles their members.
    #[command(
        after_help = "Example: rollcall binding create --group \"NL Engineering\" --group \"NL Sales\" --pool \"Vault Standard\""
    )]
    Create {
        #[command(flatten)]
        of: OfSeveral,
        /// In the waiting list: higher groups first, then the longest wait; 0 is the lowest, that of people by hand
        #[arg(long, value_name = "N", default_value_t = 0)]
        priority: u16,
        #[command(flatten)]
        expected: Expected,
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
    /// Gives a binding another priority in the waiting list of the pool; a person who has a seat keeps it.
    #[command(
        after_help = "Example: rollcall binding update --group \"NL Engineering\" --pool \"Vault Standard\" --priority 2"
    )]
    Update {
        #[command(flatten)]
        of: Of,
        /// The priority from then on: higher ones are served first, then the longest wait; 0 is the lowest
        #[arg(long, value_name = "N")]
        priority: u16,
        #[command(flatten)]
        expected: Expected,
    },
    /// Unbinds groups: a member of no other bound group loses access, with the grace of the connection that owns the user.
    #[command(
        visible_alias = "remove",
        after_help = "Example: rollcall binding delete --group \"NL Engineering\" --pool \"Vault Standard\" --expect-people 12"
    )]
    Delete {
        #[command(flatten)]
        of: OfSeveral,
        /// Does it if so many groups are named; needed beside --expect-people where there are several
        #[arg(long, value_name = "N")]
        expect_groups: Option<usize>,
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

/// Which groups and which pool.
#[derive(Args)]
pub(crate) struct OfSeveral {
    /// A group, by id, or by name where only one tenant has one of that name; may be repeated
    #[arg(long, required = true)]
    group: Vec<String>,
    /// The pool, by id or name
    #[arg(long)]
    pool: String,
    #[command(flatten)]
    within: Within,
}

impl OfSeveral {
    fn groups(&self) -> Vec<&str> {
        self.group.iter().map(String::as_str).collect()
    }

    /// The groups in words.
    fn words(&self) -> String {
        let word = if self.group.len() == 1 { "group" } else { "groups" };
        format!("the {word} {}", self.group.join(", "))
    }

    /// Refuses another number of groups than the operator has said.
    fn check_number(&self, expected: Option<usize>, by_number_of_people: bool) -> Result<()> {
        let named = self.group.len();
        match expected {
            Some(expected) if expected != named => {
                anyhow::bail!(
                    "nothing was changed, because --expect-groups {expected} was said and {named} are named"
                )
            }
            None if by_number_of_people && named > 1 => anyhow::bail!(
                "nothing was changed: with --expect-people, say how many groups they are, too: --expect-groups {named}"
            ),
            _ => Ok(()),
        }
    }
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
    let columns = [
        ("Group", "/groupName"),
        ("Pool", "/poolName"),
        ("Priority", "/priority"),
        ("Grace in hours", "/graceHours"),
        ("Since", "/createdAt"),
        ("Id", "/id"),
    ];
    match command {
        Command::Create { of, priority, expected } => {
            let operator = admin.operator("binding create").within(of.within.tenant.clone());
            let groups = of.groups();
            let new = bindings::New { groups: &groups, pool: &of.pool, priority };
            let consequences = Box::pin(bindings::preview_create(db, &operator, new));
            let what = format!("binding {}", of.words());
            let Some(agreed) = expected.agreed(global, &what, consequences).await? else { return Ok(()) };
            let bound = bindings::create(db, &operator, new, agreed).await.map_err(told)?;
            let dynamic: Vec<Dynamic> =
                bound.iter().filter_map(|(binding, _)| binding.as_dynamic()).collect();
            if let Some(warning) = Dynamic::warning(&dynamic) {
                output::note(&warning);
            }
            settled(global, &admin, bound, "bound to").await
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
        Command::Update { of: Of { group, pool, within }, priority, expected } => {
            let operator = admin.operator("binding update").within(within.tenant);
            let named = (group.as_str(), pool.as_str());
            let consequences = Box::pin(bindings::preview_update(db, &operator, named, priority));
            let what =
                format!("giving the group {group} the priority {priority} in the waiting list of {pool}");
            let Some(agreed) = expected.agreed(global, &what, consequences).await? else { return Ok(()) };
            let binding = bindings::update(db, &operator, named, priority, agreed).await.map_err(told)?;
            let said = format!(
                "group {} has the priority {priority} in the waiting list of pool {}: the next free seats are given in \
                 this order, and who has a seat keeps it",
                binding.group_name, binding.pool_name
            );
            output::created(global, &binding, &said)
        }
        Command::Delete { of, expect_groups, agreement } => {
            of.check_number(expect_groups, agreement.by_number_of_people())?;
            let operator = admin.operator("binding delete").within(of.within.tenant.clone());
            let groups = of.groups();
            let consequences = Box::pin(bindings::preview_delete(db, &operator, &groups, &of.pool));
            let what = format!("unbinding {}", of.words());
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let deleted = bindings::delete(db, &operator, &groups, &of.pool, agreed).await;
            settled(global, &admin, deleted.map_err(told)?, "unbound from").await
        }
    }
}

/// Brings the work to its end and says what came of it.
async fn settled(
    global: &Global,
    admin: &Admin,
    changed: Vec<(bindings::Binding, Work)>,
    words: &str,
) -> Result<()> {
    for (binding, work) in changed {
        settled_one(global, admin, binding, work, words).await?;
    }
    Ok(())
}

async fn settled_one(
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
