//! Changes to the elements of a multi-valued attribute.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::apply::merged;
use super::request::Operator;
use crate::json::Object;
use crate::protocol::error::Error;
use crate::schema::{Attribute, Mutability};
use crate::value::{self, is_primary};

/// Above so many comparisons of elements, an index is built instead.
const COMPARISONS: usize = 4_096;

/// Appends what is not there yet (RFC 7644 §3.5.2.1); what is there takes the sub-attributes given.
pub(super) fn add(
    attribute: &Attribute,
    list: &mut Vec<Value>,
    value: &Value,
    place: &str,
) -> Result<(), Error> {
    let new = canonical(attribute, value, place)?;
    if (new.len() + list.len()) * new.len() > COMPARISONS {
        return add_many(attribute, list, new, place);
    }
    for element in new {
        let position = if let Some(position) = list.iter().position(|there| same(attribute, there, &element))
        {
            if let Value::Object(given) = &element
                && !attribute.identified()
            {
                let there = list[position].take();
                list[position] = merged(attribute, Some(there), given, place)?.unwrap_or_default();
            }
            position
        } else {
            list.push(element);
            list.len() - 1
        };
        if is_primary(&list[position]) {
            only_primary(list, position);
        }
    }
    Ok(())
}

/// As [`add`], with an index instead of a look at every element for each new one.
fn add_many(attribute: &Attribute, list: &mut Vec<Value>, new: Vec<Value>, place: &str) -> Result<(), Error> {
    let key = |element: &Value| {
        if attribute.identified() { element["value"].to_string() } else { value::identity(element) }
    };
    let mut there: HashMap<String, usize> =
        list.iter().enumerate().map(|(position, element)| (key(element), position)).collect();
    let mut primary = None;
    for element in new {
        if is_primary(&element) {
            primary = Some(key(&element));
        }
        match there.get(&key(&element)) {
            None => {
                there.insert(key(&element), list.len());
                list.push(element);
            }
            Some(&position) if !attribute.identified() => {
                if let Value::Object(given) = &element {
                    let old = list[position].take();
                    list[position] = merged(attribute, Some(old), given, place)?.unwrap_or_default();
                }
            }
            Some(_) => {}
        }
    }
    if let Some(position) = primary.and_then(|key| there.get(&key).copied()) {
        only_primary(list, position);
    }
    Ok(())
}

/// The list that replaces the present one; removing and `null` leave none.
pub(super) fn replacement(
    attribute: &Attribute,
    operator: Operator,
    value: &Value,
    place: &str,
) -> Result<Vec<Value>, Error> {
    if operator == Operator::Remove || value.is_null() {
        return if attribute.required {
            Err(Error::mutability(format!("\"{place}\" is required and cannot be removed.")))
        } else {
            Ok(Vec::new())
        };
    }
    canonical(attribute, value, place)
}

/// Changes the chosen elements, or one sub-attribute of each.
pub(super) fn change(
    attribute: &Attribute,
    list: &mut Vec<Value>,
    chosen: &[usize],
    sub: Option<&Attribute>,
    operator: Operator,
    value: &Value,
    place: &str,
) -> Result<(), Error> {
    let gone = operator == Operator::Remove || value.is_null();
    if sub.is_none() && gone {
        let chosen: HashSet<usize> = chosen.iter().copied().collect();
        let mut position = 0;
        list.retain(|_| {
            position += 1;
            !chosen.contains(&(position - 1))
        });
        return Ok(());
    }
    for &position in chosen {
        let stored = list[position].clone();
        let new = match sub {
            Some(sub) => {
                let given =
                    Object::from_iter([(sub.name.clone(), if gone { Value::Null } else { value.clone() })]);
                merged(attribute, Some(stored.clone()), &given, place)?
            }
            None => match (value, operator) {
                (Value::Object(given), Operator::Add) => {
                    merged(attribute, Some(stored.clone()), given, place)?
                }
                // RFC 7644 §3.5.2.3: with a filter the whole matching element is replaced.
                (Value::Object(_), _) => replaced(attribute, &stored, value, place)?,
                (Value::Array(one), _) if one.len() == 1 => replaced(attribute, &stored, &one[0], place)?,
                _ => value::single(attribute, value, &place)?,
            },
        };
        let becomes_primary = new.as_ref().is_some_and(is_primary);
        list[position] = new.unwrap_or_default();
        if becomes_primary && !is_primary(&stored) {
            if chosen.len() > 1 {
                return Err(Error::invalid_value(format!(
                    "\"{place}\" can have one primary value, the path names several."
                )));
            }
            only_primary(list, position);
        }
    }
    list.retain(|element| !element.is_null());
    Ok(())
}

/// Appends the element that the literals of a filter describe, with the value given.
pub(super) fn create(
    attribute: &Attribute,
    list: &mut Vec<Value>,
    literals: &Object,
    sub: Option<&Attribute>,
    value: &Value,
    place: &str,
) -> Result<(), Error> {
    let mut element = literals.clone();
    match (sub, value) {
        (Some(sub), value) => {
            element.insert(sub.name.clone(), value.clone());
        }
        (None, Value::Object(given)) => element.extend(given.clone()),
        (None, _) => return Err(Error::invalid_value(format!("\"{place}\" holds objects."))),
    }
    add(attribute, list, &Value::Object(element), place)
}

fn canonical(attribute: &Attribute, value: &Value, place: &str) -> Result<Vec<Value>, Error> {
    let one = std::slice::from_ref(value);
    value::canonical_elements(attribute, value.as_array().map_or(one, Vec::as_slice), &place)
}

fn replaced(
    attribute: &Attribute,
    stored: &Value,
    value: &Value,
    place: &str,
) -> Result<Option<Value>, Error> {
    let new = value::single(attribute, value, &place)?;
    let immutable = attribute.sub_attributes.iter().filter(|sub| sub.mutability == Mutability::Immutable);
    for sub in immutable {
        let (old, new) = (stored.get(&sub.name), new.as_ref().and_then(|new| new.get(&sub.name)));
        if new.is_some() && old.is_some() && old != new {
            return Err(Error::mutability(format!("\"{place}.{}\" is immutable and has a value.", sub.name)));
        }
    }
    Ok(new)
}

/// RFC 7643 §2.4: the same pair of type and value is the same element.
fn same(attribute: &Attribute, there: &Value, new: &Value) -> bool {
    match (there.get("value"), new.get("value")) {
        (Some(old), Some(value)) => {
            old == value && (attribute.identified() || there.get("type") == new.get("type"))
        }
        (None, None) => there == new,
        _ => false,
    }
}

/// RFC 7644 §3.5.2: a new primary value ends the old one.
fn only_primary(list: &mut [Value], keep: usize) {
    for (position, element) in list.iter_mut().enumerate() {
        if position != keep && is_primary(element) {
            element["primary"] = Value::Bool(false);
        }
    }
}
