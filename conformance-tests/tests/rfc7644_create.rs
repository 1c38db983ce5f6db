//! Creating resources with POST (RFC 7644 §3.3).
use std::thread;

use conformance_tests::{encode, requirement, unique, user};
use serde_json::{Value, json};
use support::{ENTERPRISE, Scratch, assert_unassigned, id_of, keys, name_of, path_of, refused, with};

#[expect(dead_code, reason = "each file of tests needs a part of it")]
mod support;

/// A valid user is created with 201.
#[test]
fn r_create_01() {
    requirement("R-CREATE-01", || {
        let scratch = Scratch::shared();
        let name = unique("create");
        let answer = scratch.try_create("/Users", &user(&name)).expect_status(201);
        assert_eq!(answer.at("/userName"), Some(json!(name)), "{}", answer.text);
    });
}

/// The answer to a POST is the whole stored representation.
#[test]
fn r_create_02() {
    requirement("R-CREATE-02", || {
        let scratch = Scratch::shared();
        let created = scratch.person(&json!({
            "title": "Tour Guide",
            "emails": [{ "value": "guide@people.example", "type": "work", "primary": true }],
            ENTERPRISE: { "department": "Tours" },
        }));
        assert_eq!(created, scratch.again(&created));
        assert_eq!(created["title"], "Tour Guide");
    });
}

/// `Location` names the new resource, equals `meta.location` and can be read.
#[test]
fn r_create_03() {
    requirement("R-CREATE-03", || {
        let scratch = Scratch::shared();
        let answer = scratch.try_create("/Users", &user(&unique("create"))).expect_status(201);
        let location = answer.header("location").expect("201 carries Location").to_owned();
        assert_eq!(answer.at("/meta/location"), Some(json!(location)));
        let read = scratch.get(&location).expect_status(200);
        assert_eq!(read.id(), answer.id());
    });
}

/// Read-only attributes in the body are ignored without an error.
#[test]
fn r_create_04() {
    requirement("R-CREATE-04", || {
        let scratch = Scratch::shared();
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
    });
}

/// Whatever defaults the server gives to attributes left out, the answer already shows them.
#[test]
fn r_create_05() {
    requirement("R-CREATE-05", || {
        let scratch = Scratch::shared();
        let created = scratch.person(&json!({}));
        let stored = scratch.again(&created);
        assert_eq!(keys(&created), keys(&stored));
        assert_eq!(created["active"], stored["active"]);
    });
}

/// `null` and `[]` win over every default: the attribute is unassigned.
#[test]
fn r_create_06() {
    requirement("R-CREATE-06", || {
        let scratch = Scratch::shared();
        let created = scratch.person(&json!({ "active": null, "title": null, "emails": [], "roles": null }));
        for resource in [&created, &scratch.again(&created)] {
            for name in ["active", "title", "emails", "roles"] {
                assert_unassigned(resource, name);
            }
        }
    });
}

/// A second resource with the same unique value is refused with 409 `uniqueness`.
#[test]
fn r_create_07() {
    requirement("R-CREATE-07", || {
        let scratch = Scratch::shared();
        let first = scratch.person(&json!({}));
        scratch.try_create("/Users", &user(name_of(&first))).expect_error(409, &["uniqueness"]);
    });
}

/// The endpoint decides the resource type, whatever `meta.resourceType` claims.
#[test]
fn r_create_08() {
    requirement("R-CREATE-08", || {
        let scratch = Scratch::shared();
        let claim = json!({ "meta": { "resourceType": "Group" } });
        assert_eq!(scratch.person(&claim)["meta"]["resourceType"], "User");
        let claim = json!({ "meta": { "resourceType": "User" } });
        assert_eq!(scratch.team(&claim)["meta"]["resourceType"], "Group");
    });
}

/// A required attribute that is missing gives 400 `invalidValue`.
#[test]
fn r_create_09() {
    requirement("R-CREATE-09", || {
        let scratch = Scratch::shared();
        let mut nameless = user("x");
        nameless.as_object_mut().expect("object").remove("userName");
        scratch.try_create("/Users", &nameless).expect_error(400, &["invalidValue"]);
        let unnamed = json!({ "schemas": [support::GROUP] });
        scratch.try_create("/Groups", &unnamed).expect_error(400, &["invalidValue"]);
    });
}

/// A body without a proper `schemas` array gives 400 `invalidSyntax`.
#[test]
fn r_create_10() {
    requirement("R-CREATE-10", || {
        let scratch = Scratch::shared();
        let mut without = user(&unique("create"));
        without.as_object_mut().expect("object").remove("schemas");
        scratch.try_create("/Users", &without).expect_error(400, &["invalidSyntax"]);
        for schemas in [json!([]), json!("x"), json!(null), json!([5])] {
            let body = with(&without, &json!({ "schemas": schemas }));
            scratch.try_create("/Users", &body).expect_error(400, &["invalidSyntax"]);
        }
    });
}

