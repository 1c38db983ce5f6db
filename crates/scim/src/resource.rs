//! Resources as canonical JSON documents (RFC 7643 §3).

use std::fmt::Display;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::json::{Object, member};
use crate::path::{AttributeRef, shortened};
use crate::protocol::error::Error;
use crate::protocol::version::{Digest, entity_tag};
use crate::schema::{Attribute, Mutability, ResourceType};
use crate::{text, time, value};

mod checks;
mod claim;
mod place;
mod unique;

pub use crate::text::MAX_KEY;
pub use checks::check_formats;
use checks::require_all;
pub(crate) use checks::{check_new, forget_unreadable, require};
pub(crate) use claim::Claim;
pub use place::hoisted;
pub use unique::{UniqueAttribute, unique_attributes, unique_values};

/// A resource with what the server knows about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The identifier.
    pub id: String,
    /// The canonical document: schema spelling, nothing unassigned; without `schemas`, `id` and `meta`.
    pub document: Object,
    /// When it was created and changed, and its version.
    pub meta: Meta,
}

/// The part of `meta` that is stored (RFC 7643 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// When the resource was created.
    pub created: DateTime<Utc>,
    /// When it last changed.
    pub last_modified: DateTime<Utc>,
    /// Counts its changes.
    pub version: i64,
}

impl Resource {
    /// The whole representation below `base`, the address of the service without a slash at its end:
    /// `schemas`, `id`, attributes in schema order, addresses filled in, `meta`.
    #[must_use]
    pub fn render(self, resource_type: &ResourceType, base: &str) -> Object {
        self.render_with(resource_type, base, None)
    }

    /// As [`Resource::render`], with the digest of what the server computed in `meta.version`, which is the `ETag`.
    #[must_use]
    pub fn render_with(mut self, resource_type: &ResourceType, base: &str, digest: Option<Digest>) -> Object {
        let mut rendered = Object::with_capacity(self.document.len() + 4);
        rendered.insert("schemas".to_owned(), schemas(resource_type, &self.document).into());
        rendered.insert("id".to_owned(), self.id.as_str().into());
        rendered.extend(self.document.swap_remove_entry("externalId"));
        let places = Places { resource_type, base };
        move_ordered(&resource_type.schema.attributes, &mut self.document, &mut rendered, places);
        for extension in &resource_type.extensions {
            let container = self.document.swap_remove_entry(&extension.schema.id);
            if let Some((uri, Value::Object(mut container))) = container {
                let mut ordered = Object::with_capacity(container.len());
                move_ordered(&extension.schema.attributes, &mut container, &mut ordered, places);
                rendered.insert(uri, Value::Object(ordered));
            }
        }
        rendered.insert("meta".to_owned(), self.meta_json(resource_type, base, digest));
        rendered
    }

    /// The address of the resource below `base`.
    #[must_use]
    pub fn location(&self, resource_type: &ResourceType, base: &str) -> String {
        format!("{base}{}/{}", resource_type.endpoint, self.id)
    }

    fn meta_json(&self, resource_type: &ResourceType, base: &str, digest: Option<Digest>) -> Value {
        serde_json::json!({
            "resourceType": resource_type.name,
            "created": time::format(self.meta.created),
            "lastModified": time::format(self.meta.last_modified),
            "location": self.location(resource_type, base),
            "version": entity_tag(self.meta.version, digest),
        })
    }
}

/// The attribute that decides whether a person has access: once it is stored it stays true or false.
pub(crate) const ACCESS: &str = "active";

/// The schemas that a document uses: the core one, and each extension that has data.
#[must_use]
pub fn schemas(resource_type: &ResourceType, document: &Object) -> Vec<String> {
    let used = resource_type.extensions.iter().map(|extension| &extension.schema.id);
    let used = used.filter(|uri| document.contains_key(uri.as_str()));
    std::iter::once(&resource_type.schema.id).chain(used).cloned().collect()
}

