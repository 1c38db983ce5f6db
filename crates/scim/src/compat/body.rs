//! Quirks of values and schemas, in bodies of POST and PUT and in the values of PATCH.

use serde_json::{Value, json};

use super::walk::{member, member_mut, values};
use super::{Act, Quirk, Request, RequestKind};
use crate::filter::boolean;
use crate::json::Object;
use crate::path::shortened;
use crate::schema::{Kind, Mutability};

pub(super) const QUIRKS: &[&Quirk] = &[
    &Quirk {
        name: "missing-schemas",
        product: "several",
        summary: "Requests come without schemas; the endpoint says which are meant.",
        evidence: "libraries and hand-written templates",
        fixture: "own/036",
        act: Act::Rewrite(missing_schemas),
    },
    &Quirk {
        name: "unknown-schemas",
        product: "Microsoft Entra ID, OneLogin, Okta",
        summary: "schemas lists URIs that are not ours; they and their objects are ignored.",
        evidence: "the documented extra URI of groups; templates with the URIs of SCIM 1",
        fixture: "entra/101",
        act: Act::Rewrite(unknown_schemas),
    },
    &Quirk {
        name: "boolean-strings",
        product: "Microsoft Entra ID, OneLogin",
        summary: "Booleans come as \"True\" and \"False\".",
        evidence: "the documented behaviour without the product's feature flag; templates that quote placeholders",
        fixture: "entra/043",
        act: Act::Rewrite(boolean_strings),
    },
    &Quirk {
        name: "json-in-strings",
        product: "Microsoft Entra ID",
        summary: "Values of roles are JSON documents in strings.",
        evidence: "the documented AppRoleAssignmentsComplex expression",
        fixture: "own/009",
        act: Act::Rewrite(json_in_strings),
    },
    &Quirk {
        name: "complex-from-string",
        product: "Microsoft Entra ID",
        summary: "A manager is sent as the bare identifier.",
        evidence: "captured updates of managers",
        fixture: "entra/059",
        act: Act::Rewrite(complex_from_string),
    },
    &Quirk {
        name: "member-strings",
        product: "Microsoft Entra ID",
        summary: "Members are sent as bare identifiers.",
        evidence: "a request collection of the product's documentation",
        fixture: "entra/125",
        act: Act::Rewrite(member_strings),
    },
    &Quirk {
        name: "manager-id",
        product: "OneLogin",
        summary: "A manager has SCIM 1's managerId instead of value.",
        evidence: "a template of an administrator",
        fixture: "onelogin/004",
        act: Act::Rewrite(manager_id),
    },
    &Quirk {
        name: "single-object",
        product: "OneLogin",
        summary: "A list of one comes as the object alone.",
        evidence: "a library has handled it for years",
        fixture: "onelogin/008",
        act: Act::Rewrite(single_object),
    },
    &Quirk {
        name: "list-of-one",
        product: "several",
        summary: "A single complex value comes as a list of one.",
        evidence: "libraries that read every complex attribute as a list",
        fixture: "own/031",
        act: Act::Rewrite(list_of_one),
    },
    &Quirk {
        name: "search-attributes-string",
        product: "several",
        summary: "A search names its attributes in one string, with commas between them, as a URL does.",
        evidence: "libraries that send the parameters of a URL as a search message",
        fixture: "own/038",
        act: Act::Rewrite(search_attributes_string),
    },
    &Quirk {
        name: "empty-string-unassigns",
        product: "Okta, OneLogin, Microsoft Entra ID",
        summary: "An empty string means that there is no value.",
        evidence: "mappings and templates whose source is empty; the gallery test that clears a manager",
        fixture: "okta/022",
        act: Act::Rewrite(empty_string_unassigns),
    },
];

fn search_attributes_string(request: &mut Request<'_>) {
    if request.kind != RequestKind::Search {
        return;
    }
    for name in ["attributes", "excludedAttributes"] {
        let Some(value) = member_mut(request.body, name) else { continue };
        if let Some(text) = value.as_str() {
            *value = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            request.used = true;
        }
    }
}

fn missing_schemas(request: &mut Request<'_>) {
    let schema = match request.kind {
        RequestKind::Create | RequestKind::Replace => request.resource_type.schema.id.as_str(),
        RequestKind::Patch => crate::patch::SCHEMA,
        RequestKind::Search => crate::protocol::search::SCHEMA,
    };
    if member(request.body, "schemas").is_none_or(Value::is_null) {
        request.body.insert("schemas".to_owned(), json!([schema]));
        request.used = true;
    }
}

fn unknown_schemas(request: &mut Request<'_>) {
    if !matches!(request.kind, RequestKind::Create | RequestKind::Replace) {
        return;
    }
    let resource_type = request.resource_type;
    if let Some(Value::Array(uris)) = member_mut(request.body, "schemas") {
        let mut ignored = Vec::new();
        uris.retain(|uri| {
            let known = uri.as_str().is_none_or(|uri| resource_type.knows(uri));
            if !known {
                ignored.push(format!("the schema {}", shortened(uri.as_str().unwrap_or_default())));
            }
            known
        });
        let core = &resource_type.schema.id;
        let has_core = uris.iter().any(|uri| uri.as_str().is_some_and(|uri| core.eq_ignore_ascii_case(uri)));
        if !ignored.is_empty() && !has_core {
            uris.push(core.as_str().into());
        }
        request.used |= !ignored.is_empty();
        request.ignored.append(&mut ignored);
    }
    let mut ignored = Vec::new();
    request.body.retain(|name, _| {
        let foreign = name.contains(':') && !resource_type.knows(name);
        if foreign {
            ignored.push(format!("the extension {}", shortened(name)));
        }
        !foreign
    });
    request.used |= !ignored.is_empty();
    request.ignored.append(&mut ignored);
}

