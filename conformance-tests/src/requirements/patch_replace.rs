//! The PATCH operation `replace`, mutability and primary values (RFC 7644 §3.5.2, §3.5.2.3).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, assert_holds, assert_unassigned, element, id_of, member, members_of, name_of, path_of, values,
};
use crate::{Level, patch_op};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_patch_36, r_patch_37, r_patch_38, r_patch_39, r_patch_40, r_patch_41, r_patch_42, r_patch_43,
    r_patch_44, r_patch_45, r_patch_46, r_patch_47, r_patch_48, r_patch_49, r_patch_60, r_patch_61,
];

/// One `replace` operation with a path.
fn replace(path: &str, value: Value) -> Value {
    let mut operation = json!({ "op": "replace", "path": path });
    operation["value"] = value;
    json!([operation])
}

fn address(value: &str, kind: &str) -> Value {
    json!({ "value": format!("{value}@people.example"), "type": kind })
}

/// An address that is, or is not, the primary one.
fn primary(value: &str, primary: bool) -> Value {
    json!({ "value": format!("{value}@people.example"), "type": "other", "primary": primary })
}

/// The addresses whose `primary` is true.
fn primaries(user: &Value) -> Vec<String> {
    let emails = user["emails"].as_array().cloned().unwrap_or_default();
    let chosen: Vec<_> = emails.into_iter().filter(|email| email["primary"] == true).collect();
    values(&json!(chosen), "value")
}

/// Without a path each named attribute is replaced, multiple ones whole, and others stay.
fn r_patch_36(run: &Run) {
    let scratch = run.shared();
    let person =
        scratch.person(&json!({ "title": "Old", "nickName": "Kept", "emails": [address("a", "work")] }));
    let value = json!({ "title": "New", "emails": [address("b", "home")] });
    let stored = scratch.change(&person, json!([{ "op": "replace", "value": value }]));
    assert_eq!((&stored["title"], &stored["nickName"]), (&json!("New"), &json!("Kept")));
    assert_holds(&stored["emails"], &json!([address("b", "home")]));
}

/// A single-valued attribute is replaced.
fn r_patch_37(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old", "active": true }));
    assert_eq!(scratch.change(&person, replace("title", json!("New")))["title"], "New");
    assert_eq!(scratch.change(&person, replace("active", json!(false)))["active"], false);
    let team = scratch.team(&json!({}));
    let name = json!(crate::unique("renamed"));
    assert_eq!(scratch.change(&team, replace("displayName", name.clone()))["displayName"], name);
}

/// Without a filter the whole list of a multi-valued attribute is replaced.
fn r_patch_38(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [address("a", "work"), address("b", "home")] }));
    let stored = scratch.change(&person, replace("emails", json!([address("c", "other")])));
    assert_holds(&stored["emails"], &json!([address("c", "other")]));
    let other = scratch.person(&json!({}));
    let team = scratch.team_of(&[&person]);
    let stored = scratch.change(&team, replace("members", json!([member(&other)])));
    assert_eq!(members_of(&stored), [id_of(&other)]);
}

/// `replace` of what has no value acts as `add`.
fn r_patch_39(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    assert_eq!(scratch.change(&person, replace("title", json!("New")))["title"], "New");
    let stored = scratch.change(&person, replace("name.givenName", json!("Kim")));
    assert_holds(&stored["name"], &json!({ "givenName": "Kim" }));
    let stored = scratch.change(&person, replace("emails", json!([address("a", "work")])));
    assert_holds(&stored["emails"], &json!([address("a", "work")]));
}

/// `replace` of a complex attribute changes the named sub-attributes and leaves the others.
fn r_patch_40(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "name": { "givenName": "Kim", "familyName": "Doe" } }));
    let stored = scratch.change(&person, replace("name", json!({ "familyName": "Roe" })));
    assert_holds(&stored["name"], &json!({ "givenName": "Kim", "familyName": "Roe" }));
}

