//! Events about resources as security event tokens hold them (RFC 8417 §2, RFC 9967 §2): URIs, subjects, payloads, claims.

use serde_json::{Map, Value, json};

use crate::json::Object;
use crate::schema::{Attribute, ResourceType, Returned};

/// The schema of PATCH messages (RFC 7644 §3.5.2).
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The type of a token (RFC 8417 §2.3).
pub const TYPE: &str = "secevent+jwt";

/// What happened to a resource, or to its place in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happening {
    /// It has come into the feed.
    FeedAdded,
    /// It has left the feed.
    FeedRemoved,
    /// It was created.
    Created,
    /// Some of its attributes were changed.
    Patched,
    /// It was replaced.
    Replaced,
    /// It was deleted.
    Deleted,
    /// `active` has become true.
    Activated,
    /// `active` has become false.
    Deactivated,
    /// A request that was not waited for has come to its end.
    Completed,
}

/// How much an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// The data.
    Full,
    /// The names of the attributes alone.
    Notice,
}

impl Happening {
    /// Everything that can happen.
    pub const ALL: [Self; 9] = [
        Self::FeedAdded,
        Self::FeedRemoved,
        Self::Created,
        Self::Patched,
        Self::Replaced,
        Self::Deleted,
        Self::Activated,
        Self::Deactivated,
        Self::Completed,
    ];

    /// The word in columns: the part of the URI that names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FeedAdded => "add",
            Self::FeedRemoved => "remove",
            Self::Created => "create",
            Self::Patched => "patch",
            Self::Replaced => "put",
            Self::Deleted => "delete",
            Self::Activated => "activate",
            Self::Deactivated => "deactivate",
            Self::Completed => "asyncresp",
        }
    }

    /// What a word in a column stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|happening| happening.as_str() == word)
    }

    /// The event's URI in a form; those without forms have one URI.
    #[must_use]
    pub const fn uri(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::FeedAdded, _) => "urn:ietf:params:scim:event:feed:add",
            (Self::FeedRemoved, _) => "urn:ietf:params:scim:event:feed:remove",
            (Self::Created, Form::Full) => "urn:ietf:params:scim:event:prov:create:full",
            (Self::Created, Form::Notice) => "urn:ietf:params:scim:event:prov:create:notice",
            (Self::Patched, Form::Full) => "urn:ietf:params:scim:event:prov:patch:full",
            (Self::Patched, Form::Notice) => "urn:ietf:params:scim:event:prov:patch:notice",
            (Self::Replaced, Form::Full) => "urn:ietf:params:scim:event:prov:put:full",
            (Self::Replaced, Form::Notice) => "urn:ietf:params:scim:event:prov:put:notice",
            (Self::Deleted, _) => "urn:ietf:params:scim:event:prov:delete",
            (Self::Activated, _) => "urn:ietf:params:scim:event:prov:activate",
            (Self::Deactivated, _) => "urn:ietf:params:scim:event:prov:deactivate",
            (Self::Completed, _) => "urn:ietf:params:scim:event:misc:asyncresp",
        }
    }

    /// Whether there is a full form beside the notice.
    #[must_use]
    pub const fn has_forms(self) -> bool {
        matches!(self, Self::Created | Self::Patched | Self::Replaced)
    }
}

/// Every URI that an event can have.
#[must_use]
pub fn uris() -> Vec<&'static str> {
    let forms = |happening: Happening| {
        let full = happening.has_forms().then(|| happening.uri(Form::Full));
        full.into_iter().chain([happening.uri(Form::Notice)])
    };
    Happening::ALL.into_iter().flat_map(forms).collect()
}

/// The URI that a text stands for. Drafts of the standard wrote a part of it in capitals.
#[must_use]
pub fn known_uri(text: &str) -> Option<&'static str> {
    uris().into_iter().find(|uri| uri.eq_ignore_ascii_case(text))
}

/// An attribute that was added, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its path (RFC 7644 §3.5.2).
    pub path: String,
    /// The names on the way to its value in a representation.
    keys: Vec<String>,
    /// Whether no answer ever holds its value.
    hidden: bool,
}

/// The attributes in which two documents of a resource differ; with an empty one, all of the other one.
#[must_use]
pub fn changed(resource_type: &ResourceType, before: &Object, after: &Object) -> Vec<Changed> {
    let mut changed = Vec::new();
    for name in names(before, after) {
        let (old, new) = (before.get(name), after.get(name));
        if let Some(schema) = resource_type.extension(name) {
            let empty = Object::new();
            let inside = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned();
            let (old, new) = (inside(old).unwrap_or_else(|| empty.clone()), inside(new).unwrap_or(empty));
            for inner in names(&old, &new) {
                if let Some(attribute) = schema.attribute(inner) {
                    differing(&mut changed, Some(name), attribute, (old.get(inner), new.get(inner)));
                }
            }
        } else if let Some(attribute) = resource_type.attribute(name) {
            differing(&mut changed, None, attribute, (old, new));
        }
    }
    // A database keeps no order of names.
    changed.sort_by(|one, other| one.path.cmp(&other.path));
    changed
}

