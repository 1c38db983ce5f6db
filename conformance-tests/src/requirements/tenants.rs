//! What tenants see of each other (RFC 7644 §6). A run that has a token of another tenant tries it.
use serde_json::json;

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::bulk::{bulk, delete};
use crate::support::{SEARCH, Scratch, id_of, name_of, path_of, refused};
use crate::{encode, group, patch_op, unique, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![r_ten_01, r_ten_02, r_ten_05, r_ten_07, r_ten_09];

/// A token leads to its own tenant alone.
fn r_ten_01(run: &Run) {
    let (scratch, other) = (run.shared(), Scratch::on(run.sibling()));
    let person = scratch.person(&json!({}));
    scratch.get(&path_of(&person)).expect_status(200);
    refused(other.get(&path_of(&person)), &[403, 404]);
    let list = other.list("/Users?count=1000").to_string();
    assert!(!list.contains(name_of(&person)), "another tenant lists {}", name_of(&person));
}

/// What is another tenant's is not there: for no method, no list, no search, no bulk, no reference.
fn r_ten_02(run: &Run) {
    let (scratch, other) = (run.shared(), Scratch::on(run.sibling()));
    let person = scratch.person(&json!({}));
    let (path, filter) = (path_of(&person), format!("userName eq \"{}\"", name_of(&person)));
    let change = patch_op(json!([{ "op": "replace", "path": "title", "value": "x" }]));
    for answer in [
        other.get(&path),
        other.put(&path, &user(name_of(&person))),
        other.patch(&path, &change),
        other.delete(&path),
    ] {
        answer.expect_error(404, &[]);
    }
    assert_eq!(other.total(&format!("/Users?filter={}", encode(&filter))), 0);
    let search = json!({ "schemas": [SEARCH], "filter": filter });
    assert_eq!(other.post("/.search", &search).expect_status(200).at("/totalResults"), Some(json!(0)));
    if run.service().lacks("bulk").is_none() {
        assert_eq!(bulk(&other, &[delete(&path)])[0]["status"], "404");
    }
    let mut team = group(&unique("team"));
    team["members"] = json!([{ "value": id_of(&person) }]);
    other.post("/Groups", &team).expect_error(400, &["invalidValue"]);
    assert_eq!(scratch.again(&person), person);
}

/// Names and external ids of one tenant are free in another one.
fn r_ten_05(run: &Run) {
    let (scratch, other) = (run.shared(), Scratch::on(run.sibling()));
    let mut body = user(&unique("person"));
    body["externalId"] = json!(unique("ext"));
    let (one, two) = (scratch.create("/Users", &body), other.create("/Users", &body));
    assert_eq!((&one["userName"], &one["externalId"]), (&two["userName"], &two["externalId"]));
}

/// One person's ids in two tenants have nothing in common.
fn r_ten_07(run: &Run) {
    let (scratch, other) = (run.shared(), Scratch::on(run.sibling()));
    let body = user(&unique("person"));
    let (one, two) = (scratch.create("/Users", &body), other.create("/Users", &body));
    assert_ne!(id_of(&one), id_of(&two));
}

/// What is another tenant's is refused in the words for what does not exist.
fn r_ten_09(run: &Run) {
    let (scratch, other) = (run.shared(), Scratch::on(run.sibling()));
    let person = scratch.person(&json!({}));
    let (foreign, unknown) = (id_of(&person), "00000000-0000-7000-8000-000000000000");
    let told = |id: &str| {
        let answer = other.get(&format!("/Users/{id}")).expect_error(404, &[]);
        answer.text.replace(id, "ID")
    };
    assert_eq!(told(foreign), told(unknown));
}
