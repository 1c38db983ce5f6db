//! What holds of a resource after any PATCH.

use scim::filter::FilterDialect;
use scim::patch::{MAX_OPERATIONS, PatchOutcome, PatchRequest, SCHEMA, Stored};
use scim::{Error, Object, Resource, resource};
use serde_json::{Value, json};

use crate::samples::{BASE, object, type_of};

/// Reads a message with one operation.
///
/// # Errors
/// What the engine says.
pub fn one(stored: &Resource, operation: &Value, dialect: FilterDialect) -> Result<PatchRequest, Error> {
    let message = object(json!({"schemas": [SCHEMA], "Operations": [operation]}));
    PatchRequest::parse(type_of(stored), &message, dialect, MAX_OPERATIONS)
}

/// Applies a message.
///
/// # Errors
/// What the engine says.
pub fn apply(request: &PatchRequest, resource: &Resource, members: &[Value]) -> Result<PatchOutcome, Error> {
    request.apply(&Stored { resource, members, base: BASE, create_missing: true })
}

/// The resource after a PATCH.
#[must_use]
pub fn after(stored: &Resource, outcome: &PatchOutcome) -> Resource {
    Resource { document: outcome.document.clone(), ..stored.clone() }
}

/// The members after a PATCH.
#[must_use]
pub fn members_after(members: &[Value], outcome: &PatchOutcome) -> Vec<Value> {
    let gone = |member: &&Value| outcome.members.removed.iter().any(|id| member["value"] == id.as_str());
    members.iter().filter(|member| !gone(member)).chain(&outcome.members.added).cloned().collect()
}

/// Checks a document after a PATCH.
///
/// # Panics
/// When reading it again gives another one, or when it has two primary values.
pub fn check_document(stored: &Resource, document: &Object) {
    let mut body = document.clone();
    body.insert("schemas".to_owned(), resource::schemas(type_of(stored), document).into());
    let again = resource::parse(type_of(stored), &body);
    let again = again.unwrap_or_else(|error| panic!("{error}: {}", json!(document)));
    assert_eq!(json!(again), json!(document), "read again it says the same");
    for (name, values) in document {
        let primary = |value: &&Value| value["primary"] == true;
        let many = values.as_array().map_or(0, |values| values.iter().filter(primary).count());
        assert!(many <= 1, "{name} has {many} primary values");
    }
}

/// Checks that adding what is there, or replacing it by itself, changes nothing (RFC 7644 §3.5.2.1).
///
/// # Panics
/// When it does.
pub fn check_stable(stored: &Resource) {
    for op in ["add", "replace"] {
        let operation = json!({"op": op, "value": stored.document});
        let request = one(stored, &operation, FilterDialect::default());
        let outcome = request.and_then(|request| apply(&request, stored, &[]));
        let outcome = outcome.unwrap_or_else(|error| panic!("{op} {}: {error}", json!(stored.document)));
        assert!(outcome.is_empty(), "{op}: {} of {}", json!(outcome.document), json!(stored.document));
    }
}
