//! `rollcall reminder`: people who have not finished are reminded.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use operations::asked::Concerned;
use operations::{directory, reminders};
use serde_json::json;

use crate::global::{Format, Global, Part, Within, told};
use crate::output;

/// Reminders to people who were invited and have not finished.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Reminds one person, or the people of a tenant whom a filter finds; each reminder shows what the person has done.
    #[command(
        after_help = "Example: rollcall reminder send noor.halvorsen@northlight.example\n         rollcall reminder send --tenant \"Northlight Instruments\" --filter 'userName sw \"n\"' --reminders 0 --preview\n\
        \n\
        People who have finished, have no access or no address, or whose address was refused for good are left out."
    )]
    Send {
        /// The person, by id, or by userName where only one tenant has one of that name
        user: Option<String>,
        #[command(flatten)]
        within: Within,
        #[command(flatten)]
        whom: Whom,
        /// Shows how many people would be reminded, and why others would not; sends nothing
        #[arg(long, conflicts_with = "user")]
        preview: bool,
    },
    /// Lists the people who have access and have not finished, with the reminders that they got.
    #[command(
        after_help = "Example: rollcall reminder list --tenant \"Northlight Instruments\" --reminders 3+"
    )]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Only people who match this SCIM filter
        #[arg(long)]
        filter: Option<String>,
        /// Only people who got so many reminders: 0, 1, 2, or 3+ for three or more
        #[arg(long, value_name = "N|N+")]
        reminders: Option<String>,
        #[command(flatten)]
        part: Part,
    },
}

/// Which people are meant.
#[derive(Args)]
pub(crate) struct Whom {
    /// Only people who match this SCIM filter
    #[arg(long, conflicts_with = "user")]
    filter: Option<String>,
    /// Only people who got so many reminders: 0, 1, 2, or 3+ for three or more
    #[arg(long, value_name = "N|N+", conflicts_with = "user")]
    reminders: Option<String>,
    /// Leaves out those who were reminded less than so many hours ago
    #[arg(long, default_value_t = 24, value_name = "HOURS")]
    pause: u32,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Send { user: Some(user), within, whom, .. } => {
            let operator = admin.operator("reminder send").within(within.tenant);
            reminders::send_one(db, &operator, &user, whom.pause).await.map_err(told)?;
            output::created(global, &json!({ "reminded": 1 }), &format!("a reminder to {user} leaves"))
        }
        Command::Send { user: None, within, whom, preview } => {
            let Some(tenant) = within.tenant else {
                bail!("name a person, or a tenant with --tenant");
            };
            let operator = admin.operator("reminder send");
            let Whom { filter, reminders, pause } = whom;
            let whom = reminders::Whom { filter, reminders, pause_hours: pause };
            let concerned = reminders::send(db, &operator, &tenant, &whom, preview).await.map_err(told)?;
            show(global, &concerned, preview, "reminded")
        }
        Command::List { tenant, filter, reminders, part } => {
            let wanted = directory::Part { filter, reminders, start: part.start, count: part.count };
            let people = reminders::list(db, &tenant, &wanted).await.map_err(told)?;
            let columns = [
                ("User", "/userName"),
                ("Invited", "/invitedAt"),
                ("Next step", "/nextStep"),
                ("Reminders", "/reminders"),
                ("Last", "/remindedAt"),
                ("Id", "/id"),
            ];
            output::listed(global, &people, part.start, &columns)
        }
    }
}

/// What a command for many came to; `verb` is what happens to people.
pub(crate) fn show(global: &Global, concerned: &Concerned, preview: bool, verb: &str) -> Result<()> {
    match global.format() {
        Format::Text => {}
        Format::Json => return output::json(concerned),
        Format::JsonLines | Format::Csv => return output::items(global, &concerned.left_out, &COLUMNS),
    }
    let (people, sent) = (concerned.people, concerned.sent);
    let are = if preview { "would be" } else { "are" };
    output::line(format!("{sent} of {people} people {are} {verb}"))?;
    if concerned.left_out.is_empty() {
        return Ok(());
    }
    output::line("")?;
    output::items(global, &concerned.left_out, &COLUMNS)
}

const COLUMNS: [(&str, &str); 3] =
    [("Left out because", "/why"), ("People", "/people"), ("The first of them", "/first")];
