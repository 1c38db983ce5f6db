//! One attribute and its characteristics (RFC 7643 §2.2 and §7).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Pattern;

/// An attribute definition, as served by `/Schemas` and as enforced.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attribute {
    /// The name, in the spelling that answers use.
    pub name: String,
    /// The type of its value, or of each value when it is multi-valued.
    #[serde(rename = "type", default)]
    pub kind: Kind,
    /// Whether it holds a list.
    #[serde(default)]
    pub multi_valued: bool,
    /// What it is, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Whether a resource without it is refused.
    #[serde(default)]
    pub required: bool,
    /// Suggested values; others are accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    /// Whether comparisons respect case; left out where it has no meaning (erratum 6004).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_exact: Option<bool>,
    /// Who may change it, and when.
    #[serde(default)]
    pub mutability: Mutability,
    /// When answers hold it.
    #[serde(default)]
    pub returned: Returned,
    /// Where its value is unique; left out where it has no meaning (erratum 6004).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uniqueness: Option<Uniqueness>,
    /// What a reference may point to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_types: Vec<String>,
    /// The form that its text must have; no characteristic of RFC 7643.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    /// The attributes of a complex value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<Arc<Attribute>>,
}

/// The data types of RFC 7643 §2.3, with `binary` as errata 5606 and 8435 add it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Unicode text.
    #[default]
    String,
    /// `true` or `false`.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// An instant, RFC 7643 §2.3.5.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

/// Who may change a value (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// The server alone.
    ReadOnly,
    /// Every client, at any time.
    #[default]
    ReadWrite,
    /// The client, once.
    Immutable,
    /// The client, who cannot read it back.
    WriteOnly,
}

/// When a value is returned (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// In every answer.
    Always,
    /// In no answer.
    Never,
    /// Unless it is excluded or others are asked for.
    #[default]
    Default,
    /// Only when asked for or just written.
    Request,
}

/// Where a value is unique (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// Nowhere.
    #[default]
    None,
    /// In the tenant.
    Server,
    /// Everywhere.
    Global,
}

impl Attribute {
    /// Whether elements are told apart by their `value` alone, because it cannot be changed.
    #[must_use]
    pub fn identified(&self) -> bool {
        self.multi_valued && self.sub("value").is_some_and(|value| value.mutability == Mutability::Immutable)
    }

    /// The sub-attribute of this name; names ignore case (RFC 7643 §2.1).
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&Arc<Self>> {
        self.sub_attributes.iter().find(|sub| sub.name.eq_ignore_ascii_case(name))
    }

    /// Whether comparisons respect case; `false` where the schema is silent (RFC 7643 §2.2).
    #[must_use]
    pub fn case_exact(&self) -> bool {
        self.case_exact.unwrap_or(false)
    }

    /// Whether the value is unique in the tenant.
    #[must_use]
    pub fn unique(&self) -> bool {
        matches!(self.uniqueness, Some(Uniqueness::Server | Uniqueness::Global))
    }

    /// Whether only the server writes it.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.mutability == Mutability::ReadOnly
    }

    /// Whether the values are objects.
    #[must_use]
    pub fn complex(&self) -> bool {
        self.kind == Kind::Complex
    }
}
