//! Requests whose clients do not wait for the end (RFC 9967 §2.5.1): accepted, run by a worker, fetched.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use operations::deferred::{self, End, Kept, Told, Turn, transaction};
use operations::{Error, IdempotencyKey, Requester, Text, chain};
use scim::Object;
use scim::protocol::bulk::response;
use scim::protocol::conditions::Conditions;
use scim::protocol::event::TYPE;
use scim::protocol::search::Query;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::bulk::{self, done};
use super::request::{Answer, Context, Method, Request, run};
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::metrics;
use crate::panics::survived;
use crate::request_log::Notes;

const SET_TXN: HeaderName = HeaderName::from_static("set-txn");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The pause between two looks at whether the turn of a request has come: at first, and at most.
const LOOK: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

/// Answers a client that waits for the end of its request.
type Waiting = oneshot::Sender<Result<Answer, Failure>>;

/// A request as it is kept.
pub(super) fn kept(
    request: Request,
    conditions: (Option<String>, Option<String>),
    key: Option<IdempotencyKey>,
) -> Kept {
    let Request { method, path, query, body, .. } = request;
    let (attributes, returns) = ((query.attributes, query.excluded_attributes), query.prefer);
    Kept { method: method.word().to_owned(), path, attributes, conditions, returns, key, body }
}

/// A bulk request as it is kept.
pub(super) fn kept_bulk(body: Object) -> Kept {
    let method = Method::Post.word().to_owned();
    let path = "/Bulk".to_owned();
    let (attributes, conditions) = ((None, None), (None, None));
    Kept { method, path, attributes, conditions, returns: None, key: None, body }
}

/// Accepts a request: 202, or the answer itself where it comes within the seconds for which the client waits.
pub(super) async fn defer(
    app: &Arc<App>,
    requester: &Requester,
    kept: Kept,
    (operations, wait): (Option<usize>, Option<u32>),
) -> Result<Response, Failure> {
    let id = app.id();
    let patience = Duration::from_secs(app.limits().request_seconds) / 2;
    let patience = wait.map(|wait| patience.min(Duration::from_secs(wait.into())));
    let until = patience.and_then(|patience| Some(app.now() + TimeDelta::from_std(patience).ok()?));
    deferred::accept(app.db(), requester, (id, &kept), operations, until).await?;
    app.work().notify_one();
    if let Some(patience) = patience {
        let (sender, mut waiting) = oneshot::channel();
        app.tasks().spawn(run_for(
            Arc::clone(app),
            requester.clone(),
            (id, Instant::now() + patience),
            sender,
        ));
        let answered = timeout(patience, &mut waiting).await.ok().and_then(Result::ok);
        waiting.close();
        // The answer may have come in the last instant.
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

/// Runs a request for a client that waits, once the turn of the request has come; a job runs a request whose turn comes too late.
async fn run_for(app: Arc<App>, requester: Requester, (id, until): (Uuid, Instant), waiting: Waiting) {
    let [mut pause, longest] = LOOK;
    let lease = TimeDelta::seconds(app.config().jobs.lease_seconds.into());
    let turn = loop {
        match deferred::turn_of(app.db(), &requester, id, (app.now(), lease)).await {
            Ok(Some(turn)) => break turn,
            Ok(None) => {}
            Err(error) => tracing::warn!(error = chain(&error), "an accepted request could not be looked at"),
        }
        if Instant::now() >= until {
            return;
        }
        sleep(pause).await;
        pause = longest.min(pause * 2);
    };
    let ended = match take_turn(&app, &turn, true, Some(waiting)).await {
        Ok(ends) => end(&app, &turn, ends).await,
        Err(_) => deferred::leave(app.db(), &turn, app.now()).await.map(|()| app.work().notify_one()),
    };
    if let Err(error) = ended {
        tracing::warn!(error = chain(&error), "an accepted request could not be ended: a job will");
    }
}

/// Ends a request that was run, and has its ends told, unless the client was answered; the next request of the connection may run then.
///
/// # Errors
/// What the database says.
pub(crate) async fn end(app: &App, turn: &Turn, ends: Option<Vec<End>>) -> Result<(), Error> {
    metrics::deferred_ended(if ends.is_some() { "told" } else { "answered" });
    deferred::end(app.db(), turn, ends, app.now()).await?;
    app.work().notify_one();
    Ok(())
}

/// Runs a request whose turn has come; answers the client that still waits for it, or says what is told of its end.
///
/// # Errors
/// What may be otherwise when it is tried again, if it `may_come_again`.
pub(crate) async fn take_turn(
    app: &App,
    turn: &Turn,
    may_come_again: bool,
    waiting: Option<Waiting>,
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
    Ok(match waiting {
        Some(waiting) => waiting.send(answer).err().map(|_| ends),
        None => Some(ends),
    })
}

async fn single(context: Context<'_>, turn: &Turn) -> Result<Answer, Failure> {
    let Kept { method, path, attributes, conditions, returns, body, .. } = turn.request.clone();
    let method = Method::of_word(&method).ok_or_else(Failure::no_endpoint)?;
    if let Some((_, uri)) = turn.applied.first() {
        return Ok(done_before(context, uri, method).await);
    }
    let (attributes, excluded_attributes) = attributes;
    let query = Query { attributes, excluded_attributes, prefer: returns, ..Query::default() };
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
