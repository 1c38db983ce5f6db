//! What clients send besides the standard's form: containers, addresses, unknown keys, empty text, twins.

use super::*;
use crate::compat::{Dialect, Profile, RequestKind};
use crate::schema::USER;

/// What a whole request through a profile leaves of a document.
fn through(profile: Profile, document: Object, operations: &Value) -> Result<PatchOutcome, Error> {
    let dialect = Dialect::new(profile, &[], &[]).expect("a profile");
    let resource_type = Registry::standard().user();
    let mut message = object(json!({"schemas": [SCHEMA], "Operations": operations}));
    dialect.request(RequestKind::Patch, resource_type, &mut message).map_err(|refused| refused.error)?;
    let request = PatchRequest::parse(resource_type, &message, dialect.filter(), MAX_OPERATIONS)?;
    applied(&request, document, &[], dialect.rules().create_missing_element)
}

#[test]
fn attributes_are_found_where_clients_put_them() {
    let manager = format!("/{ENTERPRISE_USER}/manager");
    let cases = [
        (json!([{"op": "replace", "value": {USER: {"active": false}}}]), "/active", json!(false)),
        (json!([{"op": "replace", "path": USER, "value": {"active": false}}]), "/active", json!(false)),
        (json!([{"op": "replace", "value": {format!("{USER}:active"): false}}]), "/active", json!(false)),
        (
            json!([{"op": "replace", "path": format!("{ENTERPRISE_USER}:manager"), "value": {"$ref": "../Users/2"}}]),
            manager.as_str(),
            json!({"value": "2"}),
        ),
        (
            json!([{"op": "replace", "path": format!("{ENTERPRISE_USER}:manager.$ref"), "value": "https://scim.example/v2/Users/m%2F2?x"}]),
            manager.as_str(),
            json!({"value": "m/2"}),
        ),
        (
            json!([{"op": "replace", "value": {ENTERPRISE_USER: {"manager": {"$ref": null, "value": "3"}}}}]),
            manager.as_str(),
            json!({"value": "3"}),
        ),
        (
            json!([{"op": "replace", "value": {ENTERPRISE_USER: {"manager": {"Value": null, "$ref": "../Users/4"}}}}]),
            manager.as_str(),
            json!({"value": "4"}),
        ),
        (
            json!([{"op": "remove", "path": format!("{ENTERPRISE_USER}:manager.$ref")}]),
            manager.as_str(),
            Value::Null,
        ),
        (json!([{"op": "replace", "value": {"id": "u1", "title": "x"}}]), "/title", json!("x")),
        (
            json!([{"op": "replace", "value": {"title": "x", "meta": {
                "resourceType": "User", "created": "2026-01-02T03:04:05Z", "version": "W/\"3-1a2b3c4d\"",
                "location": "https://scim.example/v2/Users/u1", "lastModified": null
            }}}]),
            "/title",
            json!("x"),
        ),
    ];
    for (operations, pointer, expected) in &cases {
        let document = Value::Object(left(operations));
        assert_eq!(document.pointer(pointer).unwrap_or(&Value::Null), expected, "{operations}");
    }
}

