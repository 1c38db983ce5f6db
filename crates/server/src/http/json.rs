//! The body of a request as a JSON object, within its limits.

use std::sync::Arc;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use scim::{Object, json};

use super::accept::readable;
use super::error::Failure;
use crate::app::App;
use crate::heavy;
use crate::request_log::Notes;

/// The body of a request: size (413), media type (415) and JSON (400) are checked, in this order.
#[derive(Debug)]
pub(crate) struct ScimJson(pub(crate) Object);

impl FromRequest<Arc<App>> for ScimJson {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        let notes = Notes::of(request.extensions());
        let most = app.limits().body_bytes;
        let too_large =
            || Failure::status(413, format!("The body is larger than the {most} bytes that are allowed."));
        // A length that is told (RFC 9110 §8.6) needs no reading.
        if request.body().size_hint().lower() > most as u64 {
            return Err(too_large());
        }
        let body = Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => Failure::from(scim::Error::invalid_syntax("The body could not be read to its end.")),
        })?;
        readable(&headers)?;
        let depth = app.limits().json_depth;
        heavy::run(body.len(), move || {
            let object = json::parse_object(&body, depth)?;
            notes.body(&object);
            Ok(Self(object))
        })
        .await?
    }
}
