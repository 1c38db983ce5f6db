//! Why no access token is issued (RFC 6749 §5.2).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::http::error::Failure;

/// A refusal with its word and a sentence.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The request is at fault.
    Told(&'static str, String),
    /// The client did not show that it is the client.
    Client(String),
    /// The server cannot answer.
    Failed(Failure),
}

impl Refusal {
    /// The request lacks something, or says something twice.
    pub(super) fn request(said: impl Into<String>) -> Self {
        Self::Told("invalid_request", said.into())
    }

    /// The assertion or the token that is exchanged does not count.
    pub(super) fn grant(said: impl Into<String>) -> Self {
        Self::Told("invalid_grant", said.into())
    }

    /// The client is unknown, or did not show that it is the client.
    pub(super) fn client(said: impl Into<String>) -> Self {
        Self::Client(said.into())
    }
}

impl<F: Into<Failure>> From<F> for Refusal {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, word, said) = match self {
            Self::Told(word, said) => (StatusCode::BAD_REQUEST, word, said),
            Self::Client(said) => (StatusCode::UNAUTHORIZED, "invalid_client", said),
            Self::Failed(failure) => return failed(failure),
        };
        let mut response =
            (status, Json(json!({ "error": word, "error_description": said }))).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"rollcall\""));
        }
        response
    }
}

/// An answer of the server in the form of this endpoint, with its status and its headers.
fn failed(failure: Failure) -> Response {
    let said = failure.said();
    let (mut parts, _) = failure.into_response().into_parts();
    let word = match parts.status {
        StatusCode::FORBIDDEN => "access_denied",
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
        _ => "server_error",
    };
    for header in [CONTENT_TYPE, CONTENT_LENGTH] {
        parts.headers.remove(header);
    }
    let (status, headers) = (parts.status, parts.headers);
    (status, headers, Json(json!({ "error": word, "error_description": said }))).into_response()
}
