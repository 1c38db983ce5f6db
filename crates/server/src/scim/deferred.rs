//! Requests whose clients do not wait for the end (RFC 9967 §2.5.1): accepted, run by a worker, fetched.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use operations::deferred::{self, End, Kept, Told, Turn, transaction};
use operations::{IdempotencyKey, Requester, Text};
use scim::Object;
use scim::protocol::bulk::response;
use scim::protocol::conditions::Conditions;
use scim::protocol::event::TYPE;
use scim::protocol::search::Query;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio::time::timeout;
use uuid::Uuid;

use super::bulk::{self, done};
use super::request::{Answer, Context, Method, Request, run};
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::panics::survived;
use crate::request_log::Notes;

const SET_TXN: HeaderName = HeaderName::from_static("set-txn");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// Clients that wait a while for the end of a request that was accepted, by the requests.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<HashMap<Uuid, oneshot::Sender<Result<Answer, Failure>>>>);

impl Waiting {
    fn join(&self, id: Uuid) -> oneshot::Receiver<Result<Answer, Failure>> {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, sender);
        receiver
    }

    fn leave(&self, id: Uuid) -> Option<oneshot::Sender<Result<Answer, Failure>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}

/// A request as it is kept.
pub(super) fn kept(
    request: Request,
    conditions: (Option<String>, Option<String>),
    key: Option<IdempotencyKey>,
) -> Kept {
    let Request { method, path, query, body, .. } = request;
    let attributes = (query.attributes, query.excluded_attributes);
    Kept { method: method.word().to_owned(), path, attributes, conditions, key, body }
}

/// A bulk request as it is kept.
pub(super) fn kept_bulk(body: Object) -> Kept {
    let method = Method::Post.word().to_owned();
    let path = "/Bulk".to_owned();
    Kept { method, path, attributes: (None, None), conditions: (None, None), key: None, body }
}

/// Accepts a request: 202, or the answer itself where it comes within the seconds for which the client waits.
pub(super) async fn defer(
    app: &App,
    requester: &Requester,
    kept: Kept,
    (operations, wait): (Option<usize>, Option<u32>),
) -> Result<Response, Failure> {
    let id = app.id();
    let patience = Duration::from_secs(app.limits().request_seconds) / 2;
    let patience = patience.min(Duration::from_secs(wait.unwrap_or(0).into()));
    let mut waiting = (!patience.is_zero()).then(|| app.waiting().join(id));
    let accepted = deferred::accept(app.db(), requester, (id, &kept), operations).await;
    if let Err(error) = accepted {
        app.waiting().leave(id);
        return Err(error.into());
    }
    app.work().notify_one();
    if let Some(waiting) = &mut waiting {
        let answered = timeout(patience, &mut *waiting).await.ok().and_then(Result::ok);
        app.waiting().leave(id);
        waiting.close();
        // The worker may have answered in the last instant.
        if let Some(answer) = answered.or_else(|| waiting.try_recv().ok()) {
            return Ok(answer?.into_response());
        }
    }
    let transaction = transaction(id, None);
    let mut response = StatusCode::ACCEPTED.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (SET_TXN, transaction.clone()),
        (PREFERENCE_APPLIED, "respond-async".to_owned()),
        (LOCATION, format!("{}/Async/{transaction}", app.base())),
    ] {
        headers.extend(HeaderValue::from_str(&value).ok().map(|value| (name, value)));
    }
    Ok(response)
}

/// `GET /Async/{transaction}`: what came of a request of the connection.
pub(crate) async fn result(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    Path(transaction): Path<String>,
) -> Result<Response, Failure> {
    let requester = tenant.requester(app.now());
    let (media_type, body) = match deferred::told(app.db(), &requester, &transaction).await? {
        Told::Nothing => {
            let mut response = StatusCode::ACCEPTED.into_response();
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return Ok(response);
        }
        Told::One(token) => (format!("application/{TYPE}"), token),
        Told::Many(tokens, more) => {
            let sets: Map<String, Value> = tokens.into_iter().map(|(id, token)| (id, token.into())).collect();
            let body = json!({ "sets": sets, "moreAvailable": more });
            ("application/json".to_owned(), body.to_string())
        }
    };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().extend(HeaderValue::from_str(&media_type).ok().map(|it| (CONTENT_TYPE, it)));
    Ok(response)
}

