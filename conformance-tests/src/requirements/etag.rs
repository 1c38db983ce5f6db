//! Versions and conditional requests (RFC 7644 §3.14, RFC 9110 §13).
use std::collections::BTreeSet;
use std::thread;

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{Scratch, accepted, id_of, name_of, path_of, refused, with};
use crate::{Answer, encode, patch_op, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_etag_01, r_etag_02, r_etag_03, r_etag_04, r_etag_05, r_etag_06, r_etag_07, r_etag_08, r_etag_09,
    r_etag_10, r_etag_11, r_etag_12, r_etag_13, r_etag_14, r_etag_15, r_etag_17, r_etag_18, r_etag_19,
    r_etag_20,
];

/// Sends a method that writes, with one header, and a body where the method needs one.
fn write(scratch: &Scratch, method: &str, person: &Value, header: (&str, &str)) -> Answer {
    let title = json!({ "title": unique("title") });
    let request = scratch.request(method, &path_of(person)).header(header.0, header.1);
    let request = match method {
        "PUT" => request.json(&with(&user(name_of(person)), &title)),
        "PATCH" => request.json(&patch_op(json!([{ "op": "add", "value": title }]))),
        _ => request,
    };
    request.send()
}

/// GETs a user with `If-None-Match`.
fn unless(scratch: &Scratch, person: &Value, tag: &str) -> Answer {
    scratch.request("GET", &path_of(person)).header("if-none-match", tag).send()
}

fn tag_of(resource: &Value) -> &str {
    resource["meta"]["version"].as_str().unwrap_or_else(|| panic!("no version in {resource}"))
}

/// The part of a tag between the quotes.
fn opaque(tag: &str) -> &str {
    tag.trim_start_matches("W/").trim_matches('"')
}

const METHODS: [&str; 3] = ["PUT", "PATCH", "DELETE"];
/// A header that asks for nothing.
const NOTHING: (&str, &str) = ("x-condition", "none");

/// Where etags are supported every answer about one resource carries one.
fn r_etag_01(run: &Run) {
    let scratch = run.shared();
    let config = scratch.read("/ServiceProviderConfig");
    assert_eq!(config["etag"]["supported"], true, "the rest of this file needs etags");
    let created = scratch.post("/Users", &user(&unique("etag"))).expect_status(201);
    let person = created.json();
    let read = scratch.get(&path_of(&person)).expect_status(200);
    let put = write(&scratch, "PUT", &person, NOTHING).expect_status(200);
    let patch = accepted(write(&scratch, "PATCH", &person, NOTHING));
    for answer in [created, read, put, patch] {
        let tag = answer.header("etag").unwrap_or_else(|| answer.fail("no ETag"));
        assert!(tag.trim_start_matches("W/").starts_with('"') && tag.ends_with('"'), "{tag}");
    }
}

/// `meta.version` is the tag, byte for byte.
fn r_etag_02(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for answer in [
        scratch.get(&path_of(&person)).expect_status(200),
        write(&scratch, "PUT", &person, NOTHING).expect_status(200),
    ] {
        assert_eq!(answer.at("/meta/version"), answer.header("etag").map(|tag| json!(tag)));
    }
    let patch = accepted(write(&scratch, "PATCH", &person, NOTHING));
    assert_eq!(patch.header("etag"), Some(tag_of(&scratch.again(&person))));
}

/// Every change gives a new tag, however quickly changes follow each other.
fn r_etag_03(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let mut seen = BTreeSet::from([tag_of(&person).to_owned()]);
    for round in 0..20 {
        let ops =
            json!([{ "op": "replace", "path": "title", "value": if round % 2 == 0 { "a" } else { "b" } }]);
        let answer = accepted(scratch.patch(&path_of(&person), &patch_op(ops)));
        let tag = answer.header("etag").expect("a PATCH answer carries ETag").to_owned();
        assert!(seen.insert(tag.clone()), "{tag} came twice");
    }
}

/// GET with the current tag in `If-None-Match` is 304, without a body, with the tag.
fn r_etag_04(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let answer = unless(&scratch, &person, tag_of(&person)).expect_status(304);
    assert_eq!((answer.text.as_str(), answer.header("etag")), ("", Some(tag_of(&person))));
    let list = format!("\"other\", {}", tag_of(&person));
    unless(&scratch, &person, &list).expect_status(304);
}

/// GET with another tag is 200 with the resource.
fn r_etag_05(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    assert_eq!(unless(&scratch, &person, "W/\"other\"").expect_status(200).json(), person);
    scratch.change(&person, json!([{ "op": "add", "path": "title", "value": "New" }]));
    let answer = unless(&scratch, &person, tag_of(&person)).expect_status(200);
    assert_eq!(answer.at("/title"), Some(json!("New")));
}

/// `If-None-Match` compares weakly.
fn r_etag_06(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let inner = opaque(tag_of(&person));
    for tag in [format!("\"{inner}\""), format!("W/\"{inner}\"")] {
        unless(&scratch, &person, &tag).expect_status(304);
    }
}

/// `If-None-Match: *` on an existing resource is 304.
fn r_etag_07(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    unless(&scratch, &person, "*").expect_status(304);
    let missing = format!("/Users/{}", unique("nobody"));
    scratch.request("GET", &missing).header("if-none-match", "*").send().expect_error(404, &[]);
}

/// `If-None-Match: *` on a write to an existing resource is 412.
fn r_etag_08(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for method in METHODS {
        write(&scratch, method, &person, ("if-none-match", "*")).expect_error(412, &[]);
    }
    assert_eq!(scratch.again(&person), person);
}

