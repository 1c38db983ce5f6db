//! Each quirk with what it makes of a request.

#![expect(clippy::too_many_lines, clippy::needless_pass_by_value, reason = "a table is as long as its rows")]

use serde_json::{Value, json};

use super::*;
use crate::patch::SCHEMA as PATCH;
use crate::schema::{ENTERPRISE_USER, GROUP, Registry, USER};

mod profiles;

fn user() -> &'static ResourceType {
    Registry::standard().user()
}

fn group() -> &'static ResourceType {
    Registry::standard().group()
}

fn patch(operations: Value) -> Value {
    json!({"schemas": [PATCH], "Operations": operations})
}

/// The body after one quirk alone, and whether it was used.
fn rewritten(name: &str, kind: RequestKind, resource_type: &ResourceType, body: &Value) -> (Value, Used) {
    let every: Vec<String> = Profile::Strict.quirks().iter().map(|&name| name.to_owned()).collect();
    let without: Vec<String> = every.into_iter().filter(|other| other != name).collect();
    let dialect = Dialect::new(Profile::Strict, &[name.to_owned()], &without).expect("the quirk exists");
    let mut body = body.as_object().expect("an object").clone();
    let used = dialect.request(kind, resource_type, &mut body).expect("allowed");
    (Value::Object(body), used)
}

