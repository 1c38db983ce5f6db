//! What every security event token has: its claims, its subject, its transaction, its signature (RFC 8417, RFC 9967 §2).
use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::feed::{EVENT, Feed, Form, Site, Told, is, payload, token_about};
use crate::support::{id_of, member, name_of, path_of, with};
use crate::{environment, patch_op, unique, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_evt_01, r_evt_02, r_evt_03, r_evt_04, r_evt_05, r_evt_06, r_evt_07, r_evt_11, r_evt_14, r_evt_15,
    r_evt_16, r_evt_21, r_evt_22, r_evt_31,
];

/// Makes a user, changes, replaces and deletes it; answers what was told of it and the user as it was made.
fn life(feed: &Feed<'_>) -> (Vec<Told>, Value) {
    let scratch = &feed.site.scratch;
    let person = scratch.person(&json!({ "externalId": unique("ext"), "title": "Dr" }));
    let path = path_of(&person);
    scratch.change(&person, json!([{ "op": "replace", "path": "title", "value": "Prof" }]));
    let whole = json!({ "externalId": person["externalId"], "title": "Sir" });
    scratch.replace(&person, &with(&user(name_of(&person)), &whole));
    scratch.delete(&path).expect_status(204);
    (feed.until(&path, &["prov:create", "prov:delete"]), person)
}

/// The tokens about one user in all its life.
fn told_of_a_life(run: &Run) -> (Vec<Told>, Value) {
    let site = Site::of(run);
    life(&site.feed(Form::Any))
}

/// A token has `iss`, `iat`, `jti`, and `events` by their URIs.
fn r_evt_01(run: &Run) {
    for Told { name, claims, .. } in told_of_a_life(run).0 {
        assert!(claims["iss"].as_str().is_some_and(|issuer| !issuer.is_empty()), "no `iss`: {claims}");
        assert!(claims["iat"].is_number(), "no `iat`: {claims}");
        assert!(claims["jti"] == name.as_str() && !name.is_empty(), "`jti` is not {name}: {claims}");
        let events = claims["events"].as_object().filter(|events| !events.is_empty());
        let events = events.unwrap_or_else(|| panic!("no events in {claims}"));
        for (uri, payload) in events {
            assert!(uri.contains(':') && payload.is_object(), "no event by its URI: {claims}");
        }
    }
}

/// A token has the type `secevent+jwt`, names its receiver and does not expire.
fn r_evt_02(run: &Run) {
    for Told { header, claims, .. } in told_of_a_life(run).0 {
        let kind = header["typ"].as_str().unwrap_or_default().to_lowercase();
        assert_eq!(kind.trim_start_matches("application/"), "secevent+jwt", "{header}");
        let audience = &claims["aud"];
        assert!(
            audience.is_string() || audience.as_array().is_some_and(|all| !all.is_empty()),
            "no `aud`: {claims}"
        );
        assert!(claims.get("exp").is_none(), "an `exp`: {claims}");
    }
}

/// `sub_id` has the format `scim` and the path of the resource.
fn r_evt_03(run: &Run) {
    let (told, person) = told_of_a_life(run);
    for Told { claims, .. } in told {
        assert_eq!(claims["sub_id"]["format"], "scim", "{claims}");
        assert_eq!(claims["sub_id"]["uri"], path_of(&person), "{claims}");
    }
}

/// There is no `sub`, and no `sub_id` inside an event.
fn r_evt_04(run: &Run) {
    for Told { claims, .. } in told_of_a_life(run).0 {
        assert!(claims.get("sub").is_none(), "a `sub`: {claims}");
        let events = claims["events"].as_object().into_iter().flatten();
        for (_, payload) in events {
            assert!(payload.get("sub_id").is_none(), "a `sub_id` in an event: {claims}");
        }
    }
}

/// What `sub_id` says beside the path is what the resource has.
fn r_evt_05(run: &Run) {
    let (told, person) = told_of_a_life(run);
    for Told { claims, .. } in told {
        for (name, value) in claims["sub_id"].as_object().into_iter().flatten() {
            if !["format", "uri"].contains(&name.as_str()) {
                assert_eq!(*value, person[name.as_str()], "{name} in {claims}");
            }
        }
    }
}

