//! What a server says about itself in its discovery documents, read before any test.
use serde_json::Value;

use crate::Target;
use crate::probe::{self, Attribute};

/// The documents of RFC 7644 §4, as far as they could be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Service {
    /// `/ServiceProviderConfig`.
    pub(crate) config: Option<Value>,
    /// The resource types; none when they could not be read.
    pub(crate) types: Vec<Value>,
    /// The schemas; none when they could not be read.
    pub(crate) schemas: Vec<Value>,
    /// What a GET of `/Me` is answered with.
    pub(crate) me: Option<u16>,
    /// Whether the run can act as another tenant, too.
    pub(crate) tenancy: bool,
    /// Attributes that do not come back as they are sent.
    pub(crate) lost: Vec<Attribute>,
    /// What could not be read, a sentence each.
    pub(crate) notes: Vec<String>,
}

/// Features whose switch in the configuration is `feature.supported` (RFC 7643 §5).
const SWITCHES: &[&str] = &["patch", "bulk", "filter", "sort", "etag"];

impl Service {
    /// Reads the documents; what is not there or not JSON is noted and taken for nothing said.
    pub(crate) fn read(target: &Target, tenancy: bool) -> Service {
        let mut service = Service { tenancy, ..Service::default() };
        service.config = service.document(target, "/ServiceProviderConfig");
        service.types = service.list(target, "/ResourceTypes");
        service.schemas = service.list(target, "/Schemas");
        probe::fit_names(target);
        service.lost = probe::lost(target, &service);
        service.me = target.request("GET", "/Me").received().ok().map(|received| received.status);
        service
    }

    fn document(&mut self, target: &Target, path: &str) -> Option<Value> {
        let found = target.request("GET", path).received().and_then(|received| match received.status {
            200 => serde_json::from_str(&received.text).map_err(|error| format!("no JSON: {error}")),
            status => Err(format!("status {status}")),
        });
        found.map_err(|error| self.notes.push(format!("{path} could not be read: {error}."))).ok()
    }

    fn list(&mut self, target: &Target, path: &str) -> Vec<Value> {
        let Some(found) = self.document(target, path) else { return Vec::new() };
        let resources = found["Resources"].as_array().cloned();
        resources.unwrap_or_else(|| {
            self.notes.push(format!("{path} is no list with Resources."));
            Vec::new()
        })
    }

    /// Why a test that needs this feature cannot be tried; none when it can.
    pub(crate) fn lacks(&self, feature: &str) -> Option<String> {
        let config = self.config.as_ref();
        match feature {
            _ if SWITCHES.contains(&feature) => {
                let supported = &config?[feature]["supported"];
                (*supported != true)
                    .then(|| format!("the service provider configuration does not claim `{feature}`"))
            }
            "cursor" => (config?["pagination"]["cursor"] != true)
                .then(|| "the service provider configuration does not claim cursors".to_owned()),
            "async" => (config?["securityEvents"]["asyncRequest"] != "request").then(|| {
                "the service provider configuration does not claim asynchronous requests".to_owned()
            }),
            "events" => config?["securityEvents"]
                .is_null()
                .then(|| "the service provider configuration does not claim security events".to_owned()),
            "me" => (!matches!(self.me, Some(200..=399)))
                .then(|| format!("the server does not offer `/Me` ({})", self.said_of_me())),
            "tenancy" => {
                (!self.tenancy).then(|| "the run has no token of another tenant (`--other-token`)".to_owned())
            }
            _ => None,
        }
    }

    fn said_of_me(&self) -> String {
        self.me.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"))
    }

    /// Whether a resource type that was read has this endpoint, such as `/Devices`.
    pub(crate) fn lists_endpoint(&self, endpoint: &str) -> bool {
        !self.types.is_empty() && self.has_endpoint(endpoint)
    }

    /// Whether a resource type has this endpoint, such as `/Groups`; true when nothing could be read.
    pub(crate) fn has_endpoint(&self, endpoint: &str) -> bool {
        let is = |kind: &Value| {
            kind["endpoint"].as_str().is_some_and(|found| {
                found.trim_end_matches('/').rsplit('/').next() == Some(endpoint.trim_start_matches('/'))
            })
        };
        self.types.is_empty() || self.types.iter().any(is)
    }

    /// Whether a resource type has this extension; true when nothing could be read.
    pub(crate) fn has_extension(&self, urn: &str) -> bool {
        let has = |kind: &Value| {
            kind["schemaExtensions"].as_array().into_iter().flatten().any(|one| one["schema"] == urn)
        };
        self.types.is_empty() || self.types.iter().any(has)
    }

    /// The attribute of a served schema; both names are compared as RFC 7643 §2.1 compares them.
    pub(crate) fn attribute(&self, urn: &str, name: &str) -> Option<&Value> {
        let schema = self.schema(urn)?;
        let attributes = schema["attributes"].as_array()?;
        attributes
            .iter()
            .find(|one| one["name"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name)))
    }

    /// These sub-attributes of an attribute, without those that the served schema does not have.
    pub(crate) fn with_parts(&self, urn: &str, name: &str, value: &Value) -> Value {
        let Some(parts) = self.attribute(urn, name).and_then(|one| one["subAttributes"].as_array()) else {
            return value.clone();
        };
        let has = |wanted: &str| parts.iter().any(|part| part["name"] == wanted);
        let kept = value.as_object().into_iter().flatten().filter(|(part, _)| has(part));
        Value::Object(kept.map(|(part, value)| (part.clone(), value.clone())).collect())
    }

    /// The served schema of this URN.
    pub(crate) fn schema(&self, urn: &str) -> Option<&Value> {
        let is = |schema: &&Value| schema["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(urn));
        self.schemas.iter().find(is)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_claimed_is_lacking_and_what_cannot_be_read_is_not() {
        let config = json!({ "patch": { "supported": true }, "bulk": { "supported": false } });
        let service = Service { config: Some(config), ..Service::default() };
        let lacking = ["patch", "bulk", "sort", "cursor", "-"].map(|one| service.lacks(one).is_some());
        assert_eq!(lacking, [false, true, true, true, false]);
        assert_eq!(Service::default().lacks("bulk"), None);
    }

    #[test]
    fn an_endpoint_is_found_by_its_last_part() {
        let types =
            vec![json!({ "endpoint": "https://s.example/scim/v2/Users" }), json!({ "endpoint": "/Bots" })];
        let service = Service { types, ..Service::default() };
        let found = ["/Users", "/Bots", "/Groups"].map(|one| service.has_endpoint(one));
        assert_eq!(found, [true, true, false]);
        assert!(Service::default().has_endpoint("/Groups"));
    }
}