#[test]
fn each_rewriting_quirk_gives_the_standards_form() {
    use RequestKind::{Create, Patch, Replace};
    let manager = format!("{ENTERPRISE_USER}:manager");
    let cases: Vec<(&str, RequestKind, &ResourceType, Value, Value)> = vec![
        (
            "missing-schemas",
            Replace,
            user(),
            json!({"userName": "a"}),
            json!({"userName": "a", "schemas": [USER]}),
        ),
        (
            "missing-schemas",
            Patch,
            user(),
            json!({"Operations": []}),
            json!({"Operations": [], "schemas": [PATCH]}),
        ),
        (
            "unknown-schemas",
            Create,
            group(),
            json!({"schemas": [GROUP, "http://x.example/Group"]}),
            json!({"schemas": [GROUP]}),
        ),
        (
            "unknown-schemas",
            Create,
            user(),
            json!({"schemas": ["urn:scim:schemas:core:2.0"], "userName": "a"}),
            json!({"schemas": [USER], "userName": "a"}),
        ),
        (
            "unknown-schemas",
            Create,
            user(),
            json!({"schemas": [USER], "urn:x:y": {"a": 1}}),
            json!({"schemas": [USER]}),
        ),
        (
            "boolean-strings",
            Create,
            user(),
            json!({"Active": "True", "roles": [{"primary": "false"}], "title": "True"}),
            json!({"Active": true, "roles": [{"primary": false}], "title": "True"}),
        ),
        (
            "boolean-strings",
            Patch,
            user(),
            patch(json!([{"op": "replace", "path": "active", "value": "False"}])),
            patch(json!([{"op": "replace", "path": "active", "value": false}])),
        ),
        (
            "boolean-strings",
            Patch,
            user(),
            patch(json!([{"op": "replace", "value": {"active": "False"}}])),
            patch(json!([{"op": "replace", "value": {"active": false}}])),
        ),
        (
            "boolean-strings",
            Patch,
            user(),
            patch(json!([{"op": "add", "path": "emails[type eq \"work\"].primary", "value": "True"}])),
            patch(json!([{"op": "add", "path": "emails[type eq \"work\"].primary", "value": true}])),
        ),
        (
            "json-in-strings",
            Patch,
            user(),
            patch(json!([{"op": "add", "path": "roles", "value": ["{\"value\":\"r\",\"primary\":false}"]}])),
            patch(json!([{"op": "add", "path": "roles", "value": [{"value": "r", "primary": false}]}])),
        ),
        (
            "json-in-strings",
            Patch,
            user(),
            patch(
                json!([{"op": "add", "path": "roles", "value": [{"value": "{\"value\":\"25\",\"displayName\":\"Operator\"}"}]}]),
            ),
            patch(json!([{"op": "add", "path": "roles", "value": [{"value": "25", "display": "Operator"}]}])),
        ),
        (
            "complex-from-string",
            Patch,
            user(),
            patch(json!([{"op": "add", "path": manager, "value": "26"}])),
            patch(json!([{"op": "add", "path": manager, "value": {"value": "26"}}])),
        ),
        (
            "complex-from-string",
            Patch,
            user(),
            patch(json!([{"op": "add", "path": manager, "value": ""}])),
            patch(json!([{"op": "replace", "path": manager, "value": null}])),
        ),
        (
            "member-strings",
            Patch,
            group(),
            patch(json!([{"op": "add", "path": "members", "value": ["a", "b"]}])),
            patch(json!([{"op": "add", "path": "members", "value": [{"value": "a"}, {"value": "b"}]}])),
        ),
        (
            "manager-id",
            Create,
            user(),
            json!({ENTERPRISE_USER: {"manager": {"managerId": "26"}}}),
            json!({ENTERPRISE_USER: {"manager": {"value": "26"}}}),
        ),
        (
            "single-object",
            Patch,
            user(),
            patch(json!([{"op": "replace", "path": "emails", "value": {"value": "a"}}])),
            patch(json!([{"op": "replace", "path": "emails", "value": [{"value": "a"}]}])),
        ),
        (
            "single-object",
            Create,
            user(),
            json!({"emails": {"value": "a"}}),
            json!({"emails": [{"value": "a"}]}),
        ),
        (
            "empty-string-unassigns",
            Create,
            user(),
            json!({"title": "", "userName": "", "addresses": [{"locality": "", "region": ""}], "name": {"givenName": "A", "middleName": ""}}),
            json!({"title": null, "userName": "", "addresses": [], "name": {"givenName": "A", "middleName": null}}),
        ),
        (
            "empty-string-unassigns",
            Create,
            user(),
            json!({ENTERPRISE_USER: {"manager": {"value": "", "displayName": " "}}}),
            json!({ENTERPRISE_USER: {"manager": {"value": null, "displayName": " "}}}),
        ),
        (
            "empty-string-unassigns",
            Patch,
            user(),
            patch(json!([{"op": "add", "path": "title", "value": ""}])),
            patch(json!([{"op": "replace", "path": "title", "value": null}])),
        ),
        (
            "operation-case",
            Patch,
            user(),
            patch(json!([{"op": "Replace", "path": "title", "value": "x"}])),
            patch(json!([{"op": "replace", "path": "title", "value": "x"}])),
        ),
        (
            "dotted-keys",
            Patch,
            user(),
            patch(
                json!([{"op": "replace", "value": {"title": "x", "name.givenName": "A", format!("{ENTERPRISE_USER}:department"): "D", format!("{ENTERPRISE_USER}:manager.value"): "M"}}]),
            ),
            patch(
                json!([{"op": "replace", "value": {"title": "x", ENTERPRISE_USER: {"department": "D"}}}, {"op": "replace", "path": "name.givenName", "value": "A"}, {"op": "replace", "path": format!("{ENTERPRISE_USER}:manager.value"), "value": "M"}]),
            ),
        ),
        (
            "read-only-keys",
            Patch,
            group(),
            patch(json!([{"op": "replace", "value": {"id": "1", "schemas": [GROUP], "displayName": "x"}}])),
            patch(json!([{"op": "replace", "value": {"displayName": "x"}}])),
        ),
        (
            "unknown-keys",
            Patch,
            user(),
            patch(
                json!([{"op": "replace", "value": {"costume": "x", "title": "y", ENTERPRISE_USER: {"hat": 1}}}]),
            ),
            patch(json!([{"op": "replace", "value": {"title": "y"}}])),
        ),
        (
            "unknown-keys",
            Patch,
            user(),
            patch(json!([
                {"op": "replace", "path": ENTERPRISE_USER, "value": {"hat": 1, "department": "D"}},
                {"op": "replace", "path": "name", "value": {"nick": "x", "givenName": "A"}},
                {"op": "replace", "path": "costume", "value": "x"},
                {"op": "replace", "value": {"active": false, "department": "D", "name": {"nick": "x"}}}
            ])),
            patch(json!([
                {"op": "replace", "path": ENTERPRISE_USER, "value": {"department": "D"}},
                {"op": "replace", "path": "name", "value": {"givenName": "A"}},
                {"op": "replace", "value": {}},
                {"op": "replace", "value": {"active": false}}
            ])),
        ),
        (
            "read-only-keys",
            Patch,
            user(),
            patch(json!([{"op": "replace", "value": {ENTERPRISE_USER: {"manager": {"displayName": "B"}}}}])),
            patch(json!([{"op": "replace", "value": {ENTERPRISE_USER: {"manager": {}}}}])),
        ),
        (
            "missing-schemas",
            Create,
            group(),
            json!({"displayName": "a"}),
            json!({"displayName": "a", "schemas": [GROUP]}),
        ),
        (
            "missing-schemas",
            RequestKind::Search,
            user(),
            json!({"filter": "id pr"}),
            json!({"filter": "id pr", "schemas": [crate::protocol::search::SCHEMA]}),
        ),
        (
            "search-attributes-string",
            RequestKind::Search,
            user(),
            json!({"attributes": "userName, emails.value,", "excludedAttributes": []}),
            json!({"attributes": ["userName", "emails.value"], "excludedAttributes": []}),
        ),
        (
            "list-of-one",
            Create,
            user(),
            json!({"name": [{"givenName": "A"}], "emails": [{"value": "a"}]}),
            json!({"name": {"givenName": "A"}, "emails": [{"value": "a"}]}),
        ),
        (
            "list-of-one",
            Patch,
            user(),
            patch(json!([{"op": "replace", "path": manager, "value": [{"value": "1"}]}])),
            patch(json!([{"op": "replace", "path": manager, "value": {"value": "1"}}])),
        ),
        (
            "clear-is-remove",
            Patch,
            user(),
            patch(
                json!([{"op": "replace", "path": "phoneNumbers[type eq \"mobile\"].value", "value": null}]),
            ),
            patch(json!([{"op": "remove", "path": "phoneNumbers[type eq \"mobile\"].value", "value": null}])),
        ),
        (
            "empty-string-unassigns",
            Patch,
            user(),
            patch(json!([{"op": "replace", "value": {"name": {"middleName": ""}}}])),
            patch(json!([{"op": "replace", "value": {"name": {"middleName": null}}}])),
        ),
        (
            "remove-with-value",
            Patch,
            user(),
            patch(
                json!([{"op": "remove", "path": "roles", "value": [{"value": "editor", "type": "shop", "primary": true}, {"type": "wiki"}]}]),
            ),
            patch(
                json!([{"op": "remove", "path": "roles[(value eq \"editor\" and type eq \"shop\" and primary eq true) or type eq \"wiki\"]"}]),
            ),
        ),
        (
            "remove-with-value",
            Patch,
            group(),
            patch(
                json!([{"op": "remove", "path": "members", "value": [{"value": "a", "type": "User", "display": "Old", "$ref": "x/y"}]}]),
            ),
            patch(json!([{"op": "remove", "path": "members[(value eq \"a\" and type eq \"User\")]"}])),
        ),
        (
            "add-at-member-filter",
            Patch,
            group(),
            patch(json!([{"op": "add", "path": "members[value eq \"a\"]"}])),
            patch(json!([{"op": "add", "path": "members", "value": [{"value": "a"}]}])),
        ),
        (
            "remove-with-value",
            Patch,
            group(),
            patch(
                json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "a"}, {"value": "b\"c"}]}]),
            ),
            patch(json!([{"op": "remove", "path": "members[value eq \"a\" or value eq \"b\\\"c\"]"}])),
        ),
        (
            "remove-with-value",
            Patch,
            group(),
            patch(json!([{"op": "remove", "path": "members", "value": []}])),
            patch(json!([{"op": "add", "path": "members", "value": []}])),
        ),
        (
            "remove-with-value",
            Patch,
            group(),
            patch(
                json!([{"op": "remove", "path": "members", "value": {"$ref": "https://scim.example/v2/Users/a"}}]),
            ),
            patch(json!([{"op": "remove", "path": "members[value eq \"a\"]"}])),
        ),
        (
            "replace-members-adds",
            Patch,
            group(),
            patch(json!([{"op": "replace", "path": format!("{GROUP}:members"), "value": {"value": "a"}}])),
            patch(json!([{"op": "add", "path": format!("{GROUP}:members"), "value": {"value": "a"}}])),
        ),
        (
            "remove-value-ignored",
            Patch,
            user(),
            patch(json!([{"op": "remove", "path": "emails[type eq \"work\"].value", "value": "old"}])),
            patch(json!([{"op": "remove", "path": "emails[type eq \"work\"].value"}])),
        ),
        (
            "replace-members-adds",
            Patch,
            group(),
            patch(json!([{"op": "replace", "path": "members", "value": [{"value": "a"}]}])),
            patch(json!([{"op": "add", "path": "members", "value": [{"value": "a"}]}])),
        ),
        (
            "replace-members-adds",
            Patch,
            group(),
            patch(json!([{"op": "replace", "value": {"members": [{"value": "a"}], "displayName": "x"}}])),
            patch(
                json!([{"op": "replace", "value": {"displayName": "x"}}, {"op": "add", "path": "members", "value": [{"value": "a"}]}]),
            ),
        ),
        (
            "replace-complex-whole",
            Patch,
            user(),
            patch(
                json!([{"op": "Replace", "path": "name", "value": {"familyName": "Roe", "givenname": "Kim"}}]),
            ),
            patch(json!([{"op": "Replace", "path": "name", "value": {
                "familyName": "Roe", "givenname": "Kim", "formatted": null, "middleName": null,
                "honorificPrefix": null, "honorificSuffix": null,
            }}])),
        ),
        (
            "replace-complex-whole",
            Patch,
            user(),
            patch(json!([{"op": "replace", "path": ENTERPRISE_USER, "value": {"manager": {"value": "1"}}}])),
            patch(
                json!([{"op": "replace", "path": ENTERPRISE_USER, "value": {"manager": {"value": "1", "$ref": null}}}]),
            ),
        ),
    ];
    for (name, kind, resource_type, before, after) in &cases {
        let (body, used) = rewritten(name, *kind, resource_type, before);
        assert_eq!(body, *after, "{name}");
        assert_eq!(used.quirks.into_iter().collect::<Vec<_>>(), [*name], "{name} on {before}");
        // What is in the standard's form already is left alone.
        let (again, used) = rewritten(name, *kind, resource_type, after);
        assert_eq!((again, used.quirks.len()), (after.clone(), 0), "{name} on {after}");
    }
    let tested: Vec<&str> = cases.iter().map(|case| case.0).collect();
    for quirk in quirks().filter(|quirk| matches!(quirk.act, Act::Rewrite(_))) {
        assert!(tested.contains(&quirk.name), "{} has no case", quirk.name);
    }
}

