//! Bodies of POST and PUT, and what answers make of them.

use chrono::{TimeZone, Utc};
use scim::project::Projection;
use scim::schema::{ENTERPRISE_USER, USER};
use scim::{Meta, Object, Registry, Resource, ScimType, resource};
use serde_json::{Value, json};

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn parse(body: Value) -> Result<Object, scim::Error> {
    let mut body = object(body);
    body.entry("schemas").or_insert_with(|| json!([USER]));
    resource::parse(Registry::standard().user(), &body)
}

fn resource(document: Value) -> Resource {
    let at = Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).single().expect("valid");
    let meta = Meta { created: at, last_modified: at, version: 3 };
    Resource { id: "01".to_owned(), document: object(document), meta }
}

#[test]
fn names_take_the_schemas_spelling_and_nothing_unassigned_stays() {
    let document = parse(json!({
        "USERNAME": "a", "Name": {"GIVENNAME": "A", "nope": 1}, "Emails": [{"Value": "a@b.example", "Primary": true}],
        "title": null, "phoneNumbers": [], "addresses": [{}], "externalID": "E", "nickName": "", "unknown": 1,
        "id": "x", "meta": {"created": "x"}, "groups": [{"value": "g"}],
        ENTERPRISE_USER.to_uppercase(): {"Department": "D", "manager": {"value": "m", "displayName": "ignored"}}
    }))
    .expect("valid");
    assert_eq!(
        Value::Object(document),
        json!({
            "userName": "a", "name": {"givenName": "A"}, "emails": [{"value": "a@b.example", "primary": true}],
            "externalId": "E", "nickName": "", ENTERPRISE_USER: {"department": "D", "manager": {"value": "m"}}
        })
    );
}

#[test]
fn mistakes_have_their_word() {
    let cases = [
        (json!({"schemas": null, "userName": "a"}), ScimType::InvalidSyntax),
        (json!({"schemas": [], "userName": "a"}), ScimType::InvalidSyntax),
        (json!({"schemas": USER, "userName": "a"}), ScimType::InvalidSyntax),
        (json!({"schemas": [ENTERPRISE_USER], "userName": "a"}), ScimType::InvalidSyntax),
        (json!({"schemas": [USER, "urn:x"], "userName": "a"}), ScimType::InvalidSyntax),
        (json!({"userName": "a", "username": "b"}), ScimType::InvalidSyntax),
        (json!({"userName": "a", "name": {"givenName": "A", "GIVENNAME": "B"}}), ScimType::InvalidSyntax),
        (json!({}), ScimType::InvalidValue),
        (json!({"userName": null}), ScimType::InvalidValue),
        (json!({"userName": " "}), ScimType::InvalidValue),
        (json!({"userName": 5}), ScimType::InvalidValue),
        (json!({"userName": "a\u{0}b"}), ScimType::InvalidValue),
        (json!({"userName": "a", "active": "true"}), ScimType::InvalidValue),
        (json!({"userName": "a", "name": "x"}), ScimType::InvalidValue),
        (json!({"userName": "a", "emails": {"value": "x"}}), ScimType::InvalidValue),
        (json!({"userName": "a", "emails": ["x"]}), ScimType::InvalidValue),
        (
            json!({"userName": "a", "emails": [{"value": "x", "primary": true}, {"value": "y", "primary": true}]}),
            ScimType::InvalidValue,
        ),
        (json!({"userName": "a", "x509Certificates": [{"value": "not base64!"}]}), ScimType::InvalidValue),
        (json!({"userName": "a", "profileUrl": "no uri at all"}), ScimType::InvalidValue),
        (json!({"userName": "a", "profileUrl": "http://["}), ScimType::InvalidValue),
        (json!({"userName": "a", ENTERPRISE_USER: "x"}), ScimType::InvalidValue),
    ];
    for (body, word) in cases {
        let error = parse(body.clone()).expect_err(&body.to_string());
        assert_eq!((error.status, error.scim_type), (400, Some(word)), "{body}: {error}");
    }
}

#[test]
fn values_of_every_type_round_trip() {
    for body in [
        json!({"userName": "👩‍💻 ﷽ e\u{301}"}),
        json!({"userName": "a", "profileUrl": "https://[2001:db8::1]/x?y=%5B1%5D#z"}),
        json!({"userName": "a", "profileUrl": "relative/path"}),
        json!({"userName": "a", "x509Certificates": [{"value": "TUlJRA=="}, {"value": "TUlJRA"}]}),
        json!({"userName": "a", "active": false}),
    ] {
        assert_eq!(Value::Object(parse(body.clone()).expect("valid")), body);
    }
}

