//! The rules of PATCH as tables: what is there, what is asked for, what is left.

#![expect(clippy::too_many_lines, reason = "a table is as long as its rows")]

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::filter::FilterDialect;
use crate::json::Object;
use crate::schema::{ENTERPRISE_USER, Registry};
use crate::{Error, Resource, ResourceType};

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn request(resource_type: &Arc<ResourceType>, operations: &Value) -> Result<PatchRequest, Error> {
    let message = object(json!({"schemas": [SCHEMA], "Operations": operations}));
    PatchRequest::parse(resource_type, &message, FilterDialect::default(), MAX_OPERATIONS)
}

fn resource(document: Object) -> Resource {
    let at = crate::time::parse("2026-01-02T03:04:05Z").expect("an instant");
    let meta = crate::Meta { created: at, last_modified: at, version: 3 };
    Resource { id: "u1".to_owned(), document, meta }
}

fn applied(
    request: &PatchRequest,
    document: Object,
    members: &[Value],
    create_missing: bool,
) -> Result<PatchOutcome, Error> {
    let resource = resource(document);
    let stored = Stored { resource: &resource, members, base: "https://scim.example/v2", create_missing };
    request.apply(&stored)
}

fn user(operations: &Value) -> Result<PatchOutcome, Error> {
    applied(&request(Registry::standard().user(), operations)?, barbara(), &[], false)
}

fn left(operations: &Value) -> Object {
    user(operations).unwrap_or_else(|error| panic!("{operations}: {error}")).document
}

fn word(operations: &Value) -> &'static str {
    let error = user(operations).expect_err(&operations.to_string());
    error.scim_type.map_or("", crate::ScimType::as_str)
}

fn barbara() -> Object {
    object(json!({
        "userName": "bjensen",
        "name": {"givenName": "Barbara", "familyName": "Jensen", "middleName": "Jane"},
        "title": "Tour Guide",
        "active": true,
        "emails": [
            {"value": "bjensen@example.com", "type": "work", "primary": true},
            {"value": "babs@jensen.example", "type": "home"}
        ],
        "addresses": [
            {"type": "work", "streetAddress": "100 Universal City Plaza"},
            {"type": "home", "streetAddress": "456 Hollywood Blvd"}
        ],
        ENTERPRISE_USER: {"employeeNumber": "701984", "manager": {"value": "26118915"}}
    }))
}

