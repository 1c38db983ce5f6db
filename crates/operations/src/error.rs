//! Why an operation did not do what was asked; callers translate it into their own words.

use std::error::Error as StdError;
use std::sync::Arc;

use provisioning::Refusal;
use store::Constraint;
use thiserror::Error;

use crate::enrolment::Refused;

/// Why nothing was changed.
#[derive(Clone, Debug, Error)]
pub enum Error {
    /// The request is wrong, by the rules of SCIM (RFC 7644 §3.12).
    #[error("{0}")]
    Scim(scim::Error),
    /// A name is unknown, or a value cannot be used: a sentence that says what to do.
    #[error("{0}")]
    Refused(String),
    /// What the caller asks for is so already: a subject and its state.
    #[error("{what} {state}: nothing is to be done")]
    Already {
        /// A person, a token, a group.
        what: String,
        /// Its state.
        state: String,
    },
    /// The operator has not the right: a sentence that says who has.
    #[error("{0}")]
    Forbidden(String),
    /// What would follow is not what was agreed to any more: a sentence that says what would follow now.
    #[error("{0}")]
    Otherwise(String),
    /// What is asked for is not kept any more: a sentence that says what to do.
    #[error("{0}")]
    Gone(String),
    /// A rule refuses the change.
    #[error("nothing was changed: {0}")]
    Rule(#[from] Refusal),
    /// A person gets no further in the enrolment.
    #[error(transparent)]
    Enrolment(#[from] Refused),
    /// A group waits for one of several users who arrive together: each is created alone, once the group is locked.
    #[error("a group waits for one of these users")]
    Awaited,
    /// The database failed.
    #[error(transparent)]
    Database(Arc<store::Error>),
}

impl Error {
    /// A sentence about a name that stands for nothing.
    pub(crate) fn unknown(kind: &str, name: &str, advice: &str) -> Self {
        Self::Refused(format!("there is no {kind} \"{name}\": {advice}"))
    }

    /// What is asked for is so already.
    pub(crate) fn already(what: impl Into<String>, state: impl Into<String>) -> Self {
        Self::Already { what: what.into(), state: state.into() }
    }

    /// Whether the same attempt may succeed at once, because the database gave up on it for the sake of another one.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Database(error) if matches!(**error, store::Error::Conflicting | store::Error::OutOfOrder))
    }

    /// Whether the database could do nothing at all, so that others who asked at the same time need not ask again by
    /// themselves.
    pub(crate) fn is_busy(&self) -> bool {
        use store::Error::{Busy, DiskFull, ReadOnly, Unreachable};
        matches!(self, Self::Database(error) if matches!(**error, Busy | Unreachable | DiskFull | ReadOnly))
    }
}

impl From<scim::Error> for Error {
    fn from(error: scim::Error) -> Self {
        Self::Scim(error)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// What a person at a terminal or in a form is told.
#[must_use]
pub fn sentence(error: &Error) -> String {
    let Error::Database(error) = error else { return error.to_string() };
    match &**error {
        store::Error::Conflict(constraint @ Constraint::Binding) => {
            format!("{constraint} exists already: nothing is to be done")
        }
        store::Error::Conflict(constraint) => format!("{constraint} exists already: choose another name"),
        store::Error::Taken(attribute) => {
            format!("another resource has this value of {attribute}, which is unique: choose another value")
        }
        store::Error::Ambiguous(sentence) => sentence.clone(),
        store::Error::Busy | store::Error::Conflicting | store::Error::OutOfOrder => {
            "the database is busy, try again".to_owned()
        }
        store::Error::Unreachable | store::Error::DiskFull | store::Error::ReadOnly => {
            format!("{error}: nothing was changed, try again once that is mended")
        }
        other => format!("the database failed: {}", chain(other)),
    }
}

/// An error and its causes, each said once.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    text
}
