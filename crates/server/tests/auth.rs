//! Who gets in: tokens that are valid at once, and no others.

use crate::support::TestApp;
use chrono::TimeDelta;
use serde_json::json;

#[tokio::test]
async fn only_a_valid_bearer_token_gets_in() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let token = client.token.clone().expect("a token");
    let basic = |value: String| async {
        let nobody = app.nobody();
        nobody.send("GET", "/scim/v2/Users", &[("authorization", value.leak())], None).await
    };
    for value in [token.clone(), "Basic YTpi".to_owned(), "Bearer".to_owned(), "Bearer ".to_owned()] {
        let answer = basic(value).await.expect_error(401, None);
        let header = answer.header("www-authenticate");
        assert!(header.starts_with("Bearer realm=\"rollcall\", resource_metadata="), "{header}");
    }
    for value in [
        "Bearer garbage".to_owned(),
        format!("Bearer {token}x"),
        "Bearer rollcall_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
    ] {
        let answer = basic(value).await.expect_error(401, None);
        let header = answer.header("www-authenticate");
        assert!(header.starts_with("Bearer realm=\"rollcall\", error=\"invalid_token\""), "{header}");
    }
    app.nobody().get("/Users").await.expect_error(401, None);
    app.nobody().get(&format!("/Users?access_token={token}")).await.expect_error(401, None);
    basic(format!("bearer {token}")).await.expect(200);
}

#[tokio::test]
async fn what_the_server_can_do_is_told_to_everybody() {
    let app = TestApp::open().await;
    let nobody = app.nobody();
    let config = nobody.get("/ServiceProviderConfig").await.expect(200).body;
    assert_eq!(config["filter"]["maxResults"], 500);
    assert_eq!(
        (&config["bulk"]["supported"], &config["bulk"]["maxOperations"]),
        (&json!(true), &json!(1_000))
    );
    assert_eq!(nobody.get("/Schemas").await.expect(200).body["totalResults"], 7);
    assert_eq!(nobody.get("/ResourceTypes").await.expect(200).body["totalResults"], 2);
    assert_eq!(nobody.get("/ResourceTypes/User").await.expect(200).body["endpoint"], "/Users");
    nobody.get("/ResourceTypes/Printer").await.expect_error(404, None);
    let schema = nobody.get("/Schemas/URN%3Aietf:params:scim:schemas:core:2.0:user").await.expect(200);
    assert_eq!(schema.body["name"], "User");
    nobody.get("/Schemas/urn:nothing").await.expect_error(404, None);
    nobody.get("/Schemas/%ff").await.expect_error(404, None);
    nobody.get("/Schemas?filter=id+pr").await.expect_error(403, None);
    nobody.get("/Schemas?count=1&sortBy=id").await.expect(200);
}

#[tokio::test]
async fn tokens_are_several_expire_and_are_revoked() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let second = operations::tokens::create(
        app.admin.db(),
        &app.admin.operator("test"),
        &client.id,
        &operations::tokens::New::bearer(Some(1)),
    )
    .await
    .expect("a second token");
    let second = client.with_token(second.token);
    second.get("/Users").await.expect(200);
    client.get("/Users").await.expect(200);
    app.clock.advance(TimeDelta::days(1));
    second.get("/Users").await.expect_error(401, None);

    let revoked =
        operations::tokens::revoke(app.admin.db(), &app.admin.operator("test"), &client.id, &client.token_id)
            .await
            .expect("it was valid");
    assert_eq!(revoked.state, "revoked");
    client.get("/Users").await.expect_error(401, None);
    operations::tokens::revoke(app.admin.db(), &app.admin.operator("test"), &client.id, &client.token_id)
        .await
        .expect_err("it is revoked");
    let states: Vec<_> = operations::tokens::list(app.admin.db(), &app.admin.operator("test"), &client.id)
        .await
        .expect("readable");
    assert_eq!(states.iter().map(|token| token.state).collect::<Vec<_>>(), ["revoked", "expired"]);
}

#[tokio::test]
async fn a_cached_token_is_believed_and_a_new_one_is_valid_at_once() {
    let app = TestApp::open_with(&[("ROLLCALL_AUTH__TOKEN_CACHE_SECONDS", "600")]).await;
    let client = app.connection("generic").await;
    client.get("/Users").await.expect(200);
    operations::tokens::revoke(app.admin.db(), &app.admin.operator("test"), &client.id, &client.token_id)
        .await
        .expect("it was valid");
    client.get("/Users").await.expect(200);
    // Only tokens that exist are kept in mind: a refused one counts as soon as it is created.
    let new = operations::tokens::create(
        app.admin.db(),
        &app.admin.operator("test"),
        &client.id,
        &operations::tokens::New::default(),
    )
    .await
    .expect("a new token");
    client.with_token(new.token).get("/Users").await.expect(200);
}

#[tokio::test]
async fn the_last_use_of_a_token_is_written_behind_the_answers() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.clock.advance(TimeDelta::hours(1));
    client.get("/Users").await.expect(200);
    app.server.flush().await;
    let tokens = operations::tokens::list(app.admin.db(), &app.admin.operator("test"), &client.id)
        .await
        .expect("readable");
    assert_eq!(tokens[0].last_used_at, Some(crate::support::start() + TimeDelta::hours(1)));
}
