//! What the request log says about a request, and what it never says.

use crate::support::{TestApp, USER};
use serde_json::json;

#[tokio::test]
async fn a_request_is_logged_with_quirks_effects_and_a_masked_body() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    app.pool_of(operations::pools::New {
        name: "All".to_owned(),
        seats: 3,
        policy: "queue".to_owned(),
        for_everyone: true,
        ..Default::default()
    })
    .await;
    let body = json!({
        "schemas": [USER], "userName": "ada@alpha.example", "active": "True", "password": "s3cret",
        "name": { "familyName": "Lovelace" },
    });
    let id = client.post("/Users?attributes=id", &body).await.expect(201).id();
    let logged = app.last_request(&client).await;
    assert_eq!(
        (logged.method.as_str(), logged.path.as_str(), logged.status),
        ("POST", "/scim/v2/Users", 201)
    );
    assert!(logged.quirks.contains(&"boolean-strings".to_owned()), "{:?}", logged.quirks);
    assert_eq!(logged.effects[..3], ["person created", "seat taken in All", "now pending"]);
    assert_eq!(
        logged.body,
        Some(json!({
            "schemas": [USER], "userName": "•••", "active": "True", "password": "•••", "name": { "familyName": "•••" }
        }))
    );
    let report = operations::report::of(app.admin.db(), &app.tenant).await.expect("readable");
    assert_eq!(
        report.quirks.iter().map(|used| (used.id.as_str(), used.uses)).collect::<Vec<_>>(),
        [("boolean-strings", 1)]
    );

    // The journal names the request as the cause.
    let journal = app.person(&id).await.journal;
    assert!(journal.iter().all(|line| line.cause == logged.id.to_string() && line.actor == "connection"));
    let stored =
        crate::support::count(&app, "SELECT COUNT(*) FROM requests WHERE path LIKE '%attributes%'").await;
    assert_eq!(stored, 0, "the query is not kept");
}

#[tokio::test]
async fn refused_requests_are_logged_with_the_reason_and_strangers_are_not() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.nobody().get("/Users").await.expect(401);
    client.get("/Users?filter=userName+eq+%22ada%40alpha.example").await.expect(400);
    let logged = app.last_request(&client).await;
    assert_eq!((logged.status, logged.path.as_str()), (400, "/scim/v2/Users"));
    assert!(
        logged.error.as_deref().is_some_and(|error| error.starts_with("invalidFilter: ")),
        "{:?}",
        logged.error
    );
    client.send("POST", "/scim/v2/Users", &[], Some("{".to_owned())).await.expect(400);
    assert_eq!(app.last_request(&client).await.body, None);
    assert_eq!(crate::support::count(&app, "SELECT COUNT(*) FROM requests").await, 2);
    let personal = "SELECT COUNT(*) FROM requests WHERE error LIKE '%ada@alpha%'";
    assert_eq!(crate::support::count(&app, personal).await, 0);
}

#[tokio::test]
async fn what_was_ignored_is_said() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    let id = client.user("ada").await;
    let unknown = json!([{ "op": "Add", "value": { "favouriteColour": "blue", "title": "Dr" } }]);
    client.patch(&format!("/Users/{id}"), unknown).await.expect(200);
    let logged = app.last_request(&client).await;
    assert!(logged.ignored.iter().any(|words| words.contains("favouriteColour")), "{:?}", logged.ignored);
    assert!(logged.quirks.contains(&"unknown-keys".to_owned()), "{:?}", logged.quirks);
}

#[tokio::test]
async fn old_requests_are_forgotten() {
    let app = TestApp::open_with(&[("ROLLCALL_REQUESTS__RETENTION_DAYS", "30")]).await;
    let client = app.connection("generic").await;
    client.get("/Users").await.expect(200);
    app.server.flush().await;
    for (days, left) in [(29, 1), (2, 0)] {
        app.clock.advance(chrono::TimeDelta::days(days));
        app.server.forget_what_is_old().await;
        assert_eq!(crate::support::count(&app, "SELECT COUNT(*) FROM requests").await, left);
    }
}
