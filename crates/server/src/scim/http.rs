//! The protocol over HTTP: from a request of the router to a request of the protocol, and back.

use std::sync::Arc;

use axum::extract::{FromRequest as _, Request as HttpRequest, State};
use axum::response::{IntoResponse as _, Response};
use http::Method as HttpMethod;
use operations::deferred;
use scim::Object;
use scim::protocol::conditions::Conditions;

use super::deferred::{defer, kept};
use super::request::{Context, Method, Request, check, run};
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::http::headers::{condition_texts, conditions, preference_applied, preferences};
use crate::http::json::ScimJson;
use crate::http::paths::SCIM;
use crate::http::query;
use crate::request_log::Notes;

/// Every request about users and groups.
pub(crate) async fn resources(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    request: HttpRequest,
) -> Result<Response, Failure> {
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
    let body = if takes_body { ScimJson::from_request(request, &app).await?.0 } else { Object::new() };
    let context = Context { app: &app, requester: &tenant.requester(app.now()), notes: &notes };
    let request = Request { method, path, query, conditions, body };
    if changes && wishes.respond_async && deferred::is_offered(app.db(), app.now()).await {
        check(context, &request)?;
        return defer(&app, context.requester, kept(request, texts), (None, wishes.wait)).await;
    }
    let mut response = Box::pin(run(context, request)).await?.into_response();
    if let Some(wish) = wish {
        preference_applied(&mut response, wish);
    }
    Ok(response)
}
