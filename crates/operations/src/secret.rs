//! Bearer tokens: made from 256 random bits, known to the database by their hash alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// What every token begins with, so that one that leaks is recognised.
pub const PREFIX: &str = "rollcall_";

/// Letters behind the prefix: 32 bytes in base64url.
const LETTERS: usize = 43;

/// Letters of every token.
pub const LENGTH: usize = PREFIX.len() + LETTERS;

/// A new token in plain text, shown once.
pub(crate) struct Plain(pub(crate) String);

impl Plain {
    /// Makes one.
    pub(crate) fn new() -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())))
    }

    /// The first letters, by which people tell tokens apart.
    pub(crate) fn hint(&self) -> String {
        self.0.chars().take(PREFIX.len() + 4).collect()
    }
}

/// What the database knows of a token; nothing for text that cannot be one.
///
/// A fast hash is enough: there is no dictionary of 256 random bits to search.
#[must_use]
pub fn hash(token: &str) -> Option<[u8; 32]> {
    let letters = token.strip_prefix(PREFIX)?;
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (letters.len() == LETTERS && letters.bytes().all(base64url))
        .then(|| Sha256::digest(token.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_tokens_are_tokens_and_differ() {
        let (one, two) = (Plain::new(), Plain::new());
        assert_ne!(one.0, two.0);
        assert_ne!(hash(&one.0).expect("a token"), hash(&two.0).expect("a token"));
        assert_eq!(one.hint().len(), PREFIX.len() + 4);
        assert!(one.0.starts_with(&one.hint()));
    }

    #[test]
    fn other_text_is_no_token() {
        let token = Plain::new().0;
        for text in [
            "",
            "x",
            PREFIX,
            &token[1..],
            &token[..token.len() - 1],
            &format!("{token}x"),
            &token.replace("rollcall", "Rollcall"),
        ] {
            assert!(hash(text).is_none(), "{text}");
        }
    }
}
