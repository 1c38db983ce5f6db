//! PATCH as a message: its form, its answers, atomicity, preconditions and limits (RFC 7644 §3.5.2).
use std::thread;

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    Scratch, USER, accepted, assert_only, assert_unassigned, id_of, member, members_of, name_of, path_of,
    refused,
};
use crate::{Level, patch_op, unique};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_patch_01, r_patch_02, r_patch_03, r_patch_04, r_patch_05, r_patch_06, r_patch_07, r_patch_08,
    r_patch_09, r_patch_62, r_patch_63, r_patch_64, r_patch_65, r_patch_66, r_patch_67, r_patch_68,
    r_patch_69,
];

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A title change as one operation.
fn title(value: &str) -> Value {
    json!({ "op": "replace", "path": "title", "value": value })
}

/// The body needs the URN of a PATCH request in `schemas`.
fn r_patch_01(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let operations = json!([title("New")]);
    for body in [
        json!({ "Operations": operations }),
        json!({ "schemas": [], "Operations": operations }),
        json!({ "schemas": [USER], "Operations": operations }),
        json!({ "schemas": PATCH_OP, "Operations": operations }),
    ] {
        // The client breaks the rule; no sentence forbids a server to be lenient.
        run.at_most(Level::Should, || {
            scratch.patch(&path_of(&person), &body).expect_error(400, &["invalidSyntax"]);
            assert_eq!(scratch.again(&person), person);
        });
    }
}

/// `Operations` is an array with something in it.
fn r_patch_02(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let path = path_of(&person);
    for operations in [title("New"), json!("add"), json!(null), json!([5])] {
        let answer = scratch.patch(&path, &patch_op(operations));
        answer.expect_error(400, &["invalidSyntax", "invalidValue"]);
    }
    let answer = scratch.patch(&path, &json!({ "schemas": [PATCH_OP] }));
    answer.expect_error(400, &["invalidSyntax", "invalidValue"]);
    run.at_most(Level::Should, || {
        scratch.patch(&path, &patch_op(json!([]))).expect_error(400, &["invalidSyntax", "invalidValue"]);
    });
    assert_eq!(scratch.again(&person), person);
}

/// `op` is add, remove or replace and nothing else.
fn r_patch_03(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old" }));
    for op in ["move", "copy", "test", "", "delete"] {
        let operation = json!([{ "op": op, "path": "title", "from": "nickName", "value": "New" }]);
        scratch.refuse(&person, operation, &["invalidSyntax", "invalidValue"]);
    }
    let absent = json!([{ "path": "title", "value": "New" }]);
    run.at_most(Level::Should, || {
        scratch.refuse(&person, absent, &["invalidSyntax", "invalidValue"]);
    });
    let number = json!([{ "op": 5, "path": "title", "value": "New" }]);
    scratch.refuse(&person, number, &["invalidSyntax", "invalidValue"]);
}

/// `Operations` is read in any case, and `op` by every profile but `strict`.
fn r_patch_04(run: &Run) {
    let scratch = run.profile("generic");
    let person = scratch.person(&json!({}));
    for op in ["Add", "REPLACE", "aDd"] {
        let value = unique("title");
        let stored = scratch.change(&person, json!([{ "op": op, "path": "title", "value": value }]));
        assert_eq!(stored["title"], json!(value));
    }
    let stored = scratch.change(&person, json!([{ "op": "Remove", "path": "title" }]));
    assert_unassigned(&stored, "title");
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let capital =
        json!({ "schemas": [PATCH_OP], "Operations": [{ "op": "Add", "path": "title", "value": "x" }] });
    scratch.patch(&path_of(&person), &capital).expect_error(400, &["invalidSyntax"]);
    let lower = json!({ "schemas": [PATCH_OP], "operations": [title("Lower")] });
    accepted(scratch.patch(&path_of(&person), &lower));
    assert_eq!(scratch.again(&person)["title"], "Lower");
}

/// Success is 200 with the whole resource or 204 without a body.
fn r_patch_05(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "nickName": "Nick" }));
    let answer = scratch.patch(&path_of(&person), &patch_op(json!([title("New")]))).check();
    let stored = scratch.again(&person);
    match answer.status {
        200 => assert_eq!(answer.json(), stored),
        204 => assert_eq!(answer.text, ""),
        _ => answer.fail("expected 200 or 204"),
    }
    assert_eq!((&stored["title"], &stored["nickName"]), (&json!("New"), &json!("Nick")));
}

