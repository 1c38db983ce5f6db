//! Versions as entity tags, and how they are compared (RFC 7644 §3.14, RFC 9110 §8.8.3).

use std::fmt;

use serde_json::Value;

use super::error::Error;

/// The weak tag of a version: it names the resource, whatever the projection.
///
/// With a digest it also says what the server computes for the resource, as in `W/"7-1a2b3c4d"`: groups change
/// without a new version of the person.
#[must_use]
pub fn entity_tag(version: i64, digest: Option<Digest>) -> String {
    match digest {
        None => format!("W/\"{version}\""),
        Some(digest) => format!("W/\"{version}-{digest}\""),
    }
}

/// A short, stable digest of JSON values: the same on every machine and in every release.
///
/// It tells changes apart and keeps nothing secret. The order of the members of an object makes no difference, the
/// order of a list does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(u32);

impl Digest {
    /// The digest of some values, one after the other.
    #[must_use]
    pub fn of<'v>(values: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut state = Fnv(Fnv::START);
        for value in values {
            state.value(value);
        }
        let bytes = state.0.to_be_bytes();
        let half = |from: usize| {
            u32::from_be_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]])
        };
        Self(half(0) ^ half(4))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// The hash function FNV-1a of 64 bits.
struct Fnv(u64);

impl Fnv {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(Self::PRIME);
        }
    }

    /// A kind, then the content, then an end: two values never run into each other.
    fn text(&mut self, kind: u8, text: &str) {
        self.bytes(&[kind]);
        self.bytes(text.as_bytes());
        self.bytes(&[0xff]);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.bytes(b"n"),
            Value::Bool(value) => self.bytes(if *value { b"t" } else { b"f" }),
            Value::Number(number) => self.text(b'#', &number.to_string()),
            Value::String(text) => self.text(b'"', text),
            Value::Array(items) => {
                self.bytes(b"[");
                for item in items {
                    self.value(item);
                }
                self.bytes(b"]");
            }
            Value::Object(object) => {
                let mut members: Vec<_> = object.iter().collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                self.bytes(b"{");
                for (name, value) in members {
                    self.text(b'"', name);
                    self.value(value);
                }
                self.bytes(b"}");
            }
        }
    }
}

/// A parsed `If-Match` or `If-None-Match` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `*`: any existing resource.
    Any,
    /// The opaque parts of the tags.
    Tags(Vec<String>),
}

impl Condition {
    /// Reads a header value: `*`, a list of tags, or a bare value, which some clients send.
    ///
    /// # Errors
    /// `invalidSyntax` for anything else.
    pub fn parse(header: &str) -> Result<Self, Error> {
        let header = header.trim();
        if header == "*" {
            return Ok(Self::Any);
        }
        let malformed = || Error::invalid_syntax("The entity tag must look like W/\"1\".");
        let bare = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        if bare(header) {
            return Ok(Self::Tags(vec![header.to_owned()]));
        }
        let mut tags = Vec::new();
        let mut rest = header;
        loop {
            let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"').ok_or_else(malformed)?;
            let (tag, behind) = quoted.split_once('"').ok_or_else(malformed)?;
            tags.push(tag.to_owned());
            match behind.trim_start().strip_prefix(',') {
                Some(next) => rest = next.trim_start(),
                None if behind.trim().is_empty() => return Ok(Self::Tags(tags)),
                None => return Err(malformed()),
            }
        }
    }

    /// Whether a document with this opaque tag meets the condition.
    #[must_use]
    pub fn names(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|named| named == tag),
        }
    }

    /// Whether a resource of this version meets the condition, whatever digest a tag has behind the version.
    ///
    /// Tags are compared by their opaque part, because the standard's own examples send weak tags in `If-Match`.
    #[must_use]
    pub fn matches(&self, version: i64) -> bool {
        let version = version.to_string();
        match self {
            Self::Any => true,
            Self::Tags(tags) => {
                tags.iter().any(|tag| tag.split_once('-').map_or(tag.as_str(), |(of, _)| of) == version)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_compare_by_the_part_before_the_digest() {
        for header in [
            "W/\"3\"",
            "\"3\"",
            "*",
            "3",
            "3-1a2b3c4d",
            "W/\"3-1a2b3c4d\"",
            "W/\"1\", W/\"3\"",
            "\"1\",\"3\"",
        ] {
            assert!(Condition::parse(header).expect(header).matches(3), "{header}");
        }
        for header in ["W/\"4\"", "\"33\"", "4", "W/\"1\", W/\"2\"", "W/\"4-3\"", "W/\"-3\""] {
            assert!(!Condition::parse(header).expect(header).matches(3), "{header}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for header in ["", "W/3", "\"3", "W/\"3\" W/\"4\"", "3, 4", "\"3\",", "a b"] {
            assert!(Condition::parse(header).is_err(), "{header}");
        }
    }

    #[test]
    fn a_digest_is_the_same_in_every_release() {
        let groups = json!([{"value": "g1", "display": "Crew"}]);
        let digest = Digest::of([&groups, &json!(null)]);
        assert_eq!(entity_tag(7, Some(digest)), "W/\"7-842fc735\"");
        assert_eq!(entity_tag(7, None), "W/\"7\"");
    }

    #[test]
    fn a_digest_tells_values_apart_and_not_the_order_of_members() {
        let of = |value: Value| Digest::of([&value]);
        assert_eq!(of(json!({"a": 1, "b": 2})), of(json!({"b": 2, "a": 1})));
        let different = [
            json!([]),
            json!({}),
            json!(null),
            json!(false),
            json!(1),
            json!("1"),
            json!(["a", "b"]),
            json!(["ab"]),
            json!(["b", "a"]),
            json!([["a"], "b"]),
            json!({"a": "b"}),
        ];
        for (position, one) in different.iter().enumerate() {
            for other in &different[position + 1..] {
                assert_ne!(Digest::of([one]), Digest::of([other]), "{one} {other}");
            }
        }
    }
}
