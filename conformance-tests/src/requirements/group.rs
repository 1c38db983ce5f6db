//! The Group resource (RFC 7643 §4.2).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    GROUP, NOT_WRITABLE, Scratch, element, id_of, member, members_of, path_of, refused, values, with,
};
use crate::{Level, encode, group, patch_op, unique};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_group_01, r_group_02, r_group_03, r_group_04, r_group_05, r_group_06, r_group_07, r_group_08,
    r_group_09, r_group_10, r_group_11, r_group_12, r_group_14,
];

/// POSTs a group with these members.
fn try_team(scratch: &Scratch, members: &Value) -> crate::Answer {
    scratch.post("/Groups", &with(&group(&unique("team")), &json!({ "members": members })))
}

/// `schemas` and `displayName` make a group.
fn r_group_01(run: &Run) {
    let scratch = run.shared();
    let name = unique("group");
    let created = scratch.create("/Groups", &json!({ "schemas": [GROUP], "displayName": name }));
    assert_eq!((&created["displayName"], &created["schemas"]), (&json!(name), &json!([GROUP])));
    assert_eq!(created["meta"]["resourceType"], "Group");
}

/// A group needs a `displayName`.
fn r_group_02(run: &Run) {
    let scratch = run.shared();
    scratch.post("/Groups", &json!({ "schemas": [GROUP] })).expect_error(400, &["invalidValue"]);
    let named = |name: Value| scratch.post("/Groups", &json!({ "schemas": [GROUP], "displayName": name }));
    named(json!(null)).expect_error(400, &["invalidValue"]);
    // The RFC wants something in a `userName`, and of this only that it is there.
    run.at_most(Level::Proj, || {
        named(json!("")).expect_error(400, &["invalidValue"]);
    });
}

/// Two groups may have one name, except for the profiles whose products match groups by name.
fn r_group_03(run: &Run) {
    let scratch = run.shared();
    let name = unique("twin");
    let (one, two) = (scratch.create("/Groups", &group(&name)), scratch.create("/Groups", &group(&name)));
    assert_ne!(id_of(&one), id_of(&two));
    run.at_most(Level::Proj, || {
        for profile in ["entra", "jumpcloud", "okta"] {
            let scratch = run.profile(profile);
            scratch.create("/Groups", &group(&name));
            scratch.post("/Groups", &group(&name)).expect_error(409, &["uniqueness"]);
        }
    });
}

/// A member is shown with id, URI and type.
fn r_group_04(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let team = scratch.again(&scratch.team_of(&[&person]));
    let shown = element(&team["members"], "value", id_of(&person));
    run.at_most(Level::Should, || {
        assert_eq!((&shown["$ref"], &shown["type"]), (&person["meta"]["location"], &json!("User")));
    });
    assert!(shown["type"].is_null() || shown["type"] == "User", "{shown}");
    if let Some(reference) = shown["$ref"].as_str() {
        assert_eq!(scratch.get(reference).expect_status(200).id(), id_of(&person));
    }
}

/// The server fills in what a member given by `value` lacks, and refuses a `type` that is not true.
fn r_group_05(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "displayName": "Kim Doe" }));
    let team = scratch.team_of(&[&person]);
    let shown = element(&team["members"], "value", id_of(&person));
    assert_eq!((&shown["type"], &shown["display"]), (&json!("User"), &json!("Kim Doe")));
    assert_eq!(shown["$ref"], person["meta"]["location"]);
    let lie = json!([{ "value": id_of(&person), "type": "Group" }]);
    try_team(&scratch, &lie).expect_error(400, &["invalidValue"]);
    let add = json!([{ "op": "add", "path": "members", "value": lie }]);
    scratch.refuse(&scratch.team(&json!({})), add, &["invalidValue"]);
}

/// An unknown member is refused, and one of another tenant in just the same words.
fn r_group_06(run: &Run) {
    let scratch = run.shared();
    let stranger = Scratch::on(run.sibling());
    let elsewhere = stranger.person(&json!({}));
    let (foreign, nobody) = (id_of(&elsewhere), "00000000-0000-7000-8000-000000000000");
    let refusal = |id: &str| {
        let answer = try_team(&scratch, &json!([{ "value": id }])).expect_error(400, &["invalidValue"]);
        answer.text.replace(id, "ID")
    };
    assert_eq!(refusal(foreign), refusal(nobody));
    let team = scratch.team(&json!({}));
    for id in [foreign, nobody] {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
        scratch.refuse(&team, add, &["invalidValue"]);
    }
}

