//! What an identity provider sent, and what it came to.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::RequestRecord;
use uuid::Uuid;

use crate::database::Database;
use crate::error::Error;

/// A request of the request log.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Its id, which the journal names as the cause of what it changed.
    pub id: Uuid,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// The quirks that it used.
    pub quirks: Vec<String>,
    /// What followed from it, in plain words.
    pub effects: Vec<String>,
    /// What of it was ignored.
    pub ignored: Vec<String>,
    /// The body, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl From<RequestRecord> for Request {
    fn from(record: RequestRecord) -> Self {
        Self {
            id: record.id,
            at: record.at,
            method: record.method,
            path: record.path,
            status: record.status,
            duration_us: record.duration_us,
            quirks: record.quirks,
            effects: record.effects,
            ignored: record.ignored,
            // The mask wrote it as JSON.
            body: record.body.and_then(|body| serde_json::from_str(&body).ok()),
            error: record.error,
        }
    }
}

/// The newest requests of a connection, the last one at the end.
///
/// # Errors
/// [`Error`] if there is no such connection.
pub async fn tail(db: &Database, connection: &str, most: u64) -> Result<Vec<Request>, Error> {
    let (scope, connection) = db.connection(connection).await?;
    let requests = db.read(&scope).await?.requests(connection.id, most).await?;
    Ok(requests.into_iter().map(Request::from).collect())
}
