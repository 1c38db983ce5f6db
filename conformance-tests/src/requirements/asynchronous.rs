//! Requests whose clients do not wait for the end (RFC 9967 §2.5.1).
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::bulk::{person, team};
use crate::support::{Scratch, name_of, path_of};
use crate::{Answer, patch_op, unique, user};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_async_01, r_async_02, r_async_03, r_async_04, r_async_05, r_async_06, r_async_07, r_async_08,
    r_async_09, r_async_10, r_async_11, r_async_12, r_async_13, r_async_15, r_async_16,
];

/// The event of completions.
const COMPLETION: &str = "urn:ietf:params:scim:event:misc:asyncresp";
/// The schema of bulk requests.
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// How often a result is looked for, and how long between.
const ROUNDS: u32 = 150;
const ROUND: Duration = Duration::from_millis(200);

/// Sends a request for whose end the client does not wait.
fn later(scratch: &Scratch, method: &str, path: &str, body: &Value) -> Answer {
    scratch.request(method, path).header("prefer", "respond-async").json(body).send()
}

/// The acceptance of a new user.
fn acceptance(scratch: &Scratch) -> Answer {
    later(scratch, "POST", "/Users", &user(&unique("async"))).expect_status(202)
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.header(name).unwrap_or_else(|| answer.fail(&format!("no {name}")))
}

/// The claims of the completions of a request, once there are so many. What they have created is deleted.
fn completions(scratch: &Scratch, accepted: &Answer, many: usize) -> Vec<Value> {
    let path = scratch.below(header(accepted, "location"));
    for _ in 0..ROUNDS {
        let answer = scratch.get(&path);
        if answer.status == 200 {
            let found = read(&answer);
            if found.len() >= many {
                for claims in found.iter().filter(|claims| said(claims)["status"] == "201") {
                    let uri = claims["sub_id"]["uri"].as_str().unwrap_or_default();
                    scratch.request("DELETE", uri).send();
                }
                return found;
            }
        }
        thread::sleep(ROUND);
    }
    accepted.fail("no completion came")
}

/// The claims of one token, or of a set of them as RFC 8936 writes it.
fn read(answer: &Answer) -> Vec<Value> {
    let tokens: Vec<String> = match serde_json::from_str::<Value>(&answer.text) {
        Ok(all) => {
            let sets = all["sets"].as_object().map(|sets| sets.values().cloned().collect::<Vec<_>>());
            sets.unwrap_or_default().iter().filter_map(|token| token.as_str().map(str::to_owned)).collect()
        }
        Err(_) => vec![answer.text.trim().to_owned()],
    };
    let claims = |token: &String| {
        let part = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims = part.and_then(|part| serde_json::from_slice(&part).ok());
        claims.unwrap_or_else(|| answer.fail("no security event token"))
    };
    tokens.iter().map(claims).collect()
}

/// What a completion says of its operation.
fn said(claims: &Value) -> &Value {
    &claims["events"][COMPLETION]
}

/// A request with `Prefer: respond-async` is accepted, or answered as ever.
fn r_async_01(run: &Run) {
    let scratch = run.shared();
    let someone = scratch.person(&json!({}));
    let change = patch_op(json!([{ "op": "add", "path": "title", "value": "Dr" }]));
    for (method, body) in [("PATCH", change), ("PUT", user(name_of(&someone))), ("DELETE", json!({}))] {
        let answer = later(&scratch, method, &path_of(&someone), &body);
        assert!((200..300).contains(&answer.status), "{method}: {}", answer.status);
    }
}

/// An acceptance has no body, whatever `Accept` says.
fn r_async_02(run: &Run) {
    let scratch = run.shared();
    let request = scratch.request("POST", "/Users").header("prefer", "respond-async");
    let request = request.header("accept", "application/scim+json, */*;q=0.1");
    let accepted = request.json(&user(&unique("async"))).send().expect_status(202);
    assert_eq!(accepted.text, "");
    completions(&scratch, &accepted, 1);
}

/// An acceptance has a `Set-Txn` of its own.
fn r_async_03(run: &Run) {
    let scratch = run.shared();
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let accepted = acceptance(&scratch);
        assert!(seen.insert(header(&accepted, "set-txn").to_owned()), "{seen:?}");
        completions(&scratch, &accepted, 1);
    }
}

/// An acceptance says that the preference was applied.
fn r_async_04(run: &Run) {
    let scratch = run.shared();
    let accepted = acceptance(&scratch);
    assert!(header(&accepted, "preference-applied").contains("respond-async"));
    completions(&scratch, &accepted, 1);
}

/// An acceptance says where the result or the resource is.
fn r_async_05(run: &Run) {
    let scratch = run.shared();
    let accepted = acceptance(&scratch);
    assert!(!header(&accepted, "location").is_empty());
    completions(&scratch, &accepted, 1);
}

