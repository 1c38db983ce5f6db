//! What says where streams of changes are set up and whose keys sign them (OpenID Shared Signals Framework 1.0 §7).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use http::HeaderMap;
use operations::{TenantScope, api_tokens, oauth, secret, streams};
use serde_json::{Value, json};

use crate::app::App;
use crate::auth::bearer;
use crate::http::error::{Challenge, Failure};

/// The document of a tenant is told by the tenant's token, or by the path of its issuer.
const CONFIGURATION: &str = "/.well-known/ssf-configuration";

/// The routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(CONFIGURATION, get(of_token))
        .route("/.well-known/ssf-configuration/ssf/{tenant}", get(of_issuer))
        .route("/ssf/{tenant}/jwks.json", get(keys))
}

async fn of_token(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, Failure> {
    let invalid = || Failure::Unauthorised(Challenge::InvalidToken);
    let hash = secret::hash(bearer(&headers)?).ok_or_else(invalid)?;
    let now = app.now();
    let application = api_tokens::authenticate(app.db(), &hash, now).await?.ok_or_else(invalid)?;
    app.rates().take(application.token)?;
    Ok(Json(configuration(&app, &application.requester(String::new(), now).scope)))
}

async fn of_issuer(State(app): State<Arc<App>>, Path(tenant): Path<String>) -> Result<Json<Value>, Failure> {
    let scope = streams::tenant(app.db(), &tenant).await?;
    Ok(Json(configuration(&app, &scope)))
}

async fn keys(State(app): State<Arc<App>>, Path(tenant): Path<String>) -> Result<Json<Value>, Failure> {
    let scope = streams::tenant(app.db(), &tenant).await?;
    Ok(Json(streams::keys(app.db(), &scope).await?))
}

fn configuration(app: &App, scope: &TenantScope) -> Value {
    let issuer = streams::issuer(app.db(), scope);
    let endpoint = |name: &str| format!("{}{}{name}", oauth::issuer(app.db()), streams::PATH);
    json!({
        "spec_version": "1_0",
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/jwks.json"),
        "delivery_methods_supported": ["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"],
        "configuration_endpoint": endpoint("/stream"),
        "status_endpoint": endpoint("/status"),
        "add_subject_endpoint": endpoint("/subjects/add"),
        "remove_subject_endpoint": endpoint("/subjects/remove"),
        "verification_endpoint": endpoint("/verify"),
        "authorization_schemes": [{ "spec_urn": "urn:ietf:rfc:6750" }],
        "default_subjects": "ALL",
    })
}
