//! How streams are set up (OpenID Shared Signals Framework 1.0), and by whom.

use crate::support::feed::{Feed, application, claims, happened, part, payload, ssf};
use crate::support::{Client, TestApp};
use chrono::TimeDelta;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode};
use operations::streams;
use serde_json::{Value, json};

async fn open(client: &Client, path: &str) -> Value {
    client.send("GET", path, &[], None).await.expect(200).body
}

/// The claims of a token whose signature is that of one of the keys.
fn verified(token: &str, keys: &Value) -> Value {
    let keys: JwkSet = serde_json::from_value(keys.clone()).expect("keys");
    let header = part(token, 0);
    let key = keys.find(header["kid"].as_str().expect("a key")).expect("the key is published");
    let algorithm = header["alg"].as_str().and_then(|name| name.parse().ok()).expect("an algorithm");
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let key = DecodingKey::from_jwk(key).expect("a key");
    decode::<Value>(token, &key, &validation).expect("a signature").claims
}

#[tokio::test]
async fn a_stream_is_created_read_changed_and_deleted() {
    let app = TestApp::open().await;
    let feed = Feed::open(&app, json!({ "description": "Replica" })).await;
    let (client, path) = (&feed.application, format!("/stream?stream_id={}", feed.stream));
    let created = ssf(client, "GET", &path, None).await.expect(200).body;
    assert_eq!(created["delivery"]["method"], "urn:ietf:rfc:8936");
    assert!(created["delivery"]["endpoint_url"].as_str().is_some_and(|url| url.ends_with(&feed.stream)));
    assert_eq!(
        (&created["default_subjects"], &created["signing_algorithm"]),
        (&json!("ALL"), &json!("RS256"))
    );
    assert_eq!(created["events_supported"].as_array().map(Vec::len), Some(12));
    assert!(!created["events_delivered"].to_string().contains("full"), "without asking there is no data");
    let asked = ["urn:ietf:params:SCIM:event:prov:create:full", "urn:x"];
    let body = json!({ "stream_id": feed.stream, "events_requested": asked, "resource_types": ["User"] });
    let changed = ssf(client, "PATCH", "/stream", Some(&body)).await.expect(200).body;
    let expected =
        ["create:full", "create:notice"].map(|end| format!("urn:ietf:params:scim:event:prov:{end}"));
    assert_eq!(
        (&changed["events_requested"], &changed["events_delivered"]),
        (&json!(asked), &json!(expected))
    );
    assert_eq!(changed["description"], "Replica", "what is not said stays");
    let replaced =
        ssf(client, "PUT", "/stream", Some(&json!({ "stream_id": feed.stream }))).await.expect(200).body;
    assert_eq!((&replaced["description"], &replaced["resource_types"]), (&json!(""), &json!([])));
    assert_eq!(ssf(client, "GET", "/stream", None).await.expect(200).body, json!([replaced]));
    for body in [
        json!({ "resource_types": ["Device"] }),
        json!({ "default_subjects": "SOME" }),
        json!({ "signing_algorithm": "none" }),
        json!({ "delivery": { "method": "urn:x" } }),
        json!({ "delivery": { "method": "urn:ietf:rfc:8935" } }),
        json!({ "description": "a\nb" }),
    ] {
        ssf(client, "POST", "/stream", Some(&body)).await.expect(400);
    }
    ssf(client, "DELETE", &path, None).await.expect(204);
    ssf(client, "DELETE", &path, None).await.expect(404);
    ssf(client, "GET", "/stream?stream_id=x", None).await.expect(404);
    feed.poll(json!({})).await.expect(404);
}

#[tokio::test]
async fn a_stream_belongs_to_its_tenant_and_needs_a_right_of_its_own() {
    let app = TestApp::open().await;
    let feed = Feed::open(&app, json!({})).await;
    let other = app.other_tenant().await;
    let stranger = application(&app, &other, &["streams:write"]).await;
    let reader = application(&app, &app.tenant, &["people:read", "events:read"]).await;
    let directory = app.connection("generic").await;
    let path = format!("/stream?stream_id={}", feed.stream);
    for (client, status) in [(&stranger, 404), (&reader, 403), (&directory, 401), (&app.nobody(), 401)] {
        ssf(client, "GET", &path, None).await.expect(status);
        ssf(client, "DELETE", &path, None).await.expect(status);
        let poll = format!("/poll/{}", feed.stream);
        ssf(client, "POST", &poll, Some(&json!({ "returnImmediately": true }))).await.expect(status);
    }
    directory.user("ada").await;
    assert_eq!(feed.until(1).await.len(), 1);
    assert_eq!(ssf(&stranger, "GET", "/stream", None).await.expect(200).body, json!([]));
    app.connection_with(&other, "generic", None).await.user("ben").await;
    assert_eq!(feed.until(0).await, [0; 0].map(|_: i32| Value::Null), "of another tenant nothing is told");
}

