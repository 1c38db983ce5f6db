//! A page as an answer, and the headers that keep it to its reader.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use chrono::TimeDelta;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, LOCATION, REFERRER_POLICY, RETRY_AFTER, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::http::error::Failure;

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Nothing but our stylesheet and images, no script, no frame, and forms that go to us.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// A page with its status.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => Failure::fault(error).into_response(),
    }
}

/// The status of a page with a form: of the form as it is first shown, or of one that was refused.
pub(crate) const fn of_form<T>(error: Option<&T>) -> StatusCode {
    if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

/// What follows a form that was carried out: another page, which may be loaded again without doing it again.
pub(crate) fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::from_str(path) {
        Ok(path) => {
            response.headers_mut().insert(LOCATION, path);
            response
        }
        Err(error) => Failure::fault(error).into_response(),
    }
}

/// An answer with the time after which it is worth trying again.
pub(crate) fn later(wait: TimeDelta, mut response: Response) -> Response {
    let seconds = wait.num_seconds() + i64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

/// What keeps the pages of a part of the site to their reader.
pub(crate) struct Seal {
    /// What a page may load, and who may show it.
    pub(crate) policy: &'static str,
    /// To whom a link tells the address of its page.
    pub(crate) referrer: &'static str,
    /// On which headers of the request a page depends.
    pub(crate) vary: &'static str,
}

/// The pages whose link is a secret.
pub(crate) const SECRET_LINK: Seal =
    Seal { policy: POLICY, referrer: "no-referrer", vary: "Accept-Language, User-Agent" };

/// Puts the headers of a part of the site on an answer.
pub(crate) fn seal(headers: &mut HeaderMap, part: &Seal) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, part.policy),
        (REFERRER_POLICY, part.referrer),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (VARY, part.vary),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
