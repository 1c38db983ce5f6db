//! One operation of a message, read: which places it changes, and with what.

use scim::Object;
use scim::schema::{ResourceType, Schema};
use serde_json::Value;

use super::documents::Typed;
use super::faults::{Faults, fault};
use super::place::{Place, place};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Remove,
    Replace,
}

/// One change of one place.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) op: Op,
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// What an operation asks for, and which rules it breaks. The standard does not say which of several comes first.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) changes: Vec<Change>,
    pub(crate) faults: Faults,
}

/// Reads an operation.
pub(crate) fn read(stored: &Typed, operation: &Value) -> Read {
    let mut read = Read::default();
    if let Err(faults) = read_into(&mut read, stored, operation) {
        read.faults.extend(faults);
    }
    read
}

fn read_into(read: &mut Read, stored: &Typed, operation: &Value) -> Result<(), Faults> {
    let Value::Object(operation) = operation else { return Err(fault("invalidSyntax")) };
    let op = match operation.get("op").and_then(Value::as_str) {
        Some("add") => Op::Add,
        Some("remove") => Op::Remove,
        Some("replace") => Op::Replace,
        _ => return Err(fault("invalidSyntax")),
    };
    let path = match operation.get("path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.is_empty() || is_core(stored.resource_type, path) => None,
        Some(Value::String(path)) => Some(path),
        Some(_) => return Err(fault("invalidPath")),
    };
    match (path, operation.get("value")) {
        // RFC 7644 §3.5.2.2.
        (None, _) if op == Op::Remove => Err(fault("noTarget")),
        (_, None) if op != Op::Remove => Err(fault("invalidValue")),
        (None, Some(Value::Object(members))) => {
            without_path(read, stored, op, members);
            Ok(())
        }
        (None, _) => Err(fault("invalidValue")),
        (Some(path), value) => {
            let place = place(stored.resource_type, path)?;
            with_path(read, op, place, value.cloned().unwrap_or_default());
            Ok(())
        }
    }
}

fn with_path(read: &mut Read, op: Op, place: Place, value: Value) {
    // Our rule: a list of values with "remove" must not empty the attribute.
    let would_empty = op == Op::Remove && place.is_whole_list() && !value.is_null();
    if would_empty || op == Op::Add && value.is_null() {
        read.faults.insert("invalidValue");
    }
    read.put(op, place, value);
}

impl Read {
    /// Adds what is said of one place.
    fn put(&mut self, op: Op, place: Place, value: Value) {
        self.faults.extend(place.read_only());
        match (&place, value) {
            (Place::Extension(schema), Value::Object(attributes)) if op != Op::Remove => {
                for (name, value) in attributes {
                    self.put_inside(op, schema, &name, value);
                }
            }
            (Place::Extension(_), value) if op != Op::Remove && !value.is_null() => {
                self.faults.insert("invalidValue");
            }
            (_, value) => self.changes.push(Change { op, place, value }),
        }
    }

    /// Adds an attribute inside the object of an extension (RFC 7644 §3.5.2, R-PATCH-56 and R-PATCH-57).
    fn put_inside(&mut self, op: Op, schema: &'static Schema, name: &str, value: Value) {
        if name.eq_ignore_ascii_case("schemas") {
            return;
        }
        match schema.attribute(name) {
            Some(attribute) => self.put(op, Place::of_extension(schema, attribute), value),
            None => {
                self.faults.insert("invalidPath");
            }
        }
    }
}

/// Without a path every member of the value is a change of its own (RFC 7644 §3.5.2.1 and §3.5.2.3). Core attributes may stand
/// inside an object under the URI of their schema.
fn without_path(read: &mut Read, stored: &Typed, op: Op, members: &Object) {
    let mut seen = Vec::new();
    for (name, value) in members {
        match value {
            Value::Object(core) if is_core(stored.resource_type, name) => {
                core.iter().for_each(|(name, value)| member(read, &mut seen, stored, op, (name, value)));
            }
            Value::Null if is_core(stored.resource_type, name) => {}
            _ if is_core(stored.resource_type, name) => {
                read.faults.insert("invalidValue");
            }
            _ => member(read, &mut seen, stored, op, (name, value)),
        }
    }
}

fn member(read: &mut Read, seen: &mut Vec<String>, stored: &Typed, op: Op, (name, value): (&str, &Value)) {
    let found = match place(stored.resource_type, name) {
        // A key is a name, and no path into an attribute.
        Ok(place) if !place.is_name(name) => Err(fault("invalidPath")),
        found => found,
    };
    let place = match found {
        Ok(place) => place,
        Err(found) => return read.faults.extend(found),
    };
    let mut names = vec![place.spelling()];
    if let (Place::Extension(schema), Value::Object(attributes)) = (&place, value) {
        names = attributes.keys().map(|name| format!("{}:{name}", schema.id).to_lowercase()).collect();
    }
    if names.iter().any(|name| seen.contains(name)) {
        read.faults.insert("invalidSyntax");
    }
    seen.extend(names);
    if place.is("id") || place.is("meta") {
        if !repeats(stored, &place, value) {
            read.faults.insert("mutability");
        }
    } else {
        read.put(op, place, value.clone());
    }
}

/// Whether a client repeats what the server has written by itself, which changes nothing.
fn repeats(stored: &Typed, place: &Place, value: &Value) -> bool {
    match value {
        Value::String(id) => place.is("id") && *id == stored.id,
        Value::Object(meta) => {
            let says = |(name, said): (&String, &Value)| {
                said.is_null()
                    || name.eq_ignore_ascii_case("resourceType")
                        && *said == stored.resource_type.name.as_str()
            };
            place.is("meta") && meta.iter().all(says)
        }
        _ => false,
    }
}

/// Whether the text is the URI of the core schema, which is no place of its own.
fn is_core(resource_type: &ResourceType, text: &str) -> bool {
    resource_type.schema.id.eq_ignore_ascii_case(text)
}