#[test]
fn operations_change_what_they_name_and_nothing_else() {
    let enterprise = |attribute: &str| format!("{ENTERPRISE_USER}:{attribute}");
    // (operations, pointer to look at, what is there afterwards)
    let cases = [
        // add (RFC 7644 §3.5.2.1)
        (json!([{"op": "add", "path": "nickName", "value": "Babs"}]), "/nickName", json!("Babs")),
        (json!([{"op": "add", "path": "title", "value": "Boss"}]), "/title", json!("Boss")),
        (json!([{"op": "add", "value": {"nickName": "Babs", "title": "Boss"}}]), "/title", json!("Boss")),
        (
            json!([{"op": "add", "path": "name", "value": {"honorificPrefix": "Ms."}}]),
            "/name/givenName",
            json!("Barbara"),
        ),
        (json!([{"op": "add", "path": "name.givenName", "value": "Babs"}]), "/name/givenName", json!("Babs")),
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "x@example.com"}]}]),
            "/emails/2/value",
            json!("x@example.com"),
        ),
        (
            json!([{"op": "add", "path": "emails", "value": {"value": "x@example.com"}}]),
            "/emails/2/value",
            json!("x@example.com"),
        ),
        (
            json!([{"op": "add", "path": "emails[type eq \"work\"].display", "value": "W"}]),
            "/emails/0/display",
            json!("W"),
        ),
        (
            json!([{"op": "add", "path": "emails[type eq \"home\"]", "value": {"display": "H"}}]),
            "/emails/1",
            json!({"value": "babs@jensen.example", "type": "home", "display": "H"}),
        ),
        (json!([{"op": "add", "path": "TITLE", "value": "Boss"}]), "/title", json!("Boss")),
        (
            json!([{"op": "add", "path": "emails.display", "value": "Both"}]),
            "/emails/1/display",
            json!("Both"),
        ),
        (json!([{"op": "add", "path": "ims.value", "value": "z"}]), "/ims", json!([{"value": "z"}])),
        // remove (RFC 7644 §3.5.2.2)
        (json!([{"op": "remove", "path": "title"}]), "/title", Value::Null),
        (json!([{"op": "remove", "path": "emails"}]), "/emails", Value::Null),
        (
            json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]),
            "/emails",
            json!([{"value": "bjensen@example.com", "type": "work", "primary": true}]),
        ),
        (json!([{"op": "remove", "path": "emails[value pr]"}]), "/emails", Value::Null),
        (
            json!([{"op": "remove", "path": "name.middleName"}]),
            "/name",
            json!({"givenName": "Barbara", "familyName": "Jensen"}),
        ),
        (
            json!([{"op": "remove", "path": "emails[type eq \"work\"].primary"}]),
            "/emails/0",
            json!({"value": "bjensen@example.com", "type": "work"}),
        ),
        (json!([{"op": "remove", "path": "emails[type eq \"other\"]"}]), "/emails/1/type", json!("home")),
        (json!([{"op": "remove", "path": ENTERPRISE_USER}]), &format!("/{ENTERPRISE_USER}"), Value::Null),
        // replace (RFC 7644 §3.5.2.3)
        (json!([{"op": "replace", "path": "title", "value": "Boss"}]), "/title", json!("Boss")),
        (json!([{"op": "replace", "path": "title", "value": null}]), "/title", Value::Null),
        (json!([{"op": "replace", "path": "emails", "value": []}]), "/emails", Value::Null),
        (
            json!([{"op": "replace", "path": "emails", "value": [{"value": "x@example.com"}]}]),
            "/emails",
            json!([{"value": "x@example.com"}]),
        ),
        (json!([{"op": "replace", "path": "nickName", "value": "Babs"}]), "/nickName", json!("Babs")),
        (
            json!([{"op": "replace", "path": "name", "value": {"givenName": "Babs"}}]),
            "/name/familyName",
            json!("Jensen"),
        ),
        (
            json!([{"op": "replace", "path": "addresses[type eq \"work\"]", "value": {"type": "work", "country": "US"}}]),
            "/addresses/0",
            json!({"type": "work", "country": "US"}),
        ),
        (
            json!([{"op": "replace", "path": "addresses[type eq \"work\"].streetAddress", "value": "1 Way"}]),
            "/addresses/0/streetAddress",
            json!("1 Way"),
        ),
        (json!([{"op": "replace", "value": {"title": "Boss", "emails": []}}]), "/emails", Value::Null),
        // extensions (RFC 7644 §3.10)
        (
            json!([{"op": "replace", "path": enterprise("department"), "value": "Tours"}]),
            &format!("/{ENTERPRISE_USER}/department"),
            json!("Tours"),
        ),
        (
            json!([{"op": "replace", "path": enterprise("manager.value"), "value": "2"}]),
            &format!("/{ENTERPRISE_USER}/manager/value"),
            json!("2"),
        ),
        (
            json!([{"op": "add", "value": {enterprise("department"): "Tours"}}]),
            &format!("/{ENTERPRISE_USER}/department"),
            json!("Tours"),
        ),
        (
            json!([{"op": "add", "value": {ENTERPRISE_USER: {"department": "Tours"}}}]),
            &format!("/{ENTERPRISE_USER}/employeeNumber"),
            json!("701984"),
        ),
        (
            json!([{"op": "add", "path": ENTERPRISE_USER, "value": {"department": "Tours"}}]),
            &format!("/{ENTERPRISE_USER}/department"),
            json!("Tours"),
        ),
        (
            json!([{"op": "replace", "path": "schemas", "value": ["urn:ietf:params:scim:schemas:core:2.0:User"]}]),
            &format!("/{ENTERPRISE_USER}"),
            Value::Null,
        ),
        (
            json!([{"op": "remove", "path": format!("schemas[value eq \"{ENTERPRISE_USER}\"]")}]),
            &format!("/{ENTERPRISE_USER}"),
            Value::Null,
        ),
        // one after the other
        (
            json!([{"op": "remove", "path": "emails"}, {"op": "add", "path": "emails", "value": [{"value": "x@example.com"}]}]),
            "/emails",
            json!([{"value": "x@example.com"}]),
        ),
        (
            json!([{"op": "add", "path": "nickName", "value": "a"}, {"op": "replace", "path": "nickName", "value": "b"}]),
            "/nickName",
            json!("b"),
        ),
        // a password is accepted and not kept
        (json!([{"op": "replace", "path": "password", "value": "t1meMa$heen"}]), "/password", Value::Null),
    ];
    for (operations, pointer, expected) in &cases {
        let document = Value::Object(left(operations));
        assert_eq!(document.pointer(pointer).unwrap_or(&Value::Null), expected, "{operations}");
    }
}

