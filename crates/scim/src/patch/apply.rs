//! Carries a PATCH out on a document, all of it or nothing (RFC 7644 §3.5.2).

use std::collections::BTreeSet;

use serde_json::Value;

use super::elements;
use super::footprint::named_by;
use super::outcome::{MemberChanges, PatchOutcome};
use super::request::{Operation, Operator, PatchRequest, Target, located};
use crate::json::Object;
use crate::path::{AttributeRef, shortened};
use crate::protocol::error::Error;
use crate::resource::require;
use crate::schema::{Attribute, Mutability, ResourceType, Returned, Schema};
use crate::value;

impl PatchRequest {
    /// The document after all operations, in their order.
    ///
    /// `members` are those that the footprint asked for; with `create_missing` a path whose filter matches no
    /// element creates the element that the filter describes.
    ///
    /// # Errors
    /// `noTarget`, `mutability`, `invalidValue`, `invalidPath`; the document given stays as it is.
    pub fn apply(
        &self,
        document: &Object,
        members: &[Value],
        create_missing: bool,
    ) -> Result<PatchOutcome, Error> {
        let mut work = Work {
            resource_type: self.resource_type,
            document: document.clone(),
            create_missing,
            created: 0,
            looks: 0,
        };
        if !members.is_empty() {
            work.document.insert("members".to_owned(), members.to_vec().into());
        }
        for operation in &self.operations {
            work.carry_out(operation).map_err(|error| located(operation.position, error))?;
        }
        let after = match work.document.shift_remove("members") {
            Some(Value::Array(after)) => after,
            _ => Vec::new(),
        };
        require(self.resource_type, &work.document)?;
        Ok(PatchOutcome {
            changed: work.document != *document,
            members: MemberChanges::between(
                members.iter().filter_map(|member| member["value"].as_str()),
                &after,
            ),
            document: work.document,
            created_elements: work.created,
        })
    }
}

/// The most looks at elements that one PATCH may take, over all its operations: a thousand members that come one by one take half.
const MAX_LOOKS: usize = 1_000_000;

struct Work {
    resource_type: &'static ResourceType,
    document: Object,
    create_missing: bool,
    created: usize,
    looks: usize,
}

impl Work {
    /// Counts looks at elements.
    fn look(&mut self, elements: usize) -> Result<(), Error> {
        self.looks = self.looks.saturating_add(elements);
        if self.looks > MAX_LOOKS {
            let detail = "The operations look at too many values: send them in several requests.";
            return Err(Error::status(413, detail));
        }
        Ok(())
    }

    fn carry_out(&mut self, operation: &Operation) -> Result<(), Error> {
        let (operator, value) = (operation.operator, &operation.value);
        match &operation.target {
            Target::Attribute(target) => self.attribute(*target, operator, value),
            Target::Elements { attribute, filter, .. } if attribute.attribute.name == "schemas" => {
                let uris = self.schema_uris();
                let chosen = |uri: &String| filter.matches(attribute.attribute, &Value::String(uri.clone()));
                let chosen: Vec<String> = uris.into_iter().filter(chosen).collect();
                self.schemas_without(operator, &chosen)
            }
            Target::Elements { attribute, filter, sub, literals } => {
                let place = attribute.to_string();
                let definition = attribute.attribute;
                let mut list = self.take_list(*attribute);
                self.look(list.len())?;
                // A filter that names exact values need only be asked about the elements that have one of them.
                let mut named = BTreeSet::new();
                let exact = definition.sub("value").is_some_and(Attribute::case_exact);
                let bounded = exact && named_by(filter, &mut named);
                let candidate = |element: &Value| {
                    !bounded || element["value"].as_str().is_some_and(|value| named.contains(value))
                };
                let matches = |element: &Value| candidate(element) && filter.matches(definition, element);
                let matched: Vec<usize> = list
                    .iter()
                    .enumerate()
                    .filter(|(_, element)| matches(element))
                    .map(|(at, _)| at)
                    .collect();
                if !matched.is_empty() || operator == Operator::Remove {
                    elements::change(definition, &mut list, &matched, *sub, operator, value, &place)?;
                } else {
                    let literals = literals.as_ref().filter(|_| self.create_missing && !value.is_null());
                    let literals = literals.ok_or_else(|| {
                        Error::no_target(format!("No element of \"{place}\" matches the filter in the path."))
                    })?;
                    elements::create(definition, &mut list, literals, *sub, value, &place)?;
                    self.created += 1;
                }
                self.put_list(*attribute, list);
                Ok(())
            }
            Target::Extension(schema) => self.extension(schema, operator, value),
            Target::Schemas => self.schemas(operator, value),
        }
    }

