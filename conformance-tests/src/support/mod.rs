//! Scratch data of one test: made with checks and told apart by unique names; the run deletes it when the test ends.
use std::ops::Deref;

use crate::probe::includes;
use crate::{Answer, Target, group, patch_op, skip, unique, user};
use serde_json::{Value, json};

pub(crate) mod bulk;
pub(crate) mod feed;
pub(crate) mod listener;
pub(crate) mod people;
pub(crate) mod shelf;
mod signature;

/// Schema URNs of RFC 7643 §10.3.1 and message URNs of RFC 7644 §8.2.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(crate) const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
pub(crate) const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// How a request that nothing there can carry out may be refused: RFC 7644 §3.12 has several words for it.
pub(crate) const NOT_WRITABLE: &[u16] = &[400, 403, 404, 405, 501];

/// How a value may be refused.
pub(crate) const REFUSED: &[u16] = &[400, 409, 422];

/// A self-signed certificate with the name `people.example`, in DER and base64.
pub(crate) const CERTIFICATE: &str = "MIIBSDCB+6ADAgECAhQoKuaO3Dm3eqPyB7u8bWehszQX3TAFBgMrZXAwGTEXMBUGA1UEAwwOcGVvcGxlLmV4\
    YW1wbGUwIBcNMjYxMTIyMDIxODUzWhgPMjEyNjEwMjkwMjE4NTNaMBkxFzAVBgNVBAMMDnBlb3BsZS5leGFt\
    cGxlMCowBQYDK2VwAyEAX+pZcItMKXK56mm7YYfs0WipaUvbEpa8ALbe46lizZCjUzBRMB0GA1UdDgQWBBQI\
    hvEXt6BUxLPLOe+jG80uLiv+ojAfBgNVHSMEGDAWgBQIhvEXt6BUxLPLOe+jG80uLiv+ojAPBgNVHRMBAf8E\
    BTADAQH/MAUGAytlcANBAAI/JYpF7dFYsEcwVdbtkgan22Rv9HqtBShHZDeW5NvGtlvIw4XsIULmCU5e9HYG\
    BHHPdPc3nwJ6NWWXBBJOvgA=";

/// A connection with the steps that most tests take on it.
pub(crate) struct Scratch {
    target: Target,
}

impl Deref for Scratch {
    type Target = Target;

    fn deref(&self) -> &Target {
        &self.target
    }
}

impl Scratch {
    /// The steps on this connection.
    pub(crate) fn on(target: Target) -> Scratch {
        Scratch { target }
    }

    /// POSTs a body that must be accepted; answers the resource. An extension with data is declared.
    ///
    /// Skips the test where the server refuses data that the test needs for something else.
    pub(crate) fn create(&self, endpoint: &str, body: &Value) -> Value {
        let answer = self.post(endpoint, &declared(body));
        if answer.is_refused_on_the_way() {
            let why: Value = serde_json::from_str(&answer.text).unwrap_or_default();
            let why = why["detail"].as_str().unwrap_or_default();
            skip(&format!("the server refuses a resource that the test needs ({}): {why}", answer.status));
        }
        answer.expect_status(201).json()
    }

    /// A new user with a unique name and these attributes beside it.
    pub(crate) fn person(&self, extra: &Value) -> Value {
        self.create("/Users", &with(&user(&unique("person")), extra))
    }

    /// A new group with a unique name and these attributes beside it.
    pub(crate) fn team(&self, extra: &Value) -> Value {
        self.create("/Groups", &with(&group(&unique("team")), extra))
    }

    /// A new group with these resources as its members.
    pub(crate) fn team_of(&self, members: &[&Value]) -> Value {
        self.team(&json!({ "members": members.iter().map(|one| member(one)).collect::<Vec<_>>() }))
    }

    /// GETs a resource that must be there.
    pub(crate) fn read(&self, path: &str) -> Value {
        self.get(path).expect_status(200).json()
    }

