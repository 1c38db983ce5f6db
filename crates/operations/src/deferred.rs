//! Requests whose clients do not wait for the end (RFC 9967 §2.5.1): accepted once they are on the disk, run in the order of their
//! connection, and told of by tokens that the connection fetches and that streams carry.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use scim::protocol::event::{Claims, Form, Happening, subject};
use scim::protocol::search::Return;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Deferred, DeferredOperation, IdempotencyKey, Job, NewChange, NewJob, TenantScope, WriteUnit};
use uuid::Uuid;

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::keys::Purpose;
use crate::requester::{Provider, Requester};
use crate::signing::{Algorithm, Signer, about};
use crate::streams::issuer;

/// The kind of the jobs that run the requests of a connection.
pub const RUN: &str = "run-deferred";

/// The most requests of a connection that wait for their turn.
const MOST: u64 = 10_000;

/// A request as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// The path below the service.
    pub path: String,
    /// The attributes wanted, and those not wanted: a client that waits a while may still be answered.
    pub attributes: (Option<String>, Option<String>),
    /// `If-Match` and `If-None-Match`.
    pub conditions: (Option<String>, Option<String>),
    /// How much of the resource a client that waits a while wants to be answered (RFC 7240 §4.2).
    #[serde(default)]
    pub returns: Option<Return>,
    /// `Idempotency-Key`, with a digest of the request.
    #[serde(default)]
    pub key: Option<IdempotencyKey>,
    /// The body.
    pub body: scim::Object,
}

/// A request whose turn has come.
#[derive(Debug)]
pub struct Turn {
    /// Who asked.
    pub requester: Requester,
    /// The request.
    pub request: Kept,
    /// Whether it is a bulk request.
    pub bulk: bool,
    /// Its id.
    pub id: Uuid,
    /// The operations that were done before a server ended, with the paths of what they changed.
    pub applied: Vec<(usize, String)>,
}

/// What is told of the end of an operation (RFC 7644 §3.7.3), and the path of the resource.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// Its place in the request.
    pub number: usize,
    /// The path of the resource, or of the endpoint.
    pub uri: String,
    /// The operation of a bulk answer.
    pub operation: Value,
}

/// What a client fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The end has yet to come.
    Nothing,
    /// The token of one operation.
    One(String),
    /// The tokens of the operations of a bulk request that have ended, by their ids, and whether others have yet to end.
    Many(Vec<(String, String)>, bool),
}

/// Keeps a request, which is accepted then. Where a client waits for the end until an instant, the request is left to
/// [`turn_of`] until that instant, so that the server that the client asked can answer.
///
/// # Errors
/// 503 for a connection with too many requests that wait, or what the database says.
pub async fn accept(
    db: &Database,
    requester: &Requester,
    (id, request): (Uuid, &Kept),
    operations: Option<usize>,
    waits_until: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    let (scope, now, connection) = (&requester.scope, requester.now, requester.provider()?.connection.id);
    let plain = serde_json::to_vec(request).map_err(|error| store::Error::Other(error.into()))?;
    let sealed = db.keys(now).await?.seal(Purpose::Stream, &about(scope, id), &plain);
    let deferred = Deferred {
        id,
        connection,
        request: Some(sealed),
        bulk: operations.is_some(),
        runs: waits_until.map(|until| (id, until)),
    };
    let accept = async |mut unit: WriteUnit| -> Attempt<()> {
        if unit.count_deferred(connection).await? >= MOST {
            let said = format!("{MOST} requests of the connection wait for their turn: send this one later.");
            return Err(scim::Error::status(503, said).into());
        }
        unit.insert_deferred(&deferred, operations.unwrap_or(1), now).await?;
        unit.enqueue(job(connection, now), now).await?;
        Ok((unit, ()))
    };
    db.write(scope, accept).await.map(drop)
}

/// Whether requests can be accepted: what they say is sealed, and what is told of them is signed.
pub async fn is_offered(db: &Database, now: DateTime<Utc>) -> bool {
    db.check_keys(now).await.is_ok()
}

fn job(connection: impl std::fmt::Display, run_at: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: RUN.to_owned(),
        payload: json!({ "connection": connection.to_string() }),
        run_at,
        dedup: Some(format!("{RUN}:{connection}")),
    }
}

