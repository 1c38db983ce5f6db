//! All schemas and resource types of the program, checked when they are loaded.

use std::sync::LazyLock;

use thiserror::Error;

use super::{Attribute, Extension, Kind, ResourceType, Schema};

/// The schemas and resource types that the program knows; built once and kept for its life.
#[derive(Debug)]
pub struct Registry {
    schemas: Vec<&'static Schema>,
    resource_types: Vec<&'static ResourceType>,
}

static STANDARD: LazyLock<Registry> =
    LazyLock::new(|| Registry::load().expect("the schemas are part of this crate and tested"));

impl Registry {
    /// The standard's User and Group with our extensions.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    /// Every schema, in the order of `/Schemas`.
    #[must_use]
    pub fn schemas(&self) -> &[&'static Schema] {
        &self.schemas
    }

    /// The schema of this URI; URIs ignore case (RFC 7644 §3.10).
    #[must_use]
    pub fn schema(&self, uri: &str) -> Option<&'static Schema> {
        self.schemas.iter().copied().find(|schema| schema.id.eq_ignore_ascii_case(uri))
    }

    /// Every resource type, in the order of `/ResourceTypes`.
    #[must_use]
    pub fn resource_types(&self) -> &[&'static ResourceType] {
        &self.resource_types
    }

    /// The resource type User.
    #[must_use]
    pub fn user(&self) -> &'static ResourceType {
        self.resource_types[0]
    }

    /// The resource type Group.
    #[must_use]
    pub fn group(&self) -> &'static ResourceType {
        self.resource_types[1]
    }

    fn load() -> Result<Self, SchemaError> {
        let user = schema(include_str!("user.json"))?;
        let group = schema(include_str!("group.json"))?;
        let enterprise = schema(include_str!("enterprise_user.json"))?;
        let enrolment = schema(include_str!("enrolment.json"))?;
        let messages = [
            include_str!("service_provider_config.json"),
            include_str!("resource_type.json"),
            include_str!("schema.json"),
        ];
        let mut schemas = vec![user, group, enterprise, enrolment];
        for text in messages {
            schemas.push(schema(text)?);
        }
        let extension = |schema| Extension { schema, required: false };
        let users = ResourceType {
            name: "User".to_owned(),
            endpoint: "/Users".to_owned(),
            description: user.description.clone(),
            schema: user,
            extensions: vec![extension(enterprise), extension(enrolment)],
        };
        let groups = ResourceType {
            name: "Group".to_owned(),
            endpoint: "/Groups".to_owned(),
            description: group.description.clone(),
            schema: group,
            extensions: Vec::new(),
        };
        Ok(Self { schemas, resource_types: vec![Box::leak(Box::new(users)), Box::leak(Box::new(groups))] })
    }
}

/// Why a schema document was refused.
#[derive(Debug, Error)]
pub enum SchemaError {
    /// It is not the JSON of a schema.
    #[error("the schema is no valid schema document: {0}")]
    Json(#[from] serde_json::Error),
    /// An attribute breaks a rule of RFC 7643 §2.
    #[error("attribute {attribute} of schema {schema}: {rule}")]
    Attribute {
        /// The URI of the schema.
        schema: String,
        /// The name of the attribute.
        attribute: String,
        /// The broken rule.
        rule: &'static str,
    },
}

fn schema(text: &str) -> Result<&'static Schema, SchemaError> {
    let schema: Schema = serde_json::from_str(text)?;
    for attribute in &schema.attributes {
        check(attribute).map_err(|rule| SchemaError::Attribute {
            schema: schema.id.clone(),
            attribute: attribute.name.clone(),
            rule,
        })?;
    }
    Ok(Box::leak(Box::new(schema)))
}

/// The rules of RFC 7643 §2.1, §2.3.8 and §2.4; only the schema of schemas nests complex attributes.
fn check(attribute: &Attribute) -> Result<(), &'static str> {
    if !legal_name(&attribute.name) {
        return Err("a name starts with a letter and holds letters, digits, '-', '_' and '$'");
    }
    if attribute.complex() == attribute.sub_attributes.is_empty() {
        return Err("a complex attribute, and no other, has sub-attributes");
    }
    for sub in &attribute.sub_attributes {
        if sub.complex() && sub.name != "subAttributes" {
            return Err("a sub-attribute is never complex");
        }
        if !legal_name(&sub.name) && sub.name != "$ref" {
            return Err("a name starts with a letter and holds letters, digits, '-', '_' and '$'");
        }
        if attribute.multi_valued && sub.name == "primary" && sub.kind != Kind::Boolean {
            return Err("primary is a boolean");
        }
    }
    Ok(())
}

fn legal_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_registry_loads() {
        let registry = Registry::standard();
        assert_eq!(registry.schemas().len(), 7);
        assert_eq!(registry.user().name, "User");
        assert_eq!(registry.group().name, "Group");
        assert!(registry.schema("URN:ietf:params:scim:schemas:core:2.0:user").is_some());
    }

    #[test]
    fn a_schema_that_breaks_a_rule_is_refused() {
        let cases = [
            (r#"{"name":"1st","type":"string"}"#, "a name starts"),
            (r#"{"name":"a","type":"complex"}"#, "has sub-attributes"),
            (
                r#"{"name":"a","type":"complex","subAttributes":[{"name":"b","type":"complex"}]}"#,
                "never complex",
            ),
            (
                r#"{"name":"a","type":"complex","multiValued":true,"subAttributes":[{"name":"primary","type":"string"}]}"#,
                "primary is a boolean",
            ),
        ];
        for (attribute, rule) in cases {
            let text = format!(r#"{{"id":"urn:x","name":"X","description":"","attributes":[{attribute}]}}"#);
            let error = schema(&text).expect_err(attribute).to_string();
            assert!(error.contains(rule), "{error}");
        }
    }
}
