//! Quirks of PATCH messages.

use scim_filter_parser::{CompareOp, CompareValue, Filter, Lenience, parse_path_with};
use serde_json::{Value, json};

use super::removal::remove_with_value;
use super::unknown::unknown_keys;
use super::walk::{as_object, is, member, member_mut, named, operations, text, values};
use super::{Act, Quirk, Request, RequestKind};
use crate::json::Object;
use crate::schema::ResourceType;

pub(super) const QUIRKS: &[&Quirk] = &[
    &Quirk {
        name: "operation-case",
        product: "Microsoft Entra ID",
        summary: "Operations are called Add, Replace and Remove.",
        evidence: "the documented behaviour without the product's feature flag",
        fixture: "entra/040",
        act: Act::Rewrite(operation_case),
    },
    &Quirk {
        name: "dotted-keys",
        product: "Microsoft Entra ID, Okta",
        summary: "Without a path, the keys of value are paths such as name.givenName.",
        evidence: "the documented behaviour with the product's feature flag",
        fixture: "own/004",
        act: Act::Rewrite(dotted_keys),
    },
    &Quirk {
        name: "read-only-keys",
        product: "Okta, authentik",
        summary: "Without a path, value also holds id, schemas or meta; they are ignored.",
        evidence: "the rename that goes with every change of members; source code",
        fixture: "authentik/007",
        act: Act::Rewrite(read_only_keys),
    },
    &Quirk {
        name: "unknown-keys",
        product: "Microsoft Entra ID, Okta",
        summary: "Without a path, value holds attributes that no schema has; they are ignored and recorded.",
        evidence: "mappings to attributes of other applications",
        fixture: "own/034",
        act: Act::Rewrite(unknown_keys),
    },
    &Quirk {
        name: "add-at-member-filter",
        product: "Microsoft Entra ID",
        summary: "add at members[value eq \"id\"] without a value adds that member.",
        evidence: "another server accepts it for its clients",
        fixture: "entra/124",
        act: Act::Rewrite(add_at_member_filter),
    },
    &Quirk {
        name: "remove-with-value",
        product: "Microsoft Entra ID, authentik, JumpCloud",
        summary: "remove with the path members and a list removes those listed, never the others.",
        evidence: "the documented removal of members; by the letter it would empty the group",
        fixture: "entra/117",
        act: Act::Rewrite(remove_with_value),
    },
    &Quirk {
        name: "clear-is-remove",
        product: "Microsoft Entra ID, Okta, OneLogin, JumpCloud",
        summary: "Clearing an element that is not there, such as phoneNumbers[type eq \"mobile\"].value, changes nothing.",
        evidence: "mappings whose source is empty are sent whether or not there was a value",
        fixture: "own/030",
        act: Act::Rewrite(clear_is_remove),
    },
    &Quirk {
        name: "remove-value-ignored",
        product: "Microsoft Entra ID",
        summary: "remove at emails[type eq \"work\"].value also carries the old value, which says nothing new.",
        evidence: "a change to the product's reference code",
        fixture: "own/010",
        act: Act::Rewrite(remove_value_ignored),
    },
    &Quirk {
        name: "replace-members-adds",
        product: "Microsoft Entra ID",
        summary: "replace of members with values adds them; removals come separately.",
        evidence: "reports of groups that lost all members but the last one pushed",
        fixture: "own/001",
        act: Act::Rewrite(replace_members_adds),
    },
];

fn operation_case(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let mut used = false;
    for operation in operations(request.body) {
        if let Some(Value::String(op)) = member_mut(operation, "op") {
            let lower = op.to_ascii_lowercase();
            used |= lower != *op && matches!(lower.as_str(), "add" | "remove" | "replace");
            *op = lower;
        }
    }
    request.used = used;
}

/// Visits the value of each operation without a path, as the attributes of a resource.
fn pathless(request: &mut Request<'_>, mut each: impl FnMut(&mut Object) -> bool) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let mut used = false;
    for operation in operations(request.body) {
        if text(operation, "path").is_empty()
            && let Some(Value::Object(value)) = member_mut(operation, "value")
        {
            used |= each(value);
        }
    }
    request.used |= used;
}

fn dotted_keys(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let resource_type = request.resource_type;
    let Some(Value::Array(list)) = member_mut(request.body, "Operations") else { return };
    let mut rewritten = Vec::with_capacity(list.len());
    let mut used = false;
    for mut operation in list.drain(..) {
        let mut split = Vec::new();
        if let Value::Object(operation) = &mut operation
            && text(operation, "path").is_empty()
        {
            let op = text(operation, "op").to_owned();
            if let Some(Value::Object(value)) = member_mut(operation, "value") {
                let (paths, plain): (Vec<_>, Vec<_>) =
                    std::mem::take(value).into_iter().partition(|(key, _)| is_path(resource_type, key));
                value.extend(plain);
                split.extend(
                    paths.into_iter().map(|(path, value)| json!({ "op": op, "path": path, "value": value })),
                );
            }
        }
        used |= !split.is_empty();
        let emptied = !split.is_empty() && operation["value"].as_object().is_some_and(Object::is_empty);
        if !emptied {
            rewritten.push(operation);
        }
        rewritten.append(&mut split);
    }
    *list = rewritten;
    request.used = used;
}

