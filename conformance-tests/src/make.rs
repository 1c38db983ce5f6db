//! Bodies, names and query texts that most tests need.
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};

static COUNTER: AtomicU64 = AtomicU64::new(0);
static MARK: LazyLock<String> =
    LazyLock::new(|| format!("{:012x}", RandomState::new().hash_one(std::process::id()) >> 16));

/// Whether every name is an e-mail address, because the server takes no others.
static MAIL: AtomicBool = AtomicBool::new(false);

/// A name that no other test of this or another run uses, in lower case: `prefix-<mark of the run><number>`, and what makes an
/// address of it where the server wants one.
pub fn unique(prefix: &str) -> String {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let end = if MAIL.load(Ordering::Relaxed) { "@people.example" } else { "" };
    format!("{}-{}{number:04x}{end}", prefix.to_lowercase(), run_mark())
}

/// Makes e-mail addresses of all further names, or none.
pub(crate) fn names_are_addresses(are: bool) {
    MAIL.store(are, Ordering::Relaxed);
}

/// What every name of this run contains and no other: twelve random hexadecimal digits.
pub(crate) fn run_mark() -> &'static str {
    &MARK
}

/// The smallest valid User: `schemas` and `userName` (RFC 7643 §4.1.1).
pub fn user(name: &str) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name })
}

/// The smallest valid Group: `schemas` and `displayName` (RFC 7643 §4.2).
pub fn group(name: &str) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name })
}

/// A PATCH request with these operations (RFC 7644 §3.5.2).
#[expect(clippy::needless_pass_by_value, reason = "`json!` values are written in place")]
pub fn patch_op(ops: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": ops })
}

/// Percent-encodes everything but the unreserved characters of RFC 3986 §2.3.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoding_leaves_only_unreserved_characters() {
        assert_eq!(encode("a-Z_0.~"), "a-Z_0.~");
        assert_eq!(encode("userName eq \"ü+x\""), "userName%20eq%20%22%C3%BC%2Bx%22");
    }

    #[test]
    fn names_are_unique_and_in_lower_case() {
        let names: std::collections::BTreeSet<_> = (0..1000).map(|_| unique("Anna")).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| name.starts_with("anna-") && *name == name.to_lowercase()));
    }
}
