//! The table of `tests/filters.json`: 225 filters and paths with their verdict.
//!
//! A case is `text`, or `parts` whose pairs are repeated. `print` is the canonical text of what is accepted (by leniency,
//! if `syntax_ok` is false), where it differs from the text; `error` the place and kind of the strict refusal. `valid` is
//! the verdict with the standard's schemas, which this crate does not know: it must accept what is `syntax_ok`.

use scim_filter_parser::{
    ErrorKind, Lenience, ParseError, parse_filter, parse_filter_with, parse_path, parse_path_with,
};
use serde_json::Value;

#[test]
fn every_case_is_judged_as_the_table_says() {
    let cases = cases();
    assert_eq!(cases.len(), 225);
    for case in &cases {
        let strict = strict(case).map_err(|error| (error.offset, format!("{:?}", error.kind)));
        let expected = match &case.error {
            None => Ok(case.print.clone()),
            Some(error) => Err(error.clone()),
        };
        assert_eq!(strict, expected, "{} {:.80}", case.kind, case.text);
        assert_eq!(strict.is_ok(), case.syntax_ok, "{} {:.80}", case.kind, case.text);
    }
}

#[test]
fn leniency_accepts_what_the_table_lets_it_and_no_more() {
    for case in &cases() {
        let lenient = lenient(case, Lenience::ALL);
        if case.syntax_ok {
            assert_eq!(lenient, Ok((case.print.clone(), Lenience::NONE)), "{:.80}", case.text);
        } else if case.lenient_ok {
            let (print, used) = lenient.unwrap_or_else(|error| panic!("{}: {error}", case.text));
            assert_eq!(print, case.print, "{}", case.text);
            assert!(used.any(), "{}", case.text);
            assert_eq!(
                self::lenient(case, used),
                Ok((print, used)),
                "what was used is enough: {}",
                case.text
            );
        } else {
            assert!(lenient.is_err(), "{:.80}", case.text);
        }
    }
}

#[test]
fn what_is_valid_is_syntax_and_what_is_too_large_is_a_limit() {
    for case in &cases() {
        assert!(case.syntax_ok || !case.valid, "{:.80}", case.text);
        let refused_for_size = strict(case).is_err_and(|error| error.kind.is_limit());
        let kinds = [ErrorKind::TooLong, ErrorKind::TooDeep, ErrorKind::TooManyComparisons];
        let named =
            case.error.as_ref().is_some_and(|(_, kind)| kinds.iter().any(|k| format!("{k:?}") == *kind));
        assert_eq!(refused_for_size, named, "{:.80}", case.text);
    }
}

struct Case {
    kind: String,
    text: String,
    valid: bool,
    syntax_ok: bool,
    lenient_ok: bool,
    print: String,
    error: Option<(usize, String)>,
}

fn cases() -> Vec<Case> {
    let table: Vec<Value> = serde_json::from_str(include_str!("../filters.json")).expect("the table is JSON");
    table.iter().map(case).collect()
}

fn case(row: &Value) -> Case {
    let text = match row["text"].as_str() {
        Some(text) => text.to_owned(),
        None => row["parts"].as_array().expect("a row has text or parts").iter().map(part).collect(),
    };
    let is = |key: &str| row[key].as_bool().unwrap_or(false);
    let error = row["error"].as_array().map(|error| (number(&error[0]), string(&error[1])));
    Case {
        kind: string(&row["kind"]),
        valid: is("valid"),
        syntax_ok: is("syntax_ok"),
        lenient_ok: is("lenient_ok"),
        print: row["print"].as_str().unwrap_or(&text).to_owned(),
        text,
        error,
    }
}

fn part(part: &Value) -> String {
    match part.as_array() {
        Some(repeated) => string(&repeated[0]).repeat(number(&repeated[1])),
        None => string(part),
    }
}

fn string(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|n| n.try_into().ok()).expect("a count")
}

fn strict(case: &Case) -> Result<String, ParseError> {
    match case.kind.as_str() {
        "filter" => parse_filter(&case.text).map(|filter| filter.to_string()),
        "path" => parse_path(&case.text).map(|path| path.to_string()),
        other => panic!("no such kind: {other}"),
    }
}

fn lenient(case: &Case, allowed: Lenience) -> Result<(String, Lenience), ParseError> {
    match case.kind.as_str() {
        "filter" => parse_filter_with(&case.text, allowed).map(|(filter, used)| (filter.to_string(), used)),
        "path" => parse_path_with(&case.text, allowed).map(|(path, used)| (path.to_string(), used)),
        other => panic!("no such kind: {other}"),
    }
}
