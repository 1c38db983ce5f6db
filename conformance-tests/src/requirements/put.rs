//! Replacing resources with PUT (RFC 7644 §3.5.1).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, GROUP, NOT_WRITABLE, USER, assert_holds, assert_only, assert_unassigned, element, id_of,
    member, members_of, name_of, path_of, refused, with,
};
use crate::{Level, encode, group, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_put_01, r_put_02, r_put_03, r_put_04, r_put_05, r_put_06, r_put_07, r_put_09, r_put_10, r_put_11,
    r_put_13, r_put_14, r_put_15, r_put_16, r_put_17, r_put_18, r_put_19, r_put_20, r_put_21, r_put_22,
];

/// PUT answers 200 with the whole resource.
fn r_put_01(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let stored = scratch.replace(&person, &same(&person, &json!({ "title": "Guide" })));
    assert_eq!((&stored["id"], &stored["title"]), (&person["id"], &json!("Guide")));
}

/// PUT on an unknown id is 404 and makes nothing.
fn r_put_02(run: &Run) {
    let scratch = run.shared();
    let name = unique("put");
    scratch.put(&format!("/Users/{name}"), &user(&name)).expect_error(404, &[]);
    scratch.put("/Users/00000000-0000-7000-8000-000000000000", &user(&name)).expect_error(404, &[]);
    let filter = encode(&format!("userName eq \"{name}\""));
    assert_eq!(scratch.total(&format!("/Users?filter={filter}")), 0);
}

/// A collection cannot be replaced.
fn r_put_03(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    refused(scratch.put("/Users", &user(&unique("put"))), NOT_WRITABLE);
    refused(scratch.put("/Groups", &group(&unique("put"))), NOT_WRITABLE);
    assert_eq!(scratch.again(&person), person);
}

/// The values of the body replace the stored ones, writable-only ones included.
fn r_put_04(run: &Run) {
    let scratch = run.shared();
    let person =
        scratch.person(&json!({ "title": "Old", "name": { "givenName": "Old", "middleName": "M" } }));
    let body = json!({ "title": "New", "name": { "givenName": "New" }, "password": unique("New-Word-3") });
    let stored = scratch.replace(&person, &same(&person, &body));
    assert_eq!((&stored["title"], &stored["name"]), (&json!("New"), &json!({ "givenName": "New" })));
}

/// What the body leaves out is cleared.
fn r_put_05(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({
        "title": "Old",
        "externalId": "e-1",
        "name": { "givenName": "Old" },
        "emails": [{ "value": "old@people.example" }],
    }));
    let stored = scratch.replace(&person, &same(&person, &json!({})));
    for name in ["title", "externalId", "name", "emails"] {
        assert_unassigned(&stored, name);
    }
}

/// `null` and `[]` clear even what has a default.
fn r_put_06(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old", "emails": [{ "value": "old@people.example" }] }));
    let body = same(&person, &json!({ "active": null, "title": null, "emails": [] }));
    let stored = scratch.replace(&person, &body);
    for name in ["title", "emails"] {
        assert_unassigned(&stored, name);
    }
    // A cleared `active` decides nothing: the user stays as enabled as before.
    assert_eq!(stored["active"], person["active"]);
}

/// Read-only values of the body are ignored.
fn r_put_07(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let forged = json!({
        "id": "another-id",
        "meta": { "created": "2001-01-01T00:00:00Z", "version": "W/\"f\"", "resourceType": "Group" },
        "groups": [{ "value": "forged" }],
        "title": "New",
    });
    let stored = scratch.replace(&person, &same(&person, &forged));
    assert_eq!((&stored["id"], &stored["title"]), (&person["id"], &json!("New")));
    assert_eq!(stored["meta"]["created"], person["meta"]["created"]);
    assert_eq!(stored["meta"]["resourceType"], "User");
    assert_unassigned(&stored, "groups");
}

/// Immutable values that stay the same are accepted: a group's members, sent back as they were read.
fn r_put_09(run: &Run) {
    let scratch = run.shared();
    let team = scratch.team_of(&[&scratch.person(&json!({}))]);
    let stored = scratch.replace(&team, &with(&team, &json!({ "externalId": "e-2" })));
    assert_eq!((&stored["members"], &stored["externalId"]), (&team["members"], &json!("e-2")));
}

/// An immutable value where none is stored is taken: a new member in an empty group.
fn r_put_10(run: &Run) {
    let scratch = run.shared();
    let (person, team) = (scratch.person(&json!({})), scratch.team(&json!({})));
    let body =
        with(&group(team["displayName"].as_str().expect("named")), &json!({ "members": [member(&person)] }));
    assert_eq!(members_of(&scratch.replace(&team, &body)), [id_of(&person)]);
}

/// An immutable value that the body leaves out is kept: a member named by `value` alone keeps its `type`.
fn r_put_11(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let team = scratch.team_of(&[&person]);
    let stored = scratch.replace(&team, &with(&team, &json!({ "members": [member(&person)] })));
    let kept = element(&stored["members"], "value", id_of(&person));
    assert_eq!(kept["type"], "User");
    assert_eq!(kept["$ref"], person["meta"]["location"]);
}

/// A body without a required attribute is refused and changes nothing.
fn r_put_13(run: &Run) {
    let scratch = run.shared();
    let (person, team) = (scratch.person(&json!({ "title": "Old" })), scratch.team(&json!({})));
    for name in [json!(null), json!("")] {
        scratch.refuse_put(&person, &same(&person, &json!({ "userName": name })), 400, "invalidValue");
    }
    scratch.refuse_put(&person, &json!({ "schemas": [USER], "title": "New" }), 400, "invalidValue");
    scratch.refuse_put(&team, &json!({ "schemas": [GROUP] }), 400, "invalidValue");
}