/// The canonical document of a body of POST or PUT.
///
/// Read-only and unknown attributes are ignored (RFC 7644 §3.3), names take the schema's spelling.
///
/// # Errors
/// `invalidSyntax` for a body that is no resource of this type, `invalidValue` for a value that does not fit or
/// a required one that is missing.
pub fn parse(resource_type: &ResourceType, body: &Object) -> Result<Object, Error> {
    check_schemas(resource_type, body)?;
    let mut document = Object::new();
    let mut extensions = Vec::new();
    let body = hoisted(resource_type, body)?;
    for (name, value) in body.as_ref() {
        if let Some(schema) = resource_type.extension(name) {
            extensions.push((schema, value));
        } else if let Some(attribute) = resource_type.attribute(name) {
            insert(&mut document, attribute, value, &"")?;
        }
    }
    for (schema, container) in extensions {
        let uri = schema.id.as_str();
        let mut attributes = Object::new();
        match container {
            Value::Null => {}
            Value::Object(container) => {
                for (name, value) in container {
                    if let Some(attribute) = schema.attribute(name) {
                        insert(&mut attributes, attribute, value, &format_args!("{uri}:"))?;
                    }
                }
            }
            _ => return Err(Error::invalid_value(format!("{uri} must be an object."))),
        }
        if document.contains_key(uri) {
            return Err(Error::invalid_syntax(format!("{uri} stands twice.")));
        }
        if !attributes.is_empty() {
            document.insert(uri.to_owned(), Value::Object(attributes));
        }
    }
    require_all(resource_type, &document)?;
    forget_unreadable(resource_type, &mut document);
    Ok(document)
}

/// The document of a new resource, from the body of a POST. A user whose body leaves `active` out is active; an explicit
/// null overrides that default (RFC 7643 §2.5).
///
/// # Errors
/// As [`parse`], and `invalidValue` for a name with invisible characters.
pub fn create(resource_type: &ResourceType, body: &Object) -> Result<Object, Error> {
    let mut document = parse(resource_type, body)?;
    if resource_type.attribute(ACCESS).is_some() && !mentions(hoisted(resource_type, body)?.as_ref())(ACCESS)
    {
        document.insert(ACCESS.to_owned(), true.into());
    }
    check_new(resource_type, None, &document)?;
    Ok(document)
}

/// The attributes that a body names, those of extensions among them.
#[must_use]
pub fn named(resource_type: &ResourceType, body: &Object) -> Vec<AttributeRef> {
    let mut named = Vec::new();
    for (name, value) in body {
        if let Some(schema) = resource_type.extension(name) {
            let inside = value.as_object().into_iter().flatten();
            let inside = inside.filter_map(|(name, _)| schema.attribute(name));
            named.extend(inside.map(|attribute| AttributeRef::of(Some(schema), attribute)));
        } else if let Some(attribute) = resource_type.attribute(name) {
            named.push(AttributeRef::of(None, attribute));
        }
    }
    named
}

/// The members of a body that no schema of the resource type has: they are ignored (RFC 7644 §3.3), in words.
#[must_use]
pub fn unknown(resource_type: &ResourceType, body: &Object) -> Vec<String> {
    let known =
        |name: &str| resource_type.extension(name).is_some() || resource_type.attribute(name).is_some();
    let names = body.keys().filter(|name| !known(name)).take(20);
    // A name that looks like an address may be personal data.
    let shown = |name: &str| if name.contains('@') { "•••".to_owned() } else { shortened(name) };
    names.map(|name| format!("the attribute {}", shown(name))).collect()
}

fn insert(
    document: &mut Object,
    attribute: &Attribute,
    value: &Value,
    prefix: &dyn Display,
) -> Result<(), Error> {
    if attribute.read_only() || attribute.name == "schemas" {
        return Ok(());
    }
    let name = &attribute.name;
    if document.contains_key(name) {
        return Err(Error::invalid_syntax(format!("{prefix}{name} stands twice, its name ignores case.")));
    }
    let canonical = value::canonical(attribute, value, &format_args!("{prefix}{name}"))?;
    document.extend(canonical.map(|canonical| (name.clone(), canonical)));
    Ok(())
}

