//! Ways through a request body that the quirks share.

use std::sync::Arc;

use scim_filter_parser::{Lenience, parse_path_with};
use serde_json::Value;

use super::{Request, RequestKind};
use crate::json::Object;
pub(super) use crate::json::member;
use crate::path::{Located, locate};
use crate::schema::{Attribute, ResourceType};

/// The member of this name, ignoring case.
pub(super) fn member_mut<'o>(object: &'o mut Object, name: &str) -> Option<&'o mut Value> {
    object.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The operations of a PATCH message, each an object.
pub(super) fn operations(body: &mut Object) -> impl Iterator<Item = &mut Object> {
    let list = member_mut(body, "Operations").and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// The text of a member of an operation.
pub(super) fn text<'o>(operation: &'o Object, name: &str) -> &'o str {
    member(operation, name).and_then(Value::as_str).unwrap_or("")
}

/// Whether the operation is of this kind, in any case.
pub(super) fn is(operation: &Object, op: &str) -> bool {
    text(operation, "op").eq_ignore_ascii_case(op)
}

/// The object that a literal is.
pub(super) fn as_object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// What the path of an operation names, and whether it has a filter.
pub(super) struct Named {
    /// The attribute that the value of the operation is for: the sub-attribute, if the path goes so deep.
    pub(super) leaf: Arc<Attribute>,
    /// Whether the value is one element and not the whole list.
    pub(super) element: bool,
}

/// The attribute that the path of an operation names.
pub(super) fn named(resource_type: &ResourceType, path: &str) -> Option<Named> {
    let (path, _) = parse_path_with(path, Lenience::ALL).ok()?;
    let (Located::Attribute(found), _) = locate(resource_type, &path.attribute, true).ok()? else {
        return None;
    };
    let sub = match &path.sub {
        Some(name) => Some(Arc::clone(found.attribute.sub(name)?)),
        None => found.sub,
    };
    let element = path.filter.is_some() || sub.is_some();
    Some(Named { leaf: sub.unwrap_or(found.attribute), element })
}

/// Visits every value of a request for which the schema has an attribute: each member of a body, each value of
/// an operation. The visitor gets the attribute and the value as sent; `true` says that it changed something.
pub(super) fn values(request: &mut Request<'_>, visit: &mut dyn FnMut(&Attribute, &mut Value) -> bool) {
    let resource_type = request.resource_type;
    if request.kind != RequestKind::Patch {
        request.used |= in_resource(resource_type, request.body, visit);
        return;
    }
    for operation in operations(request.body) {
        let path = text(operation, "path").to_owned();
        let Some(value) = member_mut(operation, "value") else { continue };
        let changed = if path.is_empty() {
            value.as_object_mut().is_some_and(|object| in_resource(resource_type, object, visit))
        } else if let Some(schema) = resource_type.extension(&path) {
            value.as_object_mut().is_some_and(|object| in_object(&schema.attributes, object, visit))
        } else {
            named(resource_type, &path).is_some_and(|named| in_value(&named.leaf, value, visit))
        };
        request.used |= changed;
    }
}

fn in_resource(
    resource_type: &ResourceType,
    object: &mut Object,
    visit: &mut dyn FnMut(&Attribute, &mut Value) -> bool,
) -> bool {
    let mut changed = false;
    for (name, value) in object {
        if let Some(schema) = resource_type.extension(name) {
            if let Some(container) = value.as_object_mut() {
                changed |= in_object(&schema.attributes, container, visit);
            }
        } else if let Some(attribute) = resource_type.attribute(name) {
            changed |= in_value(attribute, value, visit);
        } else if let Some(named) = named(resource_type, name) {
            changed |= in_value(&named.leaf, value, visit);
        }
    }
    changed
}

fn in_object(
    attributes: &[Arc<Attribute>],
    object: &mut Object,
    visit: &mut dyn FnMut(&Attribute, &mut Value) -> bool,
) -> bool {
    let mut changed = false;
    for (name, value) in object {
        if let Some(attribute) = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
        {
            changed |= in_value(attribute, value, visit);
        }
    }
    changed
}

/// Visits a value, then its elements, then its sub-attributes.
fn in_value(
    attribute: &Attribute,
    value: &mut Value,
    visit: &mut dyn FnMut(&Attribute, &mut Value) -> bool,
) -> bool {
    let mut changed = visit(attribute, value);
    match value {
        Value::Array(items) => {
            for item in items {
                changed |= in_value(attribute, item, visit);
            }
        }
        Value::Object(object) => changed |= in_object(&attribute.sub_attributes, object, visit),
        _ => {}
    }
    changed
}
