//! The invented people and groups of a load run, in the shape in which Entra ID sends them.

use serde_json::json;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const DEPARTMENTS: &[&str] = &["Sales", "Engineering", "Finance", "Support", "Legal"];

/// The user name of a person by number.
pub(crate) fn user_name(number: usize) -> String {
    format!("person.{number:06}@contoso.example")
}

/// The body of the POST that creates a person.
pub(crate) fn person(number: usize) -> String {
    let name = user_name(number);
    let body = json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": format!("person.{number:06}"),
        "userName": name,
        "active": true,
        "displayName": format!("Person Number {number}"),
        "emails": [{"primary": true, "type": "work", "value": name}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": format!("Person Number {number}"), "familyName": format!("Number {number}"),
                 "givenName": "Person"},
        "roles": [],
        "title": "Clerk",
        "preferredLanguage": "en-GB",
        ENTERPRISE: {"employeeNumber": number.to_string(), "department": DEPARTMENTS[number % DEPARTMENTS.len()]},
    });
    body.to_string()
}

/// The body of the POST that creates an empty group.
pub(crate) fn group(name: &str) -> String {
    json!({"schemas": [GROUP], "externalId": name, "displayName": name, "meta": {"resourceType": "Group"}})
        .to_string()
}
