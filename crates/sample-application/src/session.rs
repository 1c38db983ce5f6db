//! Sessions: which person installs the application in which browser, kept in memory under a name that cannot be guessed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The most sessions; then the oldest ends.
const MOST: usize = 1_000;
/// The name of the cookie. Cookies of one host are shared by all its ports, so it is the application's own.
const NAME: &str = "latchkey_sample";

/// One installation.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The person's id at Rollcall.
    pub(crate) person: String,
    /// The application's own name for the device.
    pub(crate) device: String,
    /// What the person calls it.
    pub(crate) device_name: String,
    /// The address to which the mail goes, as the person typed it.
    pub(crate) address: String,
    /// What Rollcall said to the last wish for a code.
    pub(crate) sending: Sending,
    /// Whether a code from the person's mail was typed in this browser; nothing of the person is shown before.
    pub(crate) verified: bool,
}

/// What Rollcall said when a code was wished for.
#[derive(Clone, Debug)]
pub(crate) enum Sending {
    /// It is on its way to an address, most of which is hidden, and counts until then.
    To { address: String, until: String },
    /// It sends none at the moment, and says why.
    NotNow(String),
}

/// All of them.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_name: HashMap<String, Session>,
    oldest_first: VecDeque<String>,
}

impl Sessions {
    /// The session of a request with its name.
    pub(crate) fn of(&self, headers: &HeaderMap) -> Option<(String, Session)> {
        let name = cookie(headers)?;
        let session = self.kept().by_name.get(&name)?.clone();
        Some((name, session))
    }

    /// Keeps a session under a new name, in place of the one under the old name; answers the cookie.
    pub(crate) fn begin(&self, before: Option<&str>, session: Session) -> HeaderValue {
        let name = unguessable();
        let mut kept = self.kept();
        if let Some(before) = before {
            kept.by_name.remove(before);
            kept.oldest_first.retain(|name| name != before);
        }
        while kept.oldest_first.len() >= MOST {
            let oldest = kept.oldest_first.pop_front();
            oldest.and_then(|oldest| kept.by_name.remove(&oldest));
        }
        kept.by_name.insert(name.clone(), session);
        kept.oldest_first.push_back(name.clone());
        set_cookie(&name, "")
    }

    /// Changes a session that is still there.
    pub(crate) fn change(&self, name: &str, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.kept().by_name.get_mut(name) {
            change(session);
        }
    }

    /// Ends a session; answers the cookie that takes the name out of the browser.
    pub(crate) fn end(&self, name: &str) -> HeaderValue {
        let mut kept = self.kept();
        kept.by_name.remove(name);
        kept.oldest_first.retain(|other| other != name);
        set_cookie("", "; Max-Age=0")
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 256 random bits as text.
pub(crate) fn unguessable() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == NAME).map(|(_, value)| value.to_owned())
}

fn set_cookie(value: &str, more: &str) -> HeaderValue {
    let cookie = format!("{NAME}={value}; Path=/; HttpOnly; SameSite=Strict{more}");
    HeaderValue::from_str(&cookie).expect("letters and digits are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(address: &str) -> Session {
        Session {
            person: "p".to_owned(),
            device: "d".to_owned(),
            device_name: "laptop".to_owned(),
            address: address.to_owned(),
            sending: Sending::NotNow(String::new()),
            verified: false,
        }
    }

    fn sent_back(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().expect("text").split(';').next().expect("a pair");
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("a=b; {pair}")).expect("text"))])
    }

    #[test]
    fn a_session_is_found_by_its_cookie_until_it_ends_or_gets_another_name() {
        let sessions = Sessions::default();
        assert!(sessions.of(&HeaderMap::new()).is_none());
        let first = sessions.begin(None, session("ada@a.example"));
        let (name, found) = sessions.of(&sent_back(&first)).expect("a session");
        assert_eq!((found.address.as_str(), name.len()), ("ada@a.example", 43));
        let second = sessions.begin(Some(&name), Session { verified: true, ..found });
        assert!(sessions.of(&sent_back(&first)).is_none(), "the name from before is worth nothing");
        let (name, found) = sessions.of(&sent_back(&second)).expect("a session");
        assert!(found.verified);
        assert!(sessions.end(&name).to_str().expect("text").contains("Max-Age=0"));
        assert!(sessions.of(&sent_back(&second)).is_none());
    }

    #[test]
    fn the_oldest_session_makes_room() {
        let sessions = Sessions::default();
        let first = sessions.begin(None, session("first"));
        let second = sessions.begin(None, session("second"));
        for _ in 0..MOST - 1 {
            sessions.begin(None, session("more"));
        }
        assert!(sessions.of(&sent_back(&first)).is_none());
        assert!(sessions.of(&sent_back(&second)).is_some());
        assert_eq!(sessions.kept().by_name.len(), MOST);
    }
}
