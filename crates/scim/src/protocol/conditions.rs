//! What a request asks of the version of a resource (RFC 7644 §3.14, RFC 9110 §13.1).

use super::error::Error;
use super::version::Condition;

/// The conditions of a request.
///
/// A malformed header is kept until it is asked for, because whether the resource exists is said first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    if_match: Option<Result<Condition, Error>>,
    if_none_match: Option<Result<Condition, Error>>,
}

impl Conditions {
    /// The conditions of these header values; several headers of one name are joined by commas (RFC 9110 §5.3).
    #[must_use]
    pub fn new(if_match: Option<&str>, if_none_match: Option<&str>) -> Self {
        Self { if_match: if_match.map(Condition::parse), if_none_match: if_none_match.map(Condition::parse) }
    }

    /// Whether a resource of this version may be written: what the server computes for it makes no difference.
    ///
    /// # Errors
    /// 412 when a condition does not hold, `invalidSyntax` for a malformed header.
    pub fn allow_write(&self, version: i64) -> Result<(), Error> {
        self.require_match(version)?;
        match asked(self.if_none_match.as_ref())? {
            Some(condition) if condition.matches(version) => {
                Err(Error::status(412, "The resource exists in a version that If-None-Match excludes."))
            }
            _ => Ok(()),
        }
    }

    /// Whether a reader has this version with this entity tag already, so that the answer is 304.
    ///
    /// # Errors
    /// 412 when `If-Match` does not hold, `invalidSyntax` for a malformed header.
    pub fn unchanged(&self, version: i64, entity_tag: &str) -> Result<bool, Error> {
        self.require_match(version)?;
        self.knows(entity_tag)
    }

    /// Whether `If-None-Match` names this entity tag, compared weakly and as a whole (RFC 9110 §13.1.2).
    ///
    /// # Errors
    /// `invalidSyntax` for a malformed header.
    pub fn knows(&self, entity_tag: &str) -> Result<bool, Error> {
        let opaque = entity_tag.strip_prefix("W/").unwrap_or(entity_tag).trim_matches('"');
        Ok(asked(self.if_none_match.as_ref())?.is_some_and(|condition| condition.names(opaque)))
    }

    /// Whether a read needs the entity tag at all: without `If-None-Match` there is nothing to compare.
    #[must_use]
    pub fn ask_for_tag(&self) -> bool {
        self.if_none_match.is_some()
    }

    fn require_match(&self, version: i64) -> Result<(), Error> {
        match asked(self.if_match.as_ref())? {
            Some(condition) if !condition.matches(version) => {
                Err(Error::status(412, "The resource has changed: its version is not the one of If-Match."))
            }
            _ => Ok(()),
        }
    }
}

fn asked(header: Option<&Result<Condition, Error>>) -> Result<Option<&Condition>, Error> {
    header.map(|parsed| parsed.as_ref().map_err(Clone::clone)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status<T>(result: Result<T, Error>) -> u16 {
        result.map_or_else(|error| error.status, |_| 200)
    }

    #[test]
    fn writes_obey_both_conditions_by_version() {
        for (if_match, if_none_match, expected) in [
            (None, None, 200),
            (Some("W/\"3\""), None, 200),
            (Some("W/\"3-1a2b3c4d\""), None, 200),
            (Some("W/\"1\", \"3\""), None, 200),
            (Some("*"), None, 200),
            (Some("W/\"2\""), None, 412),
            (Some("W/\"2-1a2b3c4d\""), None, 412),
            (None, Some("*"), 412),
            (None, Some("W/\"3\""), 412),
            (None, Some("W/\"3-1a2b3c4d\""), 412),
            (None, Some("W/\"2\""), 200),
            (Some("W/3"), None, 400),
            (Some("\"\u{fffd}\""), None, 412),
            (Some("\u{fffd}"), None, 400),
            (None, Some("W/3"), 400),
        ] {
            let conditions = Conditions::new(if_match, if_none_match);
            assert_eq!(status(conditions.allow_write(3)), expected, "{if_match:?} {if_none_match:?}");
        }
    }

    #[test]
    fn a_reader_who_has_the_whole_tag_is_told_so() {
        let tag = "W/\"3-1a2b3c4d\"";
        for (header, expected) in [
            ("W/\"3-1a2b3c4d\"", true),
            ("\"3-1a2b3c4d\"", true),
            ("W/\"1\", W/\"3-1a2b3c4d\"", true),
            ("*", true),
            // The same version with other groups is not the same answer.
            ("W/\"3-00000000\"", false),
            ("W/\"3\"", false),
            ("W/\"2-1a2b3c4d\"", false),
        ] {
            let conditions = Conditions::new(None, Some(header));
            assert_eq!(conditions.unchanged(3, tag), Ok(expected), "{header}");
            assert!(conditions.ask_for_tag());
        }
        assert_eq!(Conditions::default().unchanged(3, tag), Ok(false));
        assert!(!Conditions::default().ask_for_tag());
        assert_eq!(status(Conditions::new(Some("\"2\""), None).unchanged(3, tag)), 412);
        assert_eq!(status(Conditions::new(None, Some("W/3")).unchanged(3, tag)), 400);
    }
}
