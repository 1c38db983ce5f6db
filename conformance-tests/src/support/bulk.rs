//! Bulk requests of tests, and what their entries say.
use crate::{Answer, group, unique, user};
use serde_json::{Value, json};

use super::{Scratch, with};

pub(crate) const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
pub(crate) const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

pub(crate) fn send(scratch: &Scratch, operations: &[Value], extra: &Value) -> Answer {
    let body = json!({ "schemas": [REQUEST], "Operations": operations });
    scratch.post("/Bulk", &with(&body, extra))
}

/// Sends operations, which must be answered one by one.
pub(crate) fn bulk(scratch: &Scratch, operations: &[Value]) -> Vec<Value> {
    let answer = send(scratch, operations, &json!({})).expect_status(200);
    let entries = entries(&answer);
    assert_eq!(entries.len(), operations.len(), "{}", answer.text);
    entries
}

pub(crate) fn entries(answer: &Answer) -> Vec<Value> {
    answer
        .at("/Operations")
        .and_then(|all| all.as_array().cloned())
        .unwrap_or_else(|| answer.fail("no Operations"))
}

/// Where the resource of an entry is, as its answer says it.
pub(crate) fn place(entry: &Value) -> String {
    entry["location"].as_str().unwrap_or_else(|| panic!("no location in {entry}")).to_owned()
}

pub(crate) fn status(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["status"].as_str().unwrap_or_else(|| panic!("{entry}"))).collect()
}

pub(crate) fn post(path: &str, bulk_id: &str, data: &Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": bulk_id, "data": data })
}

pub(crate) fn person(bulk_id: &str) -> Value {
    post("/Users", bulk_id, &user(&unique("bulk")))
}

/// A group with members, each a reference or an id.
pub(crate) fn team(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|value| json!({ "value": value })).collect();
    post("/Groups", bulk_id, &with(&group(&unique("bulk")), &json!({ "members": members })))
}

pub(crate) fn delete(path: &str) -> Value {
    json!({ "method": "DELETE", "path": path })
}
