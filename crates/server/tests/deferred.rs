//! Requests whose clients do not wait for the end: accepted once they are kept, run once and in order, told to their connection alone.

use crate::support::feed::{Feed, claims, payload};
use crate::support::{self, Answer, Client, PATCH, TestApp, USER, user};
use chrono::TimeDelta;
use operations::{Claim, deferred, users};
use scim::protocol::conditions::Conditions;
use serde_json::{Value, json};
use server::Server;

const LATER: (&str, &str) = ("prefer", "respond-async");
const JSON: (&str, &str) = ("content-type", "application/scim+json");
const EVENT: &str = "misc:asyncresp";

/// Sends a request for whose end the client does not wait.
async fn later(client: &Client, method: &str, path: &str, body: Option<&Value>) -> Answer {
    client.send(method, &format!("/scim/v2{path}"), &[LATER, JSON], body.map(Value::to_string)).await
}

/// The transaction of a request that was accepted.
fn accepted(answer: Answer) -> String {
    let answer = answer.expect(202);
    assert_eq!((answer.body, answer.headers.get("preference-applied").is_some()), (json!(""), true));
    let transaction = answer.headers["set-txn"].to_str().expect("text").to_owned();
    let location = answer.headers["location"].to_str().expect("text");
    assert!(location.ends_with(&format!("/scim/v2/Async/{transaction}")), "{location}");
    transaction
}

/// What is told of the end of a request.
async fn told(client: &Client, transaction: &str) -> Value {
    let answer = client.get(&format!("/Async/{transaction}")).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/secevent+jwt");
    let claims = claims(answer.body.as_str().expect("a token"));
    assert_eq!(claims["txn"], json!(transaction));
    claims
}

#[tokio::test]
async fn a_request_is_accepted_run_and_told_to_its_connection() {
    let app = TestApp::open().await;
    let (client, stranger) = (app.connection("generic").await, app.connection("generic").await);
    let asyncresp = format!("urn:ietf:params:scim:event:{EVENT}");
    let feed = Feed::open(&app, json!({ "events_requested": [asyncresp] })).await;
    let body = json!({ "schemas": [USER], "userName": "ada" });
    let transaction = accepted(later(&client, "POST", "/Users", Some(&body)).await);
    let path = format!("/Async/{transaction}");
    client.get(&path).await.expect(202);
    app.later(TimeDelta::zero()).await;
    let claims = told(&client, &transaction).await;
    let operation = payload(&claims, EVENT);
    assert_eq!((&operation["method"], &operation["status"]), (&json!("POST"), &json!("201")));
    let uri = claims["sub_id"]["uri"].as_str().expect("a path").to_owned();
    let user = client.get(&uri).await.expect(200);
    assert_eq!(
        (&user.body["userName"], &operation["version"]),
        (&json!("ada"), &user.body["meta"]["version"])
    );
    stranger.get(&path).await.expect(404);
    app.nobody().get(&path).await.expect(401);
    client.get(&format!("{path}:0")).await.expect(404);
    client.get("/Async/nonsense").await.expect(404);
    assert_eq!(told(&client, &transaction).await, claims, "it is told in the same words again");
    let refused = accepted(later(&client, "POST", "/Users", Some(&body)).await);
    let gone = accepted(later(&client, "DELETE", &uri, None).await);
    app.later(TimeDelta::zero()).await;
    let refused = told(&client, &refused).await;
    let operation = payload(&refused, EVENT);
    assert_eq!(
        (&operation["status"], &operation["response"]["scimType"]),
        (&json!("409"), &json!("uniqueness"))
    );
    assert_eq!(payload(&told(&client, &gone).await, EVENT)["status"], "204");
    client.get(&uri).await.expect(404);
    let carried = feed.until(3).await;
    assert_eq!((&carried[0]["txn"], &carried[0]["sub_id"]["uri"]), (&claims["txn"], &json!(uri)));
}

#[tokio::test]
async fn what_is_wrong_is_refused_at_once_and_reading_is_answered_as_ever() {
    let app = TestApp::open_with(&[("ROLLCALL_LIMITS__BODY_BYTES", "2048")]).await;
    let client = app.connection("generic").await;
    let ada = format!("/Users/{}", client.user("ada").await);
    let patch = |path: &str| json!({ "schemas": [PATCH], "Operations": [{ "op": "add", "path": path, "value": "x" }] });
    for (method, path, body, status) in [
        ("POST", "/Users", json!({ "schemas": [USER] }), 400),
        ("POST", "/Users", json!({ "schemas": ["urn:x"], "userName": "x" }), 400),
        ("PATCH", ada.as_str(), patch("nothing eq"), 400),
        ("PUT", ada.as_str(), json!([]), 400),
        ("PATCH", "/Users/nonsense", patch("title"), 404),
        ("POST", "/Nothing", json!({}), 404),
        ("POST", "/Users", json!({ "schemas": [USER], "userName": "x".repeat(3_000) }), 413),
        ("POST", "/Bulk", json!({ "schemas": [] }), 400),
    ] {
        later(&client, method, path, Some(&body)).await.expect(status);
    }
    later(&app.nobody(), "DELETE", &ada, None).await.expect(401);
    assert_eq!(later(&client, "GET", &ada, None).await.expect(200).body["userName"], "ada");
    let search = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
    later(&client, "POST", "/Users/.search", Some(&search)).await.expect(200);
    let events = client.get("/ServiceProviderConfig").await.expect(200).body["securityEvents"].take();
    assert_eq!(
        (&events["asyncRequest"], events["eventUris"].as_array().map(Vec::len)),
        (&json!("request"), Some(12))
    );
}

