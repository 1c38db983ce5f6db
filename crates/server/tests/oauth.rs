//! OAuth 2.0: which clients get access tokens, which tokens of issuers are believed, and which are not.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use operations::connections::Change;
use operations::consequences::Agreed;
use operations::tokens::{Created, New, What};
use operations::{Error, connections, tokens};
use serde_json::{Value, json};

use crate::support::issuer::{Issuer, Key};
use crate::support::{Answer, Client, TestApp, user};

const PRIVATE: (&str, &str) = ("ROLLCALL_ISSUERS__ALLOW_PRIVATE", "true");
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const AUDIENCE: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";

async fn credential(app: &TestApp, client: &Client, new: New) -> Result<Created, Error> {
    tokens::create(app.admin.db(), &app.admin.operator("test"), &client.id, &new).await
}

async fn secret(app: &TestApp, client: &Client) -> Created {
    credential(app, client, New { what: What::Secret, ..New::default() }).await.expect("a secret")
}

fn trust(issuer: &Issuer, subject: Option<&str>) -> New {
    let what = What::Issuer {
        issuer: issuer.url.clone(),
        audience: AUDIENCE.to_owned(),
        subject: subject.map(str::to_owned),
    };
    New { what, ..New::default() }
}

/// Asks for an access token.
async fn ask(app: &TestApp, basic: Option<(&str, &str)>, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let basic = basic.map(|(id, secret)| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    if let Some(basic) = &basic {
        headers.push(("authorization", basic));
    }
    app.nobody().send("POST", "/oauth/token", &headers, Some(body)).await
}

async fn by_secret(app: &TestApp, client: &Client, secret: &Created, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("grant_type", "client_credentials")], more].concat();
    ask(app, Some((&client.id, &secret.token)), &fields).await
}

fn access(answer: &Answer) -> String {
    answer.body["access_token"].as_str().expect("an access token").to_owned()
}

fn word(answer: &Answer) -> &str {
    answer.body["error"].as_str().unwrap_or_default()
}

/// The claims of a token of the issuer as they ought to be.
fn claims(app: &TestApp, issuer: &Issuer) -> Value {
    let now = app.clock.now().timestamp();
    json!({ "iss": issuer.url, "aud": AUDIENCE, "sub": "provisioning", "iat": now, "nbf": now, "exp": now + 3_600 })
}

#[tokio::test]
async fn a_client_with_a_secret_gets_access_tokens_that_are_good_for_an_hour() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    let made = secret(&app, &client).await;
    let answer = by_secret(&app, &client, &made, &[]).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]), (&json!("Bearer"), &json!(3_600)));
    assert_eq!(answer.body["scope"], "scim");
    let pushed = client.with_token(access(&answer));
    let id = pushed.user("ada").await;
    client.get(&format!("/Users/{id}")).await.expect(200);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client.id.as_str()),
        ("client_secret", made.token.as_str()),
    ];
    let in_body = ask(&app, None, &fields).await.expect(200);
    client.with_token(access(&in_body)).get("/Users").await.expect(200);
    app.clock.advance(TimeDelta::minutes(59));
    pushed.get("/Users").await.expect(200);
    app.clock.advance(TimeDelta::minutes(2));
    let refused = pushed.get("/Users").await.expect_error(401, None);
    assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));

    for (id, secret) in [
        (client.id.as_str(), "wrong"),
        (client.id.as_str(), client.token.as_deref().expect("a token")),
        ("nobody", &made.token),
        (&app.connection("entra").await.id, &made.token),
    ] {
        let refused =
            ask(&app, Some((id, secret)), &[("grant_type", "client_credentials")]).await.expect(401);
        assert_eq!(word(&refused), "invalid_client");
        assert!(refused.header("www-authenticate").starts_with("Basic "));
    }
    // A secret is no token, and an access token is no secret.
    client.with_token(made.token.clone()).get("/Users").await.expect_error(401, None);
    let again = access(&by_secret(&app, &client, &made, &[]).await.expect(200));
    ask(&app, Some((&client.id, &again)), &[("grant_type", "client_credentials")]).await.expect(401);
}

