//! Attributes that are named with their schema's URI (RFC 7644 §3.10), put where they belong.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use super::mentions;
use crate::json::Object;
use crate::path::shortened;
use crate::protocol::error::Error;
use crate::schema::{ResourceType, Schema};

/// Where a member of a body belongs.
enum Place<'t, 'n> {
    /// Where it stands.
    Here,
    /// It holds core attributes, as an extension would hold its own.
    Core,
    /// It is this core attribute.
    CoreAttribute(&'n str),
    /// It is this attribute of an extension.
    Extension(&'t Schema, &'n str),
}

/// A body in which core attributes that stand under the URI of their schema, and attributes of any schema that stand
/// behind its URI and a colon, stand where they belong.
///
/// # Errors
/// `invalidSyntax` for an attribute that stands twice, `invalidValue` for a container that is no object.
pub fn hoisted<'o>(resource_type: &ResourceType, body: &'o Object) -> Result<Cow<'o, Object>, Error> {
    if body.keys().all(|name| matches!(place(resource_type, name), Place::Here)) {
        return Ok(Cow::Borrowed(body));
    }
    let mut settled = Object::with_capacity(body.len());
    let mut names = HashSet::with_capacity(body.len());
    let mut put = |name: &str, value: &Value| {
        settled.insert(name.to_owned(), value.clone());
        if names.insert(name.to_ascii_lowercase()) { Ok(()) } else { Err(twice(name)) }
    };
    let mut extended = Vec::new();
    for (name, value) in body {
        match (place(resource_type, name), value) {
            (Place::Here, _) => put(name, value)?,
            (Place::CoreAttribute(name), _) => put(name, value)?,
            (Place::Core, Value::Object(inner)) => {
                inner.iter().try_for_each(|(name, value)| put(name, value))?;
            }
            (Place::Core, Value::Null) => {}
            (Place::Core, _) => return Err(no_object(name)),
            (Place::Extension(schema, name), _) => extended.push((schema, name, value)),
        }
    }
    for (schema, name, value) in extended {
        extend(&mut settled, schema, name, value)?;
    }
    Ok(Cow::Owned(settled))
}

fn place<'t, 'n>(resource_type: &'t ResourceType, name: &'n str) -> Place<'t, 'n> {
    let core = &resource_type.schema;
    if name.eq_ignore_ascii_case(&core.id) {
        return Place::Core;
    }
    if let Some(name) = behind(core, name).filter(|name| resource_type.attribute(name).is_some()) {
        return Place::CoreAttribute(name);
    }
    let mut extensions = resource_type.extensions.iter().map(|extension| &extension.schema);
    let found = extensions.find_map(|schema| {
        Some((schema, behind(schema, name).filter(|name| schema.attribute(name).is_some())?))
    });
    found.map_or(Place::Here, |(schema, name)| Place::Extension(schema, name))
}

/// What stands behind the URI of the schema and a colon.
fn behind<'n>(schema: &Schema, name: &'n str) -> Option<&'n str> {
    let (uri, rest) = (name.get(..schema.id.len())?, &name[schema.id.len()..]);
    rest.strip_prefix(':').filter(|_| uri.eq_ignore_ascii_case(&schema.id))
}

/// Puts an attribute into the container of its extension.
fn extend(body: &mut Object, schema: &Schema, name: &str, value: &Value) -> Result<(), Error> {
    let uri = body.keys().find(|key| key.eq_ignore_ascii_case(&schema.id)).unwrap_or(&schema.id).clone();
    let container = body.entry(uri).or_insert(Value::Null);
    if container.is_null() {
        *container = Value::Object(Object::new());
    }
    let container = container.as_object_mut().ok_or_else(|| no_object(&schema.id))?;
    if mentions(container)(name) {
        return Err(twice(name));
    }
    container.insert(name.to_owned(), value.clone());
    Ok(())
}

fn twice(name: &str) -> Error {
    Error::invalid_syntax(format!("{} stands twice.", shortened(name)))
}

fn no_object(name: &str) -> Error {
    Error::invalid_value(format!("{} must be an object.", shortened(name)))
}