/// Runs a request whose turn has come; answers the client that still waits for it, or says what is told of its end.
///
/// # Errors
/// What may be otherwise when it is tried again, if it `may_come_again`.
pub(crate) async fn take_turn(
    app: &App,
    turn: &Turn,
    may_come_again: bool,
) -> Result<Option<Vec<End>>, String> {
    let notes = Notes::default();
    let registry = &app.db().registry(&turn.requester.scope);
    let context = Context { app, requester: &turn.requester, registry, notes: &notes };
    let (answer, ends) = if turn.bulk {
        let finished = bulk::finish(context, turn.request.body.clone(), turn.applied.clone()).await;
        let finished = finished.map_err(|failure| failure.told().detail)?;
        let entries: Vec<Value> = finished.iter().map(|(.., entry)| entry.clone()).collect();
        let ends = finished.into_iter().map(|(number, uri, operation)| End { number, uri, operation });
        let body = Some(Text::from(response(entries).to_string()));
        (Ok(Answer { status: 200, tag: None, location: None, body }), ends.collect())
    } else {
        let answer = single(context, turn).await;
        if let Err(failure) = &answer
            && may_come_again
            && failure.clone().told().status >= 500
        {
            return Err(failure.clone().told().detail);
        }
        (answer.clone(), vec![end_of(app, turn, answer)])
    };
    let ended = match app.waiting().leave(turn.id) {
        Some(waiting) => waiting.send(answer).err().map(|_| ends),
        None => Some(ends),
    };
    Ok(ended)
}

async fn single(context: Context<'_>, turn: &Turn) -> Result<Answer, Failure> {
    let Kept { method, path, attributes, conditions, body, .. } = turn.request.clone();
    let method = Method::of_word(&method).ok_or_else(Failure::no_endpoint)?;
    if let Some((_, uri)) = turn.applied.first() {
        return Ok(done_before(context, uri, method).await);
    }
    let query = Query { attributes: attributes.0, excluded_attributes: attributes.1, ..Query::default() };
    let conditions = Conditions::new(conditions.0.as_deref(), conditions.1.as_deref());
    let request = Request { method, path, query, conditions, body };
    let ran = survived(Box::pin(run(context, request))).await;
    ran.unwrap_or(Err(Failure::Fault(crate::http::error::Fault::Panic)))
}

/// The answer to what was done before a server ended: where the resource is, and its version now.
pub(super) async fn done_before(context: Context<'_>, uri: &str, method: Method) -> Answer {
    let query = Query::default();
    let (conditions, body) = (Conditions::default(), Object::new());
    let read = Request { method: Method::Get, path: uri.to_owned(), query, conditions, body };
    let read = Box::pin(run(context, read)).await.ok();
    let (status, location) = match method {
        Method::Post => (201, Some(format!("{}{uri}", context.app.base()))),
        Method::Delete => return Answer { status: 204, tag: None, location: None, body: None },
        _ => (200, None),
    };
    Answer {
        status,
        tag: read.as_ref().and_then(|read| read.tag.clone()),
        location,
        body: read.and_then(|read| read.body),
    }
}

/// What is told of the end of a request of its own, as of an operation of a bulk request (RFC 9967 §2.5.1.3).
fn end_of(app: &App, turn: &Turn, answer: Result<Answer, Failure>) -> End {
    let done = done(answer);
    let created = done.location.as_deref().and_then(|place| place.strip_prefix(app.base()));
    let uri = created.unwrap_or(&turn.request.path).to_owned();
    let mut operation = json!({ "method": turn.request.method, "status": done.status.to_string() });
    for (name, value) in [
        ("location", done.location.map(Value::from)),
        ("version", done.version.map(Value::from)),
        ("response", done.response),
    ] {
        if let Some(value) = value {
            operation[name] = value;
        }
    }
    End { number: 0, uri, operation }
}
