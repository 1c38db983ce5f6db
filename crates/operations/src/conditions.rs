//! The conditions of a request on the version of what it is about (RFC 7644 §3.14, RFC 9110 §13.1).

use scim::Error;
use scim::protocol::version::Condition;

/// The conditions of a request. A malformed one is kept until it is asked: whether the resource exists is told first.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    if_match: Option<Result<Condition, Error>>,
    if_none_match: Option<Result<Condition, Error>>,
}

impl Conditions {
    /// Those of these header values, each joined to one list (RFC 9110 §5.3).
    #[must_use]
    pub fn new(if_match: Option<&str>, if_none_match: Option<&str>) -> Self {
        Self { if_match: if_match.map(Condition::parse), if_none_match: if_none_match.map(Condition::parse) }
    }

    /// Whether a resource of this version may be written.
    ///
    /// # Errors
    /// 412 when a condition does not hold, `invalidSyntax` for a malformed one.
    pub fn allow_write(&self, version: i64) -> Result<(), Error> {
        self.expected(version)?;
        match self.if_none_match.clone().transpose()? {
            Some(condition) if condition.matches(version) => {
                Err(Error::status(412, "The resource exists in a version that If-None-Match excludes."))
            }
            _ => Ok(()),
        }
    }

    /// Whether a reader has this version already, so that the answer is 304.
    ///
    /// # Errors
    /// 412 when `If-Match` does not hold, `invalidSyntax` for a malformed condition.
    pub fn unchanged(&self, version: i64) -> Result<bool, Error> {
        self.expected(version)?;
        Ok(self.if_none_match.clone().transpose()?.is_some_and(|condition| condition.matches(version)))
    }

    /// Whether a reader has the document with this opaque tag already, so that the answer is 304.
    ///
    /// # Errors
    /// `invalidSyntax` for a malformed condition.
    pub fn known(&self, tag: &str) -> Result<bool, Error> {
        Ok(self.if_none_match.clone().transpose()?.is_some_and(|condition| condition.names(tag)))
    }

    fn expected(&self, version: i64) -> Result<(), Error> {
        match self.if_match.clone().transpose()? {
            Some(condition) if !condition.matches(version) => {
                Err(Error::status(412, "The resource has changed: its version is not the one of If-Match."))
            }
            _ => Ok(()),
        }
    }
}
