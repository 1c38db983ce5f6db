//! One id and one span for a request, what is measured of it, and the answer when we failed.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method};
use tracing::Instrument as _;
use uuid::Uuid;

use super::error::{Fault, body};
use super::headers::seal;
use crate::api;
use crate::app::App;
use crate::metrics;
use crate::request_log::mask::url_path;

/// The header that carries the id of a request, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, under which journal and request log know it.
///
/// Logs and answers show the client's own id instead, if it sent a sane one; that one may come twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId(pub(crate) Uuid);

/// Answers in a span. The query is never logged: filters hold personal data.
pub(crate) async fn trace<F>(app: &App, mut request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let own = app.id();
    request.extensions_mut().insert(RequestId(own));
    let id = sane(request.headers()).unwrap_or_else(|| own.to_string());
    let path = url_path(request.uri().path());
    let span = tracing::info_span!("request", request_id = id, method = %request.method(), path);
    let started = Instant::now();

    let is_api = request.uri().path().starts_with(api::PATH);
    let response = next(request).instrument(span.clone()).await;

    let _entered = span.enter();
    let response = explain_fault(response, &id);
    let mut response = if is_api { api::as_problem(response) } else { response };
    let status = response.status().as_u16();
    let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    // What went well stands in the request log of its connection.
    if status < 400 {
        tracing::debug!(status, took_us, "answered");
    } else {
        tracing::info!(status, took_us, "answered");
    }
    seal(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

/// Measures what a route takes.
pub(crate) async fn measure<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = method_label(request.method());
    let started = Instant::now();
    let response = next(request).await;
    metrics::answered(method, &route, response.status().as_u16(), started.elapsed());
    response
}

/// A fault is logged here, once and with all its causes; the client learns the id under which to find it.
fn explain_fault(mut response: Response, id: &str) -> Response {
    let Some(fault) = response.extensions_mut().remove::<Fault>() else { return response };
    fault.log();
    body(&scim::Error::status(
        500,
        format!("The server failed. Its log says more under the request id {id}."),
    ))
}

/// A client's id is taken when it is short and plain: it goes into logs and back into a header.
fn sane(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    ((8..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

/// Methods that a client made up must not make up measurements.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sane_ids_are_taken_over() {
        let with = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(value).expect("a header value"));
            sane(&headers)
        };
        assert_eq!(with(b"0190d9a0-0000-7000").as_deref(), Some("0190d9a0-0000-7000"));
        for bad in [
            &b"short"[..],
            &[b'a'; 65],
            b"with space inside",
            b"<script>alert</script>",
            b"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
        ] {
            assert_eq!(with(bad), None);
        }
    }
}
