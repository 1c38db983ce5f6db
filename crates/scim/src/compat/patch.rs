//! Quirks of PATCH messages.

use scim_filter_parser::{CompareOp, CompareValue, Filter, Lenience, parse_path_with};
use serde_json::{Value, json};

use super::walk::{is, member, member_mut, named, operations, text, values};
use super::{Act, Quirk, Request, RequestKind};
use crate::json::Object;
use crate::path::{Located, locate, shortened};
use crate::schema::{Attribute, ResourceType};
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
        evidence: "reports of groups that lost everybody but the last member pushed",
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
    // What the server computes of a single value, such as the manager's name, is no more than repeated.
    values(request, &mut |attribute, value| {
        let Value::Object(object) = value else { return false };
        let computed = |name: &String| attribute.sub(name).is_some_and(Attribute::read_only);
        let said = object.values().any(|value| !value.is_null());
        let only = !attribute.multi_valued && said && object.keys().all(computed);
        if only {
            object.clear();
        }
        only
    });
}

fn unknown_keys(request: &mut Request<'_>) {
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
fn unknown_path(resource_type: &'static ResourceType, path: &str, bare: bool) -> bool {
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
    resource_type: &'static ResourceType,
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
fn known(resource_type: &'static ResourceType, name: &str, bare: bool) -> bool {
    resource_type.attribute(name).is_some()
        || resource_type.extension(name).is_some()
        || (bare || name.contains([':', '.', '['])) && named(resource_type, name).is_some()
}

fn prune_resource(
    resource_type: &'static ResourceType,
    value: &mut Object,
    bare: bool,
    ignored: &mut Vec<String>,
) {
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
fn prune(attributes: &[Attribute], value: &mut Value, of: &str, ignored: &mut Vec<String>) -> bool {
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

/// The removals that a remove with a list of values means; an element that names nothing leaves the operation as it
/// is, which is then refused.
fn removals(resource_type: &'static ResourceType, operation: &Value) -> Option<Vec<Value>> {
    let operation = operation.as_object().filter(|operation| is(operation, "remove"))?;
    let path = text(operation, "path");
    let named = named(resource_type, path).filter(|named| named.leaf.multi_valued && !named.element)?;
    let value = member(operation, "value").filter(|value| !value.is_null())?;
    let listed = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    if listed.is_empty() {
        // Nothing is named: an operation that does nothing keeps its place.
        return Some(vec![json!({ "op": "add", "path": path, "value": [] })]);
    }
    let mut filters: Vec<String> = Vec::new();
    let mut inside = 0;
    for element in listed {
        let (term, comparisons) = description(named.leaf, element)?;
        match filters.last_mut() {
            Some(filter) if filter.len() + term.len() < REMOVAL_BYTES && inside + comparisons < REMOVALS => {
                inside += comparisons;
                filter.push_str(" or ");
                filter.push_str(&term);
            }
            _ => {
                inside = comparisons;
                filters.push(term);
            }
        }
    }
    let removal = |filter| json!({ "op": "remove", "path": format!("{path}[{filter}]") });
    Some(filters.into_iter().map(removal).collect())
}

/// The most comparisons, and about the most bytes, of one removal: well below the limits of a path.
const REMOVALS: usize = 50;
const REMOVAL_BYTES: usize = 4_000;

/// The filter that finds an element by every sub-attribute that it names, and how many comparisons that is.
///
/// Members are told apart by their value, or the id at the end of the address, and their type alone: what else is
/// said of them is the server's own and may be out of date.
fn description(attribute: &Attribute, element: &Value) -> Option<(String, usize)> {
    let mut terms = Vec::new();
    match element {
        Value::String(value) if !value.is_empty() => {
            attribute.sub("value")?;
            terms.push(format!("value eq {element}"));
        }
        Value::Object(object) => {
            let address = member(object, "$ref").and_then(Value::as_str);
            let unnamed = member(object, "value").is_none();
            if let Some(address) = address.filter(|_| unnamed && attribute.sub("value").is_some()) {
                terms.push(format!("value eq {}", Value::from(id_in_address(address)?)));
            }
            for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
                let Some(sub) = attribute.sub(name) else { continue };
                let computed = sub.read_only() || sub.name == "$ref";
                if value.is_object() || value.is_array() || sub.name == "value" && value.as_str() == Some("")
                {
                    return None;
                }
                if !computed {
                    terms.push(format!("{} eq {value}", sub.name));
                }
            }
            if attribute.identified() && !terms.iter().any(|term| term.starts_with("value eq")) {
                return None;
            }
        }
        _ => return None,
    }
    match terms.as_slice() {
        [] => None,
        [one] => Some((one.clone(), 1)),
        several => Some((format!("({})", several.join(" and ")), several.len())),
    }
}

fn clear_is_remove(request: &mut Request<'_>) {
    if request.kind != RequestKind::Patch {
        return;
    }
    let mut used = false;
    for operation in operations(request.body) {
        let chosen = text(operation, "path").contains('[');
        if chosen && is(operation, "replace") && member(operation, "value").is_some_and(Value::is_null) {
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

fn as_object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
