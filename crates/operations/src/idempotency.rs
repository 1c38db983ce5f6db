//! Requests that create a resource and come again with their `Idempotency-Key`, because the client did not get the answer.

use chrono::TimeDelta;
use store::{IdempotencyKey, WriteUnit};
use uuid::Uuid;

use crate::database::Database;
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
    let first = unit.first_request(connection, &key.key, requester.now - KNOWN_FOR).await?;
    match first {
        Some(first) if first.request != key.request => {
            let said = "This Idempotency-Key was sent with another request: make a new key for each request.";
            Err(scim::Error::status(422, said).into())
        }
        first => Ok(first.map(|first| first.resource_id)),
    }
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