/// A name that somebody else has is 409 `uniqueness`; one's own name is fine.
fn r_put_14(run: &Run) {
    let scratch = run.shared();
    let (person, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    scratch.refuse_put(&person, &user(name_of(&other)), 409, "uniqueness");
    scratch.refuse_put(&person, &user(&name_of(&other).to_uppercase()), 409, "uniqueness");
    scratch.replace(&person, &same(&person, &json!({ "title": "Self" })));
}

/// A multi-valued attribute of the body replaces the whole list.
fn r_put_15(run: &Run) {
    let scratch = run.shared();
    let emails = json!([{ "value": "a@people.example", "type": "work" }, { "value": "b@people.example" }]);
    let person = scratch.person(&json!({ "emails": emails }));
    let one = json!([{ "value": "c@people.example", "type": "home" }]);
    let stored = scratch.replace(&person, &same(&person, &json!({ "emails": one })));
    assert_holds(&stored["emails"], &one);

    let (first, second) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let team = scratch.team_of(&[&first]);
    let stored = scratch.replace(&team, &with(&team, &json!({ "members": [member(&second)] })));
    assert_eq!(members_of(&stored), [id_of(&second)]);
}

/// An extension that the body leaves out is removed with its data.
fn r_put_16(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ ENTERPRISE: { "department": "Tours" } }));
    assert_eq!(person[ENTERPRISE]["department"], "Tours");
    let stored = scratch.replace(&person, &same(&person, &json!({})));
    assert_unassigned(&stored, ENTERPRISE);
    assert_eq!(stored["schemas"], json!([USER]));
}

/// `meta.created` stays and `meta.lastModified` moves on.
fn r_put_17(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let stored = scratch.replace(&person, &same(&person, &json!({ "title": "New" })));
    let (before, after) = (&person["meta"], &stored["meta"]);
    assert_eq!(before["created"], after["created"]);
    assert!(before["lastModified"].as_str() <= after["lastModified"].as_str(), "{before} {after}");
    assert!(before["version"].is_null() || before["version"] != after["version"], "{before} {after}");
}

/// PUT of what GET answered changes nothing, its version included.
fn r_put_18(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Same", ENTERPRISE: { "department": "Same" } }));
    assert_eq!(scratch.replace(&person, &person), person);
    let team = scratch.team_of(&[&person]);
    assert_eq!(scratch.replace(&team, &team), team);
}

/// A stale `If-Match` is 412 without a change; the current one is 200 with a new `ETag`.
fn r_put_19(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let put = |tag: &Value, title: &str| {
        let body = same(&person, &json!({ "title": title }));
        let request = scratch.request("PUT", &path_of(&person));
        request.header("if-match", tag.as_str().expect("etag is supported")).json(&body).send()
    };
    let first = put(&person["meta"]["version"], "One").expect_status(200);
    let tag = first.header("etag").expect("200 carries ETag");
    assert_ne!(json!(tag), person["meta"]["version"]);
    put(&person["meta"]["version"], "Two").expect_error(412, &[]);
    assert_eq!(scratch.again(&person), first.json());
}

/// `attributes` shapes the answer, not the replacement.
fn r_put_20(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "nickName": "Old" }));
    let body = same(&person, &json!({ "title": "New" }));
    let answer = scratch.put(&format!("{}?attributes=userName", path_of(&person)), &body).expect_status(200);
    assert_only(&answer.json(), &["userName"]);
    let stored = scratch.again(&person);
    assert_eq!(stored["title"], "New");
    assert_unassigned(&stored, "nickName");
}

/// One bad attribute, and nothing of the PUT is stored.
fn r_put_21(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old" }));
    let bad = same(&person, &json!({ "title": "New", "nickName": "New", "active": "perhaps" }));
    scratch.refuse_put(&person, &bad, 400, "invalidValue");
    let team = scratch.team_of(&[&person]);
    let stranger =
        json!({ "displayName": "New", "members": [{ "value": "00000000-0000-7000-8000-000000000000" }] });
    // A server need not look whether a member is there (RFC 7643 §2.3.7).
    run.at_most(Level::May, || scratch.refuse_put(&team, &with(&team, &stranger), 400, "invalidValue"));
}

/// Many members are replaced in one PUT (here 1,000, so that the suite stays quick).
fn r_put_22(run: &Run) {
    let (scratch, many) = run.roomy();
    let people: Vec<_> = (0..many).map(|_| scratch.person(&json!({}))).collect();
    let (old, new) = people.split_at(many / 2);
    let team = scratch.team_of(&old.iter().collect::<Vec<_>>());
    let all: Vec<_> = people.iter().map(member).collect();
    let stored = scratch.replace(&team, &with(&team, &json!({ "members": all })));
    assert_eq!(members_of(&stored).len(), many);
    let rest: Vec<_> = new.iter().map(member).collect();
    let stored = scratch.replace(&team, &with(&team, &json!({ "members": rest })));
    let mut expected: Vec<_> = new.iter().map(|person| id_of(person).to_owned()).collect();
    expected.sort();
    assert_eq!(members_of(&stored), expected);
}

/// The smallest body that keeps a user's name, with these attributes beside it.
fn same(person: &Value, extra: &Value) -> Value {
    with(&user(name_of(person)), extra)
}
