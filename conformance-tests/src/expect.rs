//! An answer and what every answer must satisfy: SCIM error bodies, resources with id, schemas and meta.
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::Target;
use crate::exchange::{Log, Made};
use crate::requirement::{Level, skip};

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
    /// Where the exchange was written down.
    pub(crate) log: Option<Arc<Log>>,
}

/// What separates a complaint from the exchange that shows it.
const SENT: &str = "\n  sent: ";

/// A message of [`Answer::fail`] without the exchange, for reports that show it in full.
pub(crate) fn complaint_of(message: &str) -> &str {
    message.split(SENT).next().unwrap_or(message)
}

/// A fault that any answer could have.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    /// The requirement that is about it.
    id: &'static str,
    complaint: String,
    /// How much it weighs at most.
    at_most: Option<Level>,
}

impl Fault {
    fn new(id: &'static str, complaint: impl Into<String>) -> Fault {
        Fault { id, complaint: complaint.into(), at_most: None }
    }

    /// The same fault where the RFC calls optional what is missing.
    fn advice(self) -> Fault {
        Fault { at_most: Some(Level::Should), ..self }
    }
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
        if status == 200 && self.is_unsupported_filter() {
            skip("the server refuses the filter as unsupported, which RFC 7644 §3.12 allows");
        }
        if self.status != status {
            self.fail(&format!("status {} where {status} was expected", self.status));
        }
        self.check()
    }

    /// Whether the server says that it does not support the comparison of a filter.
    fn is_unsupported_filter(&self) -> bool {
        let may = self.log.as_ref().is_some_and(|log| log.may_lack_filter());
        let filtered = self.path.contains("filter=") || self.path.ends_with("/.search");
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        may && filtered && self.status == 400 && body["scimType"] == "invalidFilter"
    }

    /// Whether the server refuses an e-mail address that another user of the tests has.
    pub(crate) fn repeats_an_address(&self) -> bool {
        let lenient = self.log.as_ref().is_some_and(|log| log.is_lenient());
        lenient && self.status == 409 && self.sent.contains("emails")
    }

    /// Whether the server refuses a new resource that the test only needs: for its data, or because it takes an e-mail address
    /// once and the tests use some several times.
    pub(crate) fn is_refused_on_the_way(&self) -> bool {
        let Some(log) = &self.log else { return false };
        self.repeats_an_address() || (matches!(self.status, 400 | 409 | 422) && log.may_be_on_the_way())
    }

    /// Requires a SCIM error (RFC 7644 §3.12) with this status and, if any are given, one of these types.
    ///
    /// The RFC calls the type optional, and draws no sharp lines between some of them: one that is missing or another one
    /// of those is a fault of its own kind.
    pub fn expect_error(self, status: u16, scim_types: &[&str]) -> Answer {
        let answer = self.expect_status(status);
        let body: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        let found = body["scimType"].as_str();
        let Some(wanted) =
            scim_types.first().filter(|_| found.is_none_or(|found| !scim_types.contains(&found)))
        else {
            return answer;
        };
        let complaint = match found {
            None => format!("an error without scimType where {wanted:?} was expected"),
            Some(found) => format!("scimType {found:?} where one of {scim_types:?} was expected"),
        };
        if found.is_some() && !scim_types.iter().all(|one| SOFT.contains(one)) {
            answer.fail(&complaint);
        }
        answer.tell(Fault::new(about_type(wanted), complaint).advice());
        answer
    }

    /// Checks what the status alone demands of the answer, whatever the status is.
    ///
    /// In a run these faults are told under their own requirement and the test goes on; elsewhere they end the test.
    pub fn check(self) -> Answer {
        for fault in self.faults() {
            self.tell(fault);
        }
        self
    }

    fn tell(&self, fault: Fault) {
        match &self.log {
            Some(log) => log.remark(fault.id, fault.complaint, fault.at_most),
            None => self.fail(&fault.complaint),
        }
    }

    /// Ends the test with a message that shows request and answer.
    pub fn fail(&self, complaint: &str) -> ! {
        let Answer { status, method, path, sent, text, headers, .. } = self;
        let sent = if sent.len() > 4000 { "(a body longer than 4,000 bytes)" } else { sent };
        panic!("{complaint}{SENT}{method} {path}\n  {sent}\n  got: {status} {headers:?}\n  {text}");
    }

    fn faults(&self) -> Vec<Fault> {
        match self.status {
            400.. => error_faults(self.status, self.header("content-type"), &self.text),
            200 | 201 | 203 => self.success_faults(),
            202 if !self.text.is_empty() => vec![Fault::new("R-ASYNC-02", "a body where none may be")],
            204 | 304 if !self.text.is_empty() => vec![Fault::new("R-HTTP-22", "a body where none may be")],
            _ => Vec::new(),
        }
    }

    fn success_faults(&self) -> Vec<Fault> {
        if !self.is_about_resources() || self.method == "HEAD" {
            return Vec::new();
        }
        let media = self.header("content-type").unwrap_or_default();
        let mut faults = Vec::new();
        if !is_scim(media) {
            let complaint = format!("content type {media:?} instead of application/scim+json");
            faults.push(Fault::new("R-HTTP-01", complaint));
        }
        let body: Value = match serde_json::from_str(&self.text) {
            Ok(body) => body,
            Err(error) => self.fail(&format!("a success without a JSON body: {error}")),
        };
        let projected = self.is_projected();
        if body["schemas"].as_array().is_some_and(|schemas| schemas.contains(&LIST.into())) {
            faults.extend(list_faults(&body, projected));
            return faults;
        }
        if self.status == 201 && self.header("location").is_none() {
            faults.push(Fault::new("R-CREATE-03", "201 without a Location header"));
        }
        faults.extend(resource_faults(&body, projected));
        faults
    }

    /// Writes down what a POST created, single or in bulk, so that it can be deleted after the test.
    pub(crate) fn note_what_was_made(&self, target: &Target) {
        let Some(log) = self.log.as_ref().filter(|_| self.method == "POST") else { return };
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let made = |address: &str| {
            log.made(Made { target: target.unlogged(), path: target.below(address) });
        };
        let endpoint = self.path.split('?').next().unwrap_or_default().trim_end_matches('/');
        if endpoint.ends_with("/Bulk") {
            for entry in body["Operations"].as_array().map(Vec::as_slice).unwrap_or_default() {
                let created = entry["method"] == "POST" && entry["status"].to_string().contains("201");
                if let Some(location) = entry["location"].as_str().filter(|_| created) {
                    made(location);
                }
            }
        } else if self.status == 201 {
            let by_id = || Some(format!("{endpoint}/{}", body["id"].as_str()?));
            if let Some(path) = self.header("location").map(str::to_owned).or_else(by_id) {
                made(&path);
            }
        }
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

/// Whether a content type is that of SCIM, with or without parameters.
fn is_scim(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/scim+json")
}

/// Types that RFC 7644 describes in Table 9 alone, where one fault can be called by several of them. The others are required in
/// the sections about filters, PATCH and uniqueness.
const SOFT: &[&str] = &["invalidSyntax", "invalidValue", "invalidPath", "invalidVers"];

/// The requirement about an error type.
fn about_type(wanted: &str) -> &'static str {
    match wanted {
        "invalidFilter" => "R-ERR-05",
        "tooMany" => "R-ERR-06",
        "uniqueness" => "R-ERR-07",
        "mutability" => "R-ERR-08",
        "invalidSyntax" => "R-ERR-09",
        "invalidPath" => "R-ERR-10",
        "noTarget" => "R-ERR-11",
        "invalidVers" => "R-ERR-13",
        "invalidCursor" | "expiredCursor" | "invalidCount" => "R-ERR-15",
        _ => "R-ERR-12",
    }
}

