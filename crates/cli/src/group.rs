//! `rollcall group`: groups, as the pushes made them, and what administrators say about them.

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::groups::Marking;
use operations::work::Progress;
use operations::{directory, groups};
use serde::Serialize;

use crate::agreement::Agreement;
use crate::global::{Format, Global, Part, Within, told};
use crate::output;
use crate::people::People;

/// Groups, as the pushes made them.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the groups of a tenant.
    #[command(
        after_help = "Example: rollcall group list --tenant \"Northlight Instruments\" --filter 'displayName sw \"NL \"'"
    )]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Only groups that match this SCIM filter
        #[arg(long)]
        filter: Option<String>,
        /// Only groups that are marked as dynamic
        #[arg(long = "dynamic", conflicts_with = "fixed")]
        dynamic: bool,
        /// Only groups that are not: dynamic ones are hidden
        #[arg(long = "static", id = "fixed")]
        fixed: bool,
        #[command(flatten)]
        part: Part,
    },
    /// Marks a group as dynamic, whose members the identity provider computes, or as static. People who leave a dynamic group
    /// keep what they have for its grace.
    #[command(after_help = "Example: rollcall group update \"Shore staff\" --dynamic --grace-hours 72\n\
        \n\
        No identity provider says in a push that a group is dynamic. A shorter grace, and --static, hold for people who have left\n\
        the group before, too: --preview tells how many of them would lose access.")]
    Update {
        /// The group, by id, or by name where only one has that name
        group: String,
        #[command(flatten)]
        within: Within,
        #[command(flatten)]
        changes: Changes,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Shows a group with its members and the pools to which it is bound.
    #[command(after_help = "Example: rollcall group show \"NL Engineering\"")]
    Show {
        /// The group, by id, or by name where only one has that name
        group: String,
        #[command(flatten)]
        within: Within,
        #[command(flatten)]
        part: Part,
    },
}

/// What of a group is to be another.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// The identity provider computes who is in it
    #[arg(long = "dynamic", conflicts_with = "fixed")]
    dynamic: bool,
    /// People are put into it one by one
    #[arg(long = "static", id = "fixed", conflicts_with = "grace_hours")]
    fixed: bool,
    /// How long people who leave the group keep what they have, in hours; 24 for a group that is new as a dynamic one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=2160))]
    grace_hours: Option<u32>,
}

impl From<Changes> for Marking {
    fn from(changes: Changes) -> Self {
        Self { dynamic: either(changes.dynamic, changes.fixed), grace_hours: changes.grace_hours }
    }
}

/// A group that was marked, and what followed for people who had left it.
#[derive(Serialize)]
struct Marked {
    #[serde(flatten)]
    group: directory::Group,
    settled: Progress,
}

/// Whether dynamic is said, static, or nothing.
const fn either(dynamic: bool, fixed: bool) -> Option<bool> {
    if dynamic || fixed { Some(dynamic) } else { None }
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::List { tenant, filter, dynamic, fixed, part } => {
            let wanted =
                directory::Part { filter, start: part.start, count: part.count, ..Default::default() };
            let groups =
                directory::groups(db, &tenant, either(dynamic, fixed), &wanted).await.map_err(told)?;
            let columns = [
                ("Group", "/name"),
                ("Members", "/members"),
                ("Pools", "/pools"),
                ("Grace in hours", "/graceHours"),
                ("Connection", "/connection"),
                ("Id", "/id"),
            ];
            output::listed(global, &groups, part.start, &columns)
        }
        Command::Update { group, within, changes, agreement } => {
            let operator = admin.operator("group update").within(within.tenant);
            let marking = Marking::from(changes);
            let consequences = Box::pin(groups::preview_mark(db, &operator, &group, marking));
            let what = format!("marking the group {group}");
            let Some(agreed) = agreement.agreed(global, &what, consequences).await? else { return Ok(()) };
            let (group, work) = groups::mark(db, &operator, &group, marking, agreed).await.map_err(told)?;
            let progress = People::begin(global);
            let settled = match work {
                Some(work) => admin.finish(work, |settled| progress.at(settled.people)).await?,
                None => Progress::default(),
            };
            progress.end();
            let how = match group.grace_hours {
                Some(hours) => {
                    format!("dynamic, with a grace of {}", output::counted(hours.into(), "hour", "hours"))
                }
                None => "static".to_owned(),
            };
            let people = output::counted(settled.people, "person", "people");
            let said = format!("group {} is {how}; {people} settled who had left it", group.name);
            output::created(global, &Marked { group, settled }, &said)
        }
        Command::Show { group, within, part } => {
            let operator = admin.operator("group show").within(within.tenant);
            let shown = directory::group(db, &operator, &group, part.start - 1, part.count);
            show(global, &shown.await.map_err(told)?)
        }
    }
}

fn show(global: &Global, group: &directory::GroupDetails) -> Result<()> {
    let members = [("Member", "/name"), ("Kind", "/kind"), ("Id", "/id")];
    match global.format() {
        Format::Text => {}
        Format::Json => return output::json(group),
        Format::JsonLines | Format::Csv => return output::items(global, &group.listed, &members),
    }
    let columns = [
        ("group", "/name"),
        ("id", "/id"),
        ("tenant", "/tenant"),
        ("from", "/connection"),
        ("external id", "/externalId"),
        ("created", "/createdAt"),
        ("bound to", "/pools"),
        ("dynamic", "/dynamic"),
        ("grace in hours", "/graceHours"),
        ("members", "/members"),
        ("left and kept", "/lingering"),
    ];
    output::details(global, group, &columns)?;
    output::line("")?;
    output::items(global, &group.listed, &members)
}