/// The next request of a job's connection; none where something else runs it, or none waits.
///
/// # Errors
/// What the database says.
pub async fn next(
    db: &Database,
    job: &Job,
    (now, lease): (DateTime<Utc>, TimeDelta),
) -> Result<Option<Turn>, Error> {
    let connection = job.payload["connection"].as_str().and_then(|id| Uuid::try_parse(id).ok());
    let Some(connection) = connection.map(store::ConnectionId::new) else { return Ok(None) };
    let next = async |mut unit: WriteUnit| -> Attempt<Option<Deferred>> {
        let Some(deferred) = unit.lock_next_deferred(connection).await? else { return Ok((unit, None)) };
        let other = deferred.runs.filter(|(runner, until)| *runner != job.id && now < *until);
        if let Some((_, until)) = other {
            unit.enqueue(self::job(connection, until), now).await?;
            return Ok((unit, None));
        }
        unit.run_deferred(deferred.id, job.id, now + lease).await?;
        Ok((unit, Some(deferred)))
    };
    let Some(deferred) = db.write(&job.scope, next).await?.value else { return Ok(None) };
    turn(db, &job.scope, deferred, now).await
}

/// The turn of a request whose client waits; none before the requests in front have ended, and none where the client has waited
/// for too long and a job may run the request.
///
/// # Errors
/// What the database says.
pub async fn turn_of(
    db: &Database,
    requester: &Requester,
    id: Uuid,
    (now, lease): (DateTime<Utc>, TimeDelta),
) -> Result<Option<Turn>, Error> {
    let (scope, connection) = (&requester.scope, requester.provider()?.connection.id);
    if db.read_once(scope).await?.next_deferred(connection).await? != Some(id) {
        return Ok(None);
    }
    let take = async |mut unit: WriteUnit| -> Attempt<Option<Deferred>> {
        let next = unit.lock_next_deferred(connection).await?;
        let ours = |it: &Deferred| it.runs.is_some_and(|(runner, until)| runner == id && now < until);
        let Some(deferred) = next.filter(|it| it.id == id && ours(it)) else { return Ok((unit, None)) };
        unit.run_deferred(id, id, now + lease).await?;
        Ok((unit, Some(deferred)))
    };
    match db.write(scope, take).await?.value {
        Some(deferred) => turn(db, scope, deferred, now).await,
        None => Ok(None),
    }
}

/// Leaves a request to a job, after this server has failed to run the request.
///
/// # Errors
/// What the database says.
pub async fn leave(db: &Database, turn: &Turn, now: DateTime<Utc>) -> Result<(), Error> {
    let connection = turn.requester.provider()?.connection.id;
    let leave = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.run_deferred(turn.id, turn.id, now).await?;
        unit.enqueue(job(connection, now), now).await?;
        Ok((unit, ()))
    };
    db.write(&turn.requester.scope, leave).await.map(drop)
}

/// Opens a request that is about to be run.
async fn turn(
    db: &Database,
    scope: &TenantScope,
    deferred: Deferred,
    now: DateTime<Utc>,
) -> Result<Option<Turn>, Error> {
    let unit = db.read(scope).await?;
    let operations = unit.deferred_operations(deferred.id).await?;
    let Some(connection) = unit.connection(deferred.connection).await? else { return Ok(None) };
    drop(unit);
    let sealed = deferred.request.as_deref().unwrap_or_default();
    let plain = db.keys(now).await?.open(Purpose::Stream, &about(scope, deferred.id), sealed);
    let request = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
    let said = "an accepted request cannot be opened with the present master key";
    let request: Kept = request.ok_or_else(|| Error::Refused(said.to_owned()))?;
    let scope = connection.sight(scope);
    let provider = Provider::new(connection).map_err(Error::Refused)?;
    let mut requester = Requester::push(scope, Arc::new(provider), deferred.id.to_string(), now);
    requester.deferred = Some((deferred.id, 0));
    requester.key.clone_from(&request.key);
    let number = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let applied = |it: DeferredOperation| Some((number(it.number), it.applied?));
    let applied = operations.into_iter().filter_map(applied).collect();
    Ok(Some(Turn { requester, request, bulk: deferred.bulk, id: deferred.id, applied }))
}