/// An answer without a body still carries the new `ETag`.
fn r_patch_06(run: &Run) {
    let told = |scratch: &Scratch, resource: &Value, op: &str| {
        let change = patch_op(json!([{ "op": op, "path": "externalId", "value": "e-1" }]));
        let answer = accepted(scratch.patch(&path_of(resource), &change));
        let stored = scratch.again(resource);
        assert_eq!(stored["externalId"], "e-1");
        if answer.status == 204 {
            assert_eq!(answer.header("etag").map(|tag| json!(tag)), Some(stored["meta"]["version"].clone()));
        }
        answer.status
    };
    let scratch = run.shared();
    told(&scratch, &scratch.person(&json!({})), "replace");
    run.at_most(Level::Proj, || {
        let entra = run.profile("entra");
        assert_eq!(told(&entra, &entra.team(&json!({})), "Replace"), 204);
    });
}

/// Operations run in order, each on what the one before left.
fn r_patch_07(run: &Run) {
    let scratch = run.shared();
    let people: Vec<_> = (0..3).map(|_| scratch.person(&json!({}))).collect();
    let team = scratch.team_of(&[&people[0], &people[1]]);
    let stored = scratch.change(
        &team,
        json!([
            { "op": "remove", "path": "members" },
            { "op": "add", "path": "members", "value": [member(&people[2])] },
        ]),
    );
    assert_eq!(members_of(&stored), [id_of(&people[2])]);
    let person = scratch.person(&json!({}));
    let stored =
        scratch.change(&person, json!([title("One"), { "op": "remove", "path": "title" }, title("Two")]));
    assert_eq!(stored["title"], "Two");
}

/// One bad operation undoes the good ones.
fn r_patch_08(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old" }));
    let good = [title("New"), json!({ "op": "add", "path": "nickName", "value": "N" }), title("Newer")];
    for bad in [
        json!({ "op": "replace", "path": "shoeSize", "value": 5 }),
        json!({ "op": "remove", "path": "userName" }),
        json!({ "op": "replace", "path": "active", "value": "perhaps" }),
    ] {
        let operations: Vec<_> = good.iter().cloned().chain([bad]).collect();
        scratch.refuse(&person, json!(operations), &[]);
    }
    let team = scratch.team(&json!({}));
    let operations = json!([
        { "op": "add", "path": "members", "value": [member(&person)] },
        { "op": "add", "path": "members", "value": [{ "value": "00000000-0000-7000-8000-000000000000" }] },
    ]);
    run.at_most(Level::May, || {
        scratch.refuse(&team, operations, &["invalidValue"]);
    });
}

/// PATCH on an unknown id is 404.
fn r_patch_09(run: &Run) {
    let scratch = run.shared();
    for endpoint in ["Users", "Groups"] {
        let path = format!("/{endpoint}/{}", unique("nobody"));
        let change = json!([{ "op": "replace", "path": "displayName", "value": "New" }]);
        scratch.patch(&path, &patch_op(change)).expect_error(404, &[]);
    }
}

/// A stale `If-Match` is 412 and changes nothing.
fn r_patch_62(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let stale = person["meta"]["version"].as_str().expect("etag is supported");
    let current = scratch.change(&person, json!([title("Now")]));
    let request = scratch.request("PATCH", &path_of(&person)).header("if-match", stale);
    request.json(&patch_op(json!([title("Late")]))).send().expect_error(412, &[]);
    assert_eq!(scratch.again(&person), current);
}

/// With `attributes` or `excludedAttributes` the answer is 200 with that selection.
fn r_patch_63(run: &Run) {
    let scratch = run.shared();
    let patch = |scratch: &Scratch, resource: &Value| {
        let send = |query: &str| {
            let change = patch_op(json!([{ "op": "add", "path": "externalId", "value": "e-1" }]));
            scratch.patch(&format!("{}?{query}", path_of(resource)), &change).expect_status(200).json()
        };
        assert_only(&send("attributes=externalId"), &["externalId"]);
        let rest = send("excludedAttributes=externalId");
        assert!(rest.get("externalId").is_none() && rest.get("meta").is_some(), "{rest}");
    };
    patch(&scratch, &scratch.person(&json!({})));
    run.at_most(Level::Proj, || {
        let entra = run.profile("entra");
        patch(&entra, &entra.team(&json!({})));
    });
}

