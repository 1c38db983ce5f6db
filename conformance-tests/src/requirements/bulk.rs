//! Bulk requests (RFC 7644 §3.7): what a request may hold, what is done, and what the answer says.
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::bulk::{
    REQUEST, RESPONSE, bulk, delete, entries, person, place, post, send, status, team,
};
use crate::support::{USER, name_of, path_of, refused, with};
use crate::{Answer, Level, patch_op, unique, user};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_bulk_01, r_bulk_02, r_bulk_03, r_bulk_04, r_bulk_05, r_bulk_06, r_bulk_07, r_bulk_08, r_bulk_09,
    r_bulk_10, r_bulk_11, r_bulk_12, r_bulk_13, r_bulk_14, r_bulk_15, r_bulk_16, r_bulk_17, r_bulk_18,
    r_bulk_19, r_bulk_20, r_bulk_28, r_bulk_29, r_bulk_30, r_bulk_31, r_bulk_32, r_bulk_33, r_bulk_34,
    r_bulk_35, r_bulk_36, r_bulk_37, r_bulk_38,
];

/// Where bulk is not offered, the endpoint says so.
fn r_bulk_01(run: &Run) {
    let scratch = run.shared();
    let config = scratch.read("/ServiceProviderConfig");
    let answer = send(&scratch, &[delete("/Users/nobody")], &json!({}));
    if config["bulk"]["supported"] == true {
        answer.expect_status(200);
    } else {
        assert!(answer.status >= 400, "bulk is not claimed, and answered {}", answer.status);
        run.at_most(Level::Should, || {
            answer.expect_error(501, &[]);
        });
    }
}

/// A body without the schema of bulk requests or without a list of operations is refused as a whole.
fn r_bulk_02(run: &Run) {
    let scratch = run.shared();
    let one = person("a");
    let refuse = |body: &Value| scratch.post("/Bulk", body).expect_error(400, &["invalidSyntax"]);
    for body in [json!({ "schemas": [REQUEST] }), json!({ "schemas": [REQUEST], "Operations": one })] {
        refuse(&body);
    }
    // A server may be lenient about what the client left out, or fail the one operation that is none.
    for body in [
        json!({ "Operations": [one] }),
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [one] }),
        json!({ "schemas": [REQUEST], "Operations": ["POST"] }),
    ] {
        run.at_most(Level::Should, || drop(refuse(&body)));
    }
}

/// The answer is 200 with the schema of bulk answers and an entry for each operation, also when some failed.
fn r_bulk_03(run: &Run) {
    let scratch = run.shared();
    let answer =
        send(&scratch, &[person("a"), delete("/Users/nobody"), person("b")], &json!({})).expect_status(200);
    assert_eq!(answer.at("/schemas"), Some(json!([RESPONSE])), "{}", answer.text);
    let entries = entries(&answer);
    assert_eq!(status(&entries), ["201", "404", "201"]);
}

/// POST, PUT, PATCH and DELETE are the methods, and another one fails its operation.
fn r_bulk_04(run: &Run) {
    let scratch = run.shared();
    let (one, other) = (scratch.person(&json!({})), scratch.person(&json!({})));
    let put = with(&user(name_of(&one)), &json!({ "title": "Put" }));
    let patch = patch_op(json!([{ "op": "add", "path": "nickName", "value": "Patched" }]));
    let entries = bulk(
        &scratch,
        &[
            person("a"),
            json!({ "method": "PUT", "path": path_of(&one), "data": put }),
            json!({ "method": "PATCH", "path": path_of(&one), "data": patch }),
            delete(&path_of(&other)),
            json!({ "method": "GET", "path": path_of(&one) }),
        ],
    );
    assert_eq!(entries[0]["status"], "201", "{entries:?}");
    assert!(status(&entries)[1..3].iter().all(|it| ["200", "204"].contains(it)), "{entries:?}");
    assert_eq!(entries[3]["status"], "204", "{entries:?}");
    assert!(status(&entries)[4].starts_with('4'), "{entries:?}");
    let after = scratch.again(&one);
    assert_eq!((&after["title"], &after["nickName"]), (&json!("Put"), &json!("Patched")));
}

