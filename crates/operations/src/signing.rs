//! Signatures of what a tenant's streams carry (RFC 7515): keys of the tenant's own, made when they are first needed, renewed, and
//! published for as long as a receiver may hold what they signed.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use scim::protocol::event::TYPE;
use serde_json::{Value, json};
use store::{SigningKey, TenantScope, WriteUnit, new_id};
use uuid::Uuid;

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::keys::{Keys, Purpose};

/// How long a key signs before another one takes its place.
const SIGNS_FOR: TimeDelta = TimeDelta::days(90);

/// How a token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSA, which every receiver knows.
    #[default]
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Rs256, Self::EdDsa];

    /// The word of RFC 7518 and RFC 8037.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// What a word stands for.
    #[must_use]
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == word)
    }
}

/// A key, opened.
pub(crate) struct Signer {
    kid: Uuid,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Signer {
    /// The key of a tenant that signs now; made where there is none, or where it has signed for long.
    ///
    /// # Errors
    /// Without the master key, or what the database says.
    pub(crate) async fn of(
        db: &Database,
        scope: &TenantScope,
        algorithm: Algorithm,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let keys = db.keys(now).await?;
        let known = db.read(scope).await?.signing_keys().await?;
        let fresh = known.into_iter().rev().find(|key| {
            key.algorithm == algorithm.as_str()
                && key.retired_at.is_none()
                && now < key.created_at + SIGNS_FOR
        });
        let key = match fresh {
            Some(key) => key,
            None => renew(db, scope, algorithm, now).await?,
        };
        opened(keys, scope, &key, algorithm)
    }

    /// Signs claims as a security event token.
    ///
    /// # Errors
    /// If the key cannot sign.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, Error> {
        let algorithm = match self.pair {
            Pair::Rsa(_) => Algorithm::Rs256,
            Pair::Ed(_) => Algorithm::EdDsa,
        };
        let header = json!({ "typ": TYPE, "alg": algorithm.as_str(), "kid": self.kid });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = match &self.pair {
            Pair::Ed(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
                    .map_err(|_| fault("a token cannot be signed"))?;
                signature
            }
        };
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Gives a tenant another key; the one before is published until it is forgotten.
///
/// # Errors
/// Without the master key, or what the database says.
pub(crate) async fn renew(
    db: &Database,
    scope: &TenantScope,
    algorithm: Algorithm,
    now: DateTime<Utc>,
) -> Result<SigningKey, Error> {
    let keys = db.keys(now).await?;
    // An RSA key takes a while, and holds up nothing else meanwhile.
    let made = tokio::task::spawn_blocking(move || made(algorithm)).await;
    let (private, mut public) = made.map_err(|_| fault("a key cannot be made"))??;
    let id = new_id(now);
    public["kid"] = json!(id);
    let secret = keys.seal(Purpose::Stream, &about(scope, id), &private);
    let algorithm = algorithm.as_str().to_owned();
    let key = SigningKey { id, algorithm, secret, public, created_at: now, retired_at: None };
    let insert = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.insert_signing_key(&key).await?;
        Ok((unit, ()))
    };
    db.write(scope, insert).await?;
    Ok(key)
}

/// The public keys of a tenant as a JWK set (RFC 7517 §5).
///
/// # Errors
/// What the database says.
pub(crate) async fn public_keys(db: &Database, scope: &TenantScope) -> Result<Value, Error> {
    let keys = db.read(scope).await?.signing_keys().await?;
    Ok(json!({ "keys": keys.into_iter().map(|key| key.public).collect::<Vec<_>>() }))
}

/// A new key pair: the private part in PKCS #8, and the public one as a JSON Web Key.
fn made(algorithm: Algorithm) -> Result<(Vec<u8>, Value), Error> {
    let failed = |_| fault("a key cannot be made");
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    match algorithm {
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::generate().map_err(failed)?;
            let private = pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec();
            let x = text(pair.public_key().as_ref());
            let public = json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x });
            Ok((private, public))
        }
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
            let private = pair.as_der().map_err(failed)?.as_ref().to_vec();
            let (n, e) = numbers(pair.public_key().as_ref()).ok_or_else(|| fault("a key cannot be read"))?;
            let (n, e) = (text(n), text(e));
            let public = json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "n": n, "e": e });
            Ok((private, public))
        }
    }
}