#[test]
fn the_same_pair_of_type_and_value_is_kept_once() {
    let document = parse(json!({"userName": "a", "emails": [
        {"value": "x@y.example", "type": "work"}, {"value": "x@y.example", "type": "home"}, {"value": "x@y.example", "type": "work"}
    ]}))
    .expect("valid");
    assert_eq!(document["emails"].as_array().map(Vec::len), Some(2));
}

#[test]
fn an_address_alone_names_a_resource_as_well() {
    let manager = |manager: Value| {
        let document = parse(json!({"userName": "a", ENTERPRISE_USER: {"manager": manager}})).expect("valid");
        document[ENTERPRISE_USER]["manager"].clone()
    };
    assert_eq!(manager(json!({"$ref": "https://scim.example/v2/Users/m1"})), json!({"value": "m1"}));
    assert_eq!(manager(json!({"$ref": "../Users/other", "value": "m1"})), json!({"value": "m1"}));
}

#[test]
fn a_put_keeps_what_it_does_not_mean() {
    let stored = object(json!({"userName": "a", "title": "T", "active": false, "externalId": "E"}));
    let put = |body: Value, keep: &[&str]| {
        let body = object(body);
        let incoming = parse(Value::Object(body.clone())).expect("valid");
        let left = resource::replace(
            Registry::standard().user(),
            &stored,
            incoming,
            resource::mentions(&body),
            keep,
        );
        Value::Object(left.expect("nothing immutable"))
    };
    assert_eq!(put(json!({"userName": "a"}), &[]), json!({"userName": "a", "active": false}));
    assert_eq!(put(json!({"userName": "a", "ACTIVE": null}), &[]), json!({"userName": "a", "active": false}));
    assert_eq!(
        put(json!({"userName": "a"}), &["externalId"]),
        json!({"userName": "a", "externalId": "E", "active": false})
    );
    assert_eq!(
        put(json!({"userName": "a", "externalId": null}), &["externalId"]),
        json!({"userName": "a", "active": false})
    );
}

#[test]
fn answers_are_in_schema_order_with_addresses() {
    let rendered = resource(json!({
        ENTERPRISE_USER: {"manager": {"value": "m/1"}}, "groups": [{"display": "G", "value": "g"}],
        "displayName": "A", "userName": "a", "externalId": "E"
    }))
    .render(Registry::standard().user(), "https://scim.example/v2");
    let names: Vec<&String> = rendered.keys().collect();
    assert_eq!(
        names,
        ["schemas", "id", "externalId", "userName", "displayName", "groups", ENTERPRISE_USER, "meta"]
    );
    assert_eq!(rendered["schemas"], json!([USER, ENTERPRISE_USER]));
    assert_eq!(rendered["groups"][0]["$ref"], "https://scim.example/v2/Groups/g");
    assert_eq!(rendered[ENTERPRISE_USER]["manager"]["$ref"], "https://scim.example/v2/Users/m%2F1");
    let none = resource(json!({ENTERPRISE_USER: {"manager": {"value": ""}}, "userName": "a"}))
        .render(Registry::standard().user(), "https://x");
    assert_eq!(none[ENTERPRISE_USER]["manager"], json!({"value": ""}), "nothing has no address");
    assert_eq!(
        rendered["meta"],
        json!({
            "resourceType": "User", "created": "2026-01-02T03:04:05.000Z", "lastModified": "2026-01-02T03:04:05.000Z",
            "location": "https://scim.example/v2/Users/01", "version": "W/\"3\""
        })
    );
}

#[test]
fn a_projection_holds_what_was_asked_for() {
    let whole = resource(json!({
        "userName": "a", "title": "T", "name": {"givenName": "A", "familyName": "B"},
        "emails": [{"value": "x@y.example", "type": "work"}, {"type": "home"}],
        ENTERPRISE_USER: {"department": "D", "employeeNumber": "1"}
    }))
    .render(Registry::standard().user(), "");
    let user = Registry::standard().user();
    let names = |attributes: Option<&str>, excluded: Option<&str>| {
        let projection = Projection::parse(user, attributes, excluded).expect("one of them");
        projection.project(user, whole.clone())
    };
    let keys = |object: &Object| object.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&names(Some("userName"), None)), ["schemas", "id", "userName"]);
    assert_eq!(keys(&names(Some(" USERNAME , nope "), None)), ["schemas", "id", "userName"]);
    assert_eq!(names(Some("name.givenName"), None)["name"], json!({"givenName": "A"}));
    assert_eq!(names(Some("emails.value"), None)["emails"], json!([{"value": "x@y.example"}]));
    assert_eq!(names(Some("emails.value,emails"), None)["emails"], whole["emails"]);
    let department = format!("{ENTERPRISE_USER}:department");
    assert_eq!(names(Some(&department), None)[ENTERPRISE_USER], json!({"department": "D"}));
    assert_eq!(names(Some(ENTERPRISE_USER), None)[ENTERPRISE_USER], whole[ENTERPRISE_USER]);
    assert!(!names(None, Some(ENTERPRISE_USER)).contains_key(ENTERPRISE_USER));
    let without = names(None, Some("emails,name.familyName,id,schemas,meta"));
    assert_eq!(keys(&without), ["schemas", "id", "userName", "name", "title", ENTERPRISE_USER]);
    assert_eq!(without["name"], json!({"givenName": "A"}));
    assert!(!names(None, Some("name.givenName,name.familyName")).contains_key("name"));
    assert_eq!(names(Some(""), None), whole);
    assert_eq!(names(None, None), whole);
    assert!(Projection::parse(user, Some("a"), Some("b")).is_err());
}

