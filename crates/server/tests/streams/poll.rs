//! Tokens that a receiver asks for (RFC 8936).

use crate::support::TestApp;
use crate::support::feed::{Feed, claims};
use operations::streams;
use serde_json::{Value, json};

async fn some(app: &TestApp, many: usize) -> Feed {
    let directory = app.connection("generic").await;
    let feed = Feed::open(app, json!({})).await;
    for number in 0..many {
        directory.user(&format!("u{number}")).await;
    }
    feed
}

/// The answer, once there is a token in it.
async fn first(feed: &Feed, body: Value) -> Value {
    loop {
        let answer = feed.poll(body.clone()).await.expect(200).body;
        if answer["sets"].as_object().is_some_and(|sets| !sets.is_empty()) {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

fn ids(answer: &Value) -> Vec<String> {
    answer["sets"].as_object().expect("an object").keys().cloned().collect()
}

#[tokio::test]
async fn a_token_comes_again_until_it_is_acknowledged() {
    let app = TestApp::open().await;
    let feed = some(&app, 3).await;
    let ask = json!({ "maxEvents": 2, "returnImmediately": true });
    let answer = loop {
        let answer = first(&feed, ask.clone()).await;
        if answer["moreAvailable"] == true {
            break answer;
        }
    };
    let two = ids(&answer);
    assert_eq!(two.len(), 2);
    assert_eq!(ids(&first(&feed, ask.clone()).await), two, "with the same ids");
    let token = answer["sets"][&two[0]].as_str().expect("a token");
    assert_eq!((&claims(token)["jti"], &claims(token)["sub_id"]["userName"]), (&json!(two[0]), &json!("u0")));
    let none = feed.poll(json!({ "maxEvents": 0, "ack": [two[0]] })).await.expect(200).body;
    assert_eq!(none, json!({ "sets": {}, "moreAvailable": true }));
    let rest = ids(&first(&feed, ask.clone()).await);
    assert_eq!(rest.len(), 2);
    assert_eq!(rest[0], two[1]);
    let refused = json!({ rest[0].clone(): { "err": "invalid_request", "description": "what is this?" } });
    let body = json!({ "ack": [rest[1], "nonsense"], "setErrs": refused, "returnImmediately": true });
    let answer = feed.poll(body).await.expect(200).body;
    assert_eq!(answer, json!({ "sets": {}, "moreAvailable": false }));
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let shown = streams::show(db, &operator, &app.tenant, &feed.stream).await.expect("there");
    assert_eq!((shown.waiting, shown.dead), (0, 1));
    assert_eq!(streams::replay(db, &operator, &app.tenant, &feed.stream).await.expect("replayed"), 1);
    assert_eq!(ids(&first(&feed, ask).await), [rest[0].clone()], "an operator had it sent once more");
}

#[tokio::test]
async fn a_question_waits_for_the_next_token() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    let feed = Feed::open(&app, json!({})).await;
    let (answer, _) = tokio::join!(first(&feed, json!({})), async {
        tokio::task::yield_now().await;
        directory.user("ada").await
    });
    assert_eq!(ids(&answer).len(), 1);
}

#[tokio::test]
async fn a_paused_stream_keeps_its_tokens_and_a_disabled_one_has_none() {
    let app = TestApp::open().await;
    let feed = some(&app, 0).await;
    let directory = app.connection("generic").await;
    let turn = async |status: &str| {
        let body = json!({ "stream_id": feed.stream, "status": status, "reason": "a test" });
        let turned = crate::support::feed::ssf(&feed.application, "POST", "/status", Some(&body)).await;
        assert_eq!(turned.expect(200).body["status"], json!(status));
        let path = format!("/status?stream_id={}", feed.stream);
        let shown = crate::support::feed::ssf(&feed.application, "GET", &path, None).await.expect(200).body;
        assert_eq!((&shown["status"], &shown["reason"]), (&json!(status), &json!("a test")));
    };
    turn("paused").await;
    directory.user("ada").await;
    let ask = json!({ "returnImmediately": true });
    assert_eq!(feed.poll(ask.clone()).await.expect(200).body["sets"], json!({}));
    turn("enabled").await;
    assert_eq!(feed.until(1).await.len(), 1, "what happened meanwhile was kept");
    turn("disabled").await;
    directory.user("ben").await;
    turn("enabled").await;
    directory.user("cara").await;
    let told = feed.until(1).await;
    assert_eq!(told[0]["sub_id"]["userName"], "cara", "what happened meanwhile was not kept");
}
