//! Versions as entity tags, and the conditions on them (RFC 7644 §3.14, RFC 9110 §13.1).

use super::error::Error;

/// The weak tag of a version: it names the resource, whatever the projection.
#[must_use]
pub fn entity_tag(version: i64) -> String {
    format!("W/\"{version}\"")
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

    /// Whether a resource of this version meets the condition; tags are compared by their opaque part,
    /// because the standard's own examples send weak tags in `If-Match`.
    #[must_use]
    pub fn matches(&self, version: i64) -> bool {
        self.names(&version.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_compare_by_their_opaque_part() {
        for header in ["W/\"3\"", "\"3\"", "*", "3", "W/\"1\", W/\"3\"", "\"1\",\"3\""] {
            assert!(Condition::parse(header).expect(header).matches(3), "{header}");
        }
        for header in ["W/\"4\"", "\"33\"", "4", "W/\"1\", W/\"2\""] {
            assert!(!Condition::parse(header).expect(header).matches(3), "{header}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for header in ["", "W/3", "\"3", "W/\"3\" W/\"4\"", "3, 4", "\"3\",", "a b"] {
            assert!(Condition::parse(header).is_err(), "{header}");
        }
    }
}
