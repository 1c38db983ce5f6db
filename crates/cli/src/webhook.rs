//! `rollcall webhook`: where the application is told, and what came of it.

use anyhow::{Result, bail};
use chrono::TimeDelta;
use clap::{Args, Subcommand, value_parser};
use operations::webhooks::{self, Change, Created, Fate, New};
use serde_json::json;

use crate::global::{Format, Global, told};
use crate::output;

/// Webhooks: addresses of the application to which events are delivered, signed as Standard Webhooks says.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Creates a webhook and prints its secret, once. It gets what happens from now on.
    #[command(
        after_help = "Example: rollcall webhook create --tenant \"Northlight Instruments\" --event access-cut https://hooks.example.com/rollcall"
    )]
    Create {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
        /// Where deliveries go
        url: String,
        /// What people call it
        #[arg(long, default_value = "")]
        description: String,
        /// Only events of this kind, such as access-cut; may be repeated. Without it, all
        #[arg(long = "event", value_name = "KIND")]
        events: Vec<String>,
    },
    /// Lists the webhooks of a tenant, without their secrets.
    #[command(after_help = "Example: rollcall webhook list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Shows a webhook: its filter, whether it works, and why it is disabled.
    #[command(
        after_help = "Example: rollcall webhook show --tenant \"Northlight Instruments\" https://hooks.example.com/rollcall"
    )]
    Show(Named),
    /// Changes a webhook. One that is enabled again goes on where it was disabled.
    #[command(
        after_help = "Example: rollcall webhook update --tenant \"Northlight Instruments\" https://hooks.example.com/rollcall --enable"
    )]
    Update {
        #[command(flatten)]
        named: Named,
        /// Where deliveries go from now on
        #[arg(long)]
        url: Option<String>,
        /// What people call it
        #[arg(long)]
        description: Option<String>,
        /// Only events of this kind from now on; may be repeated
        #[arg(long = "event", value_name = "KIND")]
        events: Vec<String>,
        /// Events of all kinds from now on
        #[arg(long, conflicts_with = "events")]
        all_events: bool,
        /// Delivers again
        #[arg(long)]
        enable: bool,
        /// Delivers nothing until it is enabled
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
    },
    /// Deletes a webhook with the log of its deliveries.
    #[command(
        after_help = "Example: rollcall webhook delete --tenant \"Northlight Instruments\" https://hooks.example.com/rollcall"
    )]
    Delete(Named),
    /// Gives a webhook a new secret and prints it, once. For a while the former one signs as well.
    #[command(
        after_help = "Example: rollcall webhook rotate --tenant \"Northlight Instruments\" https://hooks.example.com/rollcall --overlap-hours 48"
    )]
    Rotate {
        #[command(flatten)]
        named: Named,
        /// Hours for which the former secret signs, too; 0 ends it at once
        #[arg(long, default_value_t = 24, value_name = "HOURS", value_parser = value_parser!(u32).range(0..=720))]
        overlap_hours: u32,
    },
    /// Sends a signed test from this machine, and says what was answered.
    #[command(
        after_help = "Example: rollcall webhook test --tenant \"Northlight Instruments\" https://hooks.example.com/rollcall"
    )]
    Test(Named),
    /// Lists deliveries to a webhook with what came of them, the latest first.
    #[command(
        after_help = "Example: rollcall webhook deliveries --tenant \"Northlight Instruments\" https://hooks.example.com/rollcall --state given-up"
    )]
    Deliveries {
        #[command(flatten)]
        named: Named,
        /// Only those of this state: waiting, delivered or given-up
        #[arg(long)]
        state: Option<String>,
        /// The most that are shown
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = value_parser!(u64).range(1..=100_000))]
        count: u64,
    },
    /// Makes a delivery once more, or all that were given up.
    #[command(
        after_help = "Example: rollcall webhook replay --tenant \"Northlight Instruments\" https://hooks.example.com/rollcall --given-up"
    )]
    Replay {
        #[command(flatten)]
        named: Named,
        /// The delivery, by id
        #[arg(required_unless_present = "given_up")]
        delivery: Option<String>,
        /// All that were given up; what waits is tried at once
        #[arg(long, conflicts_with = "delivery")]
        given_up: bool,
    },
}

/// A webhook of a tenant.
#[derive(Args)]
pub(crate) struct Named {
    /// The tenant, by name or id
    #[arg(long)]
    tenant: String,
    /// The webhook, by address or id
    webhook: String,
}

impl Named {
    fn names(&self) -> (&str, &str) {
        (&self.tenant, &self.webhook)
    }
}

