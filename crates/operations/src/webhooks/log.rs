//! The log of deliveries: what was sent, what came of it, and once more.

use chrono::{DateTime, Utc};
use provisioning::UserId;
use serde::Serialize;
use store::{Delivery, DeliveryQuery, DeliveryState, WriteUnit};
use uuid::Uuid;

use super::delivery::queue;
use super::manage::{find, locked};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Operator;
use crate::rights::Right;

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// The event, whose id is the `webhook-id` of every attempt.
    pub event: Uuid,
    /// The person that the event is about.
    pub user: UserId,
    /// `waiting`, `delivered` or `given-up`.
    pub state: &'static str,
    /// How often it was tried.
    pub attempts: u32,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// The beginning of the last answer, or why there was none.
    pub answer: Option<String>,
    /// When it is tried next; none while it waits for an earlier one of the same person.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was tried last.
    pub tried_at: Option<DateTime<Utc>>,
}

impl From<Delivery> for Listed {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id,
            event: delivery.event,
            user: delivery.user,
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            status: delivery.status,
            answer: delivery.answer,
            next_at: delivery.next_at,
            created_at: delivery.created_at,
            tried_at: delivery.tried_at,
        }
    }
}

/// Deliveries to a webhook, the latest first.
///
/// # Errors
/// [`Error`] if the tenant has no such webhook, and for a word that is no state.
pub async fn deliveries(
    db: &Database,
    (tenant, webhook): (&str, &str),
    state: Option<&str>,
    (before, most): (Option<Uuid>, u64),
) -> Result<Vec<Listed>, Error> {
    let state = state.map(known_state).transpose()?;
    let (scope, webhook) = find(db, tenant, webhook).await?;
    let query = DeliveryQuery { webhook: webhook.id, state, before, most };
    Ok(db.read(&scope).await?.deliveries(query).await?.into_iter().map(Listed::from).collect())
}

fn known_state(word: &str) -> Result<DeliveryState, Error> {
    let known = DeliveryState::ALL.into_iter().find(|state| state.as_str() == word);
    let all = DeliveryState::ALL.map(DeliveryState::as_str).join(", ");
    known.ok_or_else(|| Error::Refused(format!("\"{word}\" is no state of a delivery: use one of {all}")))
}

/// Makes a delivery once more, from the first attempt on, whatever came of it. It waits for others about the same person that
/// are on their way.
///
/// # Errors
/// [`Error`] if the webhook has no such delivery, or is disabled.
pub async fn replay(
    db: &Database,
    operator: &Operator,
    (tenant, webhook): (&str, &str),
    id: &str,
) -> Result<Listed, Error> {
    operator.may(Right::Change)?;
    let (scope, _) = db.tenant(tenant).await?;
    let now = operator.now;
    let advice = "`rollcall webhook deliveries` shows the latest";
    let unknown = || Error::unknown("delivery", id, advice);
    let delivery: Uuid = id.parse().map_err(|_| unknown())?;
    let replay = async |mut unit: WriteUnit| -> Attempt<Delivery> {
        let webhook = enabled(locked(&mut unit, webhook).await?)?;
        let found = unit.delivery(delivery).await?.filter(|known| known.webhook == webhook.id);
        let found = found.ok_or_else(unknown)?;
        let waits_for =
            unit.first_waiting(webhook.id, &[found.user]).await?.into_iter().find(|(_, id)| *id != found.id);
        let next_at = waits_for.is_none().then_some(now);
        let delivery = Delivery { state: DeliveryState::Waiting, attempts: 0, next_at, ..found };
        unit.save_delivery(&delivery).await?;
        if waits_for.is_none() {
            queue(&mut unit, webhook.id, &[(delivery.user, delivery.id)], now).await?;
        }
        Ok((unit, delivery))
    };
    Ok(db.write(&scope, replay).await?.value.into())
}

/// Makes every delivery to a webhook that was given up once more, and tries what waits now; says how many were given up.
///
/// # Errors
/// [`Error`] if the tenant has no such webhook, or it is disabled.
pub async fn replay_all(
    db: &Database,
    operator: &Operator,
    (tenant, webhook): (&str, &str),
) -> Result<u64, Error> {
    operator.may(Right::Change)?;
    let (scope, _) = db.tenant(tenant).await?;
    let replay = async |mut unit: WriteUnit| -> Attempt<u64> {
        let webhook = enabled(locked(&mut unit, webhook).await?)?;
        let revived = unit.revive_deliveries(webhook.id).await?;
        let users = unit.waiting_users(webhook.id).await?;
        let first = unit.first_waiting(webhook.id, &users).await?;
        queue(&mut unit, webhook.id, &first, operator.now).await?;
        Ok((unit, revived))
    };
    Ok(db.write(&scope, replay).await?.value)
}

fn enabled(webhook: store::Webhook) -> Result<store::Webhook, Error> {
    if webhook.disabled.is_some() {
        let said = "the webhook is disabled: enable it first with `rollcall webhook update --enable`";
        return Err(Error::Refused(said.to_owned()));
    }
    Ok(webhook)
}
