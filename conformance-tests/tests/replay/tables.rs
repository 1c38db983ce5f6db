//! The fixed tables of the replay: profiles, decisions, names, credentials, what is left out.
use serde_json::Value;

/// The Enterprise User extension (RFC 7643 §4.3).
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The schemas that the server knows.
pub(crate) const KNOWN_SCHEMAS: &[&str] = &[
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:core:2.0:Group",
    ENTERPRISE,
    "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User",
];

/// The connection of each client: profile, and quirks switched on beside it.
pub(crate) const CONNECTIONS: &[(&str, &str, &[&str])] = &[
    ("entra", "entra", &[]),
    ("jumpcloud", "jumpcloud", &[]),
    ("okta", "okta", &[]),
    ("onelogin", "onelogin", &[]),
    ("google", "google", &[]),
    ("ping", "ping", &[]),
    ("sailpoint", "sailpoint", &[]),
    ("keycloak", "keycloak", &[]),
    ("authentik", "authentik", &[]),
];

/// The fixtures that are replayed on the server that stands apart.
pub(crate) const APART: &str = "heavy";

/// Where we answer with another status than the recommended one: fixture, our status, the reason.
pub(crate) const DECISIONS: &[(&str, u16, &str)] = &[];

/// Facts that are stated and not checked, with the reason.
pub(crate) const LEFT_OUT: &[(&str, &str)] =
    &[("answered within 600 ms", "a time on a busy machine proves nothing; the benchmark measures it")];

/// Numbers that a story names and that have no file: they were left out on purpose.
pub(crate) const MISSING: &[&str] = &[
    "entra/029",
    "entra/045",
    "entra/064",
    "entra/073",
    "entra/103",
    "entra/107",
    "entra/121",
    "entra/122",
    "jumpcloud/004",
    "jumpcloud/023",
    "jumpcloud/033",
    "jumpcloud/057",
    "jumpcloud/063",
    "okta/002",
    "okta/007",
    "okta/030",
    "okta/063",
    "okta/067",
    "okta/068",
];

/// People and groups that no fixture creates and whose name matters: client, name, userName or displayName.
pub(crate) const CAST: &[(&str, &str, &str)] = &[
    ("jumpcloud", "testuser", "scim-activation-0718@harborlight.example"),
    ("jumpcloud", "user3", "annika.oseiholm@harborlight.example"),
    ("keycloak", "group1", "kelpline-vault"),
];

/// A `current.*` placeholder, read from the resource as it is now.
pub(crate) fn current(attribute: &str, resource: &Value) -> Option<String> {
    let value = match attribute {
        "work_email" => {
            let emails = resource["emails"].as_array()?;
            emails.iter().find(|email| email["type"] == "work").map(|email| &email["value"])?
        }
        name => &resource[name],
    };
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::library::Library;

    #[test]
    fn every_decision_is_one_that_the_client_tolerates() {
        for (id, status, reason) in DECISIONS {
            let (client, number) = id.split_once('/').expect("an id has a client and a number");
            let fixture = Library::of(client).fixture(number, &[]).expect("a decision is about a fixture");
            assert!(fixture.tolerated.contains(status), "{id}: {status} is not tolerated");
            assert!(!fixture.statuses.contains(status), "{id}: {status} is the recommended answer anyway");
            assert!(!reason.is_empty());
        }
    }

    #[test]
    fn current_values_are_read_from_the_resource() {
        let user = json!({ "displayName": "M", "emails": [{ "type": "home", "value": "h" }, { "type": "work", "value": "w" }] });
        assert_eq!(current("displayName", &user).as_deref(), Some("M"));
        assert_eq!(current("work_email", &user).as_deref(), Some("w"));
        assert_eq!(current("nickName", &user), None);
    }
}