/// RFC 7643 §3: `schemas` names the core schema, and nothing that the resource type does not list.
fn check_schemas(resource_type: &ResourceType, body: &Object) -> Result<(), Error> {
    let core = &resource_type.schema.id;
    let listed = member(body, "schemas");
    let wrong = || Error::invalid_syntax(format!("schemas must be an array that holds \"{core}\"."));
    let uris = listed.and_then(Value::as_array).ok_or_else(wrong)?;
    let mut has_core = false;
    for uri in uris {
        let uri = uri.as_str().ok_or_else(wrong)?;
        if !resource_type.knows(uri) {
            let uri = shortened(uri);
            let detail = format!("The schema \"{uri}\" is not known for {} resources.", resource_type.name);
            return Err(Error::invalid_syntax(detail));
        }
        has_core |= core.eq_ignore_ascii_case(uri);
    }
    if has_core { Ok(()) } else { Err(wrong()) }
}

/// The document that a PUT leaves (RFC 7644 §3.5.1): `incoming`, with what a replacement does not touch.
///
/// `active` left out or null keeps its value: neither decides about a person's access. `keep` names further attributes
/// that the client leaves out without meaning it.
///
/// # Errors
/// `mutability` for an immutable attribute that would change, `invalidValue` for a new name with invisible characters.
pub fn replace(
    resource_type: &ResourceType,
    stored: &Object,
    mut incoming: Object,
    mentioned: impl Fn(&str) -> bool,
    keep: &[&str],
) -> Result<Object, Error> {
    keep_immutable("", &resource_type.schema.attributes, stored, &mut incoming)?;
    for extension in &resource_type.extensions {
        let uri = &extension.schema.id;
        let Some(old) = stored.get(uri).and_then(Value::as_object) else { continue };
        let mut container = match incoming.shift_remove(uri) {
            Some(Value::Object(container)) => container,
            _ => Object::new(),
        };
        keep_immutable(&format!("{uri}:"), &extension.schema.attributes, old, &mut container)?;
        if !container.is_empty() {
            incoming.insert(uri.clone(), Value::Object(container));
        }
    }
    for name in keep.iter().copied().filter(|name| !mentioned(name)).chain([ACCESS]) {
        if let Some(old) = stored.get(name)
            && !incoming.contains_key(name)
        {
            incoming.insert(name.to_owned(), old.clone());
        }
    }
    // What no schema has any more is not seen by the client, who cannot mean to take it away.
    let unseen =
        |name: &str| resource_type.attribute(name).is_none() && resource_type.extension(name).is_none();
    for (name, value) in stored.iter().filter(|(name, _)| unseen(name)) {
        incoming.insert(name.clone(), value.clone());
    }
    check_new(resource_type, Some(stored), &incoming)?;
    Ok(incoming)
}

/// Keeps the immutable values that are stored, where a replacement leaves them out.
fn keep_immutable(
    prefix: &str,
    attributes: &[Arc<Attribute>],
    stored: &Object,
    incoming: &mut Object,
) -> Result<(), Error> {
    let immutable = |attribute: &&Arc<Attribute>| attribute.mutability == Mutability::Immutable;
    for attribute in attributes.iter().filter(immutable) {
        match (stored.get(&attribute.name), incoming.get(&attribute.name)) {
            (Some(old), Some(new)) if old != new => {
                let name = &attribute.name;
                return Err(Error::mutability(format!("{prefix}{name} is immutable and has a value.")));
            }
            (Some(old), None) => {
                incoming.insert(attribute.name.clone(), old.clone());
            }
            _ => {}
        }
    }
    let parts = |attribute: &&Arc<Attribute>| {
        !attribute.multi_valued && attribute.sub_attributes.iter().any(|sub| immutable(&sub))
    };
    for attribute in attributes.iter().filter(parts) {
        let old = stored.get(&attribute.name).and_then(Value::as_object);
        let new = incoming.get_mut(&attribute.name).and_then(Value::as_object_mut);
        if let (Some(old), Some(new)) = (old, new) {
            keep_immutable(&format!("{prefix}{}.", attribute.name), &attribute.sub_attributes, old, new)?;
        }
    }
    Ok(())
}

