//! Every error on every path is a SCIM error, and says nothing of our insides.

use crate::support::{PATCH, TestApp, user};
use serde_json::json;

#[tokio::test]
async fn unknown_routes_wrong_methods_and_other_versions() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    for path in ["/", "/nowhere", "/scim", "/scim/v2/Printers", "/scim/v2/Users/a/b", "/scim/v2/Users/%ff"] {
        client.send("GET", path, &[], None).await.expect_error(404, None);
        app.nobody()
            .send("GET", path, &[], None)
            .await
            .expect_error(if path.contains('%') { 401 } else { 404 }, None);
    }
    for (method, path, allow) in [
        ("PUT", "/scim/v2/Users", "GET,HEAD,POST"),
        ("POST", "/scim/v2/Users/7", "GET,HEAD,PUT,PATCH,DELETE"),
        ("DELETE", "/scim/v2/Schemas", "GET,HEAD"),
        ("POST", "/healthz", "GET,HEAD"),
        ("BREW", "/scim/v2/Groups", "GET,HEAD,POST"),
    ] {
        let answer = client.send(method, path, &[], None).await.expect_error(405, None);
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    for path in ["/scim/v1/Users", "/scim/v3/Users"] {
        client.send("GET", path, &[], None).await.expect_error(400, Some("invalidVers"));
    }
    for (method, path) in [("GET", "/Me"), ("PATCH", "/Me"), ("GET", "/Me/x")] {
        client.send(method, &format!("/scim/v2{path}"), &[], None).await.expect_error(501, None);
        app.nobody().send(method, &format!("/scim/v2{path}"), &[], None).await.expect_error(401, None);
    }
}

#[tokio::test]
async fn paths_are_taken_as_clients_write_them() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    let id = client.user("ada").await;
    for path in [
        "/scim/v2/Users/",
        "//scim/v2//Users",
        "/scim/Users",
        "/scim/v2/aadOptscim062020/Users",
        "/scim/v2/Users?",
        "/scim/v2/Users?aadOptscim062020",
        "/scim/v2/Users?&",
    ] {
        let list = client.send("GET", path, &[], None).await.expect(200);
        assert_eq!(list.body["totalResults"], 1, "{path}");
    }
    let head = client.send("HEAD", &format!("/scim/v2/Users/{id}"), &[], None).await.expect(200);
    assert_eq!((head.header("etag"), &head.body), ("W/\"1\"", &json!("")));
    // A forged host stands in no link.
    let read = client
        .send("GET", &format!("/scim/v2/Users/{id}"), &[("host", "evil.example")], None)
        .await
        .expect(200);
    assert!(!read.body.to_string().contains("evil.example"));
    assert!(read.header("location").starts_with(app.server.scim_url()));
}

#[tokio::test]
async fn bodies_that_cannot_be_read() {
    let app =
        TestApp::open_with(&[("ROLLCALL_LIMITS__BODY_BYTES", "2000"), ("ROLLCALL_LIMITS__JSON_DEPTH", "8")])
            .await;
    let client = app.connection("generic").await;
    let deep = format!("{}{}", "[".repeat(9), "]".repeat(9));
    for body in ["", "{", "[]", "nope", "{\"schemas\": []}", "{\"a\":1,\"a\":2}", &deep] {
        client
            .send("POST", "/scim/v2/Users", &[], Some(body.to_owned()))
            .await
            .expect_error(400, Some("invalidSyntax"));
    }
    let large = json!({ "schemas": [crate::support::USER], "userName": "a".repeat(3000) }).to_string();
    client.send("POST", "/scim/v2/Users", &[], Some(large.clone())).await.expect_error(413, None);
    // Size is said before the media type, and both before what the JSON holds.
    client
        .send("POST", "/scim/v2/Users", &[("content-type", "text/plain")], Some(large))
        .await
        .expect_error(413, None);
    for media_type in ["text/plain", "application/xml", "application/json; charset=latin1"] {
        let headers = [("content-type", media_type)];
        client.send("POST", "/scim/v2/Users", &headers, Some("{".to_owned())).await.expect_error(415, None);
    }
    let accept = [("accept", "text/html")];
    client.send("POST", "/scim/v2/Users", &accept, Some(user("a").to_string())).await.expect_error(406, None);
    client.send("GET", "/scim/v2/Schemas", &accept, None).await.expect_error(406, None);
    assert_eq!(client.get("/Users").await.expect(200).body["totalResults"], 0);
    for media_type in ["application/json", "application/scim+json; charset=utf-8"] {
        let headers = [("content-type", media_type)];
        let body = Some(user(&media_type.replace(['/', ';', ' '], "")).to_string());
        client.send("POST", "/scim/v2/Users", &headers, body).await.expect(201);
    }
}

#[tokio::test]
async fn a_patch_is_all_or_nothing_and_limited() {
    let app = TestApp::open_with(&[("ROLLCALL_LIMITS__PATCH_OPERATIONS", "3")]).await;
    let client = app.connection("strict").await;
    let id = client.user("ada").await;
    client.user("bob").await;
    let path = format!("/Users/{id}");
    let title = json!({ "op": "replace", "path": "title", "value": "x" });
    let before = client.get(&path).await.expect(200).body;
    for (operation, status, word) in [
        (json!({ "op": "replace", "path": "nope", "value": 1 }), 400, "invalidPath"),
        (json!({ "op": "replace", "path": "id", "value": "x" }), 400, "mutability"),
        (json!({ "op": "replace", "path": "active", "value": "x" }), 400, "invalidValue"),
        (
            json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@b.example" }),
            400,
            "noTarget",
        ),
        (json!({ "op": "move", "path": "title" }), 400, "invalidSyntax"),
        (json!({ "op": "replace", "path": "userName", "value": "BOB" }), 409, "uniqueness"),
    ] {
        client.patch(&path, json!([title, operation])).await.expect_error(status, Some(word));
    }
    client.patch(&path, json!([title, title, title, title])).await.expect_error(413, None);
    client
        .json("PATCH", &path, &json!({ "schemas": [PATCH] }))
        .await
        .expect_error(400, Some("invalidSyntax"));
    assert_eq!(client.get(&path).await.expect(200).body, before);
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let settings = [("ROLLCALL_LIMITS__REQUESTS_PER_SECOND", "1"), ("ROLLCALL_LIMITS__BURST", "3")];
    let app = TestApp::open_with(&settings).await;
    let (client, other) = (app.connection("generic").await, app.connection("generic").await);
    let mut refused = None;
    for _ in 0..50 {
        let answer = client.get("/Users").await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("50 requests at once are too many").expect_error(429, None);
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    other.get("/Users").await.expect(200);
}

#[tokio::test]
async fn a_failing_database_is_our_fault_and_shows_no_insides() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    client.user("ada").await;
    crate::support::execute(&app, "ALTER TABLE users RENAME TO elsewhere").await;
    let own = [("x-request-id", "request-4711")];
    let failed = client.send("GET", "/scim/v2/Users", &own, None).await.expect_error(500, None);
    assert_eq!(failed.header("x-request-id"), "request-4711");
    let text = failed.body.to_string();
    assert!(text.contains("request-4711"), "{text}");
    for inside in ["users", "SELECT", "sqlx", "sqlite", "table"] {
        assert!(!text.contains(inside), "{text}");
    }
    client.post("/Users", &user("bob")).await.expect_error(500, None);
}
