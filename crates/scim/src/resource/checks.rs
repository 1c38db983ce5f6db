//! What a document must hold, and what it must not.

use std::collections::HashSet;
use std::fmt::Display;
use std::sync::Arc;

use serde_json::Value;

use super::unique_values;
use crate::json::Object;
use crate::protocol::error::Error;
use crate::schema::{Attribute, Kind, ResourceType, Returned};
use crate::text::MAX_KEY;
use crate::{text, value};

/// Checks that every required attribute has a value (RFC 7643 §2.2), in what a client sends.
///
/// # Errors
/// `invalidValue` that names the attribute.
pub(super) fn require_all(resource_type: &ResourceType, document: &Object) -> Result<(), Error> {
    bounded(resource_type, document)?;
    let required = |attribute: &Attribute| attribute.required && !attribute.read_only();
    all_missing(resource_type, document, &required).into_iter().next().map_or(Ok(()), |it| Err(it.into()))
}

/// Checks that every required attribute has a value after a change of a stored document, which holds no value that is never
/// returned. A value that was missing before the change refuses nothing: the schema may be younger than the resource.
///
/// # Errors
/// As [`require_all`].
pub(crate) fn require(resource_type: &ResourceType, before: &Object, after: &Object) -> Result<(), Error> {
    bounded(resource_type, after)?;
    let required = |attribute: &Attribute| {
        attribute.required && !attribute.read_only() && attribute.returned != Returned::Never
    };
    let missing = all_missing(resource_type, after, &required);
    if missing.is_empty() {
        return Ok(());
    }
    let known: HashSet<String> =
        all_missing(resource_type, before, &required).into_iter().map(|it| it.path).collect();
    missing.into_iter().find(|it| !known.contains(&it.path)).map_or(Ok(()), |it| Err(it.into()))
}

/// A required value that is not there.
struct Missing {
    /// The path of the attribute, with the whole elements of lists: a changed element has another path.
    path: String,
    /// The place of the value, with the positions of elements.
    place: String,
}

impl From<Missing> for Error {
    fn from(missing: Missing) -> Self {
        Self::invalid_value(format!("{} is required.", missing.place))
    }
}

/// Takes out what is never returned: it is accepted and not kept, because it could be of no use.
pub(crate) fn forget_unreadable(resource_type: &ResourceType, document: &mut Object) {
    forget(&resource_type.schema.attributes, document);
    for extension in &resource_type.extensions {
        let uri = &extension.schema.id;
        if let Some(Value::Object(container)) = document.get_mut(uri) {
            forget(&extension.schema.attributes, container);
            if container.is_empty() {
                document.shift_remove(uri);
            }
        }
    }
}

fn forget(attributes: &[Arc<Attribute>], document: &mut Object) {
    let never = |attribute: &&Arc<Attribute>| attribute.returned == Returned::Never;
    for attribute in attributes.iter().filter(never) {
        document.shift_remove(&attribute.name);
    }
    for attribute in attributes.iter().filter(|it| it.sub_attributes.iter().any(|sub| never(&sub))) {
        match document.get_mut(&attribute.name) {
            Some(Value::Object(object)) => forget(&attribute.sub_attributes, object),
            Some(Value::Array(elements)) => {
                let objects = elements.iter_mut().filter_map(Value::as_object_mut);
                objects.for_each(|object| forget(&attribute.sub_attributes, object));
            }
            _ => {}
        }
    }
}

fn all_missing(
    resource_type: &ResourceType,
    document: &Object,
    required: &dyn Fn(&Attribute) -> bool,
) -> Vec<Missing> {
    let mut found = Vec::new();
    missing(("", ""), &resource_type.schema.attributes, document, required, &mut found);
    for extension in &resource_type.extensions {
        let uri = &extension.schema.id;
        match document.get(uri).and_then(Value::as_object) {
            Some(container) => {
                let before = format!("{uri}:");
                missing((&before, &before), &extension.schema.attributes, container, required, &mut found);
            }
            None if extension.required => found.push(Missing { path: uri.clone(), place: uri.clone() }),
            None => {}
        }
    }
    found
}

