//! Which events a change gives, and what they say of it (RFC 9967 §2.3, §2.4).
use serde_json::{Value, json};

use crate::probe::includes;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::bulk::{bulk, delete, person, place, post, status};
use crate::support::feed::{Feed, Form, Site, Told, is, payload};
use crate::support::{Scratch, USER, accepted, id_of, member, name_of, path_of, with};
use crate::{patch_op, skip, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_evt_08, r_evt_09, r_evt_10, r_evt_12, r_evt_13, r_evt_17, r_evt_18, r_evt_19, r_evt_20, r_evt_32,
];

/// The most bytes that a token may have about a large group.
const LARGE: usize = 96 * 1024;
/// More members than fit into one event.
const MANY: usize = 600;

/// The ends of the events of these tokens.
fn ends(told: &[Told]) -> Vec<String> {
    told.iter().flat_map(Told::events).map(|(end, _)| end).collect()
}

/// How often this event was told.
fn count(told: &[Told], event: &str) -> usize {
    ends(told).iter().filter(|end| is(end, event)).count()
}

/// A new resource is told by `prov:create`.
fn r_evt_08(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let person = site.scratch.person(&json!({}));
    for path in [path_of(&person), path_of(&site.scratch.team_of(&[&person]))] {
        let told = feed.until(&path, &["prov:create"]);
        let found = ends(&told);
        let good = |end: &&String| ["prov:create:full", "prov:create:notice"].contains(&end.as_str());
        assert_eq!(found.iter().filter(good).count(), 1, "{path}: {found:?}");
    }
}

/// A PATCH is told by `prov:patch`, a PUT by `prov:put`.
fn r_evt_09(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let person = site.scratch.person(&json!({}));
    let path = path_of(&person);
    site.scratch.change(&person, json!([{ "op": "add", "path": "title", "value": "Dr" }]));
    let found = ends(&feed.until(&path, &["prov:create", "prov:patch"]));
    let formed = |event: &str, end: &str| end == format!("{event}:full") || end == format!("{event}:notice");
    assert!(found.iter().any(|end| formed("prov:patch", end)), "{found:?}");
    assert!(!found.iter().any(|end| is(end, "prov:put")), "{found:?}");
    site.scratch.replace(&person, &with(&user(name_of(&person)), &json!({ "title": "Sir" })));
    let found = ends(&feed.until(&path, &["prov:put"]));
    assert!(found.iter().any(|end| formed("prov:put", end)), "{found:?}");
    assert_eq!(found.iter().filter(|end| is(end, "prov:patch")).count(), 1, "{found:?}");
}

/// A deletion is told by `prov:delete`, which has no content and no form, and no `feed:remove` is told beside it.
fn r_evt_10(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let (person, next) = (site.scratch.person(&json!({})), site.scratch.person(&json!({})));
    let path = path_of(&person);
    site.scratch.delete(&path).expect_status(204);
    feed.until(&path, &["prov:delete"]);
    site.scratch.delete(&path_of(&next)).expect_status(204);
    feed.until(&path_of(&next), &["prov:delete"]);
    let told = feed.about(&path);
    let found: Vec<String> = ends(&told).into_iter().filter(|end| is(end, "prov:delete")).collect();
    assert_eq!(found, ["prov:delete"]);
    assert_eq!(*payload(&told, "prov:delete"), json!({}));
    assert_eq!(count(&told, "feed:remove"), 0, "{:?}", ends(&told));
}

/// The full event of a new resource has it as it is stored, with its `id`.
fn r_evt_12(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Full);
    let person = site.scratch.person(&json!({ "title": "Dr", "name": { "givenName": "Ada" } }));
    let told = feed.until(&path_of(&person), &["prov:create"]);
    let data = &payload(&told, "prov:create:full")["data"];
    assert_eq!(data["id"], person["id"], "{data}");
    let mut stored = person.clone();
    stored.as_object_mut().map(|stored| stored.remove("meta"));
    assert!(includes(data, &stored), "{data} is told of {stored}");
}

/// The full event of a PATCH has one that does the same, that of a PUT what was put or what came of it.
fn r_evt_13(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Full);
    let usual = json!({ "title": "Dr", "nickName": "Ada" });
    let (person, twin) = (site.scratch.person(&usual), site.scratch.person(&usual));
    let operations = json!([
        { "op": "replace", "path": "title", "value": "Prof" },
        { "op": "remove", "path": "nickName" },
    ]);
    site.scratch.change(&person, operations);
    let told = feed.until(&path_of(&person), &["prov:patch"]);
    let message = &payload(&told, "prov:patch:full")["data"];
    let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    assert_eq!(message["schemas"], json!([schema]), "{message}");
    accepted(site.scratch.patch(&path_of(&twin), message));
    let twin = site.scratch.again(&twin);
    assert_eq!((&twin["title"], twin.get("nickName")), (&json!("Prof"), None), "{message}");
    let body = with(&user(name_of(&person)), &json!({ "title": "Sir" }));
    site.scratch.replace(&person, &body);
    let told = feed.until(&path_of(&person), &["prov:put"]);
    let data = &payload(&told, "prov:put:full")["data"];
    assert!(includes(data, &body), "{data} is told of {body}");
}