#[tokio::test]
async fn the_keys_that_sign_are_published_and_renewed_and_the_old_ones_stay_for_a_while() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    let feed = Feed::open(&app, json!({ "signing_algorithm": "EdDSA" })).await;
    let rsa = Feed::open(&app, json!({})).await;
    let metadata = open(&feed.application, "/.well-known/ssf-configuration").await;
    app.nobody().send("GET", "/.well-known/ssf-configuration", &[], None).await.expect(401);
    let issuer = metadata["issuer"].as_str().expect("an issuer").to_owned();
    let (origin, path) = issuer.split_at(issuer.find("/ssf/").expect("a path"));
    assert_eq!(open(&app.nobody(), &format!("/.well-known/ssf-configuration{path}")).await, metadata);
    let endpoint = metadata["configuration_endpoint"].as_str().expect("an endpoint");
    assert_eq!(endpoint, format!("{origin}/api/v1/ssf/stream"));
    let address =
        metadata["jwks_uri"].as_str().and_then(|uri| uri.strip_prefix(origin)).expect("ours").to_owned();
    app.nobody().send("GET", "/ssf/nonsense/jwks.json", &[], None).await.expect(404);
    let keys = open(&app.nobody(), &address).await;
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
    assert!(!keys.to_string().contains("\"d\""), "no private part");
    directory.user("ada").await;
    let mut tokens = Vec::new();
    for (feed, algorithm) in [(&feed, "EdDSA"), (&rsa, "RS256")] {
        let token = loop {
            let sets = feed.poll(json!({ "returnImmediately": true })).await.expect(200).body["sets"].take();
            let token = sets.as_object().and_then(|sets| sets.values().next()?.as_str().map(str::to_owned));
            if let Some(token) = token {
                break token;
            }
            tokio::task::yield_now().await;
        };
        let header = part(&token, 0);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("secevent+jwt"), &json!(algorithm)));
        assert_eq!(verified(&token, &keys)["iss"], json!(issuer));
        tokens.push(token);
    }
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    assert_eq!(streams::renew_keys(db, &operator, &app.tenant).await.expect("renewed").len(), 2);
    let renewed = open(&app.nobody(), &address).await;
    assert_eq!(renewed["keys"].as_array().map(Vec::len), Some(4));
    for (old, feed) in tokens.iter().zip([&feed, &rsa]) {
        verified(old, &renewed);
        let sets = feed.poll(json!({ "returnImmediately": true })).await.expect(200).body["sets"].take();
        let again =
            sets.as_object().and_then(|sets| sets.values().next()?.as_str()).expect("not acknowledged");
        assert_ne!(part(again, 0)["kid"], part(old, 0)["kid"], "what is sent from now on has the new key");
        assert_eq!(verified(again, &renewed), claims(old), "and says the same");
    }
    let forgotten = streams::forget(db, app.clock.now() + TimeDelta::seconds(1)).await.expect("forgotten");
    assert!(forgotten >= 2);
    assert_eq!(open(&app.nobody(), &address).await["keys"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_verification_says_what_the_receiver_asked_for() {
    let app = TestApp::open().await;
    let feed = Feed::open(&app, json!({})).await;
    let body = json!({ "stream_id": feed.stream, "state": "abc" });
    ssf(&feed.application, "POST", "/verify", Some(&body)).await.expect(204);
    ssf(&feed.application, "POST", "/verify", Some(&body)).await.expect(429);
    let told = feed.until(1).await;
    let uri = "https://schemas.openid.net/secevent/ssf/event-type/verification";
    assert_eq!(told[0]["events"], json!({ uri: { "state": "abc" } }));
    assert_eq!(told[0]["sub_id"], json!({ "format": "opaque", "id": feed.stream }));
    app.later(TimeDelta::minutes(1)).await;
    ssf(&feed.application, "POST", "/verify", Some(&json!({ "stream_id": feed.stream }))).await.expect(204);
    assert_eq!(feed.until(1).await[0]["events"], json!({ uri: {} }));
}

#[tokio::test]
async fn a_stream_carries_the_subjects_that_were_added() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    let (ada, ben) = (directory.user("ada").await, directory.user("ben").await);
    let feed = Feed::open(&app, json!({ "default_subjects": "NONE" })).await;
    let every = Feed::open(&app, json!({})).await;
    let say = async |feed: &Feed, verb: &str, id: &str| {
        let subject = json!({ "format": "scim", "uri": format!("/Users/{id}") });
        let body = json!({ "stream_id": feed.stream, "subject": subject, "verified": true });
        ssf(&feed.application, "POST", &format!("/subjects/{verb}"), Some(&body)).await.status
    };
    assert_eq!((say(&feed, "add", &ada).await, say(&feed, "add", &ada).await), (200, 200));
    assert_eq!((say(&feed, "add", "nobody").await, say(&every, "remove", &ada).await), (404, 204));
    for id in [&ada, &ben] {
        directory.set_active(id, false).await.expect(200);
    }
    assert_eq!(say(&feed, "remove", &ada).await, 204);
    directory.delete(&format!("/Users/{ada}")).await.expect(204);
    let told = feed.until(3).await;
    let said: Vec<String> = told.iter().flat_map(happened).collect();
    assert_eq!(said, ["feed:add", "prov:patch:notice", "prov:deactivate", "feed:remove"]);
    assert!(told.iter().all(|claims| claims["sub_id"]["uri"] == json!(format!("/Users/{ada}"))));
    assert_eq!(*payload(&told[0], "feed:add"), json!({}));
    let told = every.until(2).await;
    let said: Vec<String> = told.iter().flat_map(happened).collect();
    assert_eq!(said, ["feed:remove", "prov:patch:notice", "prov:deactivate"]);
    assert_eq!(told[1]["sub_id"]["uri"], json!(format!("/Users/{ben}")));
}
