//! Requests that create a resource and come again with their `Idempotency-Key`, because the client did not get the answer.

use chrono::{DateTime, TimeDelta, Utc};
use store::{FirstRequest, IdempotencyKey, WriteUnit};
use uuid::Uuid;

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Requester;

/// For how long a key is known.
pub const KNOWN_FOR: TimeDelta = TimeDelta::hours(24);

/// The resource that the request with this key has created before, if it came before.
///
/// # Errors
/// 422 for a key that another request had; what the database says.
pub async fn created(
    db: &Database,
    requester: &Requester,
    key: &IdempotencyKey,
) -> Result<Option<Uuid>, Error> {
    let connection = requester.provider()?.connection.id;
    let unit = db.read_once(&requester.scope).await?;
    judged(unit.first_request(connection, &key.key, requester.now - KNOWN_FOR).await?, key)
}

/// As [`created`], once requests that are being done at this moment have ended.
///
/// # Errors
/// As [`created`].
pub async fn created_meanwhile(
    db: &Database,
    requester: &Requester,
    key: &IdempotencyKey,
) -> Result<Option<Uuid>, Error> {
    let connection = requester.provider()?.connection.id;
    let look = async |unit: WriteUnit| -> Attempt<Option<FirstRequest>> {
        let first = unit.first_request(connection, &key.key, requester.now - KNOWN_FOR).await?;
        Ok((unit, first))
    };
    judged(db.write(&requester.scope, look).await?.value, key)
}

fn judged(first: Option<FirstRequest>, key: &IdempotencyKey) -> Result<Option<Uuid>, Error> {
    match first {
        Some(first) if first.request != key.request => {
            let said = "This Idempotency-Key was sent with another request: make a new key for each request.";
            Err(scim::Error::status(422, said).into())
        }
        first => Ok(first.map(|first| first.resource_id)),
    }
}

/// Forgets keys that are known no more.
///
/// # Errors
/// What the database says.
pub async fn forget(db: &Database, now: DateTime<Utc>) -> Result<(), Error> {
    Ok(db.store().forget_first_requests(now - KNOWN_FOR).await?)
}

impl Requester {
    /// Notes what a request with a key has created.
    ///
    /// # Errors
    /// 409 if another request with the key was faster; nothing may be committed then.
    pub(crate) async fn note_created(&self, unit: &mut WriteUnit, resource: Uuid) -> Result<(), Error> {
        let (Some(key), Some(provider)) = (&self.key, &self.provider) else { return Ok(()) };
        let times = (self.now, self.now - KNOWN_FOR);
        if unit.note_first_request(provider.connection.id, key, resource, times).await? {
            return Ok(());
        }
        let said = "Another request with this Idempotency-Key was faster: send this one again.";
        Err(scim::Error::status(409, said).into())
    }
}
