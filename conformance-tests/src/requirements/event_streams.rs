//! How a receiver sets a stream up (OpenID Shared Signals 1.0), and asks for its tokens (RFC 8936).
use std::panic::resume_unwind;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::feed::{Feed, Form, PATIENCE, PAUSE, Site, Told, sets, token_about};
use crate::support::path_of;
use crate::{Answer, Target};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![r_evt_27, r_evt_28, r_evt_29, r_evt_30, r_evt_34];

/// The event by which a stream shows that it works.
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// A question is JSON with `maxEvents`, `returnImmediately`, `ack` and `setErrs`, its answer has `sets` and `moreAvailable`.
fn r_evt_27(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let paths = [(); 2].map(|()| path_of(&site.scratch.person(&json!({}))));
    let ask = json!({ "maxEvents": 1, "returnImmediately": true, "ack": [], "setErrs": {} });
    let (name, told) = feed.poll_until(&ask, |answer| {
        let media = answer.header("content-type").unwrap_or_default().to_lowercase();
        if !media.starts_with("application/json") {
            answer.fail(&format!("content type {media:?} instead of application/json"));
        }
        let (sets, more) = (sets(answer), answer.json()["moreAvailable"].clone());
        if sets.len() > 1 || !(more.is_null() || more.is_boolean()) {
            answer.fail("more than one token, or a `moreAvailable` that is no boolean");
        }
        let (name, token) = sets.iter().next().filter(|_| more == true)?;
        Some((name.clone(), Told::of(name, token.as_str().unwrap_or_default())))
    });
    assert_eq!(told.claims["jti"], name.as_str(), "tokens are named by their ids");
    let error = json!({ "err": "invalid_request", "description": "a test" });
    let body = json!({ "maxEvents": 0, "returnImmediately": true, "setErrs": { name.clone(): error } });
    feed.poll(&body);
    let other = paths.iter().find(|path| !told.is_about(path)).cloned().unwrap_or_default();
    feed.poll_until(&json!({ "returnImmediately": true }), |answer| token_about(answer, &other));
}

/// `maxEvents` of 0 only acknowledges, and a token comes until it is acknowledged.
fn r_evt_28(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let path = path_of(&site.scratch.person(&json!({})));
    let ask = json!({ "returnImmediately": true });
    let first = feed.poll_until(&ask, |answer| token_about(answer, &path));
    let again = feed.poll_until(&ask, |answer| token_about(answer, &path));
    assert_eq!(first.name, again.name);
    let none = feed.poll(&json!({ "maxEvents": 0, "returnImmediately": true }));
    assert!(sets(&none).is_empty(), "{}", none.text);
    feed.poll_until(&ask, |answer| token_about(answer, &path));
    let taken = feed.poll(&json!({ "maxEvents": 0, "returnImmediately": true, "ack": [first.name] }));
    assert!(sets(&taken).is_empty(), "{}", taken.text);
    // Another token shows that the stream goes on, without the one that was acknowledged.
    let next = path_of(&site.scratch.person(&json!({})));
    let last = feed.poll_until(&ask, |answer| {
        if sets(answer).contains_key(&first.name) {
            answer.fail("a token that was acknowledged comes again");
        }
        token_about(answer, &next)
    });
    let body = json!({ "returnImmediately": true, "ack": [last.name] });
    assert!(!sets(&feed.poll(&body)).contains_key(&last.name), "{} came again", last.name);
}

/// A question without `returnImmediately` waits for a token.
fn r_evt_29(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let (address, receiver, scratch) = (feed.address(), &site.receiver, &site.scratch);
    let start = Instant::now();
    let ahead = Duration::from_secs(1);
    let (answers, path) = thread::scope(|scope| {
        let asking = scope.spawn(move || waited(receiver, address));
        thread::sleep(ahead);
        let path = path_of(&scratch.person(&json!({})));
        (asking.join().unwrap_or_else(|error| resume_unwind(error)), path)
    });
    let (took, first) = (answers.0.saturating_duration_since(start), &answers.1);
    if sets(first).is_empty() {
        assert!(took >= ahead, "an answer without tokens came after {took:?}");
    }
    if token_about(first, &path).is_none() {
        feed.poll_until(&json!({}), |answer| token_about(answer, &path));
    }
}

/// When the answer to a question came that may wait, and the answer.
fn waited(receiver: &Target, address: &str) -> (Instant, Answer) {
    let request = receiver.request("POST", address).header("accept", "application/json");
    let request = request.header("content-type", "application/json").within(PATIENCE * 2);
    let answer = request.json(&json!({})).send();
    if answer.status != 200 {
        answer.fail("no answer to a question that waits");
    }
    (Instant::now(), answer)
}

