//! Schemas and resource types of one's own: what is read, what it means, and which rule a wrong one breaks.

use scim::schema::{Definition, Registry, SchemaError, USER};
use scim::{Object, resource};
use serde_json::{Value, json};

const THING: &str = "urn:example:params:scim:schemas:2.0:Thing";
const BADGE: &str = "urn:example:params:scim:schemas:extension:badge:2.0:User";

fn with(definitions: &Value) -> Result<Registry, SchemaError> {
    Registry::standard().with(&Definition::read("things.json", &definitions.to_string())?)
}

fn thing(attributes: &Value) -> Value {
    json!([
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": THING,
            "name": "Thing",
            "attributes": attributes,
            "meta": { "resourceType": "Schema" },
        },
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": "Thing",
            "name": "Thing",
            "endpoint": "/Things",
            "description": "A thing.",
            "schema": THING,
        },
    ])
}

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

#[test]
fn a_file_defines_a_type_and_extends_those_that_are_there() {
    let badge = json!({ "id": BADGE, "name": "Badge", "description": "A badge.", "attributes": [
        { "name": "number", "type": "string", "uniqueness": "server" },
        { "name": "colour", "type": "string", "mutability": "immutable" },
    ]});
    let user = json!({ "name": "User", "schemaExtensions": [{ "schema": BADGE, "required": false }] });
    let definitions = json!({ "Resources": [badge, user, thing(&json!([{ "name": "label" }]))[0] ] });
    let registry = with(&definitions).expect("the file is right");
    assert!(registry.custom().is_empty());
    assert!(registry.user().extension(&BADGE.to_uppercase()).is_some());
    assert_eq!(registry.user().endpoint, "/Users");
    assert_eq!(registry.schema(THING).map(|schema| schema.attributes.len()), Some(1));
    assert!(Registry::standard().user().extension(BADGE).is_none(), "the standard stays as it is");

    let registry = with(&thing(&json!([{ "name": "label" }]))).expect("the file is right");
    let custom = &registry.custom()[0];
    assert_eq!((custom.name.as_str(), custom.endpoint.as_str()), ("Thing", "/Things"));
    assert_eq!(registry.at_endpoint("Things"), Some(custom));
    assert_eq!(
        registry.user().endpoint_of("Thing"),
        Some("/Things"),
        "every type knows where the others live"
    );
}

#[test]
fn what_a_file_defines_is_enforced() {
    let attributes = json!([
        { "name": "label", "required": true, "pattern": "^[a-z]+$" },
        { "name": "code", "type": "integer", "mutability": "immutable" },
        { "name": "box", "type": "complex", "subAttributes": [
            { "name": "size", "type": "decimal", "required": true },
            { "name": "seal", "mutability": "immutable" },
        ]},
        { "name": "owner", "type": "complex", "subAttributes": [
            { "name": "value" },
            { "name": "$ref", "type": "reference", "referenceTypes": ["User"], "mutability": "readOnly" },
        ]},
    ]);
    let registry = with(&thing(&attributes)).expect("the file is right");
    let custom = &registry.custom()[0];
    let parse = |members: Value| {
        let mut body = object(members);
        body.insert("schemas".to_owned(), json!([THING]));
        resource::create(custom, &body)
    };
    for (body, told) in [
        (json!({}), "label is required"),
        (json!({ "label": "A" }), "fits the pattern"),
        (json!({ "label": "a", "code": 1.5 }), "whole number"),
        (json!({ "label": "a", "box": { "seal": "x" } }), "box.size is required"),
    ] {
        let error = parse(body.clone()).expect_err(&body.to_string());
        assert!(error.detail.contains(told), "{body}: {}", error.detail);
    }
    let stored = parse(
        json!({ "label": "a", "code": 7, "box": { "size": 1.5, "seal": "s" }, "owner": { "value": "u1" } }),
    )
    .expect("a right body");
    let replace = |incoming: Value| {
        resource::replace(custom, &stored, object(incoming), |_| true, &[]).map(Value::Object)
    };
    assert_eq!(
        replace(json!({ "label": "b", "box": { "size": 2.5 } })),
        Ok(json!({ "label": "b", "code": 7, "box": { "size": 2.5, "seal": "s" } })),
    );
    for changed in
        [json!({ "label": "a", "code": 8 }), json!({ "label": "a", "box": { "size": 1, "seal": "t" } })]
    {
        let error = replace(changed.clone()).expect_err(&changed.to_string());
        assert!(error.detail.contains("is immutable"), "{}", error.detail);
    }
    let meta = scim::Meta {
        created: chrono::DateTime::UNIX_EPOCH,
        last_modified: chrono::DateTime::UNIX_EPOCH,
        version: 1,
    };
    let resource = scim::Resource { id: "t1".to_owned(), document: stored, meta };
    let rendered = Value::Object(resource.render(custom, "https://scim.example"));
    assert_eq!(rendered["owner"]["$ref"], "https://scim.example/Users/u1");
    assert_eq!(rendered["meta"]["location"], "https://scim.example/Things/t1");
}

