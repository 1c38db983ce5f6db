//! The interoperability profile (draft-zollner-scim-interop-profile): where it is narrower than the standard, or means something
//! else.

use std::sync::Arc;

use serde_json::Value;

use super::walk::{is, member, member_mut, named, operations, text};
use super::{Act, Quirk, Request, RequestKind, names};
use crate::json::Object;
use crate::path::shortened;
use crate::resource;
use crate::schema::{Attribute, ResourceType};

pub(super) const QUIRKS: &[&Quirk] = &[
    &Quirk {
        name: names::REFUSE_UNKNOWN_KEYS,
        product: "interoperability profile",
        summary: "An attribute that no schema defines is refused, not ignored.",
        evidence: "draft-zollner-scim-interop-profile",
        fixture: "own/039",
        act: Act::Refuse(unknown_keys),
    },
    &Quirk {
        name: names::PATH_REQUIRED,
        product: "interoperability profile",
        summary: "Every operation of a PATCH has a path.",
        evidence: "draft-zollner-scim-interop-profile",
        fixture: "own/040",
        act: Act::Refuse(no_path),
    },
    &Quirk {
        name: names::REPLACE_COMPLEX_WHOLE,
        product: "interoperability profile",
        summary: "replace of a complex attribute takes away the sub-attributes that it does not name.",
        evidence: "draft-zollner-scim-interop-profile",
        fixture: "own/041",
        act: Act::Rewrite(replace_whole),
    },
];

fn unknown_keys(request: &mut Request<'_>) -> Option<String> {
    let of = request.resource_type;
    let unknown = match request.kind {
        RequestKind::Create | RequestKind::Replace => in_resource(of, request.body),
        RequestKind::Patch => operations(request.body).find_map(|operation| in_operation(of, operation)),
        RequestKind::Search => None,
    };
    unknown.map(|unknown| format!("No schema of {} resources defines {unknown}.", of.name))
}

fn in_operation(of: &ResourceType, operation: &Object) -> Option<String> {
    let (path, value) = (text(operation, "path"), member(operation, "value")?);
    if path.is_empty() {
        return value.as_object().and_then(|value| in_resource(of, value));
    }
    if let Some(schema) = of.extension(path) {
        return inside(&schema.attributes, value, &schema.id);
    }
    let leaf = named(of, path)?.leaf;
    inside(&leaf.sub_attributes, value, &leaf.name).filter(|_| leaf.complex())
}

/// What in a resource no schema defines, in words.
fn in_resource(of: &ResourceType, body: &Object) -> Option<String> {
    let inner = || {
        body.iter().find_map(|(name, value)| match (of.extension(name), of.attribute(name)) {
            (Some(schema), _) => inside(&schema.attributes, value, &schema.id),
            (None, Some(attribute)) if attribute.complex() => {
                inside(&attribute.sub_attributes, value, &attribute.name)
            }
            _ => None,
        })
    };
    resource::unknown(of, body).into_iter().next().or_else(inner)
}

/// The same of a value with these attributes, or of each of several.
fn inside(attributes: &[Arc<Attribute>], value: &Value, of: &str) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| inside(attributes, item, of)),
        Value::Object(object) => object.iter().find_map(|(name, value)| {
            match attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name)) {
                Some(attribute) if attribute.complex() => {
                    inside(&attribute.sub_attributes, value, &attribute.name)
                }
                Some(_) => None,
                // Some clients repeat the list of schemas inside an extension, where it says nothing.
                None if name.eq_ignore_ascii_case("schemas") => None,
                None => Some(format!("the attribute {} of {of}", shortened(name))),
            }
        }),
        _ => None,
    }
}

fn no_path(request: &mut Request<'_>) -> Option<String> {
    let patch = request.kind == RequestKind::Patch;
    let pathless = patch && operations(request.body).any(|operation| text(operation, "path").is_empty());
    pathless.then(|| {
        "Every operation needs a \"path\" that names an attribute or an extension on this connection."
            .to_owned()
    })
}

/// What a replacement leaves out is unassigned, which null says.
fn replace_whole(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let (of, mut used) = (request.resource_type, false);
    for operation in operations(request.body).filter(|operation| is(operation, "replace")) {
        let path = text(operation, "path").to_owned();
        let Some(Value::Object(value)) = member_mut(operation, "value") else { continue };
        if let Some(schema) = of.extension(&path) {
            for attribute in &schema.attributes {
                if let Some(Value::Object(value)) = member_mut(value, &attribute.name) {
                    used |= filled(attribute, value);
                }
            }
        } else if let Some(named) = named(of, &path) {
            used |= filled(&named.leaf, value);
        }
    }
    request.used |= used;
}

/// Says null for each part of a single complex value that is not there; `true` if there was one.
fn filled(attribute: &Attribute, value: &mut Object) -> bool {
    let before = value.len();
    let whole = attribute.complex() && !attribute.multi_valued;
    for sub in attribute.sub_attributes.iter().filter(|sub| whole && !sub.read_only()) {
        if member(value, &sub.name).is_none() {
            value.insert(sub.name.clone(), Value::Null);
        }
    }
    value.len() != before
}
