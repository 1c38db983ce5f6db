//! The values of multi-valued attributes that clients search for: one row each.

use scim::Object;
use serde_json::Value;
use uuid::Uuid;

use crate::entity::user_values::Model;

/// The attributes of a user whose values are rows.
pub(crate) const ATTRIBUTES: &[&str] = &["emails", "phoneNumbers", "roles", "entitlements", "ims"];

/// The rows of a user, from the document in its form for comparisons.
pub(crate) fn rows(tenant: Uuid, user: Uuid, search: &Object) -> Vec<Model> {
    let mut rows = Vec::new();
    for attribute in ATTRIBUTES {
        let elements = search.get(*attribute).and_then(Value::as_array).into_iter().flatten();
        for (position, element) in (0..).zip(elements) {
            let text = |name: &str| element.get(name).and_then(Value::as_str).map(str::to_owned);
            rows.push(Model {
                tenant_id: tenant,
                user_id: user,
                attribute: (*attribute).to_owned(),
                position,
                value: text("value"),
                kind: text("type"),
                is_primary: element.get("primary").and_then(Value::as_bool),
            });
        }
    }
    rows
}
