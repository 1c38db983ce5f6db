//! One value against its attribute: type, form and what the standard ignores (RFC 7643 §2.3 to §2.5).

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Display;
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::Datelike as _;
use serde_json::Value;

use crate::json::Object;
use crate::path::shortened;
use crate::protocol::error::Error;
use crate::schema::{Attribute, Kind};
use crate::text::MAX_KEY;
use crate::{text, time};

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

/// The most values of one attribute; the members of a group are limited by the size of a body alone.
pub const MAX_VALUES: usize = 20_000;

/// The canonical forms of elements of a multi-valued attribute. Twins are one, with what was said of each.
///
/// # Errors
/// As [`canonical`]; `invalidValue` for two primary elements (RFC 7643 §2.4) and for an element that names nothing;
/// 413 for more than [`MAX_VALUES`].
pub fn canonical_elements(
    attribute: &Attribute,
    items: &[Value],
    place: &dyn Display,
) -> Result<Vec<Value>, Error> {
    if !attribute.identified() {
        few(items.len(), place)?;
    }
    let mut elements: Vec<Value> = Vec::with_capacity(items.len());
    let mut seen = HashMap::with_capacity(items.len());
    for (position, item) in items.iter().enumerate() {
        let place = format_args!("{place}[{position}]");
        if item.is_null() && attribute.identified() {
            return Err(nameless(&place));
        }
        let Some(element) = single(attribute, item, &place)? else { continue };
        match seen.entry(identity(attribute, &element)) {
            Entry::Vacant(free) => {
                free.insert(elements.len());
                elements.push(element);
            }
            Entry::Occupied(twin) => unite(&mut elements[*twin.get()], element),
        }
    }
    if elements.iter().filter(|element| is_primary(element)).count() > 1 {
        return Err(Error::invalid_value(format!("{place} has more than one primary value.")));
    }
    Ok(elements)
}

/// Checks that an attribute has no more than [`MAX_VALUES`] values.
///
/// # Errors
/// 413.
pub(crate) fn few(values: usize, place: &dyn Display) -> Result<(), Error> {
    if values > MAX_VALUES {
        let detail = format!("{place} would have {values} values: at most {MAX_VALUES} are possible.");
        return Err(Error::status(413, detail));
    }
    Ok(())
}

/// What makes an element the same as another: RFC 7643 §2.4 allows each pair of type and value once. Values are
/// compared as filters compare them.
#[must_use]
pub fn identity(attribute: &Attribute, element: &Value) -> String {
    let part = |name: &str| {
        let (sub, value) = (attribute.sub(name)?, element.get(name)?);
        Some(
            value
                .as_str()
                .map_or_else(|| Cow::Owned(value.to_string()), |text| text::comparison_form(sub, text)),
        )
    };
    match part("value") {
        Some(value) if attribute.identified() => value.into_owned(),
        // No text holds the character NUL.
        Some(value) => format!("{value}\0{}", part("type").unwrap_or_default()),
        None if attribute.sub_attributes.is_empty() => element.to_string(),
        None => {
            let telling = attribute.sub_attributes.iter().filter(|sub| sub.name != "primary");
            let parts: Vec<_> = telling.map(|sub| part(&sub.name).unwrap_or_default()).collect();
            parts.join("\0")
        }
    }
}

/// Between which two texts the identities of all elements with this value lie, given in the form in which it is compared.
pub(crate) fn identities(attribute: &Attribute, value: &str) -> Range<String> {
    let alone = attribute.identified();
    let (start, end) = if alone { ("", "\0") } else { ("\0", "\u{1}") };
    format!("{value}{start}")..format!("{value}{end}")
}

/// Takes over what is said of the same element once more; its spelling stays.
pub(crate) fn absorb(element: &mut Value, said: Value) {
    if let (Value::Object(element), Value::Object(said)) = (element, said) {
        element.extend(said.into_iter().filter(|(name, _)| name != "value" && name != "type"));
    }
}

/// Makes one element of two: primary, if one of them was.
pub(crate) fn unite(element: &mut Value, twin: Value) {
    let primary = is_primary(element) || is_primary(&twin);
    absorb(element, twin);
    if primary {
        element["primary"] = true.into();
    }
}

fn nameless(place: &dyn Display) -> Error {
    Error::invalid_value(format!("{place} has no value: name the member by its id in \"value\"."))
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
            Some(instant) if (0..=9999).contains(&instant.year()) => Value::String(time::format(instant)),
            _ => return wrong(DATE_TIME),
        },
        (kind, value) => match unfit(kind, value) {
            Some(wanted) => return wrong(wanted),
            None => value.clone(),
        },
    };
    if let (Some(pattern), Some(text)) = (&attribute.pattern, canonical.as_str())
        && !pattern.fits(text)
    {
        return wrong(&format!("text that fits the pattern {}", pattern.as_str()));
    }
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
    let mut unknown = None;
    for (name, value) in object {
        let Some(sub) = attribute.sub(name) else {
            unknown = unknown.or(Some(name).filter(|_| !value.is_null()));
            continue;
        };
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
    if attribute.sub("value").is_some() {
        take_reference(&mut canonical, place)?;
    }
    if attribute.identified() {
        let value = canonical.get("value").and_then(Value::as_str).unwrap_or_default();
        if text::fold_name(value).is_empty() {
            return Err(nameless(place));
        }
        if value.len() > MAX_KEY {
            return Err(Error::invalid_value(format!("{place}.value is too long: at most {MAX_KEY} bytes.")));
        }
    }
    match unknown {
        Some(unknown) if canonical.is_empty() => Err(nothing_known(place, unknown)),
        _ => Ok((!canonical.is_empty()).then_some(Value::Object(canonical))),
    }
}

/// The error for an object of which nothing can be taken: it must not be answered as if it had been applied.
pub(crate) fn nothing_known(place: &dyn Display, name: &str) -> Error {
    let name = shortened(name);
    Error::invalid_value(format!("{place} holds nothing that can be set: \"{name}\" is no part of it."))
}

/// Takes the address out of a complex value. It is not kept, because the server gives its own; without a value, the
/// id at its end is the value (RFC 7643 §2.4 `$ref`).
fn take_reference(object: &mut Object, place: &dyn Display) -> Result<(), Error> {
    if let Some(Value::String(reference)) = object.shift_remove("$ref")
        && !object.contains_key("value")
    {
        object.insert("value".to_owned(), referred(&reference, place)?.into());
    }
    Ok(())
}

/// The id that the address of a resource names.
///
/// # Errors
/// `invalidValue` for an address without one.
pub(crate) fn referred(address: &str, place: &dyn Display) -> Result<String, Error> {
    id_in_address(address).ok_or_else(|| {
        Error::invalid_value(format!(
            "{place}.$ref must be the address of a resource, with its id at the end."
        ))
    })
}

/// The id at the end of the address of a resource, without percent-encoding (RFC 3986 §2.1).
pub(crate) fn id_in_address(address: &str) -> Option<String> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty())?;
    let mut bytes = Vec::with_capacity(last.len());
    let mut rest = last.as_bytes();
    while let [first, behind @ ..] = rest {
        let code = behind.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let encoded = code.filter(|_| *first == b'%').and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8(bytes).ok().filter(|id| !id.contains('\0'))
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