/// Checks the texts by which resources are looked up: names, what is unique, `externalId`, and values and types in lists.
fn bounded(resource_type: &ResourceType, document: &Object) -> Result<(), Error> {
    let short = |length: usize, place: &dyn Display| {
        let detail = || Error::invalid_value(format!("{place} is too long: at most {MAX_KEY} bytes."));
        if length > MAX_KEY { Err(detail()) } else { Ok(()) }
    };
    let check = |attribute: &Attribute, value: Option<&Value>, place: &dyn Display| match value
        .and_then(Value::as_str)
    {
        Some(text) => short(text::comparison_form(attribute, text).len(), place),
        _ => Ok(()),
    };
    for (place, value) in unique_values(resource_type, document) {
        short(value.len(), &place)?;
    }
    for (name, value) in document {
        let Some(attribute) = resource_type.attribute(name) else { continue };
        if matches!(name.as_str(), "displayName" | "externalId") {
            check(attribute, Some(value), &name)?;
        }
        let keys = attribute.sub_attributes.iter().filter(|sub| sub.kind == Kind::String);
        for key in keys.filter(|sub| matches!(sub.name.as_str(), "value" | "type")) {
            for element in value.as_array().into_iter().flatten() {
                check(key, element.get(&key.name), &format_args!("{name}.{}", key.name))?;
            }
        }
    }
    Ok(())
}

fn missing(
    (path, place): (&str, &str),
    attributes: &[Arc<Attribute>],
    document: &Object,
    required: &dyn Fn(&Attribute) -> bool,
    found: &mut Vec<Missing>,
) {
    for attribute in attributes.iter().filter(|attribute| required(attribute)) {
        let value = document.get(&attribute.name);
        let blank =
            |text: &str| text.trim().is_empty() || attribute.unique() && text::fold_name(text).is_empty();
        if value.is_none_or(|value| value.as_str().is_some_and(blank)) {
            let name = &attribute.name;
            found.push(Missing { path: format!("{path}{name}"), place: format!("{place}{name}") });
        }
    }
    for attribute in attributes.iter().filter(|it| it.sub_attributes.iter().any(|sub| required(sub))) {
        let (name, subs) = (&attribute.name, &attribute.sub_attributes);
        match document.get(name) {
            Some(Value::Object(object)) => {
                let (path, place) = (format!("{path}{name}."), format!("{place}{name}."));
                missing((&path, &place), subs, object, required, found);
            }
            Some(Value::Array(elements)) => {
                for (position, element) in elements.iter().enumerate() {
                    let Some(object) = element.as_object() else { continue };
                    let first = found.len();
                    let place = format!("{place}{name}[{position}].");
                    missing(("", &place), subs, object, required, found);
                    for it in &mut found[first..] {
                        it.path = format!("{path}{name}[{element}].{}", it.path);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Checks what is new in a document and would be left alone if it was stored already.
///
/// # Errors
/// `invalidValue` for a user name with invisible characters, 413 for an attribute with too many values.
pub(crate) fn check_new(
    resource_type: &ResourceType,
    stored: Option<&Object>,
    document: &Object,
) -> Result<(), Error> {
    let was = |name: &str| stored.and_then(|stored| stored.get(name));
    for (name, value) in document {
        let Some(attribute) = resource_type.attribute(name).filter(|_| was(name) != Some(value)) else {
            continue;
        };
        if attribute.unique()
            && let Some(unseen) = value.as_str().and_then(text::invisible)
        {
            let code = u32::from(unseen);
            return Err(Error::invalid_value(format!(
                "{name} holds the invisible character U+{code:04X}: leave it out."
            )));
        }
        let values = value.as_array().map_or(0, Vec::len);
        if !attribute.identified() && values > was(name).and_then(Value::as_array).map_or(0, Vec::len) {
            value::few(values, name)?;
        }
    }
    Ok(())
}

/// Checks values whose form the standard describes only in words: e-mail addresses and locales (RFC 7643 §4.1). What is
/// stored already may stay.
///
/// # Errors
/// `invalidValue` that names the attribute.
pub fn check_formats(stored: Option<&Object>, document: &Object) -> Result<(), Error> {
    let new = |name: &str| {
        document.get(name).filter(|value| stored.and_then(|stored| stored.get(name)) != Some(value))
    };
    for (position, email) in new("emails").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let value = email.get("value").and_then(Value::as_str);
        if value.is_some_and(|value| !value.contains('@') || value.contains(char::is_whitespace)) {
            return Err(Error::invalid_value(format!("emails[{position}].value must be an e-mail address.")));
        }
    }
    if new("locale").and_then(Value::as_str).is_some_and(|locale| locale.contains(char::is_whitespace)) {
        return Err(Error::invalid_value("locale must be a language tag such as en-US."));
    }
    Ok(())
}
