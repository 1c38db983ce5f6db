//! What a request of the application carries: a JSON body, parameters of the URL, names in its path.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{self, FromRequest, FromRequestParts, Query, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::{Problem, Rejected};
use crate::app::App;

/// A body, read.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Json<T> {
    type Rejection = Rejected;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Rejected> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = "The body has to be JSON: send Content-Type: application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", detail).into());
        }
        let most = app.limits().body_bytes;
        let body = Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("The body is larger than the {most} bytes that are allowed.");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
            }
            _ => Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid-request",
                "The body could not be read to its end.",
            ),
        })?;
        let read = serde_json::from_slice(&body).map(Self);
        let detail = |error: serde_json::Error| format!("The body cannot be used: {error}.");
        Ok(read.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid-request", detail(error)))?)
    }
}

/// The parameters of the URL, read.
#[derive(Debug)]
pub(super) struct Parameters<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Parameters<T> {
    type Rejection = Rejected;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Rejected> {
        let read = Query::try_from_uri(&parts.uri).map(|Query(read)| Self(read));
        let detail = |error: &dyn std::fmt::Display| format!("The parameters cannot be used: {error}.");
        Ok(read.map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, "invalid-request", detail(&error.body_text()))
        })?)
    }
}

/// The names in the path, read.
#[derive(Debug)]
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Path<T> {
    type Rejection = Rejected;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Rejected> {
        let read = extract::Path::from_request_parts(parts, app).await.map(|extract::Path(read)| Self(read));
        let detail = |error: &dyn std::fmt::Display| format!("The path cannot be used: {error}.");
        Ok(read.map_err(|error| {
            Problem::new(StatusCode::BAD_REQUEST, "invalid-request", detail(&error.body_text()))
        })?)
    }
}
