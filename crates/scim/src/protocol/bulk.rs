//! Bulk requests (RFC 7644 §3.7): what they say, in which order it is done, and what the answer holds.

mod order;
mod reference;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::error::Error;
use super::search::require_schema;
use crate::json::{Object, member};
use crate::text::decoded_segment;

pub use order::{Step, order};
use reference::refers_by_path;
pub use reference::{Created, References, completion};

/// The schema of bulk requests.
pub const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The schema of bulk answers.
pub const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// A bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct BulkRequest {
    /// After so many failed operations the rest is not done.
    pub fail_on_errors: Option<u64>,
    /// The operations, in the order of the request.
    pub operations: Vec<Operation>,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Creates a resource.
    Post,
    /// Replaces one.
    Put,
    /// Changes one.
    Patch,
    /// Deletes one.
    Delete,
}

impl Method {
    /// The word of HTTP.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// An operation of a bulk request.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does; as the client wrote it where that is none of the methods.
    pub method: Result<Method, String>,
    /// The client's name for it, and for the resource that a POST creates.
    pub bulk_id: Option<String>,
    /// The endpoint of a POST, the resource of another method, such as `/Users/2819c223`.
    pub path: String,
    /// The version that the resource must have (RFC 7644 §3.14).
    pub version: Option<String>,
    /// What would be the body of a request of its own.
    pub data: Object,
    /// Why it cannot be done at all.
    pub refused: Option<Error>,
}

impl BulkRequest {
    /// Reads a bulk request of at most so many operations. A fault of a single operation is kept in that operation.
    ///
    /// # Errors
    /// `invalidSyntax` for a body that is no bulk request, 413 for too many operations (RFC 7644 §3.7.4).
    pub fn parse(mut body: Object, most: usize) -> Result<Self, Error> {
        require_schema(&body, REQUEST)?;
        let fail_on_errors = match member(&body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(number) => Some(number.as_u64().filter(|number| *number > 0).ok_or_else(|| {
                Error::invalid_syntax("failOnErrors must be a whole number of at least 1.")
            })?),
        };
        let name = body.keys().find(|name| name.eq_ignore_ascii_case("Operations")).cloned();
        let Some(Value::Array(all)) = name.and_then(|name| body.shift_remove(&name)) else {
            return Err(Error::invalid_syntax("Operations must be an array."));
        };
        if all.is_empty() {
            return Err(Error::invalid_syntax("Operations must hold at least one operation."));
        }
        if all.len() > most {
            let detail = format!(
                "The request has {} operations, and {most} are allowed (maxOperations): send it in parts.",
                all.len()
            );
            return Err(Error::status(413, detail));
        }
        let operations: Vec<Operation> = all.into_iter().map(Operation::read).collect::<Result<_, _>>()?;
        let mut names = std::collections::HashSet::new();
        for operation in operations.iter().filter(|operation| operation.creates()) {
            if let Some(name) = operation.bulk_id.as_deref().filter(|name| !names.insert(*name)) {
                let name: String = name.chars().take(100).collect();
                return Err(Error::invalid_syntax(format!("Two operations have the bulkId \"{name}\".")));
            }
        }
        Ok(Self { fail_on_errors, operations })
    }
}

