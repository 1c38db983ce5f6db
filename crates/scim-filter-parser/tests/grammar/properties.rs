//! Properties over generated trees and texts, above all `parse(print(tree)) == tree`.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use scim_filter_parser::{
    AttributePath, CompareOp, CompareValue, Comparison, ElementFilter, Filter, Lenience, Offset, Path,
    parse_filter, parse_filter_with, parse_path,
};

use crate::law;

proptest! {
    #[test]
    fn a_printed_filter_parses_to_itself(filter in filter()) {
        let print = filter.to_string();
        prop_assert_eq!(parse_filter(&print), Ok(filter), "{}", print);
        law::check(&print);
    }

    #[test]
    fn a_printed_path_parses_to_itself(path in path()) {
        let print = path.to_string();
        prop_assert_eq!(parse_path(&print), Ok(path), "{}", print);
        law::check(&print);
    }

    #[test]
    fn the_case_of_keywords_and_needless_brackets_mean_nothing(filter in filter()) {
        for word in [str::to_lowercase, str::to_uppercase, mixed] {
            let text = dress(&filter, word, " ", "");
            prop_assert_eq!(parse_filter(&text), Ok(filter.clone()), "{}", text);
            law::check(&text);
        }
    }

    #[test]
    fn lenient_blanks_mean_nothing(filter in filter(), gap in "[ \t]{1,3}", pad in "[ \t]{0,2}", end in "[ \t]{1,2}") {
        let text = format!("{pad}{}{end}", dress(&filter, str::to_owned, &gap, &pad));
        let expected = Ok((filter, Lenience { whitespace: true, ..Lenience::NONE }));
        prop_assert_eq!(parse_filter_with(&text, Lenience::ALL), expected, "{}", text);
        law::check(&text);
    }

    #[test]
    fn the_laws_hold_for_texts_made_of_tokens(tokens in vec(select(TOKENS), 0..24)) {
        law::check(&tokens.concat());
    }

    #[test]
    fn the_laws_hold_for_broken_filters(filter in filter(), at in any::<prop::sample::Index>(), token in select(TOKENS)) {
        let mut text = filter.to_string();
        let place = at.index(text.len());
        if text.is_char_boundary(place) {
            text.insert_str(place, token);
            law::check(&text);
            text.truncate(place);
            law::check(&text);
        }
    }

    #[test]
    fn the_laws_hold_for_any_text(text in any::<String>()) {
        law::check(&text);
    }
}

/// Pieces of filters, of which a random row is now and then one.
const TOKENS: &[&str] = &[
    " ",
    " ",
    " ",
    "\t",
    "a",
    "userName",
    "urn:x:2.0:User:",
    ".sub",
    "$ref",
    " pr",
    " eq ",
    " Co ",
    "\"x\"",
    "\"\\u00e4\"",
    "\"",
    "\\",
    "1",
    "-0.5e9",
    "true",
    "False",
    "null",
    " and ",
    " OR ",
    "and",
    "or",
    "not ",
    "not(",
    "not (",
    "(",
    ")",
    "[",
    "]",
    "a pr",
    "b eq 1",
    "a[b pr]",
    "].c eq 1",
    ",",
    ":",
    ".",
    "é",
    "\u{0}",
];

fn filter() -> impl Strategy<Value = Filter> {
    let element = (attribute(), logic(predicate().boxed()))
        .prop_map(|(path, filter)| Filter::Element(ElementFilter { path, filter: Box::new(filter) }));
    logic(prop_oneof![3 => predicate(), 1 => element].boxed())
}

fn path() -> impl Strategy<Value = Path> {
    let whole = attribute().prop_map(|attribute| Path { attribute, filter: None, sub: None });
    let elements = (attribute(), logic(predicate().boxed()), option::of(name()))
        .prop_map(|(attribute, filter, sub)| Path { attribute, filter: Some(Box::new(filter)), sub });
    prop_oneof![1 => whole, 3 => elements]
}

/// `and`, `or` and `not` over `leaf`, with lists as parsing makes them.
fn logic(leaf: BoxedStrategy<Filter>) -> impl Strategy<Value = Filter> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|items| Filter::And(open(items, |item| match item {
                Filter::And(inner) => inner,
                other => vec![other],
            }))),
            vec(inner.clone(), 2..4).prop_map(|items| Filter::Or(open(items, |item| match item {
                Filter::Or(inner) => inner,
                other => vec![other],
            }))),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

fn open(items: Vec<Filter>, inner: fn(Filter) -> Vec<Filter>) -> Vec<Filter> {
    items.into_iter().flat_map(inner).collect()
}

fn predicate() -> impl Strategy<Value = Filter> {
    let compare = (attribute(), op(), value()).prop_map(|(path, op, value)| {
        Filter::Compare(Comparison { path, op, value, offset: Offset::default() })
    });
    prop_oneof![3 => compare, 1 => attribute().prop_map(Filter::Present)]
}

fn attribute() -> impl Strategy<Value = AttributePath> {
    let schema = "(urn|https)(:[a-z/]{1,6}[0-9.]{0,3}){1,4}";
    (option::weighted(0.2, schema), name(), option::weighted(0.3, name()))
        .prop_map(|(schema, name, sub)| AttributePath { schema, name, sub, offset: Offset::default() })
}

/// Names, among them those that are keywords elsewhere.
fn name() -> impl Strategy<Value = String> {
    let keywords = ["and", "Or", "not", "pr", "eq", "true", "null"].map(str::to_owned);
    prop_oneof![4 => "[A-Za-z$][A-Za-z0-9$_-]{0,8}", 1 => select(keywords.to_vec())]
}

fn op() -> impl Strategy<Value = CompareOp> {
    use CompareOp::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    select(vec![Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le])
}

fn value() -> impl Strategy<Value = CompareValue> {
    prop_oneof![
        "\\PC{0,12}".prop_map(CompareValue::String),
        any::<String>().prop_map(CompareValue::String),
        "-?(0|[1-9][0-9]{0,5})([.][0-9]{1,3})?([eE][+-]?[0-9]{1,3})?".prop_map(CompareValue::Number),
        any::<bool>().prop_map(CompareValue::Bool),
        Just(CompareValue::Null),
    ]
}

/// The tree in other clothes: `word` dresses keywords, `gap` stands between words and `pad` inside brackets.
fn dress(filter: &Filter, word: fn(&str) -> String, gap: &str, pad: &str) -> String {
    let inner = |filter: &Filter| dress(filter, word, gap, pad);
    let list = |items: &[Filter], connective: &str| {
        // Every item in brackets: more of them than needed mean nothing either.
        let items: Vec<_> = items.iter().map(|item| format!("({pad}{}{pad})", inner(item))).collect();
        items.join(&format!("{gap}{}{gap}", word(connective)))
    };
    match filter {
        Filter::And(items) => list(items, "and"),
        Filter::Or(items) => list(items, "or"),
        Filter::Not(filter) => format!("{}({pad}{}{pad})", word("not"), inner(filter)),
        Filter::Compare(Comparison { path, op, value, .. }) => {
            format!("{path}{gap}{}{gap}{value}", word(op.as_str()))
        }
        Filter::Present(path) => format!("{path}{gap}{}", word("pr")),
        Filter::Element(ElementFilter { path, filter }) => format!("{path}[{pad}{}{pad}]", inner(filter)),
    }
}

/// The second letter of a keyword in capitals.
fn mixed(word: &str) -> String {
    format!("{}{}", &word[..1], word[1..].to_uppercase())
}
