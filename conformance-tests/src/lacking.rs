//! What a request needs that this server does not offer, so that its test is skipped rather than failed.
use serde_json::Value;

use crate::service::Service;
use crate::support::{ENTERPRISE, GROUP, USER};

/// Attributes of RFC 7643 §4.1, §4.2 and §4.3 that a client may write, by schema. A server may leave any of them out,
/// and says so in `/Schemas`; other names are sent on purpose.
const WRITABLE: &[(&str, &[&str])] = &[
    (
        USER,
        &[
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
        ],
    ),
    (GROUP, &["members"]),
    (ENTERPRISE, &["employeeNumber", "costCenter", "organization", "division", "department", "manager"]),
];

impl Service {
    /// Why this request cannot be tried here; none when it can, or when the server says nothing.
    pub(crate) fn lacks_for(&self, method: &str, path: &str, body: Option<&[u8]>) -> Option<String> {
        let path = path.split('?').next().unwrap_or_default();
        let endpoint = path.split('/').nth(1).unwrap_or_default();
        let schema = match endpoint {
            "Users" => USER,
            "Groups" => GROUP,
            _ => return None,
        };
        if !self.has_endpoint(endpoint) {
            return Some(format!("the server has no resource type at `/{endpoint}`"));
        }
        if method == "PATCH"
            && let Some(why) = self.lacks("patch")
        {
            return Some(why);
        }
        let body: Value = serde_json::from_slice(body?).ok()?;
        match method {
            "POST" | "PUT" if !path.ends_with(".search") => self.lacks_in(schema, &body),
            "PATCH" => {
                body["Operations"].as_array()?.iter().find_map(|one| self.lacks_in_operation(schema, one))
            }
            _ => None,
        }
    }

    fn lacks_in_operation(&self, schema: &str, operation: &Value) -> Option<String> {
        let Some(path) = operation["path"].as_str() else {
            return self.lacks_in(schema, &operation["value"]);
        };
        let (urn, rest) = [ENTERPRISE, schema]
            .into_iter()
            .find_map(|urn| Some((urn, path.get(urn.len()..)?)).filter(|_| starts_with(path, urn)))
            .map_or((schema, path), |(urn, rest)| (urn, rest.trim_start_matches(':')));
        let name = rest.split(['.', '[']).next().unwrap_or_default();
        self.lacks_attribute(urn, name)
    }

    fn lacks_in(&self, schema: &str, body: &Value) -> Option<String> {
        body.as_object()?.iter().find_map(|(name, value)| {
            if name.eq_ignore_ascii_case(ENTERPRISE) {
                self.lacks_in(ENTERPRISE, value)
            } else {
                self.lacks_attribute(schema, name)
            }
        })
    }

    fn lacks_attribute(&self, urn: &str, name: &str) -> Option<String> {
        let names = WRITABLE.iter().find(|(schema, _)| *schema == urn).map_or(&[][..], |(_, names)| names);
        let known = names.iter().find(|known| known.eq_ignore_ascii_case(name))?;
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
        service().lacks_for(method, path, Some(body.to_string().as_bytes())).is_some()
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
        assert_eq!(Service::default().lacks_for("POST", "/Groups", Some(b"{\"members\":[]}")), None);
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
