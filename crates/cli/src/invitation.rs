//! `rollcall invitation`: invitations that wait for an administrator, and those that are sent again.

use anyhow::{Result, bail};
use clap::{Subcommand, value_parser};
use operations::invitations;
use serde_json::json;

use crate::global::{Global, Within, told};
use crate::{output, reminder};

/// Invitations that wait for an administrator, and those that are sent again.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lets invitations go of connections that invite on release, the oldest first; they keep quiet hours and caps.
    #[command(
        after_help = "Example: rollcall invitation release --tenant \"Northlight Instruments\" --connection staff --most 50"
    )]
    Release {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Only those of this connection, by id or name
        #[arg(long)]
        connection: Option<String>,
        /// The most that are let go
        #[arg(long, default_value_t = 100_000, value_name = "N", value_parser = value_parser!(u64).range(1..=1_000_000))]
        most: u64,
    },
    /// Invites one person again, or the people of a tenant whom a filter finds, with a fresh link.
    #[command(
        after_help = "Example: rollcall invitation send noor.halvorsen@northlight.example\n         rollcall invitation send --tenant \"Northlight Instruments\" --filter 'userName sw \"n\"' --preview\n\
        \n\
        People who have finished, have no access or no address, whom the application invites, or whose invitation is on its way\n\
        are left out. Links that were sent before count as long as they did."
    )]
    Send {
        /// The person, by id, or by userName where only one tenant has one of that name
        user: Option<String>,
        #[command(flatten)]
        within: Within,
        /// Only people who match this SCIM filter
        #[arg(long, conflicts_with = "user")]
        filter: Option<String>,
        /// Shows how many people would be invited again, and why others would not; sends nothing
        #[arg(long, conflicts_with = "user")]
        preview: bool,
    },
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::Release { tenant, connection, most } => {
            let operator = admin.operator("invitation release");
            let released = invitations::release(db, &operator, &tenant, connection.as_deref(), most);
            let released = released.await.map_err(told)?;
            let said = match released {
                0 => "no invitation waits for an administrator".to_owned(),
                1 => "1 invitation was let go".to_owned(),
                many => format!("{many} invitations were let go"),
            };
            output::created(global, &json!({ "invitations": released }), &said)
        }
        Command::Send { user: Some(user), within, .. } => {
            let operator = admin.operator("invitation send").within(within.tenant);
            invitations::send_one(db, &operator, &user).await.map_err(told)?;
            output::created(global, &json!({ "sent": 1 }), &format!("an invitation to {user} leaves"))
        }
        Command::Send { user: None, within, filter, preview } => {
            let Some(tenant) = within.tenant else {
                bail!("name a person, or a tenant with --tenant");
            };
            let operator = admin.operator("invitation send");
            let sent = invitations::send(db, &operator, &tenant, filter.as_deref(), preview).await;
            reminder::show(global, &sent.map_err(told)?, preview, "invited again")
        }
    }
}
