//! The PATCH operation `add` (RFC 7644 §3.5.2.1).
use crate::Level;
use crate::probe::includes;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{ENTERPRISE, assert_holds, element, id_of, member, members_of, values};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_patch_11, r_patch_12, r_patch_13, r_patch_14, r_patch_15, r_patch_16, r_patch_17, r_patch_18,
    r_patch_19, r_patch_20, r_patch_21, r_patch_22, r_patch_23, r_patch_24,
];

/// One `add` operation with a path.
fn add(path: &str, value: Value) -> Value {
    let mut operation = json!({ "op": "add", "path": path });
    operation["value"] = value;
    json!([operation])
}

fn address(value: &str, kind: &str) -> Value {
    json!({ "value": format!("{value}@people.example"), "type": kind })
}

/// `add` needs a value.
fn r_patch_11(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for operation in [json!({ "op": "add", "path": "title" }), json!({ "op": "add" })] {
        // The client breaks the rule; no sentence forbids a server to do nothing.
        run.at_most(Level::Should, || {
            scratch.refuse(&person, json!([operation]), &["invalidValue", "invalidSyntax"]);
        });
    }
}

/// Without a path every attribute of the value is added: single ones replaced, multiple ones appended.
fn r_patch_12(run: &Run) {
    let scratch = run.shared();
    let person =
        scratch.person(&json!({ "title": "Old", "nickName": "Kept", "emails": [address("a", "work")] }));
    let value = json!({ "title": "New", "userType": "Guest", "emails": [address("b", "home")] });
    let stored = scratch.change(&person, json!([{ "op": "add", "value": value }]));
    assert_eq!((&stored["title"], &stored["nickName"]), (&json!("New"), &json!("Kept")));
    assert_eq!(stored["userType"], "Guest");
    assert_eq!(values(&stored["emails"], "value"), ["a@people.example", "b@people.example"]);
}

/// Without a path the value must be an object.
fn r_patch_13(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for value in [json!("New"), json!(5), json!(true), json!(["x"]), json!([{ "title": "New" }])] {
        let operation = json!([{ "op": "add", "value": value }]);
        scratch.refuse(&person, operation, &["invalidValue", "invalidSyntax"]);
    }
}

/// `add` to a single-valued attribute replaces its value.
fn r_patch_14(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old", "active": true }));
    assert_eq!(scratch.change(&person, add("title", json!("New")))["title"], "New");
    assert_eq!(scratch.change(&person, add("active", json!(false)))["active"], false);
}

/// `add` to an attribute without a value sets it.
fn r_patch_15(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    assert_eq!(scratch.change(&person, add("title", json!("New")))["title"], "New");
    let stored = scratch.change(&person, add("emails", json!([address("a", "work")])));
    assert!(includes(&stored["emails"], &json!([address("a", "work")])), "{stored}");
    let stored = scratch.change(&person, add("name", json!({ "givenName": "Kim" })));
    assert_holds(&stored["name"], &json!({ "givenName": "Kim" }));
}

/// `add` to a multi-valued attribute keeps what is there.
fn r_patch_16(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [address("a", "work")] }));
    let stored = scratch.change(&person, add("emails", json!([address("b", "home")])));
    assert_eq!(values(&stored["emails"], "value"), ["a@people.example", "b@people.example"]);

    let other = scratch.person(&json!({}));
    let team = scratch.team_of(&[&person]);
    let stored = scratch.change(&team, add("members", json!([member(&other)])));
    let mut both = [id_of(&person), id_of(&other)];
    both.sort_unstable();
    assert_eq!(members_of(&stored), both);
}

/// An array appends each element, a single object itself.
fn r_patch_17(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [address("a", "work")] }));
    let stored = scratch.change(&person, add("emails", json!([address("b", "home"), address("c", "other")])));
    assert_eq!(values(&stored["emails"], "type"), ["home", "other", "work"]);
    let stored = scratch.change(&person, add("emails", address("d", "work")));
    assert_eq!(stored["emails"].as_array().map(Vec::len), Some(4), "{stored}");
    let team = scratch.team(&json!({}));
    assert_eq!(members_of(&scratch.change(&team, add("members", member(&person)))), [id_of(&person)]);
}

