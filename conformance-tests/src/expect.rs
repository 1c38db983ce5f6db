//! An answer and what every answer must satisfy: SCIM error bodies, resources with id, schemas and meta.
use std::collections::BTreeMap;

use serde_json::Value;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// What the server answered, and to what.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// Headers by lower-case name; of several with one name, the last.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub text: String,
    /// Method of the request.
    pub method: String,
    /// Path of the request, as it was written.
    pub path: String,
    /// Body of the request, as it was sent.
    pub sent: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| self.fail(&format!("no JSON body: {error}")))
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(&name.to_lowercase()).map(String::as_str)
    }

    /// The value at an RFC 6901 pointer of the body.
    pub fn at(&self, pointer: &str) -> Option<Value> {
        self.json().pointer(pointer).cloned()
    }

    /// The `id` of the resource in the body.
    pub fn id(&self) -> String {
        let id = self.at("/id");
        id.as_ref().and_then(Value::as_str).unwrap_or_else(|| self.fail("no string `id`")).to_owned()
    }

    /// Requires a status, and of every answer what its kind must have: a SCIM error, a resource, a list.
    pub fn expect_status(self, status: u16) -> Answer {
        if self.status != status {
            self.fail(&format!("expected status {status}"));
        }
        self.check()
    }

    /// Requires a SCIM error (RFC 7644 §3.12) with this status and, if any are given, one of these types.
    pub fn expect_error(self, status: u16, scim_types: &[&str]) -> Answer {
        let answer = self.expect_status(status);
        let scim_type = answer.at("/scimType");
        let found = scim_type.as_ref().and_then(Value::as_str);
        if !scim_types.is_empty() && !found.is_some_and(|found| scim_types.contains(&found)) {
            answer.fail(&format!("expected scimType one of {scim_types:?}"));
        }
        answer
    }

    /// Checks what the status alone demands of the answer, whatever the status is.
    pub fn check(self) -> Answer {
        let complaint = match self.status {
            400.. => error_complaint(self.status, self.header("content-type"), &self.text),
            200..=203 => self.success_complaint(),
            204 | 304 if !self.text.is_empty() => Some("a body where none may be".to_owned()),
            _ => None,
        };
        if let Some(complaint) = complaint {
            self.fail(&complaint);
        }
        self
    }

    /// Ends the test with a message that shows request and answer.
    pub fn fail(&self, complaint: &str) -> ! {
        let Answer { status, method, path, sent, text, headers, .. } = self;
        let sent = if sent.len() > 4000 { "(a body longer than 4,000 bytes)" } else { sent };
        panic!("{complaint}\n  sent: {method} {path}\n  {sent}\n  got: {status} {headers:?}\n  {text}");
    }

    fn success_complaint(&self) -> Option<String> {
        if !self.is_about_resources() || self.method == "HEAD" {
            return None;
        }
        let media = self.header("content-type").unwrap_or_default();
        if !media.starts_with("application/scim+json") {
            return Some(format!("content type {media:?} instead of application/scim+json"));
        }
        let body: Value = match serde_json::from_str(&self.text) {
            Ok(body) => body,
            Err(error) => return Some(format!("a success without a JSON body: {error}")),
        };
        let projected = self.is_projected();
        if body["schemas"].as_array().is_some_and(|schemas| schemas.contains(&LIST.into())) {
            return list_complaint(&body, projected);
        }
        if self.status == 201 && self.header("location").is_none() {
            return Some("201 without a Location header (RFC 7644 §3.3)".to_owned());
        }
        resource_complaint(&body, projected)
    }

    /// Whether the request named Users or Groups; discovery and token answers have other shapes.
    fn is_about_resources(&self) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        path.split('/').any(|part| part == "Users" || part == "Groups")
            && !path.contains("/Schemas")
            && !path.contains("/ResourceTypes")
    }

    /// Whether the request chose its attributes, so that `meta` may be missing.
    fn is_projected(&self) -> bool {
        let asked = self.path.to_lowercase().contains("attributes=");
        asked || self.sent.to_lowercase().contains("attributes\"")
    }
}

