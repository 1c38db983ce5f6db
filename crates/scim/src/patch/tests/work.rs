//! Bounds of work: what a PATCH may look at, and what it need not look at.

use super::super::budget::Budget;
use super::*;

fn emails(count: usize) -> Vec<Value> {
    (0..count).map(|n| json!({"value": format!("p{n}@x.example"), "type": format!("t{}", n % 7)})).collect()
}

fn person(count: usize) -> Object {
    object(json!({"userName": "a", "emails": emails(count)}))
}

#[test]
fn work_is_limited() {
    let user = Registry::standard().user();
    let times =
        |count: usize, operation: Value| request(user, &json!(vec![operation; count])).expect("valid");
    let display = json!({"op": "replace", "path": "emails[value co \"@\"].display", "value": "x"});
    let status = |result: Result<PatchOutcome, Error>| result.map_or_else(|error| error.status, |_| 200);
    assert_eq!(status(applied(&times(1_000, display.clone()), person(12_000), &[], false)), 413);
    assert_eq!(status(applied(&times(10, display), person(12_000), &[], false)), 200);
    // A long text for many elements is many copies of it.
    let long = json!({"op": "replace", "path": "emails.display", "value": "x".repeat(500_000)});
    assert_eq!(status(applied(&times(1, long), person(12_000), &[], false)), 413);
    // An attribute gets no more values than it may have, and may keep more.
    let add = |count: usize| times(1, json!({"op": "add", "path": "emails", "value": emails(count)}));
    assert_eq!(status(applied(&add(crate::value::MAX_VALUES), person(0), &[], false)), 200);
    assert_eq!(status(applied(&add(crate::value::MAX_VALUES + 1), person(0), &[], false)), 413);
    let one = times(1, json!({"op": "add", "path": "emails", "value": [{"value": "new@x.example"}]}));
    assert_eq!(status(applied(&one, person(crate::value::MAX_VALUES), &[], false)), 413);
    let title = times(1, json!({"op": "replace", "path": "title", "value": "x"}));
    assert_eq!(status(applied(&title, person(crate::value::MAX_VALUES + 1), &[], false)), 200);
}

#[test]
fn an_element_named_by_its_value_costs_no_look_at_the_others() {
    let (user, group) = (Registry::standard().user(), Registry::standard().group());
    let budget = || Budget::new(250_000);
    let loaded: Vec<Value> = (0..20_000).map(|n| json!({"value": format!("m{n}"), "type": "User"})).collect();
    let staff = resource(object(json!({"displayName": "S"})));
    let path = |n: usize| format!("members[type eq \"User\" and value eq \"m{n}\"]");
    let operations: Vec<Value> = (0..1_000).map(|n| json!({"op": "remove", "path": path(n)})).collect();
    let stored = Stored { resource: &staff, members: &loaded, base: "", create_missing: false };
    let outcome = request(group, &json!(operations)).expect("valid").apply_within(&stored, budget());
    assert_eq!(outcome.expect("within the budget").members.removed.len(), 1_000);

    let crowded = resource(person(12_000));
    let stored = Stored { resource: &crowded, members: &[], base: "", create_missing: false };
    let number = |n: usize| match n % 4 {
        0 => {
            json!({"op": "replace", "path": format!("emails[value eq \"P{n}@x.example\"].display"), "value": "x"})
        }
        1 => json!({"op": "remove", "path": format!("emails[value eq \"p{n}@x.example\"]")}),
        2 => {
            json!({"op": "add", "path": "emails", "value": [{"value": format!("n{n}@x.example"), "primary": true}]})
        }
        _ => {
            json!({"op": "replace", "path": format!("emails[value eq \"p{n}@x.example\" or value eq \"p{}@x.example\"].value", n - 1), "value": format!("q{n}@x.example")})
        }
    };
    let operations: Vec<Value> = (0..1_000).map(number).collect();
    let outcome = request(user, &json!(operations)).expect("valid").apply_within(&stored, budget());
    let document = outcome.expect("within the budget").document;
    let emails = document["emails"].as_array().expect("e-mails");
    assert_eq!(emails.len(), 12_000);
    let with = |value: &str| emails.iter().filter(|email| email["value"] == value).collect::<Vec<_>>();
    assert_eq!(with("p0@x.example"), [&json!({"value": "p0@x.example", "type": "t0", "display": "x"})]);
    assert!(with("p1@x.example").is_empty());
    assert_eq!(with("q3@x.example").len(), 2, "two of different types");
    assert_eq!(emails.iter().filter(|email| email["primary"] == true).count(), 1);
    assert_eq!(with("n998@x.example")[0]["primary"], true);
}

#[test]
fn the_index_finds_what_a_look_at_every_element_finds() {
    // "not (not …)" names no value, so every element is looked at.
    for filter in [
        "value eq \"A@x.example\"",
        "value eq \"b@x.example\" and type eq \"work\"",
        "value eq \"a@x.example\" or value eq \"c@x.example\"",
        "value eq \"\"",
        "value eq \"nobody@x.example\"",
    ] {
        let emails = json!([
            {"value": "a@x.example", "type": "work"}, {"value": "A@X.example", "type": "Work"}, {"value": "a@x.example"},
            {"value": "b@x.example", "type": "home"}, {"value": "b@x.example", "type": "work"}, {"display": "none"}
        ]);
        let stored = object(json!({"userName": "a", "emails": emails}));
        let left = |path: String| {
            let operations = json!([{"op": "remove", "path": path}]);
            let request = request(Registry::standard().user(), &operations).expect("valid");
            applied(&request, stored.clone(), &[], false).expect("valid").document
        };
        assert_eq!(
            left(format!("emails[{filter}]")),
            left(format!("emails[not (not ({filter}))]")),
            "{filter}"
        );
    }
}

#[test]
fn the_work_of_a_message_is_bounded() {
    let crowded = person(12_000);
    let one = json!({ "op": "replace", "path": "emails[value eq \"none\" or type eq \"work\"].display", "value": "x" });
    let operations = Value::Array(vec![json!({ "op": "remove", "path": "emails[type eq \"none\"]" }); 1_000]);
    let refused = request(Registry::standard().user(), &operations).expect("well-formed");
    let refused = applied(&refused, crowded.clone(), &[], false).expect_err("too much");
    assert_eq!(refused.status, 413);
    assert!(refused.detail.contains("split the request"), "it says what to do: {}", refused.detail);
    let few = request(Registry::standard().user(), &json!([one])).expect("well-formed");
    assert!(
        applied(&few, crowded, &[], false)
            .is_err_and(|error| error.scim_type == Some(crate::ScimType::NoTarget))
    );
}
