//! The quirk for keys and paths that no schema has: they are ignored and recorded.

use std::sync::Arc;

use scim_filter_parser::{Lenience, parse_path_with};
use serde_json::{Value, json};

use super::walk::{as_object, member_mut, named, operations, text};
use super::{Request, RequestKind};
use crate::json::Object;
use crate::path::{Located, locate, shortened};
use crate::schema::{Attribute, ResourceType};

pub(super) fn unknown_keys(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let (resource_type, bare) = (request.resource_type, request.bare_extensions);
    let mut ignored = Vec::new();
    for operation in operations(request.body) {
        let path = text(operation, "path").to_owned();
        let emptied = if !path.is_empty() && unknown_path(resource_type, &path, bare) {
            ignored.push(format!("the attribute {}", shortened(&path)));
            true
        } else if let Some(value) = member_mut(operation, "value") {
            prune_value(resource_type, &path, value, bare, &mut ignored)
        } else {
            false
        };
        if emptied {
            // An operation that does nothing keeps its place.
            *operation = as_object(json!({ "op": "replace", "value": {} }));
        }
    }
    request.used |= !ignored.is_empty();
    request.ignored = ignored;
}

/// Whether a path names an attribute or sub-attribute that no schema has. What is no path at all stays, and is refused.
fn unknown_path(resource_type: &ResourceType, path: &str, bare: bool) -> bool {
    let Ok((path, _)) = parse_path_with(path, Lenience::ALL) else { return false };
    match locate(resource_type, &path.attribute, bare) {
        Ok((Located::Attribute(found), _)) => {
            path.sub.is_some_and(|sub| found.attribute.complex() && found.attribute.sub(&sub).is_none())
        }
        Ok((Located::Extension(_), _)) => false,
        Err(_) => !resource_type.knows(&path.attribute.to_string()),
    }
}

/// Takes unknown keys out of the value of an operation; `true` when only such keys were in it.
fn prune_value(
    resource_type: &ResourceType,
    path: &str,
    value: &mut Value,
    bare: bool,
    ignored: &mut Vec<String>,
) -> bool {
    if path.is_empty() || resource_type.schema.id.eq_ignore_ascii_case(path) {
        if let Value::Object(value) = value {
            prune_resource(resource_type, value, bare, ignored);
        }
        return false;
    }
    if let Some(schema) = resource_type.extension(path) {
        return prune(&schema.attributes, value, &schema.id, ignored);
    }
    let leaf = named(resource_type, path).map(|named| named.leaf);
    leaf.filter(|leaf| leaf.complex() && !leaf.multi_valued)
        .is_some_and(|leaf| prune(&leaf.sub_attributes, value, &leaf.name, ignored))
}

/// Whether a key of a value names something of the resource type.
fn known(resource_type: &ResourceType, name: &str, bare: bool) -> bool {
    resource_type.attribute(name).is_some()
        || resource_type.extension(name).is_some()
        || (bare || name.contains([':', '.', '['])) && named(resource_type, name).is_some()
}

fn prune_resource(resource_type: &ResourceType, value: &mut Object, bare: bool, ignored: &mut Vec<String>) {
    value.retain(|name, value| {
        if let Some(schema) = resource_type.extension(name) {
            return !prune(&schema.attributes, value, &schema.id, ignored);
        }
        if let Some(attribute) = resource_type.attribute(name) {
            return attribute.multi_valued
                || !attribute.complex()
                || !prune(&attribute.sub_attributes, value, &attribute.name, ignored);
        }
        let known = known(resource_type, name, bare);
        if !known {
            ignored.push(format!("the attribute {}", shortened(name)));
        }
        known
    });
}

/// Takes unknown keys out of an object; `true` when only such keys were in it.
fn prune(attributes: &[Arc<Attribute>], value: &mut Value, of: &str, ignored: &mut Vec<String>) -> bool {
    let Value::Object(object) = value else { return false };
    let before = object.len();
    object.retain(|name, _| {
        name.eq_ignore_ascii_case("schemas")
            || attributes.iter().any(|attribute| attribute.name.eq_ignore_ascii_case(name))
    });
    let pruned = object.len() != before;
    if pruned {
        ignored.push(format!("unknown attributes of {of}"));
    }
    pruned && object.is_empty()
}
