//! The form that the text of an attribute must have, as a regular expression.
//!
//! RFC 7643 has no such characteristic; RFC 9944 describes the addresses of devices by one.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The most bytes of a pattern.
const MOST: usize = 1_000;

/// A pattern of which the text must have a match; with `^` and `$` the whole text must match.
#[derive(Clone, Debug)]
pub struct Pattern(regex::Regex);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > MOST {
            return Err(format!("a pattern has at most {MOST} bytes"));
        }
        regex::Regex::new(text)
            .map(Self)
            .map_err(|_| format!("the pattern \"{text}\" is no regular expression"))
    }

    /// Whether the text has the form.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