#[test]
fn a_file_that_breaks_a_rule_is_refused_with_file_attribute_and_rule() {
    let sub =
        |sub: Value| json!([{ "name": "a", "type": "complex", "multiValued": true, "subAttributes": [sub] }]);
    let attributes = [
        (json!([{ "name": "1st" }]), "attribute 1st", "a name starts"),
        (json!([{ "type": "string" }]), "attribute without a name", "missing field `name`"),
        (json!([{ "name": "a", "type": "text" }]), "attribute a of", "unknown variant `text`"),
        (json!([{ "name": "a", "length": 3 }]), "attribute a of", "unknown field `length`"),
        (json!([{ "name": "a", "type": "complex" }]), "attribute a of", "has sub-attributes"),
        (json!([{ "name": "a" }, { "name": "A" }]), "schema urn:example", "stands twice"),
        (json!([{ "name": "id" }]), "resource type Thing", "repeats id"),
        (json!([{ "name": "a", "mutability": "writeOnly" }]), "attribute a of", "is returned \"never\""),
        (
            json!([{ "name": "a", "multiValued": true, "uniqueness": "server" }]),
            "attribute a of",
            "unique only where",
        ),
        (json!([{ "name": "a", "pattern": "(" }]), "attribute a of", "no regular expression"),
        (json!([{ "name": "a", "type": "integer", "pattern": "1" }]), "attribute a of", "only a string"),
        (json!([{ "name": "a", "referenceTypes": ["User"] }]), "attribute a of", "only a reference"),
        (
            json!([{ "name": "a", "type": "reference", "referenceTypes": ["Car"] }]),
            "attribute a of",
            "refers to Car",
        ),
        (
            sub(json!({ "name": "b", "type": "complex", "subAttributes": [{ "name": "c" }] })),
            "attribute a.b of",
            "never complex",
        ),
        (sub(json!({ "name": "primary" })), "attribute a.primary of", "primary is a boolean"),
        (sub(json!({ "name": "b", "type": "bool" })), "attribute a.b of", "unknown variant `bool`"),
    ];
    let broken = |path: &str, value: Value| {
        let mut definitions = thing(&json!([{ "name": "label" }]));
        *definitions.pointer_mut(path).expect("a place in the file") = value;
        definitions
    };
    let whole = [
        (broken("/0/id", json!("thing")), "schema thing", "its id is a URI"),
        (broken("/0/id", json!(USER)), "schema urn:ietf", "is defined already"),
        (broken("/0/attributes", json!({})), "schema urn:example", "its attributes are a list"),
        (broken("/1/id", json!("Other")), "resource type Thing", "its id is its name"),
        (broken("/1/endpoint", json!("/Users")), "resource type Thing", "is taken"),
        (broken("/1/endpoint", json!("/Bulk")), "resource type Thing", "is taken"),
        (broken("/1/endpoint", json!("/a/b")), "resource type Thing", "a slash and a word"),
        (broken("/1/schema", json!("urn:example:none")), "resource type Thing", "no file defines"),
        (
            json!([{ "name": "User", "endpoint": "/People", "schemaExtensions": [] }]),
            "resource type User",
            "only extensions can be added",
        ),
        (json!([7]), "things.json: ", "a definition is an object"),
    ];
    let cases = attributes.into_iter().map(|(attributes, of, rule)| (thing(&attributes), of, rule));
    for (definitions, of, rule) in cases.chain(whole) {
        let error = with(&definitions).expect_err(&definitions.to_string()).to_string();
        assert!(error.starts_with("things.json: "), "{error}");
        assert!(error.contains(of) && error.contains(rule), "{error}\nlacks {of} or {rule}");
    }
    let error = Definition::read("things.json", "{").expect_err("no JSON").to_string();
    assert!(error.contains("things.json: this is no JSON"), "{error}");
}

