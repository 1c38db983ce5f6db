//! One value against its attribute: type, form and what the standard ignores (RFC 7643 §2.3 to §2.5).

use std::fmt::Display;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use crate::json::Object;
use crate::protocol::error::Error;
use crate::schema::{Attribute, Kind};
use crate::text::MAX_KEY;
use crate::time;

/// Binary values come with or without padding (RFC 7643 §2.3.6).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The canonical form of what a client sent for an attribute, or `None` when that means "not assigned".
///
/// Names take the schema's spelling, unknown and read-only sub-attributes are left out, elements that say the
/// same are kept once. `place` names the attribute in errors, and is written out for them alone.
///
/// # Errors
/// `invalidValue` for a wrong type or form, `invalidSyntax` for a member that stands twice.
pub fn canonical(attribute: &Attribute, value: &Value, place: &dyn Display) -> Result<Option<Value>, Error> {
    if !attribute.multi_valued {
        return single(attribute, value, place);
    }
    match value {
        Value::Null => Ok(None),
        Value::Array(items) => {
            let elements = canonical_elements(attribute, items, place)?;
            Ok((!elements.is_empty()).then_some(Value::Array(elements)))
        }
        _ => Err(Error::invalid_value(format!("{place} must be an array."))),
    }
}

/// The canonical forms of elements of a multi-valued attribute, each kept once.
///
/// # Errors
/// As [`canonical`], and `invalidValue` for two primary elements (RFC 7643 §2.4).
pub fn canonical_elements(
    attribute: &Attribute,
    items: &[Value],
    place: &dyn Display,
) -> Result<Vec<Value>, Error> {
    let mut elements = Vec::with_capacity(items.len());
    let mut seen = std::collections::HashSet::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let element = single(attribute, item, &format_args!("{place}[{position}]"))?;
        if attribute.identified() {
            named(element.as_ref(), &format_args!("{place}[{position}]"))?;
        }
        if let Some(element) = element
            && seen.insert(identity(&element))
        {
            elements.push(element);
        }
    }
    if elements.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err(Error::invalid_value(format!("{place} has more than one primary value.")));
    }
    Ok(elements)
}

/// Checks an element that is told apart by its `value` alone, such as a member of a group (RFC 7643 §4.2): without one it
/// stands for nothing, and to take it for nothing would lose what the client meant.
fn named(element: Option<&Value>, place: &dyn Display) -> Result<(), Error> {
    let value = element.and_then(|element| element.get("value")).and_then(Value::as_str);
    match value {
        Some(value) if value.len() > MAX_KEY => {
            Err(Error::invalid_value(format!("{place}.value is too long: at most {MAX_KEY} bytes.")))
        }
        Some(value) if !value.trim().is_empty() => Ok(()),
        _ => Err(Error::invalid_value(format!("{place} needs a value: the id of a user or group."))),
    }
}

/// What makes an element the same as another: RFC 7643 §2.4 allows each pair of type and value once.
#[must_use]
pub fn identity(element: &Value) -> String {
    match (element.get("value"), element.get("type")) {
        (None, _) => element.to_string(),
        (Some(value), None) => value.to_string(),
        (Some(value), Some(kind)) => format!("{value} {kind}"),
    }
}

/// Whether the element says that it is the primary one.
#[must_use]
pub fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// The canonical form of one value, whether or not the attribute is multi-valued.
///
/// # Errors
/// As [`canonical`].
pub fn single(attribute: &Attribute, value: &Value, place: &dyn Display) -> Result<Option<Value>, Error> {
    if value.is_null() {
        return Ok(None);
    }
    let wrong = |wanted: &str| Err(Error::invalid_value(format!("{place} must be {wanted}.")));
    let canonical = match (attribute.kind, value) {
        (Kind::Complex, Value::Object(object)) => return complex(attribute, object, place),
        (Kind::Complex, _) => return wrong("an object"),
        (Kind::DateTime, Value::String(text)) => match time::parse(text) {
            Some(instant) => Value::String(time::format(instant)),
            None => return wrong(DATE_TIME),
        },
        (kind, value) => match unfit(kind, value) {
            Some(wanted) => return wrong(wanted),
            None => value.clone(),
        },
    };
    Ok(Some(canonical))
}

const DATE_TIME: &str = "a date and time such as \"2011-05-13T04:42:34Z\"";

/// What a value of this type would be, when the one given is none.
fn unfit(kind: Kind, value: &Value) -> Option<&'static str> {
    let (fits, wanted) = match (kind, value) {
        (Kind::Boolean, value) => (value.is_boolean(), "true or false"),
        (Kind::Integer, value) => {
            (value.is_i64() || value.is_u64(), "a whole number without fraction or exponent")
        }
        (Kind::Decimal, value) => (value.is_number(), "a number"),
        (Kind::String, Value::String(text)) => (!text.contains('\0'), "text without NUL characters"),
        (Kind::String, _) => (false, "a string"),
        (Kind::Binary, value) => {
            (value.as_str().is_some_and(|text| BASE64.decode(text).is_ok()), "base64 text")
        }
        (Kind::Reference, value) => (value.as_str().is_some_and(reference), "a URI"),
        (Kind::DateTime, _) => (false, DATE_TIME),
        (Kind::Complex, _) => (false, "an object"),
    };
    (!fits).then_some(wanted)
}

fn complex(attribute: &Attribute, object: &Object, place: &dyn Display) -> Result<Option<Value>, Error> {
    let mut canonical = Object::new();
    for (name, value) in object {
        let Some(sub) = attribute.sub(name) else { continue };
        if sub.read_only() {
            continue;
        }
        let name = &sub.name;
        if canonical.contains_key(name) {
            return Err(Error::invalid_syntax(format!("{place}.{name} stands twice.")));
        }
        if let Some(value) = self::canonical(sub, value, &format_args!("{place}.{name}"))? {
            canonical.insert(name.clone(), value);
        }
    }
    take_reference(&mut canonical);
    Ok((!canonical.is_empty()).then_some(Value::Object(canonical)))
}

/// Takes the address out of a complex value. It is not kept, because the server gives its own; without a value, the
/// id at its end is the value (RFC 7643 §2.4 `$ref`).
pub(crate) fn take_reference(object: &mut Object) {
    let Some(Value::String(reference)) = object.shift_remove("$ref") else { return };
    if let Some(id) = id_in_address(&reference).filter(|_| !object.contains_key("value")) {
        object.insert("value".to_owned(), id.into());
    }
}

/// The id at the end of the address of a resource.
pub(crate) fn id_in_address(address: &str) -> Option<&str> {
    address.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty())
}

/// Whether the text can be a URI reference (RFC 3986 §4.1): no blanks, quotes or brackets out of place.
fn reference(text: &str) -> bool {
    let legal = |c: char| !c.is_control() && !c.is_whitespace() && !"<>\"{}|\\^`".contains(c);
    if !text.chars().all(legal) {
        return false;
    }
    // Square brackets only enclose an IP literal behind "//".
    match text.find(['[', ']']) {
        None => true,
        Some(open) => {
            let authority = text.split_once("//").map_or("", |(_, rest)| rest);
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            text[open..].starts_with('[')
                && host.starts_with('[')
                && host.find(']').is_some_and(|close| close > 1 && !host[close + 1..].contains(['[', ']']))
        }
    }
}