/// A member cannot be turned into another one, only added and removed.
fn r_group_07(run: &Run) {
    let scratch = run.shared();
    let (one, two) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let team = scratch.team_of(&[&one]);
    let path = format!("members[value eq \"{}\"].value", id_of(&one));
    let swap = json!([{ "op": "replace", "path": path, "value": id_of(&two) }]);
    scratch.refuse(&team, swap, &[]);
    let stored = scratch.change(
        &team,
        json!([
            { "op": "add", "path": "members", "value": [member(&two)] },
            { "op": "remove", "path": format!("members[value eq \"{}\"]", id_of(&one)) },
        ]),
    );
    assert_eq!(members_of(&stored), [id_of(&two)]);
}

/// Adding a member again succeeds and changes nothing.
fn r_group_08(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let team = scratch.team_of(&[&person]);
    let twice = json!([member(&person), member(&person)]);
    let add = json!([{ "op": "add", "path": "members", "value": twice }]);
    assert_eq!(scratch.change(&team, add), team);
    assert_eq!(members_of(&try_team(&scratch, &twice).expect_status(201).json()), [id_of(&person)]);
}

/// A group may hold a group, or that is refused as `invalidValue`.
fn r_group_09(run: &Run) {
    let scratch = run.shared();
    let inner = scratch.team(&json!({}));
    let answer = try_team(&scratch, &json!([{ "value": id_of(&inner), "type": "Group" }])).check();
    if answer.status != 201 {
        answer.expect_error(400, &["invalidValue"]);
        return;
    }
    let shown = answer.at("/members/0").unwrap_or_default();
    assert_eq!(shown["value"], inner["id"]);
    run.at_most(Level::Should, || {
        assert_eq!((&shown["type"], &shown["$ref"]), (&json!("Group"), &inner["meta"]["location"]));
    });
    assert!(shown["type"].is_null() || shown["type"] == "Group", "{shown}");
}

/// Groups that hold themselves, or each other, are treated alike everywhere and harm nobody.
fn r_group_10(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let (one, two) = (scratch.team_of(&[&person]), scratch.team(&json!({})));
    let add = |team: &Value, new: &Value| {
        let change = json!([{ "op": "add", "path": "members", "value": [member(new)] }]);
        let answer = scratch.patch(&path_of(team), &patch_op(change)).check();
        if answer.status == 200 { 200 } else { answer.expect_error(400, &["invalidValue"]).status }
    };
    let itself = add(&one, &one);
    let nested = add(&two, &one);
    let circle = add(&one, &two);
    if nested == 200 {
        assert_eq!(itself, circle, "a group in itself and a circle of two are treated differently");
    }
    for resource in [&one, &two, &person] {
        scratch.again(resource);
    }
    let filter = encode(&format!("members.value eq \"{}\"", id_of(&person)));
    assert_eq!(scratch.list(&format!("/Groups?filter={filter}"))["totalResults"], 1);
    scratch.delete(&path_of(&one)).expect_status(204);
    scratch.delete(&path_of(&two)).expect_status(204);
}

/// Deleting a user takes it out of its groups, which thereby change.
fn r_group_11(run: &Run) {
    let scratch = run.shared();
    let (person, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let team = scratch.team_of(&[&person, &other]);
    scratch.delete(&path_of(&person)).expect_status(204);
    let stored = scratch.again(&team);
    assert_eq!(members_of(&stored), [id_of(&other)]);
    assert_ne!(stored["meta"]["version"], team["meta"]["version"]);
}

/// `excludedAttributes=members` leaves members out of one group and of lists.
fn r_group_12(run: &Run) {
    let scratch = run.shared();
    let team = scratch.team_of(&[&scratch.person(&json!({}))]);
    let one = scratch.read(&format!("{}?excludedAttributes=members", path_of(&team)));
    let name = encode(&format!("displayName eq \"{}\"", team["displayName"].as_str().expect("named")));
    let list = scratch.list(&format!("/Groups?filter={name}&excludedAttributes=members"));
    assert_eq!(values(&list["Resources"], "id"), [id_of(&team)]);
    for shown in [&one, &list["Resources"][0]] {
        assert!(shown.get("members").is_none() && shown["displayName"] == team["displayName"], "{shown}");
    }
}

/// `members` declares a read-only `display`, and a client cannot set it.
fn r_group_14(run: &Run) {
    let scratch = run.shared();
    let schema = scratch.read(&format!("/Schemas/{GROUP}"));
    let members = element(&schema["attributes"], "name", "members");
    assert_eq!(element(&members["subAttributes"], "name", "display")["mutability"], "readOnly");
    let person = scratch.person(&json!({ "displayName": "Kim Doe" }));
    let forged = json!([{ "value": id_of(&person), "display": "Somebody Else" }]);
    let team = try_team(&scratch, &forged).expect_status(201).json();
    assert_eq!(element(&team["members"], "value", id_of(&person))["display"], "Kim Doe");
    refused(scratch.put(&format!("/Schemas/{GROUP}"), &schema), NOT_WRITABLE);
}
