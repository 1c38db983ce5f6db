//! OAuth 2.0 for identity providers: the token endpoint (RFC 6749 §3.2), and what says where it is (RFC 8414, RFC 9728).

mod client;
mod metadata;
mod parameters;
mod refusal;
mod token;

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::app::App;

pub(crate) use metadata::{challenged, metadata_address};

/// The most bytes of a request for an access token.
const BODY: usize = 64 * 1024;
/// The keys that read access tokens.
const KEYS: &str = "/oauth/jwks";
/// What says where the token endpoint is.
const SERVER: &str = "/.well-known/oauth-authorization-server";
/// What says whose access tokens count.
const RESOURCE: &str = "/.well-known/oauth-protected-resource";

/// The routes.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(
            operations::oauth::TOKEN_PATH,
            post(token::token).layer::<_, Infallible>(DefaultBodyLimit::max(BODY)),
        )
        .route(KEYS, get(metadata::keys))
        .route(SERVER, get(metadata::server))
        .route(RESOURCE, get(metadata::resource))
        // The path of the resource follows (RFC 9728 §3.1).
        .route("/.well-known/oauth-protected-resource/scim/v2", get(metadata::resource))
}
