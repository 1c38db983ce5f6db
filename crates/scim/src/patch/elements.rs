//! One complex value, changed as a whole or in parts.

use std::borrow::Cow;

use serde_json::Value;

use super::request::Operator;
use crate::json::{Object, member};
use crate::protocol::error::Error;
use crate::schema::{Attribute, Mutability};
use crate::value::{self, nothing_known, referred};

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
    let given = without_reference(attribute, given, place)?;
    let mut ignored = None;
    let mut known = false;
    for (name, value) in given.as_ref() {
        let Some(sub) = attribute.sub(name).filter(|sub| !sub.read_only()) else {
            ignored = ignored.or(Some(name).filter(|_| !value.is_null()));
            continue;
        };
        known = true;
        let place = format!("{place}.{}", sub.name);
        let new = value::canonical(sub, value, &place)?;
        set(&mut object, sub, new, &place)?;
    }
    match ignored {
        Some(ignored) if !known => Err(nothing_known(&place, ignored)),
        _ => Ok((!object.is_empty()).then_some(Value::Object(object))),
    }
}

/// Gives a complex value another sub-attribute, or takes it away.
pub(super) fn set(
    object: &mut Object,
    sub: &Attribute,
    new: Option<Value>,
    place: &str,
) -> Result<(), Error> {
    let old = object.get(&sub.name);
    if sub.mutability == Mutability::Immutable && old.is_some() && old != new.as_ref() {
        return Err(immutable(place));
    }
    match new {
        Some(new) => object.insert(sub.name.clone(), new),
        None => object.shift_remove(&sub.name),
    };
    Ok(())
}

/// What is given, with the id that an address names in place of the address: both name the same resource, and what is
/// stored is the id (RFC 7643 §2.4 `$ref`).
fn without_reference<'o>(
    attribute: &Attribute,
    given: &'o Object,
    place: &str,
) -> Result<Cow<'o, Object>, Error> {
    let sub = attribute.sub("$ref").filter(|_| attribute.sub("value").is_some());
    let Some((sub, reference)) = sub.zip(member(given, "$ref")) else {
        return Ok(Cow::Borrowed(given));
    };
    let reference = value::canonical(sub, reference, &format_args!("{place}.$ref"))?;
    let mut plain = given.clone();
    plain.retain(|name, _| !name.eq_ignore_ascii_case("$ref"));
    if member(given, "value").is_none_or(Value::is_null) {
        plain.retain(|name, _| !name.eq_ignore_ascii_case("value"));
        let address = reference.as_ref().and_then(Value::as_str);
        let id = address.map(|address| referred(address, &place)).transpose()?.into();
        plain.insert("value".to_owned(), id);
    }
    Ok(Cow::Owned(plain))
}

/// A value for one element: a list of one says what its element says.
pub(super) fn alone(value: &Value) -> &Value {
    match value {
        Value::Array(one) if one.len() == 1 => &one[0],
        other => other,
    }
}

/// One element that a filter has chosen, after a value for the whole of it.
pub(super) fn replaced(
    attribute: &Attribute,
    stored: Value,
    operator: Operator,
    value: &Value,
    place: &str,
) -> Result<Option<Value>, Error> {
    let given = alone(value);
    if let (Operator::Add, Value::Object(given)) = (operator, given) {
        return merged(attribute, Some(stored), given, place);
    }
    // RFC 7644 §3.5.2.3: with a filter the whole matching element is replaced.
    let new = value::single(attribute, given, &place)?;
    if new.is_none() {
        return Err(Error::invalid_value(format!("\"{place}\" gets no value: remove it instead.")));
    }
    let immutable_subs =
        attribute.sub_attributes.iter().filter(|sub| sub.mutability == Mutability::Immutable);
    for sub in immutable_subs {
        let (old, new) = (stored.get(&sub.name), new.as_ref().and_then(|new| new.get(&sub.name)));
        if new.is_some() && old.is_some() && old != new {
            return Err(immutable(&format!("{place}.{}", sub.name)));
        }
    }
    Ok(new)
}

pub(super) fn immutable(place: &str) -> Error {
    Error::mutability(format!("\"{place}\" is immutable and has a value."))
}
