//! Creating resources with POST (RFC 7644 §3.3).
use std::thread;

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, GROUP, NOT_WRITABLE, assert_only, assert_unassigned, id_of, keys, name_of, path_of, refused,
    with,
};
use crate::{Level, encode, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_create_01,
    r_create_02,
    r_create_03,
    r_create_04,
    r_create_05,
    r_create_06,
    r_create_07,
    r_create_08,
    r_create_09,
    r_create_10,
    r_create_11,
    r_create_12,
    r_create_13,
    r_create_14,
    r_create_15,
    r_create_16,
    r_create_17,
    r_create_18,
    r_create_19,
];

/// A valid user is created with 201.
fn r_create_01(run: &Run) {
    let scratch = run.shared();
    let name = unique("create");
    let answer = scratch.post("/Users", &user(&name)).expect_status(201);
    assert_eq!(answer.at("/userName"), Some(json!(name)), "{}", answer.text);
}

/// The answer to a POST is the whole stored representation.
fn r_create_02(run: &Run) {
    let scratch = run.shared();
    let created = scratch.person(&json!({
        "title": "Tour Guide",
        "emails": [{ "value": "guide@people.example", "type": "work", "primary": true }],
        ENTERPRISE: { "department": "Tours" },
    }));
    assert_eq!(created, scratch.again(&created));
    assert_eq!(created["title"], "Tour Guide");
}

/// `Location` names the new resource, equals `meta.location` and can be read.
fn r_create_03(run: &Run) {
    let scratch = run.shared();
    let answer = scratch.post("/Users", &user(&unique("create"))).expect_status(201);
    let location = answer.header("location").expect("201 carries Location").to_owned();
    assert_eq!(answer.at("/meta/location"), Some(json!(location)));
    let read = scratch.get(&location).expect_status(200);
    assert_eq!(read.id(), answer.id());
}

/// Read-only attributes in the body are ignored without an error.
fn r_create_04(run: &Run) {
    let scratch = run.shared();
    let forged = json!({
        "id": "chosen-by-the-client",
        "meta": { "created": "2001-01-01T00:00:00Z", "version": "W/\"forged\"" },
        "groups": [{ "value": "forged", "display": "Forged" }],
    });
    let created = scratch.person(&forged);
    assert_ne!(id_of(&created), "chosen-by-the-client");
    assert_ne!(created["meta"]["created"], "2001-01-01T00:00:00Z");
    assert_ne!(created["meta"]["version"], "W/\"forged\"");
    assert_unassigned(&created, "groups");
    scratch.get("/Users/chosen-by-the-client").expect_error(404, &[]);
}

/// Whatever defaults the server gives to attributes left out, the answer already shows them.
fn r_create_05(run: &Run) {
    let scratch = run.shared();
    let created = scratch.person(&json!({}));
    let stored = scratch.again(&created);
    assert_eq!(keys(&created), keys(&stored));
    assert_eq!(created["active"], stored["active"]);
}

/// `null` and `[]` win over every default: the attribute is unassigned.
fn r_create_06(run: &Run) {
    let scratch = run.shared();
    let created = scratch.person(&json!({ "active": null, "title": null, "emails": [], "roles": null }));
    for resource in [&created, &scratch.again(&created)] {
        for name in ["active", "title", "emails", "roles"] {
            assert_unassigned(resource, name);
        }
    }
}

/// A second resource with the same unique value is refused with 409 `uniqueness`.
fn r_create_07(run: &Run) {
    let scratch = run.shared();
    let first = scratch.person(&json!({}));
    scratch.post("/Users", &user(name_of(&first))).expect_error(409, &["uniqueness"]);
}

/// The endpoint decides the resource type, whatever `meta.resourceType` claims.
fn r_create_08(run: &Run) {
    let scratch = run.shared();
    let claim = json!({ "meta": { "resourceType": "Group" } });
    assert_eq!(scratch.person(&claim)["meta"]["resourceType"], "User");
    let claim = json!({ "meta": { "resourceType": "User" } });
    assert_eq!(scratch.team(&claim)["meta"]["resourceType"], "Group");
}

/// A required attribute that is missing gives 400 `invalidValue`.
fn r_create_09(run: &Run) {
    let scratch = run.shared();
    let mut nameless = user("x");
    nameless.as_object_mut().expect("object").remove("userName");
    scratch.post("/Users", &nameless).expect_error(400, &["invalidValue"]);
    let unnamed = json!({ "schemas": [GROUP] });
    scratch.post("/Groups", &unnamed).expect_error(400, &["invalidValue"]);
}