#[test]
fn twins_become_one() {
    let emails = |operations: Value| left(&operations)["emails"].clone();
    let two = json!([{"value": "a@x.example", "type": "work"}, {"value": "b@x.example", "type": "work", "primary": true}]);
    let made = json!([
        {"op": "replace", "path": "emails", "value": two},
        {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "c@x.example"}
    ]);
    assert_eq!(emails(made), json!([{"value": "c@x.example", "type": "work", "primary": true}]));
    let same =
        json!([{"op": "add", "path": "emails", "value": [{"value": "BJensen@Example.com", "type": "Work"}]}]);
    assert!(user(&same).expect("valid").is_empty(), "another case is the same address");
    let whole = json!([
        {"op": "replace", "path": "emails", "value": two},
        {"op": "replace", "path": "emails[type eq \"work\"]", "value": {"value": "c@x.example", "primary": true}}
    ]);
    assert_eq!(emails(whole), json!([{"value": "c@x.example", "primary": true}]));
    let second = json!([{"op": "replace", "path": "emails[type eq \"home\"].type", "value": "work"},
        {"op": "replace", "path": "emails[value eq \"babs@jensen.example\"].value", "value": "bjensen@EXAMPLE.com"}]);
    let united = emails(second);
    assert_eq!(united.as_array().map(Vec::len), Some(1));
    assert_eq!(united[0]["primary"], true);
    let body = object(json!({"schemas": [USER], "userName": "t", "emails": [
        {"value": "t@x.example", "type": "work"}, {"value": "T@x.example", "type": "work", "primary": true}]}));
    let created = crate::resource::create(Registry::standard().user(), &body).expect("valid");
    assert_eq!(created["emails"], json!([{"value": "t@x.example", "type": "work", "primary": true}]));
}

#[test]
fn twins_from_earlier_times_become_one_beside_another_primary() {
    let stored = json!([{"value": "B"}, {"value": "b"}]);
    let document = object(json!({"userName": "a", "emails": stored}));
    let operations = json!([
        {"op": "add", "path": "emails", "value": [{"value": "a", "primary": true}]},
        {"op": "add", "path": "emails[value eq \"b\"]", "value": {"type": "work", "primary": true}}
    ]);
    let request = request(Registry::standard().user(), &operations).expect("valid");
    let emails = applied(&request, document, &[], false).expect("valid").document["emails"].clone();
    let one = json!({"value": "B", "type": "work", "primary": true});
    assert_eq!(emails, json!([one, {"value": "a", "primary": false}]));
}

#[test]
fn a_list_of_one_says_what_its_element_says() {
    for (op, value) in [("add", json!({"display": "W"})), ("replace", json!({"value": "w@x.example"}))] {
        let one =
            |value: Value| left(&json!([{"op": op, "path": "emails[type eq \"work\"]", "value": value}]));
        assert_eq!(one(json!([value])), one(value.clone()), "{op} {value}");
    }
    for op in ["add", "replace"] {
        let nothing = json!([{"op": op, "path": "emails[type eq \"work\"]", "value": [null]}]);
        assert_eq!(word(&nothing), "invalidValue", "{op}");
    }
}

#[test]
fn one_part_is_cleared_alone() {
    for profile in [Profile::Entra, Profile::Okta, Profile::OneLogin] {
        for operations in [
            json!([{"op": "replace", "value": {"name": {"middleName": ""}}}]),
            json!([{"op": "replace", "path": "name", "value": {"middleName": ""}}]),
            json!([{"op": "add", "path": "name.middleName", "value": ""}]),
        ] {
            let outcome = through(profile, barbara(), &operations).expect("valid");
            let expected = json!({"givenName": "Barbara", "familyName": "Jensen"});
            assert_eq!(outcome.document["name"], expected, "{profile} {operations}");
        }
        for (op, value) in
            [("replace", json!("")), ("replace", json!(null)), ("add", json!("")), ("add", json!(null))]
        {
            let path = "phoneNumbers[type eq \"mobile\"].value";
            let operations = json!([{"op": op, "path": path, "value": value}]);
            let outcome = through(profile, barbara(), &operations).expect("no change");
            assert!(outcome.is_empty(), "{profile} {operations}");
        }
    }
}

