//! Headers: media types of answers, entity tags and their conditions, what caches may do.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use scim::protocol::conditions::Conditions;
use scim::protocol::prefer::Preferences;
use scim::protocol::search::Return;
use serde_json::Value;

/// The media type of every answer with a body (RFC 7644 §3.1).
pub(crate) const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json; charset=utf-8");

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// An answer with a SCIM body.
pub(crate) fn scim_json(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(serde_json::to_vec(value).expect("a value is JSON")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, SCIM_JSON);
    response
}

/// What every answer says to caches and browsers, unless it says something of its own.
pub(crate) fn seal(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(VARY).or_insert(HeaderValue::from_static("Authorization, Accept"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// An answer with the body of another one: status and headers stay, except those of its own body.
pub(crate) fn with_body_of(response: Response, other: Response) -> Response {
    let ((mut parts, _), (other, body)) = (response.into_parts(), other.into_parts());
    parts.headers.remove(CONTENT_LENGTH);
    if let Some(media_type) = other.headers.get(CONTENT_TYPE) {
        parts.headers.insert(CONTENT_TYPE, media_type.clone());
    }
    Response::from_parts(parts, body)
}

/// The conditions of a request (RFC 7644 §3.14, RFC 9110 §13.1).
pub(crate) fn conditions(headers: &HeaderMap) -> Conditions {
    let list = |name| joined(headers, &name);
    Conditions::new(list(IF_MATCH).as_deref(), list(IF_NONE_MATCH).as_deref())
}

/// The texts of the conditions of a request.
pub(crate) fn condition_texts(headers: &HeaderMap) -> (Option<String>, Option<String>) {
    (joined(headers, &IF_MATCH), joined(headers, &IF_NONE_MATCH))
}

/// What the client wishes (RFC 7240).
pub(crate) fn preferences(headers: &HeaderMap) -> Preferences {
    joined(headers, &PREFER).map(|wishes| Preferences::parse(&wishes)).unwrap_or_default()
}

/// The answer to a wish that was followed (RFC 7240 §3).
pub(crate) fn preference_applied(response: &mut Response, wish: Return) {
    let applied = match wish {
        Return::Minimal => "return=minimal",
        Return::Representation => "return=representation",
    };
    response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static(applied));
    response.headers_mut().insert(VARY, HeaderValue::from_static("Authorization, Accept, Prefer"));
}

/// All headers of the name as one list (RFC 9110 §5.3).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> =
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\u{fffd}")).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(pairs: &[(HeaderName, &str)]) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
        }
        conditions(&headers).allow_write(3).map_or_else(|error| error.status, |()| 200)
    }

    #[test]
    fn wishes_of_all_headers_are_read() {
        let wishes = ["respond-async, wait=5", "Return = \"representation\"; x=1, return=minimal"];
        let headers = wishes.iter().map(|wish| (PREFER, HeaderValue::from_static(wish))).collect();
        let read = preferences(&headers);
        assert_eq!((read.returns, read.wait), (Some(Return::Representation), Some(5)));
        assert!(read.respond_async && preferences(&HeaderMap::new()) == Preferences::default());
    }

    #[test]
    fn headers_of_one_name_are_one_list() {
        for (pairs, expected) in [
            (&[][..], 200),
            (&[(IF_MATCH, "W/\"3\"")], 200),
            (&[(IF_MATCH, "W/\"1\""), (IF_MATCH, "\"3\"")], 200),
            (&[(IF_MATCH, "W/\"2\"")], 412),
            (&[(IF_NONE_MATCH, "*")], 412),
            (&[(IF_MATCH, "\"ü\"")], 400),
        ] {
            assert_eq!(status(pairs), expected, "{pairs:?}");
        }
    }
}
