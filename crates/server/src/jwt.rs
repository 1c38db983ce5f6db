//! Signed JWTs of others (RFC 7519): signed by one of the known keys, with an algorithm of that key, and good now (RFC 8725).

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far the clocks of the issuer and of this server may differ.
pub(crate) const SKEW: TimeDelta = TimeDelta::seconds(60);

/// The keys with which an issuer signs.
pub(crate) struct Keys(Vec<Jwk>);

impl Keys {
    /// One key.
    pub(crate) fn of_one(key: Jwk) -> Self {
        Self(vec![key])
    }

    /// Whether one of them may have signed a token.
    pub(crate) fn serve(&self, token: &str) -> bool {
        self.of(token, "the token").is_ok()
    }

    /// What a token says that one of them has signed; `what` it is called if it is none.
    ///
    /// # Errors
    /// A sentence.
    pub(crate) fn signed(&self, token: &str, what: &str) -> Result<Map<String, Value>, String> {
        let (algorithm, key) = self.of(token, what)?;
        let key =
            DecodingKey::from_jwk(key).map_err(|error| format!("a key of the issuer is none: {error}"))?;
        let mut signature = Validation::new(algorithm);
        // What the token says is checked at the instant of the server.
        signature.required_spec_claims.clear();
        (signature.validate_exp, signature.validate_aud) = (false, false);
        let decoded = decode::<Map<String, Value>>(token, &key, &signature);
        Ok(decoded.map_err(|error| format!("{what} does not stand up to a check: {error}"))?.claims)
    }

    /// The key that a token names, with the algorithm; the header of a token chooses among the algorithms of that key alone.
    fn of(&self, token: &str, what: &str) -> Result<(Algorithm, &Jwk), String> {
        let header = decode_header(token).map_err(|error| format!("{what} cannot be read: {error}"))?;
        let algorithm = header.alg;
        let signs = |key: &&Jwk| {
            let own = key.common.key_algorithm;
            algorithms(key).contains(&algorithm)
                && own.is_none_or(|own| format!("{own:?}").eq_ignore_ascii_case(&format!("{algorithm:?}")))
        };
        let found: Vec<&Jwk> = self.0.iter().filter(signs).collect();
        let named = |key: &&&Jwk| key.common.key_id.as_deref() == header.kid.as_deref();
        // A key that has no name may be the one that the token names, where there is no other one.
        let nameless = || only(found.iter().filter(|key| key.common.key_id.is_none()));
        let key = match header.kid {
            Some(_) => found.iter().find(named).or_else(nameless),
            None => only(found.iter()),
        };
        let said = || format!("{what} is signed ({algorithm:?}) with none of the keys of the issuer");
        Ok((algorithm, *key.ok_or_else(said)?))
    }
}

/// The only one of them, if there is one alone.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    all.next().filter(|_| all.next().is_none())
}

/// The algorithms with which a key may sign. Those with a shared secret are not among them.
fn algorithms(key: &Jwk) -> &'static [Algorithm] {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => &[ES256],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P384 => &[ES384],
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => &[EdDSA],
        _ => &[],
    }
}

/// The keys of a JWK set, RFC 7517 §5; those of a kind that is not known are passed over.
pub(crate) fn keys(text: &str) -> Result<Keys, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_str(text)?;
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(Keys(keys.filter(|key| key.common.public_key_use != Some(PublicKeyUse::Encryption)).collect()))
}

/// For whom a token is.
pub(crate) fn audience(all: &Map<String, Value>) -> Vec<&str> {
    match all.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Checks that a token is good at an instant; answers when it expires, in seconds since 1970. A token need not say when it was
/// issued.
///
/// # Errors
/// A sentence.
pub(crate) fn timely(all: &Map<String, Value>, what: &str, now: DateTime<Utc>) -> Result<i64, String> {
    let seconds = |name: &str| instant(all, name);
    let (now, skew) = (now.timestamp(), SKEW.num_seconds());
    let ends = seconds("exp").ok_or_else(|| format!("{what} does not say when it expires"))?;
    if ends.saturating_add(skew) <= now {
        return Err(format!("{what} has expired: compare the clocks of the issuer and of this server"));
    }
    let unreadable = |name: &&str| all.get(*name).is_some_and(|it| !it.is_null()) && seconds(name).is_none();
    if let Some(name) = ["iat", "nbf"].into_iter().find(unreadable) {
        return Err(format!("{what} has a {name} that is no number"));
    }
    if seconds("iat").max(seconds("nbf")).is_some_and(|begins| begins > now + skew) {
        return Err(format!("{what} is of the future: compare the clocks of the issuer and of this server"));
    }
    Ok(ends)
}

/// An instant that a token names, in whole seconds since 1970.
pub(crate) fn instant(all: &Map<String, Value>, name: &str) -> Option<i64> {
    all.get(name).and_then(seconds)
}

/// The whole seconds of a `NumericDate`, RFC 7519 §2.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a fraction does not count, and what is past the range is as far away as its end"
)]
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| Some(value.as_f64()? as i64))
}

/// A claim that is text.
pub(crate) fn text<'t>(all: &'t Map<String, Value>, name: &str) -> Option<&'t str> {
    all.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_instant_is_a_number_in_any_form() {
        for (value, expected) in [
            (json!(1_796_000_000), Some(1_796_000_000)),
            (json!(1_796_000_000.9), Some(1_796_000_000)),
            (json!(1.796e9), Some(1_796_000_000)),
            (json!(3.6e16), Some(36_000_000_000_000_000)),
            (json!(1e300), Some(i64::MAX)),
            (json!(u64::MAX), Some(i64::MAX)),
            (json!(1e-10), Some(0)),
            (json!("1796000000"), None),
            (json!(null), None),
        ] {
            assert_eq!(seconds(&value), expected, "{value}");
        }
    }
}
