//! What says where access tokens are issued, and whose count (RFC 8414 §2, RFC 9728 §2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;
use operations::{oauth, tokens};
use serde_json::{Value, json};

use super::parameters::{ASSERTION, CREDENTIALS, EXCHANGE};
use super::{KEYS, RESOURCE, SERVER};
use crate::app::App;
use crate::http::error::Failure;

/// `GET /.well-known/oauth-authorization-server`.
pub(super) async fn server(State(app): State<Arc<App>>) -> Json<Value> {
    let issuer = oauth::issuer(app.db());
    Json(json!({
        "issuer": issuer,
        "token_endpoint": oauth::token_endpoint(app.db()),
        "jwks_uri": format!("{issuer}{KEYS}"),
        "grant_types_supported": [CREDENTIALS, ASSERTION, EXCHANGE],
        "response_types_supported": [],
        "scopes_supported": [tokens::ALL, tokens::READ],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported":
            ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"],
    }))
}

/// The address of that.
pub(crate) fn metadata_address(app: &App) -> String {
    format!("{}{SERVER}", oauth::issuer(app.db()))
}

/// `GET /.well-known/oauth-protected-resource`.
pub(super) async fn resource(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "resource": app.base(),
        "authorization_servers": [oauth::issuer(app.db())],
        "scopes_supported": [tokens::ALL, tokens::READ],
        "bearer_methods_supported": ["header"],
        "resource_name": "Rollcall",
    }))
}

/// `GET /oauth/jwks`.
pub(super) async fn keys(State(app): State<Arc<App>>) -> Result<Json<Value>, Failure> {
    Ok(Json(oauth::public_keys(app.db(), app.now()).await?))
}

/// Says in an answer that asks for a token where there is more about tokens (RFC 9728 §5.1).
pub(crate) fn challenged(app: &App, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let bearer = headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    if let Some(bearer) = bearer.filter(|value| value.starts_with("Bearer ")) {
        let more = format!("{bearer}, resource_metadata=\"{}{RESOURCE}/scim/v2\"", oauth::issuer(app.db()));
        if let Ok(value) = HeaderValue::try_from(more) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
    }
    response
}
