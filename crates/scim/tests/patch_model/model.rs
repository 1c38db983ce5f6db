//! PATCH as the text of RFC 7644 §3.5.2 tells it, operation by operation over a plain document: slow, and easy to compare.

use scim::Object;
use scim::schema::{Attribute, Returned, Schema};
use serde_json::Value;

use super::documents::Typed;
use super::faults::{Faults, fault};
use super::lists::{added, changed, elements};
use super::place::{Chosen, Place, Spot};
use super::read::{Change, Op, read};
use super::values::{merged, one};

/// The document after all operations, or every word by which the message may be refused. The document holds the members of a
/// group as well; `create_missing` is the rule of R-PATCH-24.
pub(crate) fn patched(stored: &Typed, operations: &[Value], create_missing: bool) -> Result<Object, Faults> {
    let (mut document, mut faults, mut stopped) = (stored.document.clone(), Faults::new(), false);
    for operation in operations {
        let read = read(stored, operation);
        // What stands behind a refused operation is read, and never carried out.
        for change in read.changes.iter().filter(|_| !stopped) {
            if let Err(found) = carry_out(stored, &mut document, change, create_missing) {
                faults.extend(found);
            }
        }
        faults.extend(read.faults);
        stopped = !faults.is_empty();
    }
    let required = stored.resource_type.schema.attributes.iter().filter(|attribute| attribute.required);
    for attribute in required {
        let text = document.get(&attribute.name).and_then(Value::as_str);
        if text.is_none_or(|text| text.trim().is_empty()) {
            faults.insert("invalidValue");
        }
    }
    if faults.is_empty() { Ok(document) } else { Err(faults) }
}

fn carry_out(
    stored: &Typed,
    document: &mut Object,
    change: &Change,
    create_missing: bool,
) -> Result<(), Faults> {
    match &change.place {
        Place::Extension(schema) => {
            document.shift_remove(&schema.id);
            Ok(())
        }
        Place::Attribute(spot) if spot.attribute.name == "schemas" => {
            schemas(stored, document, change, spot.chosen.as_ref())
        }
        Place::Attribute(spot) => {
            let old = container(document, spot.extension).get(&spot.attribute.name).cloned();
            let new = if spot.attribute.multi_valued {
                let list = old.and_then(|list| list.as_array().cloned()).unwrap_or_default();
                let list = multi_valued(spot, &list, change, create_missing)?;
                (!list.is_empty()).then_some(Value::Array(list))
            } else {
                single_valued(spot, old, change)?
            };
            put(document, spot.extension, spot.attribute, new);
            Ok(())
        }
    }
}

fn single_valued(spot: &Spot, old: Option<Value>, change: &Change) -> Result<Option<Value>, Faults> {
    let (attribute, value) = (spot.attribute, &change.value);
    let gone = change.op == Op::Remove || value.is_null();
    // Our rule: no value of "active" decides nothing about a person's access.
    if gone && attribute.name == "active" {
        return Ok(old);
    }
    if gone && attribute.required && spot.sub.is_none() {
        return Err(fault("mutability"));
    }
    let parts = match (spot.sub, value) {
        (None, _) if gone => return Ok(None),
        (None, value) if !attribute.complex() => return one(attribute, value),
        (None, Value::Object(given)) => given.clone(),
        (None, _) => return Err(fault("invalidValue")),
        (Some(sub), value) => {
            let value = if gone { Value::Null } else { value.clone() };
            Object::from_iter([(sub.name.clone(), value)])
        }
    };
    let old = old.and_then(|old| old.as_object().cloned()).unwrap_or_default();
    let new = merged(attribute, &old, &parts)?;
    Ok((!new.is_empty()).then_some(new.into()))
}

