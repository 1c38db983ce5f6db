//! Tokens that the server sends to an address of the receiver (RFC 8935).
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::feed::Site;
use crate::support::listener::{Heard, Listener};
use crate::support::path_of;

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![r_evt_23, r_evt_24, r_evt_25, r_evt_26];

/// The words for a refusal (RFC 8935 §2.4).
const WORDS: [&str; 6] = [
    "invalid_request",
    "invalid_key",
    "invalid_issuer",
    "invalid_audience",
    "authentication_failed",
    "access_denied",
];
/// How long nothing may come again.
const QUIET: Duration = Duration::from_secs(8);

fn taken() -> (u16, String) {
    (202, String::new())
}

fn refusal(word: &str) -> (u16, String) {
    (400, json!({ "err": word, "description": "a test" }).to_string())
}

/// Whether a token about this resource came.
fn came(heard: &[Heard], path: &str) -> bool {
    heard.iter().any(|one| one.token().is_about(path))
}

/// The ids of the tokens about a resource, as often as they came.
fn ids(heard: &[Heard], path: &str) -> Vec<Value> {
    let tokens = heard.iter().map(Heard::token).filter(|told| told.is_about(path));
    tokens.map(|told| told.claims["jti"].clone()).collect()
}

/// A token is sent by POST as `application/secevent+jwt`, and the sender takes JSON.
fn r_evt_23(run: &Run) {
    let site = Site::of(run);
    let listener = Listener::open(&site, |_| taken());
    listener.subscribe(&site);
    let path = path_of(&site.scratch.person(&json!({})));
    let heard = listener.until("a token about a new user", |heard| came(heard, &path));
    for one in heard {
        assert_eq!(one.method, "POST");
        let header = |name: &str| one.headers.get(name).map(|value| value.to_lowercase()).unwrap_or_default();
        assert_eq!(header("content-type"), "application/secevent+jwt");
        assert!(header("accept").contains("application/json"), "accept: {}", header("accept"));
        assert_eq!(one.body.split('.').count(), 3, "{}", one.body);
    }
}

/// What is taken with 202, or refused with 400, does not come again.
fn r_evt_24(run: &Run) {
    let site = Site::of(run);
    let reply = |number| if number == 0 { refusal("invalid_request") } else { taken() };
    let listener = Listener::open(&site, reply);
    listener.subscribe(&site);
    let refused = path_of(&site.scratch.person(&json!({})));
    listener.until("a token about a new user", |heard| came(heard, &refused));
    let next = path_of(&site.scratch.person(&json!({})));
    listener.until("a token after a refusal", |heard| came(heard, &next));
    thread::sleep(QUIET);
    let heard = listener.heard();
    assert_eq!((ids(&heard, &refused).len(), ids(&heard, &next).len()), (1, 1), "{heard:?}");
}

/// After a refusal by any of the registered words the next token comes.
fn r_evt_25(run: &Run) {
    let site = Site::of(run);
    let listeners = WORDS.map(|word| {
        let reply = move |number| if number == 0 { refusal(word) } else { taken() };
        let listener = Listener::open(&site, reply);
        listener.subscribe(&site);
        (word, listener)
    });
    let refused = path_of(&site.scratch.person(&json!({})));
    for (word, listener) in &listeners {
        listener.until(&format!("a token for {word}"), |heard| came(heard, &refused));
    }
    let next = path_of(&site.scratch.person(&json!({})));
    for (word, listener) in &listeners {
        listener.until(&format!("a token after {word}"), |heard| came(heard, &next));
    }
}

/// A token that could not be taken comes again, before what was told later of the same resource.
fn r_evt_26(run: &Run) {
    let site = Site::of(run);
    let reply = |number| if number == 0 { (503, String::new()) } else { taken() };
    let listener = Listener::open(&site, reply);
    listener.subscribe(&site);
    let person = site.scratch.person(&json!({}));
    let path = path_of(&person);
    listener.until("a token about a new user", |heard| came(heard, &path));
    site.scratch.change(&person, json!([{ "op": "add", "path": "title", "value": "Dr" }]));
    let heard = listener.until("three tokens", |heard| ids(heard, &path).len() >= 3);
    let found = ids(&heard, &path);
    assert_eq!(found[0], found[1], "the same token comes again");
    assert_ne!(found[1], found[2], "what was told later comes after it");
}
