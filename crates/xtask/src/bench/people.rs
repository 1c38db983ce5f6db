//! The invented people and groups of a load run, in the shape in which Entra ID sends them.

use serde_json::{Value, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const DEPARTMENTS: &[&str] = &["Sales", "Engineering", "Finance", "Support", "Legal"];

/// The user name of a person by number.
pub(crate) fn user_name(number: usize) -> String {
    format!("person.{number:06}@contoso.example")
}

/// The body of the POST that creates a person.
pub(crate) fn person(number: usize) -> String {
    document(number).to_string()
}

/// The body of a bulk request that creates these people.
pub(crate) fn bulk(numbers: std::ops::Range<usize>) -> String {
    let operation = |number| json!({ "method": "POST", "path": "/Users", "bulkId": format!("p{number}"), "data": document(number) });
    json!({ "schemas": [BULK], "Operations": numbers.map(operation).collect::<Vec<_>>() }).to_string()
}

/// A file of so many people, to import.
pub(crate) fn file(people: usize) -> String {
    let rows = (0..people).map(|number| format!("Person Number {number},{}\n", user_name(number)));
    std::iter::once("Name,Email\n".to_owned()).chain(rows).collect()
}

/// The body of the POST that creates a person whose nickname has so many letters.
pub(crate) fn large_person(number: usize, letters: usize) -> String {
    let mut body = document(number);
    body["nickName"] = "n".repeat(letters).into();
    body.to_string()
}

fn document(number: usize) -> Value {
    let name = user_name(number);
    json!({
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
    })
}

/// The body of the POST that creates an empty group.
pub(crate) fn group(name: &str) -> String {
    json!({"schemas": [GROUP], "externalId": name, "displayName": name, "meta": {"resourceType": "Group"}})
        .to_string()
}

/// The body of the PUT that gives a group these members.
pub(crate) fn group_of(name: &str, users: &[String]) -> String {
    let members: Vec<Value> = users.iter().map(|user| json!({"value": user})).collect();
    json!({"schemas": [GROUP], "externalId": name, "displayName": name, "members": members}).to_string()
}
