//! The values of a document that no other resource of its type may have (RFC 7643 §7 `uniqueness`).

use std::sync::Arc;

use serde_json::Value;

use crate::json::Object;
use crate::path::AttributeRef;
use crate::schema::{Attribute, Kind, ResourceType, Schema};
use crate::text;

/// Each unique attribute that has a value, by its path, with the value in the form in which it is compared.
///
/// A global value is unique in the tenant: a server knows of no other one.
#[must_use]
pub fn unique_values(resource_type: &ResourceType, document: &Object) -> Vec<(String, String)> {
    let values = unique(resource_type).filter_map(|(extension, attribute)| {
        let container = match extension {
            Some(schema) => document.get(&schema.id).and_then(Value::as_object)?,
            None => document,
        };
        let value = match container.get(&attribute.name)? {
            Value::String(text) => text::comparison_form(attribute, text).into_owned(),
            value => value.to_string(),
        };
        Some((AttributeRef::of(extension, attribute).to_string(), value))
    });
    values.collect()
}

/// An attribute whose values are unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniqueAttribute {
    /// Its path.
    pub path: String,
    /// The names under which a document holds it, from outside.
    pub names: Vec<String>,
    /// How values are compared: values of another form are compared anew.
    pub form: &'static str,
}

/// The unique attributes of a type.
#[must_use]
pub fn unique_attributes(resource_type: &ResourceType) -> Vec<UniqueAttribute> {
    let named = unique(resource_type).map(|(extension, attribute)| UniqueAttribute {
        path: AttributeRef::of(extension, attribute).to_string(),
        names: extension.map(|it| it.id.clone()).into_iter().chain([attribute.name.clone()]).collect(),
        form: match (attribute.kind, attribute.case_exact) {
            (Kind::Integer, _) => "integer",
            (_, Some(true)) => "exact",
            _ => "folded",
        },
    });
    named.collect()
}

fn unique(resource_type: &ResourceType) -> impl Iterator<Item = (Option<&Arc<Schema>>, &Arc<Attribute>)> {
    let core = resource_type.schema.attributes.iter().map(|it| (None, it));
    let extensions = resource_type.extensions.iter().flat_map(|extension| {
        extension.schema.attributes.iter().map(move |it| (Some(&extension.schema), it))
    });
    core.chain(extensions).filter(|(_, attribute)| attribute.unique())
}
