//! Every filter and path of the table: accepted with the right meaning, or refused with the right word.

use std::sync::Arc;

use scim::filter::{self, ElementFilter, FilterDialect, Operand, ResolvedFilter};
use scim::patch::{PatchRequest, SCHEMA};
use scim::{Error, Registry, ResourceType};
use scim_filter_parser::Lenience;
use serde_json::{Value, json};

const EVERYTHING: FilterDialect = FilterDialect {
    grammar: Lenience::ALL,
    bare_extensions: true,
    complex_value: true,
    boolean_strings: true,
};

fn table() -> Vec<Value> {
    serde_json::from_str(include_str!("filters.json")).expect("the table is JSON")
}

fn text(case: &Value) -> String {
    let part = |name: &str, at: usize| case[name][at].as_str().expect("text").to_owned();
    let number =
        |name: &str, at: usize| usize::try_from(case[name][at].as_u64().expect("a number")).expect("small");
    if let Some(text) = case["text"].as_str() {
        text.to_owned()
    } else if case["join"].is_array() {
        vec![part("join", 0); number("join", 2)].join(&part("join", 1))
    } else if case["wrap"].is_array() {
        let n = number("wrap", 1);
        part("wrap", 0).repeat(n) + &part("wrap", 2) + &part("wrap", 3).repeat(n)
    } else {
        part("repeat", 0) + &part("repeat", 1).repeat(number("repeat", 2)) + &part("repeat", 3)
    }
}

/// The type whose attributes the text means.
fn resource_type(text: &str) -> &'static Arc<ResourceType> {
    let registry = Registry::standard();
    if text.trim_start().starts_with("members") { registry.group() } else { registry.user() }
}

fn filter(text: &str, dialect: FilterDialect) -> Result<ResolvedFilter, Error> {
    filter::parse(resource_type(text), text, dialect).map(|(filter, _)| filter)
}

fn path(text: &str, dialect: FilterDialect) -> Result<(), Error> {
    let message = json!({"schemas": [SCHEMA], "Operations": [{"op": "replace", "path": text, "value": "x"}]});
    match PatchRequest::parse(resource_type(text), message.as_object().expect("an object"), dialect, 10) {
        // The path is fine, what is done at it is not.
        Err(error) if error.scim_type.is_some_and(|word| word.as_str() == "mutability") => Ok(()),
        other => other.map(|_| ()),
    }
}

#[test]
fn valid_filters_mean_what_the_table_says() {
    let mut count = 0;
    for case in table().iter().filter(|case| case["kind"] == "filter" && case["error"].is_null()) {
        let text = text(case);
        let resolved =
            filter(&text, FilterDialect::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        if let Some(means) = case.get("means") {
            assert_eq!(lower(&meaning(&resolved)), lower(&with_instants(means)), "{text}");
        }
        count += 1;
    }
    assert_eq!(count, 70);
}

#[test]
fn invalid_filters_are_refused_with_their_word() {
    for case in table().iter().filter(|case| case["kind"] == "filter" && case["error"].is_array()) {
        let text = text(case);
        let error = filter(&text, FilterDialect::default()).expect_err(&text);
        assert_eq!(
            (error.status, error.scim_type.map(scim::ScimType::as_str)),
            (400, Some("invalidFilter")),
            "{text}"
        );
        assert!(error.detail.len() < 600, "{}", error.detail);
    }
}

#[test]
fn what_clients_send_beyond_the_grammar_is_accepted_where_it_is_tolerated() {
    for case in &table() {
        let text = text(case);
        // An empty path in a message means that there is none.
        if text.is_empty() && case["kind"] == "path" {
            continue;
        }
        let accepted = match case["kind"].as_str() {
            Some("filter") => filter(&text, EVERYTHING).is_ok(),
            _ => path(&text, EVERYTHING).is_ok(),
        };
        let expected = case["error"].is_null() || case["lenient"] == true;
        assert_eq!(accepted, expected, "{text}");
    }
}

#[test]
fn paths_are_accepted_or_refused_with_their_word() {
    for case in table().iter().filter(|case| case["kind"] == "path") {
        let text = text(case);
        if text.is_empty() {
            continue;
        }
        match path(&text, FilterDialect::default()) {
            Ok(()) => assert!(case["error"].is_null(), "{text} was accepted"),
            Err(error) => {
                let word = error.scim_type.map(scim::ScimType::as_str).unwrap_or_default();
                let words = case["error"].as_array().unwrap_or_else(|| panic!("{text}: {error}"));
                assert!(words.iter().any(|allowed| allowed == word), "{text}: {error:?}");
            }
        }
    }
}

fn meaning(filter: &ResolvedFilter) -> Value {
    match filter {
        ResolvedFilter::And(terms) => json!({"and": terms.iter().map(meaning).collect::<Vec<_>>()}),
        ResolvedFilter::Or(terms) => json!({"or": terms.iter().map(meaning).collect::<Vec<_>>()}),
        ResolvedFilter::Not(inner) => json!({"not": meaning(inner)}),
        ResolvedFilter::Present(target) => json!({"op": "pr", "path": target.to_string()}),
        ResolvedFilter::Compare { target, op, operand } => {
            json!({"op": op.as_str(), "path": target.to_string(), "value": value(operand)})
        }
        ResolvedFilter::Element { attribute, filter } => {
            json!({"path": attribute.to_string(), "where": inside(filter)})
        }
    }
}

fn inside(filter: &ElementFilter) -> Value {
    let name = |sub: &Option<Arc<scim::schema::Attribute>>| {
        sub.as_ref().map_or("value".to_owned(), |sub| sub.name.clone())
    };
    match filter {
        ElementFilter::And(terms) => json!({"and": terms.iter().map(inside).collect::<Vec<_>>()}),
        ElementFilter::Or(terms) => json!({"or": terms.iter().map(inside).collect::<Vec<_>>()}),
        ElementFilter::Not(inner) => json!({"not": inside(inner)}),
        ElementFilter::Present { sub } => json!({"op": "pr", "path": name(sub)}),
        ElementFilter::Compare { sub, op, operand } => {
            json!({"op": op.as_str(), "path": name(sub), "value": value(operand)})
        }
    }
}

fn value(operand: &Operand) -> Value {
    match operand {
        Operand::Null => Value::Null,
        Operand::Bool(value) => json!(value),
        Operand::Number(value) => json!(value),
        Operand::Instant(instant) => json!(scim::time::format(*instant)),
        Operand::Text(text) => json!(text),
    }
}

/// The table gives dates as written.
fn with_instants(means: &Value) -> Value {
    match means {
        Value::Array(items) => items.iter().map(with_instants).collect(),
        Value::Object(object) => {
            object.iter().map(|(name, value)| (name.clone(), with_instants(value))).collect()
        }
        Value::String(text) => {
            scim::time::parse(text).map_or_else(|| means.clone(), |at| json!(scim::time::format(at)))
        }
        other => other.clone(),
    }
}

/// Comparison forms are folded, the table is not.
fn lower(value: &Value) -> Value {
    match value {
        Value::String(text) => scim::text::fold_name(text).into(),
        Value::Array(items) => items.iter().map(lower).collect(),
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), lower(value))).collect(),
        other => other.clone(),
    }
}