#[tokio::test]
async fn what_ends_a_secret_ends_its_access_tokens() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    let (made, other) = (secret(&app, &client).await, secret(&app, &client).await);
    let pushed = client.with_token(access(&by_secret(&app, &client, &made, &[]).await));
    let beside = client.with_token(access(&by_secret(&app, &client, &other, &[]).await));
    pushed.get("/Users").await.expect(200);
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    tokens::revoke(db, &operator, &client.id, &made.known.id.to_string()).await.expect("it was valid");
    pushed.get("/Users").await.expect_error(401, None);
    beside.get("/Users").await.expect(200);
    assert_eq!(word(&by_secret(&app, &client, &made, &[]).await.expect(401)), "invalid_client");
    let ending = New { what: What::Secret, expires_in_days: Some(1), ..New::default() };
    let ending = credential(&app, &client, ending).await.expect("a secret");
    app.clock.advance(TimeDelta::hours(23) + TimeDelta::minutes(30));
    let last = by_secret(&app, &client, &ending, &[]).await.expect(200);
    assert_eq!(last.body["expires_in"], 1_800, "no token outlives its secret");
    app.clock.advance(TimeDelta::hours(1));
    assert_eq!(word(&by_secret(&app, &client, &ending, &[]).await.expect(401)), "invalid_client");
}

#[tokio::test]
async fn a_scope_of_reading_changes_nothing() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let id = client.user("ada").await;
    let made = secret(&app, &client).await;
    let answer = by_secret(&app, &client, &made, &[("scope", "scim.read")]).await.expect(200);
    assert_eq!(answer.body["scope"], "scim.read");
    let only = New { what: What::Bearer, read_only: true, expires_in_days: None };
    let only = credential(&app, &client, only).await.expect("a token");
    for reader in [client.with_token(access(&answer)), client.with_token(only.token)] {
        reader.get(&format!("/Users/{id}")).await.expect(200);
        let search = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
        reader.post("/Users/.search", &search).await.expect(200);
        let refused = reader.post("/Users", &user("bob")).await.expect_error(403, None);
        assert!(refused.header("www-authenticate").contains("error=\"insufficient_scope\""));
        reader.delete(&format!("/Users/{id}")).await.expect_error(403, None);
        let bulk =
            json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [] });
        reader.post("/Bulk", &bulk).await.expect_error(403, None);
    }
    assert_eq!(
        word(&by_secret(&app, &client, &made, &[("scope", "everything")]).await.expect(400)),
        "invalid_scope"
    );
    let readonly = New { what: What::Secret, read_only: true, expires_in_days: None };
    let readonly = credential(&app, &client, readonly).await.expect("a secret");
    assert_eq!(by_secret(&app, &client, &readonly, &[]).await.expect(200).body["scope"], "scim.read");
    let wanted = by_secret(&app, &client, &readonly, &[("scope", "scim")]).await.expect(400);
    assert_eq!(word(&wanted), "invalid_scope");
}

/// Every request that is not in order, with the word of RFC 6749 §5.2.
#[tokio::test]
async fn requests_for_tokens_are_checked() {
    let app = TestApp::open().await;
    for (fields, status, expected) in [
        (&[][..], 400, "invalid_request"),
        (&[("grant_type", "client_credentials")], 401, "invalid_client"),
        (&[("grant_type", "password")], 400, "unsupported_grant_type"),
        (&[("grant_type", "client_credentials"), ("client_secret", "x")], 401, "invalid_client"),
        (&[("grant_type", "client_credentials"), ("client_assertion", "x")], 400, "invalid_request"),
        (
            &[
                ("grant_type", "client_credentials"),
                ("client_assertion_type", ASSERTION),
                ("client_assertion", "x"),
            ],
            401,
            "invalid_client",
        ),
    ] {
        let answer = ask(&app, None, fields).await.expect(status);
        assert_eq!(word(&answer), expected, "{fields:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.body["error_description"].is_string());
    }
    let json = [("content-type", "application/json")];
    let sent = app.nobody().send("POST", "/oauth/token", &json, Some("{}".to_owned())).await.expect(400);
    assert_eq!(word(&sent), "invalid_request");
    app.nobody().send("GET", "/oauth/token", &[], None).await.expect_error(405, None);
}

#[tokio::test]
async fn a_client_signs_assertions_with_its_own_key() {
    let app = TestApp::open_with(&[PRIVATE]).await;
    let (client, issuer) = (app.connection("generic").await, Issuer::start().await);
    let own = Key::new("own");
    let key = New { what: What::Key(own.public().to_string()), ..New::default() };
    credential(&app, &client, key.clone()).await.expect("a key");
    credential(&app, &client, key).await.expect_err("the key is there");
    let now = app.clock.now().timestamp();
    let endpoint = format!("{}/oauth/token", app.address().await);
    let good = json!({ "iss": client.id, "sub": client.id, "aud": endpoint, "exp": now + 300, "jti": "1" });
    let sent = async |assertion: String| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", assertion.as_str()),
        ];
        ask(&app, None, &fields).await
    };
    let changed = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims["jti"] = Value::Null;
        claims
    };
    let answer = sent(own.sign(&good)).await.expect(200);
    client.with_token(access(&answer)).get("/Users").await.expect(200);
    assert!(
        sent(own.sign(&good)).await.expect(401).body["error_description"].to_string().contains("used before")
    );
    for (claims, said) in [
        (changed("aud", json!("https://elsewhere.example")), "another server"),
        (changed("exp", json!(now - 61)), "expired"),
        (changed("exp", Value::Null), "expires"),
        (changed("exp", json!(now + 90_000)), "too late"),
        (changed("nbf", json!(now + 120)), "future"),
    ] {
        let refused = sent(own.sign(&claims)).await.expect(401);
        assert!(refused.body["error_description"].to_string().contains(said), "{}", refused.body);
    }
    sent(own.sign(&changed("aud", json!([app.address().await, "https://elsewhere.example"]))))
        .await
        .expect(200);
    sent(Key::new("own").sign(&changed("sub", json!(client.id)))).await.expect(401);
    for (name, value) in [("jti", json!(7)), ("nbf", json!("soon")), ("x", json!("y".repeat(20_000)))] {
        sent(own.sign(&changed_to(&good, name, value))).await.expect(401);
    }
    // The same by an address at which the keys are, which change.
    let there = New { what: What::Keys(format!("{}/keys", issuer.url)), ..New::default() };
    credential(&app, &client, there).await.expect("keys");
    sent(issuer.key.sign(&changed("sub", json!(client.id)))).await.expect(200);
    // An assertion is used once, whichever of the client's keys stands for it.
    let twin = changed_to(own.public(), "use", json!("sig"));
    credential(&app, &client, New { what: What::Key(twin.to_string()), ..New::default() })
        .await
        .expect("a twin");
    let once = own.sign(&changed_to(&good, "jti", json!("once more")));
    sent(once.clone()).await.expect(200);
    let again = sent(once).await.expect(401);
    assert!(again.body["error_description"].to_string().contains("used before"), "{}", again.body);
}

