//! Any text as an ID token: what nobody has signed is refused, and so is what is signed for somebody else, for another client, for
//! another sign-in or for another time (OpenID Connect Core 1.0 §3.1.3.7).
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta};
use jwt::{Keys, keys};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use token::{Expected, verified};

/// Signatures, as the product checks them.
#[path = "../../crates/server/src/jwt.rs"]
#[expect(dead_code, reason = "an ID token needs a part of it")]
mod jwt;
/// What ID tokens say, as the product checks it.
#[path = "../../crates/server/src/outbound/issuers/token.rs"]
mod token;

// What the check gives stands in a crate that depends on the database: here it has the same name and shape.
extern crate self as operations;

/// What an ID token is a part of.
pub mod single_sign_on {
    /// What an ID token says, after it was checked.
    pub struct Claims {
        /// Who it is.
        pub subject: String,
        /// All that it says.
        pub all: serde_json::Map<String, serde_json::Value>,
    }
}

/// Seconds since 1970.
const NOW: i64 = 1_796_000_000;
/// How far the clocks may differ, in seconds.
const SKEW: f64 = 60.0;

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("32 bytes are a key"));

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let x = URL_SAFE_NO_PAD.encode(PAIR.public_key());
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "use": "sig", "x": x}]});
    keys(&set.to_string()).expect("a set of keys")
});

const HEADER: &str = r#"{"alg":"EdDSA","kid":"k1"}"#;
const CLAIMS: &str = r#"{"iss":"https://issuer.example","aud":"client","sub":"s","nonce":"n","iat":1796000000,"exp":1796000300}"#;

// The first byte says what the rest is: a token, its claims, its header, or a set of keys.
fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 4 {
        0 => {
            if let Ok(text) = std::str::from_utf8(data) {
                assert!(check(text, &KEYS).is_none(), "nobody has signed {text:?}");
            }
        }
        1 => {
            if let Some(subject) = check(&signed(HEADER.as_bytes(), data), &KEYS) {
                check_claims(data, &subject);
            }
        }
        2 => {
            if check(&signed(data, CLAIMS.as_bytes()), &KEYS).is_some() {
                let header: Value = serde_json::from_slice(data).expect("a header that was read");
                assert_eq!(header["alg"], "EdDSA", "the algorithm is that of the key: {header}");
                assert!(
                    header["kid"].is_null() || header["kid"] == "k1",
                    "the key is the one named: {header}"
                );
            }
        }
        _ => {
            if let Some(keys) = std::str::from_utf8(data).ok().and_then(|text| keys(text).ok()) {
                check(&signed(HEADER.as_bytes(), CLAIMS.as_bytes()), &keys);
            }
        }
    }
});

/// The subject of a token that is accepted.
fn check(token: &str, keys: &Keys) -> Option<String> {
    let now = DateTime::UNIX_EPOCH + TimeDelta::seconds(NOW);
    let expected = Expected { issuer: "https://issuer.example", client_id: "client", nonce: "n", now };
    verified(token, keys, &expected).ok().map(|claims| claims.subject)
}

fn signed(header: &[u8], claims: &[u8]) -> String {
    let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = URL_SAFE_NO_PAD.encode(PAIR.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

/// Panics when claims that were accepted are not for us, for this sign-in and for now.
fn check_claims(claims: &[u8], subject: &str) {
    let claims: Map<String, Value> = serde_json::from_slice(claims).expect("claims that were read");
    let said = |name: &str| claims.get(name).cloned().unwrap_or_default();
    let seconds = |name: &str| said(name).as_f64();
    let now = f64::from(u32::try_from(NOW).expect("this century"));
    assert_eq!((said("iss"), said("nonce")), (json!("https://issuer.example"), json!("n")));
    let (audience, party) = (said("aud"), said("azp"));
    let ours = |item: &Value| item == "client";
    assert!(ours(&audience) || audience.as_array().is_some_and(|all| all.iter().any(ours)), "{audience}");
    assert!(!party.is_string() || ours(&party), "{party}");
    // The check takes whole seconds.
    assert!(seconds("exp").is_some_and(|ends| ends > now - SKEW), "{claims:?}");
    assert!(seconds("iat").is_some_and(|issued| issued < now + SKEW + 1.0), "{claims:?}");
    assert!(seconds("nbf").is_none_or(|begins| begins < now + SKEW + 1.0), "{claims:?}");
    assert_eq!(said("sub"), subject);
    assert!(!subject.is_empty() && subject.chars().count() <= 255, "{subject:?}");
}
