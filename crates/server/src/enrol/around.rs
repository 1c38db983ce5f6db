//! What is around the pages: their headers, and a page in the place of the protocol's error body.

use axum::extract::Request;
use axum::response::Response;
use chrono::TimeDelta;
use http::header::RETRY_AFTER;
use http::{Method, StatusCode};

use super::views::{Fault, Frame, Wrong};
use crate::http::error::Told;
use crate::http::headers::with_body_of;
use crate::http::paths::is_below;
use crate::http::trace::X_REQUEST_ID;
use crate::pages::answer::{SECRET_LINK, page, seal};
use crate::pages::reader::Reader;

/// Answers a request; what is below `/enrol` becomes a page also when it fails.
pub(crate) async fn around<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if !is_below(request.uri().path(), "enrol") {
        return next(request).await;
    }
    let (parts, body) = request.into_parts();
    let reader = Reader::of(&parts);
    let opened = matches!(parts.method, Method::GET | Method::HEAD);
    let mut response = next(Request::from_parts(parts, body)).await;
    if response.extensions().get::<Told>().is_some() {
        response = error_page(response, &reader, opened);
    }
    seal(response.headers_mut(), &SECRET_LINK);
    response
}

/// The page for an error: status and headers stay, the body is for people.
fn error_page(response: Response, reader: &Reader, opened: bool) -> Response {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let wait = header(&RETRY_AFTER).and_then(|value| value.parse().ok()).map(TimeDelta::seconds);
    let status = response.status();
    let wrong = match status {
        StatusCode::NOT_FOUND => Wrong::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Wrong::Method,
        StatusCode::FORBIDDEN => Wrong::Foreign,
        StatusCode::PAYLOAD_TOO_LARGE => Wrong::Large,
        StatusCode::TOO_MANY_REQUESTS => Wrong::TooMany,
        StatusCode::SERVICE_UNAVAILABLE => Wrong::Busy,
        status if status.is_server_error() => Wrong::Failed,
        _ => Wrong::Other,
    };
    // The language is switched at the same address, and a form that failed has none that could be opened.
    let frame = Frame::new(reader, None, opened.then_some(""));
    let reference = header(&X_REQUEST_ID).map(str::to_owned);
    with_body_of(response, page(status, &Fault::new(frame, wrong, wait, reference, opened)))
}
