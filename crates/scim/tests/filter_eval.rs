//! What filters mean, on five users: the table that every way of evaluating a filter must agree with.

use scim::filter::{self, FilterDialect};
use scim::{Object, Registry};
use serde_json::Value;

#[test]
fn filters_match_exactly_the_users_of_the_table() {
    let table: Value = serde_json::from_str(include_str!("filter_eval.json")).expect("the table is JSON");
    let resources: Vec<&Object> =
        table["resources"].as_array().expect("a list").iter().filter_map(Value::as_object).collect();
    let queries = table["queries"].as_array().expect("a list");
    assert_eq!((resources.len(), queries.len()), (5, 47));
    for query in queries {
        let text = query["filter"].as_str().expect("text");
        let (filter, _) = filter::parse(Registry::standard().user(), text, FilterDialect::default())
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        let found: Vec<&Value> =
            resources.iter().filter(|user| filter.matches(user)).map(|user| &user["id"]).collect();
        let expected: Vec<&Value> = query["match"].as_array().expect("a list").iter().collect();
        assert_eq!(found, expected, "{text}");
    }
}
