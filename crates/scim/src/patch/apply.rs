//! Carries a PATCH out on a document, all of it or nothing (RFC 7644 §3.5.2).

use std::sync::Arc;

use serde_json::Value;

use super::budget::{Budget, MAX_STEPS};
use super::elements::{immutable, merged};
use super::list::List;
use super::outcome::{MemberChanges, PatchOutcome};
use super::request::{Operation, Operator, PatchRequest, Target, located};
use crate::json::Object;
use crate::path::{AttributeRef, shortened};
use crate::protocol::error::Error;
use crate::resource::{self, Resource, require};
use crate::schema::{Mutability, ResourceType, Returned, Schema};
use crate::value;

/// What a PATCH is applied to.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'r> {
    /// The resource as it is stored.
    pub resource: &'r Resource,
    /// The members that the footprint asked for, as answers show them.
    pub members: &'r [Value],
    /// The address of the service, without a slash at its end: a value may repeat `meta.location`.
    pub base: &'r str,
    /// Whether a path whose filter matches no element creates the element that the filter describes.
    pub create_missing: bool,
}

impl PatchRequest {
    /// The document after all operations, in their order.
    ///
    /// # Errors
    /// `noTarget`, `mutability`, `invalidValue`, `invalidPath`; 413 when the work is more than [`super::MAX_STEPS`] or an
    /// attribute gets too many values. What is stored stays as it is.
    pub fn apply(&self, stored: &Stored<'_>) -> Result<PatchOutcome, Error> {
        self.apply_within(stored, Budget::new(MAX_STEPS))
    }

    pub(super) fn apply_within(&self, stored: &Stored<'_>, budget: Budget) -> Result<PatchOutcome, Error> {
        let before = &stored.resource.document;
        for (position, claim) in &self.claims {
            let admitted = stored.resource.admits(&self.resource_type, claim, stored.base);
            admitted.map_err(|error| located(*position, error))?;
        }
        let mut work = Work {
            resource_type: &self.resource_type,
            document: before.clone(),
            stored,
            budget,
            lists: Vec::new(),
            created: 0,
        };
        if !stored.members.is_empty() {
            work.document.insert("members".to_owned(), stored.members.to_vec().into());
        }
        for operation in &self.operations {
            work.carry_out(operation).map_err(|error| located(operation.position, error))?;
        }
        work.close_lists();
        let after = match work.document.shift_remove("members") {
            Some(Value::Array(after)) => after,
            _ => Vec::new(),
        };
        resource::forget_unreadable(&self.resource_type, &mut work.document);
        require(&self.resource_type, before, &work.document)?;
        resource::check_new(&self.resource_type, Some(before), &work.document)?;
        Ok(PatchOutcome {
            changed: work.document != *before,
            members: MemberChanges::between(
                stored.members.iter().filter_map(|member| member["value"].as_str()),
                &after,
            ),
            document: work.document,
            created_elements: work.created,
        })
    }
}

struct Work<'w> {
    resource_type: &'w ResourceType,
    document: Object,
    stored: &'w Stored<'w>,
    budget: Budget,
    /// Multi-valued attributes that are being worked on; they are not in the document meanwhile.
    lists: Vec<List>,
    created: usize,
}