/// All tokens about one change have its `txn`, and each has a `jti` of its own.
fn r_evt_06(run: &Run) {
    let site = Site::of(run);
    let (first, second) = (site.feed(Form::Any), site.feed(Form::Notice));
    let person = site.scratch.person(&json!({}));
    let path = path_of(&person);
    let ask = json!({ "returnImmediately": true });
    let one = first.poll_until(&ask, |answer| token_about(answer, &path));
    let again = first.poll_until(&ask, |answer| token_about(answer, &path));
    let other = second.until(&path, &["prov:create"]).remove(0);
    let txn = |told: &Told| told.claims["txn"].as_str().map(str::to_owned);
    assert!(txn(&one).is_some_and(|txn| !txn.is_empty()), "{}", one.claims);
    assert_eq!(txn(&one), txn(&again), "the token came again");
    assert_eq!(txn(&one), txn(&other), "two streams heard of one change");
    assert_eq!(one.claims["jti"], again.claims["jti"]);
    assert_ne!(one.claims["jti"], other.claims["jti"]);
    site.scratch.change(&person, json!([{ "op": "add", "path": "title", "value": "Dr" }]));
    let told = second.until(&path, &["prov:create", "prov:patch"]);
    let changed = told.iter().find(|one| one.payload("prov:patch").is_some());
    assert_ne!(txn(&one), changed.and_then(txn), "another change is another transaction");
}

/// Events of one token are about one resource and one transaction.
fn r_evt_07(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let person = site.scratch.person(&json!({ "active": true }));
    let team = site.scratch.team_of(&[&person]);
    site.scratch.change(&person, json!([{ "op": "replace", "path": "active", "value": false }]));
    site.scratch.delete(&path_of(&person)).expect_status(204);
    feed.until(&path_of(&person), &["prov:create", "prov:patch", "prov:delete"]);
    feed.until(&path_of(&team), &["prov:create"]);
    for Told { claims, .. } in feed.all() {
        assert!(claims["sub_id"]["uri"].is_string(), "not one subject: {claims}");
        assert!(claims["txn"].is_string(), "no `txn`: {claims}");
    }
    for told in feed.about(&path_of(&team)) {
        assert!(told.payload("prov:delete").is_none(), "{}", told.claims);
    }
}

/// A full event has `data` and a notice has `attributes`, and neither has both.
fn r_evt_11(run: &Run) {
    for form in [Form::Full, Form::Notice] {
        let site = Site::of(run);
        let (told, _) = life(&site.feed(form));
        for (end, payload) in told.iter().flat_map(Told::events) {
            let has = |name: &str| payload.get(name).is_some();
            if end.ends_with(":full") {
                assert!(has("data") && !has("attributes"), "{end}: {payload}");
            } else if end.ends_with(":notice") {
                assert!(has("attributes") && !has("data"), "{end}: {payload}");
            } else {
                let formed = ["prov:create", "prov:patch", "prov:put"].iter().any(|event| is(&end, event));
                assert!(!formed, "{end} has neither form: {payload}");
            }
        }
    }
}

/// Whether a text is a path as PATCH writes it (RFC 7644 §3.5.2), without looking into a filter.
fn is_path(text: &str) -> bool {
    let is_urn = text.to_lowercase().starts_with("urn:");
    let (urn, rest) = text.rsplit_once(':').filter(|_| is_urn && !text.contains('[')).unwrap_or(("", text));
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '$')
            && name.chars().all(|one| one.is_ascii_alphanumeric() || "-_$".contains(one))
    };
    let rest = match (rest.find('['), rest.rfind(']')) {
        (Some(start), Some(end)) if start < end => format!("{}{}", &rest[..start], &rest[end + 1..]),
        _ => rest.to_owned(),
    };
    let parts: Vec<&str> = rest.split('.').collect();
    !urn.contains(' ') && parts.len() <= 2 && parts.iter().all(|part| is_name(part))
}

/// The names of changed attributes are paths as in PATCH.
fn r_evt_14(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Notice);
    let person = site.scratch.person(&json!({ "name": { "givenName": "Ada" } }));
    let operations = json!([
        { "op": "replace", "path": "name.familyName", "value": "King" },
        { "op": "add", "path": "title", "value": "Dr" },
    ]);
    site.scratch.change(&person, operations);
    let told = feed.until(&path_of(&person), &["prov:create", "prov:patch"]);
    for event in ["prov:create", "prov:patch"] {
        let names = payload(&told, event)["attributes"].as_array().cloned().unwrap_or_default();
        assert!(!names.is_empty(), "{event} names nothing");
        for name in &names {
            assert!(name.as_str().is_some_and(is_path), "{name} is no path");
        }
        let has = |wanted: &[&str]| names.iter().any(|name| wanted.iter().any(|one| name == one));
        if event == "prov:patch" {
            assert!(has(&["title"]) && has(&["name", "name.familyName"]), "{names:?}");
        }
    }
}

