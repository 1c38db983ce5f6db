//! References to what the same bulk request creates (RFC 7644 §3.7.2): `bulkId:` and the name of the operation. They stand where
//! the id of a resource stands: in the path, in attributes that refer to resources, and in filters over those.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use scim_filter_parser::{Lenience, parse_path_with};
use serde_json::{Value, json};

use super::{Method, Operation};
use crate::json::Object;
use crate::patch;
use crate::path::{Located, locate};
use crate::protocol::error::Error;
use crate::schema::{Attribute, Registry, ResourceType};
use crate::text::decoded_segment;

/// How a reference begins.
const PREFIX: &str = "bulkId:";

/// The ids of what was created, by bulkId; none for what could not be created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Created(HashMap<String, Option<String>>);

/// What an operation refers to.
pub type References = BTreeSet<String>;

impl Created {
    /// A POST created the resource with this id, or failed.
    pub fn note(&mut self, bulk_id: &str, id: Option<String>) {
        self.0.insert(bulk_id.to_owned(), id);
    }

    /// Whether the POST has had its turn.
    #[must_use]
    pub fn knows(&self, bulk_id: &str) -> bool {
        self.0.contains_key(bulk_id)
    }

    /// Puts ids in the place of the references of an operation.
    ///
    /// # Errors
    /// 409 for a reference to what was not created (RFC 7644 §3.7.1).
    pub fn fill(
        &self,
        registry: &Registry,
        operation: &mut Operation,
        references: &References,
    ) -> Result<(), Error> {
        for name in references {
            self.id(name)?;
        }
        let id = |name: &str| self.id(name).ok().map(str::to_owned);
        operation.path = in_path(&operation.path, &id);
        in_data(registry, operation, &mut |text| {
            if let Some(filled) = text.strip_prefix(PREFIX).and_then(id) {
                *text = filled;
            }
        });
        in_filters(registry, operation, &mut |name| id(name));
        Ok(())
    }

    fn id(&self, name: &str) -> Result<&str, Error> {
        let shown: String = name.chars().take(100).collect();
        match self.0.get(name) {
            Some(Some(id)) => Ok(id),
            Some(None) => {
                let detail = format!("The operation with the bulkId \"{shown}\" created nothing.");
                Err(Error::status(409, detail))
            }
            None => {
                let detail = format!("No operation of this request has the bulkId \"{shown}\".");
                Err(Error::status(409, detail))
            }
        }
    }
}

impl Operation {
    /// The operations of the same request that it refers to.
    #[must_use]
    pub fn references(&self, registry: &Registry) -> References {
        let mut names: References = self.path.split('/').filter_map(reference_of_segment).collect();
        let mut copy = self.clone();
        in_data(registry, &mut copy, &mut |text| names.extend(text.strip_prefix(PREFIX).map(str::to_owned)));
        in_filters(registry, &mut copy, &mut |name| {
            names.insert(name.to_owned());
            None
        });
        names
    }
}

/// The path with ids in the place of references.
fn in_path(path: &str, id: &dyn Fn(&str) -> Option<String>) -> String {
    let filled = path.split('/').map(|segment| {
        let filled = reference_of_segment(segment).and_then(|name| id(&name));
        filled.unwrap_or_else(|| segment.to_owned())
    });
    filled.collect::<Vec<_>>().join("/")
}

/// Whether a path names what another operation creates.
pub(super) fn refers_by_path(path: &str) -> bool {
    path.split('/').any(|segment| reference_of_segment(segment).is_some())
}

fn reference_of_segment(segment: &str) -> Option<String> {
    decoded_segment(segment)?.strip_prefix(PREFIX).map(str::to_owned)
}

/// The type of the resources that an operation is about.
fn type_of<'r>(registry: &'r Registry, operation: &Operation) -> Option<&'r ResourceType> {
    let endpoint = decoded_segment(operation.path.split('/').nth(1)?)?;
    registry.at_endpoint(&endpoint).map(Arc::as_ref)
}

/// Whether values of the attribute are ids of other resources, which a client may set.
fn refers(attribute: &Attribute) -> bool {
    !attribute.read_only() && attribute.sub("$ref").is_some()
}

/// Calls `each` with every text of the data where a reference can stand.
fn in_data(registry: &Registry, operation: &mut Operation, each: &mut dyn FnMut(&mut String)) {
    let Some(resource_type) = type_of(registry, operation) else { return };
    if operation.method != Ok(Method::Patch) {
        in_resource(resource_type, &mut operation.data, each);
        return;
    }
    for change in changes(&mut operation.data) {
        let path = change.iter().find(|(name, _)| name.eq_ignore_ascii_case("path"));
        let path = path.and_then(|(_, path)| path.as_str()).map(str::to_owned);
        let value = change.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("value"));
        let Some((_, value)) = value else { continue };
        match (path, value) {
            (Some(path), value) if at(resource_type, &path).is_some_and(|it| refers(&it)) => {
                in_values(value, each);
            }
            (None, Value::Object(resource)) => in_resource(resource_type, resource, each),
            _ => {}
        }
    }
}

