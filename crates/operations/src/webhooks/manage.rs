//! The webhooks of a tenant, for administrators.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Entry, EntryKind, EventKind, Subject};
use serde::Serialize;
use serde_json::json;
use store::{TenantScope, WriteUnit, new_id};
use uuid::Uuid;

use super::delivery::{Outgoing, queue};
use super::seal;
use super::signature::Secret;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::outside::{Purpose, checked};
use crate::requester::Operator;
use crate::rights::Right;

/// The most webhooks of a tenant.
const MOST: usize = 20;
/// The most letters of a description.
const LONGEST: usize = 200;
/// The longest time for which a former secret may sign.
const LONGEST_OVERLAP: TimeDelta = TimeDelta::days(30);

/// What is known about a webhook; never its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// Where deliveries go.
    pub url: String,
    /// What people call it.
    pub description: String,
    /// The kinds of events that are delivered; all without any.
    pub events: Vec<&'static str>,
    /// `enabled`, `failing` or `disabled`.
    pub state: &'static str,
    /// Why it is disabled.
    pub disabled_because: Option<String>,
    /// Since when every attempt has failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when the former secret signs, too.
    pub former_secret_until: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// A webhook with its secret, which is shown once.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// What is known about it from now on.
    #[serde(flatten)]
    pub known: Webhook,
    /// The secret, which cannot be looked up later.
    pub secret: String,
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Created").field("known", &self.known).finish_non_exhaustive()
    }
}

/// A webhook to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct New {
    /// Where deliveries go.
    pub url: String,
    /// What people call it.
    pub description: String,
    /// The kinds of events that are delivered; all without any.
    pub events: Vec<String>,
}

/// What is to be changed of a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Where deliveries go.
    pub url: Option<String>,
    /// What people call it.
    pub description: Option<String>,
    /// The kinds of events that are delivered; all without any.
    pub events: Option<Vec<String>>,
    /// Whether anything is delivered.
    pub enabled: Option<bool>,
}

fn known(webhook: &store::Webhook, now: DateTime<Utc>) -> Webhook {
    let state = match (&webhook.disabled, webhook.failing_since) {
        (Some(_), _) => "disabled",
        (None, Some(_)) => "failing",
        (None, None) => "enabled",
    };
    Webhook {
        id: webhook.id,
        url: webhook.url.clone(),
        description: webhook.description.clone(),
        events: webhook.events.iter().map(|kind| kind.as_str()).collect(),
        state,
        disabled_because: webhook.disabled.as_ref().map(|(_, why)| why.clone()),
        failing_since: webhook.failing_since,
        former_secret_until: webhook.former.as_ref().map(|(_, until)| *until).filter(|until| now < *until),
        created_at: webhook.created_at,
    }
}

fn kinds(words: &[String]) -> Result<Vec<EventKind>, Error> {
    let kinds: Result<Vec<EventKind>, _> = words.iter().map(|word| word.parse()).collect();
    let mut kinds =
        kinds.map_err(|unknown: provisioning::UnknownWord| Error::Refused(unknown.to_string()))?;
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds)
}

fn described(text: &str) -> Result<String, Error> {
    if text.chars().count() > LONGEST || text.chars().any(char::is_control) {
        let said = format!("a description has at most {LONGEST} letters, without control characters");
        return Err(Error::Refused(said));
    }
    Ok(text.to_owned())
}

/// The webhook of this id or address, of those of a tenant.
pub(super) fn among(mut webhooks: Vec<store::Webhook>, name: &str) -> Result<store::Webhook, Error> {
    webhooks.retain(|known| known.id.to_string() == name || known.url == name);
    if webhooks.len() > 1 {
        let said = format!(
            "\"{name}\" is the address of several webhooks: name one by id, `rollcall webhook list` shows it"
        );
        return Err(Error::Refused(said));
    }
    webhooks
        .pop()
        .ok_or_else(|| Error::unknown("webhook", name, "`rollcall webhook list` shows those of the tenant"))
}

