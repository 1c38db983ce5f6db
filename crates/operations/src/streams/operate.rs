//! Streams as operators look after them.

use chrono::{DateTime, Utc};
use provisioning::EntryKind;
use serde::Serialize;
use store::{SetState, StreamStatus, TenantScope, WriteUnit};
use uuid::Uuid;

use super::Stream;
use super::manage::{note, restart, turned};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Operator;
use crate::rights::Right;
use crate::signing::{Algorithm, renew};

/// A stream, and how it is with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Operated {
    /// The stream as its receiver reads it.
    #[serde(flatten)]
    pub stream: Stream,
    /// `enabled`, `paused` or `disabled`.
    pub status: &'static str,
    /// Why it has this status.
    pub reason: Option<String>,
    /// Tokens that the receiver has yet to take.
    pub waiting: u64,
    /// Tokens that it refused, or could not take in time.
    pub dead: u64,
    /// What came of the first token that waits, when it was sent last.
    pub last_answer: Option<String>,
    /// Since when every attempt to send has failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

async fn operated(db: &Database, scope: &TenantScope, stream: &store::Stream) -> Result<Operated, Error> {
    let unit = db.read(scope).await?;
    let first = unit.sets(stream.id, SetState::Waiting, 1).await?.pop();
    Ok(Operated {
        stream: Stream::of(db, scope, stream),
        status: stream.status.as_str(),
        reason: stream.reason.clone(),
        waiting: unit.count_sets(stream.id, SetState::Waiting).await?,
        dead: unit.count_sets(stream.id, SetState::Dead).await?,
        last_answer: first.and_then(|set| set.answer),
        failing_since: stream.failing_since,
        created_at: stream.created_at,
    })
}

/// The stream of this id or description, of those of a tenant.
async fn find(db: &Database, tenant: &str, name: &str) -> Result<(TenantScope, store::Stream), Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let mut streams = db.read(&scope).await?.streams().await?;
    streams.retain(|known| known.id.to_string() == name || known.description == name);
    let advice = "`rollcall stream list` shows those of the tenant";
    if streams.len() > 1 {
        let said = format!("\"{name}\" is one of several streams: name it by id, {advice}");
        return Err(Error::Refused(said));
    }
    let stream = streams.pop().ok_or_else(|| Error::unknown("stream", name, advice))?;
    Ok((scope, stream))
}

/// The streams of a tenant, oldest first.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, operator: &Operator, tenant: &str) -> Result<Vec<Operated>, Error> {
    operator.may(Right::Look)?;
    let (scope, _) = db.tenant(tenant).await?;
    let mut listed = Vec::new();
    for stream in db.read(&scope).await?.streams().await? {
        listed.push(operated(db, &scope, &stream).await?);
    }
    Ok(listed)
}

/// A stream, by id or description.
///
/// # Errors
/// [`Error`] if the tenant has no such stream, or several.
pub async fn show(db: &Database, operator: &Operator, tenant: &str, name: &str) -> Result<Operated, Error> {
    operator.may(Right::Look)?;
    let (scope, stream) = find(db, tenant, name).await?;
    operated(db, &scope, &stream).await
}

/// Gives a stream a status.
///
/// # Errors
/// As [`show`].
pub async fn turn(
    db: &Database,
    operator: &Operator,
    (tenant, name): (&str, &str),
    (status, reason): (StreamStatus, Option<&str>),
) -> Result<Operated, Error> {
    let (scope, stream) = find(db, tenant, name).await?;
    let requester = operator.of(scope.clone(), Right::Change)?;
    let turn = async |mut unit: WriteUnit| -> Attempt<store::Stream> {
        let mut stream = super::existing(unit.lock_stream(stream.id).await?, stream.id)?;
        turned(&mut unit, &mut stream, (status, reason), operator.now).await?;
        note(&mut unit, &requester, EntryKind::StreamChanged, &stream, status.as_str()).await?;
        Ok((unit, stream))
    };
    let stream = db.write(&scope, turn).await?.value;
    operated(db, &scope, &stream).await
}

/// Deletes a stream with what it holds.
///
/// # Errors
/// As [`show`].
pub async fn remove(db: &Database, operator: &Operator, tenant: &str, name: &str) -> Result<Uuid, Error> {
    let (scope, stream) = find(db, tenant, name).await?;
    let requester = operator.of(scope, Right::Change)?;
    super::delete(db, &requester, stream.id).await?;
    Ok(stream.id)
}

/// Has the tokens of a stream that its receiver did not take wait again; says how many they are.
///
/// # Errors
/// As [`show`].
pub async fn replay(db: &Database, operator: &Operator, tenant: &str, name: &str) -> Result<u64, Error> {
    let (scope, stream) = find(db, tenant, name).await?;
    let requester = operator.of(scope.clone(), Right::Change)?;
    let replay = async |mut unit: WriteUnit| -> Attempt<u64> {
        let stream = super::existing(unit.lock_stream(stream.id).await?, stream.id)?;
        let revived = unit.revive_sets(stream.id).await?;
        restart(&mut unit, &stream, operator.now).await?;
        note(&mut unit, &requester, EntryKind::StreamChanged, &stream, "replayed").await?;
        Ok((unit, revived))
    };
    Ok(db.write(&scope, replay).await?.value)
}

/// Gives a tenant other keys to sign with; those before stay published for as long as events are kept.
///
/// # Errors
/// [`Error`] if there is no such tenant, or without the master key.
pub async fn renew_keys(db: &Database, operator: &Operator, tenant: &str) -> Result<Vec<Uuid>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    operator.may(Right::Change)?;
    let mut renewed = Vec::new();
    for algorithm in Algorithm::ALL {
        let keys = db.read(&scope).await?.signing_keys().await?;
        if keys.iter().any(|key| key.algorithm == algorithm.as_str()) {
            renewed.push(renew(db, &scope, algorithm, operator.now).await?.id);
        }
    }
    Ok(renewed)
}
