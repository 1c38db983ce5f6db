//! Resources of types that files define: their changes are told, and their requests may be accepted and run later.

use chrono::TimeDelta;
use serde_json::json;

use crate::support::TestApp;
use crate::support::feed::{Feed, claims, happened, payload};

const TEST: &str = "urn:rollcall:params:scim:schemas:test:1.0:TestResource";

async fn open() -> TestApp {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/schemas");
    TestApp::open_with(&[("ROLLCALL_SCHEMAS_DIR", shipped)]).await
}

#[tokio::test]
async fn changes_of_every_type_are_told_to_the_streams_that_carry_it() {
    let app = open().await;
    let client = app.connection("generic").await;
    let events = ["create:full", "patch:full", "put:notice", "delete"];
    let events = events.map(|end| format!("urn:ietf:params:scim:event:prov:{end}"));
    let feed = Feed::open(&app, json!({ "events_requested": events })).await;
    let typed =
        Feed::open(&app, json!({ "events_requested": events, "resource_types": ["TestResource"] })).await;
    let body = json!({ "schemas": [TEST], "name": "one", "externalId": "e-1", "onRequestString": "asked", "writeOnlyString": "no" });
    client.user("ada").await;
    let created = client.post("/TestResources", &body).await.expect(201);
    let path = format!("/TestResources/{}", created.id());
    let change = json!([
        { "op": "replace", "path": "onRequestString", "value": "other" },
        { "op": "add", "path": "multiString", "value": ["a"] },
    ]);
    let patched = client.patch(&path, change).await.expect(200);
    client.put(&path, &json!({ "schemas": [TEST], "name": "two", "externalId": "e-1" })).await.expect(200);
    client.delete(&path).await.expect(204);
    let told = typed.until(4).await;
    assert_eq!(feed.until(5).await.len(), 5, "a stream of all types carries the user, too");
    let said: Vec<String> = told.iter().flat_map(happened).collect();
    assert_eq!(said, ["prov:create:full", "prov:patch:full", "prov:put:notice", "prov:delete"]);
    for claims in &told {
        assert_eq!(
            (&claims["sub_id"]["uri"], &claims["sub_id"]["externalId"]),
            (&json!(path), &json!("e-1"))
        );
    }
    let data = &payload(&told[0], &said[0])["data"];
    assert_eq!((&data["name"], &data["onRequestString"]), (&json!("one"), &json!("asked")));
    assert_eq!(data.get("writeOnlyString"), None);
    let operations = &payload(&told[1], &said[1])["data"]["Operations"];
    let expected = json!([
        { "op": "replace", "path": "multiString", "value": ["a"] },
        { "op": "replace", "path": "onRequestString", "value": "other" },
    ]);
    assert_eq!(*operations, expected);
    assert_eq!(payload(&told[1], &said[1])["version"], patched.header("etag"));
    let attributes = json!(["multiString", "name", "onRequestString"]);
    let attributes: Vec<_> = attributes.as_array().expect("names").clone();
    let named = payload(&told[2], &said[2])["attributes"].as_array().expect("names").clone();
    assert!(attributes.iter().all(|name| named.contains(name)), "{named:?}");
}

#[tokio::test]
async fn a_request_about_any_type_is_accepted_and_run_once() {
    let app = open().await;
    let client = app.connection("generic").await;
    let headers = [("prefer", "respond-async"), ("content-type", "application/scim+json")];
    let send = async |method: &str, path: &str, body: Option<serde_json::Value>| {
        let answer =
            client.send(method, &format!("/scim/v2{path}"), &headers, body.map(|it| it.to_string())).await;
        let transaction = answer.expect(202).header("set-txn").to_owned();
        app.later(TimeDelta::zero()).await;
        let told = client.get(&format!("/Async/{transaction}")).await.expect(200);
        let claims = claims(told.body.as_str().expect("a token"));
        let status = payload(&claims, "misc:asyncresp")["status"].clone();
        (status, claims["sub_id"]["uri"].as_str().expect("a path").to_owned())
    };
    let body = json!({ "schemas": [TEST], "name": "one", "uniqueString": "u" });
    let (status, path) = send("POST", "/TestResources", Some(body.clone())).await;
    assert_eq!(
        (status, client.get(&path).await.expect(200).body["name"].clone()),
        (json!("201"), json!("one"))
    );
    assert_eq!(send("POST", "/TestResources", Some(body)).await.0, "409");
    assert_eq!(send("DELETE", &path, None).await.0, "204");
    client.get(&path).await.expect(404);
    let applied = "SELECT COUNT(*) FROM deferred_operations WHERE applied IS NOT NULL";
    assert_eq!(
        crate::support::count(&app, applied).await,
        2,
        "each operation is noted with the resource that the operation has changed"
    );
}