    /// GETs the resource anew.
    pub(crate) fn again(&self, resource: &Value) -> Value {
        self.read(&path_of(resource))
    }

    /// Sends a PATCH to a resource, which must be accepted; answers a fresh GET, which a 200's body must equal.
    pub(crate) fn change(&self, resource: &Value, operations: Value) -> Value {
        let answer = self.patch(&path_of(resource), &patch_op(operations));
        if answer.repeats_an_address() {
            skip("the server takes an e-mail address once, and the tests use some several times");
        }
        let answer = accepted(answer);
        let stored = self.again(resource);
        if answer.status == 200 && answer.json() != stored {
            answer.fail(&format!("the PATCH answer is not what a GET shows: {stored}"));
        }
        stored
    }

    /// Sends a PATCH to a resource, which must be refused with 400 and one of these types, and change nothing.
    pub(crate) fn refuse(&self, resource: &Value, operations: Value, scim_types: &[&str]) -> Answer {
        let before = self.again(resource);
        let answer = self.patch(&path_of(resource), &patch_op(operations)).expect_error(400, scim_types);
        let after = self.again(resource);
        if before != after {
            answer.fail(&format!("a refused PATCH changed the resource from {before} to {after}"));
        }
        answer
    }

    /// PUTs a body, which must be accepted; answers a fresh GET, which the 200's body must equal.
    pub(crate) fn replace(&self, resource: &Value, body: &Value) -> Value {
        let answer = self.put(&path_of(resource), &declared(body)).expect_status(200);
        let stored = self.again(resource);
        if answer.json() != stored {
            answer.fail(&format!("the PUT answer is not what a GET shows: {stored}"));
        }
        stored
    }

    /// PUTs a body, which must be refused with this status and type, and change nothing.
    pub(crate) fn refuse_put(&self, resource: &Value, body: &Value, status: u16, scim_type: &str) {
        let before = self.again(resource);
        let answer = self.put(&path_of(resource), body).expect_error(status, &[scim_type]);
        let after = self.again(resource);
        if before != after {
            answer.fail(&format!("a refused PUT changed the resource from {before} to {after}"));
        }
    }

    /// GETs a list, which must be a `ListResponse`.
    pub(crate) fn list(&self, path: &str) -> Value {
        let answer = self.get(path).expect_status(200);
        if answer.at("/schemas") != Some(json!([LIST])) {
            answer.fail("expected a ListResponse");
        }
        answer.json()
    }

    /// How many resources a list counts.
    pub(crate) fn total(&self, path: &str) -> u64 {
        let list = self.list(path);
        list["totalResults"].as_u64().unwrap_or_else(|| panic!("GET {path}: no totalResults in {list}"))
    }
}

/// The body with the enterprise extension in its `schemas`, when it has data of it.
fn declared(body: &Value) -> Value {
    let mut body = body.clone();
    let has_data = body.get(ENTERPRISE).is_some();
    if let Some(schemas) = body["schemas"].as_array_mut().filter(|_| has_data)
        && !schemas.contains(&ENTERPRISE.into())
    {
        schemas.push(ENTERPRISE.into());
    }
    body
}

/// Path of a resource below the base URL, by its own `schemas` and `id`.
pub(crate) fn path_of(resource: &Value) -> String {
    let is = |urn: &str| resource["schemas"].as_array().is_some_and(|schemas| schemas.contains(&urn.into()));
    let endpoint = match resource["meta"]["resourceType"].as_str() {
        Some(name @ ("Device" | "EndpointApp" | "TestResource")) => format!("{name}s"),
        _ if is(GROUP) => "Groups".to_owned(),
        _ => "Users".to_owned(),
    };
    format!("/{endpoint}/{}", id_of(resource))
}

/// The `id` of a resource.
pub(crate) fn id_of(resource: &Value) -> &str {
    resource["id"].as_str().unwrap_or_else(|| panic!("no id in {resource}"))
}