/// With a value filter every matching element becomes the given object.
fn r_patch_41(run: &Run) {
    let scratch = run.shared();
    let work = json!({ "value": "a@people.example", "type": "work", "display": "Office" });
    let person = scratch.person(&json!({ "emails": [work, address("b", "home")] }));
    let new = json!({ "value": "n@people.example", "type": "work" });
    let stored = scratch.change(&person, replace("emails[type eq \"work\"]", new.clone()));
    assert_eq!(stored["emails"].as_array().map(Vec::len), Some(2), "{stored}");
    assert_eq!(element(&stored["emails"], "type", "work")["value"], "n@people.example");
    assert_eq!(element(&stored["emails"], "type", "home"), &address("b", "home"));
}

/// A value path with a sub-attribute changes only that, on every match.
fn r_patch_42(run: &Run) {
    let scratch = run.shared();
    let place =
        |street: &str, kind: &str| json!({ "streetAddress": street, "locality": street, "type": kind });
    let person =
        scratch.person(&json!({ "addresses": [place("1", "work"), place("2", "home"), place("3", "work")] }));
    let path = "addresses[type eq \"work\"].streetAddress";
    let stored = scratch.change(&person, replace(path, json!("New Road")));
    for (locality, street) in [("1", "New Road"), ("2", "2"), ("3", "New Road")] {
        assert_eq!(element(&stored["addresses"], "locality", locality)["streetAddress"], street, "{stored}");
    }
}

/// A value filter that matches nothing is `noTarget`.
fn r_patch_43(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [address("a", "home")] }));
    scratch.refuse(&person, replace("emails[type eq \"work\"]", address("b", "work")), &["noTarget"]);
    scratch.refuse(&person, replace("emails[type eq \"work\"].value", json!("b@x.example")), &["noTarget"]);
    scratch.refuse(&person, replace("ims[value eq \"x\"].type", json!("xmpp")), &["noTarget"]);
}

/// `replace` needs a value; `null` and `[]` unassign, unless the attribute is required.
fn r_patch_44(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old", "emails": [address("a", "work")] }));
    scratch.refuse(&person, json!([{ "op": "replace", "path": "title" }]), &["invalidValue"]);
    scratch.refuse(&person, replace("userName", json!(null)), &["mutability"]);
    assert_unassigned(&scratch.change(&person, replace("title", json!(null))), "title");
    assert_unassigned(&scratch.change(&person, replace("emails", json!([]))), "emails");
}

/// Any operation on a read-only attribute is refused, by path or as a key of the value.
fn r_patch_45(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for op in ["add", "replace"] {
        for (path, value) in [
            ("id", json!("chosen")),
            ("meta.created", json!("2001-01-01T00:00:00Z")),
            ("meta", json!({ "version": "W/\"x\"" })),
            ("groups", json!([{ "value": "x" }])),
        ] {
            let by_path = json!([{ "op": op, "path": path, "value": value }]);
            scratch.refuse(&person, by_path, &["mutability", "invalidPath", "invalidValue", "noTarget"]);
            if !path.contains('.') {
                let by_key = json!([{ "op": op, "value": { "title": "New", path: value } }]);
                scratch.refuse(&person, by_key, &["mutability", "invalidPath", "invalidValue", "noTarget"]);
            }
        }
    }
}

/// With the quirk for it, read-only keys of a value without path are skipped.
fn r_patch_46(run: &Run) {
    let scratch = run.fresh_with("strict", &["read-only-keys"], &[]);
    let person = scratch.person(&json!({}));
    let value =
        json!({ "id": "chosen", "schemas": person["schemas"], "meta": { "created": "x" }, "title": "New" });
    let stored = scratch.change(&person, json!([{ "op": "replace", "value": value }]));
    assert_eq!((&stored["id"], &stored["title"]), (&person["id"], &json!("New")));
    assert_eq!(stored["meta"]["created"], person["meta"]["created"]);
}

