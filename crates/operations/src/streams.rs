//! Streams of changes for receivers that other programs set up (OpenID Shared Signals Framework 1.0): what each carries, and how
//! its tokens reach the receiver, by push (RFC 8935) or by poll (RFC 8936).

mod carry;
mod manage;
mod operate;
mod poll;
mod push;
mod subjects;
mod tokens;
mod view;

use chrono::{DateTime, Utc};
use serde_json::Value;
use store::{NewJob, TenantScope};
use uuid::Uuid;

use crate::database::Database;
use crate::error::Error;
use crate::oauth;

pub use carry::forget;
pub use manage::{Unsaid, Wanted, WantedDelivery, change, create, delete, list, read, set_status};
pub use operate::{Operated, list as operated, remove, renew_keys, replay, show, turn};
pub use poll::{Polled, Refusal, poll};
pub use push::{next, record, spread};
pub use store::StreamStatus as Status;
pub use subjects::{Sought, include_subject, verify};
pub use view::{Delivery, Stream};

/// The kind of the jobs that send the tokens of a stream.
pub const PUSH: &str = "push-stream";

/// Where the application's API has the endpoints of streams, below the address of the installation.
pub const PATH: &str = "/api/v1/ssf";

/// Seconds between two verifications that a receiver asks for.
pub const VERIFICATION_SECONDS: i64 = 10;

/// Who signs what the streams of a tenant carry.
#[must_use]
pub fn issuer(db: &Database, scope: &TenantScope) -> String {
    format!("{}/ssf/{}", oauth::issuer(db), scope.tenant_id())
}

/// The tenant of an issuer's last segment.
///
/// # Errors
/// 404 if there is none.
pub async fn tenant(db: &Database, id: &str) -> Result<TenantScope, Error> {
    let uuid = Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id);
    let found = match uuid {
        Some(_) => db.store().tenant(id).await?,
        None => None,
    };
    found.map(|(scope, _)| scope).ok_or_else(|| scim::Error::not_found("issuer", id).into())
}

/// The keys with which a tenant's streams are signed, as a JWK set.
///
/// # Errors
/// What the database says.
pub async fn keys(db: &Database, scope: &TenantScope) -> Result<Value, Error> {
    crate::signing::public_keys(db, scope).await
}

/// The job that sends what waits in a stream.
fn job(stream: Uuid, run_at: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: PUSH.to_owned(),
        payload: serde_json::json!({ "stream": stream }),
        run_at,
        dedup: Some(format!("{PUSH}:{stream}")),
    }
}

/// The stream, or 404.
fn existing<T>(found: Option<T>, id: Uuid) -> Result<T, Error> {
    found.ok_or_else(|| scim::Error::not_found("stream", &id.to_string()).into())
}
