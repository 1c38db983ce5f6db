//! `rollcall group`: groups, as the pushes made them.

use anyhow::Result;
use clap::Subcommand;
use operations::directory;

use crate::global::{Format, Global, Part, Within, told};
use crate::output;

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
        #[command(flatten)]
        part: Part,
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

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::List { tenant, filter, part } => {
            let wanted =
                directory::Part { filter, start: part.start, count: part.count, ..Default::default() };
            let groups = directory::groups(db, &tenant, &wanted).await.map_err(told)?;
            let columns = [
                ("Group", "/name"),
                ("Members", "/members"),
                ("Pools", "/pools"),
                ("Connection", "/connection"),
                ("Id", "/id"),
            ];
            output::listed(global, &groups, part.start, &columns)
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
        ("members", "/members"),
    ];
    output::details(global, group, &columns)?;
    output::line("")?;
    output::items(global, &group.listed, &members)
}
