//! Profiles: which quirks a connection tolerates unless it is told otherwise.

use std::fmt;
use std::str::FromStr;

use super::names;

/// What pushes through a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// The Microsoft Entra ID provisioning connector.
    Entra,
    /// `JumpCloud`.
    JumpCloud,
    /// Okta.
    Okta,
    /// `OneLogin`.
    OneLogin,
    /// Google Workspace.
    Google,
    /// `PingOne` and `PingFederate`.
    Ping,
    /// The SCIM 2.0 connector of `SailPoint`.
    SailPoint,
    /// Plugins of Keycloak.
    Keycloak,
    /// `authentik`.
    Authentik,
    /// Any product without a profile of its own: what does no harm is tolerated.
    Generic,
    /// The interoperability profile of SCIM (draft-zollner-scim-interop-profile).
    Interop,
    /// The RFCs to the letter, for conformance runners.
    Strict,
}

/// The most that any product needs.
const ENTRA: &[&str] = &[
    "missing-schemas",
    "unknown-schemas",
    "operation-case",
    "boolean-strings",
    "list-of-one",
    "search-attributes-string",
    "empty-string-unassigns",
    "clear-is-remove",
    "complex-from-string",
    "json-in-strings",
    "member-strings",
    "dotted-keys",
    "read-only-keys",
    "unknown-keys",
    "add-at-member-filter",
    "remove-with-value",
    "remove-value-ignored",
    "replace-members-adds",
    "filter-whitespace",
    "filter-capital-booleans",
    "filter-value-path-comparison",
    "filter-bare-extension",
    "filter-complex-value",
    "filter-boolean-strings",
    "create-missing-element",
    "park-unknown-members",
    "unique-group-names",
    "free-formats",
    "group-patch-no-content",
];

/// What does no harm.
const GENERIC: &[&str] = &[
    "missing-schemas",
    "operation-case",
    "boolean-strings",
    "list-of-one",
    "search-attributes-string",
    "unknown-keys",
    "remove-with-value",
    "filter-boolean-strings",
    "free-formats",
];

impl Profile {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Entra,
        Self::JumpCloud,
        Self::Okta,
        Self::OneLogin,
        Self::Google,
        Self::Ping,
        Self::SailPoint,
        Self::Keycloak,
        Self::Authentik,
        Self::Generic,
        Self::Interop,
        Self::Strict,
    ];

    /// The name, as in settings and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::JumpCloud => "jumpcloud",
            Self::Okta => "okta",
            Self::OneLogin => "onelogin",
            Self::Google => "google",
            Self::Ping => "ping",
            Self::SailPoint => "sailpoint",
            Self::Keycloak => "keycloak",
            Self::Authentik => "authentik",
            Self::Generic => "generic",
            Self::Interop => "interop",
            Self::Strict => "strict",
        }
    }

    /// The names of the quirks that the profile tolerates.
    #[must_use]
    pub const fn quirks(self) -> &'static [&'static str] {
        match self {
            Self::Entra => ENTRA,
            Self::JumpCloud => &[
                "missing-schemas",
                "unknown-schemas",
                "operation-case",
                "list-of-one",
                "search-attributes-string",
                "read-only-keys",
                "unknown-keys",
                "clear-is-remove",
                "remove-with-value",
                "filter-whitespace",
                "put-keeps-external-id",
                "park-unknown-members",
                "unique-group-names",
                "free-formats",
            ],
            Self::Okta => &[
                "missing-schemas",
                "unknown-schemas",
                "operation-case",
                "list-of-one",
                "search-attributes-string",
                "empty-string-unassigns",
                "clear-is-remove",
                "dotted-keys",
                "read-only-keys",
                "unknown-keys",
                "remove-with-value",
                "filter-whitespace",
                "put-keeps-external-id",
                "park-unknown-members",
                "unique-group-names",
                "free-formats",
            ],
            Self::OneLogin => &[
                "missing-schemas",
                "unknown-schemas",
                "operation-case",
                "boolean-strings",
                "list-of-one",
                "search-attributes-string",
                "empty-string-unassigns",
                "clear-is-remove",
                "manager-id",
                "single-object",
                "read-only-keys",
                "unknown-keys",
                "remove-with-value",
                "filter-whitespace",
                "put-keeps-external-id",
                "park-unknown-members",
                "unique-group-names",
                "free-formats",
            ],
            // These products send what the standard says, as far as their traffic is known.
            Self::Google | Self::Ping | Self::SailPoint | Self::Keycloak | Self::Generic => GENERIC,
            Self::Authentik => &[
                "missing-schemas",
                "operation-case",
                "boolean-strings",
                "list-of-one",
                "search-attributes-string",
                "read-only-keys",
                "unknown-keys",
                "remove-with-value",
                "filter-boolean-strings",
                "unique-group-names",
                "free-formats",
            ],
            Self::Interop => &[
                "remove-with-value",
                names::REFUSE_UNKNOWN_KEYS,
                names::PATH_REQUIRED,
                names::REPLACE_COMPLEX_WHOLE,
            ],
            // By the letter such a removal takes all values away, and a client that lists some never means that.
            Self::Strict => &["remove-with-value"],
        }
    }
}

impl Profile {
    /// Whether what is deleted is gone: an equal `externalId` brings back nobody (RFC 7644 §3.6).
    #[must_use]
    pub const fn forgets_deleted(self) -> bool {
        matches!(self, Self::Strict | Self::Interop)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|profile| profile.as_str().eq_ignore_ascii_case(name)).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|profile| profile.as_str()).collect();
            format!("There is no profile \"{name}\": choose one of {}.", names.join(", "))
        })
    }
}