/// A POST without a `bulkId` fails.
fn r_bulk_05(run: &Run) {
    let scratch = run.shared();
    let name = unique("bulk");
    let entries = bulk(&scratch, &[json!({ "method": "POST", "path": "/Users", "data": user(&name) })]);
    assert_eq!(status(&entries), ["400"]);
    assert!(
        ["invalidSyntax", "invalidValue"].map(Value::from).contains(&entries[0]["response"]["scimType"]),
        "{entries:?}"
    );
    assert_eq!(scratch.total(&format!("/Users?filter=userName%20eq%20%22{name}%22")), 0);
}

/// The `bulkId` of an operation comes back with it.
fn r_bulk_06(run: &Run) {
    let scratch = run.shared();
    let entries = bulk(&scratch, &[person("first"), post("/Users", "second", &json!({ "schemas": [USER] }))]);
    let names: Vec<&Value> = entries.iter().map(|entry| &entry["bulkId"]).collect();
    assert_eq!((names, status(&entries)), (vec![&json!("first"), &json!("second")], vec!["201", "400"]));
}

/// The path of a POST is an endpoint and that of another method a resource; anything else fails its operation.
fn r_bulk_07(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let entries = bulk(
        &scratch,
        &[
            post(&path_of(&one), "a", &user(&unique("bulk"))),
            json!({ "method": "PUT", "path": "/Users", "data": user(&unique("bulk")) }),
            delete("/Users"),
            json!({ "method": "DELETE" }),
        ],
    );
    assert!(status(&entries).iter().all(|it| it.starts_with('4')), "{entries:?}");
    assert_eq!(scratch.again(&one), one);
}

/// An operation that needs data fails without.
fn r_bulk_08(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let entries = bulk(
        &scratch,
        &[
            json!({ "method": "POST", "path": "/Users", "bulkId": "a" }),
            json!({ "method": "PUT", "path": path_of(&one) }),
            json!({ "method": "PATCH", "path": path_of(&one), "data": null }),
        ],
    );
    assert_eq!(status(&entries), ["400"; 3]);
    assert_eq!(scratch.again(&one), one);
}

/// The data of a PATCH is a whole PATCH message.
fn r_bulk_09(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let operations = json!([{ "op": "replace", "path": "nickName", "value": "New" }]);
    let patch = |data: Value| json!({ "method": "PATCH", "path": path_of(&one), "data": data });
    run.at_most(Level::Should, || {
        let entries = bulk(&scratch, &[patch(json!({ "Operations": operations }))]);
        assert_eq!(status(&entries), ["400"]);
    });
    bulk(&scratch, &[patch(patch_op(operations))]);
    assert_eq!(scratch.again(&one)["nickName"], "New");
}

/// The status of an entry is a string.
fn r_bulk_10(run: &Run) {
    let entries = bulk(&run.shared(), &[person("a"), delete("/Users/nobody")]);
    assert_eq!([&entries[0]["status"], &entries[1]["status"]], [&json!("201"), &json!("404")]);
}

/// Every entry says where the resource is, but for a POST that failed.
fn r_bulk_11(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let entries = bulk(
        &scratch,
        &[
            person("a"),
            json!({ "method": "PUT", "path": path_of(&one), "data": {} }),
            delete(&path_of(&one)),
            delete("/Users/nobody"),
            post("/Users", "b", &json!({})),
        ],
    );
    scratch.read(&place(&entries[0]));
    for (entry, path) in [(1, path_of(&one)), (2, path_of(&one)), (3, "/Users/nobody".to_owned())] {
        assert!(place(&entries[entry]).ends_with(&path), "{entries:?}");
    }
    assert!(entries[4].get("location").is_none(), "{entries:?}");
}

