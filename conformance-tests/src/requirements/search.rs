//! Queries in a body: POST to `.search` (RFC 7644 §3.4.3).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::{NOT_WRITABLE, SEARCH, Scratch, assert_only, id_of, name_of, refused, values, with};
use crate::{Answer, Level, encode, group, skip, unique};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_search_01,
    r_search_02,
    r_search_03,
    r_search_04,
    r_search_05,
    r_search_06,
    r_search_07,
    r_search_09,
    r_search_10,
];

/// Whether a search at the root is not offered.
fn is_without_root(answer: &Answer) -> bool {
    matches!(answer.status, 403 | 404 | 405 | 501)
}

fn search(scratch: &Scratch, path: &str, extra: &Value) -> Answer {
    scratch.post(&format!("{path}/.search"), &with(&json!({ "schemas": [SEARCH] }), extra))
}

/// A search in a body is answered 200 with the list that the same query in a URL gets.
fn r_search_01(run: &Run) {
    let scratch = run.shared();
    let person = scratch.person(&json!({}));
    let filter = format!("userName eq \"{}\"", name_of(&person));
    let posted = search(&scratch, "/Users", &json!({ "filter": filter })).expect_status(200).json();
    assert_eq!(posted, scratch.list(&format!("/Users?filter={}", encode(&filter))));
    assert_eq!(posted["totalResults"], 1, "{posted}");
}

/// A search at the root finds resources of every type.
fn r_search_02(run: &Run) {
    let (scratch, marker) = (run.shared(), unique("everywhere"));
    let person = scratch.person(&json!({ "displayName": marker }));
    let team = scratch.create("/Groups", &group(&marker));
    let filter = format!("displayName eq \"{marker}\"");
    let all = json!({ "filter": filter, "sortBy": "meta.created", "sortOrder": "descending" });
    if is_without_root(&search(&scratch, "", &json!({ "filter": filter }))) {
        skip("the server searches no more than one type at a time, which RFC 7644 §3.4.2.1 leaves to it");
    }
    for wish in [json!({ "filter": filter }), all] {
        let list = search(&scratch, "", &wish).expect_status(200).json();
        let mut expected = [id_of(&person), id_of(&team)];
        expected.sort_unstable();
        assert_eq!(
            (&list["totalResults"], values(&list["Resources"], "id")),
            (&json!(2), expected.map(str::to_owned).into()),
            "{list}"
        );
    }
    let pages: Vec<String> = (1..=2)
        .flat_map(|start| {
            let page = json!({ "filter": filter, "startIndex": start, "count": 1 });
            let list = search(&scratch, "", &page).expect_status(200).json();
            assert_eq!(list["totalResults"], 2, "{list}");
            values(&list["Resources"], "id")
        })
        .collect();
    assert_eq!(pages.len(), 2, "{pages:?}");
    assert_ne!(pages[0], pages[1]);
}

/// Everything that a query says in a URL can be said in a body.
fn r_search_03(run: &Run) {
    let (scratch, marker) = (run.shared(), unique("body"));
    for nick in ["a", "c", "b"] {
        scratch.person(&json!({ "userType": marker, "nickName": nick }));
    }
    let wish = json!({
        "filter": format!("userType eq \"{marker}\""), "sortBy": "nickName", "sortOrder": "descending",
        "startIndex": 2, "count": 1, "attributes": ["nickName"],
    });
    let list = search(&scratch, "/Users", &wish).expect_status(200).json();
    assert_eq!(
        (&list["totalResults"], &list["startIndex"], &list["itemsPerPage"]),
        (&json!(3), &json!(2), &json!(1)),
        "{list}"
    );
    let found = &list["Resources"][0];
    assert_eq!(found["nickName"], "b", "{list}");
    assert_only(found, &["nickName"]);
    let without = json!({ "filter": wish["filter"], "excludedAttributes": ["nickName", "meta"] });
    let list = search(&scratch, "/Users", &without).expect_status(200).json();
    assert!(
        list["Resources"][0].get("nickName").is_none() && list["Resources"][0].get("userName").is_some(),
        "{list}"
    );
}

/// A body without the schema of searches is refused.
fn r_search_04(run: &Run) {
    let scratch = run.shared();
    for body in [
        json!({ "filter": "id pr" }),
        json!({ "schemas": [], "filter": "id pr" }),
        json!({ "schemas": ["urn:x"] }),
    ] {
        for path in ["/Users/.search", "/Groups/.search", "/.search"] {
            // The client breaks the rule; no sentence forbids a server to be lenient.
            run.at_most(Level::Should, || {
                scratch.post(path, &body).expect_error(400, &["invalidSyntax"]);
            });
        }
    }
}

/// A broken filter and members of another type are refused.
fn r_search_05(run: &Run) {
    let scratch = run.shared();
    for path in ["/Users", ""] {
        let broken = search(&scratch, path, &json!({ "filter": "userName eq" }));
        if path.is_empty() && is_without_root(&broken) {
            continue;
        }
        broken.expect_error(400, &["invalidFilter"]);
        for wrong in [
            json!({ "count": "10" }),
            json!({ "startIndex": true }),
            json!({ "attributes": 5 }),
            json!({ "filter": 5 }),
        ] {
            run.at_most(Level::Should, || {
                search(&scratch, path, &wrong).expect_error(400, &["invalidSyntax", "invalidValue"]);
            });
        }
    }
}

/// A search creates nothing.
fn r_search_06(run: &Run) {
    if let Some(alone) = run.fresh_if_any() {
        alone.person(&json!({}));
        search(&alone, "/Users", &json!({ "filter": "userName pr" })).expect_status(200);
        search(&alone, "", &json!({})).expect_status(200);
        assert_eq!((alone.total("/Users"), alone.total("/Groups")), (1, 0));
    }
    let (scratch, name) = (run.shared(), unique("searched"));
    let wish = json!({ "filter": format!("userName eq \"{name}\""), "userName": name });
    search(&scratch, "/Users", &wish).check();
    assert_eq!(scratch.total(&format!("/Users?filter={}", encode(&format!("userName eq \"{name}\"")))), 0);
}

/// What describes the service is not searched.
fn r_search_07(run: &Run) {
    let scratch = run.shared();
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"] {
        refused(search(&scratch, path, &json!({})), NOT_WRITABLE);
    }
}

/// No resource can have the id `.search`.
fn r_search_09(run: &Run) {
    let scratch = run.shared();
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let request = scratch.request(method, "/Users/.search").json(&json!({ "schemas": [SEARCH] }));
        refused(request.send(), &[404, 405]);
    }
}

/// Parameters in the URL of a search do not count.
fn r_search_10(run: &Run) {
    let (scratch, marker) = (run.shared(), unique("url"));
    scratch.person(&json!({ "userType": marker }));
    let body = json!({ "schemas": [SEARCH], "filter": format!("userType eq \"{marker}\"") });
    let list = scratch.post("/Users/.search?count=0&filter=broken", &body).expect_status(200).json();
    assert_eq!(list["itemsPerPage"], 1, "{list}");
}