fn boolean_strings(request: &mut Request<'_>) {
    values(request, &mut |attribute, value| {
        let meant = value.as_str().filter(|_| attribute.kind == Kind::Boolean).and_then(boolean);
        if let Some(meant) = meant {
            *value = meant.into();
        }
        meant.is_some()
    });
}

fn json_in_strings(request: &mut Request<'_>) {
    values(request, &mut |attribute, value| {
        if !attribute.complex() {
            return false;
        }
        // The document stands in place of the element, or of the element's value.
        let text = value.as_str().or_else(|| value.get("value").and_then(Value::as_str));
        let text = text.filter(|text| text.trim_start().starts_with('{'));
        let Some(Ok(Value::Object(mut document))) = text.map(|text| crate::json::parse(text.as_bytes()))
        else {
            return false;
        };
        if let Some(name) = document.shift_remove("displayName")
            && attribute.sub("display").is_some()
        {
            document.entry("display").or_insert(name);
        }
        *value = Value::Object(document);
        true
    });
}

fn complex_from_string(request: &mut Request<'_>) {
    values(request, &mut |attribute, value| {
        if !attribute.complex()
            || attribute.multi_valued
            || attribute.sub("value").is_none()
            || !value.is_string()
        {
            return false;
        }
        *value = if value.as_str() == Some("") { Value::Null } else { json!({ "value": value.take() }) };
        true
    });
    adds_of_nothing(request);
}

fn member_strings(request: &mut Request<'_>) {
    values(request, &mut |attribute, value| {
        let Value::Array(items) = value else { return false };
        let mut found = false;
        if attribute.name == "members" {
            for item in items.iter_mut().filter(|item| item.is_string()) {
                *item = json!({ "value": item.take() });
                found = true;
            }
        }
        found
    });
}

fn manager_id(request: &mut Request<'_>) {
    values(request, &mut |attribute, value| {
        let Some(manager) = value.as_object_mut().filter(|_| attribute.name == "manager") else {
            return false;
        };
        match manager.shift_remove("managerId") {
            Some(id) if !manager.contains_key("value") => {
                manager.insert("value".to_owned(), id);
                true
            }
            removed => removed.is_some(),
        }
    });
}

fn single_object(request: &mut Request<'_>) {
    let patch = request.kind == RequestKind::Patch;
    let resource_type = request.resource_type;
    let wrap = |object: &mut Object| {
        let mut found = false;
        for (name, value) in object {
            let multi = resource_type.attribute(name).is_some_and(|attribute| attribute.multi_valued);
            if multi && value.is_object() {
                *value = json!([value.take()]);
                found = true;
            }
        }
        found
    };
    if !patch {
        request.used |= wrap(request.body);
        return;
    }
    for operation in super::walk::operations(request.body) {
        let path = super::walk::text(operation, "path").to_owned();
        let Some(value) = member_mut(operation, "value") else { continue };
        if path.is_empty() {
            request.used |= value.as_object_mut().is_some_and(wrap);
        } else if value.is_object()
            && super::walk::named(resource_type, &path)
                .is_some_and(|named| named.leaf.multi_valued && !named.element)
        {
            *value = json!([value.take()]);
            request.used = true;
        }
    }
}

fn list_of_one(request: &mut Request<'_>) {
    values(request, &mut |attribute, value| {
        let single = attribute.complex() && !attribute.multi_valued;
        match value.as_array_mut().filter(|_| single).map(Vec::as_mut_slice) {
            Some([one]) if one.is_object() => {
                *value = one.take();
                true
            }
            _ => false,
        }
    });
}

fn empty_string_unassigns(request: &mut Request<'_>) {
    values(request, &mut |attribute, value| {
        // An empty switch decides nothing about a person's access: it stays, and is refused.
        let kept = matches!(attribute.kind, Kind::Complex | Kind::Boolean)
            || attribute.mutability == Mutability::Immutable;
        match value {
            Value::String(text) if text.is_empty() => {
                let unassigned = !attribute.multi_valued && !attribute.required && !kept;
                if unassigned {
                    *value = Value::Null;
                }
                unassigned
            }
            // An element of which nothing is left says nothing. A member is never dropped: it is refused.
            Value::Array(items) if attribute.complex() && !attribute.identified() => {
                let before = items.len();
                items.retain(|item| !blank(item));
                items.len() != before
            }
            _ => false,
        }
    });
    adds_of_nothing(request);
}

/// Whether an element holds nothing but empty text, and some of that.
fn blank(element: &Value) -> bool {
    let empty = |value: &Value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    let text = |value: &Value| value.is_string();
    element.as_object().is_some_and(|object| object.values().all(empty) && object.values().any(text))
}

/// An `add` of what turned out to be nothing is a `replace` by nothing.
fn adds_of_nothing(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch || !request.used {
        return;
    }
    for operation in super::walk::operations(request.body) {
        if super::walk::is(operation, "add") && member(operation, "value").is_some_and(Value::is_null) {
            operation.insert("op".to_owned(), "replace".into());
        }
    }
}