#[test]
fn an_unknown_key_is_treated_alike_wherever_it_stands() {
    let off = json!({"op": "replace", "path": "active", "value": false});
    let literal = [Profile::Strict, Profile::Interop];
    let tolerant = Profile::ALL.into_iter().filter(|profile| !literal.contains(profile));
    for operations in [
        json!([{"op": "replace", "value": {"active": false, "costume": 1, "name": {"nick": "x"}}}]),
        json!([{"op": "replace", "value": {"active": false, ENTERPRISE_USER: {"hat": 1}}}]),
        json!([{"op": "replace", "path": ENTERPRISE_USER, "value": {"hat": 1}}, off]),
        json!([{"op": "replace", "path": format!("{ENTERPRISE_USER}:hat"), "value": 1}, off]),
        json!([{"op": "replace", "path": "urn:example:2.0:User:hat", "value": 1}, off]),
        json!([{"op": "replace", "path": "urn:example:2.0:User", "value": {"hat": 1}}, off]),
        json!([{"op": "add", "value": {"urn:example:2.0:User": {"hat": 1}}}, off]),
        json!([{"op": "replace", "path": "costume", "value": 1}, off]),
        json!([{"op": "remove", "path": "costume"}, off]),
        json!([{"op": "add", "path": "name.nick", "value": "x"}, off]),
        json!([{"op": "replace", "path": "emails[type eq \"work\"].nick", "value": "x"}, off]),
        json!([{"op": "replace", "value": {"active": false, "department": "Sales"}}]),
    ] {
        for profile in tolerant.clone() {
            let document = through(profile, barbara(), &operations).expect("the rest counts").document;
            assert_eq!(document["active"], false, "{profile} {operations}");
            assert_eq!(document["name"], barbara()["name"], "{profile} {operations}");
        }
        for profile in literal {
            assert!(through(profile, barbara(), &operations).is_err(), "{profile} {operations}");
        }
    }
    for no_path in ["name[", "emails[nick eq \"x\"]", "title.x.y"] {
        let operations = json!([{"op": "replace", "path": no_path, "value": "x"}, off]);
        assert!(through(Profile::Entra, barbara(), &operations).is_err(), "{no_path}");
    }
    let bare = json!([{"op": "replace", "value": {"department": "Sales"}}]);
    let document = through(Profile::Entra, barbara(), &bare).expect("understood as in a path").document;
    assert_eq!(document[ENTERPRISE_USER]["department"], "Sales");
}

#[test]
fn a_list_removes_what_it_describes_and_no_more() {
    let operations = json!([
        {"op": "replace", "path": "roles", "value": [{"value": "editor", "type": "wiki"}, {"value": "editor", "type": "shop"}]},
        {"op": "remove", "path": "roles", "value": [{"value": "editor", "type": "shop"}]}
    ]);
    for profile in Profile::ALL {
        let document = through(profile, barbara(), &operations).expect("valid").document;
        assert_eq!(document["roles"], json!([{"value": "editor", "type": "wiki"}]), "{profile}");
    }
}

#[test]
fn no_value_decides_nothing_about_access() {
    let mut off = barbara();
    off.insert("active".to_owned(), false.into());
    for operations in [
        json!([{"op": "replace", "path": "active", "value": null}]),
        json!([{"op": "replace", "value": {"active": null}}]),
        json!([{"op": "remove", "path": "active"}]),
        json!([{"op": "replace", "value": {USER: {"active": null}}}]),
    ] {
        let pathless = operations[0].get("path").is_none();
        for profile in Profile::ALL.into_iter().filter(|profile| !pathless || *profile != Profile::Interop) {
            for document in [off.clone(), barbara()] {
                let outcome = through(profile, document.clone(), &operations).expect("no change");
                assert_eq!(outcome.document["active"], document["active"], "{profile} {operations}");
            }
        }
    }
    let create = |body: Value| {
        crate::resource::create(Registry::standard().user(), &object(body))
            .expect("valid")
            .get("active")
            .cloned()
    };
    assert_eq!(create(json!({"schemas": [USER], "userName": "a"})), Some(json!(true)));
    assert_eq!(
        create(json!({"schemas": [USER], "userName": "a", "active": null})),
        None,
        "RFC 7643 section 2.5"
    );
    assert_eq!(create(json!({"schemas": [USER], "userName": "a", USER: {"active": null}})), None);
    assert_eq!(
        create(json!({"schemas": [USER], "userName": "a", USER: {"active": false}})),
        Some(json!(false))
    );
}