/// The entry of a failed operation holds the error, with the same status.
fn r_bulk_12(run: &Run) {
    let scratch = run.shared();
    let entries =
        bulk(&scratch, &[delete("/Groups/nobody"), post("/Users", "a", &json!({ "schemas": [USER] }))]);
    for entry in entries {
        let error = &entry["response"];
        assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{entry}");
        assert!(error["status"] == entry["status"] && error["detail"].is_string(), "{entry}");
    }
}

/// An operation that succeeded may say no more than where the resource is.
fn r_bulk_13(run: &Run) {
    let scratch = run.shared();
    let entry = bulk(&scratch, &[person("a")]).remove(0);
    let stored = scratch.read(&place(&entry));
    assert!(entry.get("response").is_none_or(|shown| shown["id"] == stored["id"]), "{entry}");
}

/// A `version` is the condition of its operation.
fn r_bulk_14(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let version = one["meta"]["version"].clone();
    let nick = |nick: &str, version: &Value| {
        let data = patch_op(json!([{ "op": "add", "path": "nickName", "value": nick }]));
        json!({ "method": "PATCH", "path": path_of(&one), "version": version, "data": data })
    };
    let entries = bulk(&scratch, &[nick("first", &version), nick("second", &version)]);
    assert_eq!(
        (status(&entries)[1], &scratch.again(&one)["nickName"]),
        ("412", &json!("first")),
        "{entries:?}"
    );
    let stale = json!({ "method": "DELETE", "path": path_of(&one), "version": version });
    assert_eq!(status(&bulk(&scratch, &[stale])), ["412"]);
}

/// The entry of a resource that was written holds its new version.
fn r_bulk_15(run: &Run) {
    let scratch = run.shared();
    let entry = bulk(&scratch, &[person("a")]).remove(0);
    let one = scratch.read(&place(&entry));
    assert_eq!(entry["version"], one["meta"]["version"], "{entry}");
    let data = patch_op(json!([{ "op": "add", "path": "nickName", "value": "x" }]));
    let entry =
        bulk(&scratch, &[json!({ "method": "PATCH", "path": path_of(&one), "data": data })]).remove(0);
    assert_eq!(entry["version"], scratch.again(&one)["meta"]["version"], "{entry}");
    assert_ne!(entry["version"], one["meta"]["version"], "{entry}");
}

/// Without `failOnErrors` everything is tried.
fn r_bulk_16(run: &Run) {
    let bad = delete("/Users/nobody");
    let entries = bulk(&run.shared(), &[bad.clone(), bad.clone(), person("a"), bad, person("b")]);
    assert_eq!(status(&entries), ["404", "404", "201", "404", "201"]);
}

/// After so many failed operations as `failOnErrors` says nothing more is done.
fn r_bulk_17(run: &Run) {
    let scratch = run.shared();
    let late = user(&unique("late"));
    let bad = delete("/Users/nobody");
    let operations = [person("a"), bad.clone(), person("b"), bad, post("/Users", "c", &late)];
    let answer = send(&scratch, &operations, &json!({ "failOnErrors": 2 })).expect_status(200);
    let entries = entries(&answer);
    assert_eq!(status(&entries), ["201", "404", "201", "404"]);
    let name = late["userName"].as_str().expect("a name");
    assert_eq!(scratch.total(&format!("/Users?filter=userName%20eq%20%22{name}%22")), 0);
}

/// A `failOnErrors` that is no number of errors is refused.
fn r_bulk_18(run: &Run) {
    let scratch = run.shared();
    for wrong in [json!(0), json!(-1), json!(1.5), json!("1"), json!(true)] {
        let answer = send(&scratch, &[person("a")], &json!({ "failOnErrors": wrong }));
        answer.expect_error(400, &["invalidSyntax"]);
    }
}