/// The claims with one of them changed.
fn changed_to(claims: &Value, name: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    changed[name] = value;
    changed
}

/// A request that is too long costs nothing, and errors have the form of this endpoint whatever their cause.
#[tokio::test]
async fn every_error_of_the_token_endpoint_has_its_form() {
    let app = TestApp::open().await;
    let long = "x".repeat(100_000);
    for (fields, status, word) in [
        (
            vec![("grant_type", "client_credentials"), ("client_secret", long.as_str())],
            400,
            "invalid_request",
        ),
        (vec![("grant_type", "client_credentials"), ("\n<b>", "1"), ("\n<b>", "2")], 400, "invalid_request"),
        (
            vec![("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "y")],
            401,
            "invalid_client",
        ),
    ] {
        let answer = ask(&app, None, &fields).await.expect(status);
        assert_eq!(answer.body["error"], word, "{}", answer.body);
        let said = answer.body["error_description"].as_str().expect("a sentence");
        assert!(!said.contains(['<', '\n']), "{said}");
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
    }
}

/// A key without a name may be the one that a token names (RFC 7517 §4.5 leaves the name to the issuer).
#[tokio::test]
async fn a_key_without_a_name_is_found() {
    let app = TestApp::open().await;
    let client = app.connection("entra").await;
    let own = Key::new("own");
    let mut nameless = own.public().clone();
    nameless.as_object_mut().expect("an object").remove("kid");
    credential(&app, &client, New { what: What::Key(nameless.to_string()), ..New::default() })
        .await
        .expect("a key");
    let now = app.clock.now().timestamp();
    let claims = json!({ "iss": client.id, "sub": client.id, "aud": app.address().await, "exp": now + 60, "jti": "1" });
    let assertion = own.sign(&claims);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", assertion.as_str()),
    ];
    ask(&app, None, &fields).await.expect(200);
}

/// No tenant takes over the tokens that another tenant believes.
#[tokio::test]
async fn what_one_tenant_believes_no_other_tenant_can_claim() {
    let app = TestApp::open_with(&[PRIVATE]).await;
    let (client, issuer) = (app.connection("entra").await, Issuer::start().await);
    let stranger = app.connection_with(&app.other_tenant().await, "entra", None).await;
    credential(&app, &client, trust(&issuer, None)).await.expect("a new issuer");
    for subject in [None, Some("provisioning")] {
        let refused =
            credential(&app, &stranger, trust(&issuer, subject)).await.expect_err("believed already");
        assert!(refused.to_string().contains("already"), "{refused}");
    }
    let (other, second) = (Issuer::start().await, app.connection("entra").await);
    credential(&app, &second, trust(&other, Some("a"))).await.expect("a subject");
    credential(&app, &stranger, trust(&other, Some("b"))).await.expect("another subject of the same issuer");
    credential(&app, &stranger, trust(&other, None)).await.expect_err("all others of the issuer");
}

#[tokio::test]
async fn a_token_of_an_issuer_is_believed_as_it_is_and_in_exchange() {
    let app = TestApp::open_with(&[PRIVATE]).await;
    let (client, issuer) = (app.connection("entra").await, Issuer::start().await);
    let signed = issuer.key.sign(&claims(&app, &issuer));
    client.with_token(signed.clone()).get("/Users").await.expect_error(401, None);
    credential(&app, &client, trust(&issuer, None)).await.expect("a new issuer");
    let pushed = client.with_token(signed.clone());
    let id = pushed.user("ada").await;
    client.get(&format!("/Users/{id}")).await.expect(200);

    let exchange = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", signed.as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ];
    let answer = ask(&app, None, &exchange).await.expect(200);
    assert_eq!(answer.body["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    client.with_token(access(&answer)).get("/Users").await.expect(200);
    let grant =
        [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", signed.as_str())];
    client.with_token(access(&ask(&app, None, &grant).await.expect(200))).get("/Users").await.expect(200);
    let federated = |id: &str| {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", id.to_owned()),
            ("client_assertion_type", ASSERTION.to_owned()),
            ("client_assertion", signed.clone()),
            ("scope", "scim".to_owned()),
        ]
    };
    for (id, status) in [(client.id.clone(), 200), (app.connection("entra").await.id, 401)] {
        let fields = federated(&id);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ask(&app, None, &fields).await.expect(status);
        // An issuer may give the same assertion twice within its time.
        ask(&app, None, &fields).await.expect(status);
    }
    // Nobody else may say that the tokens of this issuer are theirs.
    let beta = app.other_tenant().await;
    let stranger = app.connection_with(&beta, "entra", None).await;
    let refused = credential(&app, &stranger, trust(&issuer, None)).await.expect_err("believed already");
    assert!(refused.to_string().contains("already"), "{refused}");
    // A subject that a connection names comes before the others of the issuer.
    let named = app.connection("entra").await;
    credential(&app, &named, trust(&issuer, Some("provisioning"))).await.expect("a subject");
    named.with_token(signed.clone()).user("bob").await;
    assert_eq!(named.get("/Users").await.expect(200).body["totalResults"], 1);
    assert_eq!(client.get("/Users").await.expect(200).body["totalResults"], 1);
}

#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    let app = TestApp::open_with(&[PRIVATE]).await;
    let (client, issuer) = (app.connection("entra").await, Issuer::start().await);
    credential(&app, &client, trust(&issuer, Some("provisioning"))).await.expect("a new issuer");
    let good = claims(&app, &issuer);
    let now = app.clock.now().timestamp();
    let changed = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        issuer.key.sign(&claims)
    };
    let tried = async |token: &str| client.with_token(token.to_owned()).get("/Users").await.status;
    for token in [
        issuer.key.sign(&good),
        changed("aud", json!(["another", AUDIENCE])),
        changed("exp", json!(now - 30)),
        changed("nbf", json!(now + 30)),
        changed("iat", json!(null)),
    ] {
        assert_eq!(tried(&token).await, 200);
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none"})), part(&good));
    let shared = format!("{}.{}", part(&json!({"alg": "HS256", "kid": "one"})), part(&good));
    let shared = {
        let key = hmac::Key::new(hmac::HMAC_SHA256, issuer.key.modulus().as_bytes());
        let signature = hmac::sign(&key, shared.as_bytes());
        format!("{shared}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    };
    let signed = issuer.key.sign(&good);
    let (head, signature) = signed.rsplit_once('.').expect("three parts");
    let tampered = format!(
        "{}.{}.{signature}",
        head.split('.').next().expect("a header"),
        part(&json!({
            "iss": issuer.url, "aud": AUDIENCE, "sub": "provisioning", "exp": now + 36_000
        }))
    );
    for (token, why) in [
        (changed("aud", json!("another")), "another audience"),
        (changed("aud", json!([])), "no audience"),
        (changed("sub", json!("somebody")), "another subject"),
        (changed("sub", Value::Null), "no subject"),
        (changed("iss", json!("https://login.example")), "another issuer"),
        (changed("iss", json!(format!("{}/", issuer.url))), "nearly the issuer"),
        (changed("exp", json!(now - 61)), "expired"),
        (changed("exp", Value::Null), "never expires"),
        (changed("nbf", json!(now + 61)), "of the future"),
        (Key::new("one").sign(&good), "another key of the same name"),
        (Key::new("two").sign(&good), "an unknown key"),
        (unsigned, "no signature"),
        (shared, "the public key as a shared secret"),
        (tampered, "other claims"),
        (format!("{signed}x"), "another signature"),
        (format!("{signed}.x"), "four parts"),
        ("a.b.c".to_owned(), "no JSON"),
        ("x".repeat(20_000), "too long"),
    ] {
        assert_eq!(tried(&token).await, 401, "{why}");
    }
}

#[tokio::test]
async fn keys_are_rotated_and_an_issuer_may_be_away() {
    let app = TestApp::open_with(&[PRIVATE]).await;
    let (client, issuer) = (app.connection("entra").await, Issuer::start().await);
    credential(&app, &client, trust(&issuer, None)).await.expect("a new issuer");
    let tried =
        async |key: &Key| client.with_token(key.sign(&claims(&app, &issuer))).get("/Users").await.status;
    issuer.with(|script| script.status = 500);
    assert_eq!(tried(&issuer.key).await, 503, "the server cannot say");
    issuer.with(|script| script.status = 200);
    app.clock.advance(TimeDelta::seconds(11));
    assert_eq!(tried(&issuer.key).await, 200);
    let asked = issuer.with(|script| script.asked.len());
    assert_eq!(tried(&issuer.key).await, 200);
    assert_eq!(issuer.with(|script| script.asked.len()), asked, "what was read is believed");
    let next = Key::new("two");
    issuer.with(|script| script.keys = vec![next.clone()]);
    assert_eq!(tried(&next).await, 401, "an unknown key is looked for once a minute");
    app.clock.advance(TimeDelta::seconds(61));
    assert_eq!(tried(&next).await, 200);
    assert_eq!(tried(&issuer.key).await, 401, "the old key is gone");
    // What is known serves for a day while the issuer is away.
    issuer.with(|script| script.status = 500);
    app.clock.advance(TimeDelta::hours(5));
    assert_eq!(tried(&next).await, 200);
    app.clock.advance(TimeDelta::hours(20));
    assert_eq!(tried(&next).await, 503);
}

#[tokio::test]
async fn a_connection_is_used_from_its_networks_alone() {
    let app = TestApp::open_with(&[("ROLLCALL_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let client = app.connection("generic").await;
    let made = secret(&app, &client).await;
    let change = Change { networks: Some(vec!["198.51.100.0/24".to_owned()]), ..Change::default() };
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    connections::update(db, &operator, &client.id, &change, Agreed::Nothing).await.expect("networks");
    // There is no socket in this test, so the request comes from nowhere.
    let refused = client.get("/Users").await.expect_error(403, None);
    assert!(refused.body["detail"].as_str().is_some_and(|said| said.contains("network")));
    by_secret(&app, &client, &made, &[]).await.expect(403);
    let wrong = Change { networks: Some(vec!["here".to_owned()]), ..Change::default() };
    let wrong = connections::update(db, &operator, &client.id, &wrong, Agreed::Nothing).await;
    assert!(wrong.expect_err("no network").to_string().contains("here"));
    let any = Change { networks: Some(Vec::new()), ..Change::default() };
    connections::update(db, &operator, &client.id, &any, Agreed::Nothing).await.expect("from everywhere");
    client.get("/Users").await.expect(200);
}

#[tokio::test]
async fn metadata_says_where_tokens_come_from() {
    let app = TestApp::open().await;
    let nobody = app.nobody();
    let read = async |path: &str| nobody.send("GET", path, &[], None).await.expect(200).body;
    let server = read("/.well-known/oauth-authorization-server").await;
    let address = app.address().await;
    assert_eq!(server["issuer"], address);
    assert_eq!(server["token_endpoint"], format!("{address}/oauth/token"));
    assert_eq!(server["scopes_supported"], json!(["scim", "scim.read"]));
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/scim/v2"] {
        let resource = read(path).await;
        assert_eq!(resource["resource"], format!("{address}/scim/v2"));
        assert_eq!(resource["authorization_servers"], json!([address]));
    }
    let keys = read("/oauth/jwks").await;
    assert_eq!((&keys["keys"][0]["alg"], keys["keys"][0].get("d")), (&json!("EdDSA"), None));
    let refused = nobody.get("/Users").await.expect_error(401, None);
    let more = format!("resource_metadata=\"{address}/.well-known/oauth-protected-resource/scim/v2\"");
    assert!(refused.header("www-authenticate").contains(&more));
    let config = nobody.get("/ServiceProviderConfig").await.expect(200).body;
    assert_eq!(config["authenticationSchemes"][1]["type"], "oauth2");
}