/// Whether a key is a path deeper than an attribute's name, to something that exists.
fn is_path(resource_type: &ResourceType, key: &str) -> bool {
    let deep = key.contains(['.', '[', ':']) && !resource_type.knows(key);
    deep && named(resource_type, key).is_some()
}

fn read_only_keys(request: &mut Request<'_>) {
    let resource_type = request.resource_type;
    pathless(request, |value| {
        let before = value.len();
        value.retain(|name, _| {
            let attribute = resource_type.attribute(name);
            !attribute.is_some_and(|attribute| attribute.read_only() || attribute.name == "schemas")
        });
        value.len() != before
    });
    // What the server computes of a single value, such as the manager's name, is no more than repeated.
    values(request, &mut |attribute, value| {
        let Value::Object(object) = value else { return false };
        let computed = |name: &String| attribute.sub(name).is_some_and(|sub| sub.read_only());
        let said = object.values().any(|value| !value.is_null());
        let only = !attribute.multi_valued && said && object.keys().all(computed);
        if only {
            object.clear();
        }
        only
    });
}

fn add_at_member_filter(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let mut used = false;
    for operation in operations(request.body) {
        let id = member_of(text(operation, "path"));
        if let Some(id) = id
            && is(operation, "add")
            && member(operation, "value").is_none_or(Value::is_null)
        {
            *operation = as_object(json!({ "op": "add", "path": "members", "value": [{ "value": id }] }));
            used = true;
        }
    }
    request.used = used;
}

/// The id in a path that names exactly one member.
fn member_of(path: &str) -> Option<String> {
    let (path, _) = parse_path_with(path, Lenience::ALL).ok()?;
    if !path.attribute.name.eq_ignore_ascii_case("members") || path.sub.is_some() {
        return None;
    }
    match *path.filter? {
        Filter::Compare(comparison)
            if comparison.op == CompareOp::Eq && comparison.path.name.eq_ignore_ascii_case("value") =>
        {
            match comparison.value {
                CompareValue::String(id) => Some(id),
                _ => None,
            }
        }
        _ => None,
    }
}

fn clear_is_remove(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let mut used = false;
    for operation in operations(request.body) {
        let chosen = text(operation, "path").contains('[') && !is(operation, "remove");
        if chosen && member(operation, "value").is_some_and(Value::is_null) {
            operation.insert("op".to_owned(), "remove".into());
            used = true;
        }
    }
    request.used = used;
}

fn remove_value_ignored(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let resource_type = request.resource_type;
    let mut used = false;
    for operation in operations(request.body) {
        let element = named(resource_type, text(operation, "path")).is_some_and(|named| named.element);
        if is(operation, "remove") && element && operation.contains_key("value") {
            operation.shift_remove("value");
            used = true;
        }
    }
    request.used = used;
}

fn replace_members_adds(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let resource_type = request.resource_type;
    let is_members =
        |path: &str| named(resource_type, path).is_some_and(|it| it.leaf.name == "members" && !it.element);
    let some = |value: &Value| value.is_object() || value.as_array().is_some_and(|values| !values.is_empty());
    let Some(Value::Array(list)) = member_mut(request.body, "Operations") else { return };
    let mut rewritten = Vec::with_capacity(list.len());
    let mut used = false;
    for mut operation in list.drain(..) {
        let mut additions = Vec::new();
        if let Value::Object(operation) = &mut operation
            && is(operation, "replace")
        {
            let path = text(operation, "path").to_owned();
            if !path.is_empty() && is_members(&path) && member(operation, "value").is_some_and(some) {
                operation.insert("op".to_owned(), "add".into());
                used = true;
            } else if path.is_empty()
                && let Some(Value::Object(value)) = member_mut(operation, "value")
            {
                value.retain(|name, members| {
                    let found = is_members(name) && some(members);
                    if found {
                        additions.push(json!({ "op": "add", "path": "members", "value": members.take() }));
                    }
                    !found
                });
                used |= !additions.is_empty();
            }
        }
        if additions.is_empty() || operation["value"].as_object().is_none_or(|value| !value.is_empty()) {
            rewritten.push(operation);
        }
        rewritten.extend(additions);
    }
    *list = rewritten;
    request.used = used;
}
