//! The protocol over HTTP: from a request of the router to a request of the protocol, and back.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest as _, FromRequestParts as _, Path, Request as HttpRequest, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, Method as HttpMethod, StatusCode};
use operations::{IdempotencyKey, deferred};
use scim::Object;
use scim::protocol::conditions::Conditions;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::deferred::{defer, kept};
use super::request::{Context, Method, Request, check, may_wait, run};
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::http::headers::{condition_texts, conditions, preference_applied, preferences};
use crate::http::json::ScimJson;
use crate::http::paths::SCIM;
use crate::http::query;
use crate::request_log::Notes;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The most characters of a key.
const MAX_KEY: usize = 255;

/// Every request about resources.
pub(crate) async fn resources(
    State(app): State<Arc<App>>,
    endpoint: Result<Path<HashMap<String, String>>, PathRejection>,
    notes: Notes,
    request: HttpRequest,
) -> Result<Response, Failure> {
    // An endpoint that no tenant has is none, whoever asks.
    let endpoint = endpoint.as_ref().ok().and_then(|Path(named)| named.get("endpoint"));
    if endpoint.is_some_and(|endpoint| !app.db().registries().any_at(endpoint)) {
        return Err(Failure::no_endpoint());
    }
    let (mut parts, body) = request.into_parts();
    let tenant = Tenant::from_request_parts(&mut parts, &app).await?;
    let request = HttpRequest::from_parts(parts, body);
    let (method, takes_body) = match *request.method() {
        HttpMethod::POST => (Method::Post, true),
        HttpMethod::PUT => (Method::Put, true),
        HttpMethod::PATCH => (Method::Patch, true),
        HttpMethod::DELETE => (Method::Delete, false),
        _ => (Method::Get, false),
    };
    let path = request.uri().path();
    let path = path.strip_prefix(SCIM).unwrap_or(path).to_owned();
    let mut query = query::parse(request.uri().query().unwrap_or_default())?;
    let writes = takes_body && !path.ends_with("/.search");
    let wishes = preferences(request.headers());
    let changes = writes || method == Method::Delete;
    let texts = condition_texts(request.headers());
    query.prefer = wishes.returns.filter(|_| writes);
    let wish = query.prefer;
    let conditions: Conditions = conditions(request.headers());
    let headers = request.headers().clone();
    let body = if takes_body { ScimJson::from_request(request, &app).await?.0 } else { Object::new() };
    let mut requester = tenant.requester(app.now());
    if writes && method == Method::Post {
        requester.key = idempotency_key(&headers, &path, &body)?;
    }
    let requester = &requester;
    let registry = &app.db().registry(&requester.scope);
    let context = Context { app: &app, requester, registry, notes: &notes };
    let request = Request { method, path, query, conditions, body };
    if changes
        && wishes.respond_async
        && may_wait(registry, &request.path)
        && deferred::is_offered(app.db(), app.now()).await
    {
        check(context, &request)?;
        let kept = kept(request, texts, requester.key.clone());
        let mut response = defer(&app, context.requester, kept, (None, wishes.wait)).await?;
        if let Some(wish) = wish.filter(|_| response.status() != StatusCode::ACCEPTED) {
            preference_applied(&mut response, wish);
        }
        return Ok(response);
    }
    let mut response = Box::pin(run(context, request)).await?.into_response();
    if let Some(wish) = wish {
        preference_applied(&mut response, wish);
    }
    Ok(response)
}

/// The key by which the client may send the request again, with a digest of the request; in the form of
/// draft-ietf-httpapi-idempotency-key-header, or without its quotes.
fn idempotency_key(
    headers: &HeaderMap,
    path: &str,
    body: &Object,
) -> Result<Option<IdempotencyKey>, Failure> {
    let mut all = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let text = first.to_str().ok().map(str::trim).filter(|_| all.next().is_none());
    let text = text.map(|text| text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(text));
    let key = text.filter(|text| (1..=MAX_KEY).contains(&text.len())).ok_or_else(|| {
        scim::Error::invalid_syntax(format!("Idempotency-Key is one text of 1 to {MAX_KEY} characters."))
    })?;
    // A digest of a password could be guessed.
    let told = body.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("password"));
    let told: Object = told.map(|(name, value)| (name.clone(), value.clone())).collect();
    let request = Sha256::digest(json!([path, told]).to_string()).to_vec();
    Ok(Some(IdempotencyKey { key: key.to_owned(), request }))
}
