//! What a check looks at: the request, its answer, the document in question, the tenant before and after.
use conformance_tests::{Answer, Target};
use serde_json::Value;

use crate::snapshot::Snapshot;
use crate::world::World;

/// The outcome of a check: a complaint when the fact does not hold.
pub(crate) type Verdict = Result<(), String>;

/// One document under check, in its context.
pub(crate) struct Scene<'a> {
    /// Names and ids.
    pub(crate) world: &'a World,
    /// The answer to the fixture's request.
    pub(crate) answer: &'a Answer,
    /// The answer's body, or what a read afterwards gave.
    pub(crate) document: &'a Value,
    /// Body of the request, placeholders filled.
    pub(crate) sent: &'a Value,
    /// Headers of the request, placeholders filled.
    pub(crate) headers: &'a [(String, String)],
    /// The tenant before the request.
    pub(crate) before: &'a Snapshot,
    /// The tenant after it.
    pub(crate) after: &'a Snapshot,
}

impl Scene<'_> {
    /// The connection, for a check that asks the server again.
    pub(crate) fn target(&self) -> &Target {
        &self.world.target
    }

    /// The id behind a name.
    pub(crate) fn id(&self, name: &str) -> Result<&str, String> {
        self.world.id(name).ok_or_else(|| format!("{name} is not known"))
    }

    /// The `id` of the document.
    pub(crate) fn document_id(&self) -> Result<&str, String> {
        self.document["id"].as_str().ok_or_else(|| "the document has no id".to_owned())
    }

    /// The value at a pointer of the document; none when absent.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        self.document.pointer(pointer)
    }

    /// The elements of the array at a pointer; empty when there is no array.
    pub(crate) fn elements(&self, pointer: &str) -> &[Value] {
        self.at(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// Sends the fixture's request once more, with these headers and this body.
    pub(crate) fn resend(&self, headers: &[(String, String)], body: &Value) -> Answer {
        send(self.target(), &self.answer.method, &self.answer.path, headers, body)
    }
}

/// Sends a request exactly as written: no header of our own beside the token, a string body verbatim.
pub(crate) fn send(
    target: &Target,
    method: &str,
    path: &str,
    headers: &[(String, String)],
    body: &Value,
) -> Answer {
    let mut request = target.request(method, path).without_header("accept").plain();
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request = match body {
        Value::Null => request,
        Value::String(text) => request.bytes(text.as_bytes()),
        json => request.bytes(json.to_string().as_bytes()),
    };
    request.send()
}

/// A complaint unless the condition holds.
pub(crate) fn check(holds: bool, complaint: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(complaint()) }
}
