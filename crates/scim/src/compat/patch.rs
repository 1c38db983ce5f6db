//! Quirks of PATCH messages.

use serde_json::{Value, json};

use super::walk::{is, member, member_mut, named, operations, text};
use super::{Act, Quirk, Request, RequestKind};
use crate::json::Object;
use crate::path::shortened;
use crate::schema::ResourceType;
use crate::value::id_in_address;

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
        fixture: "own/dotted-keys",
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
        fixture: "own/unknown-keys",
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
        name: "remove-value-ignored",
        product: "Microsoft Entra ID",
        summary: "remove at emails[type eq \"work\"].value also carries the old value, which says nothing new.",
        evidence: "a change to the product's reference code",
        fixture: "own/remove-value-ignored",
        act: Act::Rewrite(remove_value_ignored),
    },
    &Quirk {
        name: "replace-members-adds",
        product: "Microsoft Entra ID",
        summary: "replace of members with values adds them; removals come separately.",
        evidence: "reports of groups that lost everybody but the last member pushed",
        fixture: "own/replace-members-adds",
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

/// Takes keys out of the value of each path-less operation; `take` says which, `then` gets them.
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
                let paths: Vec<String> =
                    value.keys().filter(|key| is_path(resource_type, key)).cloned().collect();
                for path in paths {
                    let value = value.shift_remove(&path).unwrap_or_default();
                    split.push(json!({ "op": op, "path": path, "value": value }));
                }
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
fn is_path(resource_type: &'static ResourceType, key: &str) -> bool {
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
}

fn unknown_keys(request: &mut Request<'_>) {
    let resource_type = request.resource_type;
    let mut ignored = Vec::new();
    pathless(request, |value| {
        let before = value.len();
        value.retain(|name, value| {
            if let Some(schema) = resource_type.extension(name) {
                if let Value::Object(container) = value {
                    let inside = container.len();
                    container.retain(|name, _| schema.attribute(name).is_some());
                    if container.len() != inside {
                        ignored.push(format!("unknown attributes of {}", schema.id));
                    }
                }
                return true;
            }
            let known = resource_type.attribute(name).is_some() || named(resource_type, name).is_some();
            if !known {
                ignored.push(format!("the attribute {}", shortened(name)));
            }
            known
        });
        value.len() != before
    });
    request.used |= !ignored.is_empty();
    request.ignored = ignored;
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
    use scim_filter_parser::{CompareOp, CompareValue, Filter, Lenience, parse_path_with};
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

fn remove_with_value(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let resource_type = request.resource_type;
    let Some(Value::Array(list)) = member_mut(request.body, "Operations") else { return };
    let mut rewritten = Vec::with_capacity(list.len());
    let mut used = false;
    for operation in list.drain(..) {
        match removals(resource_type, &operation) {
            Some(mut removals) => {
                used = true;
                rewritten.append(&mut removals);
            }
            None => rewritten.push(operation),
        }
    }
    *list = rewritten;
    request.used = used;
}

/// The removals that a remove with a list of values means; an element that names nobody leaves the operation as it
/// is, which is then refused.
fn removals(resource_type: &'static ResourceType, operation: &Value) -> Option<Vec<Value>> {
    let operation = operation.as_object().filter(|operation| is(operation, "remove"))?;
    let path = text(operation, "path");
    let named = named(resource_type, path).filter(|named| named.leaf.multi_valued && !named.element)?;
    named.leaf.sub("value")?;
    let value = member(operation, "value").filter(|value| !value.is_null())?;
    let listed = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    if listed.is_empty() {
        // Nobody is named: an operation that does nothing keeps its place.
        return Some(vec![json!({ "op": "add", "path": path, "value": [] })]);
    }
    let terms: Option<Vec<String>> =
        listed.iter().map(|element| Some(format!("value eq {}", named_by(element)?))).collect();
    let removal =
        |terms: &[String]| json!({ "op": "remove", "path": format!("{path}[{}]", terms.join(" or ")) });
    Some(terms?.chunks(REMOVALS).map(removal).collect())
}

/// The most values that one removal names, well below the limits of a path.
const REMOVALS: usize = 50;

/// The value of an element as a literal: its `value`, or the id at the end of its address.
fn named_by(element: &Value) -> Option<Value> {
    let id = match element {
        Value::String(value) => value.as_str(),
        Value::Object(object) => match member(object, "value") {
            Some(value) => value.as_str()?,
            None => id_in_address(member(object, "$ref")?.as_str()?)?,
        },
        _ => return None,
    };
    (!id.is_empty()).then(|| id.into())
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

fn as_object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
