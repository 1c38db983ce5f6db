//! Bulk requests: what is refused as a whole, what stays with an operation, and the order in which references are met.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Registry;

fn object(value: Value) -> Object {
    let Value::Object(object) = value else { panic!("no object: {value}") };
    object
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` values are written in place")]
fn bulk(operations: Value) -> Result<BulkRequest, Error> {
    BulkRequest::parse(object(json!({ "schemas": [REQUEST], "Operations": operations })), 100)
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` values are written in place")]
fn one(operation: Value) -> Operation {
    bulk(json!([operation])).expect("a request").operations.remove(0)
}

fn fill(created: &Created, operation: &mut Operation) -> Result<(), Error> {
    let references = operation.references(Registry::standard());
    created.fill(Registry::standard(), operation, &references)
}

fn in_order(operations: &[Operation]) -> Vec<Step> {
    order(operations, &operations.iter().map(|it| it.references(Registry::standard())).collect::<Vec<_>>())
}

fn group(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|value| json!({ "value": value })).collect();
    let data = json!({ "displayName": bulk_id, "members": members });
    json!({ "method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data })
}

#[test]
fn a_request_that_is_none_is_refused_as_a_whole() {
    let user = json!({ "method": "POST", "path": "/Users", "bulkId": "a", "data": {} });
    for (body, status) in [
        (json!({ "Operations": [user] }), 400),
        (json!({ "schemas": ["urn:x"], "Operations": [user] }), 400),
        (json!({ "schemas": [REQUEST] }), 400),
        (json!({ "schemas": [REQUEST], "Operations": {} }), 400),
        (json!({ "schemas": [REQUEST], "Operations": [] }), 400),
        (json!({ "schemas": [REQUEST], "Operations": ["POST"] }), 400),
        (json!({ "schemas": [REQUEST], "Operations": [user, user] }), 400),
        (json!({ "schemas": [REQUEST], "Operations": [user], "failOnErrors": 0 }), 400),
        (json!({ "schemas": [REQUEST], "Operations": [user], "failOnErrors": -1 }), 400),
        (json!({ "schemas": [REQUEST], "Operations": [user], "failOnErrors": 1.5 }), 400),
        (json!({ "schemas": [REQUEST], "Operations": [user], "failOnErrors": "1" }), 400),
        (
            json!({ "schemas": [REQUEST], "Operations": vec![json!({ "method": "DELETE", "path": "/Users/1" }); 101] }),
            413,
        ),
    ] {
        let error = BulkRequest::parse(object(body.clone()), 100).expect_err(&body.to_string());
        assert_eq!(error.status, status, "{body}");
        assert!(status != 413 || error.detail.contains("100"), "{error}");
    }
    let all = json!({ "SCHEMAS": [REQUEST], "operations": [user], "FailOnErrors": 3 });
    let read = BulkRequest::parse(object(all), 100).expect("names ignore case");
    assert_eq!((read.fail_on_errors, read.operations.len()), (Some(3), 1));
}

#[test]
fn what_is_wrong_with_one_operation_stays_with_it() {
    let data = json!({});
    for (operation, says) in [
        (json!({ "method": "GET", "path": "/Users/1" }), "method"),
        (json!({ "path": "/Users/1" }), "method"),
        (json!({ "method": 1, "path": "/Users/1" }), "method"),
        (json!({ "method": "POST", "path": "/Users", "data": data }), "bulkId"),
        (json!({ "method": "POST", "path": "/Users", "bulkId": "", "data": data }), "bulkId"),
        (json!({ "method": "POST", "path": "/Users/1", "bulkId": "a", "data": data }), "endpoint"),
        (json!({ "method": "POST", "path": "/Users/.search", "bulkId": "a", "data": data }), "path"),
        (json!({ "method": "PUT", "path": "/Users", "data": data }), "resource"),
        (json!({ "method": "PUT", "path": "/Users/", "data": data }), "path"),
        (json!({ "method": "DELETE", "path": "/Users/1/2" }), "resource"),
        (json!({ "method": "DELETE", "path": "https://x.example/Users/1" }), "path"),
        (json!({ "method": "DELETE", "path": "//x.example/Users/1" }), "path"),
        (json!({ "method": "DELETE", "path": "/../Users" }), "path"),
        (json!({ "method": "POST", "path": "/%2Esearch", "bulkId": "a", "data": data }), "path"),
        (json!({ "method": "DELETE", "path": "/Users/%zz" }), "path"),
        (json!({ "method": "DELETE", "path": "/Users/1?x=y" }), "path"),
        (json!({ "method": "DELETE" }), "path"),
        (json!({ "method": "PATCH", "path": "/Users/1" }), "data"),
        (json!({ "method": "PATCH", "path": "/Users/1", "data": [] }), "data"),
        (json!({ "method": "DELETE", "path": "/Users/1", "version": 3 }), "version"),
    ] {
        let refused = one(operation.clone()).refused.unwrap_or_else(|| panic!("{operation} is taken"));
        assert!(refused.status == 400 && refused.detail.contains(says), "{operation}: {refused}");
    }
    for taken in [
        json!({ "method": "delete", "path": "/Users/1" }),
        json!({ "METHOD": "PUT", "Path": "/Users/bulkId:a", "Data": {}, "version": "W/\"1\"" }),
        json!({ "method": "POST", "path": "/Users", "bulkId": "a", "data": {} }),
    ] {
        assert_eq!(one(taken.clone()).refused, None, "{taken}");
    }
}

#[test]
fn ids_take_the_place_of_references_wherever_they_stand() {
    let mut created = Created::default();
    created.note("u1", Some("id-1".to_owned()));
    created.note("u2", Some("id-2".to_owned()));
    created.note("bad", None);
    let mut operation = one(json!({ "method": "PATCH", "path": "/Groups/bulkId:u2", "data": {
        "Operations": [
            { "op": "remove", "path": "members[value eq \"bulkId:u1\" or value eq \"bulkId:u2\"]" },
            { "op": "add", "path": "members", "value": [{ "value": "bulkId:u1" }, { "value": "other" }] },
            { "op": "replace", "path": "displayName", "value": "bulkId:u1 and \"bulkId:none\" are words here" },
            { "op": "replace", "value": { "members": ["bulkId:u2"], "displayName": "bulkId:none" } },
            { "op": "remove", "path": "members[value eq \"bulkId:\\u00e9\\\"\"]" },
        ],
    } }));
    created.note("é\"", Some("id-3".to_owned()));
    assert_eq!(
        operation.references(Registry::standard()).into_iter().collect::<Vec<_>>(),
        ["u1", "u2", "é\""]
    );
    let before = operation.data["Operations"][2].clone();
    fill(&created, &mut operation).expect("all are there");
    assert_eq!(operation.path, "/Groups/id-2");
    assert_eq!(operation.data["Operations"][0]["path"], "members[value eq \"id-1\" or value eq \"id-2\"]");
    assert_eq!(operation.data["Operations"][1]["value"], json!([{ "value": "id-1" }, { "value": "other" }]));
    assert_eq!(operation.data["Operations"][2], before, "a name is no reference");
    let whole = json!({ "members": ["id-2"], "displayName": "bulkId:none" });
    assert_eq!(operation.data["Operations"][3]["value"], whole);
    assert_eq!(operation.data["Operations"][4]["path"], "members[value eq \"id-3\"]");
    let mut encoded = one(json!({ "method": "DELETE", "path": "/Users/bulkId:a%2Fb%20c" }));
    created.note("a/b c", Some("id-4".to_owned()));
    fill(&created, &mut encoded).expect("it is there");
    assert_eq!(encoded.path, "/Users/id-4");
    let mut encoded = one(json!({ "method": "DELETE", "path": "/Users/bulkId%3Au1" }));
    let unmet = encoded.answer(Done::default(), "https://x.example/v2");
    assert_eq!(unmet.get("location"), None, "a name is no address");
    fill(&created, &mut encoded).expect("it is there");
    assert_eq!(encoded.path, "/Users/id-1");
    for name in ["bad", "unknown"] {
        let refused =
            fill(&created, &mut one(group("g", &[&format!("bulkId:{name}")]))).expect_err("refused");
        assert!(refused.status == 409 && refused.detail.contains(name), "{refused}");
    }
}

#[test]
fn what_is_put_off_comes_back_as_a_patch() {
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let post =
        |path: &str, data: Value| one(json!({ "method": "POST", "path": path, "bulkId": "x", "data": data }));
    let put_off = References::from(["a".to_owned()]);
    let mut user = post(
        "/Users",
        json!({
            "userName": "bulkId:a",
            "id": "bulkId:a",
            "groups": [{ "value": "bulkId:a" }],
            "urn:unknown": { "x": "bulkId:a" },
            manager: { "department": "x", "manager": { "value": "bulkId:a" } },
        }),
    );
    assert_eq!(user.references(Registry::standard()), put_off, "the manager alone is a reference");
    let patch = completion(Registry::standard(), &mut user, &put_off);
    assert_eq!(user.data[manager], json!({ "department": "x" }));
    assert_eq!((&user.data["userName"], &user.data["id"]), (&json!("bulkId:a"), &json!("bulkId:a")));
    let path = format!("{manager}:manager");
    assert_eq!(
        patch.data["Operations"],
        json!([{ "op": "add", "path": path, "value": { "value": "bulkId:a" } }])
    );
    let mut group = post("/Groups", json!({ "members": [{ "value": "bulkId:a" }, "bulkId:b", "bulkId:a"] }));
    let patch = completion(Registry::standard(), &mut group, &put_off);
    assert_eq!(group.data["members"], json!(["bulkId:b"]));
    let members = json!([{ "value": "bulkId:a" }, "bulkId:a"]);
    assert_eq!(patch.data["Operations"], json!([{ "op": "add", "path": "members", "value": members }]));
}

#[test]
fn entries_say_where_a_resource_is_but_for_one_that_was_not_created() {
    let post = one(group("g", &[]));
    let failed = Done::failed(&Error::uniqueness("taken"));
    let entry = post.answer(failed.clone(), "https://x.example/v2");
    assert_eq!(
        (&entry["status"], entry.get("location"), &entry["response"]["status"]),
        (&json!("409"), None, &json!("409"))
    );
    let delete = one(json!({ "method": "DELETE", "path": "/Users/1" }));
    assert_eq!(delete.answer(failed, "https://x.example/v2")["location"], "https://x.example/v2/Users/1");
    let done =
        Done { status: 201, location: Some("l".to_owned()), version: Some("v".to_owned()), response: None };
    let expected =
        json!({ "method": "POST", "bulkId": "g", "location": "l", "version": "v", "status": "201" });
    assert_eq!(post.answer(done, ""), expected);
}

#[test]
fn what_is_referred_to_comes_first_and_a_circle_is_cut_once() {
    let places = |all: Value| -> Vec<(usize, Vec<String>)> {
        let steps = in_order(&bulk(all).expect("a request").operations);
        steps.into_iter().map(|step| (step.operation, step.put_off.into_iter().collect())).collect()
    };
    let none = Vec::<String>::new;
    let forward = json!([group("g", &["bulkId:u"]), group("x", &[]), group("u", &[])]);
    assert_eq!(places(forward), [(2, none()), (0, none()), (1, none())]);
    let circle = json!([group("a", &["bulkId:b"]), group("b", &["bulkId:a"])]);
    assert_eq!(places(circle), [(1, vec!["a".to_owned()]), (0, none())]);
    assert_eq!(places(json!([group("a", &["bulkId:a"])])), [(0, vec!["a".to_owned()])]);
}

proptest! {
    #[test]
    fn every_operation_has_one_turn_after_all_that_it_refers_to(
        links in prop::collection::vec(prop::collection::vec(0_usize..12, 0..4), 1..12),
        forward_only in any::<bool>(),
    ) {
        let name = |at: usize| format!("g{at}");
        let all: Vec<Value> = links.iter().enumerate().map(|(at, links)| {
            let links: Vec<String> = links.iter()
                .filter(|to| !forward_only || **to > at)
                .map(|to| format!("bulkId:{}", name(*to)))
                .collect();
            group(&name(at), &links.iter().map(String::as_str).collect::<Vec<_>>())
        }).collect();
        let operations = bulk(all.into()).expect("a request").operations;
        let steps = in_order(&operations);
        let mut done = References::new();
        for step in &steps {
            let operation = &operations[step.operation];
            for reference in operation.references(Registry::standard()) {
                let there = operations.iter().any(|it| it.bulk_id.as_ref() == Some(&reference));
                let put_off = step.put_off.contains(&reference);
                prop_assert!(!there || put_off || done.contains(&reference), "{reference} before its turn");
                prop_assert!(!put_off || (there && !forward_only), "{reference} is put off without a circle");
            }
            prop_assert!(done.insert(operation.bulk_id.clone().expect("a name")), "a second turn");
        }
        prop_assert_eq!(steps.len(), operations.len());
    }
}
