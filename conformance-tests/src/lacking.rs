//! What a request needs that this server does not offer, so that its test is skipped rather than failed.
use serde_json::Value;

use crate::service::Service;
use crate::support::{ENTERPRISE, GROUP, USER};

/// Attributes of RFC 7643 §4.1 that a client may write. A server may leave any of them out, and says so in `/Schemas`; other
/// names are sent on purpose.
pub(crate) const USER_ATTRIBUTES: &[&str] = &[
    "name",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "active",
    "password",
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509Certificates",
];
/// As [`USER_ATTRIBUTES`], of RFC 7643 §4.3.
pub(crate) const ENTERPRISE_ATTRIBUTES: &[&str] =
    &["employeeNumber", "costCenter", "organization", "division", "department", "manager"];
/// As [`USER_ATTRIBUTES`], of RFC 7643 §4.2.
const GROUP_ATTRIBUTES: &[&str] = &["members"];
/// Requirements that are about keeping attributes.
const THEMSELVES: &[&str] =
    &["R-SCH-16", "R-USER-07", "R-USER-09", "R-USER-22", "R-USER-25", "R-GROUP-04", "R-ENT-01"];

impl Service {
    /// Why this request cannot be tried here; none when it can, or when the server says nothing.
    pub(crate) fn lacks_for(
        &self,
        id: &str,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
    ) -> Option<String> {
        if id == "R-SPC-09" {
            return None;
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let endpoint = path.split('/').nth(1).unwrap_or_default();
        let schema = match endpoint {
            "Users" => USER,
            "Groups" => GROUP,
            _ => return None,
        };
        if !self.has_endpoint(endpoint) {
            return Some(format!("the server has no resource type at `/{endpoint}`"));
        }
        let filtered = query.split('&').any(|one| one.starts_with("filter="));
        let needed = [("filter", filtered), ("patch", method == "PATCH")];
        let lacking = needed.iter().filter(|(_, used)| *used).find_map(|(feature, _)| self.lacks(feature));
        if lacking.is_some() {
            return lacking;
        }
        let body: Value = serde_json::from_slice(body?).ok()?;
        match method {
            "POST" | "PUT" if !path.ends_with(".search") => self.lacks_in(id, schema, &body),
            "PATCH" => {
                body["Operations"].as_array()?.iter().find_map(|one| self.lacks_in_operation(id, schema, one))
            }
            _ => None,
        }
    }

    fn lacks_in_operation(&self, id: &str, schema: &str, operation: &Value) -> Option<String> {
        let Some(path) = operation["path"].as_str() else {
            return self.lacks_in(id, schema, &operation["value"]);
        };
        let (urn, rest) = [ENTERPRISE, schema]
            .into_iter()
            .find_map(|urn| Some((urn, path.get(urn.len()..)?)).filter(|_| starts_with(path, urn)))
            .map_or((schema, path), |(urn, rest)| (urn, rest.trim_start_matches(':')));
        let name = rest.split(['.', '[']).next().unwrap_or_default();
        self.lacks_or_loses(id, urn, name)
    }

    fn lacks_in(&self, id: &str, schema: &str, body: &Value) -> Option<String> {
        body.as_object()?.iter().find_map(|(name, value)| {
            if name.eq_ignore_ascii_case(ENTERPRISE) {
                self.lacks_in(id, ENTERPRISE, value)
            } else {
                self.lacks_or_loses(id, schema, name)
            }
        })
    }

    /// As [`Service::lacks_attribute`]; what does not come back as it was sent counts too, but not for tests about that.
    fn lacks_or_loses(&self, id: &str, urn: &str, name: &str) -> Option<String> {
        let is_lost = |(schema, lost): &&(&str, &str)| *schema == urn && lost.eq_ignore_ascii_case(name);
        let lost = self.lost.iter().find(is_lost).filter(|_| !THEMSELVES.contains(&id));
        let why = lost.map(|(_, name)| format!("the server does not keep every `{name}` that it is sent"));
        why.or_else(|| self.lacks_attribute(urn, name))
    }

    /// Why an attribute cannot be used here; none when it can, or when no RFC has it.
    pub(crate) fn lacks_attribute(&self, urn: &str, name: &str) -> Option<String> {
        let names = match urn {
            USER => USER_ATTRIBUTES,
            GROUP => GROUP_ATTRIBUTES,
            _ => ENTERPRISE_ATTRIBUTES,
        };
        let known = names.iter().find(|known| known.eq_ignore_ascii_case(name))?;
        if urn == ENTERPRISE && !self.has_extension(ENTERPRISE) {
            return Some("no resource type of the server has the enterprise extension".to_owned());
        }
        if self.schemas.is_empty() {
            return None;
        }
        match self.attribute(urn, known) {
            None => Some(format!("the schemas of the server have no `{known}` in {urn}")),
            Some(found) => (found["mutability"] == "readOnly")
                .then(|| format!("`{known}` is read-only in the schemas of the server")),
        }
    }
}

fn starts_with(path: &str, urn: &str) -> bool {
    path.get(..urn.len()).is_some_and(|start| start.eq_ignore_ascii_case(urn))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service() -> Service {
        let attributes = json!([{ "name": "userName" }, { "name": "title" }, { "name": "name", "mutability": "readOnly" }]);
        let types = vec![json!({ "endpoint": "/Users" })];
        Service {
            types,
            schemas: vec![json!({ "id": USER, "attributes": attributes })],
            ..Service::default()
        }
    }

    fn lacking(method: &str, path: &str, body: &Value) -> bool {
        service().lacks_for("R-X-1", method, path, Some(body.to_string().as_bytes())).is_some()
    }

    #[test]
    fn a_body_may_hold_what_the_schemas_have_and_what_no_rfc_defines() {
        assert!(!lacking(
            "POST",
            "/Users",
            &json!({ "userName": "x", "TITLE": "x", "favouriteColour": "red" })
        ));
        assert!(lacking("POST", "/Users?x", &json!({ "nickName": "x" })));
        assert!(lacking("PUT", "/Users/1", &json!({ "name": { "givenName": "x" } })));
        assert!(lacking("POST", "/Users", &json!({ ENTERPRISE: { "costCenter": "x" } })));
        assert!(lacking("POST", "/Groups", &json!({ "displayName": "x" })));
        assert_eq!(Service::default().lacks_for("R-X-1", "POST", "/Groups", Some(b"{\"members\":[]}")), None);
    }

    #[test]
    fn a_patch_names_attributes_in_paths_and_in_values() {
        let patch = |operation: Value| lacking("PATCH", "/Users/1", &json!({ "Operations": [operation] }));
        assert!(!patch(json!({ "op": "add", "path": "title", "value": "x" })));
        assert!(patch(json!({ "op": "add", "path": "emails[type eq \"work\"].value", "value": "x" })));
        assert!(patch(json!({ "op": "add", "value": { "nickName": "x" } })));
        assert!(patch(json!({ "op": "remove", "path": format!("{ENTERPRISE}:manager") })));
    }
}
