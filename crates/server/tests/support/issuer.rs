//! An issuer of ID tokens on a real socket, which can say whatever a test wants.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use http::StatusCode;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::tab::Tab;

/// What the issuer calls Rollcall.
pub(crate) const CLIENT: &str = "rollcall-console";
/// The secret that both know.
pub(crate) const SECRET: &str = "a+b/c d=e";

/// A key with its public half.
#[derive(Clone)]
pub(crate) struct Key {
    id: String,
    private: EncodingKey,
    public: Value,
}

impl Key {
    /// A new one under a name.
    pub(crate) fn new(id: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = pair.as_der().expect("its bytes");
        // PKCS #8 puts 26 bytes before the key of PKCS #1 that is wanted here.
        let private = EncodingKey::from_rsa_der(&der.as_ref()[26..]);
        let mut public = Jwk::from_encoding_key(&private, Algorithm::RS256).expect("a public key");
        public.common.key_id = Some(id.to_owned());
        let public = serde_json::to_value(public).expect("JSON");
        Self { id: id.to_owned(), private, public }
    }

    /// A token of this key.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::RS256) };
        encode(&header, claims, &self.private).expect("a token")
    }

    /// The public half.
    pub(crate) fn public(&self) -> &Value {
        &self.public
    }

    /// The modulus, as the public key says it.
    pub(crate) fn modulus(&self) -> &str {
        self.public["n"].as_str().expect("a modulus")
    }
}

/// What the issuer answers.
pub(crate) struct Script {
    /// The keys that it shows.
    pub(crate) keys: Vec<Key>,
    /// What it says of itself beside the usual.
    pub(crate) metadata: Value,
    /// The status of its metadata.
    pub(crate) status: u16,
    /// The ID token that it gives for the next code.
    pub(crate) token: Option<String>,
    /// What it says of the account at its own address.
    pub(crate) userinfo: Value,
    /// The challenge of the sign-in, of which the code must bring the verifier.
    challenge: String,
    /// What it was asked, in the order.
    pub(crate) asked: Vec<String>,
}

type Shared = Arc<Mutex<Script>>;

/// The issuer.
pub(crate) struct Issuer {
    /// What its tokens say.
    pub(crate) url: String,
    pub(crate) key: Key,
    script: Shared,
    _serving: JoinSet<()>,
}

/// A browser at the issuer.
pub(crate) struct Leaving {
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) callback: String,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let key = Key::new("one");
        let script = Script {
            keys: vec![key.clone()],
            metadata: json!({}),
            status: 200,
            token: None,
            userinfo: json!({}),
            challenge: String::new(),
            asked: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state((url.clone(), Arc::clone(&script)));
        let mut serving = JoinSet::new();
        serving.spawn(
            async move { axum::serve(listener, routes).await.expect("it serves until it is dropped") },
        );
        Self { url, key, script, _serving: serving }
    }

    /// Changes what it answers, or looks at what it was asked.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The claims of a token as they ought to be.
    pub(crate) fn claims(&self, subject: &str, leaving: &Leaving, now: DateTime<Utc>) -> Value {
        json!({
            "iss": self.url, "aud": CLIENT, "sub": subject, "nonce": leaving.nonce,
            "iat": now.timestamp(), "exp": now.timestamp() + 300,
            "name": "Ingrid Solheim", "email": format!("{subject}@alpha.example"),
        })
    }

    /// Follows a link that leads to the issuer.
    pub(crate) async fn leave(&self, tab: &Tab, path: &str) -> Leaving {
        let sent = tab.get(path).await.expect(303);
        let location = sent.header("location");
        let url = url::Url::parse(location).unwrap_or_else(|error| panic!("{location}: {error}"));
        assert!(location.starts_with(&format!("{}/authorize?", self.url)), "{location}");
        let value = |name: &str| {
            let found = url.query_pairs().find(|(known, _)| known == name);
            found.unwrap_or_else(|| panic!("{name} in {location}")).1.into_owned()
        };
        assert_eq!((value("response_type"), value("client_id")), ("code".to_owned(), CLIENT.to_owned()));
        assert_eq!(value("code_challenge_method"), "S256");
        assert!(value("scope").starts_with("openid profile email"));
        self.with(|script| script.challenge = value("code_challenge"));
        let redirect = url::Url::parse(&value("redirect_uri")).expect("an address");
        Leaving { state: value("state"), nonce: value("nonce"), callback: redirect.path().to_owned() }
    }

    /// Comes back from the issuer, which gives this token for the code.
    pub(crate) async fn back(&self, tab: &Tab, leaving: &Leaving, token: String) -> super::Answer {
        self.with(|script| script.token = Some(token));
        tab.get(&format!("{}?code=c0de&state={}", leaving.callback, leaving.state)).await
    }
}

async fn metadata(State((url, script)): State<(String, Shared)>) -> (StatusCode, Json<Value>) {
    let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
    script.asked.push("metadata".to_owned());
    let mut all = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
    });
    let members = all.as_object_mut().expect("an object");
    members.extend(script.metadata.as_object().expect("an object").clone());
    (StatusCode::from_u16(script.status).expect("a status"), Json(all))
}

async fn keys(State((_, script)): State<(String, Shared)>) -> Json<Value> {
    let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
    script.asked.push("keys".to_owned());
    let strange = json!({"kty": "strange", "kid": "x"});
    let keys: Vec<Value> = script.keys.iter().map(|key| key.public.clone()).chain([strange]).collect();
    Json(json!({ "keys": keys }))
}

async fn userinfo(
    State((_, script)): State<(String, Shared)>,
    headers: http::HeaderMap,
) -> (StatusCode, Json<Value>) {
    let known = headers.get("authorization").is_some_and(|sent| sent == "Bearer x");
    let status = if known { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    (status, Json(script.lock().unwrap_or_else(PoisonError::into_inner).userinfo.clone()))
}

async fn token(
    State((_, script)): State<(String, Shared)>,
    headers: http::HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
    let field = |name: &str| {
        let found = url::form_urlencoded::parse(body.as_bytes()).find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    // RFC 6749 §2.3.1: both are encoded before they are joined.
    let encoded = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let basic = format!("{}:{}", encoded(CLIENT), encoded(SECRET));
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(basic));
    let by_header = headers.get("authorization").is_some_and(|sent| *sent == basic);
    script.asked.push(if by_header { "token by header" } else { "token by body" }.to_owned());
    let known = by_header || (field("client_id") == CLIENT && field("client_secret") == SECRET);
    let verifier = URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier").as_bytes()));
    let refused = |word: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": word })));
    if !known {
        return refused("invalid_client");
    }
    match script.token.take().filter(|_| field("code") == "c0de" && verifier == script.challenge) {
        Some(token) => {
            (StatusCode::OK, Json(json!({ "access_token": "x", "token_type": "Bearer", "id_token": token })))
        }
        None => refused("invalid_grant"),
    }
}
