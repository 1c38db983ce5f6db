//! The quirk for a removal that lists the values to remove.

use serde_json::{Value, json};

use super::walk::{is, member, member_mut, named, text};
use super::{Request, RequestKind};
use crate::schema::{Attribute, ResourceType};
use crate::value::id_in_address;

pub(super) fn remove_with_value(request: &mut Request<'_>) {
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
fn removals(resource_type: &ResourceType, operation: &Value) -> Option<Vec<Value>> {
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
        let (term, comparisons) = description(&named.leaf, element)?;
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