/// A client that waits is answered where the end comes in time.
fn r_async_06(run: &Run) {
    let scratch = run.shared();
    let request = scratch.request("POST", "/Users").header("prefer", "respond-async, wait=10");
    let answer = request.json(&user(&unique("async"))).send().expect_status(201);
    assert!(answer.json()["id"].is_string(), "{}", answer.text);
}

/// The completion has the transaction of the acceptance and the event of completions.
fn r_async_07(run: &Run) {
    let scratch = run.shared();
    let accepted = acceptance(&scratch);
    let claims = completions(&scratch, &accepted, 1).remove(0);
    assert_eq!(claims["txn"], header(&accepted, "set-txn"), "{claims}");
    assert!(said(&claims).is_object(), "{claims}");
}

/// The completion holds what an answer to a bulk request says of an operation.
fn r_async_08(run: &Run) {
    let scratch = run.shared();
    let claims = completions(&scratch, &acceptance(&scratch), 1).remove(0);
    let (operation, uri) = (said(&claims), claims["sub_id"]["uri"].as_str().unwrap_or_default());
    assert_eq!((&operation["method"], &operation["status"]), (&json!("POST"), &json!("201")), "{claims}");
    assert!(
        operation["version"].is_string()
            || !run.service().config.as_ref().is_some_and(|config| config["etag"]["supported"] == true),
        "{claims}"
    );
    assert!(uri.starts_with("/Users/"), "{claims}");
}

/// The completion of a failure holds the error.
fn r_async_09(run: &Run) {
    let scratch = run.shared();
    let someone = scratch.person(&json!({}));
    let accepted = later(&scratch, "POST", "/Users", &user(name_of(&someone)));
    if accepted.status != 202 {
        accepted.expect_status(409);
        return;
    }
    let claims = completions(&scratch, &accepted, 1).remove(0);
    let operation = said(&claims);
    assert_eq!(operation["status"], "409", "{claims}");
    assert_eq!(operation["response"]["scimType"], "uniqueness", "{claims}");
    assert_eq!(operation["response"]["status"], "409", "{claims}");
}

/// The completions of a bulk request whose first operation refers to the second.
fn of_bulk(scratch: &Scratch) -> (String, Vec<Value>) {
    let operations = json!([team("team", &["one"]), person("one"), person("two")]);
    let body = json!({ "schemas": [BULK], "Operations": operations });
    let accepted = later(scratch, "POST", "/Bulk", &body).expect_status(202);
    let found = completions(scratch, &accepted, 3);
    (header(&accepted, "set-txn").to_owned(), found)
}

/// Each operation of a bulk request has a completion with its index from zero.
fn r_async_10(run: &Run) {
    let (base, found) = of_bulk(&run.shared());
    let transactions: BTreeSet<&str> = found.iter().filter_map(|claims| claims["txn"].as_str()).collect();
    let expected: BTreeSet<String> = (0..3).map(|index| format!("{base}:{index}")).collect();
    assert_eq!(transactions, expected.iter().map(String::as_str).collect());
}

/// The index is that of the request, in whichever order operations are done.
fn r_async_11(run: &Run) {
    let (base, found) = of_bulk(&run.shared());
    for (index, name) in ["team", "one", "two"].into_iter().enumerate() {
        let txn = format!("{base}:{index}");
        let claims = found.iter().find(|claims| claims["txn"] == txn.as_str());
        let claims = claims.unwrap_or_else(|| panic!("no completion of {txn}"));
        assert_eq!(said(claims)["bulkId"], name, "{claims}");
    }
}

/// No other client reads the result.
fn r_async_12(run: &Run) {
    let scratch = run.shared();
    let accepted = acceptance(&scratch);
    let path = scratch.below(header(&accepted, "location"));
    let nobody = scratch.request("GET", &path).no_auth().send();
    assert!([401, 403, 404].contains(&nobody.status), "{}", nobody.status);
    if let Some(other) = run.sibling_if_any() {
        let stranger = other.get(&path);
        assert!([401, 403, 404].contains(&stranger.status), "{}", stranger.status);
    }
    completions(&scratch, &accepted, 1);
}

/// What is wrong in itself is refused at once.
fn r_async_13(run: &Run) {
    let scratch = run.shared();
    for (body, status) in
        [(json!({}), 400), (json!({ "schemas": [crate::support::USER] }), 400), (json!([]), 400)]
    {
        later(&scratch, "POST", "/Users", &body).expect_status(status);
    }
    let request = scratch.request("POST", "/Users").header("prefer", "respond-async").no_auth();
    request.json(&user(&unique("async"))).send().expect_status(401);
}

/// A server that says so accepts requests when asked.
fn r_async_15(run: &Run) {
    let scratch = run.shared();
    completions(&scratch, &acceptance(&scratch), 1);
}

/// Reading is answered as ever.
fn r_async_16(run: &Run) {
    let scratch = run.shared();
    let someone = scratch.person(&json!({}));
    let request = scratch.request("GET", &path_of(&someone)).header("prefer", "respond-async");
    assert_eq!(request.send().expect_status(200).json()["id"], someone["id"]);
}