/// The document with every value in the form in which it is compared, for use in an index.
#[must_use]
pub fn comparison_document(resource_type: &ResourceType, document: &Object) -> Object {
    let mut compared = Object::new();
    for (name, value) in document {
        if let Some(schema) = resource_type.extension(name) {
            let mut container = Object::new();
            for (name, value) in value.as_object().into_iter().flatten() {
                if let Some(attribute) = schema.attribute(name) {
                    container.insert(name.clone(), compared_value(attribute, value));
                }
            }
            compared.insert(name.clone(), Value::Object(container));
        } else if let Some(attribute) = resource_type.attribute(name) {
            compared.insert(name.clone(), compared_value(attribute, value));
        }
    }
    compared
}

fn compared_value(attribute: &Attribute, value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text::comparison_form(attribute, text).into_owned()),
        Value::Array(items) => items.iter().map(|item| compared_value(attribute, item)).collect(),
        Value::Object(object) => {
            let subs = object.iter().filter_map(|(name, value)| {
                let sub = attribute.sub(name)?;
                Some((sub.name.clone(), compared_value(sub, value)))
            });
            Value::Object(subs.collect())
        }
        other => other.clone(),
    }
}

/// Where resources live.
#[derive(Clone, Copy)]
struct Places<'p> {
    resource_type: &'p ResourceType,
    base: &'p str,
}

fn move_ordered(attributes: &[Arc<Attribute>], from: &mut Object, to: &mut Object, places: Places<'_>) {
    for attribute in attributes {
        if let Some((name, value)) = from.swap_remove_entry(&attribute.name) {
            to.insert(name, ordered(attribute, value, places));
        }
    }
}

fn ordered(attribute: &Attribute, value: Value, places: Places<'_>) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| ordered(attribute, item, places)).collect(),
        Value::Object(mut object) => {
            let mut rendered = Object::with_capacity(object.len() + 1);
            let reference = attribute.sub_attributes.iter().find(|sub| sub.name == "$ref");
            let mut address = reference.and_then(|reference| address(reference, &object, places));
            for sub in &attribute.sub_attributes {
                if sub.name == "$ref" {
                    rendered.extend(address.take().map(|address| ("$ref".to_owned(), address.into())));
                } else if let Some((name, value)) = object.swap_remove_entry(&sub.name) {
                    rendered.insert(name, ordered(sub, value, places));
                }
            }
            Value::Object(rendered)
        }
        other => other,
    }
}

/// The address of the SCIM resource that a complex value names by its id (RFC 7643 §2.4 `$ref`).
fn address(reference: &Attribute, object: &Object, places: Places<'_>) -> Option<String> {
    let id = object.get("value")?.as_str().filter(|id| !id.is_empty())?;
    let kind = match reference.reference_types.as_slice() {
        [only] => only.as_str(),
        _ => object.get("type")?.as_str()?,
    };
    let endpoint = places.resource_type.endpoint_of(kind)?;
    Some(format!("{}{endpoint}/{}", places.base, encoded(id)))
}

/// Percent-encodes everything but unreserved characters (RFC 3986 §2.3): a manager's value may be any text.
fn encoded(id: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Whether a body mentions the attribute, in any case.
pub fn mentions(body: &Object) -> impl Fn(&str) -> bool {
    |name| body.keys().any(|key| key.eq_ignore_ascii_case(name))
}