/// What is wrong with an error's body, if anything (RFC 7644 §3.12).
fn error_complaint(status: u16, media: Option<&str>, text: &str) -> Option<String> {
    let media = media.unwrap_or_default();
    if !media.starts_with("application/scim+json") {
        return Some(format!("an error as {media:?} instead of application/scim+json"));
    }
    let Ok(body) = serde_json::from_str::<Value>(text) else {
        return Some("an error without a JSON body".to_owned());
    };
    if !body["schemas"].as_array().is_some_and(|schemas| schemas.contains(&ERROR.into())) {
        return Some(format!("an error whose schemas lack {ERROR}"));
    }
    if body["status"].as_str() != Some(status.to_string().as_str()) {
        return Some(format!("an error whose status is not the string {status:?}"));
    }
    if body["detail"].as_str().is_none_or(|detail| detail.trim().is_empty()) {
        return Some("an error without a detail".to_owned());
    }
    None
}

/// What is wrong with a `ListResponse`, if anything (RFC 7644 §3.4.2).
fn list_complaint(body: &Value, projected: bool) -> Option<String> {
    for name in ["totalResults", "startIndex", "itemsPerPage"] {
        let number = &body[name];
        let may_be_missing = name != "totalResults" && number.is_null();
        if !number.is_u64() && !may_be_missing {
            return Some(format!("a list whose {name} is {number}"));
        }
    }
    let resources = body["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    resources.iter().find_map(|resource| resource_complaint(resource, projected))
}

/// What is wrong with a User or Group, if anything (RFC 7643 §3.1).
fn resource_complaint(body: &Value, projected: bool) -> Option<String> {
    if body["schemas"]
        .as_array()
        .is_none_or(|schemas| schemas.is_empty() || !schemas.iter().all(Value::is_string))
    {
        return Some(format!("a resource without schemas: {body}"));
    }
    let Some(id) = body["id"].as_str().filter(|id| !id.is_empty()) else {
        return Some(format!("a resource without a string id: {body}"));
    };
    if projected {
        return None;
    }
    let meta = &body["meta"];
    for name in ["resourceType", "created", "lastModified", "location"] {
        if meta[name].as_str().is_none_or(str::is_empty) {
            return Some(format!("a resource whose meta.{name} is {}", meta[name]));
        }
    }
    let plural = format!("/{}s/{id}", meta["resourceType"].as_str().unwrap_or_default());
    let location = meta["location"].as_str().unwrap_or_default();
    (!location.ends_with(&plural)).then(|| format!("meta.location {location} does not end in {plural}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_needs_its_media_type_schema_status_string_and_detail() {
        let good = json!({ "schemas": [ERROR], "status": "404", "detail": "No such user." });
        let complaint = |body: &Value| error_complaint(404, Some("application/scim+json"), &body.to_string());
        assert_eq!(complaint(&good), None);
        for (pointer, wrong) in [("/schemas", json!([])), ("/status", json!(404)), ("/detail", json!(" "))] {
            let mut body = good.clone();
            *body.pointer_mut(pointer).expect("is there") = wrong;
            assert!(complaint(&body).is_some(), "{body}");
        }
        assert!(error_complaint(404, Some("text/html"), &good.to_string()).is_some());
        assert!(error_complaint(404, Some("application/scim+json"), "").is_some());
    }

    #[test]
    fn a_resource_needs_schemas_id_and_meta() {
        let meta = json!({ "resourceType": "User", "created": "x", "lastModified": "x",
            "location": "https://s.example/scim/v2/Users/7" });
        let good = json!({ "schemas": ["urn:x"], "id": "7", "meta": meta });
        assert_eq!(resource_complaint(&good, false), None);
        for (pointer, wrong) in [
            ("/schemas", json!([])),
            ("/id", json!(7)),
            ("/meta/created", json!(null)),
            ("/meta/location", json!("https://s.example/scim/v2/Users/8")),
        ] {
            let mut body = good.clone();
            *body.pointer_mut(pointer).expect("is there") = wrong;
            assert!(resource_complaint(&body, false).is_some(), "{body}");
        }
        assert_eq!(resource_complaint(&json!({ "schemas": ["urn:x"], "id": "7" }), true), None);
    }

    #[test]
    fn a_list_counts_in_numbers() {
        let good = json!({ "schemas": [LIST], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0 });
        assert_eq!(list_complaint(&good, false), None);
        let mut body = good;
        body["totalResults"] = json!("0");
        assert!(list_complaint(&body, false).is_some());
    }
}