/// Puts ids in the place of references in the filters of PATCH paths, such as `members[value eq "bulkId:u1"]`.
fn in_filters(registry: &Registry, operation: &mut Operation, id: &mut dyn FnMut(&str) -> Option<String>) {
    let Some(resource_type) = type_of(registry, operation) else { return };
    if operation.method != Ok(Method::Patch) {
        return;
    }
    for change in changes(&mut operation.data) {
        let path = change.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("path"));
        if let Some((_, Value::String(path))) = path
            && path.contains(PREFIX)
            && at(resource_type, path).is_some_and(|it| refers(&it))
        {
            *path = with_literals(path, id);
        }
    }
}

fn changes(data: &mut Object) -> impl Iterator<Item = &mut Object> {
    let all = data.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("Operations"));
    let all = all.and_then(|(_, all)| all.as_array_mut()).into_iter().flatten();
    all.filter_map(Value::as_object_mut)
}

/// The attribute that a PATCH path names.
fn at(resource_type: &ResourceType, path: &str) -> Option<Arc<Attribute>> {
    let (path, _) = parse_path_with(path.trim(), Lenience::NONE).ok()?;
    match locate(resource_type, &path.attribute, true).ok()?.0 {
        Located::Attribute(attribute) => Some(attribute.attribute),
        Located::Extension(_) => None,
    }
}

fn in_resource(resource_type: &ResourceType, data: &mut Object, each: &mut dyn FnMut(&mut String)) {
    for (name, value) in data.iter_mut() {
        match (resource_type.extension(name), value) {
            (Some(schema), Value::Object(members)) => {
                for (name, value) in members.iter_mut() {
                    if schema.attribute(name).is_some_and(|it| refers(it)) {
                        in_values(value, each);
                    }
                }
            }
            (None, value) if resource_type.attribute(name).is_some_and(|it| refers(it)) => {
                in_values(value, each);
            }
            _ => {}
        }
    }
}

/// The ids of an attribute that refers to resources: bare, or as the `value` of an element.
fn in_values(value: &mut Value, each: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter_mut().for_each(|item| in_values(item, each)),
        Value::Object(element) => {
            let value = element.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("value"));
            if let Some((_, Value::String(text))) = value {
                each(text);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text of a filter with ids in the place of the literals that are references.
fn with_literals(text: &str, id: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('"') {
        let (before, literal) = rest.split_at(open);
        let mut values = serde_json::Deserializer::from_str(literal).into_iter::<String>();
        let Some(Ok(value)) = values.next() else { break };
        let (literal, after) = literal.split_at(values.byte_offset());
        let reference = value.strip_prefix(PREFIX).and_then(&mut *id);
        filled.push_str(before);
        filled.push_str(&reference.map_or_else(|| literal.to_owned(), |id| Value::from(id).to_string()));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Takes values that refer to some operations out of the data of a POST; returned is the PATCH that puts them in later, still with
/// the path of the POST.
///
/// Resources that refer to each other are created so: the first one without the reference (RFC 7644 §3.7.1).
#[must_use]
pub fn completion(registry: &Registry, operation: &mut Operation, put_off: &References) -> Operation {
    let mut operations = Vec::new();
    if let Some(resource_type) = type_of(registry, operation) {
        let core = |name: &str| resource_type.attribute(name).is_some_and(|it| refers(it));
        take_out(&mut operation.data, put_off, "", &core, &mut operations);
        for (name, value) in &mut operation.data {
            if let (Some(schema), Value::Object(members)) = (resource_type.extension(name), value) {
                let inside = |name: &str| schema.attribute(name).is_some_and(|it| refers(it));
                take_out(members, put_off, &format!("{name}:"), &inside, &mut operations);
            }
        }
    }
    let mut data = Object::new();
    data.insert("schemas".to_owned(), json!([patch::SCHEMA]));
    data.insert("Operations".to_owned(), operations.into());
    let (method, path) = (Ok(Method::Patch), operation.path.clone());
    Operation { method, bulk_id: None, path, version: None, data, refused: None }
}

fn take_out(
    data: &mut Object,
    put_off: &References,
    before: &str,
    refers: &dyn Fn(&str) -> bool,
    operations: &mut Vec<Value>,
) {
    let later = |value: &mut Value| {
        let mut found = false;
        in_values(value, &mut |text| {
            found |= text.strip_prefix(PREFIX).is_some_and(|name| put_off.contains(name));
        });
        found
    };
    let mut gone = Vec::new();
    for (name, value) in data.iter_mut().filter(|(name, _)| refers(name)) {
        let path = format!("{before}{name}");
        let mut add = |value: Value| operations.push(json!({ "op": "add", "path": path, "value": value }));
        if let Value::Array(items) = value {
            let mut put_off = Vec::new();
            for mut item in std::mem::take(items) {
                let kept = if later(&mut item) { &mut put_off } else { &mut *items };
                kept.push(item);
            }
            if !put_off.is_empty() {
                add(put_off.into());
            }
        } else if later(value) {
            add(value.take());
            gone.push(name.clone());
        }
    }
    for name in gone {
        data.shift_remove(&name);
    }
}
