//! What PATCH refuses and what it leaves alone: members without a value, no value of `active`, what cannot be applied.

use super::*;
use crate::schema::{GROUP, USER};

#[test]
fn a_member_without_a_value_is_refused_and_nothing_else_empties_a_group() {
    let group = Registry::standard().group();
    let there = [json!({ "value": "1", "type": "User" })];
    let document = object(json!({ "displayName": "Team" }));
    let apply = |operations: &Value| applied(&request(group, operations)?, document.clone(), &there, false);
    for element in [
        json!({ "display": "x" }),
        json!({ "id": "1" }),
        json!({ "value": null }),
        json!({}),
        json!({ "members": [{ "value": "1" }] }),
        json!({ "value": " " }),
        json!({ "value": { "value": "1" } }),
        json!({ "value": "x".repeat(2_700) }),
        json!({ "value": null, "type": "User" }),
        json!({ "value": 5 }),
        json!({ "$ref": "/" }),
        json!({ "$ref": null }),
        json!("1"),
    ] {
        let body = object(
            json!({ "schemas": [GROUP], "displayName": "Team", "members": [{ "value": "1" }, element] }),
        );
        let error = crate::resource::parse(group, &body).expect_err("stands for nothing");
        assert_eq!(error.scim_type, Some(crate::ScimType::InvalidValue), "{element}");
        for op in ["add", "replace"] {
            for value in [json!([element]), element.clone()] {
                for operation in [
                    json!([{ "op": op, "path": "members", "value": value }]),
                    json!([{ "op": op, "value": { "members": value } }]),
                ] {
                    let error = apply(&operation).expect_err("stands for nothing");
                    assert_eq!(error.scim_type, Some(crate::ScimType::InvalidValue), "{operation}");
                }
            }
        }
    }
    for operations in [
        json!([{ "op": "remove", "path": "members" }]),
        json!([{ "op": "replace", "path": "members", "value": [] }]),
        json!([{ "op": "replace", "path": "members", "value": null }]),
        json!([{ "op": "replace", "value": { GROUP: { "members": [] } } }]),
    ] {
        assert_eq!(apply(&operations).expect("said clearly").members.removed, ["1"], "{operations}");
    }
}

#[test]
fn no_value_of_active_is_no_decision() {
    let off = object(json!({ "userName": "ada", "active": false }));
    for operations in [
        json!([{ "op": "remove", "path": "active" }]),
        json!([{ "op": "replace", "path": "active", "value": null }]),
        json!([{ "op": "replace", "value": { "active": null } }]),
    ] {
        let request = request(Registry::standard().user(), &operations).expect("well-formed");
        assert!(!applied(&request, off.clone(), &[], false).expect("applied").changed, "{operations}");
    }
}

#[test]
fn a_message_with_a_member_twice_is_refused() {
    let operation = r#"[{ "op": "remove", "path": "title" }]"#;
    let message = |rest: &str| format!(r#"{{ "schemas": ["{SCHEMA}"], {rest} }}"#);
    for twice in [
        message(&format!(r#""Operations": {operation}, "operations": {operation}"#)),
        message(r#""Operations": [{ "op": "replace", "path": "title", "value": "a", "Value": "b" }]"#),
        message(
            r#""Operations": [{ "op": "replace", "path": "name", "value": { "givenName": "a", "givenname": "b" } }]"#,
        ),
    ] {
        let error = crate::json::parse(twice.as_bytes()).expect_err("a name stands twice");
        assert_eq!(error.scim_type, Some(crate::ScimType::InvalidSyntax), "{twice}");
    }
    let once = message(&format!(r#""Operations": {operation}"#));
    assert!(crate::json::parse(once.as_bytes()).is_ok());
}

#[test]
fn what_cannot_be_applied_is_refused() {
    for (operations, expected) in [
        (json!([{"op": "replace", "path": "name", "value": {"nick": "x"}}]), "invalidValue"),
        (json!([{"op": "replace", "value": {"name": {"nick": "x"}}}]), "invalidValue"),
        (json!([{"op": "replace", "path": "emails", "value": [{"mail": "x"}]}]), "invalidValue"),
        (json!([{"op": "replace", "path": "emails", "value": [{}]}]), "invalidValue"),
        (json!([{"op": "replace", "path": "emails", "value": [null]}]), "invalidValue"),
        (json!([{"op": "replace", "path": "emails[type eq \"work\"]", "value": {}}]), "invalidValue"),
        (
            json!([{"op": "replace", "path": format!("{ENTERPRISE_USER}:manager"), "value": {"$ref": "/"}}]),
            "invalidValue",
        ),
        (
            json!([{"op": "replace", "path": format!("{ENTERPRISE_USER}:manager"), "value": {"displayName": "B"}}]),
            "invalidValue",
        ),
        (
            json!([{"op": "replace", "path": format!("{ENTERPRISE_USER}:manager"), "value": {"value": "1", "$ref": 5}}]),
            "invalidValue",
        ),
        (json!([{"op": "replace", "value": {USER: {"active": false}, "Active": true}}]), "invalidSyntax"),
        (json!([{"op": "replace", "value": {USER: 5}}]), "invalidValue"),
        (json!([{"op": "remove", "path": USER}]), "noTarget"),
        (json!([{"op": "Replace", "path": "title", "value": "x"}]), "invalidSyntax"),
        (json!([{"op": "replace", "value": {"department": "x"}}]), "invalidPath"),
        (json!([{"op": "replace", "value": {"meta": {"version": "W/\"2\""}}}]), "mutability"),
        (json!([{"op": "replace", "value": {"meta": {"resourceType": "Group"}}}]), "mutability"),
        (json!([{"op": "replace", "path": "userName", "value": "mo\u{200b}na"}]), "invalidValue"),
    ] {
        assert_eq!(word(&operations), expected, "{operations}");
    }
}