/// A body that is no JSON object gives 400 `invalidSyntax`.
#[test]
fn r_create_11() {
    requirement("R-CREATE-11", || {
        let scratch = Scratch::shared();
        for body in ["", " ", "not json", "[]", "\"text\"", "42", "null", "{", "{\"userName\":}", "{} {}"] {
            let request = scratch.request("POST", "/Users").text(body, "application/scim+json");
            request.send().expect_error(400, &["invalidSyntax"]);
        }
    });
}

/// The answer carries an `ETag` that equals `meta.version`.
#[test]
fn r_create_12() {
    requirement("R-CREATE-12", || {
        let scratch = Scratch::shared();
        let answer = scratch.try_create("/Users", &user(&unique("create"))).expect_status(201);
        let tag = answer.header("etag").expect("201 carries ETag");
        assert_eq!(answer.at("/meta/version"), Some(json!(tag)));
    });
}

/// `attributes` on a POST shapes the answer, not what is stored.
#[test]
fn r_create_13() {
    requirement("R-CREATE-13", || {
        let scratch = Scratch::shared();
        let body = with(&user(&unique("create")), &json!({ "title": "Guide" }));
        let answer = scratch.post("/Users?attributes=userName", &body).expect_status(201);
        scratch.clean_up(format!("/Users/{}", answer.id()));
        assert_eq!(keys(&answer.json()), ["id", "schemas", "userName"]);
        assert_eq!(scratch.read(&format!("/Users/{}", answer.id()))["title"], "Guide");
    });
}

/// A refused POST stores nothing.
#[test]
fn r_create_14() {
    requirement("R-CREATE-14", || {
        let scratch = Scratch::shared();
        let name = unique("create");
        let wrong = with(&user(&name), &json!({ "active": "perhaps" }));
        scratch.try_create("/Users", &wrong).expect_error(400, &["invalidValue"]);
        let by_name = encode(&format!("userName eq \"{name}\""));
        assert_eq!(scratch.total(&format!("/Users?filter={by_name}")), 0);

        let first = scratch.person(&json!({}));
        let external = unique("external");
        let clash = with(&user(name_of(&first)), &json!({ "externalId": external }));
        scratch.try_create("/Users", &clash).expect_error(409, &["uniqueness"]);
        let by_external = encode(&format!("externalId eq \"{external}\""));
        assert_eq!(scratch.total(&format!("/Users?filter={by_external}")), 0);
    });
}

/// Of many simultaneous POSTs of one name exactly one wins, and the others are told 409.
#[test]
fn r_create_15() {
    requirement("R-CREATE-15", || {
        let scratch = Scratch::shared();
        let body = user(&unique("race"));
        let mut statuses: Vec<u16> = thread::scope(|scope| {
            let attempt = || scratch.try_create("/Users", &body).check().status;
            let racers: Vec<_> = (0..20).map(|_| scope.spawn(attempt)).collect();
            racers.into_iter().map(|racer| racer.join().expect("every attempt is answered")).collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses[0], 201, "nobody won: {statuses:?}");
        assert_eq!(statuses[1..], [409; 19], "{statuses:?}");
    });
}

/// The name of a deleted user is free again.
#[test]
fn r_create_16() {
    requirement("R-CREATE-16", || {
        let scratch = Scratch::shared();
        let first = scratch.person(&json!({}));
        scratch.delete(&path_of(&first)).expect_status(204);
        let second = scratch.create("/Users", &user(name_of(&first)));
        assert_ne!(id_of(&first), id_of(&second));
    });
}

/// POST to a single resource's URL creates nothing.
#[test]
fn r_create_17() {
    requirement("R-CREATE-17", || {
        let scratch = Scratch::shared();
        let existing = scratch.person(&json!({}));
        let name = unique("create");
        refused(scratch.post(&path_of(&existing), &user(&name)), &[404, 405, 501]);
        refused(scratch.post(&format!("/Users/{name}"), &user(&name)), &[404, 405, 501]);
        let filter = encode(&format!("userName eq \"{name}\""));
        assert_eq!(scratch.total(&format!("/Users?filter={filter}")), 0);
    });
}

/// A single object where a multi-valued attribute needs an array is refused.
#[test]
fn r_create_18() {
    requirement("R-CREATE-18", || {
        let scratch = Scratch::shared();
        for (name, value) in [
            ("emails", json!({ "value": "one@people.example" })),
            ("emails", json!("one@people.example")),
            ("roles", json!({ "value": "admin" })),
        ] {
            let body = with(&user(&unique("create")), &json!({ name: value }));
            scratch.try_create("/Users", &body).expect_error(400, &["invalidSyntax", "invalidValue"]);
        }
    });
}

/// A POST repeated with its `Idempotency-Key` gets the first answer again.
#[test]
fn r_create_19() {
    requirement("R-CREATE-19", || {
        let scratch = Scratch::shared();
        let (key, body) = (unique("key"), user(&unique("create")));
        let send = || scratch.request("POST", "/Users").header("idempotency-key", &key).json(&body).send();
        let first = send().expect_status(201);
        scratch.clean_up(format!("/Users/{}", first.id()));
        let again: Value = send().expect_status(201).json();
        assert_eq!(first.json(), again);
    });
}