#[test]
fn mistakes_have_their_word() {
    let cases = [
        (json!([]), "invalidSyntax"),
        (json!({"op": "add"}), "invalidSyntax"),
        (json!(["add"]), "invalidSyntax"),
        (json!([{"path": "title", "value": "x"}]), "invalidSyntax"),
        (json!([{"op": "move", "path": "title", "value": "x"}]), "invalidSyntax"),
        (json!([{"op": "add", "path": 5, "value": "x"}]), "invalidPath"),
        (json!([{"op": "add", "path": "title"}]), "invalidValue"),
        (json!([{"op": "add", "path": "title", "value": null}]), "invalidValue"),
        (json!([{"op": "add", "value": "x"}]), "invalidValue"),
        (json!([{"op": "replace", "path": "title"}]), "invalidValue"),
        (json!([{"op": "replace", "path": "title", "value": 5}]), "invalidValue"),
        (json!([{"op": "replace", "path": "active", "value": "true"}]), "invalidValue"),
        (json!([{"op": "replace", "path": "name", "value": "x"}]), "invalidValue"),
        (json!([{"op": "replace", "path": "userName", "value": ""}]), "invalidValue"),
        (json!([{"op": "remove", "path": "emails", "value": [{"display": "x"}]}]), "invalidValue"),
        (json!([{"op": "replace", "path": "userName", "value": "x".repeat(2_001)}]), "invalidValue"),
        (json!([{"op": "remove"}]), "noTarget"),
        (json!([{"op": "remove", "path": null}]), "noTarget"),
        (json!([{"op": "remove", "path": ""}]), "noTarget"),
        (json!([{"op": "add", "path": "emails[type eq \"other\"].value", "value": "x"}]), "noTarget"),
        (
            json!([{"op": "replace", "path": "emails[type eq \"other\"]", "value": {"value": "x"}}]),
            "noTarget",
        ),
        (json!([{"op": "remove", "path": "userName"}]), "mutability"),
        (json!([{"op": "replace", "path": "userName", "value": null}]), "mutability"),
        (json!([{"op": "remove", "path": "id"}]), "mutability"),
        (json!([{"op": "replace", "path": "meta.created", "value": "2011-05-13T04:42:34Z"}]), "mutability"),
        (json!([{"op": "add", "path": "groups", "value": [{"value": "1"}]}]), "mutability"),
        (json!([{"op": "remove", "path": "groups[value eq \"1\"]"}]), "mutability"),
        (json!([{"op": "replace", "value": {"id": "1"}}]), "mutability"),
        (json!([{"op": "remove", "path": "schemas"}]), "mutability"),
        (
            json!([{"op": "replace", "path": format!("{ENTERPRISE_USER}:manager.displayName"), "value": "x"}]),
            "mutability",
        ),
        (
            json!([{"op": "replace", "path": "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User", "value": {"status": "active"}}]),
            "mutability",
        ),
        (json!([{"op": "replace", "path": "emails..value", "value": "x"}]), "invalidPath"),
        (json!([{"op": "replace", "path": "emails[", "value": "x"}]), "invalidFilter"),
        (json!([{"op": "replace", "path": "foo", "value": "x"}]), "invalidPath"),
        (json!([{"op": "replace", "value": {"foo": "x"}}]), "invalidPath"),
        (json!([{"op": "replace", "value": {"name.givenName": "x"}}]), "invalidPath"),
        (json!([{"op": "replace", "path": "name[givenName eq \"x\"]", "value": "x"}]), "invalidPath"),
        (json!([{"op": "replace", "path": "emails[primary gt true].value", "value": "x"}]), "invalidFilter"),
        (
            json!([{"op": "add", "path": "emails", "value": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}]),
            "invalidValue",
        ),
        (json!([{"op": "add", "path": "addresses.primary", "value": true}]), "invalidValue"),
        (json!([{"op": "add", "path": "schemas", "value": ["urn:example:other"]}]), "invalidValue"),
    ];
    for (operations, expected) in &cases {
        assert_eq!(word(operations), *expected, "{operations}");
    }
}

#[test]
fn errors_name_the_operation() {
    let error = user(
        &json!([{"op": "add", "path": "title", "value": "x"}, {"op": "add", "path": "foo", "value": "x"}]),
    );
    assert!(error.expect_err("no such attribute").detail.starts_with("Operation 2: "));
}