fn multi_valued(
    spot: &Spot,
    list: &[Value],
    change: &Change,
    create_missing: bool,
) -> Result<Vec<Value>, Faults> {
    let (attribute, op, value) = (spot.attribute, change.op, &change.value);
    let gone = op == Op::Remove || value.is_null();
    match (&spot.chosen, spot.sub) {
        // A null among several attributes adds nothing to a list, and must not empty it.
        (None, None) if op == Op::Add => added(attribute, list, value),
        (None, None) if gone => Ok(Vec::new()),
        (None, None) => elements(attribute, value),
        // R-PATCH-39: where nothing is, the part of a new element is set.
        (None, Some(sub)) if list.is_empty() && !gone => {
            let new = Object::from_iter([(sub.name.clone(), value.clone())]);
            added(attribute, list, &new.into())
        }
        (chosen, sub) => {
            let matches = |element: &Value| {
                chosen.as_ref().is_none_or(|chosen| chosen.filter.matches(attribute, element))
            };
            let matching: Vec<usize> = (0..list.len()).filter(|at| matches(&list[*at])).collect();
            match chosen {
                Some(chosen) if matching.is_empty() && op != Op::Remove => {
                    let described = chosen.described.as_ref().filter(|_| create_missing && !gone);
                    let described = described.ok_or_else(|| fault("noTarget"))?;
                    added(attribute, list, &created(attribute, described, sub, value)?)
                }
                _ => changed(attribute, list, &matching, (op, sub, value)),
            }
        }
    }
}

/// The element that a filter describes, with the value that an operation gives (R-PATCH-24).
fn created(
    attribute: &Attribute,
    described: &Object,
    sub: Option<&Attribute>,
    value: &Value,
) -> Result<Value, Faults> {
    let mut new = described.clone();
    match (sub, value) {
        (Some(sub), value) => {
            new.insert(sub.name.clone(), value.clone());
        }
        (None, Value::Object(given)) => {
            for (name, value) in given {
                let name = attribute.sub(name).map_or(name, |sub| &sub.name);
                new.insert(name.clone(), value.clone());
            }
        }
        (None, Value::Array(items)) if items.len() == 1 => {
            return created(attribute, described, None, &items[0]);
        }
        (None, _) => return Err(fault("invalidValue")),
    }
    Ok(new.into())
}

/// `schemas` follows what a resource holds: a list can take extensions away (R-PATCH-59).
fn schemas(
    stored: &Typed,
    document: &mut Object,
    change: &Change,
    chosen: Option<&Chosen>,
) -> Result<(), Faults> {
    let core = &stored.resource_type.schema.id;
    let extensions = stored.resource_type.extensions.iter().map(|extension| &extension.schema.id);
    let used = extensions.filter(|uri| document.contains_key(*uri));
    let used: Vec<&String> = std::iter::once(core).chain(used).collect();
    let gone: Vec<&String> = match (change.op, chosen, &change.value) {
        (Op::Remove, None, _) => used,
        (Op::Remove, Some(chosen), _) => {
            let schemas = stored.resource_type.attribute("schemas").expect("a common attribute");
            used.into_iter().filter(|uri| chosen.filter.matches(schemas, &uri.as_str().into())).collect()
        }
        (_, Some(_), _) => return Err(fault("mutability")),
        (op, None, value) => {
            let listed = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            let known = |uri: &Value| uri.as_str().is_some_and(|uri| stored.resource_type.knows(uri));
            if !listed.iter().all(known) {
                return Err(fault("invalidValue"));
            }
            let is = |uri: &Value, used: &str| uri.as_str().is_some_and(|uri| uri.eq_ignore_ascii_case(used));
            let kept = |used: &&String| op == Op::Add || listed.iter().any(|uri| is(uri, used));
            used.into_iter().filter(|used| !kept(used)).collect()
        }
    };
    if gone.contains(&core) {
        return Err(fault("mutability"));
    }
    for uri in gone {
        document.shift_remove(uri);
    }
    Ok(())
}

fn container(document: &Object, extension: Option<&Schema>) -> Object {
    match extension {
        None => document.clone(),
        Some(schema) => document.get(&schema.id).and_then(Value::as_object).cloned().unwrap_or_default(),
    }
}

/// Writes an attribute, or takes it away. An extension without data is none (RFC 7643 §3.3).
fn put(document: &mut Object, extension: Option<&Schema>, attribute: &Attribute, value: Option<Value>) {
    let mut inside = container(document, extension);
    match value.filter(|_| attribute.returned != Returned::Never) {
        Some(value) => inside.insert(attribute.name.clone(), value),
        None => inside.shift_remove(&attribute.name),
    };
    match extension {
        None => *document = inside,
        Some(schema) if inside.is_empty() => {
            document.shift_remove(&schema.id);
        }
        Some(schema) => {
            document.insert(schema.id.clone(), inside.into());
        }
    }
}
