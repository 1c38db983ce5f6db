//! What an identity provider sent, and what it came to.

use chrono::{DateTime, Utc};
use provisioning::ConnectionId;
use serde::Serialize;
use serde_json::Value;
use store::{RequestFilter, RequestRecord};
use uuid::Uuid;

use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

pub use store::{Look, RequestOutcome};

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

/// Which requests are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Of this connection; of all without it.
    pub connection: Option<ConnectionId>,
    /// With this method; with any without it.
    pub method: Option<String>,
    /// Whose path begins so; everything without it.
    pub path: Option<String>,
    /// What they came to; everything without it.
    pub outcome: Option<RequestOutcome>,
    /// From when, and how many.
    pub look: Look,
}

/// A page of the requests of a tenant, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Requests {
    /// The requests, each with its connection.
    pub requests: Vec<(ConnectionId, Request)>,
    /// The names of the tenant's connections.
    pub connections: Vec<(ConnectionId, String)>,
    /// Before which request to look on, if there can be more.
    pub further: Option<Uuid>,
}

/// A page of the requests of a tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn search(db: &Database, tenant: &str, search: &Search) -> Result<Requests, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let filter = RequestFilter {
        connection: search.connection,
        method: search.method.clone(),
        path: search.path.clone(),
        outcome: search.outcome,
    };
    let found = unit.look_at_requests(&filter, &search.look).await?;
    let connections = unit.connections().await?;
    Ok(Requests {
        requests: found.rows.into_iter().map(|record| (record.connection, record.into())).collect(),
        connections: connections.into_iter().map(|known| (known.id, known.name)).collect(),
        further: found.further,
    })
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
    /// The profile of the connection.
    #[serde(skip)]
    pub profile: Option<String>,
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
            let connection = unit.connection(record.connection).await?;
            let (connection, profile) = connection.map(|known| (known.name, known.profile)).unzip();
            return Ok(Details { request: record.into(), tenant: tenant.name, connection, profile });
        }
    }
    Err(unknown())
}
