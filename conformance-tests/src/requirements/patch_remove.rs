//! The PATCH operation `remove` (RFC 7644 §3.5.2.2).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, USER, assert_unassigned, element, id_of, member, members_of, path_of, values,
};
use crate::{Level, encode, patch_op, unique};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_patch_25, r_patch_26, r_patch_27, r_patch_28, r_patch_29, r_patch_30, r_patch_31, r_patch_32,
    r_patch_33, r_patch_34, r_patch_35,
];

/// One `remove` operation.
fn remove(path: &str) -> Value {
    json!([{ "op": "remove", "path": path }])
}

fn addresses() -> Value {
    json!([
        { "value": "a@people.example", "type": "work", "display": "Office" },
        { "value": "b@people.example", "type": "home" },
        { "value": "c@people.example", "type": "work" },
    ])
}

/// `remove` needs a path.
fn r_patch_25(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old" }));
    for operation in [json!({ "op": "remove" }), json!({ "op": "remove", "value": { "title": "Old" } })] {
        scratch.refuse(&person, json!([operation]), &["noTarget"]);
    }
    // A path that is there and says nothing is a path as well.
    for path in [json!(null), json!("")] {
        let operation = json!([{ "op": "remove", "path": path }]);
        scratch.refuse(&person, operation, &["noTarget", "invalidPath", "invalidValue", "invalidSyntax"]);
    }
}

/// A single-valued attribute is unassigned.
fn r_patch_26(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old", "name": { "givenName": "Kim" } }));
    assert_unassigned(&scratch.change(&person, remove("title")), "title");
    let nameless = scratch.change(&person, remove("name"));
    // A server may show a formatted name that it makes of something else.
    assert_unassigned(&nameless["name"], "givenName");
    run.at_most(Level::Should, || assert_unassigned(&nameless, "name"));
    // A removed `active` decides nothing: the user stays as enabled as before.
    assert_eq!(scratch.change(&person, remove("active"))["active"], person["active"]);
}

/// Without a filter all values of a multi-valued attribute go.
fn r_patch_27(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": addresses() }));
    assert_unassigned(&scratch.change(&person, remove("emails")), "emails");
    let team = scratch.team_of(&[&person]);
    assert!(members_of(&scratch.change(&team, remove("members"))).is_empty());
}

/// With a filter only the matching elements go.
fn r_patch_28(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": addresses() }));
    let stored = scratch.change(&person, remove("emails[type eq \"work\" and value sw \"a\"]"));
    assert_eq!(values(&stored["emails"], "value"), ["b@people.example", "c@people.example"]);
    let other = scratch.person(&json!({}));
    let team = scratch.team_of(&[&person, &other]);
    let stored = scratch.change(&team, remove(&format!("members[value eq \"{}\"]", id_of(&person))));
    assert_eq!(members_of(&stored), [id_of(&other)]);
}

/// When the last element goes the attribute is unassigned.
fn r_patch_29(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": addresses() }));
    let stored = scratch.change(&person, remove("emails[value pr]"));
    assert_unassigned(&stored, "emails");
    let filter = encode(&format!("id eq \"{}\" and emails pr", id_of(&person)));
    assert_eq!(scratch.total(&format!("/Users?filter={filter}")), 0);
}

/// `value` in a filter stands for the element of a simple multi-valued attribute: here an extension in `schemas`.
fn r_patch_30(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ ENTERPRISE: { "department": "Tours" } }));
    // The text has no word for the element of a simple attribute; `value` is what servers agree on.
    run.at_most(Level::Proj, || {
        let stored = scratch.change(&person, remove(&format!("schemas[value eq \"{ENTERPRISE}\"]")));
        assert_eq!(stored["schemas"], json!([USER]));
        assert_unassigned(&stored, ENTERPRISE);
    });
}

/// One sub-attribute can be removed, of a complex attribute or of matching elements.
fn r_patch_31(run: &Run) {
    let scratch = run.shared();
    let name = json!({ "givenName": "Kim", "middleName": "M" });
    let person = scratch.person(&json!({ "name": name, "emails": addresses() }));
    assert_eq!(scratch.change(&person, remove("name.middleName"))["name"], json!({ "givenName": "Kim" }));
    let stored = scratch.change(&person, remove("emails[type eq \"work\"].display"));
    let office = element(&stored["emails"], "value", "a@people.example");
    assert_unassigned(office, "display");
    assert_eq!(stored["emails"].as_array().map(Vec::len), Some(3), "{stored}");
}

/// Removing somebody who is no member succeeds and changes nothing.
fn r_patch_32(run: &Run) {
    let scratch = run.shared();
    let (person, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let team = scratch.team_of(&[&person]);
    for id in [id_of(&other), "nobody-at-all"] {
        let stored = scratch.change(&team, remove(&format!("members[value eq \"{id}\"]")));
        assert_eq!(stored, team);
    }
}

/// A required attribute cannot be removed.
fn r_patch_33(run: &Run) {
    let scratch = run.shared();
    scratch.refuse(&scratch.person(&json!({})), remove("userName"), &["mutability"]);
    scratch.refuse(&scratch.team(&json!({})), remove("displayName"), &["mutability"]);
}

/// A read-only attribute cannot be removed.
fn r_patch_34(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let _team = scratch.team_of(&[&person]);
    for path in ["id", "meta", "meta.created", "groups", "groups[type eq \"direct\"]"] {
        scratch.refuse(&person, remove(path), &["mutability"]);
    }
}

/// `remove` of `members` with values removes just those, and never empties the group.
fn r_patch_35(run: &Run) {
    for profile in ["strict", "generic", "entra", "jumpcloud", "okta", "onelogin"] {
        let scratch = run.profile(profile);
        let people: Vec<_> = (0..3).map(|_| scratch.person(&json!({}))).collect();
        let team = scratch.team_of(&people.iter().collect::<Vec<_>>());
        let take = |value: Value| json!([{ "op": "remove", "path": "members", "value": value }]);
        let stored = scratch.change(&team, take(json!([member(&people[0])])));
        let mut left = [id_of(&people[1]), id_of(&people[2])];
        left.sort_unstable();
        assert_eq!(members_of(&stored), left, "{profile}");
        let strangers = patch_op(take(json!([{ "value": unique("nobody") }])));
        scratch.patch(&path_of(&team), &strangers).check();
        assert_eq!(members_of(&scratch.again(&team)), left, "{profile}");
    }
}
