//! `rollcall stream`: which programs are told of changes of resources, and what waits for each.

use anyhow::Result;
use clap::{Args, Subcommand};
use operations::streams::{self, Operated, Status};
use serde_json::json;

use crate::global::{Global, told};
use crate::output;

/// Streams of changes, which receivers set up with a token of the scope streams:write.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lists the streams of a tenant.
    #[command(after_help = "Example: rollcall stream list --tenant \"Northlight Instruments\"")]
    List {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
    /// Shows a stream: what it carries, where to, and whether that works.
    #[command(after_help = "Example: rollcall stream show --tenant \"Northlight Instruments\" Replica")]
    Show(Named),
    /// Has a stream carry tokens, with those that were kept while it was paused.
    #[command(after_help = "Example: rollcall stream enable --tenant \"Northlight Instruments\" Replica")]
    Enable(Named),
    /// Has a stream keep its tokens until it is enabled.
    #[command(
        after_help = "Example: rollcall stream pause --tenant \"Northlight Instruments\" Replica --reason \"the receiver moves\""
    )]
    Pause {
        #[command(flatten)]
        named: Named,
        /// Why, as the receiver reads it
        #[arg(long)]
        reason: Option<String>,
    },
    /// Deletes a stream with what it holds.
    #[command(after_help = "Example: rollcall stream delete --tenant \"Northlight Instruments\" Replica")]
    Delete(Named),
    /// Sends what the receiver refused or could not take in time once more.
    #[command(after_help = "Example: rollcall stream replay --tenant \"Northlight Instruments\" Replica")]
    Replay(Named),
    /// Gives a tenant other keys to sign with; those before stay published for as long as events are kept.
    #[command(after_help = "Example: rollcall stream renew-keys --tenant \"Northlight Instruments\"")]
    RenewKeys {
        /// The tenant, by name or id
        #[arg(long)]
        tenant: String,
    },
}

/// A stream of a tenant.
#[derive(Args)]
pub(crate) struct Named {
    /// The tenant, by name or id
    #[arg(long)]
    tenant: String,
    /// The stream, by description or id
    stream: String,
}

impl Named {
    fn names(&self) -> (&str, &str) {
        (&self.tenant, &self.stream)
    }
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<()> {
    let admin = global.admin().await?;
    let db = admin.db();
    match command {
        Command::List { tenant } => {
            let listed = streams::operated(db, &admin.operator("stream list"), &tenant).await;
            let columns = [
                ("Description", "/description"),
                ("Status", "/status"),
                ("Waiting", "/waiting"),
                ("Dead", "/dead"),
                ("Endpoint", "/delivery/endpoint_url"),
                ("Id", "/stream_id"),
            ];
            output::items(global, &listed.map_err(told)?, &columns)
        }
        Command::Show(named) => {
            let (tenant, name) = named.names();
            let shown = streams::show(db, &admin.operator("stream show"), tenant, name).await;
            details(global, &shown.map_err(told)?)
        }
        Command::Enable(named) => {
            let (operator, turned) = (admin.operator("stream enable"), (Status::Enabled, None));
            details(global, &streams::turn(db, &operator, named.names(), turned).await.map_err(told)?)
        }
        Command::Pause { named, reason } => {
            let (operator, turned) = (admin.operator("stream pause"), (Status::Paused, reason.as_deref()));
            details(global, &streams::turn(db, &operator, named.names(), turned).await.map_err(told)?)
        }
        Command::Delete(named) => {
            let (tenant, name) = named.names();
            let id = streams::remove(db, &admin.operator("stream delete"), tenant, name).await;
            let id = id.map_err(told)?;
            output::created(global, &json!({ "stream_id": id }), &format!("stream {id} deleted"))
        }
        Command::Replay(named) => {
            let (tenant, name) = named.names();
            let number = streams::replay(db, &admin.operator("stream replay"), tenant, name).await;
            let number = number.map_err(told)?;
            let said = format!("tokens that are sent once more: {number}");
            output::created(global, &json!({ "tokens": number }), &said)
        }
        Command::RenewKeys { tenant } => {
            let keys = streams::renew_keys(db, &admin.operator("stream renew-keys"), &tenant).await;
            let keys = keys.map_err(told)?;
            let said = format!("keys that were renewed: {}", keys.len());
            output::created(global, &json!({ "keys": keys }), &said)
        }
    }
}

fn details(global: &Global, stream: &Operated) -> Result<()> {
    let columns = [
        ("description", "/description"),
        ("status", "/status"),
        ("reason", "/reason"),
        ("events", "/events_delivered"),
        ("resource types", "/resource_types"),
        ("method", "/delivery/method"),
        ("endpoint", "/delivery/endpoint_url"),
        ("signed by", "/signing_algorithm"),
        ("waiting", "/waiting"),
        ("dead", "/dead"),
        ("last answer", "/last_answer"),
        ("failing since", "/failing_since"),
        ("created", "/created_at"),
        ("id", "/stream_id"),
    ];
    output::details(global, stream, &columns)
}
