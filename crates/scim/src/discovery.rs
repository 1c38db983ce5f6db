//! The discovery documents (RFC 7644 §4), made from the data that is enforced.

use serde_json::{Value, json};

use crate::compat::Dialect;
use crate::protocol::event;
use crate::protocol::list::{Page, list};
use crate::schema::{Registry, ResourceType, Schema};

const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";

/// What the server is able to do, as its settings say.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities<'c> {
    /// Where it says how access tokens are issued (RFC 8414 §3).
    pub authorization: &'c str,
    /// The most resources in a list answer.
    pub max_results: u64,
    /// The resources in a list answer when the client does not say.
    pub default_page_size: u64,
    /// Seconds for which a cursor is good.
    pub cursor_seconds: i64,
    /// The most operations in a bulk request.
    pub max_operations: usize,
    /// The most bytes in a request body.
    pub max_payload: usize,
    /// Whether changes are told by signed tokens, and requests accepted whose clients do not wait.
    pub events: bool,
    /// Whether there are roles and entitlements to read.
    pub catalogue: bool,
    /// The profile and the quirks of the connection that asks; none without a credential.
    pub connection: Option<(&'c str, &'c Dialect)>,
}

/// `/ServiceProviderConfig` (RFC 7643 §5): what is advertised is what works.
#[must_use]
pub fn service_provider_config(capabilities: Capabilities<'_>, base: &str) -> Value {
    let mut document = json!({
        "schemas": [SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": capabilities.max_operations,
            "maxPayloadSize": capabilities.max_payload,
        },
        "filter": { "supported": true, "maxResults": capabilities.max_results },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": capabilities.default_page_size,
            "maxPageSize": capabilities.max_results,
            "cursorTimeout": capabilities.cursor_seconds,
        },
        "securityEvents": {
            "asyncRequest": if capabilities.events { "request" } else { "none" },
            "eventUris": if capabilities.events { event::uris() } else { Vec::new() },
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A token of the connection in the Authorization header.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }, {
            "type": "oauth2",
            "name": "OAuth 2.0",
            "description": "An access token of the token endpoint, or of an issuer that the connection believes.",
            "specUri": "https://www.rfc-editor.org/info/rfc6749",
            "documentationUri": capabilities.authorization,
            "primary": false,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    });
    if let Some((profile, dialect)) = capabilities.connection {
        let quirks: Vec<Value> =
            dialect.quirks().map(|quirk| json!({ "name": quirk.name, "summary": quirk.summary })).collect();
        document["interopProfileConformant"] = dialect.is_interoperable().into();
        document["profile"] = profile.into();
        document["quirks"] = quirks.into();
    }
    // Its two levels are the draft's, and no schema may describe them (RFC 7643 §2.3.8).
    if capabilities.catalogue {
        let part = |several: &str| json!({ "supported": true, several: true, "primarySupported": true, "typeSupported": true });
        document["RolesAndEntitlements"] = json!({
            "roles": part("multipleRolesSupported"),
            "entitlements": part("multipleEntitlementsSupported"),
        });
    }
    document
}

/// One entry of `/ResourceTypes` (RFC 7643 §6).
#[must_use]
pub fn resource_type(resource_type: &ResourceType, base: &str) -> Value {
    let extensions = resource_type.extensions.iter();
    let extensions: Vec<Value> =
        extensions.map(|it| json!({ "schema": it.schema.id, "required": it.required })).collect();
    let mut document = json!({
        "schemas": [RESOURCE_TYPE],
        "id": resource_type.name,
        "name": resource_type.name,
    });
    describe(&mut document, &resource_type.description);
    document["endpoint"] = resource_type.endpoint.as_str().into();
    document["schema"] = resource_type.schema.id.as_str().into();
    if !extensions.is_empty() {
        document["schemaExtensions"] = extensions.into();
    }
    document["meta"] = json!({
        "resourceType": "ResourceType",
        "location": format!("{base}/ResourceTypes/{}", resource_type.name),
    });
    document
}

/// `/ResourceTypes`: all of them, never paged.
#[must_use]
pub fn resource_types(registry: &Registry, base: &str) -> Value {
    unpaged(registry.resource_types().iter().map(|it| resource_type(it, base)).collect())
}

/// One entry of `/Schemas` (RFC 7643 §7).
#[must_use]
pub fn schema(schema: &Schema, base: &str) -> Value {
    let mut document = json!({ "schemas": [SCHEMA], "id": schema.id, "name": schema.name });
    describe(&mut document, &schema.description);
    document["attributes"] = json!(schema.attributes);
    document["meta"] =
        json!({ "resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.id) });
    document
}

/// A description that says nothing is left out.
fn describe(document: &mut Value, description: &str) {
    if !description.is_empty() {
        document["description"] = description.into();
    }
}

/// `/Schemas`: all of them, never paged.
#[must_use]
pub fn schemas(registry: &Registry, base: &str) -> Value {
    unpaged(registry.schemas().iter().map(|it| schema(it, base)).collect())
}

fn unpaged(documents: Vec<Value>) -> Value {
    let total = documents.len() as u64;
    list(total, Page { start_index: 1, count: total }, documents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::Profile;

    #[test]
    fn no_document_holds_null_or_an_empty_name() {
        fn check(value: &Value) {
            match value {
                Value::Null => panic!("null"),
                Value::Array(items) => items.iter().for_each(check),
                Value::Object(object) => object.values().for_each(check),
                Value::String(text) => assert!(!text.is_empty()),
                _ => {}
            }
        }
        let base = "https://scim.example/v2";
        check(&schemas(Registry::standard(), base));
        check(&resource_types(Registry::standard(), base));
        let dialect = Dialect::new(Profile::Strict, &[], &[]).expect("the profile is there");
        let capabilities = Capabilities {
            authorization: "https://scim.example/.well-known/oauth-authorization-server",
            max_results: 500,
            default_page_size: 100,
            cursor_seconds: 1,
            max_operations: 1,
            max_payload: 1,
            events: true,
            catalogue: true,
            connection: Some(("strict", &dialect)),
        };
        check(&service_provider_config(capabilities, base));
    }

    #[test]
    fn every_schema_of_a_resource_type_is_listed() {
        let listed = schemas(Registry::standard(), "");
        let ids: Vec<&str> =
            listed["Resources"].as_array().expect("a list").iter().filter_map(|s| s["id"].as_str()).collect();
        for resource_type in Registry::standard().resource_types() {
            assert!(ids.contains(&resource_type.schema.id.as_str()));
            for extension in &resource_type.extensions {
                assert!(ids.contains(&extension.schema.id.as_str()));
            }
        }
    }
}
