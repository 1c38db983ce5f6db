//! `/Me`, the alias of the person who asks (RFC 7644 §3.11).
use serde_json::Value;

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::skip;
use crate::support::assert_only;

/// The tests of this file. None of them changes the account of the client that runs them.
pub(super) const TESTS: &[Test] = tests![r_me_01, r_me_02, r_me_03, r_me_04, r_me_05, r_me_08];

/// The person behind the token, as `/Me` or what it leads to shows them.
fn me(run: &Run) -> Value {
    let target = run.target();
    let answer = target.get("/Me");
    match (answer.status, answer.header("location")) {
        (307 | 308, Some(location)) => target.get(location).expect_status(200).json(),
        _ => answer.expect_status(200).json(),
    }
}

/// A server without `/Me` answers 501.
fn r_me_01(run: &Run) {
    let answer = run.target().get("/Me");
    if answer.status < 400 {
        skip("the server offers `/Me`");
    }
    answer.expect_error(501, &[]);
}

/// A redirect from `/Me` is 308 and leads to the person.
fn r_me_02(run: &Run) {
    let answer = run.target().get("/Me");
    if answer.status < 300 {
        skip("the server answers `/Me` itself");
    }
    assert_eq!(answer.status, 308);
    let location = answer.header("location").unwrap_or_else(|| answer.fail("no Location"));
    run.target().get(location).expect_status(200);
}

/// The `Location` of `/Me` is the person's own URI.
fn r_me_03(run: &Run) {
    let answer = run.target().get("/Me");
    let location = answer.header("location").unwrap_or_else(|| answer.fail("no Location"));
    assert!(!location.trim_end_matches('/').ends_with("/Me"), "{location}");
    let person = run.target().get(location).expect_status(200);
    assert_eq!(Some(person.json()["id"].clone()), me(run).get("id").cloned());
}

/// `meta.location` of `/Me` is the person's own URI, too.
fn r_me_04(run: &Run) {
    let person = me(run);
    let location = person["meta"]["location"].as_str().unwrap_or_else(|| panic!("no location in {person}"));
    assert!(location.ends_with(&format!("/{}", person["id"].as_str().unwrap_or_default())), "{location}");
}

/// `/Me` without credentials is 401.
fn r_me_05(run: &Run) {
    run.target().request("GET", "/Me").no_auth().send().expect_error(401, &[]);
}

/// `attributes` shapes `/Me` as it shapes every resource.
fn r_me_08(run: &Run) {
    let answer = run.target().get("/Me?attributes=userName");
    if answer.status >= 300 {
        skip("the server answers `/Me` with a redirect");
    }
    assert_only(&answer.expect_status(200).json(), &["userName"]);
}