const COLUMNS: [(&str, &str); 9] = [
    ("url", "/url"),
    ("description", "/description"),
    ("events", "/events"),
    ("state", "/state"),
    ("disabled because", "/disabledBecause"),
    ("failing since", "/failingSince"),
    ("former secret until", "/formerSecretUntil"),
    ("created", "/createdAt"),
    ("id", "/id"),
];

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let (db, allowed) = (admin.db(), admin.allows_private_webhooks());
    match command {
        Command::Create { tenant, url, description, events } => {
            let new = New { url, description, events };
            let created =
                webhooks::create(db, &admin.operator("webhook create"), &tenant, &new, allowed).await;
            with_secret(global, &created.map_err(told)?, "webhook created; its secret is shown this once")
        }
        Command::List { tenant } => {
            let listed = webhooks::list(db, &admin.operator("webhook list"), &tenant).await.map_err(told)?;
            let columns = [
                ("Address", "/url"),
                ("State", "/state"),
                ("Events", "/events"),
                ("Description", "/description"),
                ("Id", "/id"),
            ];
            output::items(global, &listed, &columns)
        }
        Command::Show(named) => {
            let (tenant, name) = named.names();
            let shown =
                webhooks::show(db, &admin.operator("webhook show"), tenant, name).await.map_err(told)?;
            output::details(global, &shown, &COLUMNS)
        }
        Command::Update { named, url, description, events, all_events, enable, disable } => {
            let events = (all_events || !events.is_empty()).then_some(events);
            let enabled = (enable || disable).then_some(enable);
            let change = Change { url, description, events, enabled };
            let operator = admin.operator("webhook update");
            let changed =
                webhooks::update(db, &operator, named.names(), &change, allowed).await.map_err(told)?;
            output::created(global, &changed, &format!("webhook {} is {} now", changed.url, changed.state))
        }
        Command::Delete(named) => {
            let (tenant, name) = named.names();
            let deleted = webhooks::delete(db, &admin.operator("webhook delete"), tenant, name).await;
            let deleted = deleted.map_err(told)?;
            output::created(global, &deleted, &format!("webhook {} deleted", deleted.url))
        }
        Command::Rotate { named, overlap_hours } => {
            let overlap = TimeDelta::hours(overlap_hours.into());
            let rotated =
                webhooks::rotate(db, &admin.operator("webhook rotate"), named.names(), overlap).await;
            with_secret(
                global,
                &rotated.map_err(told)?,
                "the webhook has a new secret, which is shown this once",
            )
        }
        Command::Test(named) => {
            let (tenant, name) = named.names();
            let sample =
                webhooks::sample(db, &admin.operator("webhook test"), tenant, name).await.map_err(told)?;
            match admin.post(sample).await? {
                Fate::Answered(status, _) if (200..300).contains(&status) => {
                    let said = format!("the receiver took the test and answered {status}");
                    output::created(global, &json!({ "status": status }), &said)
                }
                Fate::Answered(status, _) => {
                    bail!("the receiver answered {status}: a delivery needs 200 to 299")
                }
                Fate::Failed(why) | Fate::GivenUp(why) => bail!("the test was not delivered: {why}"),
            }
        }
        Command::Deliveries { named, state, count } => {
            let listed = webhooks::deliveries(db, named.names(), state.as_deref(), (None, count))
                .await
                .map_err(told)?;
            let columns = [
                ("Made", "/createdAt"),
                ("State", "/state"),
                ("Tries", "/attempts"),
                ("Status", "/status"),
                ("Answer", "/answer"),
                ("Next", "/nextAt"),
                ("Id", "/id"),
            ];
            output::items(global, &listed, &columns)
        }
        Command::Replay { named, delivery, .. } => {
            let operator = admin.operator("webhook replay");
            if let Some(delivery) = delivery {
                let replayed =
                    webhooks::replay(db, &operator, named.names(), &delivery).await.map_err(told)?;
                return output::created(global, &replayed, "the server makes the delivery once more");
            }
            let number = webhooks::replay_all(db, &operator, named.names()).await.map_err(told)?;
            let said = match number {
                0 => "no delivery was given up".to_owned(),
                1 => "the server makes 1 delivery once more".to_owned(),
                many => format!("the server makes {many} deliveries once more"),
            };
            output::created(global, &json!({ "deliveries": number }), &said)
        }
    }
}

fn with_secret(global: &Global, created: &Created, said: &str) -> Result<()> {
    if global.format() == Format::Text {
        output::line(said)?;
        output::line(format!("secret  {}", created.secret))?;
        return output::line(format!("id  {}", created.known.id));
    }
    output::details(global, created, &[("secret", "/secret"), ("id", "/id")])
}
