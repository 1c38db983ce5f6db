//! `rollcall brake`: what the brake holds, and what is decided about it.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use operations::brake::{self, About};
use operations::consequences::counted;
use serde_json::json;
use server::admin::Admin;

use crate::agreement::Agreement;
use crate::global::{Global, Within, told};
use crate::output;
use crate::people::People;

/// What the brake holds: access that pushes would have taken from too many people.
///
/// A connection's brake is set with `rollcall connection update --brake-people --brake-percent --brake-hours`.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the people who keep access by the brake, with the push that would have taken it.
    #[command(after_help = "Example: rollcall brake list --tenant \"Northlight Instruments\"")]
    List {
        #[command(flatten)]
        within: Within,
        /// Only what this connection pushed, by id or name
        #[arg(long)]
        connection: Option<String>,
        /// Those behind the person of this id
        #[arg(long, value_name = "ID")]
        after: Option<String>,
        /// The most that are shown
        #[arg(long, default_value_t = 1000, value_name = "N")]
        count: u64,
    },
    /// Lets the pushes take effect: the people lose access, with the grace of their connection.
    #[command(after_help = "Example: rollcall brake approve --connection staff --expect-people 412")]
    Approve {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        agreement: Agreement,
    },
    /// Leaves the people their access, whatever was pushed, until a push gives it to them or `brake approve` takes it.
    #[command(after_help = "Example: rollcall brake reject --connection staff")]
    Reject {
        #[command(flatten)]
        which: Which,
    },
}

/// About whom is decided.
#[derive(Args)]
pub(crate) struct Which {
    /// All people whom pushes of this connection would have locked out, and about whom nothing was decided yet
    #[arg(long, conflicts_with = "user", required_unless_present = "user")]
    connection: Option<String>,
    /// This person, by id or userName, also after a decision; may be repeated
    #[arg(long, value_name = "USER")]
    user: Vec<String>,
    #[command(flatten)]
    within: Within,
}

impl Which {
    fn about(&self) -> About {
        match &self.connection {
            Some(connection) => About::Connection(connection.clone()),
            None => About::People(self.user.clone()),
        }
    }
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    match command {
        Command::List { within, connection, after, count } => {
            let operator = admin.operator("brake list").within(within.tenant);
            let after = after.map(|id| id.parse().context("--after names no id of a person")).transpose()?;
            let held = brake::list(admin.db(), &operator, connection.as_deref(), after, count);
            let held = held.await.map_err(told)?;
            let columns = [
                ("User", "/userName"),
                ("Keeps access although", "/because"),
                ("Connection", "/connection"),
                ("Since", "/since"),
                ("Rejected", "/rejected"),
                ("Deleted", "/deleted"),
                ("Id", "/user"),
            ];
            output::items(global, &held, &columns)
        }
        Command::Approve { which, agreement } => {
            let operator = admin.operator("brake approve").within(which.within.tenant.clone());
            let about = which.about();
            let consequences = Box::pin(brake::preview_approve(admin.db(), &operator, &about));
            let agreed = agreement.agreed(global, "approving what the brake holds", consequences).await?;
            let Some(agreed) = agreed else { return Ok(()) };
            let work = brake::approve(admin.db(), &operator, &about, agreed).await.map_err(told)?;
            decided(global, &admin, work, "what was pushed has happened").await
        }
        Command::Reject { which } => {
            let operator = admin.operator("brake reject").within(which.within.tenant.clone());
            let work = brake::reject(admin.db(), &operator, &which.about()).await.map_err(told)?;
            decided(global, &admin, work, "their access stays").await
        }
    }
}

async fn decided(global: &Global, admin: &Admin, work: operations::work::Work, what: &str) -> Result<()> {
    let progress = People::begin(global);
    let done = admin.finish(work, |done| progress.at(done.people)).await?;
    progress.end();
    let people = counted(done.people, "person", "people");
    output::created(global, &json!({ "people": done.people }), &format!("decided about {people}: {what}"))
}