/// The webhook of this id or address, locked.
pub(super) async fn locked(unit: &mut WriteUnit, name: &str) -> Result<store::Webhook, Error> {
    let found = among(unit.webhooks().await?, name)?;
    let locked = unit.lock_webhook(found.id).await?;
    locked.ok_or_else(|| Error::unknown("webhook", name, "it was deleted just now"))
}

async fn note(unit: &mut WriteUnit, operator: &Operator, kind: EntryKind, why: String) -> Result<(), Error> {
    let entry = Entry::new(Subject::Tenant(unit.scope().tenant_id()), kind, why);
    Ok(unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?)
}

/// Creates a webhook of a tenant; it gets what happens from now on.
///
/// # Errors
/// [`Error`] if there is no such tenant, it has too many webhooks, or an address or a word cannot be used.
pub async fn create(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    new: &New,
    allow_private: bool,
) -> Result<Created, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let now = operator.now;
    let (secret, id) = (Secret::new(), new_id(now));
    let webhook = store::Webhook {
        id,
        url: checked(Purpose::Webhook, &new.url, allow_private)?.into(),
        description: described(&new.description)?,
        events: kinds(&new.events)?,
        secret: seal(db.keys(now).await?, &scope, id, &secret),
        former: None,
        after: store::Place::default(),
        created_at: now,
        failing_since: None,
        disabled: None,
    };
    let create = async |mut unit: WriteUnit| -> Attempt<()> {
        if unit.webhooks().await?.len() >= MOST {
            return Err(Error::Refused(format!("a tenant has at most {MOST} webhooks: delete one first")));
        }
        let after = unit.end_of_events().await?;
        unit.insert_webhook(&store::Webhook { after, ..webhook.clone() }).await?;
        let why = format!("An administrator created the webhook {}.", webhook.url);
        note(&mut unit, operator, EntryKind::WebhookCreated, why).await?;
        Ok((unit, ()))
    };
    db.write(&scope, create).await?;
    Ok(Created { known: known(&webhook, now), secret: secret.text() })
}

/// The webhooks of a tenant, oldest first.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, operator: &Operator, tenant: &str) -> Result<Vec<Webhook>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let webhooks = db.read(&scope).await?.webhooks().await?;
    Ok(webhooks.iter().map(|webhook| known(webhook, operator.now)).collect())
}

/// A webhook, by id or address.
///
/// # Errors
/// [`Error`] if the tenant has no such webhook, or several.
pub async fn show(db: &Database, operator: &Operator, tenant: &str, name: &str) -> Result<Webhook, Error> {
    Ok(known(&find(db, tenant, name).await?.1, operator.now))
}

pub(super) async fn find(
    db: &Database,
    tenant: &str,
    name: &str,
) -> Result<(TenantScope, store::Webhook), Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let webhook = among(db.read(&scope).await?.webhooks().await?, name)?;
    Ok((scope, webhook))
}