/// A schema may be younger than a resource: a value that the resource never had refuses no change of another attribute.
#[test]
fn a_change_is_refused_for_what_it_leaves_out_and_not_for_what_was_never_there() {
    let code = json!({ "name": "code", "required": true });
    let items = json!({ "name": "items", "type": "complex", "multiValued": true, "subAttributes": [{ "name": "name" }, code] });
    let registry = with(&thing(&json!([{ "name": "label" }, { "name": "owner", "required": true }, items])));
    let registry = registry.expect("the file is right");
    let things = registry.resource_type("Thing").expect("it is defined");
    let before = json!({ "label": "old", "items": [{ "name": "a" }, { "name": "b", "code": "1" }] });
    let at = scim::time::parse("2026-01-02T03:04:05Z").expect("an instant");
    let meta = scim::Meta { created: at, last_modified: at, version: 1 };
    let stored = scim::Resource { id: "1".to_owned(), document: object(before), meta };
    let patched = |operation: Value| {
        let message = object(json!({ "schemas": [scim::patch::SCHEMA], "Operations": [operation] }));
        let dialect = scim::filter::FilterDialect::default();
        let request = scim::patch::PatchRequest::parse(things, &message, dialect, 10).expect("it is right");
        let stored = scim::patch::Stored { resource: &stored, members: &[], base: "", create_missing: false };
        request.apply(&stored).map(|outcome| outcome.document).map_err(|error| error.detail)
    };
    for operation in [
        json!({ "op": "replace", "path": "label", "value": "new" }),
        json!({ "op": "remove", "path": "items[name eq \"b\"]" }),
        json!({ "op": "add", "path": "items", "value": [{ "name": "c", "code": "3" }] }),
        json!({ "op": "add", "path": "owner", "value": "ada" }),
        json!({ "op": "replace", "path": "items[name eq \"a\"].code", "value": "2" }),
    ] {
        patched(operation.clone()).unwrap_or_else(|detail| panic!("{operation}: {detail}"));
    }
    for operation in [
        json!({ "op": "add", "path": "items", "value": [{ "name": "c" }] }),
        json!({ "op": "replace", "path": "items", "value": [{ "name": "a", "code": "9" }, { "name": "b" }] }),
        json!({ "op": "remove", "path": "items[name eq \"b\"].code" }),
    ] {
        let refused = patched(operation.clone()).expect_err(&operation.to_string());
        assert!(refused.contains("code"), "{refused}");
    }
}

/// An attribute may have a URN as its name (RFC 9944 §7.1).
#[test]
fn an_attribute_whose_name_is_a_urn_is_found_by_it() {
    let named = json!({ "name": "urn:example:pairing:2.0:Way", "type": "complex", "subAttributes": [{ "name": "key" }] });
    let registry = with(&thing(&json!([named]))).expect("the file is right");
    let things = registry.resource_type("Thing").expect("it is defined");
    for text in ["urn:example:pairing:2.0:Way.key", &format!("{THING}:URN:example:pairing:2.0:way.KEY")] {
        let path = scim_filter_parser::parse_path(text).expect("a path");
        let (found, _) = scim::path::locate(things, &path.attribute, false).expect("it is known");
        let scim::path::Located::Attribute(found) = found else { panic!("{text} is an attribute") };
        assert_eq!(found.to_string(), "urn:example:pairing:2.0:Way.key");
    }
    let path = scim_filter_parser::parse_path("urn:example:pairing:2.0:Other.key").expect("a path");
    assert!(scim::path::locate(things, &path.attribute, false).is_err());
}
