//! What a client accepts, and what it says that it sends (RFC 7644 §3.8).

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};

use super::error::Failure;

/// The layer of the protocol's routes that turns away who takes no JSON, before anything is done.
pub(crate) async fn only_json(request: Request, next: Next) -> Response {
    match acceptable(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

/// Whether the client takes SCIM or plain JSON.
///
/// # Errors
/// 406.
fn acceptable(headers: &HeaderMap) -> Result<(), Failure> {
    let mut ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let wanted = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let ours = ["*/*", "application/*", "application/scim+json", "application/json"];
        let named = ours.iter().any(|ours| ours.eq_ignore_ascii_case(media_type));
        let refused = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>() == Ok(0.0)
        };
        named && !parts.any(refused)
    };
    let blank = |value: &str| value.trim().is_empty();
    if !headers.contains_key(ACCEPT) || ranges.any(|value| blank(value) || value.split(',').any(wanted)) {
        return Ok(());
    }
    Err(Failure::status(406, "Answers are application/scim+json, which Accept does not allow."))
}

/// Whether the body is said to be SCIM or plain JSON; a body that says nothing is taken for SCIM.
///
/// # Errors
/// 415.
pub(crate) fn readable(headers: &HeaderMap) -> Result<(), Failure> {
    let coding = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("\u{fffd}"));
    if coding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        return Err(Failure::status(415, "The body must come without a content coding such as gzip."));
    }
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or("\u{fffd}");
    let (media_type, parameters) = text.split_once(';').unwrap_or((text, ""));
    let known = ["application/scim+json", "application/json"];
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    let utf8 =
        charset.is_none_or(|charset| ["utf-8", "utf8"].iter().any(|it| it.eq_ignore_ascii_case(charset)));
    if utf8 && known.iter().any(|known| known.eq_ignore_ascii_case(media_type.trim())) {
        return Ok(());
    }
    Err(Failure::status(415, "The body must be application/scim+json or application/json in UTF-8."))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn with(name: &http::HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn json_is_accepted_in_every_spelling() {
        for values in [
            &[][..],
            &["*/*"],
            &["application/*"],
            &["application/scim+json"],
            &["Application/JSON; charset=utf-8"],
            &["text/html, application/json;q=0.1"],
            &["text/html", "*/*;q=0.5"],
            &[""],
        ] {
            assert!(acceptable(&with(&ACCEPT, values)).is_ok(), "{values:?}");
        }
        for values in
            [&["text/html"][..], &["application/xml, text/*"], &["application/json;q=0"], &["*/*; q=0.0"]]
        {
            assert!(acceptable(&with(&ACCEPT, values)).is_err(), "{values:?}");
        }
    }

    #[test]
    fn bodies_come_uncompressed() {
        assert!(readable(&with(&CONTENT_ENCODING, &["identity"])).is_ok());
        assert!(readable(&with(&CONTENT_ENCODING, &["gzip"])).is_err());
    }

    #[test]
    fn bodies_are_json_in_utf_8() {
        for value in
            ["application/scim+json", "application/json;charset=UTF-8", "APPLICATION/JSON; charset=\"utf-8\""]
        {
            assert!(readable(&with(&CONTENT_TYPE, &[value])).is_ok(), "{value}");
        }
        assert!(readable(&HeaderMap::new()).is_ok());
        for value in
            ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "", "*/*"]
        {
            assert!(readable(&with(&CONTENT_TYPE, &[value])).is_err(), "{value}");
        }
    }
}
