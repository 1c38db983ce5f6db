//! Headers: media types of answers, entity tags and their conditions, what caches may do.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use scim::protocol::version::Condition;
use serde_json::Value;

use super::error::Failure;

/// The media type of every answer with a body (RFC 7644 §3.1).
pub(crate) const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json; charset=utf-8");

/// An answer with a SCIM body.
pub(crate) fn scim_json(status: StatusCode, value: &Value) -> Response {
    let mut response = Response::new(Body::from(serde_json::to_vec(value).expect("a value is JSON")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, SCIM_JSON);
    response
}

/// What every answer of the SCIM endpoints says to caches and browsers.
pub(crate) fn seal(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Authorization, Accept"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// The conditions of a request (RFC 7644 §3.14, RFC 9110 §13.1).
///
/// A malformed header is kept until somebody asks: whether the resource exists is looked at first.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    if_match: Option<Result<Condition, scim::Error>>,
    if_none_match: Option<Result<Condition, scim::Error>>,
}

impl Conditions {
    fn of(headers: &HeaderMap) -> Self {
        Self { if_match: condition(headers, &IF_MATCH), if_none_match: condition(headers, &IF_NONE_MATCH) }
    }

    /// Whether a resource of this version may be written.
    ///
    /// # Errors
    /// 412 when a condition does not hold, `invalidSyntax` for a malformed header.
    pub(crate) fn allow_write(&self, version: i64) -> Result<(), Failure> {
        if let Some(condition) = self.if_match.clone().transpose()?
            && !condition.matches(version)
        {
            return Err(Failure::status(
                412,
                "The resource has changed: its version is not the one of If-Match.",
            ));
        }
        if let Some(condition) = self.if_none_match.clone().transpose()?
            && condition.matches(version)
        {
            return Err(Failure::status(
                412,
                "The resource exists in a version that If-None-Match excludes.",
            ));
        }
        Ok(())
    }

    /// Whether a reader has this version already, so that the answer is 304.
    ///
    /// # Errors
    /// 412 when `If-Match` does not hold, `invalidSyntax` for a malformed header.
    pub(crate) fn unchanged(&self, version: i64) -> Result<bool, Failure> {
        if let Some(condition) = self.if_match.clone().transpose()?
            && !condition.matches(version)
        {
            return Err(Failure::status(
                412,
                "The resource has changed: its version is not the one of If-Match.",
            ));
        }
        Ok(self.if_none_match.clone().transpose()?.is_some_and(|condition| condition.matches(version)))
    }

    /// Whether a reader has the document with this opaque tag already, so that the answer is 304.
    ///
    /// # Errors
    /// `invalidSyntax` for a malformed header.
    pub(crate) fn known(&self, tag: &str) -> Result<bool, Failure> {
        Ok(self.if_none_match.clone().transpose()?.is_some_and(|condition| condition.names(tag)))
    }
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

/// All headers of the name as one list (RFC 9110 §5.3).
fn condition(headers: &HeaderMap, name: &HeaderName) -> Option<Result<Condition, scim::Error>> {
    let values: Vec<&str> =
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\u{fffd}")).collect();
    (!values.is_empty()).then(|| Condition::parse(&values.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(pairs: &[(HeaderName, &str)]) -> Conditions {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
        }
        Conditions::of(&headers)
    }

    fn status(result: Result<impl Sized, Failure>) -> u16 {
        match result {
            Ok(_) => 200,
            Err(Failure::Told(error)) => error.status,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn writes_obey_both_conditions() {
        for (pairs, expected) in [
            (&[][..], 200),
            (&[(IF_MATCH, "W/\"3\"")], 200),
            (&[(IF_MATCH, "W/\"1\""), (IF_MATCH, "\"3\"")], 200),
            (&[(IF_MATCH, "*")], 200),
            (&[(IF_MATCH, "W/\"2\"")], 412),
            (&[(IF_NONE_MATCH, "*")], 412),
            (&[(IF_NONE_MATCH, "W/\"3\"")], 412),
            (&[(IF_NONE_MATCH, "W/\"2\"")], 200),
            (&[(IF_MATCH, "W/3")], 400),
            (&[(IF_MATCH, "\"ü\"")], 400),
        ] {
            assert_eq!(status(conditions(pairs).allow_write(3)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_reader_who_has_the_version_is_told_so() {
        for (value, expected) in [("W/\"3\"", true), ("\"3\"", true), ("*", true), ("W/\"2\"", false)] {
            assert_eq!(
                conditions(&[(IF_NONE_MATCH, value)]).unchanged(3).expect("well-formed"),
                expected,
                "{value}"
            );
        }
        assert!(!conditions(&[]).unchanged(3).expect("no condition"));
        assert_eq!(status(conditions(&[(IF_MATCH, "\"2\"")]).unchanged(3)), 412);
    }
}