#[test]
fn a_projection_says_what_need_not_be_loaded() {
    let group = Registry::standard().group();
    let wants =
        |attributes, excluded| Projection::parse(group, attributes, excluded).expect("one").wants("members");
    assert!(wants(None, None));
    assert!(wants(Some("members.value"), None));
    assert!(wants(None, Some("members.display")));
    assert!(!wants(Some("displayName"), None));
    assert!(!wants(None, Some("Members")));
}

#[test]
fn formats_are_checked_where_that_is_the_rule() {
    let check = |body: Value| resource::check_formats(None, &object(body));
    assert!(
        check(json!({"emails": [{"value": "a@b.example"}, {"type": "work"}], "locale": "en-US"})).is_ok()
    );
    assert!(check(json!({"emails": [{"value": "nobody"}]})).is_err());
    assert!(check(json!({"locale": "en US"})).is_err());
    let odd = object(json!({"emails": [{"value": "nobody"}]}));
    assert!(resource::check_formats(Some(&odd), &odd).is_ok(), "what is stored may stay");
}

#[test]
fn the_comparison_document_folds_what_ignores_case() {
    let document = object(json!({
        "userName": "Zoë", "externalId": "Aa", "emails": [{"value": "A@B.example", "primary": true}],
        ENTERPRISE_USER: {"manager": {"value": "Mm"}, "department": "ÄÖ"}
    }));
    let compared = resource::comparison_document(Registry::standard().user(), &document);
    assert_eq!(
        Value::Object(compared),
        json!({
            "userName": "zoë", "externalId": "Aa", "emails": [{"value": "a@b.example", "primary": true}],
            ENTERPRISE_USER: {"manager": {"value": "Mm"}, "department": "äö"}
        })
    );
}

#[test]
fn attributes_that_are_named_with_their_schema_are_read_where_they_belong() {
    let user = Registry::standard().user();
    let department = format!("{}:Department", ENTERPRISE_USER.to_uppercase());
    let parse = |mut body: Value| {
        body["schemas"] = json!([USER]);
        resource::parse(user, &object(body)).map(Value::Object).map_err(|error| error.detail)
    };
    let whole = json!({"userName": "a", "active": false, ENTERPRISE_USER: {"department": "D"}});
    for body in [
        json!({"userName": "a", USER: {"active": false}, ENTERPRISE_USER: {"department": "D"}}),
        json!({format!("{USER}:USERNAME"): "a", format!("{USER}:active"): false, &department: "D"}),
        json!({"userName": "a", "active": false, &department: "D", ENTERPRISE_USER: null}),
        json!({"userName": "a", "active": false, &department: "D", ENTERPRISE_USER.to_lowercase(): {}}),
    ] {
        assert_eq!(parse(body.clone()).as_ref(), Ok(&whole), "{body}");
    }
    let both = json!({"userName": "a", &department: "D", ENTERPRISE_USER: {"costCenter": "C"}});
    assert_eq!(
        parse(both),
        Ok(json!({"userName": "a", ENTERPRISE_USER: {"costCenter": "C", "department": "D"}}))
    );
    for (body, word) in [
        (json!({"userName": "a", USER: {"UserName": "b"}}), "twice"),
        (json!({"userName": "a", format!("{USER}:userName"): "b"}), "twice"),
        (json!({"userName": "a", &department: "D", ENTERPRISE_USER: {"department": "E"}}), "twice"),
        (json!({"userName": "a", USER: 5}), "must be an object"),
        (json!({"userName": "a", &department: "D", ENTERPRISE_USER: 5}), "must be an object"),
    ] {
        let error = parse(body.clone()).expect_err("refused");
        assert!(error.contains(word), "{body}: {error}");
    }
}