/// Modulus and exponent of a public key in DER (RFC 8017 §A.1.1), without leading zeros.
fn numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, []) = element(0x30, der)? else { return None };
    let (modulus, rest) = element(0x02, sequence)?;
    let (exponent, []) = element(0x02, rest)? else { return None };
    let plain = |bytes: &'_ [u8]| bytes.iter().take_while(|byte| **byte == 0).count();
    Some((&modulus[plain(modulus)..], &exponent[plain(exponent)..]))
}

/// The content of the first element of DER, which must have this tag, and what stands behind it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81 => (usize::from(*rest.first()?), &rest[1..]),
        0x82 => {
            let (bytes, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*bytes)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn opened(keys: &Keys, scope: &TenantScope, key: &SigningKey, algorithm: Algorithm) -> Result<Signer, Error> {
    let said = "a key that signs cannot be opened with the present master key: rotate the keys of the tenant's streams";
    let private = keys.open(Purpose::Stream, &about(scope, key.id), &key.secret);
    let private = private.ok_or_else(|| Error::Refused(said.to_owned()))?;
    let wrong = |_| fault("a key cannot be read");
    let pair = match algorithm {
        Algorithm::Rs256 => Pair::Rsa(RsaKeyPair::from_pkcs8(&private).map_err(wrong)?),
        Algorithm::EdDsa => Pair::Ed(Ed25519KeyPair::from_pkcs8(&private).map_err(wrong)?),
    };
    Ok(Signer { kid: key.id, pair })
}

/// The row to which what is sealed belongs.
pub(crate) fn about(scope: &TenantScope, id: Uuid) -> Vec<u8> {
    [*scope.tenant_id().uuid().as_bytes(), *id.as_bytes()].concat()
}

fn fault(said: &'static str) -> Error {
    store::Error::Other(said.into()).into()
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{DecodingKey, Validation, decode};

    use super::*;

    #[test]
    fn what_a_key_signs_is_read_with_its_public_part() {
        for (algorithm, other) in [
            (Algorithm::Rs256, jsonwebtoken::Algorithm::RS256),
            (Algorithm::EdDsa, jsonwebtoken::Algorithm::EdDSA),
        ] {
            let (private, public) = made(algorithm).expect("a key");
            let pair = match algorithm {
                Algorithm::Rs256 => Pair::Rsa(RsaKeyPair::from_pkcs8(&private).expect("a key")),
                Algorithm::EdDsa => Pair::Ed(Ed25519KeyPair::from_pkcs8(&private).expect("a key")),
            };
            let claims = json!({ "iss": "https://a.example", "events": {} });
            let token = Signer { kid: Uuid::nil(), pair }.sign(&claims).expect("signed");
            let jwk: Jwk = serde_json::from_value(public).expect("a key");
            let key = DecodingKey::from_jwk(&jwk).expect("a key");
            let mut validation = Validation::new(other);
            validation.required_spec_claims.clear();
            (validation.validate_exp, validation.validate_aud) = (false, false);
            let read = decode::<Value>(&token, &key, &validation).expect("signed");
            assert_eq!((read.claims, read.header.typ.as_deref()), (claims, Some("secevent+jwt")));
            let forged = token.replacen("eyJpc3", "eyJqc3", 1);
            assert!(decode::<Value>(&forged, &key, &validation).is_err());
        }
    }

    #[test]
    fn what_is_no_key_in_der_has_no_numbers() {
        for der in
            [&[][..], &[0x30], &[0x30, 0x00], &[0x30, 0x82, 0x01], &[0x31, 0x00], &[0x30, 0x83, 0, 0, 0]]
        {
            assert_eq!(numbers(der), None, "{der:?}");
        }
        let small = [0x30, 0x08, 0x02, 0x02, 0x00, 0x9f, 0x02, 0x02, 0x00, 0x03];
        assert_eq!(numbers(&small), Some((&[0x9f][..], &[0x03][..])));
    }
}