/// An attribute that the server determines, and that has changed.
#[must_use]
pub fn changed_attribute(extension: Option<&str>, attribute: &Attribute) -> Changed {
    one(extension, attribute, None)
}

/// Appends the attribute, or those of its sub-attributes, that differ.
fn differing(
    changed: &mut Vec<Changed>,
    extension: Option<&str>,
    attribute: &Attribute,
    (old, new): (Option<&Value>, Option<&Value>),
) {
    if old == new {
        return;
    }
    let of = |value: Option<&'_ Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    if !attribute.complex() || attribute.multi_valued {
        changed.push(one(extension, attribute, None));
        return;
    }
    let (old, new) = (of(old), of(new));
    for sub in names(&old, &new) {
        if old.get(sub) != new.get(sub)
            && let Some(sub) = attribute.sub(sub)
        {
            changed.push(one(extension, attribute, Some(sub)));
        }
    }
}

fn one(extension: Option<&str>, attribute: &Attribute, sub: Option<&Attribute>) -> Changed {
    let mut path = extension.map(|uri| format!("{uri}:")).unwrap_or_default();
    path.push_str(&attribute.name);
    if let Some(sub) = sub {
        path.push('.');
        path.push_str(&sub.name);
    }
    let own = [Some(attribute.name.as_str()), sub.map(|sub| sub.name.as_str())];
    let keys = [extension].into_iter().chain(own).flatten().map(str::to_owned).collect();
    let never = |attribute: &Attribute| attribute.returned == Returned::Never;
    Changed { path, keys, hidden: never(attribute) || sub.is_some_and(never) }
}

/// The names of two objects, each once: those of the second one first.
fn names<'n>(before: &'n Object, after: &'n Object) -> impl Iterator<Item = &'n String> {
    after.keys().chain(before.keys().filter(|name| !after.contains_key(*name)))
}

/// The operations of a PATCH that leads to what a representation shows of these attributes; what no answer holds is left out.
#[must_use]
pub fn operations(changed: &[Changed], rendered: &Object) -> Vec<Value> {
    let operation = |changed: &Changed| {
        let (first, rest) = changed.keys.split_first()?;
        let found = rest.iter().try_fold(rendered.get(first)?, |value, key| value.get(key));
        Some(json!({ "op": "replace", "path": changed.path, "value": found? }))
    };
    let shown = changed.iter().filter(|changed| !changed.hidden);
    let remove = |path: &str| json!({ "op": "remove", "path": path });
    shown.map(|changed| operation(changed).unwrap_or_else(|| remove(&changed.path))).collect()
}

/// A PATCH message of these operations.
#[must_use]
pub fn patch_message(operations: Vec<Value>) -> Value {
    let mut message = json!({ "schemas": [PATCH_OP] });
    message["Operations"] = operations.into();
    message
}

/// The subject of an event (RFC 9967 §2.1): a path below the service, and the names by which others know the resource.
#[must_use]
pub fn subject(uri: &str, id: Option<&str>, external_id: Option<&str>, user_name: Option<&str>) -> Value {
    let mut subject = Map::from_iter([("format".to_owned(), "scim".into()), ("uri".to_owned(), uri.into())]);
    for (name, value) in [("id", id), ("externalId", external_id), ("userName", user_name)] {
        subject.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    Value::Object(subject)
}

/// The payload of an event: what a change of a resource left, or the names of the attributes where the data is not wanted or
/// too large (RFC 9967 §2.4: exactly one of the two).
#[must_use]
pub fn payload(
    happening: Happening,
    (data, attributes): (Option<&Value>, &Value),
    version: Option<&str>,
) -> (&'static str, Value) {
    let form = if data.is_some() { Form::Full } else { Form::Notice };
    let uri = happening.uri(form);
    if happening == Happening::Completed {
        return (uri, data.cloned().unwrap_or_else(|| json!({})));
    }
    if !happening.has_forms() {
        return (uri, json!({}));
    }
    let mut payload = Map::new();
    payload.extend(version.map(|version| ("version".to_owned(), version.into())));
    match data {
        Some(data) => payload.insert("data".to_owned(), data.clone()),
        None => payload.insert("attributes".to_owned(), attributes.clone()),
    };
    (uri, Value::Object(payload))
}

/// What a token says (RFC 8417 §2.2). There is no `sub`, by which it could be taken for an access token, and no `exp`.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    /// Who says it.
    pub issuer: String,
    /// Whom it is for.
    pub audience: String,
    /// Seconds since 1970.
    pub issued_at: i64,
    /// The id of the token.
    pub id: String,
    /// The transaction behind it, which all tokens about one change share (RFC 9967 §2.2).
    pub transaction: Option<String>,
    /// About what.
    pub subject: Value,
    /// The events by their URIs.
    pub events: Object,
}

impl Claims {
    /// The claims as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut claims = json!({
            "iss": self.issuer,
            "iat": self.issued_at,
            "jti": self.id,
            "aud": self.audience,
            "sub_id": self.subject,
            "events": self.events,
        });
        if let Some(transaction) = &self.transaction {
            claims["txn"] = transaction.as_str().into();
        }
        claims
    }
}

#[cfg(test)]
mod tests;