#[test]
fn what_means_something_else_is_left_alone() {
    use RequestKind::Patch;
    let same = [
        ("replace-members-adds", patch(json!([{"op": "replace", "path": "members", "value": []}]))),
        ("remove-with-value", patch(json!([{"op": "remove", "path": "members"}]))),
        ("remove-with-value", patch(json!([{"op": "remove", "path": "members", "value": [5]}]))),
        (
            "remove-with-value",
            patch(json!([{"op": "remove", "path": "members", "value": [{"type": "User"}]}])),
        ),
        ("empty-string-unassigns", patch(json!([{"op": "replace", "path": "members", "value": [null]}]))),
        ("list-of-one", patch(json!([{"op": "replace", "path": "name", "value": [{}, {}]}]))),
        ("clear-is-remove", patch(json!([{"op": "replace", "path": "title", "value": null}]))),
        (
            "empty-string-unassigns",
            patch(json!([{"op": "add", "path": "members", "value": [{"value": ""}]}])),
        ),
        ("add-at-member-filter", patch(json!([{"op": "remove", "path": "members[value eq \"a\"]"}]))),
        ("member-strings", patch(json!([{"op": "add", "path": "displayName", "value": "a"}]))),
        ("boolean-strings", patch(json!([{"op": "replace", "path": "displayName", "value": "True"}]))),
        ("dotted-keys", patch(json!([{"op": "replace", "value": {"no.such.path": 1, "displayName": "x"}}]))),
    ];
    for (name, body) in same {
        let (after, used) = rewritten(name, Patch, group(), &body);
        assert_eq!((after, used), (body, Used::default()), "{name}");
    }
}

#[test]
fn what_was_left_out_is_told() {
    let (_, used) = rewritten(
        "unknown-schemas",
        RequestKind::Create,
        user(),
        &json!({"schemas": [USER, "urn:x"], "urn:y:z": {}}),
    );
    assert_eq!(used.ignored, ["the schema urn:x", "the extension urn:y:z"]);
    let (_, used) = rewritten(
        "unknown-keys",
        RequestKind::Patch,
        user(),
        &patch(json!([{"op": "add", "value": {"costume": 1}}])),
    );
    assert_eq!(used.ignored, ["the attribute costume"]);
}