/// A stored immutable value can be repeated, not replaced or removed.
fn r_patch_47(run: &Run) {
    let scratch = run.shared();
    let (person, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let team = scratch.team_of(&[&person]);
    let path = format!("members[value eq \"{}\"].value", id_of(&person));
    scratch.refuse(&team, replace(&path, json!(id_of(&other))), &[]);
    run.at_most(Level::Should, || {
        scratch.refuse(&team, json!([{ "op": "remove", "path": path }]), &["mutability"]);
    });
    let same = json!([{ "op": "add", "path": path, "value": id_of(&person) }]);
    run.at_most(Level::Should, || assert_eq!(members_of(&scratch.change(&team, same)), [id_of(&person)]));
    let kind = format!("members[value eq \"{}\"].type", id_of(&person));
    // An immutable value that is not there yet may be set once.
    if !scratch.again(&team)["members"][0]["type"].is_null() {
        scratch.refuse(&team, replace(&kind, json!("Group")), &[]);
    }
}

/// A new primary value takes the mark from the old one.
fn r_patch_48(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [primary("a", true), primary("b", false)] }));
    let stored = scratch.change(&person, replace("emails[value sw \"b\"].primary", json!(true)));
    assert_eq!(primaries(&stored), ["b@people.example"]);
    let added = json!([{ "op": "add", "path": "emails", "value": [primary("c", true)] }]);
    let stored = scratch.change(&person, added);
    assert_eq!(primaries(&stored), ["c@people.example"]);
    assert_eq!(stored["emails"].as_array().map(Vec::len), Some(3), "{stored}");
}

/// Two primaries in one operation are refused; of two operations the last wins.
fn r_patch_49(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "emails": [primary("a", false), primary("b", false)] }));
    let two = json!([primary("c", true), primary("d", true)]);
    for op in ["add", "replace"] {
        let operation = json!([{ "op": op, "path": "emails", "value": two }]);
        scratch.refuse(&person, operation, &["invalidValue"]);
    }
    let operations = json!([
        { "op": "replace", "path": "emails[value sw \"b\"].primary", "value": true },
        { "op": "replace", "path": "emails[value sw \"a\"].primary", "value": true },
    ]);
    assert_eq!(primaries(&scratch.change(&person, operations)), ["a@people.example"]);
}

/// A value of the wrong type is refused.
fn r_patch_60(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "active": true, "title": "Old", "emails": [address("a", "work")] }));
    for (path, value) in [
        ("title", json!({ "value": "x" })),
        ("name", json!("Kim")),
        ("emails", json!([5])),
        ("emails[type eq \"work\"].value", json!({})),
    ] {
        scratch.refuse(&person, replace(path, value), &["invalidValue"]);
    }
    // What can be read as the right type may be, as long as it is stored as that.
    let (primary, department) = ("emails[type eq \"work\"].primary", format!("{ENTERPRISE}:department"));
    for (path, value) in [
        ("active", json!("true")),
        ("active", json!(1)),
        ("title", json!(5)),
        ("title", json!(["x"])),
        ("name.givenName", json!(true)),
        (primary, json!("true")),
        (department.as_str(), json!(5)),
    ] {
        run.at_most(Level::Should, || {
            scratch.refuse(&person, replace(path, value.clone()), &["invalidValue"]);
        });
    }
    let stored = scratch.again(&person);
    let texts = [&stored["title"], &stored["name"]["givenName"], &stored[ENTERPRISE]["department"]];
    assert!(texts.iter().all(|text| text.is_null() || text.is_string()), "{stored}");
    assert!(stored["active"].is_boolean(), "{stored}");
}

/// A name that somebody else has is 409 `uniqueness`.
fn r_patch_61(run: &Run) {
    let scratch = run.shared();
    let (person, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    for name in [name_of(&other).to_owned(), name_of(&other).to_uppercase()] {
        let change = patch_op(replace("userName", json!(name)));
        scratch.patch(&path_of(&person), &change).expect_error(409, &["uniqueness"]);
    }
    assert_eq!(scratch.again(&person), person);
    let own = replace("userName", person["userName"].clone());
    assert_eq!(scratch.change(&person, own)["userName"], person["userName"]);
}