impl Operation {
    fn read(value: Value) -> Result<Self, Error> {
        let Value::Object(mut operation) = value else {
            return Err(Error::invalid_syntax("Each of the Operations must be an object."));
        };
        let mut take = |wanted: &str| {
            let name = operation.keys().find(|name| name.eq_ignore_ascii_case(wanted)).cloned();
            name.and_then(|name| operation.shift_remove(&name)).filter(|value| !value.is_null())
        };
        let (method, path, data) = (take("method"), take("path"), take("data"));
        let (bulk_id, version) = (take("bulkId"), take("version"));
        let mut refused = None;
        let mut refuse = |detail: &str| {
            refused.get_or_insert_with(|| Error::invalid_syntax(detail));
        };
        let mut text = |value: Option<Value>, name: &str| match value {
            Some(Value::String(text)) => Some(text),
            None => None,
            Some(_) => {
                refuse(&format!("{name} must be a string."));
                None
            }
        };
        let (method, path) = (text(method, "method"), text(path, "path"));
        let (bulk_id, version) = (text(bulk_id, "bulkId"), text(version, "version"));
        let method = known(method.unwrap_or_default());
        if method.is_err() {
            refuse("method must be POST, PUT, PATCH or DELETE.");
        }
        if method == Ok(Method::Post) && bulk_id.as_deref().is_none_or(str::is_empty) {
            refuse("A POST needs a bulkId.");
        }
        let path = path.unwrap_or_default();
        if let Some(detail) = path_fault(&method, &path) {
            refuse(detail);
        }
        let data = match data {
            Some(Value::Object(data)) => data,
            Some(_) => {
                refuse("data must be an object.");
                Object::new()
            }
            None => {
                if !matches!(method, Ok(Method::Delete) | Err(_)) {
                    refuse("data is missing: it holds what would be the body of a request of its own.");
                }
                Object::new()
            }
        };
        Ok(Self { method, bulk_id, path, version, data, refused })
    }

    /// Whether others can refer to what it creates.
    fn creates(&self) -> bool {
        self.method == Ok(Method::Post)
    }

    /// What the answer says of it (RFC 7644 §3.7.3), below the `base` address of the service.
    #[must_use]
    pub fn answer(&self, done: Done, base: &str) -> Value {
        let mut entry = Map::new();
        let mut put = |name: &str, value: Value| entry.insert(name.to_owned(), value);
        let method = self
            .method
            .as_ref()
            .map_or_else(|word| word.chars().take(20).collect(), |it| it.word().to_owned());
        put("method", method.into());
        if let Some(bulk_id) = &self.bulk_id {
            put("bulkId", bulk_id.as_str().into());
        }
        // Every entry says where the resource is, but for one that was not created, or that has no address.
        let there = !self.creates() && self.refused.is_none() && !refers_by_path(&self.path);
        if let Some(location) = done.location.or_else(|| there.then(|| format!("{base}{}", self.path))) {
            put("location", location.into());
        }
        if let Some(version) = done.version {
            put("version", version.into());
        }
        if let Some(response) = done.response {
            put("response", response);
        }
        put("status", done.status.to_string().into());
        Value::Object(entry)
    }
}

/// What became of an operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// The status of HTTP.
    pub status: u16,
    /// Where the resource is.
    pub location: Option<String>,
    /// Its entity tag.
    pub version: Option<String>,
    /// The error, or the resource.
    pub response: Option<Value>,
}

impl Done {
    /// The operation failed.
    #[must_use]
    pub fn failed(error: &Error) -> Self {
        Self { status: error.status, response: Some(error.to_json()), ..Self::default() }
    }

    /// Whether the operation counts for `failOnErrors`.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        self.status >= 400
    }
}

/// The answer to a bulk request.
#[must_use]
pub fn response(entries: Vec<Value>) -> Value {
    let mut message = json!({ "schemas": [RESPONSE] });
    message["Operations"] = entries.into();
    message
}

fn known(word: String) -> Result<Method, String> {
    let all = [Method::Post, Method::Put, Method::Patch, Method::Delete];
    all.into_iter().find(|method| word.eq_ignore_ascii_case(method.word())).ok_or(word)
}

/// What is wrong with a path: an endpoint for a POST, a resource for another method, and nothing else of the service.
fn path_fault(method: &Result<Method, String>, path: &str) -> Option<&'static str> {
    let Some(rest) = path.strip_prefix('/') else {
        return Some("path must begin with \"/\", relative to the address of the service.");
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let plain = segments.iter().all(|segment| {
        decoded_segment(segment).is_some_and(|segment| !segment.is_empty() && !segment.starts_with('.'))
    });
    if !plain || path.contains(['?', '#']) {
        return Some("path must be an endpoint, such as /Users, or a resource, such as /Users/2819c223.");
    }
    match (method, segments.len()) {
        (Err(_), _) | (Ok(Method::Post), 1) => None,
        (Ok(Method::Post), _) => Some("The path of a POST must be an endpoint, such as /Users."),
        (Ok(_), 2) => None,
        (Ok(_), _) => Some("The path must be a resource, such as /Users/2819c223."),
    }
}
