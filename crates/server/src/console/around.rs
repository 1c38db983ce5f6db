//! What is around the pages of the console: their headers, forms of other sites, and a page in the place of an error body.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{HOST, HeaderName, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use url::Url;

use super::cookie::theme;
use super::desk::is_fragment;
use super::letter::{FRAMED, Framed};
use super::said::for_page;
use super::tongue::Tongue;
use crate::app::App;
use crate::http::error::{Failed, Failure};
use crate::http::headers::with_body_of;
use crate::http::paths::is_below;
use crate::http::trace::X_REQUEST_ID;
use crate::pages::answer::{Seal, page, seal};
use crate::pages::reader::Reader;

/// Our own stylesheet, scripts and images; no frame around a page, and forms that go to us.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const HX_RETARGET: HeaderName = HeaderName::from_static("hx-retarget");
const HX_RESWAP: HeaderName = HeaderName::from_static("hx-reswap");

/// The headers of every page of the console.
const CONSOLE: Seal =
    Seal { policy: POLICY, referrer: "same-origin", vary: "Accept-Language, Cookie, HX-Request" };

/// What stands around a page that says what failed.
struct Plain {
    tongue: Tongue,
    theme: &'static str,
}

/// A page that says what failed.
#[derive(Template)]
#[template(path = "console/fault.html")]
struct Fault {
    f: Plain,
    title: &'static str,
    said: String,
    reference: String,
}

/// The same where a script asked for a part of a page.
#[derive(Template)]
#[template(path = "console/_flash_bad.html")]
struct Flash {
    tongue: Tongue,
    title: &'static str,
    said: String,
    reference: String,
}

/// Answers a request; what is below `/console` becomes a page also when it fails.
pub(crate) async fn around<F>(request: Request, next: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    if !is_below(request.uri().path(), "console") {
        return next(request).await;
    }
    let (parts, body) = request.into_parts();
    let f = Plain { tongue: Tongue::new(Reader::of(&parts).language), theme: theme(&parts.headers) };
    let fragment = is_fragment(&parts.headers);
    let mut response = next(Request::from_parts(parts, body)).await;
    if let Some(Failed(failed)) = response.extensions().get::<Failed>() {
        let said = for_page(&failed.detail);
        response = error(response, f, said, fragment);
    }
    let part = if response.extensions().get::<Framed>().is_some() { &FRAMED } else { &CONSOLE };
    seal(response.headers_mut(), part);
    response
}

fn error(response: Response, f: Plain, said: String, fragment: bool) -> Response {
    let status = response.status();
    let header = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
    let reference = header(X_REQUEST_ID).unwrap_or_default().to_owned();
    let title = match status {
        StatusCode::NOT_FOUND => "This page does not exist",
        StatusCode::FORBIDDEN => "This is not yours to do",
        StatusCode::PAYLOAD_TOO_LARGE => "That was too much at once",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => "Not now",
        status if status.is_server_error() => "This page could not be made",
        _ => "Nothing was changed",
    };
    let shown = if fragment {
        page(status, &Flash { tongue: f.tongue, title, said, reference })
    } else {
        page(status, &Fault { f, title, said, reference })
    };
    let mut response = with_body_of(response, shown);
    if fragment {
        response.headers_mut().insert(HX_RETARGET, HeaderValue::from_static("#flash"));
        response.headers_mut().insert(HX_RESWAP, HeaderValue::from_static("innerHTML"));
    }
    response
}

/// Refuses forms that a page of another site sent.
pub(super) async fn only_ours(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && is_foreign(request.headers(), app.db().pages()) {
        return Failure::status(403, "The form was sent by a page of another site.").into_response();
    }
    let response = next.run(request).await;
    if changes {
        // A token that was revoked, or a connection that was changed, is so at once.
        app.tokens().forget();
    }
    response
}

/// Whether the browser says that the request comes from another site than ours, which `base` is the address of.
///
/// Browsers say it in `Sec-Fetch-Site`; to unencrypted addresses some do not, and then `Origin` must be ours: the cookie that
/// signs in is sent along by every page, so a browser that says nothing is refused.
fn is_foreign(headers: &HeaderMap, base: &str) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(foreign) = says_foreign(headers) {
        return foreign;
    }
    let Some(origin) = text(ORIGIN) else { return true };
    let Ok(ours) = Url::parse(base) else { return true };
    // Under an encrypted address the page is one of that address, whatever host was asked.
    let asked = text(HOST).filter(|_| ours.scheme() == "http").unwrap_or_default();
    let by_host = origin.split_once("://").is_some_and(|(_, host)| host.eq_ignore_ascii_case(asked));
    origin != ours.origin().ascii_serialization() && !by_host
}

/// Whether another site led the browser here, where the browser says so.
pub(super) fn says_foreign(headers: &HeaderMap) -> Option<bool> {
    let site = headers.get(SEC_FETCH_SITE)?;
    Some(site != "same-origin" && site != "none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_send_forms() {
        let base = "https://rollcall.example";
        for (pairs, foreign) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://rollcall.example")], true),
            (&[("origin", "https://rollcall.example")], false),
            (&[("origin", "null")], true),
            (&[("origin", "http://rollcall.example")], true),
            (&[("origin", "https://evil.example"), ("host", "rollcall.example")], true),
            (&[("origin", "http://rollcall.example"), ("host", "rollcall.example")], true),
        ] {
            let headers = pairs
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(is_foreign(&headers.collect(), base), foreign, "{pairs:?}");
        }
    }
}