    fn attribute(&mut self, target: AttributeRef, operator: Operator, value: &Value) -> Result<(), Error> {
        let place = target.to_string();
        let definition = target.attribute;
        if definition.multi_valued {
            let mut list = self.take_list(target);
            self.look(list.len())?;
            match target.sub {
                None if operator == Operator::Add => elements::add(definition, &mut list, value, &place)?,
                None => list = elements::replacement(definition, operator, value, &place)?,
                Some(_) if list.is_empty() && operator != Operator::Remove && !value.is_null() => {
                    elements::create(definition, &mut list, &Object::new(), target.sub, value, &place)?;
                }
                Some(_) => {
                    let every: Vec<usize> = (0..list.len()).collect();
                    elements::change(definition, &mut list, &every, target.sub, operator, value, &place)?;
                }
            }
            self.put_list(target, list);
            return Ok(());
        }
        let gone = operator == Operator::Remove || value.is_null();
        if gone && target.extension.is_none() && definition.name == "active" {
            // No value is no decision about access: the user is not switched on.
            return Ok(());
        }
        if definition.required && target.sub.is_none() && gone {
            return Err(Error::mutability(format!("\"{place}\" is required and cannot be removed.")));
        }
        let container = self.container(target.extension);
        let stored = container.get(&definition.name).cloned();
        let new = match target.sub {
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
            return Err(Error::mutability(format!("\"{place}\" is immutable and has a value.")));
        }
        match new {
            Some(new) if definition.returned != Returned::Never => {
                container.insert(definition.name.clone(), new);
            }
            _ => {
                container.shift_remove(&definition.name);
            }
        }
        self.drop_empty(target.extension);
        Ok(())
    }

    /// A whole extension: its attributes one by one (RFC 7644 §3.10, as a path of its own by our rule).
    fn extension(&mut self, schema: &'static Schema, operator: Operator, value: &Value) -> Result<(), Error> {
        if operator == Operator::Remove || value.is_null() {
            if schema.attributes.iter().all(Attribute::read_only) {
                return Err(Error::mutability(format!("\"{}\" is read-only.", schema.id)));
            }
            self.document.shift_remove(&schema.id);
            return Ok(());
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
            self.attribute(AttributeRef { extension: Some(schema), attribute, sub: None }, operator, value)?;
        }
        Ok(())
    }

    /// `schemas` follows the data: a list may only take extensions away, with what they hold.
    fn schemas(&mut self, operator: Operator, value: &Value) -> Result<(), Error> {
        if operator == Operator::Remove {
            return self.schemas_without(operator, &self.schema_uris());
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
        for uri in gone {
            self.document.shift_remove(uri);
        }
        Ok(())
    }

    fn schema_uris(&self) -> Vec<String> {
        crate::resource::schemas(self.resource_type, &self.document)
    }

    fn container(&mut self, extension: Option<&'static Schema>) -> &mut Object {
        let Some(schema) = extension else { return &mut self.document };
        let container =
            self.document.entry(schema.id.clone()).or_insert_with(|| Value::Object(Object::new()));
        container.as_object_mut().expect("an extension is an object in every canonical document")
    }

    fn drop_empty(&mut self, extension: Option<&'static Schema>) {
        if let Some(schema) = extension
            && self.document.get(&schema.id).and_then(Value::as_object).is_some_and(Object::is_empty)
        {
            self.document.shift_remove(&schema.id);
        }
    }

    fn take_list(&mut self, target: AttributeRef) -> Vec<Value> {
        let taken = self.container(target.extension).get_mut(&target.attribute.name).map(Value::take);
        match taken {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        }
    }

    fn put_list(&mut self, target: AttributeRef, list: Vec<Value>) {
        let name = &target.attribute.name;
        if list.is_empty() {
            self.container(target.extension).shift_remove(name);
        } else {
            self.container(target.extension).insert(name.clone(), list.into());
        }
        self.drop_empty(target.extension);
    }
}

/// A complex value with the given sub-attributes set, those given as null unassigned, the others kept.
pub(super) fn merged(
    attribute: &Attribute,
    stored: Option<Value>,
    given: &Object,
    place: &str,
) -> Result<Option<Value>, Error> {
    let mut object = match stored {
        Some(Value::Object(object)) => object,
        _ => Object::new(),
    };
    for (name, value) in given {
        let Some(sub) = attribute.sub(name).filter(|sub| !sub.read_only()) else { continue };
        let place = format!("{place}.{}", sub.name);
        let new = value::canonical(sub, value, &place)?;
        let old = object.get(&sub.name);
        if sub.mutability == Mutability::Immutable && old.is_some() && old != new.as_ref() {
            return Err(Error::mutability(format!("\"{place}\" is immutable and has a value.")));
        }
        match new {
            Some(new) => {
                object.insert(sub.name.clone(), new);
            }
            None => {
                object.shift_remove(&sub.name);
            }
        }
    }
    value::take_reference(&mut object);
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}
