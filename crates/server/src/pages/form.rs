//! Forms: that one of our own pages sent it, and the fields in it.

use axum::extract::{FromRequest, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{HeaderName, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

use crate::http::error::Failure;
use crate::http::query::decoded;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses forms that a page of another site sent.
pub(crate) async fn only_ours(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && is_foreign(request.headers(), request.uri().host()) {
        return Failure::status(403, "The form was sent by a page of another site.").into_response();
    }
    next.run(request).await
}

/// A form (`application/x-www-form-urlencoded`) as it was sent.
#[derive(Debug, Default)]
pub(crate) struct Form(String);

impl Form {
    /// A form that says this.
    #[cfg(test)]
    pub(crate) const fn of(text: String) -> Self {
        Self(text)
    }

    /// The value of a field; the first one that is readable.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        field(&self.0, name)
    }

    /// The values of every field of this name, in order.
    pub(crate) fn fields(&self, name: &str) -> Vec<String> {
        fields(&self.0, name).collect()
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let text = String::from_request(request, state).await;
        text.map(Self).map_err(|rejection| unreadable(rejection.status()))
    }
}

/// Why a form cannot be read.
pub(crate) fn unreadable(status: StatusCode) -> Failure {
    let said = if status == StatusCode::PAYLOAD_TOO_LARGE {
        "The form or the file is too large."
    } else {
        "The form did not arrive whole: send it again."
    };
    Failure::status(status.as_u16(), said)
}

/// The value of a field in a form or a query; the first one that is readable.
pub(crate) fn field(text: &str, name: &str) -> Option<String> {
    fields(text, name).next()
}

fn fields(text: &str, name: &str) -> impl Iterator<Item = String> {
    text.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        // No database takes a NUL in a text, and no keyboard types one.
        (decoded(key)? == name).then(|| decoded(value)).flatten().filter(|value| !value.contains('\0'))
    })
}

/// Whether the browser says that the request comes from another site.
///
/// Browsers say it in `Sec-Fetch-Site`, but to unencrypted addresses not all of them do. Then `Origin` is compared with
/// the host that was asked. `null` is what browsers send from our own pages, which send no referrer.
fn is_foreign(headers: &HeaderMap, host: Option<&str>) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(SEC_FETCH_SITE) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(ORIGIN).filter(|origin| *origin != "null") else { return false };
    let asked = text(http::header::HOST).or(host).unwrap_or_default();
    origin.split_once("://").is_none_or(|(_, host)| !host.eq_ignore_ascii_case(asked))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn foreign(pairs: &[(&'static str, &'static str)]) -> bool {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_foreign(&pairs.collect(), None)
    }

    #[test]
    fn what_the_browser_says_of_the_site_decides() {
        for (site, expected) in
            [("same-origin", false), ("none", false), ("same-site", true), ("cross-site", true), ("", true)]
        {
            let asked = [("sec-fetch-site", site), ("origin", "https://a.example"), ("host", "b.example")];
            assert_eq!(foreign(&asked), expected, "{site}");
        }
    }

    #[test]
    fn without_that_the_origin_decides() {
        for (pairs, expected) in [
            (&[][..], false),
            (&[("origin", "null"), ("host", "a.example")], false),
            (&[("origin", "http://a.example:8080"), ("host", "A.example:8080")], false),
            (&[("origin", "http://a.example"), ("host", "a.example:8080")], true),
            (&[("origin", "http://evil.example"), ("host", "a.example")], true),
            (&[("origin", "a.example"), ("host", "a.example")], true),
            (&[("origin", "http://evil.example")], true),
        ] {
            assert_eq!(foreign(pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn fields_are_decoded_and_found_by_their_name() {
        assert_eq!(field("code=418+203&x=1", "code").as_deref(), Some("418 203"));
        assert_eq!(field("a=1&c%6Fde=4%31", "code").as_deref(), Some("41"));
        assert_eq!(field("code", "code").as_deref(), Some(""));
        assert_eq!(field("codes=1&code=%FF", "code"), None);
        assert_eq!(field("", "code"), None);
    }
}
