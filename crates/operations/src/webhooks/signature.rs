//! Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What the text of every secret begins with.
const PREFIX: &str = "whsec_";

/// A secret that signs deliveries.
pub(super) struct Secret(Vec<u8>);

impl Secret {
    /// A new one.
    pub(super) fn new() -> Self {
        Self(rand::random::<[u8; 32]>().to_vec())
    }

    pub(super) const fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text that a receiver is given.
    pub(super) fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    fn sign(&self, signed: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes())))
    }
}

/// The value of the header `webhook-signature`: a signature of each secret.
pub(super) fn signatures(secrets: &[Secret], (id, timestamp, body): (&str, i64, &str)) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    secrets.iter().map(|secret| secret.sign(&signed)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_specification() {
        // The example of the specification's own libraries.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let secrets = [Secret::of(secret), Secret::of(vec![1; 32])];
        assert_eq!(secrets[0].text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let message = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        let both = signatures(&secrets, message);
        let (first, second) = both.split_once(' ').expect("one of each secret");
        assert_eq!(first, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(second.starts_with("v1,") && second != first);
    }
}