#[test]
fn what_changes_nothing_says_so() {
    for operations in [
        json!([{"op": "replace", "path": "title", "value": "Tour Guide"}]),
        json!([{"op": "add", "path": "emails", "value": [{"value": "babs@jensen.example", "type": "home"}]}]),
        json!([{"op": "add", "path": "nickName", "value": "x"}, {"op": "remove", "path": "nickName"}]),
        json!([{"op": "remove", "path": "emails[value eq \"nobody@example.com\"]"}]),
        json!([{"op": "add", "path": "schemas", "value": [ENTERPRISE_USER]}]),
        json!([{"op": "replace", "path": "password", "value": "x"}]),
    ] {
        assert!(user(&operations).expect("valid").is_empty(), "{operations}");
    }
    assert!(!user(&json!([{"op": "remove", "path": "title"}])).expect("valid").is_empty());
}

#[test]
fn one_value_is_primary() {
    let documents = [
        left(
            &json!([{"op": "add", "path": "emails", "value": [{"value": "x@example.com", "primary": true}]}]),
        ),
        left(&json!([{"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true}])),
        left(&json!([{"op": "add", "path": "emails[type eq \"home\"]", "value": {"primary": true}}])),
        left(
            &json!([{"op": "add", "path": "emails", "value": [{"value": "babs@jensen.example", "type": "home", "primary": true}]}]),
        ),
    ];
    for document in documents {
        let emails = document["emails"].as_array().expect("e-mails");
        let primary: Vec<&Value> = emails.iter().filter(|email| email["primary"] == true).collect();
        assert_eq!(primary.len(), 1, "{emails:?}");
        assert_ne!(primary[0]["value"], "bjensen@example.com");
    }
}

#[test]
fn an_element_is_created_from_the_filter_where_that_is_the_rule() {
    let create = |path: &str, value: Value| {
        let operations = json!([{"op": "add", "path": path, "value": value}]);
        let outcome = request(Registry::standard().user(), &operations)
            .and_then(|it| applied(&it, barbara(), &[], true));
        outcome.map(|outcome| (outcome.created_elements, Value::Object(outcome.document)))
    };
    let (created, document) =
        create("emails[type eq \"other\"].value", json!("x@example.com")).expect("created");
    assert_eq!((created, &document["emails"][2]), (1, &json!({"type": "other", "value": "x@example.com"})));
    let other = json!({"type": "other", "value": "x@example.com"});
    for value in [json!({"Type": "other", "VALUE": "x@example.com"}), json!([{"value": "x@example.com"}])] {
        let (_, document) = create("emails[type eq \"other\"]", value.clone()).expect("created");
        assert_eq!(document["emails"][2], other, "{value}");
    }
    let (_, document) =
        create("roles[primary eq true and type eq \"App\"].value", json!("r")).expect("created");
    assert_eq!(document["roles"], json!([{"primary": true, "type": "App", "value": "r"}]));
    // A filter that does not describe an element creates none.
    for path in [
        "emails[type ne \"x\" and not (value pr)].value",
        "emails[type eq \"a\" or type eq \"b\"].value",
        "emails[type sw \"o\"].value",
    ] {
        let error = create(path, json!("x")).expect_err(path);
        assert_eq!(error.scim_type, Some(crate::ScimType::NoTarget), "{path}");
    }
}

#[test]
fn too_many_operations_are_refused_at_the_limit() {
    let operations = |n: usize| json!(vec![json!({"op": "replace", "path": "title", "value": "x"}); n]);
    assert!(user(&operations(MAX_OPERATIONS)).is_ok());
    assert_eq!(user(&operations(MAX_OPERATIONS + 1)).expect_err("too many").status, 413);
}

mod clients;
mod members;
mod properties;
mod refusals;
mod work;

#[test]
fn many_values_at_once_are_kept_once_with_one_primary() {
    let email = |n: usize| json!({"value": format!("m{}@x.example", n % 3_000), "type": "work", "primary": n == 2_999});
    let emails: Vec<Value> = (0..6_000).filter(|n| *n < 3_000 || n % 3_000 != 2_999).map(email).collect();
    let document = left(&json!([{"op": "add", "path": "emails", "value": emails}]));
    let emails = document["emails"].as_array().expect("e-mails");
    assert_eq!(emails.len(), 3_002);
    let primary: Vec<&Value> = emails.iter().filter(|email| email["primary"] == true).collect();
    assert_eq!(primary, [&json!({"value": "m2999@x.example", "type": "work", "primary": true})]);
}
