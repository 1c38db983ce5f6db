//! A credential that is to be created, and what of it is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{ConnectionId, TokenKind};

use crate::error::Error;
use crate::outside::{self, Purpose};
use crate::secret::{Plain, hash};

/// The most letters of an issuer, an audience or a subject.
const LETTERS: usize = 500;
/// The most bytes of a key.
const KEY: usize = 16 * 1024;

/// A token to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct New {
    /// What it is.
    pub what: What,
    /// Whether it is good for reading alone.
    pub read_only: bool,
    /// Days until it expires; never without.
    pub expires_in_days: Option<u32>,
}

/// What a connection shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// A bearer token (RFC 6750).
    #[default]
    Bearer,
    /// A client secret (RFC 6749 §2.3.1).
    Secret,
    /// Assertions that are signed with the private key of this public one, a JWK (RFC 7523 §2.2, RFC 7517).
    Key(String),
    /// Assertions that are signed with one of the keys at this address, a JWK set.
    Keys(String),
    /// Tokens that an issuer signs, for this audience (RFC 7523, RFC 8693).
    Issuer {
        /// The issuer, exactly as its tokens say it.
        issuer: String,
        /// Whom its tokens are for.
        audience: String,
        /// About whom they are; about anyone without.
        subject: Option<String>,
    },
}

/// What is kept of a credential, and the secret.
pub(super) struct Made {
    pub(super) secret: String,
    pub(super) hash: [u8; 32],
    pub(super) hint: String,
    pub(super) details: Option<Value>,
}

impl New {
    /// A bearer token.
    #[must_use]
    pub fn bearer(expires_in_days: Option<u32>) -> Self {
        Self { expires_in_days, ..Self::default() }
    }
}

impl What {
    pub(super) const fn kind(&self) -> TokenKind {
        match self {
            Self::Bearer => TokenKind::Bearer,
            Self::Secret => TokenKind::Secret,
            Self::Key(_) | Self::Keys(_) => TokenKind::Key,
            Self::Issuer { .. } => TokenKind::Issuer,
        }
    }

    /// What the journal calls it.
    pub(super) const fn said(&self) -> &'static str {
        match self {
            Self::Bearer => "the token",
            Self::Secret => "the client secret",
            Self::Key(_) | Self::Keys(_) => "the client key",
            Self::Issuer { .. } => "the trust in the issuer",
        }
    }

    /// Why it is refused where a connection has it already.
    pub(super) fn taken(&self) -> String {
        match self {
            Self::Issuer { issuer, .. } => format!(
                "a connection believes the tokens of {issuer} for this audience and subject already: by them alone nobody could \
                 tell which connection a request is of; name a subject"
            ),
            _ => "the connection has this key already".to_owned(),
        }
    }

    pub(super) fn make(&self, connection: ConnectionId) -> Result<Made, Error> {
        let of_connection = |text: &str| Sha256::digest(format!("key\n{connection}\n{text}")).into();
        match self {
            Self::Bearer | Self::Secret => {
                let plain = Plain::new();
                let refused = || Error::Refused("a token could not be made".to_owned());
                let hash = hash(&plain.0).ok_or_else(refused)?;
                Ok(Made { hash, hint: plain.hint(), secret: plain.0, details: None })
            }
            Self::Key(text) => {
                let (jwk, name) = public_key(text)?;
                let (hash, details) = (of_connection(&jwk.to_string()), Some(json!({ "jwk": jwk })));
                Ok(Made { secret: String::new(), hash, hint: name, details })
            }
            Self::Keys(address) => {
                let address = address.trim();
                checked_address("the address of the keys", address)?;
                let (hash, details) = (of_connection(address), Some(json!({ "jwksUri": address })));
                Ok(Made { secret: String::new(), hash, hint: address.to_owned(), details })
            }
            Self::Issuer { issuer, audience, subject } => {
                checked_address("the issuer", issuer)?;
                for (name, text) in [("the audience", Some(audience)), ("the subject", subject.as_ref())] {
                    if text.is_some_and(|text| text.trim().is_empty() || text.chars().count() > LETTERS) {
                        return Err(Error::Refused(format!(
                            "{name} is empty, or has more than {LETTERS} letters"
                        )));
                    }
                }
                let hash = issuer_hash(issuer, audience, subject.as_deref());
                let details = json!({ "issuer": issuer, "audience": audience, "subject": subject });
                Ok(Made { secret: String::new(), hash, hint: issuer.clone(), details: Some(details) })
            }
        }
    }
}