/// A body without a proper `schemas` array gives 400 `invalidSyntax`.
fn r_create_10(run: &Run) {
    let scratch = run.shared();
    let mut without = user(&unique("create"));
    without.as_object_mut().expect("object").remove("schemas");
    // The client breaks the rule; no sentence forbids a server to be lenient.
    run.at_most(Level::Should, || {
        scratch.post("/Users", &without).expect_error(400, &["invalidSyntax"]);
        for schemas in [json!([]), json!("x"), json!(null), json!([5])] {
            let body = with(&without, &json!({ "schemas": schemas, "userName": unique("create") }));
            scratch.post("/Users", &body).expect_error(400, &["invalidSyntax"]);
        }
    });
    for schemas in [json!("x"), json!([5])] {
        let body = with(&without, &json!({ "schemas": schemas, "userName": unique("create") }));
        let answer = scratch.post("/Users", &body);
        assert!([201, 400].contains(&answer.status), "answered {}", answer.status);
    }
}

/// A body that is no JSON object gives 400 `invalidSyntax`.
fn r_create_11(run: &Run) {
    let scratch = run.shared();
    for body in ["", " ", "not json", "[]", "\"text\"", "42", "null", "{", "{\"userName\":}", "{} {}"] {
        let request = scratch.request("POST", "/Users").text(body, "application/scim+json");
        request.send().expect_error(400, &["invalidSyntax"]);
    }
}

/// The answer carries an `ETag` that equals `meta.version`.
fn r_create_12(run: &Run) {
    let scratch = run.shared();
    let answer = scratch.post("/Users", &user(&unique("create"))).expect_status(201);
    let tag = answer.header("etag").expect("201 carries ETag");
    assert_eq!(answer.at("/meta/version"), Some(json!(tag)));
}

/// `attributes` on a POST shapes the answer, not what is stored.
fn r_create_13(run: &Run) {
    let scratch = run.shared();
    let body = with(&user(&unique("create")), &json!({ "title": "Guide" }));
    let answer = scratch.post("/Users?attributes=userName", &body).expect_status(201);
    assert_only(&answer.json(), &["userName"]);
    assert_eq!(scratch.read(&format!("/Users/{}", answer.id()))["title"], "Guide");
}

/// A refused POST stores nothing.
fn r_create_14(run: &Run) {
    let scratch = run.shared();
    let name = unique("create");
    let wrong = with(&user(&name), &json!({ "active": "perhaps" }));
    scratch.post("/Users", &wrong).expect_error(400, &["invalidValue"]);
    let by_name = encode(&format!("userName eq \"{name}\""));
    assert_eq!(scratch.total(&format!("/Users?filter={by_name}")), 0);

    let first = scratch.person(&json!({}));
    let external = unique("external");
    let clash = with(&user(name_of(&first)), &json!({ "externalId": external }));
    scratch.post("/Users", &clash).expect_error(409, &["uniqueness"]);
    let by_external = encode(&format!("externalId eq \"{external}\""));
    assert_eq!(scratch.total(&format!("/Users?filter={by_external}")), 0);
}

/// Of many simultaneous POSTs of one name exactly one wins, and the others are told 409.
fn r_create_15(run: &Run) {
    let scratch = run.shared();
    let body = user(&unique("race"));
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let attempt = || scratch.post("/Users", &body).check().status;
        let racers: Vec<_> = (0..20).map(|_| scope.spawn(attempt)).collect();
        racers.into_iter().map(|racer| racer.join().expect("every attempt is answered")).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201, "nobody won: {statuses:?}");
    assert_eq!(statuses[1..], [409; 19], "{statuses:?}");
}

/// The name of a deleted user is free again.
fn r_create_16(run: &Run) {
    let scratch = run.shared();
    let first = scratch.person(&json!({}));
    scratch.delete(&path_of(&first)).expect_status(204);
    let second = scratch.create("/Users", &user(name_of(&first)));
    assert_ne!(id_of(&first), id_of(&second));
}

/// POST to a single resource's URL creates nothing.
fn r_create_17(run: &Run) {
    let scratch = run.shared();
    let existing = scratch.person(&json!({}));
    let name = unique("create");
    refused(scratch.post(&path_of(&existing), &user(&name)), NOT_WRITABLE);
    refused(scratch.post(&format!("/Users/{name}"), &user(&name)), NOT_WRITABLE);
    let filter = encode(&format!("userName eq \"{name}\""));
    assert_eq!(scratch.total(&format!("/Users?filter={filter}")), 0);
}

/// A single object where a multi-valued attribute needs an array is refused.
fn r_create_18(run: &Run) {
    let scratch = run.shared();
    for (name, value) in [
        ("emails", json!({ "value": "one@people.example" })),
        ("emails", json!("one@people.example")),
        ("roles", json!({ "value": "admin" })),
    ] {
        let body = with(&user(&unique("create")), &json!({ name: value }));
        scratch.post("/Users", &body).expect_error(400, &["invalidSyntax", "invalidValue"]);
    }
}

/// A POST repeated with its `Idempotency-Key` gets the first answer again.
fn r_create_19(run: &Run) {
    let scratch = run.shared();
    let (key, body) = (unique("key"), user(&unique("create")));
    let send = || scratch.request("POST", "/Users").header("idempotency-key", &key).json(&body).send();
    let first = send().expect_status(201);
    let again: Value = send().expect_status(201).json();
    assert_eq!(first.json(), again);
}