impl Work<'_> {
    fn carry_out(&mut self, operation: &Operation) -> Result<(), Error> {
        self.budget.spend(1)?;
        let (operator, value) = (operation.operator, &operation.value);
        match &operation.target {
            Target::Attribute(target) => self.attribute(target, operator, value),
            Target::Elements { attribute, filter, .. } if attribute.attribute.name == "schemas" => {
                let uris = self.schema_uris();
                let chosen = |uri: &String| filter.matches(&attribute.attribute, &Value::String(uri.clone()));
                let chosen: Vec<String> = uris.into_iter().filter(chosen).collect();
                self.schemas_without(operator, &chosen)
            }
            Target::Elements { attribute, filter, sub, literals } => {
                let place = attribute.to_string();
                let mut list = self.open(attribute.clone());
                let matched = list.matching(filter, &mut self.budget)?;
                if !matched.is_empty() || operator == Operator::Remove {
                    list.change(&matched, sub.as_deref(), operator, value, &place, &mut self.budget)?;
                } else {
                    let literals =
                        literals.as_ref().filter(|_| self.stored.create_missing && !value.is_null());
                    let literals = literals.ok_or_else(|| {
                        Error::no_target(format!("No element of \"{place}\" matches the filter in the path."))
                    })?;
                    list.create(literals, sub.as_deref(), value, &place, &mut self.budget)?;
                    self.created += 1;
                }
                self.lists.push(list);
                Ok(())
            }
            Target::Extension(schema) => self.extension(schema, operator, value),
            Target::Schemas => self.schemas(operator, value),
        }
    }

    fn attribute(&mut self, target: &AttributeRef, operator: Operator, value: &Value) -> Result<(), Error> {
        let definition = &*target.attribute;
        if definition.multi_valued {
            let place = target.whole().to_string();
            let mut list = self.open(target.whole());
            match target.sub.as_deref() {
                None if operator == Operator::Add => list.add(value, &place, &mut self.budget)?,
                None => list.replace(operator, value, &place)?,
                Some(_) if list.is_empty() && operator != Operator::Remove && !value.is_null() => {
                    list.create(&Object::new(), target.sub.as_deref(), value, &place, &mut self.budget)?;
                }
                Some(_) => {
                    let every = list.every();
                    list.change(&every, target.sub.as_deref(), operator, value, &place, &mut self.budget)?;
                }
            }
            self.lists.push(list);
            return Ok(());
        }
        let place = target.to_string();
        let gone = operator == Operator::Remove || value.is_null();
        if definition.required && target.sub.is_none() && gone {
            return Err(Error::mutability(format!("\"{place}\" is required and cannot be removed.")));
        }
        if gone && target.extension.is_none() && definition.name == resource::ACCESS {
            // Taking the switch away decides nothing about a person's access.
            return Ok(());
        }
        let container = self.container(target.extension.as_deref());
        let stored = container.get(&definition.name).cloned();
        let new = match &target.sub {
            None if gone => None,
            None if definition.complex() => {
                let Value::Object(given) = value else {
                    return Err(Error::invalid_value(format!("\"{place}\" must be an object.")));
                };
                merged(definition, stored.clone(), given, &place)?
            }
            None => value::canonical(definition, value, &place)?,
            Some(sub) => {
                let given =
                    Object::from_iter([(sub.name.clone(), if gone { Value::Null } else { value.clone() })]);
                merged(definition, stored.clone(), &given, &definition.name)?
            }
        };
        if definition.mutability == Mutability::Immutable && stored.is_some() && stored != new {
            return Err(immutable(&place));
        }
        match new {
            Some(new) if definition.returned != Returned::Never => {
                container.insert(definition.name.clone(), new);
            }
            _ => {
                container.shift_remove(&definition.name);
            }
        }
        self.drop_empty(target.extension.as_deref());
        Ok(())
    }

    /// A whole extension: its attributes one by one (RFC 7644 §3.10, as a path of its own by our rule).
    fn extension(&mut self, schema: &Arc<Schema>, operator: Operator, value: &Value) -> Result<(), Error> {
        if operator == Operator::Remove || value.is_null() {
            if schema.attributes.iter().all(|attribute| attribute.read_only()) {
                return Err(Error::mutability(format!("\"{}\" is read-only.", schema.id)));
            }
            return self.drop_extensions(std::slice::from_ref(&schema.id));
        }
        let members = value.as_object();
        let members =
            members.ok_or_else(|| Error::invalid_value(format!("\"{}\" must be an object.", schema.id)))?;
        // Some clients repeat the list of schemas inside the extension, where it says nothing.
        for (name, value) in members.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("schemas")) {
            let attribute = schema.attribute(name).ok_or_else(|| {
                Error::invalid_path(format!(
                    "The schema \"{}\" has no attribute \"{}\".",
                    schema.id,
                    shortened(name)
                ))
            })?;
            if attribute.read_only() {
                return Err(Error::mutability(format!("\"{}:{}\" is read-only.", schema.id, attribute.name)));
            }
            self.attribute(&AttributeRef::of(Some(schema), attribute), operator, value)?;
        }
        Ok(())
    }

    /// `schemas` follows the data: a list may only take extensions away, with what they hold.
    fn schemas(&mut self, operator: Operator, value: &Value) -> Result<(), Error> {
        if operator == Operator::Remove {
            let uris = self.schema_uris();
            return self.schemas_without(operator, &uris);
        }
        let one = std::slice::from_ref(value);
        let mut listed = Vec::new();
        for uri in value.as_array().map_or(one, Vec::as_slice) {
            let uri = uri.as_str().filter(|uri| self.resource_type.knows(uri));
            listed.push(uri.ok_or_else(|| {
                Error::invalid_value("schemas may only hold schemas of the resource type.")
            })?);
        }
        if operator == Operator::Add {
            return Ok(());
        }
        let gone = |uri: &String| !listed.iter().any(|listed| listed.eq_ignore_ascii_case(uri));
        let gone: Vec<String> = self.schema_uris().into_iter().filter(gone).collect();
        self.schemas_without(Operator::Remove, &gone)
    }

    fn schemas_without(&mut self, operator: Operator, gone: &[String]) -> Result<(), Error> {
        if operator != Operator::Remove {
            return Err(Error::mutability("A schema can be added or removed, not changed."));
        }
        if gone.contains(&self.resource_type.schema.id) {
            return Err(Error::mutability("The core schema cannot be removed."));
        }
        self.drop_extensions(gone)
    }

    /// Takes extensions away with what they hold, unless that is immutable.
    fn drop_extensions(&mut self, gone: &[String]) -> Result<(), Error> {
        self.close_lists();
        for uri in gone {
            let schema = self.resource_type.extension(uri);
            let attributes = schema.into_iter().flat_map(|schema| &schema.attributes);
            let mut fixed = attributes.filter(|it| it.mutability == Mutability::Immutable);
            let stored = self.document.get(uri).and_then(Value::as_object);
            if let Some(kept) = fixed.find(|it| stored.is_some_and(|stored| stored.contains_key(&it.name))) {
                return Err(immutable(&format!("{uri}:{}", kept.name)));
            }
            self.document.shift_remove(uri);
        }
        Ok(())
    }

    fn schema_uris(&mut self) -> Vec<String> {
        self.close_lists();
        resource::schemas(self.resource_type, &self.document)
    }

    fn container(&mut self, extension: Option<&Schema>) -> &mut Object {
        let Some(schema) = extension else { return &mut self.document };
        let container =
            self.document.entry(schema.id.clone()).or_insert_with(|| Value::Object(Object::new()));
        container.as_object_mut().expect("an extension is an object in every canonical document")
    }

    fn drop_empty(&mut self, extension: Option<&Schema>) {
        if let Some(schema) = extension
            && self.document.get(&schema.id).and_then(Value::as_object).is_some_and(Object::is_empty)
        {
            self.document.shift_remove(&schema.id);
        }
    }

    /// The elements of an attribute, to be worked on and pushed back; they stay open for the operations that follow.
    fn open(&mut self, target: AttributeRef) -> List {
        if let Some(at) = self.lists.iter().position(|list| list.target == target) {
            return self.lists.swap_remove(at);
        }
        let container = match &target.extension {
            None => Some(&mut self.document),
            Some(schema) => self.document.get_mut(&schema.id).and_then(Value::as_object_mut),
        };
        let elements = match container.and_then(|container| container.get_mut(&target.attribute.name)) {
            Some(Value::Array(elements)) => std::mem::take(elements),
            _ => Vec::new(),
        };
        List::new(target, elements)
    }

    /// Puts all lists back into the document.
    fn close_lists(&mut self) {
        for list in std::mem::take(&mut self.lists) {
            let target = list.target.clone();
            let (name, elements) = (&target.attribute.name, list.into_elements());
            if elements.is_empty() {
                self.container(target.extension.as_deref()).shift_remove(name);
            } else {
                self.container(target.extension.as_deref()).insert(name.clone(), elements.into());
            }
            self.drop_empty(target.extension.as_deref());
        }
    }
}
