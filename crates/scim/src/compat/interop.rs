//! The interoperability profile (draft-zollner-scim-interop-profile): where it is narrower than the standard, or means something
//! else.

use serde_json::Value;

use super::walk::{is, member, member_mut, named, operations, text};
use super::{Act, Quirk, Request, RequestKind, names};
use crate::resource;

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
    if !matches!(request.kind, RequestKind::Create | RequestKind::Replace) {
        return None;
    }
    let unknown = resource::unknown(request.resource_type, request.body);
    let (first, of) = (unknown.first()?, &request.resource_type.name);
    Some(format!("No schema of {of} resources defines {first}."))
}

fn no_path(request: &mut Request<'_>) -> Option<String> {
    let patch = request.kind == RequestKind::Patch;
    let pathless = patch && operations(request.body).any(|operation| text(operation, "path").is_empty());
    pathless.then(|| "Every operation needs a \"path\" on this connection.".to_owned())
}

/// What a replacement leaves out is unassigned, which null says.
fn replace_whole(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let resource_type = request.resource_type;
    for operation in operations(request.body).filter(|operation| is(operation, "replace")) {
        let Some(named) = named(resource_type, text(operation, "path")) else { continue };
        let whole = named.leaf.complex() && !named.leaf.multi_valued;
        let Some(Value::Object(value)) = member_mut(operation, "value").filter(|_| whole) else { continue };
        for sub in named.leaf.sub_attributes.iter().filter(|sub| !sub.read_only()) {
            if member(value, &sub.name).is_none() {
                value.insert(sub.name.clone(), Value::Null);
                request.used = true;
            }
        }
    }
}
