//! Schemas and the resource types made of them (RFC 7643 §6).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Attribute, Kind, Returned, common_attribute};

/// A schema: the attributes below one URI.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The URI.
    pub id: String,
    /// A short name.
    pub name: String,
    /// What it describes.
    #[serde(default)]
    pub description: String,
    /// The attributes, in the order in which answers hold them.
    pub attributes: Vec<Arc<Attribute>>,
}

impl Schema {
    /// The attribute of this name; names ignore case (RFC 7643 §2.1).
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Arc<Attribute>> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

/// A kind of resource and where it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// The name, as in `meta.resourceType`.
    pub name: String,
    /// The endpoint below the base address, with its slash.
    pub endpoint: String,
    /// What it is.
    pub description: String,
    /// The schema of its core attributes.
    pub schema: Arc<Schema>,
    /// Its extensions.
    pub extensions: Vec<Extension>,
    /// Whether it belongs to the catalogue, of which clients write nothing.
    pub catalogue: bool,
    /// The endpoints of all types of the registry, by name.
    pub(super) endpoints: Arc<BTreeMap<String, String>>,
}

/// An extension of a resource type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// The schema of the extension's attributes.
    pub schema: Arc<Schema>,
    /// Whether a resource without it is refused.
    pub required: bool,
}

impl ResourceType {
    /// The common or core attribute of this name, ignoring case.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Arc<Attribute>> {
        common_attribute(name).or_else(|| self.schema.attribute(name))
    }

    /// The endpoint of a resource type of the same registry, with its slash.
    #[must_use]
    pub fn endpoint_of(&self, name: &str) -> Option<&str> {
        self.endpoints.get(name).map(String::as_str)
    }

    /// Whether resources show the groups that hold them: a list `groups` that clients do not write, as users have it (RFC 7643 §4.1.2).
    #[must_use]
    pub fn shows_groups(&self) -> bool {
        let groups = self.schema.attributes.iter().find(|it| it.name == "groups");
        let folds_names = |it: &Attribute| it.sub("display").is_none_or(|display| !display.case_exact());
        groups.is_some_and(|it| {
            let has_value = it.sub_attributes.iter().any(|sub| sub.name == "value");
            it.multi_valued && it.read_only() && has_value && folds_names(it)
        })
    }

    /// Whether `displayName` is such a name as users and groups have, so that it is the name of a member: one text, without regard
    /// to case.
    #[must_use]
    pub fn has_display_name(&self) -> bool {
        let name = self.schema.attributes.iter().find(|it| it.name == "displayName");
        name.is_some_and(|it| {
            it.kind == Kind::String
                && !it.multi_valued
                && !it.case_exact()
                && !it.unique()
                && matches!(it.returned, Returned::Always | Returned::Default)
        })
    }

    /// The extension schema of this URI; URIs ignore case (RFC 7644 §3.10).
    #[must_use]
    pub fn extension(&self, uri: &str) -> Option<&Arc<Schema>> {
        let found = self.extensions.iter().find(|extension| extension.schema.id.eq_ignore_ascii_case(uri))?;
        Some(&found.schema)
    }

    /// Whether the URI names the core schema or an extension.
    #[must_use]
    pub fn knows(&self, uri: &str) -> bool {
        self.schema.id.eq_ignore_ascii_case(uri) || self.extension(uri).is_some()
    }
}
