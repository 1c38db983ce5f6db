//! What a path names (RFC 7644 §3.5.2 and §3.10). The text of filters is read and evaluated by the crate, which has other oracles.

use std::sync::Arc;

use scim::filter::{ElementFilter, FilterDialect, resolve_element};
use scim::schema::{Attribute, ResourceType, Schema};
use scim_filter_parser::{CompareOp, CompareValue, Filter, parse_path};
use serde_json::Value;

use super::faults::{Faults, fault, none};
use scim::Object;

/// A place in a resource.
#[derive(Debug)]
pub(crate) enum Place {
    /// An attribute, or a part of it.
    Attribute(Spot),
    /// An extension with all that it holds.
    Extension(&'static Schema),
}

/// An attribute, or a part of it.
#[derive(Debug)]
pub(crate) struct Spot {
    pub(crate) extension: Option<&'static Schema>,
    pub(crate) attribute: &'static Attribute,
    /// Which elements, when a filter chooses.
    pub(crate) chosen: Option<Chosen>,
    pub(crate) sub: Option<&'static Attribute>,
}

/// The filter of a path.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) filter: ElementFilter,
    /// The element that the filter describes, if it says no more than what is equal to what.
    pub(crate) described: Option<Object>,
}

impl Place {
    pub(crate) const fn of_extension(schema: &'static Schema, attribute: &'static Attribute) -> Self {
        Self::Attribute(Spot { extension: Some(schema), attribute, chosen: None, sub: None })
    }

    /// Whether it is the common or core attribute of this name.
    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(self, Self::Attribute(spot) if spot.extension.is_none() && spot.attribute.name == name)
    }

    /// Whether it is a multi-valued attribute with all of its values.
    pub(crate) fn is_whole_list(&self) -> bool {
        matches!(self, Self::Attribute(spot)
            if spot.attribute.multi_valued && spot.attribute.name != "schemas" && spot.chosen.is_none() && spot.sub.is_none())
    }

    /// Whether the text names the whole attribute or extension.
    pub(crate) fn is_name(&self, text: &str) -> bool {
        let after_uri = text.rsplit(':').next().unwrap_or_default();
        match self {
            Self::Attribute(_) => !after_uri.contains(['.', '[']),
            Self::Extension(_) => true,
        }
    }

    /// The name in small letters, with the URI of an extension.
    pub(crate) fn spelling(&self) -> String {
        let whole = match self {
            Self::Extension(schema) => schema.id.clone(),
            Self::Attribute(Spot { extension: Some(schema), attribute, .. }) => {
                format!("{}:{}", schema.id, attribute.name)
            }
            Self::Attribute(Spot { extension: None, attribute, .. }) => attribute.name.clone(),
        };
        whole.to_lowercase()
    }

    /// RFC 7644 §3.5.2: an operation on a read-only attribute fails with "mutability".
    pub(crate) fn read_only(&self) -> Faults {
        match self {
            Self::Attribute(spot)
                if spot.attribute.read_only() || spot.sub.is_some_and(Attribute::read_only) =>
            {
                fault("mutability")
            }
            _ => Faults::new(),
        }
    }
}

/// Finds the place that a path names.
pub(crate) fn place(resource_type: &'static ResourceType, path: &str) -> Result<Place, Faults> {
    let parsed = parse_path(path).map_err(|error| {
        let in_filter = path.find('[').is_some_and(|open| error.offset > open);
        fault(if in_filter { "invalidFilter" } else { "invalidPath" })
    })?;
    let named = &parsed.attribute;
    if let Some(schema) = resource_type.extension(&named.to_string()) {
        return if parsed.filter.is_none() {
            Ok(Place::Extension(schema))
        } else {
            Err(fault("invalidPath"))
        };
    }
    let (extension, attribute) = match &named.schema {
        Some(uri) if !resource_type.schema.id.eq_ignore_ascii_case(uri) => {
            let schema = resource_type.extension(uri).ok_or_else(|| fault("invalidPath"))?;
            (Some(schema), schema.attribute(&named.name))
        }
        _ => (None, resource_type.attribute(&named.name)),
    };
    let attribute = attribute.ok_or_else(|| fault("invalidPath"))?;
    let mut faults = Faults::new();
    let mut sub = None;
    for name in named.sub.iter().chain(&parsed.sub) {
        sub = attribute.sub(name);
        if sub.is_none() {
            faults.insert("invalidPath");
        }
    }
    let mut chosen = None;
    if let Some(filter) = &parsed.filter {
        if !attribute.multi_valued || named.sub.is_some() {
            return Err(fault("invalidPath"));
        }
        match resolve_element(resource_type, attribute, filter, FilterDialect::default()) {
            Ok((resolved, _)) => {
                chosen = Some(Chosen { filter: resolved, described: described(attribute, filter) });
            }
            Err(_) => faults.extend(fault("invalidFilter")),
        }
    }
    none(
        faults,
        Place::Attribute(Spot {
            extension: extension.map(Arc::as_ref),
            attribute,
            chosen,
            sub: sub.map(Arc::as_ref),
        }),
    )
}

/// The element that a filter describes which says "eq" of sub-attributes, and "and" between (R-PATCH-24).
fn described(attribute: &Attribute, filter: &Filter) -> Option<Object> {
    match filter {
        Filter::Compare(said) if said.op == CompareOp::Eq => {
            let value = match &said.value {
                CompareValue::String(text) => Value::from(text.as_str()),
                CompareValue::Bool(value) => Value::from(*value),
                CompareValue::Number(_) | CompareValue::Null => return None,
            };
            Some(Object::from_iter([(attribute.sub(&said.path.name)?.name.clone(), value)]))
        }
        Filter::And(terms) => {
            let mut all = Object::new();
            for term in terms {
                all.extend(described(attribute, term)?);
            }
            Some(all)
        }
        _ => None,
    }
}
