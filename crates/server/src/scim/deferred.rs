//! Requests whose clients do not wait for the end (RFC 9967 §2.5.1): accepted, run by a worker, fetched.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use operations::deferred::{self, End, Kept, Told, Turn, transaction};
use operations::{IdempotencyKey, Text};
use scim::Object;
use scim::protocol::bulk::response;
use scim::protocol::conditions::Conditions;
use scim::protocol::event::TYPE;
use scim::protocol::search::Query;
use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};
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

/// How often a client that waits looks for the end of its request, which another server may have run.
const LOOK: Duration = Duration::from_millis(200);

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
    context: Context<'_>,
    kept: Kept,
    (operations, wait): (Option<usize>, Option<u32>),
) -> Result<Response, Failure> {
    let (app, id) = (context.app, context.app.id());
    deferred::accept(app.db(), context.requester, (id, &kept), operations).await?;
    app.work().notify_one();
    let mut response = StatusCode::ACCEPTED.into_response();
    if let Some(wait) = wait {
        let patience = Duration::from_secs(app.limits().request_seconds) / 2;
        let patience = patience.min(Duration::from_secs(wait.into()));
        let answer = timeout(patience, answer_of(context, id, (kept, operations.is_some()))).await;
        response = answer.map_or(Ok(response), |answer| answer.map(Answer::into_response))?;
    }
    let transaction = transaction(id, None);
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(&transaction).ok().map(|value| (SET_TXN, value)));
    if response.status() == StatusCode::ACCEPTED {
        let place = format!("{}/Async/{transaction}", app.base());
        let headers = response.headers_mut();
        headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static("respond-async"));
        headers.extend(HeaderValue::from_str(&place).ok().map(|value| (LOCATION, value)));
    }
    Ok(response)
}

/// Waits for the end of a request, and answers it as the request itself would have been answered.
async fn answer_of(context: Context<'_>, id: Uuid, (kept, bulk): (Kept, bool)) -> Result<Answer, Failure> {
    let End { uri, operation, .. } = loop {
        let news = context.app.work().news();
        let ends = deferred::ends(context.app.db(), context.requester, id).await?;
        if bulk && !ends.is_empty() {
            let body = response(ends.into_iter().map(|end| end.operation).collect()).to_string();
            return Ok(Answer { status: 200, tag: None, location: None, body: Some(Text::from(body)) });
        }
        if let Some(end) = ends.into_iter().next() {
            break end;
        }
        tokio::select! {
            () = news => {}
            () = sleep(LOOK) => {}
        }
    };
    let text = |name: &str| operation[name].as_str().map(str::to_owned);
    let status = text("status").and_then(|status| status.parse().ok()).unwrap_or(500);
    let body = match operation.get("response") {
        Some(refused) => Some(Text::from(refused.to_string())),
        None if status == 204 => None,
        None => read(context, uri, kept.attributes).await.and_then(|read| read.body),
    };
    Ok(Answer { status, tag: text("version"), location: text("location"), body })
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

/// Runs a request whose turn has come; says what is told of its end.
///
/// # Errors
/// What may be otherwise when it is tried again, if it `may_come_again`.
pub(crate) async fn take_turn(app: &App, turn: &Turn, may_come_again: bool) -> Result<Vec<End>, String> {
    let notes = Notes::default();
    let registry = &app.db().registry(&turn.requester.scope);
    let context = Context { app, requester: &turn.requester, registry, notes: &notes };
    if turn.bulk {
        let finished = bulk::finish(context, turn.request.body.clone(), turn.applied.clone()).await;
        let finished = finished.map_err(|failure| failure.told().detail)?.into_iter();
        return Ok(finished.map(|(number, uri, operation)| End { number, uri, operation }).collect());
    }
    let answer = single(context, turn).await;
    if let Err(failure) = &answer
        && may_come_again
        && failure.clone().told().status >= 500
    {
        return Err(failure.clone().told().detail);
    }
    Ok(vec![end_of(app, turn, answer)])
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
    let read = read(context, uri.to_owned(), (None, None)).await;
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

/// A resource as it is now; none where it is gone.
async fn read(
    context: Context<'_>,
    path: String,
    attributes: (Option<String>, Option<String>),
) -> Option<Answer> {
    let query = Query { attributes: attributes.0, excluded_attributes: attributes.1, ..Query::default() };
    let (conditions, body) = (Conditions::default(), Object::new());
    Box::pin(run(context, Request { method: Method::Get, path, query, conditions, body })).await.ok()
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