/// The `userName` of a user.
pub(crate) fn name_of(user: &Value) -> &str {
    user["userName"].as_str().unwrap_or_else(|| panic!("no userName in {user}"))
}

/// The member element that names this resource.
pub(crate) fn member(resource: &Value) -> Value {
    json!({ "value": id_of(resource) })
}

/// The ids of a group's members, sorted.
pub(crate) fn members_of(group: &Value) -> Vec<String> {
    values(&group["members"], "value")
}

/// One string sub-attribute of every element of a multi-valued attribute, sorted; none when it is absent.
pub(crate) fn values(attribute: &Value, name: &str) -> Vec<String> {
    let elements = attribute.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut found: Vec<_> =
        elements.iter().filter_map(|element| Some(element[name].as_str()?.to_owned())).collect();
    found.sort();
    found
}

/// The element of a multi-valued attribute whose sub-attribute has this value.
pub(crate) fn element<'a>(attribute: &'a Value, name: &str, value: &str) -> &'a Value {
    let elements = attribute.as_array().map(Vec::as_slice).unwrap_or_default();
    elements
        .iter()
        .find(|element| element[name] == value)
        .unwrap_or_else(|| panic!("no element with {name} {value:?} in {attribute}"))
}

/// This object with the members of another one put over it.
pub(crate) fn with(base: &Value, extra: &Value) -> Value {
    let mut body = base.clone();
    let object = body.as_object_mut().expect("a body is an object");
    for (key, value) in extra.as_object().expect("attributes stand in an object") {
        object.insert(key.clone(), value.clone());
    }
    body
}

/// The member names of an object, sorted.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().unwrap_or_else(|| panic!("not an object: {object}"));
    let mut names: Vec<_> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Requires that a JSON object has no such member, or nothing in it, which is the same state (RFC 7643 §2.5).
pub(crate) fn assert_unassigned(object: &Value, name: &str) {
    assert!(is_unassigned(&object[name]), "{name} should be unassigned in {object}");
}

/// Whether a value is none: absent, `null`, or an empty array (RFC 7643 §2.5).
pub(crate) fn is_unassigned(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// The `groups` of a user; skips the test where the server shows none, because it may leave the attribute out.
pub(crate) fn shown_groups(user: &Value) -> &Value {
    if is_unassigned(&user["groups"]) {
        skip("the server shows no `groups` of users");
    }
    &user["groups"]
}

/// Requires that a value is what was sent, to whose objects the server may have added, such as a formatted name.
pub(crate) fn assert_holds(stored: &Value, sent: &Value) {
    assert!(includes(stored, sent), "{sent} is stored as {stored}");
    let length = |value: &Value| value.as_array().map(Vec::len);
    assert_eq!(length(stored), length(sent), "{sent} is stored as {stored}");
}

/// Requires that a resource was shaped to these attributes (RFC 7644 §3.9): beside them it has what is always returned, which
/// is `id`, and may have `schemas`.
pub(crate) fn assert_only(resource: &Value, names: &[&str]) {
    let shown: Vec<_> = keys(resource).into_iter().filter(|name| !["id", "schemas"].contains(name)).collect();
    assert!(resource["id"].is_string(), "`id` is returned always: {resource}");
    assert_eq!(shown, names, "{resource}");
}

/// Requires that a write was accepted: 200 with the resource or 204 without a body.
pub(crate) fn accepted(answer: Answer) -> Answer {
    if answer.status != 200 && answer.status != 204 {
        answer.fail(&format!("status {} where 200 or 204 was expected", answer.status));
    }
    answer.check()
}

/// Requires a refusal with one of these statuses and a SCIM error body.
pub(crate) fn refused(answer: Answer, statuses: &[u16]) -> Answer {
    let status = answer.status;
    if !statuses.contains(&status) {
        answer.fail(&format!("status {status} where a refusal with one of {statuses:?} was expected"));
    }
    answer.expect_error(status, &[])
}