/// A password is accepted and shown to nobody.
fn r_patch_64(run: &Run) {
    let scratch = run.shared();
    let (person, password) = (scratch.person(&json!({})), unique("Patched-Word-4"));
    for operation in [
        json!({ "op": "replace", "path": "password", "value": password }),
        json!({ "op": "add", "value": { "password": password, "title": "New" } }),
    ] {
        let answer = accepted(scratch.patch(&path_of(&person), &patch_op(json!([operation]))));
        assert!(!answer.text.contains("assword") && !answer.text.contains(&password), "{}", answer.text);
    }
    assert_eq!(scratch.again(&person)["title"], "New");
}

/// A thousand members come out the same from one operation and from a thousand.
fn r_patch_65(run: &Run) {
    let (scratch, many) = run.roomy();
    let people: Vec<_> = (0..many).map(|_| scratch.person(&json!({}))).collect();
    let all: Vec<_> = people.iter().map(member).collect();
    let (first, second) = (scratch.team(&json!({})), scratch.team(&json!({})));
    let at_once = scratch.change(&first, json!([{ "op": "add", "path": "members", "value": all }]));
    let single = |member: &Value| json!({ "op": "add", "path": "members", "value": [member] });
    let one_by_one = scratch.change(&second, json!(all.iter().map(single).collect::<Vec<_>>()));
    assert_eq!(members_of(&at_once).len(), many);
    assert_eq!(members_of(&at_once), members_of(&one_by_one));
}

/// Operations that cancel each other leave version and `lastModified` alone.
fn r_patch_66(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let stored = scratch.change(&person, json!([title("New"), { "op": "remove", "path": "title" }]));
    assert_eq!(stored, person);
    let team = scratch.team(&json!({}));
    let stored = scratch.change(
        &team,
        json!([
            { "op": "add", "path": "members", "value": [member(&person)] },
            { "op": "remove", "path": format!("members[value eq \"{}\"]", id_of(&person)) },
        ]),
    );
    assert_eq!(stored, team);
}

/// Simultaneous patches that add different members lose none.
fn r_patch_67(run: &Run) {
    let scratch = run.shared();
    let people: Vec<_> = (0..20).map(|_| scratch.person(&json!({}))).collect();
    let team = scratch.team(&json!({}));
    thread::scope(|scope| {
        for person in &people {
            let (scratch, path) = (&scratch, path_of(&team));
            scope.spawn(move || {
                let add = json!([{ "op": "add", "path": "members", "value": [member(person)] }]);
                accepted(scratch.patch(&path, &patch_op(add)))
            });
        }
    });
    let mut expected: Vec<_> = people.iter().map(|person| id_of(person).to_owned()).collect();
    expected.sort();
    assert_eq!(members_of(&scratch.again(&team)), expected);
}

/// A JSON Patch document is not a SCIM PATCH and never applied.
fn r_patch_68(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "title": "Old" }));
    let document = json!([{ "op": "replace", "path": "/title", "value": "New" }]);
    for media in ["application/json-patch+json", "application/merge-patch+json", "application/scim+json"] {
        let request = scratch.request("PATCH", &path_of(&person)).header("content-type", media);
        refused(request.json(&document).send(), &[400, 415]);
    }
    assert_eq!(scratch.again(&person), person);
}

/// The number of operations is limited to 1,000; more are 413.
fn r_patch_69(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let many = |count: usize| patch_op(json!(vec![title("Many"); count]));
    scratch.patch(&path_of(&person), &many(1001)).expect_error(413, &[]);
    assert_eq!(scratch.again(&person), person);
    accepted(scratch.patch(&path_of(&person), &many(1000)));
    assert_eq!((&scratch.again(&person)["title"], name_of(&person)), (&json!("Many"), name_of(&person)));
}
