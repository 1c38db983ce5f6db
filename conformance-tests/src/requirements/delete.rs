//! Deleting resources (RFC 7644 §3.6).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{
    ENTERPRISE, NOT_WRITABLE, SEARCH, USER, assert_unassigned, id_of, member, members_of, name_of, path_of,
    refused,
};
use crate::{encode, patch_op, unique, user};
use serde_json::json;

/// The tests of this file.
pub(super) const TESTS: &[Test] =
    tests![r_del_01, r_del_02, r_del_03, r_del_04, r_del_05, r_del_06, r_del_07, r_del_08, r_del_09,];

/// DELETE of an existing resource is 204 without a body.
fn r_del_01(run: &Run) {
    let scratch = run.shared();
    for resource in [scratch.person(&json!({})), scratch.team(&json!({}))] {
        let answer = scratch.delete(&path_of(&resource)).expect_status(204);
        assert_eq!(answer.text, "");
    }
}

/// After it every method on the id is 404.
fn r_del_02(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let path = path_of(&person);
    scratch.delete(&path).expect_status(204);
    let change = patch_op(json!([{ "op": "replace", "path": "title", "value": "Ghost" }]));
    scratch.get(&path).expect_error(404, &[]);
    scratch.put(&path, &user(name_of(&person))).expect_error(404, &[]);
    scratch.patch(&path, &change).expect_error(404, &[]);
    scratch.delete(&path).expect_error(404, &[]);
}

/// A deleted resource is in no list, filter, search or count.
fn r_del_03(run: &Run) {
    if let Some(alone) = run.fresh_if_any() {
        let (kept, gone) = (alone.person(&json!({})), alone.person(&json!({})));
        alone.delete(&path_of(&gone)).expect_status(204);
        let list = alone.list("/Users");
        assert_eq!((&list["totalResults"], &list["Resources"][0]["id"]), (&json!(1), &kept["id"]));
    }
    let scratch = run.shared();
    let gone = scratch.person(&json!({}));
    scratch.delete(&path_of(&gone)).expect_status(204);
    let filter = format!("userName eq \"{}\"", name_of(&gone));
    assert_eq!(scratch.total(&format!("/Users?filter={}", encode(&filter))), 0);
    let search = json!({ "schemas": [SEARCH], "filter": filter });
    let found = scratch.post("/Users/.search", &search).expect_status(200);
    assert_eq!(found.at("/totalResults"), Some(json!(0)));
}

/// Its unique values are free at once.
fn r_del_04(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "externalId": "e-1" }));
    scratch.delete(&path_of(&person)).expect_status(204);
    scratch.create("/Users", &user(&name_of(&person).to_uppercase()));
}

/// A stale `If-Match` gives 412 and the resource stays.
fn r_del_05(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let stale = person["meta"]["version"].as_str().expect("etag is supported").to_owned();
    scratch.change(&person, json!([{ "op": "add", "path": "title", "value": "New" }]));
    let request = scratch.request("DELETE", &path_of(&person)).header("if-match", &stale);
    request.send().expect_error(412, &[]);
    assert_eq!(scratch.again(&person)["title"], "New");
}

/// What cannot be deleted refuses DELETE: collections and the discovery documents.
fn r_del_06(run: &Run) {
    let scratch = run.shared();
    let schema = format!("/Schemas/{USER}");
    let fixed = ["/Schemas", "/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User"];
    for path in ["/Users", "/Groups", &schema].into_iter().chain(fixed) {
        refused(scratch.delete(path), NOT_WRITABLE);
    }
}

/// Who has no right to a resource cannot delete it: another tenant's token gets 404, no token 401.
fn r_del_07(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    if let Some(other) = run.sibling_if_any() {
        refused(other.delete(&path_of(&person)), &[403, 404]);
    }
    scratch.request("DELETE", &path_of(&person)).no_auth().send().expect_error(401, &[]);
    assert_eq!(id_of(&scratch.again(&person)), id_of(&person));
}

/// What is left of a deleted person cannot be reached through SCIM.
fn r_del_08(run: &Run) {
    let scratch = run.shared();
    let (person, external) = (scratch.person(&json!({})), unique("external"));
    scratch.change(&person, json!([{ "op": "add", "path": "externalId", "value": external }]));
    let team = scratch.team_of(&[&person]);
    scratch.delete(&path_of(&person)).expect_status(204);
    for filter in [format!("id eq \"{}\"", id_of(&person)), format!("externalId eq \"{external}\"")] {
        assert_eq!(scratch.total(&format!("/Users?filter={}", encode(&filter))), 0, "{filter}");
    }
    let read = scratch.get(&path_of(&team)).expect_status(200);
    assert!(!read.text.contains(id_of(&person)), "{}", read.text);
    let add = json!([{ "op": "add", "path": "members", "value": [member(&person)] }]);
    scratch.refuse(&team, add, &["invalidValue"]);
}

/// Deleting a group takes it from its members' `groups`; deleting a manager leaves the value or nothing.
fn r_del_09(run: &Run) {
    let scratch = run.shared();
    let boss = scratch.person(&json!({}));
    let person = scratch.person(&json!({ ENTERPRISE: { "manager": { "value": id_of(&boss) } } }));
    let team = scratch.team_of(&[&person]);
    assert_eq!(members_of(&team), [id_of(&person)]);
    assert!(scratch.again(&person)["groups"].is_array());
    scratch.delete(&path_of(&team)).expect_status(204);
    assert_unassigned(&scratch.again(&person), "groups");

    scratch.delete(&path_of(&boss)).expect_status(204);
    let left = scratch.again(&person);
    let manager = &left[ENTERPRISE]["manager"];
    assert!(manager.is_null() || manager["value"] == id_of(&boss), "{left}");
}