/// `version` is the new entity tag, as in `meta.version`.
fn r_evt_15(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let person = site.scratch.person(&json!({}));
    let operation = json!([{ "op": "add", "path": "title", "value": "Dr" }]);
    let patched = site.scratch.change(&person, operation);
    let body = with(&user(name_of(&person)), &json!({ "title": "Sir" }));
    let put = site.scratch.replace(&person, &body);
    let told = feed.until(&path_of(&person), &["prov:create", "prov:patch", "prov:put"]);
    for (event, resource) in [("prov:create", &person), ("prov:patch", &patched), ("prov:put", &put)] {
        let payload = payload(&told, event);
        assert!(payload["version"].is_string(), "{event}: {payload}");
        assert_eq!(payload["version"], resource["meta"]["version"], "{event}");
    }
}

/// No password is told.
fn r_evt_16(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let secrets: Vec<String> = (0..3).map(|_| format!("Xq7!{}", unique("secret"))).collect();
    let person = site.scratch.person(&json!({ "password": secrets[0] }));
    let operations = json!([
        { "op": "replace", "path": "password", "value": secrets[1] },
        { "op": "add", "path": "title", "value": "Dr" },
    ]);
    site.scratch.patch(&path_of(&person), &patch_op(operations));
    let body = with(&user(name_of(&person)), &json!({ "password": secrets[2], "title": "Sir" }));
    site.scratch.replace(&person, &body);
    for told in feed.until(&path_of(&person), &["prov:create", "prov:patch", "prov:put"]) {
        let text = told.claims.to_string();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{text}");
        for (end, payload) in told.events() {
            assert!(payload["data"].get("password").is_none(), "a password in {end}: {payload}");
        }
    }
}

/// The URIs of an array that are those of SCIM events, whatever their case.
fn uris(all: &Value) -> BTreeSet<String> {
    let all = all.as_array().into_iter().flatten().filter_map(Value::as_str);
    all.filter(|uri| uri.to_lowercase().starts_with(EVENT)).map(str::to_owned).collect()
}

/// The configuration lists the events that streams can carry, and no others.
fn r_evt_21(run: &Run) {
    let config = run.service().config.clone().unwrap_or_default();
    let listed = &config["securityEvents"]["eventUris"];
    assert!(!uris(listed).is_empty(), "no eventUris in {config}");
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let supported = &feed.stream["events_supported"];
    if supported.is_array() {
        assert_eq!(uris(listed), uris(supported));
    }
    let (told, _) = life(&feed);
    for (uri, _) in told.iter().filter_map(|one| one.claims["events"].as_object()).flatten() {
        assert!(uris(listed).contains(uri), "{uri} is not listed: {listed}");
    }
}

/// The URIs of events are in lower case.
fn r_evt_22(run: &Run) {
    let config = run.service().config.clone().unwrap_or_default();
    let are_lower = |all: &Value| {
        for uri in uris(all) {
            assert_eq!(uri, uri.to_lowercase());
        }
    };
    are_lower(&config["securityEvents"]["eventUris"]);
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    are_lower(&feed.stream["events_supported"]);
    are_lower(&feed.stream["events_delivered"]);
    for told in life(&feed).0 {
        let events = told.claims["events"].as_object();
        are_lower(&events.into_iter().flatten().map(|(uri, _)| json!(uri)).collect());
    }
}

/// Tokens are signed, and the keys for that are published.
fn r_evt_31(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let person = site.scratch.person(&json!({}));
    site.scratch.team(&json!({ "members": [member(&person)] }));
    let told = feed.until(&path_of(&person), &["prov:create"]);
    let is_signed = |told: &Told, keys: &Value| {
        told.is_signed_by(keys).unwrap_or_else(|error| panic!("{error}: {}", told.token));
    };
    let keys = site.keys();
    assert!(keys["keys"].as_array().into_iter().flatten().all(|key| key.get("d").is_none()), "{keys}");
    for one in &told {
        is_signed(one, &keys);
    }
    // The command line has the key that seals those of tenants only beside a database of this machine.
    let Some(made) = site.made.as_ref().filter(|_| environment::database() == Some("sqlite")) else { return };
    made.rollcall(&["stream", "renew-keys", "--tenant", &made.tenant, "--json"]);
    let next = site.scratch.person(&json!({}));
    let after = feed.until(&path_of(&next), &["prov:create"]).remove(0);
    let keys = site.keys();
    for one in told.iter().chain([&after]) {
        is_signed(one, &keys);
    }
    assert_ne!(told[0].header["kid"], after.header["kid"], "{}", id_of(&next));
    let ed25519 = site.feed_with(Form::Any, &json!({ "signing_algorithm": "EdDSA" }));
    let path = path_of(&site.scratch.person(&json!({})));
    let ask = json!({ "returnImmediately": true });
    let told = ed25519.poll_until(&ask, |answer| token_about(answer, &path));
    assert_eq!(told.header["alg"], "EdDSA");
    is_signed(&told, &site.keys());
}
