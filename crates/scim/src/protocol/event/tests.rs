//! Paths, operations and payloads, as tables.

use serde_json::json;

use super::*;
use crate::schema::{ENTERPRISE_USER, Registry};

fn object(value: &Value) -> Object {
    value.as_object().cloned().expect("an object")
}

fn paths(before: &Value, after: &Value) -> Vec<String> {
    let changed = changed(Registry::standard().user(), &object(before), &object(after));
    changed.into_iter().map(|changed| changed.path).collect()
}

#[test]
fn event_uris_are_those_of_the_registry_and_lower_case() {
    let uris = uris();
    assert_eq!(uris.len(), 12);
    assert!(uris.iter().all(|uri| uri.starts_with("urn:ietf:params:scim:event:")));
    assert!(uris.iter().all(|uri| uri.to_ascii_lowercase() == **uri));
    let draft = "urn:ietf:params:SCIM:event:prov:create:full";
    assert_eq!(known_uri(draft), Some("urn:ietf:params:scim:event:prov:create:full"));
    assert_eq!(known_uri("urn:ietf:params:scim:event:prov:delete:full"), None);
    for happening in Happening::ALL {
        assert_eq!(Happening::of_word(happening.as_str()), Some(happening));
    }
}

#[test]
fn what_differs_is_named_as_paths_of_a_patch_name_it() {
    let before = json!({
        "userName": "ada", "title": "Dr", "name": { "givenName": "Ada", "familyName": "King" },
        "emails": [{ "value": "a@alpha.example" }],
        ENTERPRISE_USER: { "department": "A", "manager": { "value": "1" } },
    });
    let after = json!({
        "userName": "ada", "active": false, "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "emails": [{ "value": "b@alpha.example" }],
        ENTERPRISE_USER: { "department": "A", "manager": { "value": "2" } },
    });
    let manager = format!("{ENTERPRISE_USER}:manager.value");
    assert_eq!(paths(&before, &after), ["active", "emails", "name.familyName", "title", &manager]);
    assert_eq!(paths(&before, &before), [""; 0]);
    let new = json!({ "userName": "ada", "password": "x", "name": { "givenName": "Ada" } });
    assert_eq!(paths(&json!({}), &new), ["name.givenName", "password", "userName"]);
}

#[test]
fn operations_lead_to_what_is_there_and_never_name_what_is_never_returned() {
    let before = object(&json!({ "title": "Dr", "nickName": "A", "password": "old" }));
    let after = object(&json!({ "title": "Prof", "password": "new", "name": { "givenName": "Ada" } }));
    let changed = changed(Registry::standard().user(), &before, &after);
    let rendered = object(&json!({ "title": "Prof", "name": { "givenName": "Ada", "formatted": "Ada" } }));
    let expected = json!([
        { "op": "replace", "path": "name.givenName", "value": "Ada" },
        { "op": "remove", "path": "nickName" },
        { "op": "replace", "path": "title", "value": "Prof" },
    ]);
    assert_eq!(Value::from(operations(&changed, &rendered)), expected);
    assert!(changed.iter().any(|changed| changed.path == "password"), "a notice may name it");
}

#[test]
fn a_payload_has_data_or_attributes_and_those_without_forms_have_nothing() {
    let (data, attributes) = (json!({ "userName": "ada" }), json!(["userName"]));
    let full = payload(Happening::Replaced, (Some(&data), &attributes), Some("W/\"2\""));
    let expected = json!({ "version": "W/\"2\"", "data": { "userName": "ada" } });
    assert_eq!(full, ("urn:ietf:params:scim:event:prov:put:full", expected));
    let notice = payload(Happening::Created, (None, &attributes), None);
    let expected = json!({ "attributes": ["userName"] });
    assert_eq!(notice, ("urn:ietf:params:scim:event:prov:create:notice", expected));
    for happening in [Happening::Deleted, Happening::Activated, Happening::FeedAdded] {
        assert_eq!(payload(happening, (None, &attributes), Some("W/\"2\"")).1, json!({}));
    }
}

#[test]
fn claims_have_no_subject_claim_and_no_end() {
    let claims = Claims {
        issuer: "https://a.example".to_owned(),
        audience: "https://b.example".to_owned(),
        issued_at: 1_790_000_000,
        id: "1".to_owned(),
        transaction: Some("2".to_owned()),
        subject: subject("/Users/3", Some("3"), Some("e"), None),
        events: Object::from_iter([("urn:x".to_owned(), json!({}))]),
    };
    let json = claims.to_json();
    let names: Vec<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["iss", "iat", "jti", "aud", "sub_id", "events", "txn"]);
    let expected = json!({ "format": "scim", "uri": "/Users/3", "id": "3", "externalId": "e" });
    assert_eq!(json["sub_id"], expected);
}
