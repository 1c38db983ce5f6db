//! Errors as the protocol knows them (RFC 7644 §3.12).

use serde_json::{Value, json};
use thiserror::Error as ThisError;

/// The schema of error messages.
pub const SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// An error that a client is told: whose fault, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("{detail}")]
pub struct Error {
    /// The HTTP status code.
    pub status: u16,
    /// The registered word, where one fits.
    pub scim_type: Option<ScimType>,
    /// A sentence for people.
    pub detail: String,
}

/// The registered words of RFC 7644 Table 9 and RFC 9865 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// The filter does not parse, or an operator does not fit its attribute.
    InvalidFilter,
    /// Too many results to compute.
    TooMany,
    /// The value is taken.
    Uniqueness,
    /// The attribute cannot be changed so.
    Mutability,
    /// The body has the wrong structure.
    InvalidSyntax,
    /// The path is malformed or names no attribute.
    InvalidPath,
    /// The path matches nothing.
    NoTarget,
    /// A value is missing or does not fit.
    InvalidValue,
    /// The protocol version is not supported.
    InvalidVers,
    /// Personal data in the URI.
    Sensitive,
    /// The cursor is none of this walk.
    InvalidCursor,
    /// The cursor is too old.
    ExpiredCursor,
    /// The number of resources wanted is none, or another one than before.
    InvalidCount,
}

impl ScimType {
    /// The word in its registered case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }

    /// The status that goes with the word; a taken value is always 409 (RFC 7644 §3.3).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Uniqueness => 409,
            Self::Sensitive => 403,
            _ => 400,
        }
    }
}

impl Error {
    /// An error with a registered word.
    #[must_use]
    pub fn new(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: scim_type.status(), scim_type: Some(scim_type), detail: detail.into() }
    }

    /// An error that only has a status.
    #[must_use]
    pub fn status(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// 400 `invalidSyntax`.
    #[must_use]
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::new(ScimType::InvalidSyntax, detail)
    }

    /// 400 `invalidValue`.
    #[must_use]
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Self::new(ScimType::InvalidValue, detail)
    }

    /// 400 `invalidFilter`.
    #[must_use]
    pub fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::new(ScimType::InvalidFilter, detail)
    }

    /// 400 `invalidPath`.
    #[must_use]
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Self::new(ScimType::InvalidPath, detail)
    }

    /// 400 `mutability`.
    #[must_use]
    pub fn mutability(detail: impl Into<String>) -> Self {
        Self::new(ScimType::Mutability, detail)
    }

    /// 400 `noTarget`.
    #[must_use]
    pub fn no_target(detail: impl Into<String>) -> Self {
        Self::new(ScimType::NoTarget, detail)
    }

    /// 409 `uniqueness`.
    #[must_use]
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self::new(ScimType::Uniqueness, detail)
    }

    /// 404 for a resource of the type.
    #[must_use]
    pub fn not_found(resource_type: &str, id: &str) -> Self {
        let id: String = id.chars().take(100).collect();
        Self::status(404, format!("There is no {resource_type} with the id \"{id}\"."))
    }

    /// The message that the client gets.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut message = json!({ "schemas": [SCHEMA], "status": self.status.to_string() });
        if let Some(scim_type) = self.scim_type {
            message["scimType"] = scim_type.as_str().into();
        }
        message["detail"] = self.detail.as_str().into();
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_has_the_status_as_text_and_the_word_in_its_case() {
        let message = Error::uniqueness("userName \"x\" is taken.").to_json();
        assert_eq!(
            message,
            json!({"schemas": [SCHEMA], "status": "409", "scimType": "uniqueness", "detail": "userName \"x\" is taken."})
        );
        assert!(Error::status(404, "Gone.").to_json().get("scimType").is_none());
    }
}