/// By what a token of an issuer finds the connection that believes it.
#[must_use]
pub fn issuer_hash(issuer: &str, audience: &str, subject: Option<&str>) -> [u8; 32] {
    Sha256::digest(json!(["issuer", issuer, audience, subject]).to_string()).into()
}

fn checked_address(what: &str, text: &str) -> Result<(), Error> {
    let legal = text.chars().count() <= LETTERS && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if !legal {
        let said = format!("{what} must be an address such as https://login.example.com/, and is \"{text}\"");
        return Err(Error::Refused(said));
    }
    // Whether it may be a private one is looked at when it is asked.
    outside::checked(Purpose::Issuer, text, true).map(drop)
}

/// The public key of a JWK or of a set of one, with the name by which people tell it from others.
fn public_key(text: &str) -> Result<(Value, String), Error> {
    let refused = |said: &str| {
        Error::Refused(format!("the key is no public key in the form of a JWK (RFC 7517): {said}"))
    };
    if text.len() > KEY {
        return Err(refused("it is too long"));
    }
    let value: Value = serde_json::from_str(text).map_err(|_| refused("it is no JSON"))?;
    let value = match value.get("keys").and_then(Value::as_array).map(Vec::as_slice) {
        Some([only]) => only.clone(),
        Some(_) => return Err(refused("the set must hold one key")),
        None => value,
    };
    if ["d", "k", "p", "q"].iter().any(|secret| value.get(secret).is_some()) {
        return Err(refused("it holds the private key, which belongs to the identity provider alone"));
    }
    let jwk: Jwk = serde_json::from_value(value.clone()).map_err(|_| refused("a part of it is missing"))?;
    let signs = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => true,
        AlgorithmParameters::EllipticCurve(curve) => {
            matches!(curve.curve, EllipticCurve::P256 | EllipticCurve::P384)
        }
        AlgorithmParameters::OctetKeyPair(pair) => pair.curve == EllipticCurve::Ed25519,
        _ => false,
    };
    if !signs || jwk.common.public_key_use == Some(PublicKeyUse::Encryption) {
        return Err(refused("RSA, EC (P-256, P-384) and Ed25519 keys that sign are known"));
    }
    jsonwebtoken::DecodingKey::from_jwk(&jwk).map_err(|_| refused("it cannot be read"))?;
    let name = jwk.common.key_id.clone().unwrap_or_else(|| {
        let digest = Sha256::digest(value.to_string());
        URL_SAFE_NO_PAD.encode(&digest[..6])
    });
    Ok((value, format!("key {name}").chars().take(80).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_keys_that_sign_are_taken() {
        let key =
            r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"one"}"#;
        let (jwk, name) = public_key(key).expect("a key");
        assert_eq!((jwk["kid"].as_str(), name.as_str()), (Some("one"), "key one"));
        assert_eq!(public_key(&format!(r#"{{"keys":[{key}]}}"#)).expect("a set of one").1, "key one");
        let private = key.replace("\"kid\"", "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\",\"kid\"");
        for (wrong, said) in [
            ("", "no JSON"),
            ("{}", "keys that sign are known"),
            (private.as_str(), "private key"),
            (r#"{"kty":"oct","k":"AAAA"}"#, "private key"),
            (r#"{"keys":[]}"#, "one key"),
            (r#"{"kty":"RSA","n":"AQAB","e":"!"}"#, "cannot be read"),
        ] {
            let error = public_key(wrong).expect_err(wrong).to_string();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }

    #[test]
    fn an_issuer_is_known_by_audience_and_subject() {
        let hash = |subject| issuer_hash("https://a.example", "rollcall", subject);
        assert_eq!(hash(None), hash(None));
        assert_ne!(hash(None), hash(Some("x")));
        assert_ne!(hash(None), issuer_hash("https://a.example", "other", None));
        let of = |issuer: &str, audience: &str| What::Issuer {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            subject: None,
        };
        let connection = ConnectionId::new(uuid::Uuid::nil());
        assert!(of("https://a.example", "rollcall").make(connection).is_ok());
        assert!(of("a.example", "rollcall").make(connection).is_err());
        assert!(of("https://a.example", " ").make(connection).is_err());
    }
}
