//! What an identity provider sent, and what it came to.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use store::RequestRecord;
use uuid::Uuid;

use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

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
pub async fn tail(
    db: &Database,
    operator: &Operator,
    connection: &str,
    most: u64,
) -> Result<Vec<Request>, Error> {
    let (scope, connection) = db.connection(operator, connection).await?;
    let requests = db.read(&scope).await?.requests(connection.id, most).await?;
    Ok(requests.into_iter().map(Request::from).collect())
}

/// A request with the names of its tenant and connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The request.
    #[serde(flatten)]
    pub request: Request,
    /// The name of the tenant.
    pub tenant: String,
    /// The name of the connection, unless it was deleted.
    pub connection: Option<String>,
}

/// The request of this id, which answers carry in `X-Request-Id` and the journal names as a cause.
///
/// # Errors
/// [`Error`] if the text is no id, or the request log holds no such request.
pub async fn show(db: &Database, operator: &Operator, id: &str) -> Result<Details, Error> {
    let advice = "`rollcall requests tail --connection NAME` shows ids, and old requests are forgotten";
    let unknown = || Error::unknown("request", id, advice);
    let parsed: Uuid = id.parse().map_err(|_| unknown())?;
    let within = db.within(operator).await?;
    for tenant in db.store().tenants().await? {
        if within.as_ref().is_some_and(|scope| scope.tenant_id() != tenant.id) {
            continue;
        }
        let (scope, _) = db.tenant(&tenant.id.to_string()).await?;
        let unit = db.read(&scope).await?;
        if let Some(record) = unit.request(parsed).await? {
            let connection = unit.connection(record.connection).await?.map(|connection| connection.name);
            return Ok(Details { request: record.into(), tenant: tenant.name, connection });
        }
    }
    Err(unknown())
}