/// What was done before the request ended early stays done.
fn r_bulk_19(run: &Run) {
    let scratch = run.shared();
    let operations = [person("a"), delete("/Users/nobody"), person("b")];
    let answer = send(&scratch, &operations, &json!({ "failOnErrors": 1 })).expect_status(200);
    let entries = entries(&answer);
    assert_eq!(entries.len(), 2, "{}", answer.text);
    scratch.read(&place(&entries[0]));
}

/// The answer does not repeat `failOnErrors`.
fn r_bulk_20(run: &Run) {
    let answer = send(&run.shared(), &[delete("/Users/nobody")], &json!({ "failOnErrors": 1 }));
    assert!(answer.expect_status(200).at("/failOnErrors").is_none());
}

/// More operations than `maxOperations` are refused with 413, and nothing is done.
fn r_bulk_28(run: &Run) {
    let scratch = run.shared();
    let most = scratch.read("/ServiceProviderConfig")["bulk"]["maxOperations"].as_u64().expect("a number");
    let name = unique("bulk");
    let mut operations = vec![post("/Users", "a", &user(&name))];
    operations.extend((0..most).map(|_| delete("/Users/x")));
    let error = send(&scratch, &operations, &json!({})).expect_error(413, &[]).json();
    assert!(error["detail"].as_str().is_some_and(|detail| detail.contains(&most.to_string())), "{error}");
    assert_eq!(scratch.total(&format!("/Users?filter=userName%20eq%20%22{name}%22")), 0);
}

/// A body larger than `maxPayloadSize` is refused with 413.
fn r_bulk_29(run: &Run) {
    let scratch = run.shared();
    let most = scratch.read("/ServiceProviderConfig")["bulk"]["maxPayloadSize"].as_u64().expect("a number");
    let padding = "x".repeat(usize::try_from(most).expect("a size"));
    let error = send(&scratch, &[person("a")], &json!({ "padding": padding })).expect_error(413, &[]).json();
    assert!(error["detail"].as_str().is_some_and(|detail| detail.contains(&most.to_string())), "{error}");
}

/// The end is that of the given order.
fn r_bulk_30(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let name = |value: &str| {
        let data = patch_op(json!([{ "op": "replace", "path": "displayName", "value": value }]));
        json!({ "method": "PATCH", "path": path_of(&one), "data": data })
    };
    let mut operations: Vec<Value> = (0..20).map(|number| name(&number.to_string())).collect();
    operations.insert(7, delete(&path_of(&scratch.person(&json!({})))));
    bulk(&scratch, &operations);
    assert_eq!(scratch.again(&one)["displayName"], "19");
}

/// The entries stand in the order of the request.
fn r_bulk_31(run: &Run) {
    let operations = [team("crew", &["bulkId:b"]), person("a"), delete("/Users/nobody"), person("b")];
    let entries = bulk(&run.shared(), &operations);
    let methods: Vec<&Value> = entries.iter().map(|entry| &entry["method"]).collect();
    assert_eq!(methods, ["POST", "POST", "DELETE", "POST"]);
    let names: Vec<&str> = entries.iter().filter_map(|entry| entry["bulkId"].as_str()).collect();
    assert_eq!(names, ["crew", "a", "b"]);
}

/// Each operation is done wholly or not at all, by the rules of a request of its own.
fn r_bulk_32(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let patch =
        |operations: Value| json!({ "method": "PATCH", "path": path_of(&one), "data": patch_op(operations) });
    let entries = bulk(
        &scratch,
        &[
            patch(
                json!([{ "op": "add", "path": "nickName", "value": "x" }, { "op": "replace", "path": "id", "value": "x" }]),
            ),
            patch(
                json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@x.example" }]),
            ),
            patch(json!([{ "op": "replace", "path": "shoeSize", "value": 1 }])),
            json!({ "method": "PUT", "path": path_of(&one), "data": { "schemas": [USER] } }),
        ],
    );
    let words: Vec<&Value> = entries.iter().map(|entry| &entry["response"]["scimType"]).collect();
    assert_eq!(words, ["mutability", "noTarget", "invalidPath", "invalidValue"], "{entries:?}");
    assert_eq!(scratch.again(&one), one);
}

