//! What plural attributes, unassigned ones and the characteristics mean (RFC 7643 §2.4, §2.5 and §7).
use serde_json::{Value, json};

use crate::Level;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, REFUSED, SEARCH, USER, accepted, assert_unassigned, id_of, is_unassigned, name_of, path_of,
    refused, values, with,
};
use crate::{encode, patch_op, unique, user};

use super::schema_rules::{attributes, found, post};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_schema_21,
    r_schema_22,
    r_schema_23,
    r_schema_24,
    r_schema_25,
    r_schema_27,
    r_schema_28,
    r_schema_29,
    r_schema_30,
    r_schema_31,
    r_schema_32,
    r_schema_34,
    r_schema_35,
];

/// In multi-valued attributes the names of the standard mean what they mean there.
fn r_schema_21(run: &Run) {
    for (path, attribute) in attributes(run).iter().filter(|(_, one)| one["multiValued"] == true) {
        for part in attribute["subAttributes"].as_array().into_iter().flatten() {
            let kinds: &[&str] = match part["name"].as_str().unwrap_or_default() {
                "primary" => &["boolean"],
                "type" | "display" => &["string"],
                "$ref" => &["reference"],
                _ => continue,
            };
            let kind = part["type"].as_str().unwrap_or_default();
            assert!(kinds.contains(&kind) && part["multiValued"] == false, "{path}: {part}");
        }
    }
}

