//! Requests that come again with their `Idempotency-Key`: what they create is created once.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Answer, Client, GROUP, TestApp, count, user};

async fn create(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/scim+json"), ("idempotency-key", key)];
    client.send("POST", &format!("/scim/v2{path}"), &headers, Some(body.to_string())).await
}

#[tokio::test]
async fn the_same_request_with_its_key_is_answered_by_what_it_created() {
    let app = TestApp::open().await;
    let client = app.connection("strict").await;
    let first = create(&client, "/Users", "k-1", &user("ada")).await.expect(201);
    // The form of the draft has quotes.
    let again = create(&client, "/Users", "\"k-1\"", &user("ada")).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(
        (first.header("etag"), first.header("location")),
        (again.header("etag"), again.header("location"))
    );
    create(&client, "/Users", "k-2", &user("ada")).await.expect_error(409, Some("uniqueness"));

    // Names of groups are not unique for this connection: without the key there would be two.
    let crew = json!({ "schemas": [GROUP], "displayName": "Crew" });
    let first = create(&client, "/Groups", "k-3", &crew).await.expect(201);
    assert_eq!(create(&client, "/Groups", "k-3", &crew).await.expect(201).id(), first.id());
    assert_eq!(count(&app, "SELECT COUNT(*) FROM groups").await, 1);
    assert_ne!(create(&client, "/Groups", "k-4", &crew).await.expect(201).id(), first.id());
}

#[tokio::test]
async fn requests_of_one_key_at_the_same_time_create_one_resource() {
    let app = TestApp::open().await;
    let client = app.connection("strict").await;
    for (path, body) in
        [("/Groups", json!({ "schemas": [GROUP], "displayName": "Crew" })), ("/Users", user("ada"))]
    {
        let all = (0..8).map(|_| create(&client, path, "at once", &body));
        let ids: Vec<String> =
            futures::future::join_all(all).await.into_iter().map(|answer| answer.expect(201).id()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        break_the_key(&app).await;
    }
    assert_eq!(count(&app, "SELECT COUNT(*) FROM groups").await, 1);
    assert_eq!(count(&app, "SELECT COUNT(*) FROM users").await, 1);

    // Where names of groups are unique, a request that comes again meets its own group.
    let client = app.connection("entra").await;
    let team = json!({ "schemas": [GROUP], "displayName": "Team" });
    let all = (0..8).map(|_| create(&client, "/Groups", "team", &team));
    for answer in futures::future::join_all(all).await {
        answer.expect(201);
    }
}

/// The next request may use the same key.
async fn break_the_key(app: &TestApp) {
    app.later(TimeDelta::hours(25)).await;
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_connection_for_a_day() {
    let app = TestApp::open().await;
    let (client, other) = (app.connection("strict").await, app.connection("strict").await);
    let ada = create(&client, "/Users", "k-1", &user("ada")).await.expect(201);
    create(&client, "/Users", "k-1", &user("bob")).await.expect_error(422, None);
    create(&client, "/Groups", "k-1", &json!({ "schemas": [GROUP], "displayName": "Crew" }))
        .await
        .expect_error(422, None);
    create(&other, "/Users", "k-1", &user("bob")).await.expect(201);

    client
        .patch(&format!("/Users/{}", ada.id()), json!([{ "op": "add", "path": "title", "value": "Dr" }]))
        .await;
    let now = create(&client, "/Users", "k-1", &user("ada")).await.expect(201);
    assert_eq!((now.id(), &now.body["title"]), (ada.id(), &json!("Dr")), "the resource as it is now");
    client.delete(&format!("/Users/{}", ada.id())).await.expect(204);
    create(&client, "/Users", "k-1", &user("ada")).await.expect_error(409, None);
    break_the_key(&app).await;
    assert_ne!(create(&client, "/Users", "k-1", &user("ada")).await.expect(201).id(), ada.id());

    create(&client, "/Users", "", &user("eve")).await.expect_error(400, Some("invalidSyntax"));
    create(&client, "/Users", &"k".repeat(256), &user("eve")).await.expect_error(400, Some("invalidSyntax"));
    client.get("/Users?filter=userName%20eq%20%22eve%22").await.expect(200);
    // A request that was refused has created nothing, so the key is free.
    create(&client, "/Users", "k-9", &json!({ "schemas": [] }))
        .await
        .expect_error(400, Some("invalidSyntax"));
    create(&client, "/Users", "k-9", &user("eve")).await.expect(201);
}
