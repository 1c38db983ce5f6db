//! The check of an ID token, OpenID Connect Core 1.0 §3.1.3.7: signed by the issuer, for us, now, and for this sign-in.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use operations::single_sign_on::Claims;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How far the clocks of issuer and server may differ.
const SKEW: TimeDelta = TimeDelta::seconds(60);
/// The most letters of a subject, OpenID Connect Core 1.0 §2.
const SUBJECT: usize = 255;

/// What a token must be for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) nonce: &'e str,
    pub(super) now: DateTime<Utc>,
}

/// The keys with which an issuer signs.
pub(super) struct Keys(Vec<Jwk>);

impl Keys {
    /// Whether one of them may have signed a token.
    pub(super) fn serve(&self, token: &str) -> bool {
        self.of(token).is_ok()
    }

    /// The key that a token names, with the algorithm; the header of a token chooses among the algorithms of that key alone.
    fn of(&self, token: &str) -> Result<(Algorithm, &Jwk), String> {
        let header = decode_header(token).map_err(|error| format!("the ID token cannot be read: {error}"))?;
        let algorithm = header.alg;
        let signs = |key: &&Jwk| {
            let own = key.common.key_algorithm;
            algorithms(key).contains(&algorithm)
                && own.is_none_or(|own| format!("{own:?}").eq_ignore_ascii_case(&format!("{algorithm:?}")))
        };
        let mut found = self.0.iter().filter(signs);
        let key = match header.kid.as_deref() {
            Some(kid) => found.find(|key| key.common.key_id.as_deref() == Some(kid)),
            None => found.next().filter(|_| found.next().is_none()),
        };
        let said = || format!("the ID token is signed ({algorithm:?}) with none of the keys of the issuer");
        Ok((algorithm, key.ok_or_else(said)?))
    }
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
pub(super) fn keys(text: &str) -> Result<Keys, serde_json::Error> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_str(text)?;
    let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(Keys(keys.filter(|key| key.common.public_key_use != Some(PublicKeyUse::Encryption)).collect()))
}

/// What a token says, after everything about it is checked.
pub(super) fn verified(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, String> {
    let (algorithm, key) = keys.of(token)?;
    let key = DecodingKey::from_jwk(key).map_err(|error| format!("a key of the issuer is none: {error}"))?;
    let mut signature = Validation::new(algorithm);
    // What the token says is checked below, at the instant of the server.
    signature.required_spec_claims.clear();
    (signature.validate_exp, signature.validate_aud) = (false, false);
    let decoded = decode::<Map<String, Value>>(token, &key, &signature);
    let all = decoded.map_err(|error| format!("the ID token does not stand up to a check: {error}"))?.claims;
    check(&all, expected)?;
    let subject = text(&all, "sub").filter(|subject| (1..=SUBJECT).contains(&subject.chars().count()));
    let subject = subject.ok_or("the ID token names no subject")?.to_owned();
    Ok(Claims { subject, all })
}

fn check(all: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), String> {
    let issuer = text(all, "iss").unwrap_or_default();
    if issuer != expected.issuer {
        return Err(format!(
            "the ID token is of the issuer {}, and not of {}",
            shown(issuer),
            expected.issuer
        ));
    }
    let audience: Vec<&str> = match all.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audience.contains(&expected.client_id) {
        let for_whom = audience.first().map_or("no client", |client| shown(client));
        return Err(format!(
            "the ID token is for another client: {for_whom} instead of {}. Compare the client ID here with the one of the \
             application at the identity provider",
            expected.client_id
        ));
    }
    let party = text(all, "azp");
    if party.is_some_and(|party| party != expected.client_id) || (audience.len() > 1 && party.is_none()) {
        return Err("the ID token was issued to another client (azp)".to_owned());
    }
    if text(all, "nonce") != Some(expected.nonce) {
        return Err("the ID token is of another sign-in (nonce)".to_owned());
    }
    let seconds = |name: &str| all.get(name).and_then(seconds);
    let (now, skew) = (expected.now.timestamp(), SKEW.num_seconds());
    let ends = seconds("exp").ok_or("the ID token does not say when it expires")?;
    if ends.saturating_add(skew) <= now {
        return Err(
            "the ID token has expired: compare the clocks of the issuer and of this server".to_owned()
        );
    }
    let issued = seconds("iat").ok_or("the ID token does not say when it was issued")?;
    if issued.max(seconds("nbf").unwrap_or(issued)) > now + skew {
        return Err(
            "the ID token is of the future: compare the clocks of the issuer and of this server".to_owned()
        );
    }
    Ok(())
}

/// The whole seconds of a `NumericDate`, RFC 7519 §2.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a fraction does not count, and what is past the range is as far away as its end"
)]
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| Some(value.as_f64()? as i64))
}

fn text<'t>(all: &'t Map<String, Value>, name: &str) -> Option<&'t str> {
    all.get(name).and_then(Value::as_str)
}

/// What a token says of itself, shortened.
fn shown(text: &str) -> &str {
    text.char_indices().nth(200).map_or(text, |(end, _)| &text[..end])
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
