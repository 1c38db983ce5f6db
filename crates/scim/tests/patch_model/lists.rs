//! Multi-valued attributes: which elements are the same, which one is primary, and what becomes of them (RFC 7643 §2.4).

use std::sync::Arc;

use scim::Object;
use scim::schema::{Attribute, Mutability};
use serde_json::Value;

use super::faults::{Faults, fault};
use super::read::Op;
use super::values::{merged, named_for_ever, one, set};

/// Whether two elements are the same one: the pair of value and type stands once; without a value all parts count.
pub(crate) fn same(attribute: &Attribute, one: &Value, other: &Value) -> bool {
    let text = |element: &Value, name: &str| {
        let value = element.get(name).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
        let exact = attribute.sub(name).is_some_and(|sub| sub.case_exact());
        value.map(|text| if exact { text } else { text.to_lowercase() }).unwrap_or_default()
    };
    let equal = |name: &str| text(one, name) == text(other, name);
    match (one.get("value").is_some(), other.get("value").is_some()) {
        (true, true) => equal("value") && (named_for_ever(attribute) || equal("type")),
        (false, false) => {
            attribute.sub_attributes.iter().filter(|sub| sub.name != "primary").all(|sub| equal(&sub.name))
        }
        _ => false,
    }
}

/// The elements that a value for the whole attribute holds, one or a list.
pub(crate) fn elements(attribute: &Attribute, value: &Value) -> Result<Vec<Value>, Faults> {
    let given = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let mut elements: Vec<Value> = Vec::new();
    for item in &given {
        match one(attribute, item)? {
            Some(new) => match elements.iter_mut().find(|there| same(attribute, there, &new)) {
                Some(there) => united(there, &new),
                None => elements.push(new),
            },
            None if named_for_ever(attribute) => return Err(fault("invalidValue")),
            None => {}
        }
    }
    let nothing_of_something = elements.is_empty() && !given.is_empty();
    if nothing_of_something || elements.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err(fault("invalidValue"));
    }
    Ok(elements)
}

/// RFC 7644 §3.5.2.1: new values are appended; a value that is there takes what is said of it.
pub(crate) fn added(attribute: &Attribute, list: &[Value], value: &Value) -> Result<Vec<Value>, Faults> {
    let mut list = list.to_vec();
    for new in elements(attribute, value)? {
        let there = list.iter().position(|there| same(attribute, there, &new));
        let at = there.unwrap_or(list.len());
        match there {
            None => list.push(new.clone()),
            Some(at) if !named_for_ever(attribute) => said_again(&mut list[at], &new),
            Some(_) => {}
        }
        if is_primary(&new) {
            list.iter_mut().enumerate().filter(|(other, _)| *other != at).for_each(|(_, it)| end_primary(it));
        }
    }
    Ok(list)
}

/// RFC 7644 §3.5.2: what becomes of the elements that a path has chosen, or of one part of each.
pub(crate) fn changed(
    attribute: &Attribute,
    list: &[Value],
    chosen: &[usize],
    (op, sub, value): (Op, Option<&Attribute>, &Value),
) -> Result<Vec<Value>, Faults> {
    let mut places: Vec<Option<Value>> = list.iter().cloned().map(Some).collect();
    let (mut moved, mut made_primary) = (Vec::new(), Vec::new());
    for &at in chosen {
        let new = changed_one(attribute, &list[at], op, sub, value)?;
        if let Some(new) = &new {
            if is_primary(new) {
                made_primary.push(at);
            }
            if !same(attribute, &list[at], new) {
                moved.push(at);
            }
        }
        places[at] = new;
    }
    let newly = made_primary.iter().any(|at| !is_primary(&list[*at]));
    // RFC 7643 §2.4: elements that the change has made the same become one, in the first of their places.
    let moving: Vec<(usize, Option<Value>)> = moved.iter().map(|at| (*at, places[*at].take())).collect();
    for (at, new) in moving {
        let Some(mut new) = new else { continue };
        let twin =
            places.iter().position(|there| there.as_ref().is_some_and(|there| same(attribute, there, &new)));
        let mut place = at;
        if let Some(twin) = twin {
            place = at.min(twin);
            let mut there = places[twin].take().unwrap_or_default();
            united(&mut there, &new);
            new = there;
            for primary in made_primary.iter_mut().filter(|primary| **primary == at || **primary == twin) {
                *primary = place;
            }
        }
        places[place] = Some(new);
    }
    made_primary.sort_unstable();
    made_primary.dedup();
    match made_primary.as_slice() {
        [keep] if newly => {
            let others = places.iter_mut().enumerate().filter(|(at, _)| at != keep);
            others.filter_map(|(_, element)| element.as_mut()).for_each(end_primary);
        }
        [_, _, ..] if newly => return Err(fault("invalidValue")),
        _ => {}
    }
    Ok(places.into_iter().flatten().collect())
}

/// One chosen element afterwards; nothing when it is gone.
fn changed_one(
    attribute: &Attribute,
    stored: &Value,
    op: Op,
    sub: Option<&Attribute>,
    value: &Value,
) -> Result<Option<Value>, Faults> {
    let stored = stored.as_object().cloned().unwrap_or_default();
    let value = if op == Op::Remove { &Value::Null } else { value };
    let new = match (sub, value) {
        (None, Value::Null) => return Ok(None),
        (Some(sub), value) if sub.name == "$ref" => {
            let address = Object::from_iter([(sub.name.clone(), value.clone())]);
            merged(attribute, &stored, &address)?
        }
        (Some(sub), value) => {
            let mut new = stored;
            set(&mut new, sub, one(sub, value)?)?;
            new
        }
        // Added to an element, parts of it are set (RFC 7644 §3.5.2.1); replaced, it is another one (§3.5.2.3).
        (None, Value::Object(given)) if op == Op::Add => merged(attribute, &stored, given)?,
        (None, Value::Object(_)) => {
            let Some(Value::Object(new)) = one(attribute, value)? else { return Err(fault("invalidValue")) };
            let immutable = |sub: &&Arc<Attribute>| sub.mutability == Mutability::Immutable;
            for sub in attribute.sub_attributes.iter().filter(immutable) {
                if let (Some(old), Some(new)) = (stored.get(&sub.name), new.get(&sub.name))
                    && old != new
                {
                    return Err(fault("mutability"));
                }
            }
            new
        }
        // A list of one says the same as its element.
        (None, Value::Array(items)) if items.len() == 1 && !items[0].is_null() => {
            return changed_one(attribute, &stored.into(), op, None, &items[0]);
        }
        _ => return Err(fault("invalidValue")),
    };
    Ok((!new.is_empty()).then_some(new.into()))
}

pub(crate) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// RFC 7644 §3.5.2: a new primary value ends the old one.
fn end_primary(element: &mut Value) {
    if is_primary(element) {
        element["primary"] = false.into();
    }
}

/// An element takes what is said of it once more; how its value and type are spelled stays.
fn said_again(there: &mut Value, said: &Value) {
    for (name, value) in said.as_object().into_iter().flatten() {
        if name != "value" && name != "type" {
            there[name] = value.clone();
        }
    }
}

/// Two elements become one, which is primary if one of them was.
fn united(there: &mut Value, other: &Value) {
    let primary = is_primary(there) || is_primary(other);
    said_again(there, other);
    if primary {
        there["primary"] = true.into();
    }
}
