//! Deliveries on their way: which are to be made, what is sent, and what came of it.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Entry, EntryKind, Subject, UserId};
use serde_json::json;
use store::{Actor, Delivery, DeliveryState, Event, Job, Webhook, WriteUnit};
use uuid::Uuid;

use super::signature::signatures;
use super::{ANSWER_KEPT, job, open};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::events::Told;

/// Events for which deliveries are made in one unit.
const BATCH: u64 = 500;

/// The pauses between attempts, in seconds: three days in all.
const PAUSES: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// A webhook to which nothing could be delivered for so long is disabled.
pub(crate) const PATIENCE: TimeDelta = TimeDelta::days(5);

/// A request to send.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub url: String,
    /// The headers: names in small letters, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Outgoing {
    /// An event on its way to a webhook, signed at an instant.
    pub(super) fn new(
        db_keys: &crate::keys::Keys,
        scope: &store::TenantScope,
        webhook: &Webhook,
        (id, body): (String, String),
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let mut secrets = vec![open(db_keys, scope, webhook.id, &webhook.secret)?];
        if let Some((former, until)) = &webhook.former
            && now < *until
        {
            secrets.push(open(db_keys, scope, webhook.id, former)?);
        }
        let timestamp = now.timestamp();
        let signature = signatures(&secrets, (&id, timestamp, &body));
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signature),
        ];
        Ok(Self { url: webhook.url.clone(), headers, body })
    }
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The receiver answered with this status and this text.
    Answered(u16, String),
    /// There was no answer; why not, as a sentence.
    Failed(String),
    /// It is not tried any more, for a reason of ours.
    GivenUp(String),
}

/// Makes the deliveries of events that were told since the last time, to every webhook that wants them.
///
/// # Errors
/// What the database says.
pub async fn spread(db: &Database, now: DateTime<Utc>) -> Result<(), Error> {
    for (scope, id) in db.store().webhooks_behind().await? {
        let spread = async |mut unit: WriteUnit| -> Attempt<bool> {
            let Some(webhook) = unit.lock_webhook(id).await?.filter(|webhook| webhook.disabled.is_none())
            else {
                return Ok((unit, false));
            };
            let events = unit.events(webhook.after, BATCH).await?;
            let Some(last) = events.last().map(|event| event.place) else { return Ok((unit, false)) };
            let wanted: Vec<&Event> = events
                .iter()
                .filter(|event| webhook.events.is_empty() || webhook.events.contains(&event.kind))
                .collect();
            let made: HashSet<Uuid> = unit.insert_deliveries(id, &wanted, now).await?.into_iter().collect();
            let mut users: Vec<UserId> = wanted.iter().map(|event| event.user).collect();
            users.sort_unstable();
            users.dedup();
            // Behind a delivery that waits already, a new one waits for that one's end.
            let mut first = unit.first_waiting(id, &users).await?;
            first.retain(|(_, delivery)| made.contains(delivery));
            queue(&mut unit, id, &first, now).await?;
            unit.save_webhook(&Webhook { after: last, ..webhook }).await?;
            Ok((unit, events.len() as u64 == BATCH))
        };
        while db.write(&scope, spread).await?.value {}
    }
    Ok(())
}

