//! The OAuth credentials of a connection that is replayed against, and an issuer on a socket of its own whose tokens it believes.
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::OnceLock;
use std::thread;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use conformance_tests::Connection;
use serde_json::{Value, json};

/// Whom the tokens of the issuer are for.
const AUDIENCE: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";

/// What a connection may show beside its bearer token; each is made when a fixture asks for it first.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    secret: OnceLock<String>,
    issuer: OnceLock<Issuer>,
}

impl Credentials {
    /// What a placeholder stands for, if it is one of a credential.
    pub(crate) fn value(&self, name: &str, connection: &Connection) -> Option<String> {
        let id = connection.connection.clone();
        Some(match name {
            "client_id" => id,
            "client_secret" => self.secret(connection).to_owned(),
            "base64(client_id:client_secret)" => STANDARD.encode(format!("{id}:{}", self.secret(connection))),
            "entra_jwt" | "entra_assertion_jwt" => {
                let issuer = self.issuer(connection);
                issuer.token(&issuer.url)
            }
            "entra_jwt_of_other_tenant" => {
                let issuer = self.issuer(connection);
                issuer.token(&format!("{}/other", issuer.url))
            }
            _ => return None,
        })
    }

    fn secret(&self, connection: &Connection) -> &str {
        self.secret.get_or_init(|| {
            let create =
                ["token", "create", "--connection", &connection.connection, "--client-secret", "--json"];
            let made = connection.rollcall(&create);
            made["token"]
                .as_str()
                .unwrap_or_else(|| panic!("token create answers no secret: {made}"))
                .to_owned()
        })
    }

    fn issuer(&self, connection: &Connection) -> &Issuer {
        self.issuer.get_or_init(|| {
            let issuer = Issuer::start();
            let create = ["token", "create", "--connection", &connection.connection, "--issuer", &issuer.url];
            connection.rollcall(&[&create[..], &["--audience", AUDIENCE, "--json"]].concat());
            issuer
        })
    }
}

/// An issuer, as long as the program runs.
#[derive(Debug)]
struct Issuer {
    url: String,
    pair: Ed25519KeyPair,
}

impl Issuer {
    fn start() -> Issuer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let pair = Ed25519KeyPair::generate().expect("a key");
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let keys = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "one", "x": public }] });
        let metadata = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") });
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that goes away is of no interest here.
                drop(answer(stream, &metadata, &keys));
            }
        });
        Issuer { url, pair }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a token is good at the time of the server, which stands apart"
    )]
    fn token(&self, issuer: &str) -> String {
        let now = Utc::now().timestamp();
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "one" });
        let claims = json!({
            "iss": issuer, "aud": AUDIENCE, "sub": "provisioning", "iat": now, "nbf": now, "exp": now + 3_600,
        });
        let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(text.as_bytes()));
        format!("{text}.{signature}")
    }
}

/// Answers one request with the metadata or with the keys.
fn answer(mut stream: TcpStream, metadata: &Value, keys: &Value) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let asked = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let body = if asked.contains("/keys") { keys } else { metadata }.to_string();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}
