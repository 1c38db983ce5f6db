//! Webhooks: what the application is told goes to addresses of its own, signed as Standard Webhooks says
//! (<https://www.standardwebhooks.com>), in order for each person.

mod delivery;
mod log;
mod manage;
mod signature;

use chrono::{DateTime, Utc};
use store::{NewJob, TenantScope};
use uuid::Uuid;

use crate::error::Error;
use crate::keys::{Keys, Purpose};
use signature::Secret;

pub use delivery::{Fate, Outgoing, next, record, spread};
pub(crate) use delivery::{PATIENCE, pause};
pub use log::{Listed, deliveries, replay, replay_all};
pub use manage::{Change, Created, New, Webhook, create, delete, list, rotate, sample, show, update};

/// The kind of the jobs that deliver an event to a webhook.
pub const DELIVER: &str = "deliver-webhook";

/// The most letters of an answer that the log keeps.
pub const ANSWER_KEPT: usize = 1_000;

/// A secret, sealed for the row of its webhook.
fn seal(keys: &Keys, scope: &TenantScope, webhook: Uuid, secret: &Secret) -> Vec<u8> {
    keys.seal(Purpose::Webhook, &about(scope, webhook), secret.bytes())
}

fn open(keys: &Keys, scope: &TenantScope, webhook: Uuid, sealed: &[u8]) -> Result<Secret, Error> {
    let opened = keys.open(Purpose::Webhook, &about(scope, webhook), sealed);
    let said = "the secret of the webhook cannot be opened with the present master key: rotate it";
    opened.map(Secret::of).ok_or_else(|| Error::Refused(said.to_owned()))
}

/// The row to which a secret belongs.
fn about(scope: &TenantScope, webhook: Uuid) -> Vec<u8> {
    [*scope.tenant_id().uuid().as_bytes(), *webhook.as_bytes()].concat()
}

/// The job of a delivery; a person's deliveries to a webhook are made one after the other.
fn job(webhook: Uuid, user: impl std::fmt::Display, delivery: Uuid, run_at: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: DELIVER.to_owned(),
        payload: serde_json::json!({ "delivery": delivery }),
        run_at,
        dedup: Some(format!("{DELIVER}:{webhook}:{user}")),
    }
}
