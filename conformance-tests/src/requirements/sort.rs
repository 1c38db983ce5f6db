//! Sorting of lists (RFC 7644 §3.4.2.3).
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::shelf::Shelf;
use crate::support::{ENTERPRISE, USER, with};
use crate::{Level, encode, unique};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_sort_01, r_sort_02, r_sort_03, r_sort_04, r_sort_05, r_sort_06, r_sort_07, r_sort_08, r_sort_09,
    r_sort_10, r_sort_11, r_sort_12,
];

/// Users with these attributes, each with a number in `title`.
fn shelf_of(run: &Run, people: &[Value]) -> Shelf {
    let numbered = people.iter().enumerate();
    let people: Vec<Value> =
        numbered.map(|(number, person)| with(person, &json!({ "title": number.to_string() }))).collect();
    Shelf::of_people(run, &people)
}

/// The numbers of the users in the order of the answer.
fn sorted(shelf: &Shelf, query: &str) -> Vec<String> {
    numbers(&shelf.page(query))
}

fn numbers(list: &Value) -> Vec<String> {
    let all = list["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|user| user["title"].as_str().expect("a number").to_owned()).collect()
}

fn nick(name: &str) -> Value {
    json!({ "nickName": name })
}

/// `sortBy` alone sorts ascending.
fn r_sort_01(run: &Run) {
    let (scratch, marker) = (run.shared(), unique("ascending"));
    for (number, letter) in ["c", "a", "b"].iter().enumerate() {
        let name = format!("{marker}-{letter}");
        scratch.person(&json!({ "userName": name, "title": number.to_string() }));
    }
    let filter = encode(&format!("userName sw \"{marker}\""));
    let list = scratch.list(&format!("/Users?filter={filter}&sortBy=userName"));
    assert_eq!(numbers(&list), ["1", "2", "0"], "{list}");
}

/// `sortOrder` reverses the order with `descending`, and `ascending` says what is so anyway.
fn r_sort_02(run: &Run) {
    let shelf = shelf_of(run, &[nick("b"), nick("c"), nick("a")]);
    assert_eq!(sorted(&shelf, "sortBy=nickName&sortOrder=descending"), ["1", "0", "2"]);
    assert_eq!(sorted(&shelf, "sortBy=nickName&sortOrder=ascending"), ["2", "0", "1"]);
}

/// Case counts in the order only where it counts in comparisons.
fn r_sort_03(run: &Run) {
    let mark = unique("sort");
    let ids =
        ["carol", "Bob", "alice"].map(|id| json!({ "nickName": id, "externalId": format!("{id}-{mark}") }));
    let shelf = shelf_of(run, &ids);
    assert_eq!(sorted(&shelf, "sortBy=nickName"), ["2", "1", "0"]);
    // The case-sensitive alphabet of Unicode may mean its code points, or its collation.
    run.at_most(Level::Proj, || {
        assert_eq!(sorted(&shelf, "sortBy=externalId"), ["1", "2", "0"], "externalId is caseExact");
    });
}

/// The order is that of Unicode, whatever languages the client prefers.
fn r_sort_04(run: &Run) {
    let shelf = shelf_of(run, &[nick("日本"), nick("z"), nick("ä"), nick("a"), nick("ж")]);
    let expected = sorted(&shelf, "sortBy=nickName");
    // The order of Unicode may be that of its code points, or of its collation (UTS #10).
    let orders = [["3", "1", "2", "4", "0"], ["3", "2", "1", "4", "0"]];
    assert!(orders.iter().any(|order| expected == *order), "{expected:?}");
    for language in ["de-DE", "sv-SE", "ja"] {
        let path = shelf.path("sortBy=nickName");
        let answer = shelf.scratch.request("GET", &path).header("accept-language", language).send();
        assert_eq!(numbers(&answer.expect_status(200).json()), expected, "{language}");
    }
}

/// Values are sorted by their type: instants by time, truth by truth.
fn r_sort_05(run: &Run) {
    let shelf =
        shelf_of(run, &[json!({ "active": true }), json!({ "active": false }), json!({ "active": true })]);
    assert_eq!(sorted(&shelf, "sortBy=meta.created"), ["0", "1", "2"]);
    assert_eq!(sorted(&shelf, "sortBy=meta.created&sortOrder=descending"), ["2", "1", "0"]);
    assert_eq!(sorted(&shelf, "sortBy=active").first().map(String::as_str), Some("1"));
}

/// A multi-valued attribute counts with its primary value, or else with its first.
fn r_sort_06(run: &Run) {
    let mails = |all: &[(&str, bool)]| -> Value {
        let one = |(value, primary): &(&str, bool)| match primary {
            true => json!({ "value": value, "type": "work", "primary": true }),
            false => json!({ "value": value, "type": "home" }),
        };
        json!({ "emails": all.iter().map(one).collect::<Vec<_>>() })
    };
    let shelf = shelf_of(
        run,
        &[
            mails(&[("a@x.example", false), ("z@x.example", true)]),
            mails(&[("c@x.example", false), ("a@x.example", false)]),
            mails(&[("b@x.example", true)]),
        ],
    );
    assert_eq!(sorted(&shelf, "sortBy=emails.value"), ["2", "1", "0"]);
    assert_eq!(sorted(&shelf, "sortBy=emails"), ["2", "1", "0"], "the value is meant");
}

/// A complex attribute is sorted by one of its parts.
fn r_sort_07(run: &Run) {
    let given = |name: &str| json!({ "name": { "givenName": name, "familyName": "x" } });
    let shelf = shelf_of(run, &[given("Zoe"), given("Ada"), given("Lin")]);
    assert_eq!(sorted(&shelf, "sortBy=name.givenName"), ["1", "2", "0"]);
}

/// Resources without a value come last, and first in descending order.
fn r_sort_08(run: &Run) {
    let shelf = shelf_of(run, &[nick("b"), json!({}), nick("a")]);
    assert_eq!(sorted(&shelf, "sortBy=nickName"), ["2", "0", "1"]);
    assert_eq!(sorted(&shelf, "sortBy=nickName&sortOrder=descending"), ["1", "0", "2"]);
}

/// Resources with one value stand in the order of their ids, so that pages fit together.
fn r_sort_09(run: &Run) {
    let shelf = shelf_of(run, &[nick("same"), nick("same"), nick("same"), nick("first")]);
    let pages = |order: &str| -> Vec<String> {
        let page = |start| sorted(&shelf, &format!("sortBy=nickName{order}&count=1&startIndex={start}"));
        (1..=4).flat_map(page).collect()
    };
    for order in ["", "&sortOrder=descending"] {
        let whole = sorted(&shelf, &format!("sortBy=nickName{order}"));
        assert_eq!((pages(order), pages(order)), (whole.clone(), whole), "{order}");
    }
}

/// An attribute that is unknown or complex, and an order that is none, are refused.
fn r_sort_10(run: &Run) {
    let scratch = run.shared();
    for query in
        ["sortBy=shoeSize", "sortBy=name", "sortBy=name.shoeSize", "sortBy=", "sortBy=userName&sortOrder=up"]
    {
        scratch.get(&format!("/Users?count=1&{query}")).expect_error(400, &["invalidValue"]);
    }
    scratch.get("/Users?count=1&sortBy=userName&sortOrder=DESCENDING").expect_status(200);
}

/// A `sortBy` with its schema works.
fn r_sort_11(run: &Run) {
    let person = |nick: &str, department: &str| json!({ "schemas": [USER, ENTERPRISE], "nickName": nick, ENTERPRISE: { "department": department } });
    let shelf = shelf_of(run, &[person("b", "x"), person("c", "w"), person("a", "y")]);
    assert_eq!(sorted(&shelf, &format!("sortBy={}", encode(&format!("{USER}:nickName")))), ["2", "0", "1"]);
    assert_eq!(
        sorted(&shelf, &format!("sortBy={}", encode(&format!("{ENTERPRISE}:department")))),
        ["1", "0", "2"]
    );
}

/// A server that sorts nothing ignores the parameters.
fn r_sort_12(run: &Run) {
    let scratch = run.shared();
    let config = scratch.read("/ServiceProviderConfig");
    let answer = scratch.get("/Users?count=1&sortBy=userName&sortOrder=descending").expect_status(200);
    assert!(config["sort"]["supported"].is_boolean(), "{config}");
    assert!(answer.at("/totalResults").is_some(), "{}", answer.text);
}
