//! The values of a document that no other resource of its type may have (RFC 7643 §7 `uniqueness`).

use serde_json::Value;

use crate::json::Object;
use crate::path::AttributeRef;
use crate::schema::ResourceType;
use crate::text;

/// Each unique attribute that has a value, by its path, with the value in the form in which it is compared.
///
/// A global value is unique in the tenant: a server knows of no other one.
#[must_use]
pub fn unique_values(resource_type: &ResourceType, document: &Object) -> Vec<(String, String)> {
    let core = resource_type.schema.attributes.iter().map(|it| (None, Some(document), it));
    let extensions = resource_type.extensions.iter().flat_map(|extension| {
        let container = document.get(&extension.schema.id).and_then(Value::as_object);
        extension.schema.attributes.iter().map(move |it| (Some(&extension.schema), container, it))
    });
    let unique = core.chain(extensions).filter(|(_, _, attribute)| attribute.unique());
    let values = unique.filter_map(|(extension, container, attribute)| {
        let value = match container?.get(&attribute.name)? {
            Value::String(text) => text::comparison_form(attribute, text).into_owned(),
            value => value.to_string(),
        };
        Some((AttributeRef::of(extension, attribute).to_string(), value))
    });
    values.collect()
}