/// Streams and their tokens are for their receiver alone, and over TLS.
fn r_evt_30(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let path = path_of(&site.scratch.person(&json!({})));
    let ask = json!({ "returnImmediately": true });
    feed.poll_until(&ask, |answer| token_about(answer, &path));
    let stream = format!("{}?stream_id={}", site.endpoint("configuration_endpoint"), feed.id());
    for address in [stream.as_str(), feed.address()] {
        let is_secret = site.receiver.base.starts_with("https://");
        assert!(!is_secret || address.starts_with("https://"), "{address}");
    }
    let mut strangers = vec![None, Some("nobody".to_owned())];
    if site.made.is_some() {
        let (_, stranger, _) = run.streams();
        strangers.push(Some(stranger.token));
    }
    for token in strangers {
        for (method, address) in [("GET", stream.as_str()), ("POST", feed.address()), ("DELETE", &stream)] {
            let request = site.receiver.request(method, address).header("content-type", "application/json");
            let request = request.header("accept", "application/json").json(&ask);
            let request = match &token {
                Some(token) => request.token(token),
                None => request.no_auth(),
            };
            let answer = request.send();
            if ![401, 403, 404].contains(&answer.status) {
                answer.fail("a stranger is not turned away");
            }
        }
    }
    feed.poll_until(&ask, |answer| token_about(answer, &path));
}

/// Streams are set up, shown, changed, verified and deleted as Shared Signals has it.
fn r_evt_34(run: &Run) {
    let (scratch, receiver, made) = run.streams();
    let found = Site::discovery(&receiver);
    if found.status != 200 {
        found.fail("no `/.well-known/ssf-configuration`");
    }
    let site = Site { scratch, receiver, metadata: found.json(), made };
    assert!(site.metadata["issuer"].is_string(), "{}", site.metadata);
    let methods = &site.metadata["delivery_methods_supported"];
    assert!(methods.as_array().is_some_and(|all| !all.is_empty()), "{}", site.metadata);
    let feed = site.feed(Form::Notice);
    assert_eq!(feed.stream["iss"], site.metadata["issuer"], "{}", feed.stream);
    for name in ["aud", "events_delivered", "delivery"] {
        assert!(!feed.stream[name].is_null(), "no {name} in {}", feed.stream);
    }
    is_changed(&site, &feed);
    is_verified(&site, &feed);
    let one = format!("{}?stream_id={}", site.endpoint("configuration_endpoint"), feed.id());
    answered(site.call("DELETE", &one, None), 204);
    answered(site.call("GET", &one, None), 404);
}

/// The answer, which must have this status.
fn answered(answer: Answer, status: u16) -> Answer {
    if answer.status != status {
        answer.fail(&format!("status {} where {status} was expected", answer.status));
    }
    answer
}

/// Requires that a stream can be read and changed, in part and as a whole, paused and enabled.
fn is_changed(site: &Site, feed: &Feed<'_>) {
    let endpoint = site.endpoint("configuration_endpoint");
    let one = format!("{endpoint}?stream_id={}", feed.id());
    let shown = answered(site.call("GET", &one, None), 200).json();
    assert_eq!(shown["stream_id"], feed.id(), "{shown}");
    let list = answered(site.call("GET", &endpoint, None), 200).json();
    let is_listed = list.as_array().into_iter().flatten().any(|stream| stream["stream_id"] == feed.id());
    assert!(is_listed, "{list}");
    let change = json!({ "stream_id": feed.id(), "description": "another one" });
    let changed = answered(site.call("PATCH", &endpoint, Some(&change)), 200).json();
    assert_eq!(changed["description"], "another one");
    assert_eq!(changed["events_requested"], shown["events_requested"], "what is not said stays");
    let delivery = json!({ "method": "urn:ietf:rfc:8936" });
    let whole =
        json!({ "stream_id": feed.id(), "events_requested": Form::Notice.asked(), "delivery": delivery });
    let replaced = answered(site.call("PUT", &endpoint, Some(&whole)), 200).json();
    assert_ne!(replaced["description"], "another one", "what is not said is gone");
    let status = site.endpoint("status_endpoint");
    for word in ["paused", "enabled"] {
        let body = json!({ "stream_id": feed.id(), "status": word });
        answered(site.call("POST", &status, Some(&body)), 200);
        let shown = answered(site.call("GET", &format!("{status}?stream_id={}", feed.id()), None), 200);
        assert_eq!(shown.json()["status"], word);
    }
}

/// Requires that a stream tells what it was asked to tell.
fn is_verified(site: &Site, feed: &Feed<'_>) {
    let body = json!({ "stream_id": feed.id(), "state": "a test" });
    answered(site.call("POST", &site.endpoint("verification_endpoint"), Some(&body)), 204);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = feed.take();
        let said = feed.all().into_iter().find_map(|one| one.claims["events"].get(VERIFICATION).cloned());
        if let Some(said) = said {
            let state: &Value = &said["state"];
            assert_eq!(*state, "a test");
            return;
        }
        if Instant::now() > deadline {
            answer.fail("no verification came");
        }
        thread::sleep(PAUSE);
    }
}