/// `add` to a complex attribute sets what is named and keeps the rest.
fn r_patch_18(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "name": { "givenName": "Kim", "familyName": "Doe" } }));
    let stored = scratch.change(&person, add("name", json!({ "familyName": "Roe", "middleName": "M" })));
    let name = json!({ "givenName": "Kim", "familyName": "Roe", "middleName": "M" });
    assert_holds(&stored["name"], &name);
}

/// A path may name a sub-attribute.
fn r_patch_19(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "name": { "familyName": "Doe" } }));
    let stored = scratch.change(&person, add("name.givenName", json!("Kim")));
    assert_holds(&stored["name"], &json!({ "givenName": "Kim", "familyName": "Doe" }));
    let bare = scratch.person(&json!({}));
    let stored = scratch.change(&bare, add("name.givenName", json!("Kim")));
    assert_holds(&stored["name"], &json!({ "givenName": "Kim" }));
}

/// Adding what is already there succeeds and changes nothing.
fn r_patch_20(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Same", "emails": [address("a", "work")] }));
    for operation in [
        add("title", json!("Same")),
        add("emails", json!([address("a", "work")])),
        json!([{ "op": "add", "value": { "title": "Same", "emails": [address("a", "work")] } }]),
    ] {
        let stored = scratch.change(&person, operation);
        assert_eq!((&stored["title"], &stored["emails"]), (&person["title"], &person["emails"]));
    }
    let team = scratch.team_of(&[&person]);
    let stored = scratch.change(&team, add("members", json!([member(&person)])));
    assert_eq!(stored["members"], team["members"]);
}

/// What changes nothing moves neither `lastModified` nor the version.
fn r_patch_21(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Same", "emails": [address("a", "work")] }));
    assert_eq!(scratch.change(&person, add("title", json!("Same")))["meta"], person["meta"]);
    let again = json!([address("a", "work")]);
    assert_eq!(scratch.change(&person, add("emails", again))["meta"], person["meta"]);
    let team = scratch.team_of(&[&person]);
    assert_eq!(scratch.change(&team, add("members", json!([member(&person)])))["meta"], team["meta"]);
}

/// A value path with a sub-attribute sets it on every element that matches.
fn r_patch_22(run: &Run) {
    let scratch = run.shared();
    let emails = json!([address("a", "work"), address("b", "home"), address("c", "work")]);
    let person = scratch.person(&json!({ "emails": emails }));
    let stored = scratch.change(&person, add("emails[type eq \"work\"].display", json!("Office")));
    for (value, display) in [("a", json!("Office")), ("b", json!(null)), ("c", json!("Office"))] {
        let address = element(&stored["emails"], "value", &format!("{value}@people.example"));
        assert_eq!(address["display"], display, "{stored}");
    }
}

/// A value path that matches nothing is `noTarget`.
fn r_patch_23(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [address("a", "home")] }));
    for path in ["emails[type eq \"work\"].display", "ims[type eq \"xmpp\"].value"] {
        scratch.refuse(&person, add(path, json!("x@people.example")), &["noTarget"]);
    }
}

/// Entra's profile makes the element that a value path does not find.
fn r_patch_24(run: &Run) {
    let entra = run.profile("entra");
    for op in ["Add", "Replace"] {
        let person = entra.person(&json!({}));
        let path = "emails[type eq \"work\"].value";
        let stored = entra.change(&person, json!([{ "op": op, "path": path, "value": "n@people.example" }]));
        let made = element(&stored["emails"], "type", "work");
        assert_eq!(made["value"], "n@people.example", "{op}: {stored}");
        let path = format!("{ENTERPRISE}:department");
        entra.change(&person, json!([{ "op": op, "path": path, "value": "Tours" }]));
    }
}