/// Has the first delivery of each person made at an instant.
pub(super) async fn queue(
    unit: &mut WriteUnit,
    webhook: Uuid,
    first: &[(UserId, Uuid)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for (user, delivery) in first {
        unit.enqueue(job(webhook, user, *delivery, now), now).await?;
    }
    Ok(())
}

/// The request that a job is to send now; none where there is nothing to send any more.
///
/// # Errors
/// What the database says, and [`Error::Refused`] if the webhook's secret cannot be opened.
pub async fn next(db: &Database, job: &Job, now: DateTime<Utc>) -> Result<Option<Outgoing>, Error> {
    let Some(id) = delivery_of(job) else { return Ok(None) };
    let unit = db.read(&job.scope).await?;
    let Some(delivery) = unit.delivery(id).await?.filter(|known| known.state == DeliveryState::Waiting)
    else {
        return Ok(None);
    };
    let webhook = unit.webhooks().await?.into_iter().find(|known| known.id == delivery.webhook);
    let Some(webhook) = webhook.filter(|webhook| webhook.disabled.is_none()) else { return Ok(None) };
    let Some(event) = unit.event(delivery.event).await? else { return Ok(None) };
    drop(unit);
    let message = (event.place.id.to_string(), body(event));
    Ok(Some(Outgoing::new(db.keys(now).await?, &job.scope, &webhook, message, now)?))
}

/// The body of a delivery, as Standard Webhooks recommends it.
fn body(event: Event) -> String {
    let Told { kind, timestamp, data, .. } = event.into();
    json!({ "type": kind, "timestamp": timestamp, "data": data }).to_string()
}

/// Records what became of an attempt, which is done then: another attempt, and the next delivery about the same person, have
/// jobs of their own.
///
/// # Errors
/// What the database says.
pub async fn record(db: &Database, job: &Job, fate: &Fate, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(id) = delivery_of(job) else { return Ok(()) };
    let jitter = rand::random::<f64>();
    let actor = Actor::of_job(job);
    let record = async |mut unit: WriteUnit| -> Attempt<()> {
        let Some(delivery) = unit.delivery(id).await? else { return Ok((unit, ())) };
        // The webhook comes before its deliveries in the order of locks.
        let Some(mut webhook) = unit.lock_webhook(delivery.webhook).await? else { return Ok((unit, ())) };
        let known = unit.delivery(id).await?.filter(|known| known.state == DeliveryState::Waiting);
        let Some(mut delivery) = known else { return Ok((unit, ())) };
        attempted(&mut delivery, fate, now, jitter);
        if delivery.state == DeliveryState::Delivered {
            webhook.failing_since = None;
        } else if !matches!(fate, Fate::GivenUp(_)) {
            webhook.failing_since.get_or_insert(now);
        }
        if webhook.disabled.is_none()
            && let Some(why) = hopeless(&webhook, fate, now)
        {
            let entry = Entry::new(
                Subject::Tenant(unit.scope().tenant_id()),
                EntryKind::WebhookDisabled,
                why.clone(),
            );
            unit.record([(&entry, &actor)], now).await?;
            webhook.disabled = Some((now, why));
        }
        unit.save_delivery(&delivery).await?;
        unit.save_webhook(&webhook).await?;
        if webhook.disabled.is_none() {
            if let Some(at) = delivery.next_at {
                unit.enqueue(super::job(webhook.id, delivery.user, id, at), now).await?;
            } else {
                let first = unit.first_waiting(webhook.id, &[delivery.user]).await?;
                queue(&mut unit, webhook.id, &first, now).await?;
            }
        }
        Ok((unit, ()))
    };
    db.write(&job.scope, record).await.map(drop)
}

/// The delivery after one more attempt, or without another one.
fn attempted(delivery: &mut Delivery, fate: &Fate, now: DateTime<Utc>, jitter: f64) {
    let (status, text) = match fate {
        Fate::Answered(status, text) => (Some(*status), text),
        Fate::Failed(why) | Fate::GivenUp(why) => (None, why),
    };
    // Text of PostgreSQL holds no such character.
    delivery.answer = Some(text.chars().filter(|letter| *letter != '\0').take(ANSWER_KEPT).collect());
    delivery.status = status;
    if matches!(fate, Fate::GivenUp(_)) {
        (delivery.state, delivery.next_at) = (DeliveryState::GivenUp, None);
        return;
    }
    delivery.attempts += 1;
    delivery.tried_at = Some(now);
    let pause = pause(delivery.attempts, jitter).filter(|_| status != Some(410));
    (delivery.state, delivery.next_at) = match pause {
        _ if status.is_some_and(|status| (200..300).contains(&status)) => (DeliveryState::Delivered, None),
        Some(pause) => (DeliveryState::Waiting, Some(now + pause)),
        None => (DeliveryState::GivenUp, None),
    };
}

/// How long to wait after so many attempts, up to a tenth longer by a number between 0 and 1, so that deliveries that failed
/// together are not tried together again; none after the last attempt.
pub(crate) fn pause(attempts: u32, jitter: f64) -> Option<TimeDelta> {
    let seconds = *PAUSES.get(usize::try_from(attempts.checked_sub(1)?).ok()?)?;
    #[expect(clippy::cast_possible_truncation, reason = "at most a tenth of a day, in milliseconds")]
    let more = (jitter.clamp(0.0, 1.0) * 100.0) as i64 * seconds;
    Some(TimeDelta::seconds(seconds) + TimeDelta::milliseconds(more))
}

/// Why nothing more is to be delivered to a webhook: its receiver says so, or nothing has worked for days.
fn hopeless(webhook: &Webhook, fate: &Fate, now: DateTime<Utc>) -> Option<String> {
    let url = &webhook.url;
    if matches!(fate, Fate::Answered(410, _)) {
        return Some(format!("The webhook {url} was disabled because its receiver answered 410 Gone."));
    }
    let days = PATIENCE.num_days();
    let failing = webhook.failing_since.is_some_and(|since| since + PATIENCE <= now);
    failing
        .then(|| format!("The webhook {url} was disabled because every delivery has failed for {days} days."))
}

fn delivery_of(job: &Job) -> Option<Uuid> {
    job.payload.get("delivery")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_come_to_an_end() {
        let pauses: Vec<_> = (0..12).map(|attempts| pause(attempts, 0.0)).collect();
        assert_eq!(pauses.iter().flatten().count(), PAUSES.len());
        assert_eq!((pauses[0], pauses[1], pauses[10]), (None, Some(TimeDelta::seconds(5)), None));
        assert!(pauses[1..10].is_sorted());
        for attempts in 1..=9 {
            let (least, most) =
                (pause(attempts, 0.0).expect("a pause"), pause(attempts, 1.0).expect("a pause"));
            assert_eq!(most, least + least / 10, "{attempts}");
        }
    }

    #[test]
    fn an_answer_decides_what_becomes_of_a_delivery() {
        let now = DateTime::UNIX_EPOCH;
        let new = Delivery {
            id: Uuid::nil(),
            webhook: Uuid::nil(),
            event: Uuid::nil(),
            user: UserId::new(Uuid::nil()),
            state: DeliveryState::Waiting,
            attempts: 0,
            status: None,
            answer: None,
            next_at: None,
            created_at: now,
            tried_at: None,
        };
        for (status, attempts, state) in [
            (200, 0, DeliveryState::Delivered),
            (204, 9, DeliveryState::Delivered),
            (301, 0, DeliveryState::Waiting),
            (400, 0, DeliveryState::Waiting),
            (410, 0, DeliveryState::GivenUp),
            (500, 8, DeliveryState::Waiting),
            (500, 9, DeliveryState::GivenUp),
        ] {
            let mut delivery = Delivery { attempts, ..new.clone() };
            attempted(&mut delivery, &Fate::Answered(status, "a\0b".repeat(2_000)), now, 0.5);
            assert_eq!(delivery.state, state, "{status}");
            assert_eq!(delivery.next_at.is_some(), state == DeliveryState::Waiting);
            assert_eq!(delivery.answer.map(|answer| answer.len()), Some(ANSWER_KEPT));
        }
    }
}