/// Changes a webhook. One that is enabled again goes on where it was disabled: what happened since is delivered, as far as it
/// is kept.
///
/// # Errors
/// [`Error`] if the tenant has no such webhook, or an address or a word cannot be used.
pub async fn update(
    db: &Database,
    operator: &Operator,
    (tenant, name): (&str, &str),
    change: &Change,
    allow_private: bool,
) -> Result<Webhook, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let now = operator.now;
    let url = change.url.as_deref().map(|url| checked(Purpose::Webhook, url, allow_private)).transpose()?;
    let description = change.description.as_deref().map(described).transpose()?;
    let events = change.events.as_deref().map(kinds).transpose()?;
    let update = async |mut unit: WriteUnit| -> Attempt<store::Webhook> {
        let before = locked(&mut unit, name).await?;
        let mut after = before.clone();
        after.url = url.clone().map_or(after.url, Into::into);
        after.description = description.clone().unwrap_or(after.description);
        after.events = events.clone().unwrap_or(after.events);
        let mut kind = EntryKind::WebhookChanged;
        let mut why = format!("An administrator changed the webhook {}.", after.url);
        match (change.enabled, &before.disabled) {
            (Some(true), Some(_)) => {
                (after.disabled, after.failing_since) = (None, None);
                why = format!("An administrator enabled the webhook {}.", after.url);
            }
            (Some(false), None) => {
                kind = EntryKind::WebhookDisabled;
                why = format!("An administrator disabled the webhook {}.", after.url);
                after.disabled = Some((now, why.clone()));
            }
            _ => {}
        }
        if after == before {
            return Ok((unit, after));
        }
        unit.save_webhook(&after).await?;
        if after.disabled.is_none() && before.disabled.is_some() {
            let users = unit.waiting_users(after.id).await?;
            let first = unit.first_waiting(after.id, &users).await?;
            queue(&mut unit, after.id, &first, now).await?;
        }
        note(&mut unit, operator, kind, why).await?;
        Ok((unit, after))
    };
    Ok(known(&db.write(&scope, update).await?.value, now))
}

/// Deletes a webhook with the log of its deliveries.
///
/// # Errors
/// [`Error`] if the tenant has no such webhook, or several.
pub async fn delete(db: &Database, operator: &Operator, tenant: &str, name: &str) -> Result<Webhook, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let delete = async |mut unit: WriteUnit| -> Attempt<store::Webhook> {
        let webhook = locked(&mut unit, name).await?;
        unit.delete_webhook(webhook.id).await?;
        let why = format!("An administrator deleted the webhook {}.", webhook.url);
        note(&mut unit, operator, EntryKind::WebhookDeleted, why).await?;
        Ok((unit, webhook))
    };
    Ok(known(&db.write(&scope, delete).await?.value, operator.now))
}

/// Gives a webhook a new secret. For the overlap the former one signs as well, so that a receiver has time to learn the new one.
///
/// # Errors
/// [`Error`] if the tenant has no such webhook, or the overlap is too long.
pub async fn rotate(
    db: &Database,
    operator: &Operator,
    (tenant, name): (&str, &str),
    overlap: TimeDelta,
) -> Result<Created, Error> {
    if overlap < TimeDelta::zero() || overlap > LONGEST_OVERLAP {
        let days = LONGEST_OVERLAP.num_days();
        return Err(Error::Refused(format!("the former secret signs for at most {days} days")));
    }
    let (scope, _) = db.tenant(tenant).await?;
    let now = operator.now;
    let (keys, secret) = (db.keys(now).await?, Secret::new());
    let rotate = async |mut unit: WriteUnit| -> Attempt<store::Webhook> {
        let mut webhook = locked(&mut unit, name).await?;
        let new = seal(keys, &scope, webhook.id, &secret);
        let former = std::mem::replace(&mut webhook.secret, new);
        webhook.former = (overlap > TimeDelta::zero()).then_some((former, now + overlap));
        unit.save_webhook(&webhook).await?;
        let why = format!("An administrator gave the webhook {} a new secret.", webhook.url);
        note(&mut unit, operator, EntryKind::WebhookChanged, why).await?;
        Ok((unit, webhook))
    };
    let webhook = db.write(&scope, rotate).await?.value;
    Ok(Created { known: known(&webhook, now), secret: secret.text() })
}

/// A signed request that says nothing but that it is a test; it is in no log.
///
/// # Errors
/// [`Error`] if the tenant has no such webhook, or several.
pub async fn sample(db: &Database, operator: &Operator, tenant: &str, name: &str) -> Result<Outgoing, Error> {
    let (scope, webhook) = find(db, tenant, name).await?;
    let now = operator.now;
    let body = json!({ "type": "test", "timestamp": now, "data": {} }).to_string();
    Outgoing::new(db.keys(now).await?, &scope, &webhook, (new_id(now).to_string(), body), now)
}
