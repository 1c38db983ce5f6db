//! What stands before every page: only this address, only forms of our own, and headers that keep a page to its reader.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::views::Trouble;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Nothing but our stylesheet and images, no script, no frame, and forms that go to us.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// Refuses what a page of another site sent, and seals every answer.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if is_elsewhere(request.headers()) {
        Trouble::Elsewhere.into_response()
    } else if changes && is_foreign(request.headers()) {
        Trouble::Foreign.into_response()
    } else {
        next.run(request).await
    };
    // What the framework refuses by itself is a line of text.
    if response.status().is_client_error() && !is_page(&response) {
        let large = response.status() == StatusCode::PAYLOAD_TOO_LARGE;
        response = if large { Trouble::Large } else { Trouble::NoForm }.into_response();
    }
    seal(response.headers_mut());
    response
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// Whether the request names a host that is not this machine: a page elsewhere can give its own name our address.
fn is_elsewhere(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    !["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// Whether the browser says that a form comes from another site: in `Sec-Fetch-Site`, or else in `Origin`. `null` is what
/// browsers send from our own pages, which send no referrer.
fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(&SEC_FETCH_SITE) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(&ORIGIN).filter(|origin| *origin != "null") else { return false };
    let asked = text(&HOST).unwrap_or_default();
    origin.strip_prefix("http://").is_none_or(|host| !host.eq_ignore_ascii_case(asked))
}

fn seal(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_forms_of_our_own_are_taken() {
        let host = ("host", "127.0.0.1:8090");
        for (pairs, expected) in [
            (&[host][..], false),
            (&[host, ("sec-fetch-site", "same-origin")], false),
            (&[host, ("sec-fetch-site", "none")], false),
            (&[host, ("sec-fetch-site", "same-site")], true),
            (&[host, ("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8090")], true),
            (&[host, ("origin", "null")], false),
            (&[host, ("origin", "http://127.0.0.1:8090")], false),
            (&[host, ("origin", "http://127.0.0.1:8080")], true),
            (&[host, ("origin", "https://evil.example")], true),
        ] {
            assert_eq!(is_foreign(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn only_this_machine_is_asked() {
        for (host, expected) in [
            ("127.0.0.1:8090", false),
            ("localhost:8090", false),
            ("localhost", false),
            ("[::1]:8090", false),
            ("evil.example:8090", true),
            ("127.0.0.1.evil.example", true),
            ("", true),
        ] {
            assert_eq!(is_elsewhere(&headers(&[("host", host)])), expected, "{host}");
        }
    }
}
