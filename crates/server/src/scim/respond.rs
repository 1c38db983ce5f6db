//! Answers of the protocol, and answers as HTTP.

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::header::{CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use operations::{Shown, Text};

use super::request::Answer;
use crate::http::headers::SCIM_JSON;

impl Answer {
    /// A resource, with this status where it has a body.
    pub(super) fn resource(status: u16, shown: Shown) -> Self {
        let Shown { tag, location, body } = shown;
        Self { status, tag: Some(tag), location: Some(location), body }
    }

    /// A list.
    pub(super) fn list(body: Text) -> Self {
        Self { status: 200, tag: None, location: None, body: Some(body) }
    }

    /// A resource that was created: its representation, or no more than its address where the client wants none.
    pub(super) fn created(shown: Option<Shown>) -> Self {
        match shown {
            Some(shown) => Self::resource(201, shown),
            None => Self::done(None),
        }
    }

    /// A resource that was changed: its representation, or 204 with the version that the change led to where the
    /// client wants none (RFC 7644 §3.5.2, §3.14).
    pub(super) fn changed(shown: Option<Shown>) -> Self {
        match shown {
            Some(shown @ Shown { body: Some(_), .. }) => Self::resource(200, shown),
            shown => Self::done(shown),
        }
    }

    /// 204: what was asked for is done.
    pub(super) fn done(shown: Option<Shown>) -> Self {
        Self { status: 204, tag: shown.map(|it| it.tag), location: None, body: None }
    }

    /// 200 with a resource, or 304 without its body for a client that has this version.
    pub(super) fn read(shown: Shown) -> Self {
        let status = if shown.body.is_some() { 200 } else { 304 };
        Self::resource(status, shown)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(tag) = &self.tag {
            insert(&mut response, ETAG, tag);
        }
        if let Some(location) = &self.location {
            insert(&mut response, LOCATION, location);
            if self.body.is_some() {
                insert(&mut response, CONTENT_LOCATION, location);
            }
        }
        if let Some(text) = self.body {
            response.headers_mut().insert(CONTENT_TYPE, SCIM_JSON);
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
            *response.body_mut() = body(text);
        }
        response
    }
}

fn body(text: Text) -> Body {
    let mut pieces = text.into_pieces();
    if pieces.len() <= 1 {
        return Body::from(pieces.pop().unwrap_or_default());
    }
    let pieces = pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece)));
    Body::from_stream(stream::iter(pieces))
}

fn insert(response: &mut Response, name: HeaderName, text: &str) {
    // Tags are plain, and a base address that is no header value was refused at start.
    if let Ok(value) = HeaderValue::from_str(text) {
        response.headers_mut().insert(name, value);
    }
}
