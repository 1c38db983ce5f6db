//! Who reads a page: in which language, and with which browser.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::{ACCEPT_LANGUAGE, USER_AGENT};
use http::request::Parts;

use super::form::field;
use super::words::{self, Language};

/// The one who reads.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    /// The language of the page.
    pub(crate) language: &'static Language,
    /// Whether the address asks for that language, so that further addresses must.
    pub(crate) chosen: bool,
    /// What the browser says of itself.
    pub(crate) agent: String,
}

impl Reader {
    /// Reads a request: `lang` in the address counts before `Accept-Language` (RFC 9110 §12.5.4).
    pub(crate) fn of(parts: &Parts) -> Self {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let asked = parts.uri.query().and_then(|query| words::language(&field(query, "lang")?));
        let language = asked.unwrap_or_else(|| preferred(text(ACCEPT_LANGUAGE)));
        Self { language, chosen: asked.is_some(), agent: text(USER_AGENT).to_owned() }
    }

    /// One of our addresses in the language that the reader chose.
    pub(crate) fn path(&self, path: &str) -> String {
        if self.chosen { format!("{path}?lang={}", self.language.code) } else { path.to_owned() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// The language that the reader likes best among ours; English when there is none.
fn preferred(accepted: &str) -> &'static Language {
    let mut wanted: Vec<(f32, &str)> = accepted.split(',').filter_map(weighed).collect();
    wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let known = wanted
        .iter()
        .filter(|(weight, _)| *weight > 0.0)
        .find_map(|(_, range)| words::language(range.split('-').next().unwrap_or_default()));
    known.unwrap_or_else(words::default_language)
}

/// A range of `Accept-Language` with its weight.
fn weighed(part: &str) -> Option<(f32, &str)> {
    let mut parts = part.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = parts.find_map(|parameter| parameter.strip_prefix("q="));
    Some((weight.map_or(Some(1.0), |weight| weight.parse().ok())?, range))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn reader(path: &str, accepted: &str) -> Reader {
        let request = Request::get(path).header(ACCEPT_LANGUAGE, accepted).body(()).expect("a request");
        Reader::of(&request.into_parts().0)
    }

    #[test]
    fn the_best_known_language_is_taken() {
        for (accepted, expected) in [
            ("", "en"),
            ("de", "de"),
            ("de-AT, en;q=0.8", "de"),
            ("DE-at", "de"),
            ("en;q=0.5, de;q=0.7", "de"),
            ("de;q=0, en", "en"),
            ("fr, de;q=0.3", "de"),
            ("fr", "en"),
            ("*", "en"),
            ("de;q=x, ,;", "en"),
        ] {
            assert_eq!(reader("/", accepted).language.code, expected, "{accepted}");
        }
    }

    #[test]
    fn the_address_counts_first_and_is_carried_on() {
        let chosen = reader("/enrol/x?a=1&lang=de", "en");
        assert_eq!((chosen.language.code, chosen.path("/y").as_str()), ("de", "/y?lang=de"));
        let unknown = reader("/enrol/x?lang=tlh", "de");
        assert_eq!((unknown.language.code, unknown.path("/y").as_str()), ("de", "/y"));
    }
}