/// No answer has two primary values in one attribute.
fn r_schema_22(run: &Run) {
    let scratch = run.shared();
    let email = |value: &str, primary: bool| json!({ "value": value, "type": "work", "primary": primary });
    let person = scratch.person(&json!({ "emails": [email("a@people.example", true)] }));
    let both = json!({ "emails": [email("a@people.example", true), email("b@people.example", true)] });
    let put = scratch.put(&path_of(&person), &with(&user(name_of(&person)), &both));
    let is_one = |shown: &Value| {
        let all = shown["emails"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(all.iter().filter(|one| one["primary"] == true).count() <= 1, "{shown}");
    };
    if put.status == 200 {
        is_one(&put.json());
    }
    is_one(&scratch.again(&person));
    if run.service().lacks("patch").is_none() {
        let add = json!([{ "op": "add", "path": "emails", "value": [email("c@people.example", true)] }]);
        let answer = scratch.patch(&path_of(&person), &patch_op(add));
        if answer.status < 300 {
            accepted(answer);
        }
        is_one(&scratch.again(&person));
    }
}

/// Two primary values in one attribute are refused.
fn r_schema_23(run: &Run) {
    let scratch = run.shared();
    let email = |value: &str| json!({ "value": value, "primary": true });
    let emails = json!({ "emails": [email("a@people.example"), email("b@people.example")] });
    post(&scratch, &emails).expect_error(400, &["invalidValue"]);
    let person = scratch.person(&json!({}));
    let body = with(&user(name_of(&person)), &emails);
    scratch.put(&path_of(&person), &body).expect_error(400, &["invalidValue"]);
}

/// An element that does not say so is not primary.
fn r_schema_24(run: &Run) {
    let scratch = run.shared();
    let people = scratch.people(&[
        ("plain", json!({ "emails": [{ "value": "a@people.example", "type": "work" }] })),
        ("primary", json!({ "emails": [{ "value": "b@people.example", "type": "work", "primary": true }] })),
    ]);
    people.expect("emails[primary eq true]", &["primary"]);
    people.expect("emails[primary eq false]", &["plain"]);
}

/// Elements with one type and one value are one element.
fn r_schema_25(run: &Run) {
    let scratch = run.shared();
    let email = json!({ "value": "a@people.example", "type": "work" });
    let answer = post(&scratch, &json!({ "emails": [email, email] })).check();
    if answer.status != 201 {
        refused(answer, REFUSED);
        return;
    }
    assert_eq!(values(&scratch.again(&answer.json())["emails"], "value"), ["a@people.example"]);
}

/// What is absent, `null` or an empty array is unassigned.
fn r_schema_27(run: &Run) {
    let scratch = run.shared();
    let emails = json!([{ "value": "a@people.example", "type": "work" }]);
    for nothing in [json!({}), json!({ "title": null, "emails": [] }), json!({ "emails": null })] {
        let person = scratch.person(&json!({ "title": "Guide", "emails": emails }));
        let body = with(&user(name_of(&person)), &nothing);
        scratch.put(&path_of(&person), &body).expect_status(200);
        let stored = scratch.again(&person);
        assert_unassigned(&stored, "title");
        assert_unassigned(&stored, "emails");
        if run.service().lacks("filter").is_none() {
            let name = name_of(&person);
            for attribute in ["title", "emails"] {
                let filter = encode(&format!("userName eq \"{name}\" and {attribute} pr"));
                let answer = scratch.get(&format!("/Users?filter={filter}"));
                let none = answer.status != 200 || answer.at("/totalResults") == Some(json!(0));
                assert!(none, "{attribute} is present after {nothing}");
            }
        }
    }
}

/// Unassigned attributes are left out of answers.
fn r_schema_28(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": null, "emails": [] }));
    for shown in [&person, &scratch.again(&person)] {
        for (name, value) in shown.as_object().into_iter().flatten() {
            assert!(!is_unassigned(value), "{name} is {value}");
        }
    }
}

/// Case counts where the schema says so, and is kept everywhere.
fn r_schema_29(run: &Run) {
    let scratch = run.shared();
    let external = unique("Ext").replace("ext", "Ext");
    let name = unique("person").replace("person", "Person");
    let body = with(&user(&name), &json!({ "externalId": external }));
    let person = scratch.again(&scratch.create("/Users", &body));
    assert_eq!(person["externalId"], json!(external));
    run.at_most(Level::Proj, || assert_eq!(person["userName"], json!(name)));
    assert_eq!(found(&scratch, &format!("userName eq \"{}\"", name.to_uppercase())), [id_of(&person)]);
    assert!(found(&scratch, &format!("externalId eq \"{}\"", external.to_uppercase())).is_empty());
}

/// A value outside the canonical ones is kept as it is, or refused.
fn r_schema_30(run: &Run) {
    let scratch = run.shared();
    let emails = json!([{ "value": "a@people.example", "type": "carrier-pigeon" }]);
    let answer = post(&scratch, &json!({ "emails": emails })).check();
    if answer.status == 201 {
        assert_eq!(scratch.again(&answer.json())["emails"][0]["type"], "carrier-pigeon");
    } else {
        answer.expect_error(400, &["invalidValue"]);
    }
}

/// What is never returned is in no answer whatever.
fn r_schema_31(run: &Run) {
    let scratch = run.shared();
    let (password, service) = (unique("Pass-Word-9"), run.service());
    let body = with(&user(&unique("person")), &json!({ "password": password }));
    let created = scratch.post("/Users", &body).expect_status(201);
    let person = created.json();
    let path = path_of(&person);
    let mut answers = vec![created, scratch.get(&path), scratch.get(&format!("{path}?attributes=password"))];
    answers.push(scratch.put(&path, &with(&user(name_of(&person)), &json!({ "password": password }))));
    answers.push(scratch.post("/Users", &body));
    if service.lacks("filter").is_none() {
        let filter = format!("userName eq \"{}\"", name_of(&person));
        answers.push(scratch.get(&format!("/Users?filter={}", encode(&filter))));
        let search = json!({ "schemas": [SEARCH], "filter": filter, "attributes": ["password"] });
        answers.push(scratch.post("/Users/.search", &search));
    }
    if service.lacks("patch").is_none() {
        let change = patch_op(json!([{ "op": "replace", "path": "password", "value": password }]));
        answers.push(scratch.patch(&path, &change));
    }
    for answer in answers {
        let shown: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        assert!(!answer.text.contains(&password), "the password is in an answer to {}", answer.method);
        assert!(shown.get("password").is_none(), "a password in an answer to {}", answer.method);
    }
}

/// A value that must be unique is refused when another resource has it, compared as its case counts.
fn r_schema_32(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for name in [name_of(&person).to_owned(), name_of(&person).to_uppercase()] {
        scratch.post("/Users", &user(&name)).expect_error(409, &["uniqueness"]);
    }
}

/// A body that names a member twice is refused, also when the two names differ in case.
fn r_schema_34(run: &Run) {
    let scratch = run.shared();
    for second in ["userName", "username"] {
        let (one, two) = (unique("person"), unique("person"));
        let body = format!(r#"{{"schemas":["{USER}"],"userName":"{one}","{second}":"{two}"}}"#);
        let request = scratch.request("POST", "/Users").text(&body, "application/scim+json");
        request.send().expect_error(400, &["invalidSyntax"]);
    }
}

/// An attribute that no schema defines is ignored, and shown by nobody.
fn r_schema_35(run: &Run) {
    let scratch = run.shared();
    let unknown = json!({ "shoeSize": 44, ENTERPRISE: { "department": "Tours", "shoeSize": 44 } });
    let person = scratch.person(&unknown);
    for shown in [&person, &scratch.again(&person)] {
        assert!(!shown.to_string().contains("shoeSize"), "{shown}");
        assert_eq!(shown[ENTERPRISE]["department"], "Tours", "{shown}");
    }
}