/// A write with the current tag is carried out.
fn r_etag_09(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for method in METHODS {
        let current = scratch.again(&person);
        accepted(write(&scratch, method, &person, ("if-match", tag_of(&current))));
    }
    scratch.get(&path_of(&person)).expect_error(404, &[]);
}

/// A write with a stale tag is 412 and changes nothing.
fn r_etag_10(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let current = scratch.change(&person, json!([{ "op": "add", "path": "title", "value": "New" }]));
    for method in METHODS {
        write(&scratch, method, &person, ("if-match", tag_of(&person))).expect_error(412, &[]);
    }
    assert_eq!(scratch.again(&person), current);
}

/// `If-Match` takes a list of tags, and `*` for any existing resource.
fn r_etag_11(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let list = format!("W/\"other\", {}", tag_of(&person));
    accepted(write(&scratch, "PATCH", &person, ("if-match", &list)));
    write(&scratch, "PATCH", &person, ("if-match", "W/\"one\", \"two\"")).expect_error(412, &[]);
    write(&scratch, "PUT", &person, ("if-match", "*")).expect_status(200);
    write(&scratch, "DELETE", &person, ("if-match", "*")).expect_status(204);
}

/// `If-Match` compares the opaque part, so that the server's own weak tags can be sent back.
fn r_etag_12(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let weak = format!("W/\"{}\"", opaque(tag_of(&person)));
    let answer = accepted(write(&scratch, "PATCH", &person, ("if-match", &weak)));
    let strong = format!("\"{}\"", opaque(answer.header("etag").expect("a PATCH answer carries ETag")));
    accepted(write(&scratch, "PATCH", &person, ("if-match", &strong)));
}

/// The bare opaque value is understood; any other malformed `If-Match` is 400.
fn r_etag_13(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    accepted(write(&scratch, "PATCH", &person, ("if-match", opaque(tag_of(&person)))));
    let current = scratch.again(&person);
    for malformed in ["\"unterminated", "W/unquoted\"", "\"a\" \"b\""] {
        write(&scratch, "PATCH", &person, ("if-match", malformed)).expect_error(400, &[]);
    }
    assert_eq!(scratch.again(&person), current);
}

/// A version clash is 412, never 409.
fn r_etag_14(run: &Run) {
    let scratch = run.shared();
    let team = scratch.team(&json!({}));
    scratch.change(&team, json!([{ "op": "add", "path": "externalId", "value": "e" }]));
    let ops = patch_op(json!([{ "op": "add", "path": "externalId", "value": "f" }]));
    let request = scratch.request("PATCH", &path_of(&team)).header("if-match", tag_of(&team));
    request.json(&ops).send().expect_error(412, &[]);
    let request = scratch.request("DELETE", &path_of(&team)).header("if-match", tag_of(&team));
    request.send().expect_error(412, &[]);
}

/// Writes without `If-Match` are carried out.
fn r_etag_15(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for method in METHODS {
        accepted(write(&scratch, method, &person, NOTHING));
    }
    scratch.get(&path_of(&person)).expect_error(404, &[]);
}

/// Preconditions come after authentication and existence.
fn r_etag_17(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let delete = |path: &str| scratch.request("DELETE", path).header("if-match", "W/\"stale\"");
    delete(&path_of(&person)).no_auth().send().expect_error(401, &[]);
    delete(&path_of(&person)).token("wrong").send().expect_error(401, &[]);
    delete(&format!("/Users/{}", unique("nobody"))).send().expect_error(404, &[]);
    if let Some(other) = run.sibling_if_any() {
        let request = other.request("DELETE", &path_of(&person)).header("if-match", "W/\"stale\"");
        refused(request.send(), &[403, 404]);
    }
    delete(&path_of(&person)).send().expect_error(412, &[]);
    assert_eq!(id_of(&scratch.again(&person)), id_of(&person));
}

/// Of many simultaneous PUTs on one version exactly one is carried out.
fn r_etag_18(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let attempt = || write(&scratch, "PUT", &person, ("if-match", tag_of(&person))).check().status;
        let racers: Vec<_> = (0..20).map(|_| scope.spawn(attempt)).collect();
        racers.into_iter().map(|racer| racer.join().expect("every attempt is answered")).collect()
    });
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "nobody won: {statuses:?}");
    assert_eq!(statuses[1..], [412; 19], "{statuses:?}");
}

/// A list that carries a tag also answers 304 to it.
fn r_etag_19(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let filter = encode(&format!("userName eq \"{}\"", name_of(&person)));
    let path = format!("/Users?filter={filter}");
    let list = scratch.get(&path).expect_status(200);
    let tag = list.header("etag").unwrap_or("W/\"lists-have-no-tag\"");
    let again = scratch.request("GET", &path).header("if-none-match", tag).send();
    again.expect_status(if list.header("etag").is_some() { 304 } else { 200 });
}

/// Answers are not for shared caches, and vary by who asks and for what.
fn r_etag_20(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for path in [path_of(&person), "/Users?count=1".to_owned()] {
        let answer = scratch.get(&path).expect_status(200);
        let control = answer.header("cache-control").unwrap_or_default().to_lowercase();
        let closed = control.contains("no-store") || control.contains("private");
        assert!(closed, "{path}: Cache-Control is {control:?}");
        let vary = answer.header("vary").unwrap_or_default().to_lowercase();
        assert!(vary.contains("authorization") && vary.contains("accept"), "{path}: Vary is {vary:?}");
    }
}
