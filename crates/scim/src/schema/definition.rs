//! Schemas and resource types as files hold them: in the form in which `/Schemas` and `/ResourceTypes` show them (RFC 7643 §6
//! and §7), one by one, in a list, or in a list answer.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::{Attribute, Kind, Schema};
use crate::json::{Object, member};

/// A schema or a resource type, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The file, for errors.
    pub source: String,
    /// What is defined.
    pub(super) defines: Defines,
}

/// What a definition defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Defines {
    Schema(Schema),
    ResourceType(TypeDefinition),
}

/// A resource type, whose schemas are named. What is left out of a type that is there already stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TypeDefinition {
    pub(super) name: String,
    pub(super) endpoint: Option<String>,
    #[serde(default)]
    pub(super) description: Option<String>,
    pub(super) schema: Option<String>,
    #[serde(default)]
    pub(super) schema_extensions: Vec<ExtensionDefinition>,
}

/// An extension of a resource type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ExtensionDefinition {
    pub(super) schema: String,
    #[serde(default)]
    pub(super) required: bool,
}

/// Why a definition was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{file}: {of}{rule}")]
pub struct SchemaError {
    /// The file.
    pub file: String,
    /// What the rule is about: an attribute with its schema, a schema or a resource type, and a colon.
    pub of: String,
    /// The rule that is broken, in words.
    pub rule: String,
}

impl SchemaError {
    pub(super) fn new(file: &str, of: &str, rule: impl Into<String>) -> Self {
        let of = if of.is_empty() { String::new() } else { format!("{of}: ") };
        Self { file: file.to_owned(), of, rule: rule.into() }
    }
}

impl Definition {
    /// The definitions of a text, which stands in this file.
    ///
    /// # Errors
    /// What cannot be read, with the schema, the attribute and the reason.
    pub fn read(file: &str, text: &str) -> Result<Vec<Self>, SchemaError> {
        let read = |value: &Value| -> Result<Self, SchemaError> {
            let defines = Defines::read(value).map_err(|(of, rule)| SchemaError::new(file, &of, rule))?;
            Ok(Self { source: file.to_owned(), defines })
        };
        let value: Value = serde_json::from_str(text)
            .map_err(|error| SchemaError::new(file, "", format!("this is no JSON: {error}")))?;
        let listed = value.as_object().and_then(|list| member(list, "Resources"));
        match listed.unwrap_or(&value) {
            Value::Array(all) => all.iter().map(read).collect(),
            one => Ok(vec![read(one)?]),
        }
    }
}

impl Defines {
    fn read(value: &Value) -> Result<Self, (String, String)> {
        let document = value.as_object().ok_or_else(|| broken("", "a definition is an object"))?;
        let urn = |wanted: &str| {
            let listed = document.get("schemas").and_then(Value::as_array).into_iter().flatten();
            listed.filter_map(Value::as_str).any(|uri| uri.ends_with(wanted))
        };
        let is_type = urn(":ResourceType") || !urn(":Schema") && document.contains_key("endpoint");
        // What says where a document is found is not what it defines.
        let mut kept: Object = document.clone();
        kept.retain(|name, _| !matches!(name.as_str(), "schemas" | "meta"));
        if is_type || kept.contains_key("schemaExtensions") {
            let id = kept.shift_remove("id");
            let name = kept.get("name").cloned();
            let of = format!(
                "resource type {}",
                name.as_ref().and_then(Value::as_str).unwrap_or("without a name")
            );
            if id.is_some() && id != name {
                return Err(broken(&of, "its id is its name, or is left out"));
            }
            return serde_json::from_value(Value::Object(kept))
                .map(Self::ResourceType)
                .map_err(|error| broken(&of, &error.to_string()));
        }
        Self::schema(kept)
    }

    fn schema(mut document: Object) -> Result<Self, (String, String)> {
        let id = document.get("id").and_then(Value::as_str).unwrap_or("without an id").to_owned();
        let of = format!("schema {id}");
        let listed = document.get_mut("attributes").map(Value::take).unwrap_or_default();
        let Value::Array(listed) = listed else { return Err(broken(&of, "its attributes are a list")) };
        // One by one, so that an error names the attribute.
        for attribute in &listed {
            attribute_of(&id, "", attribute)?;
        }
        document.insert("attributes".to_owned(), Value::Array(listed));
        let read: Result<Schema, _> = serde_json::from_value(Value::Object(document));
        let mut schema = read.map_err(|error| broken(&of, &error.to_string()))?;
        schema.attributes = schema.attributes.into_iter().map(written_out).collect();
        Ok(Self::Schema(schema))
    }
}

/// An attribute with each characteristic that means something written out, and without those that mean nothing (erratum 6004).
fn written_out(attribute: Arc<Attribute>) -> Arc<Attribute> {
    let mut attribute = Arc::unwrap_or_clone(attribute);
    match attribute.kind {
        Kind::Complex | Kind::Boolean => (attribute.case_exact, attribute.uniqueness) = (None, None),
        Kind::String | Kind::Reference => {
            attribute.case_exact.get_or_insert(attribute.kind == Kind::Reference);
            attribute.uniqueness.get_or_insert_default();
        }
        Kind::Integer | Kind::Decimal | Kind::DateTime => attribute.case_exact = None,
        Kind::Binary => {
            attribute.case_exact.get_or_insert(true);
        }
    }
    attribute.sub_attributes = attribute.sub_attributes.into_iter().map(written_out).collect();
    Arc::new(attribute)
}

/// Reads an attribute, its sub-attributes first.
fn attribute_of(schema: &str, before: &str, value: &Value) -> Result<(), (String, String)> {
    let name = value.get("name").and_then(Value::as_str).unwrap_or("without a name");
    let name = format!("{before}{name}");
    for sub in value.get("subAttributes").and_then(Value::as_array).into_iter().flatten() {
        attribute_of(schema, &format!("{name}."), sub)?;
    }
    let read: Result<Attribute, _> = serde_json::from_value(value.clone());
    read.map(drop).map_err(|error| broken(&of_attribute(schema, &name), &error.to_string()))
}

/// How errors name an attribute.
pub(super) fn of_attribute(schema: &str, name: &str) -> String {
    format!("attribute {name} of schema {schema}")
}

fn broken(of: &str, rule: &str) -> (String, String) {
    (of.to_owned(), rule.to_owned())
}