/// What is wrong with an error (RFC 7644 §3.12); its `detail` is optional there.
fn error_faults(status: u16, media: Option<&str>, text: &str) -> Vec<Fault> {
    let media = media.unwrap_or_default();
    let Ok(body) = serde_json::from_str::<Value>(text) else {
        return vec![Fault::new("R-ERR-01", "an error without a JSON body")];
    };
    let mut faults = Vec::new();
    if !is_scim(media) {
        faults
            .push(Fault::new("R-ERR-04", format!("an error as {media:?} instead of application/scim+json")));
    }
    if !body["schemas"].as_array().is_some_and(|schemas| schemas.contains(&ERROR.into())) {
        faults.push(Fault::new("R-ERR-01", format!("an error whose schemas lack {ERROR}")));
    } else if body["status"].as_str() != Some(status.to_string().as_str()) {
        faults.push(Fault::new("R-ERR-01", format!("an error whose status is not the string \"{status}\"")));
    }
    if body["detail"].as_str().is_none_or(|detail| detail.trim().is_empty()) {
        faults.push(Fault::new("R-ERR-03", "an error without a detail"));
    }
    faults
}

/// What is wrong with a `ListResponse` (RFC 7644 §3.4.2).
fn list_faults(body: &Value, projected: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in ["totalResults", "startIndex", "itemsPerPage"] {
        let number = &body[name];
        let may_be_missing = name != "totalResults" && number.is_null();
        if !number.is_u64() && !may_be_missing {
            faults.push(Fault::new("R-PAGE-01", format!("a list whose {name} is {number}")));
        }
    }
    let resources = body["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    faults.extend(resources.iter().flat_map(|resource| resource_faults(resource, projected)));
    faults
}

/// What is wrong with a User or Group (RFC 7643 §3 and §3.1). That `meta` is complete is asked for where the RFC calls its
/// members "returned by default", which no server must be able to fill.
fn resource_faults(body: &Value, projected: bool) -> Vec<Fault> {
    let mut faults = Vec::new();
    if body["schemas"]
        .as_array()
        .is_none_or(|schemas| schemas.is_empty() || !schemas.iter().all(Value::is_string))
    {
        let fault = Fault::new("R-COMMON-22", format!("a resource without schemas: {body}"));
        // RFC 7643 §3 wants them always, and an example of RFC 7644 §3.4.2 leaves them out of a projection.
        faults.push(if projected { fault.advice() } else { fault });
    }
    let Some(id) = body["id"].as_str().filter(|id| !id.is_empty()) else {
        faults.push(Fault::new("R-COMMON-01", format!("a resource without a string id: {body}")));
        return faults;
    };
    if projected {
        return faults;
    }
    let meta = &body["meta"];
    for (name, requirement) in [
        ("resourceType", "R-COMMON-14"),
        ("created", "R-COMMON-15"),
        ("lastModified", "R-COMMON-17"),
        ("location", "R-COMMON-18"),
    ] {
        if meta[name].as_str().is_none_or(str::is_empty) {
            let complaint = format!("a resource whose meta.{name} is {}", meta[name]);
            faults.push(Fault::new(requirement, complaint).advice());
        }
    }
    let location = meta["location"].as_str().unwrap_or_default();
    if !location.is_empty() && !location.ends_with(&format!("/{id}")) {
        faults.push(Fault::new("R-COMMON-18", format!("meta.location {location} does not end in /{id}")));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_error_needs_its_media_type_schema_status_string_and_detail() {
        let good = json!({ "schemas": [ERROR], "status": "404", "detail": "No such user." });
        let faults = |body: &Value| error_faults(404, Some("application/scim+json"), &body.to_string());
        assert_eq!(faults(&good), []);
        for (pointer, wrong) in [("/schemas", json!([])), ("/status", json!(404)), ("/detail", json!(" "))] {
            let mut body = good.clone();
            *body.pointer_mut(pointer).expect("is there") = wrong;
            assert_eq!(faults(&body).len(), 1, "{body}");
        }
        let of = |media, text: &str| error_faults(404, Some(media), text).first().map(|fault| fault.id);
        assert_eq!(of("text/html", &good.to_string()), Some("R-ERR-04"));
        assert_eq!(of("application/scim+json", ""), Some("R-ERR-01"));
        assert_eq!(of("Application/SCIM+json; charset=utf-8", &good.to_string()), None);
    }

    #[test]
    fn a_resource_needs_schemas_id_and_meta() {
        let meta = json!({ "resourceType": "User", "created": "x", "lastModified": "x",
            "location": "https://s.example/scim/v2/Users/7" });
        let good = json!({ "schemas": ["urn:x"], "id": "7", "meta": meta });
        assert_eq!(resource_faults(&good, false), []);
        for (pointer, wrong) in [
            ("/schemas", json!([])),
            ("/id", json!(7)),
            ("/meta/created", json!(null)),
            ("/meta/location", json!("https://s.example/scim/v2/Users/8")),
        ] {
            let mut body = good.clone();
            *body.pointer_mut(pointer).expect("is there") = wrong;
            assert_eq!(resource_faults(&body, false).len(), 1, "{body}");
        }
        assert_eq!(resource_faults(&json!({ "schemas": ["urn:x"], "id": "7" }), true), []);
    }

    #[test]
    fn a_list_counts_in_numbers() {
        let good = json!({ "schemas": [LIST], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0 });
        assert_eq!(list_faults(&good, false), []);
        let mut body = good;
        body["totalResults"] = json!("0");
        assert_eq!(list_faults(&body, false).len(), 1);
    }
}