/// `feed:add` and `feed:remove` have no content, and say nothing of creation and deletion.
fn r_evt_17(run: &Run) {
    let site = Site::of(run);
    let person = site.scratch.person(&json!({}));
    let path = path_of(&person);
    let feed = site.feed(Form::Any);
    let body = json!({
        "stream_id": feed.id(),
        "subject": { "format": "scim", "uri": path },
        "verified": true,
    });
    // Streams that carry everything at first tell of the second `add`, others of the first one.
    for name in ["add_subject_endpoint", "remove_subject_endpoint", "add_subject_endpoint"] {
        let answer = site.call("POST", &site.endpoint(name), Some(&body));
        if !(200..300).contains(&answer.status) {
            answer.fail(&format!("status {} where a success was expected", answer.status));
        }
    }
    let told = feed.until(&path, &["feed:add", "feed:remove"]);
    for (end, payload) in told.iter().flat_map(Told::events) {
        assert!(end.starts_with("feed:") && *payload == json!({}), "{end}: {payload}");
    }
    assert_eq!(site.scratch.again(&person), person);
}

/// `active` that becomes true or false is told by `prov:activate` or `prov:deactivate`, in the transaction of the change.
fn r_evt_18(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let person = site.scratch.person(&json!({ "active": true }));
    let path = path_of(&person);
    site.scratch.change(&person, json!([{ "op": "replace", "path": "active", "value": false }]));
    is_told_beside(&feed, &path, "prov:deactivate", "prov:patch");
    let body = with(&user(name_of(&person)), &json!({ "active": true }));
    site.scratch.replace(&person, &body);
    is_told_beside(&feed, &path, "prov:activate", "prov:put");
}

/// Requires that an event was told, without content, in the transaction of the change.
fn is_told_beside(feed: &Feed<'_>, path: &str, event: &str, change: &str) {
    let told = feed.until(path, &[event, change]);
    assert_eq!(*payload(&told, event), json!({}));
    let txn = |event: &str| {
        let found = told.iter().find(|one| one.payload(event).is_some());
        found.map(|one| one.claims["txn"].clone())
    };
    assert_eq!(txn(event), txn(change), "{event} and {change} are one transaction");
}

/// What is refused or changes nothing is not told, and each change is told once.
fn r_evt_19(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let person = site.scratch.person(&json!({ "title": "Dr" }));
    let path = path_of(&person);
    let title = |value: &str| patch_op(json!([{ "op": "replace", "path": "title", "value": value }]));
    site.scratch.put(&path, &json!({ "schemas": [USER] })).expect_status(400);
    accepted(site.scratch.patch(&path, &title("Dr")));
    accepted(site.scratch.patch(&path, &title("Prof")));
    site.scratch.patch(&path, &patch_op(json!([{ "op": "turn", "path": "title" }]))).expect_status(400);
    site.scratch.post("/Users", &user(name_of(&person))).expect_status(409);
    site.scratch.delete(&path).expect_status(204);
    let told = feed.until(&path, &["prov:delete"]);
    let counted = ["prov:create", "prov:patch", "prov:put", "prov:delete"].map(|event| count(&told, event));
    assert_eq!(counted, [1, 1, 0, 1], "create, patch, put, delete: {:?}", ends(&told));
}

/// Each operation of a bulk request is told as a request of its own.
fn r_evt_20(run: &Run) {
    let site = Site::of(run);
    let feed = site.feed(Form::Any);
    let (changed, deleted) = (site.scratch.person(&json!({})), site.scratch.person(&json!({})));
    let change = patch_op(json!([{ "op": "add", "path": "title", "value": "Dr" }]));
    let operations = [
        person("a"),
        post("/Users", "b", &json!({ "schemas": [USER] })),
        json!({ "method": "PATCH", "path": path_of(&changed), "data": change }),
        delete(&path_of(&deleted)),
    ];
    let entries = bulk(&site.scratch, &operations);
    let said = status(&entries);
    assert!(said[0] == "201" && said[1] == "400", "{said:?}");
    let created = site.scratch.below(&place(&entries[0]));
    let txn = |path: &str, event: &str| {
        let told = feed.until(path, &[event]);
        assert_eq!(count(&told, event), 1, "{path}: {:?}", ends(&told));
        let found = told.into_iter().find(|one| one.payload(event).is_some());
        found.map(|one| one.claims["txn"].clone())
    };
    let (first, second, third) = (
        txn(&created, "prov:create"),
        txn(&path_of(&changed), "prov:patch"),
        txn(&path_of(&deleted), "prov:delete"),
    );
    assert!(first != second && second != third && first != third, "{first:?} {second:?} {third:?}");
}

/// So many new users, as members of a group.
fn crowd(scratch: &Scratch, many: usize) -> Vec<Value> {
    let people: Vec<Value> = (0..many).map(|_| scratch.person(&json!({}))).collect();
    people.iter().map(member).collect()
}

/// A change of many members is told in tokens of a bounded size.
fn r_evt_32(run: &Run) {
    let site = Site::of(run);
    if site.made.is_none() {
        skip("it needs a tenant of its own, which only a run that starts a Rollcall server can make");
    }
    let members = crowd(&site.scratch, MANY);
    let team = site.scratch.team(&json!({}));
    let feed = site.feed(Form::Full);
    let operations = json!([{ "op": "add", "path": "members", "value": members }]);
    site.scratch.change(&team, operations);
    let told = feed.until(&path_of(&team), &["prov:patch"]);
    for one in &told {
        assert!(one.token.len() < LARGE, "{} bytes about {}", one.token.len(), id_of(&team));
    }
}
