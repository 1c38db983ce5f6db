//! What PATCH refuses and what it leaves alone: members without a value, no value of `active`, bounds of work.

use super::*;

#[test]
fn a_member_without_a_value_is_refused_and_nothing_else_empties_a_group() {
    let group = Registry::standard().group();
    let there = [json!({ "value": "1", "type": "User" })];
    let document = object(json!({ "displayName": "Team" }));
    let apply = |operations: &Value| request(group, operations)?.apply(&document, &there, false);
    for element in [
        json!({ "display": "x" }),
        json!({ "id": "1" }),
        json!({ "value": null }),
        json!({}),
        json!({ "members": [{ "value": "1" }] }),
        json!({ "value": " " }),
        json!({ "value": { "value": "1" } }),
        json!({ "value": "x".repeat(2_700) }),
    ] {
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
        assert!(!request.apply(&off, &[], false).expect("applied").changed, "{operations}");
    }
}

#[test]
fn a_message_with_a_member_twice_is_refused() {
    let operation = json!([{ "op": "remove", "path": "title" }]);
    let message = object(json!({ "schemas": [SCHEMA], "Operations": operation, "operations": operation }));
    let user = Registry::standard().user();
    let parse =
        |message: &Object| PatchRequest::parse(user, message, FilterDialect::default(), MAX_OPERATIONS);
    assert_eq!(parse(&message).expect_err("twice").scim_type, Some(crate::ScimType::InvalidSyntax));
    let twice = json!([{ "op": "replace", "path": "title", "value": "a", "Value": "b" }]);
    assert_eq!(request(user, &twice).expect_err("twice").scim_type, Some(crate::ScimType::InvalidSyntax));
}

#[test]
fn the_work_of_a_message_is_bounded() {
    let emails: Vec<Value> =
        (0..12_000).map(|number| json!({ "value": format!("{number}@x.example") })).collect();
    let crowded = object(json!({ "userName": "ada", "emails": emails }));
    let one = json!({ "op": "replace", "path": "emails[value eq \"none\" or type eq \"work\"].display", "value": "x" });
    let operations = Value::Array(vec![json!({ "op": "remove", "path": "emails[type eq \"none\"]" }); 1_000]);
    let refused =
        request(Registry::standard().user(), &operations).expect("well-formed").apply(&crowded, &[], false);
    assert_eq!(refused.expect_err("too much").status, 413);
    let few = request(Registry::standard().user(), &json!([one])).expect("well-formed");
    assert!(
        few.apply(&crowded, &[], false)
            .is_err_and(|error| error.scim_type == Some(crate::ScimType::NoTarget))
    );
}
