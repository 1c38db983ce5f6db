//! Events: what the application is told about people, read in the order of commits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use provisioning::{Enrolment, EventKind, Step, UserId};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{Actor, Event, NewEvent, Place, WriteUnit};
use uuid::Uuid;

use crate::database::Database;
use crate::error::Error;
use crate::requester::Requester;

/// An event as the application reads it, by the API and by webhooks alike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// Its id, which stays the same wherever and however often it is told.
    pub id: Uuid,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When.
    pub timestamp: DateTime<Utc>,
    /// About whom, and how it is with that person then.
    pub data: Value,
}

/// A part of the events.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The events.
    pub items: Vec<Told>,
    /// Where to read on; none as long as there has been no event.
    pub next: Option<String>,
}

impl From<Event> for Told {
    fn from(event: Event) -> Self {
        let mut data = Map::from_iter([("id".to_owned(), json!(event.user))]);
        data.extend(event.user_name.map(|name| ("userName".to_owned(), name.into())));
        data.extend(event.external_id.map(|id| ("externalId".to_owned(), id.into())));
        if let Value::Object(details) = event.details {
            data.extend(details.into_iter().filter(|(_, value)| !value.is_null()));
        }
        let (id, kind) = (event.place.id, event.kind.as_str());
        Self { id, kind, timestamp: event.created_at, data: Value::Object(data) }
    }
}

/// At most so many events behind a cursor that an earlier answer gave, or from the first one that is kept.
///
/// # Errors
/// [`Error::Refused`] for a text that is no cursor, [`Error::Gone`] for one of an event that is kept no more.
pub async fn list(
    db: &Database,
    requester: &Requester,
    after: Option<&str>,
    most: u64,
) -> Result<Page, Error> {
    let unit = db.read(&requester.scope).await?;
    let place = after.map(place).transpose()?;
    if let Some(place) = place
        && !unit.keeps_event(place).await?
    {
        let said = "the event of this cursor is not kept any more, so events may have been missed: read the people as they \
                    are, then read events without \"after\"";
        return Err(Error::Gone(said.to_owned()));
    }
    let events = unit.events(place.unwrap_or_default(), most).await?;
    let next = events.last().map(|event| event.place).or(place).map(cursor);
    Ok(Page { items: events.into_iter().map(Told::from).collect(), next })
}

fn cursor(place: Place) -> String {
    let mut bytes = place.position.to_be_bytes().to_vec();
    bytes.extend(place.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn place(cursor: &str) -> Result<Place, Error> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (position, id) = bytes.split_first_chunk()?;
        Some(Place { position: i64::from_be_bytes(*position), id: Uuid::from_slice(id).ok()? })
    };
    let said = "\"after\" is no cursor: send the \"next\" of an earlier answer";
    read().ok_or_else(|| Error::Refused(said.to_owned()))
}

/// Tells that a step of an enrolment was taken, and that it was the last one where the person is active by it.
pub(crate) async fn step_taken(
    unit: &mut WriteUnit,
    (user, step): (UserId, Step),
    (before, after): (&Enrolment, &Enrolment),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let details = json!({
        "access": after.has_access(),
        "status": after.status.as_str(),
        "reference": actor.reference,
    });
    let mut with_step = details.clone();
    with_step["step"] = json!(step.as_str());
    let mut told = vec![NewEvent { kind: EventKind::EnrolmentStep, user, details: with_step }];
    if after.status != before.status {
        told.push(NewEvent { kind: EventKind::Activated, user, details });
    }
    Ok(unit.tell(told, now).await?)
}

/// Tells that a device is refused from now on.
pub(crate) async fn device_revoked(
    unit: &mut WriteUnit,
    (user, device): (UserId, &str),
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let details = json!({ "device": device, "reference": actor.reference });
    Ok(unit.tell(vec![NewEvent { kind: EventKind::DeviceRevoked, user, details }], now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        for (position, id) in [(0, Uuid::nil()), (7, Uuid::max()), (i64::MAX, Uuid::from_u128(9))] {
            let known = Place { position, id };
            let text = cursor(known);
            assert_eq!(place(&text).expect("a cursor"), known);
            for text in ["", "x", "é", &text[1..], &format!("{text}AA"), &format!("{text}=")] {
                assert!(matches!(place(text), Err(Error::Refused(_))), "{text}");
            }
        }
    }
}
