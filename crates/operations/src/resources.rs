//! What users and groups share: from a changed document to a journal entry.

use std::fmt::Display;

use provisioning::{Entry, EntryKind, Subject};
use scim::compat::{Used, names};
use scim::patch::{PatchOutcome, PatchRequest, Stored, Target};
use scim::{Object, Resource, ResourceType, resource};
use serde_json::Value;
use store::WriteUnit;

use crate::error::Error;
use crate::requester::Requester;

/// The document of a PUT (RFC 7644 §3.5.1), canonical, with the top-level names that the client mentioned.
#[derive(Clone, Debug)]
pub struct Replacement {
    incoming: Object,
    /// The body as the client sent it: an attribute that it mentions as null is cleared.
    body: Object,
}

impl Replacement {
    /// Reads the body of a PUT.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(resource_type: &ResourceType, body: Object) -> Result<Self, scim::Error> {
        Ok(Self { incoming: resource::parse(resource_type, &body)?, body })
    }

    /// The canonical document.
    pub(crate) const fn incoming(&self) -> &Object {
        &self.incoming
    }

    /// Whether the client mentioned an attribute.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        resource::mentions(&self.body)(name)
    }
}

/// How a client changes a resource.
#[derive(Debug)]
pub(crate) enum Edit<'e> {
    /// By another document, which mentions some attributes (RFC 7644 §3.5.1).
    Replace(&'e Replacement),
    /// By operations (RFC 7644 §3.5.2).
    Patch(&'e PatchRequest),
}

impl Edit<'_> {
    /// Whether the client says something about a top-level attribute.
    pub(crate) fn says(&self, name: &str) -> bool {
        match self {
            Self::Replace(replacement) => replacement.mentions(name),
            Self::Patch(request) => request.operations.iter().any(|operation| {
                matches!(&operation.target, Target::Attribute(target)
                    if target.extension.is_none() && target.attribute.name == name)
            }),
        }
    }
}

/// The resource that was found, or 404.
pub(crate) fn existing<T>(found: Option<T>, kind: &str, id: impl Display) -> Result<T, Error> {
    found.ok_or_else(|| scim::Error::not_found(kind, &id.to_string()).into())
}

/// The document that a PUT leaves; members are no part of it.
pub(crate) fn replaced(
    requester: &Requester,
    resource_type: &ResourceType,
    stored: &Object,
    replacement: &Replacement,
    used: &mut Used,
) -> Result<Object, Error> {
    let mentioned = resource::mentions(&replacement.body);
    let keep: &[&str] = if requester.rules().keep_external_id { &["externalId"] } else { &[] };
    if keep.iter().any(|name| stored.contains_key(*name) && !mentioned(name)) {
        used.note(names::PUT_KEEPS_EXTERNAL_ID);
    }
    let mut incoming = replacement.incoming.clone();
    incoming.shift_remove("members");
    Ok(resource::replace(resource_type, stored, incoming, mentioned, keep)?)
}

/// What a PATCH leaves of a resource below `base`, given the members that it looks at.
pub(crate) fn patched(
    requester: &Requester,
    request: &PatchRequest,
    resource: &Resource,
    members: &[Value],
    base: &str,
    used: &mut Used,
) -> Result<PatchOutcome, Error> {
    let create_missing = requester.rules().create_missing_element;
    let patched = request.apply(&Stored { resource, members, base, create_missing })?;
    if patched.created_elements > 0 {
        used.note(names::CREATE_MISSING_ELEMENT);
    }
    Ok(patched)
}

/// Checks the form of what a request changes; what is stored already may stay, and some connections may send any form.
pub(crate) fn check_formats(
    requester: &Requester,
    stored: Option<&Object>,
    document: &Object,
    used: &mut Used,
) -> Result<(), Error> {
    match resource::check_formats(stored, document) {
        Err(_) if requester.rules().free_formats => {
            used.note(names::FREE_FORMATS);
            Ok(())
        }
        checked => Ok(checked?),
    }
}

/// Tells the journal what the requester did.
pub(crate) async fn record(requester: &Requester, unit: &mut WriteUnit, entry: Entry) -> Result<(), Error> {
    Ok(unit.record([(&entry, &requester.actor)], requester.now).await?)
}

/// An entry about the attributes in which two documents differ.
pub(crate) fn changed(subject: Subject, kind: EntryKind, before: &Object, after: &Object) -> Entry {
    let differs = |one: &Object, other: &Object| -> Object {
        let different = one.iter().filter(|(name, value)| other.get(*name) != Some(value));
        different.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let (old, new) = (differs(before, after), differs(after, before));
    let mut names: Vec<&str> = new.keys().chain(old.keys()).map(|name| short(name)).collect();
    names.sort_unstable();
    names.dedup();
    let why = format!("Changed: {}.", names.join(", "));
    Entry { subject, kind, why, before: Some(Value::Object(old)), after: Some(Value::Object(new)) }
}

/// The name by which people know an extension: the last but one part of its URI is its version.
fn short(name: &str) -> &str {
    if name.starts_with("urn:") { name.rsplit(':').nth(2).unwrap_or(name) } else { name }
}

#[cfg(test)]
mod tests {
    use provisioning::GroupId;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_entry_names_what_differs_and_holds_no_more() {
        let object = |value: Value| value.as_object().cloned().expect("an object");
        let enterprise = scim::schema::ENTERPRISE_USER;
        let before = object(json!({ "userName": "ada", "title": "Dr", enterprise: { "department": "a" } }));
        let after = object(json!({ "userName": "ada", "active": false, enterprise: { "department": "b" } }));
        let subject = Subject::Group(GroupId::new(Uuid::nil()));
        let entry = changed(subject, EntryKind::UserChanged, &before, &after);
        assert_eq!(entry.why, "Changed: active, enterprise, title.");
        assert_eq!(entry.before, Some(json!({ "title": "Dr", enterprise: { "department": "a" } })));
        assert_eq!(entry.after, Some(json!({ "active": false, enterprise: { "department": "b" } })));
    }
}
