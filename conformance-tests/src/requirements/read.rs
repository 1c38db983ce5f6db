//! Reading one resource with GET and HEAD (RFC 7644 §3.4.1).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{id_of, path_of, refused};
use crate::{encode, unique};
use serde_json::json;

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_read_01, r_read_02, r_read_03, r_read_04, r_read_05, r_read_06, r_read_07, r_read_08, r_read_09,
];

/// An existing resource is read with 200.
fn r_read_01(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({ "nickName": "Nick" }));
    let read = scratch.get(&path_of(&person)).expect_status(200);
    assert_eq!((read.id().as_str(), read.at("/nickName")), (id_of(&person), Some(json!("Nick"))));
}

/// An unknown or deleted id is 404 with a SCIM error.
fn r_read_02(run: &Run) {
    let scratch = run.shared();
    scratch.get(&format!("/Users/{}", unique("nobody"))).expect_error(404, &[]);
    scratch.get("/Users/00000000-0000-7000-8000-000000000000").expect_error(404, &[]);
    let person = scratch.person(&json!({}));
    scratch.delete(&path_of(&person)).expect_status(204);
    scratch.get(&path_of(&person)).expect_error(404, &[]);
}

/// The id of a user names no group, and the other way round.
fn r_read_03(run: &Run) {
    let scratch = run.shared();
    let (person, team) = (scratch.person(&json!({})), scratch.team(&json!({})));
    scratch.get(&format!("/Groups/{}", id_of(&person))).expect_error(404, &[]);
    scratch.get(&format!("/Users/{}", id_of(&team))).expect_error(404, &[]);
}

/// A plain GET shows what is returned always or by default, and never a password.
fn r_read_04(run: &Run) {
    let scratch = run.shared();
    let password = unique("Pass-Word-9");
    let person = scratch.person(&json!({ "title": "Guide", "password": password }));
    let read = scratch.get(&path_of(&person)).expect_status(200);
    for pointer in ["/id", "/schemas", "/meta", "/userName", "/title"] {
        assert!(read.at(pointer).is_some(), "{pointer} is missing in {}", read.text);
    }
    assert!(!read.text.contains("password") && !read.text.contains(&password), "{}", read.text);
}

/// GET carries the `ETag` that `meta.version` shows.
fn r_read_05(run: &Run) {
    let scratch = run.shared();
    for resource in [scratch.person(&json!({})), scratch.team(&json!({}))] {
        let read = scratch.get(&path_of(&resource)).expect_status(200);
        let tag = read.header("etag").unwrap_or_else(|| read.fail("no ETag"));
        assert_eq!(read.at("/meta/version"), Some(json!(tag)));
    }
}

/// GET carries the resource's URI in `Location`.
fn r_read_06(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let read = scratch.get(&path_of(&person)).expect_status(200);
    let location = read.header("location").unwrap_or_else(|| read.fail("no Location"));
    assert_eq!(read.at("/meta/location"), Some(json!(location)));
}

/// HEAD gives the status and headers of GET and no body.
fn r_read_07(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    for path in [&path_of(&person), "/Users?count=1", "/ServiceProviderConfig", "/Schemas", "/ResourceTypes"]
    {
        let (get, head) = (scratch.get(path).expect_status(200), scratch.request("HEAD", path).send());
        assert_eq!((head.status, head.text.as_str()), (200, ""), "HEAD {path}");
        for name in ["content-type", "etag", "location"] {
            assert_eq!(get.header(name), head.header(name), "{name} of HEAD {path}");
        }
    }
    let missing = scratch.request("HEAD", &format!("/Users/{}", unique("nobody"))).send();
    assert_eq!((missing.status, missing.text.as_str()), (404, ""));
}

/// A filter on a single resource is ignored, or answered with an empty list when it does not match.
fn r_read_08(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let filter = encode("userName eq \"somebody-else\"");
    let answer = scratch.get(&format!("{}?filter={filter}", path_of(&person))).expect_status(200);
    let ignored = answer.at("/id") == Some(json!(id_of(&person)));
    let empty = answer.at("/totalResults") == Some(json!(0));
    assert!(ignored || empty, "{}", answer.text);
}

/// The id in a path is percent-decoded once and never walks to another resource.
fn r_read_09(run: &Run) {
    let scratch = run.shared();
    let (person, team) = (scratch.person(&json!({})), scratch.team(&json!({})));
    let id = id_of(&person);
    let first = id.as_bytes()[0];
    let once = scratch.get(&format!("/Users/%{first:02X}{}", &id[1..])).expect_status(200);
    assert_eq!(once.id(), id);
    scratch.get(&format!("/Users/%25{first:02X}{}", &id[1..])).expect_error(404, &[]);
    for step in ["%2e%2e%2f", "..%2f", "%2e%2e%5c", "%00", "x%2f..%2f..%2f"] {
        refused(scratch.get(&format!("/Users/{step}Groups%2f{}", id_of(&team))), &[400, 404]);
        refused(scratch.get(&format!("/Groups/{step}Users%2f{id}")), &[400, 404]);
    }
}