#[tokio::test]
async fn the_requests_of_a_connection_are_run_in_their_order() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = format!("/Users/{}", client.user("ada").await);
    let mut last = String::new();
    for number in 0..5 {
        let value = format!("title {number}");
        let body = json!({ "schemas": [PATCH], "Operations": [{ "op": "replace", "path": "title", "value": value }] });
        last = accepted(later(&client, "PATCH", &ada, Some(&body)).await);
    }
    app.later(TimeDelta::zero()).await;
    let user = client.get(&ada).await.expect(200);
    assert_eq!(user.body["title"], "title 4");
    assert_eq!(payload(&told(&client, &last).await, EVENT)["version"], user.body["meta"]["version"]);
}

#[tokio::test]
async fn a_request_that_was_done_when_the_server_died_is_not_done_again() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let id = client.user("ada").await;
    let transaction = accepted(later(&client, "DELETE", &format!("/Users/{id}"), None).await);
    let (db, now, lease) = (app.admin.db(), app.clock.now(), TimeDelta::seconds(60));
    let job = db
        .claim_jobs(&Claim::of(&[deferred::RUN], 1), "crashed", now, lease)
        .await
        .expect("claimed")
        .remove(0);
    let turn = deferred::next(db, &job, (now, lease)).await.expect("readable").expect("its turn");
    let user = provisioning::UserId::new(id.parse().expect("an id"));
    users::delete(db, &turn.requester, user, &Conditions::default()).await.expect("deleted");
    let again = users::delete(db, &turn.requester, user, &Conditions::default()).await;
    again.expect_err("there is no such user any more");
    app.later(TimeDelta::seconds(30)).await;
    client.get(&format!("/Async/{transaction}")).await.expect(202);
    app.later(TimeDelta::seconds(31)).await;
    assert_eq!(payload(&told(&client, &transaction).await, EVENT)["status"], "204", "it was done, and once");
}

#[tokio::test]
async fn each_operation_of_a_bulk_request_has_a_token_of_its_own() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let user = |name: &str, id: &str| json!({ "method": "POST", "path": "/Users", "bulkId": id, "data": { "schemas": [USER], "userName": name } });
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [user("ada", "a"), user("ada", "b"), user("ben", "c")],
    });
    let transaction = accepted(later(&client, "POST", "/Bulk", Some(&body)).await);
    client.get(&format!("/Async/{transaction}")).await.expect(202);
    app.later(TimeDelta::zero()).await;
    let all = client.get(&format!("/Async/{transaction}")).await.expect(200).body;
    assert_eq!(
        (all["moreAvailable"].clone(), all["sets"].as_object().map(serde_json::Map::len)),
        (json!(false), Some(3))
    );
    for (number, (status, id)) in [("201", "a"), ("409", "b"), ("201", "c")].into_iter().enumerate() {
        let claims = told(&client, &format!("{transaction}:{number}")).await;
        let operation = payload(&claims, EVENT);
        assert_eq!((&operation["status"], &operation["bulkId"]), (&json!(status), &json!(id)));
    }
    client.get(&format!("/Async/{transaction}:3")).await.expect(404);
}

#[tokio::test]
async fn a_client_that_waits_a_while_is_answered_whichever_server_runs_its_request() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let config = support::config(&app.url, &[]);
    let other = Server::build_with(config, app.clock.clone()).await.expect("a second server builds");
    let body = json!({ "schemas": [USER], "userName": "ada" }).to_string();
    let wait = [("prefer", "respond-async, wait=10"), JSON];
    let asked = client.send("POST", "/scim/v2/Users", &wait, Some(body));
    tokio::pin!(asked);
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut asked => break answer,
            () = other.run_due_jobs() => {}
        }
    };
    let answer = answer.expect(201);
    assert_eq!((&answer.body["userName"], answer.headers.get("set-txn")), (&json!("ada"), None));
    assert_eq!(answer.body["meta"]["version"], answer.header("etag"));
    let ada = answer.id();
    let minimal = [("prefer", "respond-async, wait=10, return=minimal"), JSON];
    let body = json!({ "schemas": [PATCH], "Operations": [{ "op": "add", "path": "title", "value": "Dr" }] });
    let path = format!("/scim/v2/Users/{ada}");
    let answer = client.send("PATCH", &path, &minimal, Some(body.to_string())).await.expect(204);
    assert_eq!((answer.header("preference-applied"), &answer.body), ("return=minimal", &json!("")));
    let answer = client.send("POST", "/scim/v2/Users", &wait, Some(user("ada").to_string())).await;
    answer.expect_error(409, Some("uniqueness"));
    // A request is deleted after its client has been answered.
    while support::count(&app, "SELECT COUNT(*) FROM deferred_requests").await > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_server_that_died_was_asked_to_answer_is_run_by_a_job_after_a_while() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let transaction = accepted(later(&client, "POST", "/Users", Some(&user("ada"))).await);
    let until = (app.clock.now() + TimeDelta::seconds(10)).format("%Y-%m-%dT%H:%M:%S%.6f+00:00");
    let reserve = format!("UPDATE deferred_requests SET runner = id, runs_until = '{until}'");
    support::execute(&app, &reserve).await;
    app.later(TimeDelta::seconds(5)).await;
    client.get(&format!("/Async/{transaction}")).await.expect(202);
    app.later(TimeDelta::seconds(6)).await;
    assert_eq!(payload(&told(&client, &transaction).await, EVENT)["status"], "201");
}