/// Whose a resource is counts for each operation.
fn r_bulk_33(run: &Run) {
    let scratch = run.shared();
    let other = run.sibling();
    let foreign = other.post("/Users", &user(&unique("bulk"))).expect_status(201).json();
    let entries = bulk(&scratch, &[person("a"), delete(&path_of(&foreign))]);
    assert!(["403", "404"].contains(&status(&entries)[1]), "{entries:?}");
    other.get(&path_of(&foreign)).expect_status(200);
    scratch
        .request("POST", "/Bulk")
        .no_auth()
        .json(&json!({ "schemas": [REQUEST], "Operations": [person("b")] }))
        .send()
        .expect_error(401, &[]);
}

/// A path to something else than resources fails its operation.
fn r_bulk_34(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let data = json!({ "schemas": [REQUEST], "Operations": [delete(&path_of(&one))] });
    let search = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"] });
    let absolute = format!("{}{}", scratch.base, path_of(&one));
    let entries = bulk(
        &scratch,
        &[
            post("/Bulk", "a", &data),
            post("/Me", "b", &user(&unique("bulk"))),
            post("/Users/.search", "c", &search),
            post("/.search", "d", &search),
            post("/Schemas", "e", &json!({})),
            delete(&absolute),
            delete(&format!("/Users/../..{}", path_of(&one))),
            delete(&format!("{}?x=1", path_of(&one))),
            delete("/ServiceProviderConfig"),
        ],
    );
    assert!(status(&entries).iter().all(|it| it.starts_with('4') || *it == "501"), "{entries:?}");
    assert_eq!(scratch.again(&one), one);
}

/// Of two operations with one unique value the first one wins.
fn r_bulk_35(run: &Run) {
    let scratch = run.shared();
    let name = unique("bulk");
    let mut operations: Vec<Value> = (0..10).map(|number| person(&format!("u{number}"))).collect();
    operations.insert(4, post("/Users", "first", &with(&user(&name), &json!({ "nickName": "first" }))));
    operations.push(post("/Users", "second", &user(&name.to_uppercase())));
    let entries = bulk(&scratch, &operations);
    assert_eq!(
        (&entries[4]["status"], &entries[11]["status"]),
        (&json!("201"), &json!("409")),
        "{entries:?}"
    );
    assert_eq!(entries[11]["response"]["scimType"], "uniqueness", "{entries:?}");
    assert_eq!(scratch.read(&place(&entries[4]))["nickName"], "first");
}

/// What an operation deleted is gone for the next one.
fn r_bulk_36(run: &Run) {
    let scratch = run.shared();
    let one = scratch.person(&json!({}));
    let entries = bulk(&scratch, &[delete(&path_of(&one)), delete(&path_of(&one))]);
    assert_eq!(status(&entries), ["204", "404"]);
}

/// No answer shows what is never returned.
fn r_bulk_37(run: &Run) {
    let scratch = run.shared();
    let secret = "correct-Horse-7-battery";
    let data = with(&user(&unique("bulk")), &json!({ "password": secret }));
    let broken = with(&data, &json!({ "emails": "none" }));
    let answer = send(&scratch, &[post("/Users", "a", &data), post("/Users", "b", &broken)], &json!({}));
    let answer = refused_or_done(answer);
    assert!(!answer.text.contains(secret) && !answer.text.contains("\"password\""), "{}", answer.text);
}

fn refused_or_done(answer: Answer) -> Answer {
    if answer.status == 200 { answer.expect_status(200) } else { refused(answer, &[400]) }
}

/// A request without operations is none.
fn r_bulk_38(run: &Run) {
    send(&run.shared(), &[], &json!({})).expect_error(400, &["invalidSyntax"]);
}
