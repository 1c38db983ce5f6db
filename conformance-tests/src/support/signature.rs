//! Signatures of tokens (RFC 7515), held against the keys that are published for them (RFC 7517).
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Holds the signature of a token with this header against these keys.
///
/// # Errors
/// One sentence why it is none of them.
pub(super) fn check(token: &str, header: &Value, keys: &Value) -> Result<(), String> {
    let all = keys["keys"].as_array().ok_or_else(|| format!("no keys are published: {keys}"))?;
    let key = all.iter().find(|key| key["kid"].is_string() && key["kid"] == header["kid"]);
    let key = key.ok_or_else(|| format!("the key of {header} is not published"))?;
    let (signed, signature) =
        token.rsplit_once('.').ok_or_else(|| "the token has no signature".to_owned())?;
    let signature = decoded(signature)?;
    let part = |name: &str| decoded(key[name].as_str().unwrap_or_default());
    let algorithm = header["alg"].as_str().unwrap_or_default();
    let rsa = |parameters: &'static RsaParameters| -> Result<bool, String> {
        let components = RsaPublicKeyComponents { n: part("n")?, e: part("e")? };
        Ok(components.verify(parameters, signed.as_bytes(), &signature).is_ok())
    };
    let curve = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
        UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &signature).is_ok()
    };
    let point = || Ok::<_, String>([vec![4], part("x")?, part("y")?].concat());
    let good = match algorithm {
        "RS256" => rsa(&RSA_PKCS1_2048_8192_SHA256)?,
        "PS256" => rsa(&RSA_PSS_2048_8192_SHA256)?,
        "ES256" => curve(&ECDSA_P256_SHA256_FIXED, &point()?),
        "ES384" => curve(&ECDSA_P384_SHA384_FIXED, &point()?),
        "EdDSA" | "Ed25519" => curve(&ED25519, &part("x")?),
        "" | "none" => return Err(format!("the token is not signed: {header}")),
        // Of others it is enough that the key is there.
        _ => true,
    };
    if good { Ok(()) } else { Err(format!("the signature is not that of the key {}", header["kid"])) }
}

/// The bytes of a part of a token or a key.
pub(super) fn decoded(text: &str) -> Result<Vec<u8>, String> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| format!("{text} is no base64url: {error}"))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_signature_is_that_of_a_published_key_or_none() {
        let pair = Ed25519KeyPair::generate().expect("a key");
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(b"a.b"));
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let keys = json!({ "keys": [{ "kid": "1", "kty": "OKP", "crv": "Ed25519", "x": public }] });
        let header = json!({ "alg": "EdDSA", "kid": "1" });
        assert_eq!(check(&format!("a.b.{signature}"), &header, &keys), Ok(()));
        assert!(check(&format!("a.c.{signature}"), &header, &keys).is_err());
        assert!(check("a.b.", &json!({ "alg": "none", "kid": "1" }), &keys).is_err());
        assert!(check(&format!("a.b.{signature}"), &json!({ "alg": "EdDSA", "kid": "2" }), &keys).is_err());
    }
}
