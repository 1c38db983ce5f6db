//! What was refused before anyone knew which connection sent it: wrong tokens and wrong addresses, for the page that watches
//! the first request of a connection. The last ones are kept in memory, without the token.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::extract::Request;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::HeaderMap;
use http::header::{AUTHORIZATION, USER_AGENT};
use operations::secret::{LENGTH, PREFIX};

use crate::app::App;
use crate::http::paths::{SCIM, is_below, is_scim};
use crate::request_log::mask::url_path;

/// Refusals that are kept.
const KEPT: usize = 200;
/// Characters of a token by which people tell tokens apart.
const HINT: usize = PREFIX.len() + 4;
/// Kinds of sign-in that are named; a header of an unknown kind may be a secret.
const SCHEMES: &[&str] = &["Basic", "Digest", "Negotiate", "NTLM", "OAuth", "SSWS", "Token", "ApiKey"];
/// First segments of paths that no identity provider asks for.
const OURS: &[&str] =
    &["console", "api", "enrol", "assets", "healthz", "readyz", "metrics", "favicon.ico", "robots.txt"];

/// What stood in the place of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// No `Authorization` header.
    Nothing,
    /// A header of another kind, such as `Basic`.
    OtherScheme(&'static str),
    /// A text that none of our tokens begins with.
    Foreign,
    /// A token of ours that is too short or too long: its first characters and its length.
    Cut(String, usize),
    /// A token of the right form: its first characters.
    Whole(String),
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) at: DateTime<Utc>,
    pub(crate) method: String,
    /// The path, masked.
    pub(crate) path: String,
    pub(crate) agent: String,
    pub(crate) sent: Sent,
    pub(crate) status: u16,
}

impl Refused {
    /// Whether the path, which is no path of SCIM, ends as one.
    pub(crate) fn names_a_resource(&self) -> bool {
        let path = self.path.to_ascii_lowercase();
        ["/users", "/groups", "/serviceprovider"].iter().any(|name| path.contains(name))
    }

    /// The first characters of the token of ours that came with it.
    pub(crate) fn hint(&self) -> Option<&str> {
        match &self.sent {
            Sent::Whole(hint) | Sent::Cut(hint, _) => Some(hint),
            _ => None,
        }
    }

    /// The same without what its sender could choose, for administrators of whom nothing says that it is theirs.
    pub(crate) fn anonymous(mut self) -> Self {
        self.agent.clear();
        self.path = names_only(&self.path);
        if let Sent::Whole(hint) | Sent::Cut(hint, _) = &mut self.sent {
            hint.clear();
        }
        self
    }

    /// A request that may be refused; nothing for one that is no try of an identity provider.
    fn seen(request: &Request) -> Option<Self> {
        let path = request.uri().path();
        if OURS.iter().any(|other| is_below(path, other)) {
            return None;
        }
        let agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        let agent = agent.unwrap_or_default().chars().filter(|letter| !letter.is_control());
        Some(Self {
            at: DateTime::UNIX_EPOCH,
            method: request.method().to_string(),
            path: url_path(path).chars().take(200).collect(),
            agent: agent.take(100).collect(),
            sent: sent(request.headers()),
            status: 0,
        })
    }
}

/// The last refusals of this process.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<VecDeque<Refused>>);

impl Refusals {
    fn push(&self, refused: Refused) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that is like another takes its place, so that no single client drives out all others.
        let alike = |other: &Refused| {
            (&other.sent, &other.path, other.status) == (&refused.sent, &refused.path, refused.status)
        };
        kept.retain(|other| !alike(other));
        kept.truncate(KEPT - 1);
        kept.push_front(refused);
    }

    /// Those since an instant, the newest first.
    pub(crate) fn since(&self, since: DateTime<Utc>) -> Vec<Refused> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().take_while(|refused| refused.at >= since).cloned().collect()
    }
}

/// What stands in the place of a token.
fn sent(headers: &HeaderMap) -> Sent {
    let Some(value) = headers.get(AUTHORIZATION) else { return Sent::Nothing };
    let value = value.to_str().unwrap_or_default().trim();
    let first = value.split(' ').next().unwrap_or_default();
    let rest = value.split_once(' ').map_or("", |(_, rest)| rest);
    if let Some(known) = SCHEMES.iter().find(|known| known.eq_ignore_ascii_case(first)) {
        return Sent::OtherScheme(known);
    }
    // Without a scheme the whole of it is taken for the token.
    let bearer = first.eq_ignore_ascii_case("bearer");
    let token = if bearer { rest } else { value };
    let token = token.trim();
    // Quotation marks and blanks around a token are typed by mistake, so the token is recognised behind them.
    let bare = token.trim_matches(|letter: char| "\"'<> ".contains(letter));
    let hint: String = bare.chars().take(HINT).collect();
    match token.len() {
        _ if !bare.starts_with(PREFIX) => Sent::Foreign,
        LENGTH if bare == token && bearer => Sent::Whole(hint),
        length => Sent::Cut(hint, length),
    }
}

/// A masked path without the ids of users and groups.
fn names_only(path: &str) -> String {
    let named = |segment: &str| segment.len() < 36;
    path.split('/').filter(|segment| named(segment)).collect::<Vec<_>>().join("/")
}

/// Keeps a request that named no connection and was refused.
pub(crate) async fn watch<F: Future<Output = Response>>(
    app: &App,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let Some(mut seen) = Refused::seen(&request) else { return answer(request).await };
    // An address that was entered twice is found below the right one.
    let in_scim = is_scim(request.uri().path()) && request.uri().path().matches(SCIM).count() == 1;
    let response = answer(request).await;
    let status = response.status().as_u16();
    // Outside of SCIM every request of an identity provider is lost; a browser that asks for a picture is none.
    let lost = !in_scim && status >= 400 && (seen.sent != Sent::Nothing || seen.names_a_resource());
    if (in_scim && status == 401) || lost {
        (seen.at, seen.status) = (app.now(), status);
        app.refusals().push(seen);
    }
    response
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_stands_in_the_place_of_a_token_is_told_without_the_token() {
        let whole = format!("{PREFIX}{}", "a".repeat(LENGTH - PREFIX.len()));
        let hint = "rollcall_aaaa".to_owned();
        for (value, expected) in [
            (None, Sent::Nothing),
            (Some("Basic YTpi".to_owned()), Sent::OtherScheme("Basic")),
            (Some("SuperSecretPassword123 trailing".to_owned()), Sent::Foreign),
            (Some(format!("{whole} x")), Sent::Cut(hint.clone(), LENGTH + 2)),
            (Some("Bearer eyJhbGciOi".to_owned()), Sent::Foreign),
            (Some("Bearer".to_owned()), Sent::Foreign),
            (Some(format!("bearer {whole}")), Sent::Whole(hint.clone())),
            (Some(format!("Bearer {}", &whole[..50])), Sent::Cut(hint.clone(), 50)),
            (Some(format!("Bearer \"{whole}\"")), Sent::Cut(hint.clone(), LENGTH + 2)),
            (Some(whole.clone()), Sent::Cut(hint, LENGTH)),
        ] {
            let headers =
                value.iter().map(|text| (AUTHORIZATION, HeaderValue::from_str(text).expect("text")));
            assert_eq!(sent(&headers.collect()), expected, "{value:?}");
        }
    }
}
