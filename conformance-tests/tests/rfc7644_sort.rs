//! Sorting of lists (RFC 7644 §3.4.2.3).
use conformance_tests::{encode, requirement, unique};
use serde_json::{Value, json};
use support::shelf::Shelf;
use support::{ENTERPRISE, Scratch, USER, with};

#[expect(dead_code, reason = "each file of tests needs a part of it")]
mod support;

/// Users with these attributes, each with a number in `title`.
fn shelf_of(people: &[Value]) -> Shelf {
    let numbered = people.iter().enumerate();
    let people: Vec<Value> =
        numbered.map(|(number, person)| with(person, &json!({ "title": number.to_string() }))).collect();
    Shelf::of_people(&people)
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
#[test]
fn r_sort_01() {
    requirement("R-SORT-01", || {
        let (scratch, marker) = (Scratch::shared(), unique("ascending"));
        for (number, letter) in ["c", "a", "b"].iter().enumerate() {
            let name = format!("{marker}-{letter}");
            scratch.person(&json!({ "userName": name, "title": number.to_string() }));
        }
        let filter = encode(&format!("userName sw \"{marker}\""));
        let list = scratch.list(&format!("/Users?filter={filter}&sortBy=userName"));
        assert_eq!(numbers(&list), ["1", "2", "0"], "{list}");
    });
}

/// `sortOrder` reverses the order with `descending`, and `ascending` says what is so anyway.
#[test]
fn r_sort_02() {
    requirement("R-SORT-02", || {
        let shelf = shelf_of(&[nick("b"), nick("c"), nick("a")]);
        assert_eq!(sorted(&shelf, "sortBy=nickName&sortOrder=descending"), ["1", "0", "2"]);
        assert_eq!(sorted(&shelf, "sortBy=nickName&sortOrder=ascending"), ["2", "0", "1"]);
    });
}

/// Case counts in the order only where it counts in comparisons.
#[test]
fn r_sort_03() {
    requirement("R-SORT-03", || {
        let ids = ["carol", "Bob", "alice"]
            .map(|id| json!({ "nickName": id, "externalId": unique(id).replace("bob", "Bob") }));
        let shelf = shelf_of(&ids);
        assert_eq!(sorted(&shelf, "sortBy=nickName"), ["2", "1", "0"]);
        assert_eq!(sorted(&shelf, "sortBy=externalId"), ["1", "2", "0"], "externalId is caseExact");
    });
}

/// The order is that of Unicode, whatever languages the client prefers.
#[test]
fn r_sort_04() {
    requirement("R-SORT-04", || {
        let shelf = shelf_of(&[nick("日本"), nick("z"), nick("ä"), nick("a"), nick("ж")]);
        let expected = ["3", "1", "2", "4", "0"];
        assert_eq!(sorted(&shelf, "sortBy=nickName"), expected);
        for language in ["de-DE", "sv-SE", "ja"] {
            let path = shelf.path("sortBy=nickName");
            let answer = shelf.scratch.request("GET", &path).header("accept-language", language).send();
            assert_eq!(numbers(&answer.expect_status(200).json()), expected, "{language}");
        }
    });
}

/// Values are sorted by their type: instants by time, truth by truth.
#[test]
fn r_sort_05() {
    requirement("R-SORT-05", || {
        let shelf =
            shelf_of(&[json!({ "active": true }), json!({ "active": false }), json!({ "active": true })]);
        assert_eq!(sorted(&shelf, "sortBy=meta.created"), ["0", "1", "2"]);
        assert_eq!(sorted(&shelf, "sortBy=meta.created&sortOrder=descending"), ["2", "1", "0"]);
        assert_eq!(sorted(&shelf, "sortBy=active").first().map(String::as_str), Some("1"));
    });
}

/// A multi-valued attribute counts with its primary value, or else with its first.
#[test]
fn r_sort_06() {
    requirement("R-SORT-06", || {
        let mails = |all: &[(&str, bool)]| -> Value {
            let one = |(value, primary): &(&str, bool)| match primary {
                true => json!({ "value": value, "type": "work", "primary": true }),
                false => json!({ "value": value, "type": "home" }),
            };
            json!({ "emails": all.iter().map(one).collect::<Vec<_>>() })
        };
        let shelf = shelf_of(&[
            mails(&[("a@x.example", false), ("z@x.example", true)]),
            mails(&[("c@x.example", false), ("a@x.example", false)]),
            mails(&[("b@x.example", true)]),
        ]);
        assert_eq!(sorted(&shelf, "sortBy=emails.value"), ["2", "1", "0"]);
        assert_eq!(sorted(&shelf, "sortBy=emails"), ["2", "1", "0"], "the value is meant");
    });
}

/// A complex attribute is sorted by one of its parts.
#[test]
fn r_sort_07() {
    requirement("R-SORT-07", || {
        let given = |name: &str| json!({ "name": { "givenName": name, "familyName": "x" } });
        let shelf = shelf_of(&[given("Zoe"), given("Ada"), given("Lin")]);
        assert_eq!(sorted(&shelf, "sortBy=name.givenName"), ["1", "2", "0"]);
    });
}

/// Resources without a value come last, and first in descending order.
#[test]
fn r_sort_08() {
    requirement("R-SORT-08", || {
        let shelf = shelf_of(&[nick("b"), json!({}), nick("a")]);
        assert_eq!(sorted(&shelf, "sortBy=nickName"), ["2", "0", "1"]);
        assert_eq!(sorted(&shelf, "sortBy=nickName&sortOrder=descending"), ["1", "0", "2"]);
    });
}

/// Resources with one value stand in the order of their ids, so that pages fit together.
#[test]
fn r_sort_09() {
    requirement("R-SORT-09", || {
        let shelf = shelf_of(&[nick("same"), nick("same"), nick("same"), nick("first")]);
        let pages = |order: &str| -> Vec<String> {
            let page = |start| sorted(&shelf, &format!("sortBy=nickName{order}&count=1&startIndex={start}"));
            (1..=4).flat_map(page).collect()
        };
        for order in ["", "&sortOrder=descending"] {
            let whole = sorted(&shelf, &format!("sortBy=nickName{order}"));
            assert_eq!((pages(order), pages(order)), (whole.clone(), whole), "{order}");
        }
    });
}

/// An attribute that is unknown or complex, and an order that is none, are refused.
#[test]
fn r_sort_10() {
    requirement("R-SORT-10", || {
        let scratch = Scratch::shared();
        for query in [
            "sortBy=shoeSize",
            "sortBy=name",
            "sortBy=name.shoeSize",
            "sortBy=",
            "sortBy=userName&sortOrder=up",
        ] {
            scratch.get(&format!("/Users?count=1&{query}")).expect_error(400, &["invalidValue"]);
        }
        scratch.get("/Users?count=1&sortBy=userName&sortOrder=DESCENDING").expect_status(200);
    });
}

/// A `sortBy` with its schema works.
#[test]
fn r_sort_11() {
    requirement("R-SORT-11", || {
        let person = |nick: &str, department: &str| json!({ "schemas": [USER, ENTERPRISE], "nickName": nick, ENTERPRISE: { "department": department } });
        let shelf = shelf_of(&[person("b", "x"), person("c", "w"), person("a", "y")]);
        assert_eq!(
            sorted(&shelf, &format!("sortBy={}", encode(&format!("{USER}:nickName")))),
            ["2", "0", "1"]
        );
        assert_eq!(
            sorted(&shelf, &format!("sortBy={}", encode(&format!("{ENTERPRISE}:department")))),
            ["1", "0", "2"]
        );
    });
}

/// A server that sorts nothing ignores the parameters.
#[test]
fn r_sort_12() {
    requirement("R-SORT-12", || {
        let scratch = Scratch::shared();
        let config = scratch.read("/ServiceProviderConfig");
        let answer = scratch.get("/Users?count=1&sortBy=userName&sortOrder=descending").expect_status(200);
        assert!(config["sort"]["supported"].is_boolean(), "{config}");
        assert!(answer.at("/totalResults").is_some(), "{}", answer.text);
    });
}