/// Ends a request, and has the next one of the connection run. What came of the operations is told, unless the client was
/// answered after all.
///
/// # Errors
/// What the database says.
pub async fn end(
    db: &Database,
    turn: &Turn,
    ends: Option<Vec<End>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let connection = turn.requester.provider()?.connection.id;
    let end = async |mut unit: WriteUnit| -> Attempt<()> {
        match &ends {
            None => unit.delete_deferred(turn.id).await?,
            Some(ends) => {
                let mut told = Vec::new();
                for end in ends {
                    let number = i64::try_from(end.number).unwrap_or(i64::MAX);
                    let completion = json!({ "uri": end.uri, "operation": end.operation });
                    if unit.complete_deferred(turn.id, (number, completion), now).await? {
                        told.push(change(turn, end));
                    }
                }
                if unit.followed().await?.is_some() {
                    unit.insert_changes(told, now).await?;
                }
                unit.end_deferred(turn.id).await?;
            }
        }
        if unit.count_deferred(connection).await? > 0 {
            unit.enqueue(job(connection, now), now).await?;
        }
        Ok((unit, ()))
    };
    db.write(&turn.requester.scope, end).await.map(drop)
}

/// The end of an operation as streams carry it.
fn change(turn: &Turn, end: &End) -> NewChange {
    let id = end.uri.rsplit('/').next().and_then(|id| Uuid::try_parse(id).ok());
    NewChange {
        txn: transaction(turn.id, turn.bulk.then_some(end.number)),
        uri: end.uri.clone(),
        resource: id.unwrap_or_else(Uuid::nil),
        external_id: None,
        user_name: None,
        happenings: vec![Happening::Completed.as_str()],
        data: Some(end.operation.clone()),
        attributes: Vec::new(),
        version: None,
    }
}

/// The transaction of a request, or of one operation of it.
#[must_use]
pub fn transaction(id: Uuid, number: Option<usize>) -> String {
    number.map_or_else(|| id.simple().to_string(), |number| format!("{}:{number}", id.simple()))
}

/// What came of a request of the connection, by its transaction.
///
/// # Errors
/// 404 for a request that is not kept, or of another connection, and for an operation that was left out; what the database says.
pub async fn told(db: &Database, requester: &Requester, transaction: &str) -> Result<Told, Error> {
    let missing = || Error::from(scim::Error::not_found("request", transaction));
    let (id, number) = match transaction.split_once(':') {
        Some((id, number)) => (id, Some(number.parse::<i64>().map_err(|_| missing())?)),
        None => (transaction, None),
    };
    let id = Uuid::try_parse(id).ok().filter(|known| known.simple().to_string() == id).ok_or_else(missing)?;
    let unit = db.read(&requester.scope).await?;
    let connection = requester.provider()?.connection.id;
    let deferred = unit.deferred(id).await?.filter(|known| known.connection == connection);
    let deferred = deferred.ok_or_else(missing)?;
    let operations = unit.deferred_operations(id).await?;
    drop(unit);
    if !deferred.bulk && number.is_some() {
        return Err(missing());
    }
    let all = operations.len();
    let wanted = |it: &DeferredOperation| number.is_none_or(|number| it.number == number);
    let wanted: Vec<DeferredOperation> = operations.into_iter().filter(wanted).collect();
    if wanted.is_empty() {
        return Err(missing());
    }
    let ended: Vec<DeferredOperation> = wanted.into_iter().filter(|it| it.completion.is_some()).collect();
    if ended.is_empty() {
        // What the request has not begun when it ended never comes.
        return if deferred.request.is_some() { Ok(Told::Nothing) } else { Err(missing()) };
    }
    let signer = Signer::of(db, &requester.scope, Algorithm::default(), requester.now).await?;
    let iss = issuer(db, &requester.scope);
    let mut tokens = Vec::new();
    for operation in &ended {
        let claims = claims(&iss, &deferred, operation);
        tokens.push((operation.set.simple().to_string(), signer.sign(&claims)?));
    }
    if deferred.bulk && number.is_none() {
        let more = tokens.len() < all && deferred.request.is_some();
        return Ok(Told::Many(tokens, more));
    }
    Ok(tokens.pop().map_or(Told::Nothing, |(_, token)| Told::One(token)))
}

fn claims(iss: &str, deferred: &Deferred, operation: &DeferredOperation) -> Value {
    let number = deferred.bulk.then(|| usize::try_from(operation.number).unwrap_or(usize::MAX));
    let (completion, at) = operation.completion.clone().unwrap_or_default();
    let uri = completion["uri"].as_str().unwrap_or_default();
    let event = Happening::Completed.uri(Form::Notice).to_owned();
    Claims {
        issuer: iss.to_owned(),
        audience: format!("{iss}/connections/{}", deferred.connection),
        issued_at: at.timestamp(),
        id: operation.set.simple().to_string(),
        transaction: Some(transaction(deferred.id, number)),
        subject: subject(uri, None, None, None),
        events: scim::Object::from_iter([(event, completion["operation"].clone())]),
    }
    .to_json()
}
