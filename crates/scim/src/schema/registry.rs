//! The schemas and resource types of a tenant: the standard's, and those that files define.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::definition::{Defines, TypeDefinition};
use super::{Definition, Extension, ResourceType, Schema, SchemaError, rules};
use crate::catalogue;

/// Schemas and resource types; whoever works with resources holds one for as long as the work takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    schemas: Vec<Arc<Schema>>,
    resource_types: Vec<Arc<ResourceType>>,
}

static STANDARD: LazyLock<Arc<Registry>> =
    LazyLock::new(|| Arc::new(Registry::load().expect("the schemas are part of this crate and tested")));

/// The schemas and resource types of the program itself. The last schemas describe the messages of discovery.
const STANDARD_DEFINITIONS: [&str; 8] = [
    include_str!("user.json"),
    include_str!("group.json"),
    include_str!("enterprise_user.json"),
    include_str!("enrolment.json"),
    include_str!("service_provider_config.json"),
    include_str!("resource_type.json"),
    include_str!("schema.json"),
    include_str!("resource_types.json"),
];

impl Registry {
    /// The standard's User and Group with our extensions.
    #[must_use]
    pub fn standard() -> &'static Arc<Self> {
        &STANDARD
    }

    /// Every schema, in the order of `/Schemas`.
    #[must_use]
    pub fn schemas(&self) -> &[Arc<Schema>] {
        &self.schemas
    }

    /// The schema of this URI; URIs ignore case (RFC 7644 §3.10).
    #[must_use]
    pub fn schema(&self, uri: &str) -> Option<&Arc<Schema>> {
        self.schemas.iter().find(|schema| schema.id.eq_ignore_ascii_case(uri))
    }

    /// Every resource type, in the order of `/ResourceTypes`.
    #[must_use]
    pub fn resource_types(&self) -> &[Arc<ResourceType>] {
        &self.resource_types
    }

    /// The resource types whose resources clients may write.
    pub fn writable_types(&self) -> impl Iterator<Item = &Arc<ResourceType>> {
        self.resource_types.iter().filter(|it| !it.catalogue)
    }

    /// The resource type of this name.
    #[must_use]
    pub fn resource_type(&self, name: &str) -> Option<&Arc<ResourceType>> {
        self.resource_types.iter().find(|it| it.name == name)
    }

    /// The resource type at this endpoint, which stands without its slash.
    #[must_use]
    pub fn at_endpoint(&self, endpoint: &str) -> Option<&Arc<ResourceType>> {
        self.resource_types.iter().find(|it| it.endpoint.trim_start_matches('/') == endpoint)
    }

    /// The resource type User.
    #[must_use]
    pub fn user(&self) -> &Arc<ResourceType> {
        &self.resource_types[0]
    }

    /// The resource type Group.
    #[must_use]
    pub fn group(&self) -> &Arc<ResourceType> {
        &self.resource_types[1]
    }

    /// The resource types beside User and Group.
    #[must_use]
    pub fn custom(&self) -> &[Arc<ResourceType>] {
        &self.resource_types[2..]
    }

    /// The same with what these define: schemas, resource types, and extensions of types that are there.
    ///
    /// # Errors
    /// Which rule is broken, by which attribute, schema or resource type, in which file.
    pub fn with(&self, definitions: &[Definition]) -> Result<Self, SchemaError> {
        let mut all = self.clone();
        let types = definitions.iter().filter_map(|definition| match &definition.defines {
            Defines::ResourceType(new) => Some(new.name.as_str()),
            Defines::Schema(_) => None,
        });
        let types: Vec<&str> = self.resource_types.iter().map(|it| it.name.as_str()).chain(types).collect();
        for definition in definitions {
            if let Defines::Schema(schema) = &definition.defines {
                let refused = |(of, rule): rules::Broken| SchemaError::new(&definition.source, &of, rule);
                rules::schema(schema, &|name| types.contains(&name)).map_err(refused)?;
                if all.schema(&schema.id).is_some() {
                    return Err(refused((
                        format!("schema {}", schema.id),
                        "it is defined already".to_owned(),
                    )));
                }
                all.schemas.push(Arc::new(schema.clone()));
            }
        }
        for definition in definitions {
            if let Defines::ResourceType(new) = &definition.defines {
                let of = format!("resource type {}", new.name);
                all.define(new).map_err(|rule| SchemaError::new(&definition.source, &of, rule))?;
            }
        }
        all.tell_members();
        all.tell_endpoints();
        Ok(all)
    }

    /// The same with the resource types of the catalogue.
    ///
    /// # Panics
    /// Never: their schemas are a part of the program, and tested.
    #[must_use]
    pub fn with_catalogue(&self) -> Self {
        let before = self.resource_types.len();
        let mut all = self.with(&catalogue::definitions()).expect("the catalogue is part of this crate");
        for it in &mut all.resource_types[before..] {
            *it = Arc::new(ResourceType { catalogue: true, ..ResourceType::clone(it) });
        }
        all.tell_members();
        all
    }

    /// Adds a resource type, or extensions to one that is there.
    fn define(&mut self, new: &TypeDefinition) -> Result<(), String> {
        let schema = |uri: &str| {
            self.schema(uri).map(Arc::clone).ok_or_else(|| format!("no file defines its schema {uri}"))
        };
        let extensions = new.schema_extensions.iter().map(|extension| {
            Ok(Extension { schema: schema(&extension.schema)?, required: extension.required })
        });
        let mut extensions = extensions.collect::<Result<Vec<_>, String>>()?;
        let known = self.resource_types.iter().position(|it| it.name.eq_ignore_ascii_case(&new.name));
        if let Some(at) = known {
            let mut extended = ResourceType::clone(&self.resource_types[at]);
            let same = |given: &Option<String>, there: &str| given.as_deref().is_none_or(|it| it == there);
            if !same(&new.endpoint, &extended.endpoint) || !same(&new.schema, &extended.schema.id) {
                return Err("it is there already: only extensions can be added to it".to_owned());
            }
            // A file may repeat what is there, as `/ResourceTypes` shows it.
            extensions.retain(|it| extended.extension(&it.schema.id).is_none());
            extended.extensions.append(&mut extensions);
            rules::extensions(&extended)?;
            self.resource_types[at] = Arc::new(extended);
            return Ok(());
        }
        let (Some(endpoint), Some(core)) = (&new.endpoint, &new.schema) else {
            return Err("it has an endpoint and a schema".to_owned());
        };
        let schema = schema(core)?;
        let description = new.description.clone().filter(|text| !text.trim().is_empty());
        let new = ResourceType {
            name: new.name.clone(),
            endpoint: endpoint.clone(),
            description: description.unwrap_or_else(|| schema.description.clone()),
            schema,
            extensions,
            catalogue: false,
            endpoints: Arc::default(),
        };
        rules::resource_type(&new, &self.resource_types)?;
        self.resource_types.push(Arc::new(new));
        Ok(())
    }

    /// Has the schema of groups name the types of members: resources of every type that clients write may be members (RFC 9944 §4).
    fn tell_members(&mut self) {
        let types: Vec<String> = self.writable_types().map(|it| it.name.clone()).collect();
        let Some(group) = self.resource_types.get_mut(1) else { return };
        let mut schema = Schema::clone(&group.schema);
        for members in schema.attributes.iter_mut().filter(|it| it.name == "members") {
            for sub in &mut Arc::make_mut(members).sub_attributes {
                match sub.name.as_str() {
                    "$ref" => Arc::make_mut(sub).reference_types.clone_from(&types),
                    "type" => Arc::make_mut(sub).canonical_values.clone_from(&types),
                    _ => {}
                }
            }
        }
        let schema = Arc::new(schema);
        if let Some(listed) = self.schemas.iter_mut().find(|it| it.id == schema.id) {
            *listed = Arc::clone(&schema);
        }
        *group = Arc::new(ResourceType { schema, ..ResourceType::clone(group) });
    }

    /// Tells every type where the others live, for the addresses of what its resources refer to.
    fn tell_endpoints(&mut self) {
        let all = self.resource_types.iter().map(|it| (it.name.clone(), it.endpoint.clone()));
        let endpoints: Arc<BTreeMap<String, String>> = Arc::new(all.collect());
        for it in &mut self.resource_types {
            *it = Arc::new(ResourceType { endpoints: Arc::clone(&endpoints), ..ResourceType::clone(it) });
        }
    }

    fn load() -> Result<Self, SchemaError> {
        let read = STANDARD_DEFINITIONS.iter().map(|text| Definition::read("the program", text));
        let definitions = read.collect::<Result<Vec<_>, _>>()?.concat();
        Self { schemas: Vec::new(), resource_types: Vec::new() }.with(&definitions)
    }
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
        assert!(registry.custom().is_empty());
        assert!(registry.schema("URN:ietf:params:scim:schemas:core:2.0:user").is_some());
    }
}
