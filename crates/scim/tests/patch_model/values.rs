//! Values as the standard takes them: types, what is ignored, and what says "no value" (RFC 7643 §2.3 to §2.5).

use scim::Object;
use scim::schema::{Attribute, Kind, Mutability};
use serde_json::Value;

use super::faults::{Faults, fault, none};

/// One value as it is stored; nothing for one that says "no value".
pub(crate) fn one(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Faults> {
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (Kind::Complex, Value::Object(given)) => element(attribute, given),
        (kind, value) if fits(kind, value) => Ok(Some(value.clone())),
        _ => Err(fault("invalidValue")),
    }
}

fn fits(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Boolean, value) => value.is_boolean(),
        (Kind::Integer, value) => value.is_i64(),
        (Kind::Decimal, value) => value.is_number(),
        (Kind::String, Value::String(text)) => !text.contains('\0'),
        (Kind::Reference, Value::String(text)) => {
            !text.contains(|c: char| c.is_control() || c.is_whitespace() || "<>\"{}|\\^`".contains(c))
        }
        (Kind::Binary, Value::String(text)) => {
            let letters = text.trim_end_matches('=');
            letters.len() % 4 != 1 && letters.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b))
        }
        _ => false,
    }
}

/// A new complex value: unknown and read-only parts are ignored, but a value of which nothing is known is refused.
fn element(attribute: &Attribute, given: &Object) -> Result<Option<Value>, Faults> {
    let (mut new, mut unknown) = (Object::new(), false);
    for (name, value) in given {
        match attribute.sub(name) {
            None => unknown |= !value.is_null(),
            Some(sub) if sub.read_only() => {}
            Some(sub) => {
                if let Some(value) = one(sub, value)? {
                    new.insert(sub.name.clone(), value);
                }
            }
        }
    }
    if let Some(address) = new.shift_remove("$ref")
        && !new.contains_key("value")
    {
        new.insert("value".to_owned(), named_by(&address)?.into());
    }
    let blank = |value: Option<&Value>| value.and_then(Value::as_str).is_none_or(|it| it.trim().is_empty());
    if named_for_ever(attribute) && blank(new.get("value")) {
        return Err(fault("invalidValue"));
    }
    match new.is_empty() {
        true if unknown => Err(fault("invalidValue")),
        true => Ok(None),
        false => Ok(Some(new.into())),
    }
}

/// A complex value with some parts of it changed, and the others as they were (RFC 7644 §3.5.2.1 and §3.5.2.3).
pub(crate) fn merged(attribute: &Attribute, stored: &Object, given: &Object) -> Result<Object, Faults> {
    let (mut parts, mut ignored, mut faults) = (Object::new(), false, Faults::new());
    for (name, value) in given {
        match attribute.sub(name).filter(|sub| !sub.read_only()) {
            None => ignored |= !value.is_null(),
            Some(sub) => match one(sub, value) {
                Ok(value) => {
                    parts.insert(sub.name.clone(), value.unwrap_or_default());
                }
                Err(found) => faults.extend(found),
            },
        }
    }
    if parts.is_empty() && ignored {
        faults.insert("invalidValue");
    }
    // An address and a value name the same resource; the value is what is kept.
    if let Some(address) = parts.shift_remove("$ref")
        && parts.get("value").is_none_or(Value::is_null)
    {
        let id = if address.is_null() { Value::Null } else { named_by(&address)?.into() };
        parts.insert("value".to_owned(), id);
    }
    let mut new = stored.clone();
    for (name, value) in parts {
        let sub = attribute.sub(&name).expect("it was found before");
        faults.extend(
            set(&mut new, sub, Some(value).filter(|value| !value.is_null())).err().into_iter().flatten(),
        );
    }
    none(faults, new)
}

/// Gives a complex value another part, or takes it away. What is immutable and has a value keeps it (RFC 7643 §7).
pub(crate) fn set(object: &mut Object, sub: &Attribute, value: Option<Value>) -> Result<(), Faults> {
    let old = object.get(&sub.name);
    if sub.mutability == Mutability::Immutable && old.is_some() && old != value.as_ref() {
        return Err(fault("mutability"));
    }
    match value {
        Some(value) => object.insert(sub.name.clone(), value),
        None => object.shift_remove(&sub.name),
    };
    Ok(())
}

/// Whether an element is named by its value for ever, as members are.
pub(crate) fn named_for_ever(attribute: &Attribute) -> bool {
    attribute.multi_valued
        && attribute.sub("value").is_some_and(|value| value.mutability == Mutability::Immutable)
}

/// The id at the end of an address (RFC 7643 §2.4 `$ref`).
fn named_by(address: &Value) -> Result<String, Faults> {
    let text = address.as_str().unwrap_or_default().trim_end_matches('/');
    let id = text.rsplit('/').next().unwrap_or_default();
    if id.is_empty() { Err(fault("invalidValue")) } else { Ok(id.to_owned()) }
}
