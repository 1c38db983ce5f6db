//! Every kind of error, the place it names and the sentence it says.

use scim_filter_parser::{ErrorKind, MAX_COMPARISONS, MAX_LENGTH, MAX_NESTING, parse_filter, parse_path};

/// A text, the byte at which it goes wrong, and the sentence.
type Row = (&'static str, usize, ErrorKind, &'static str);

const FILTERS: &[Row] = &[
    ("", 0, ErrorKind::Empty, "expected a filter or path, but there is no text"),
    ("a pr and ", 9, ErrorKind::Term, "expected an attribute, `not` or an opening bracket"),
    (
        "a is 1",
        2,
        ErrorKind::Operator,
        "expected one of the operators eq, ne, co, sw, ew, gt, ge, lt, le and pr",
    ),
    ("a eq b", 5, ErrorKind::Value, "expected a string in double quotes, a number, true, false or null"),
    ("a pr b", 5, ErrorKind::Connective, "expected `and`, `or`, or the end of the filter or of its brackets"),
    ("not a pr", 4, ErrorKind::Group, "expected `(` after `not`"),
    ("(a pr", 5, ErrorKind::UnclosedGroup, "expected `)`"),
    ("(a pr]", 5, ErrorKind::UnclosedGroup, "expected `)`"),
    ("a[b pr", 6, ErrorKind::UnclosedElement, "expected `]`"),
    ("a[b pr)", 6, ErrorKind::UnclosedElement, "expected `]`"),
    ("a pr )", 5, ErrorKind::Unopened, "expected no closing bracket, since none is open"),
    ("a[b[c pr]]", 3, ErrorKind::NestedElement, "expected no value path inside a value path"),
    (
        "a[b pr].c pr",
        7,
        ErrorKind::ElementComparison,
        "expected nothing after the value path, since its conditions belong inside it",
    ),
    ("a eq\"x\"", 4, ErrorKind::SpaceMissing, "expected a space"),
    ("a\tpr", 1, ErrorKind::SpaceMissing, "expected a space"),
    ("(a pr)and b pr", 6, ErrorKind::SpaceMissing, "expected a space"),
    ("a pr and(b pr)", 8, ErrorKind::SpaceMissing, "expected a space"),
    (
        "a  pr",
        2,
        ErrorKind::SpaceSurplus,
        "expected no blank, since one space parts words and none stands beside brackets",
    ),
    (
        "not  (a pr)",
        4,
        ErrorKind::SpaceSurplus,
        "expected no blank, since one space parts words and none stands beside brackets",
    ),
    (
        "(a pr )",
        5,
        ErrorKind::SpaceSurplus,
        "expected no blank, since one space parts words and none stands beside brackets",
    ),
    (
        "ä pr",
        0,
        ErrorKind::Name,
        "expected an attribute name: a letter or `$`, then letters, digits, `-`, `_` and `$`, ASCII only",
    ),
    (
        "a.b.c pr",
        3,
        ErrorKind::TooManyNames,
        "expected at most one dot, between an attribute and its sub-attribute",
    ),
    (":a pr", 0, ErrorKind::Schema, "expected the URI of a schema before the last colon"),
    ("urn:\u{e4}:a pr", 4, ErrorKind::Schema, "expected the URI of a schema before the last colon"),
    ("a eq 1.", 6, ErrorKind::Number, "expected a number as in JSON, such as -1.5e3"),
    ("a eq -", 5, ErrorKind::Number, "expected a number as in JSON, such as -1.5e3"),
    ("a eq 1e+", 6, ErrorKind::Number, "expected a number as in JSON, such as -1.5e3"),
    (
        "a eq \"\\\"",
        5,
        ErrorKind::UnterminatedString,
        "expected a closing quote for the string that begins here",
    ),
    (
        "a eq \"\\u00g0\"",
        6,
        ErrorKind::Escape,
        r#"expected one of the escapes \" \\ \/ \b \f \n \r \t and \u with four hex digits"#,
    ),
    (
        "a eq \"\\",
        6,
        ErrorKind::Escape,
        r#"expected one of the escapes \" \\ \/ \b \f \n \r \t and \u with four hex digits"#,
    ),
    ("a eq \"\\udc00\\ud800\"", 6, ErrorKind::Surrogate, "expected both halves of a surrogate pair"),
    ("a eq \"\\ud800\\u0041\"", 6, ErrorKind::Surrogate, "expected both halves of a surrogate pair"),
    ("a eq \"ä\u{1f}\"", 8, ErrorKind::ControlCharacter, "expected control characters to be escaped"),
];

const PATHS: &[Row] = &[
    ("[b pr]", 0, ErrorKind::Attribute, "expected an attribute"),
    ("a b", 2, ErrorKind::PathEnd, "expected the end of the path"),
    ("a[b pr]c", 7, ErrorKind::PathEnd, "expected the end of the path"),
    (
        "a[b pr].",
        8,
        ErrorKind::Name,
        "expected an attribute name: a letter or `$`, then letters, digits, `-`, `_` and `$`, ASCII only",
    ),
    (
        "a[b pr].c:d",
        9,
        ErrorKind::Name,
        "expected an attribute name: a letter or `$`, then letters, digits, `-`, `_` and `$`, ASCII only",
    ),
    (
        "a[b pr and c]",
        12,
        ErrorKind::Operator,
        "expected one of the operators eq, ne, co, sw, ew, gt, ge, lt, le and pr",
    ),
];

#[test]
fn each_error_names_its_place_and_what_was_expected() {
    for &(text, offset, kind, sentence) in FILTERS {
        let error = parse_filter(text).expect_err(text);
        assert_eq!((error.offset, error.kind), (offset, kind), "{text}");
        assert_eq!(error.to_string(), format!("at byte {offset}: {sentence}"), "{text}");
    }
    for &(text, offset, kind, sentence) in PATHS {
        let error = parse_path(text).expect_err(text);
        assert_eq!((error.offset, error.kind), (offset, kind), "{text}");
        assert_eq!(error.to_string(), format!("at byte {offset}: {sentence}"), "{text}");
    }
}

#[test]
fn limits_say_their_number() {
    let say = |text: &str| parse_filter(text).expect_err("too large").to_string();
    assert_eq!(say(&"a".repeat(MAX_LENGTH + 1)), "at byte 16384: expected at most 16384 characters");
    assert_eq!(say(&"(".repeat(MAX_NESTING + 1)), "at byte 50: expected brackets to nest at most 50 deep");
    let many = vec!["a pr"; MAX_COMPARISONS + 1].join(" or ");
    assert_eq!(say(&many), "at byte 4000: expected at most 500 comparisons");
}

#[test]
fn no_kind_is_left_out_of_the_rows_above() {
    let rows = || FILTERS.iter().chain(PATHS).map(|row| row.2);
    // A new kind does not compile before it is listed here, and then fails before it has a row.
    let listed = |kind: ErrorKind| match kind {
        ErrorKind::TooLong | ErrorKind::TooDeep | ErrorKind::TooManyComparisons => kind.is_limit(),
        ErrorKind::Empty
        | ErrorKind::Term
        | ErrorKind::Operator
        | ErrorKind::Value
        | ErrorKind::Connective
        | ErrorKind::Group
        | ErrorKind::UnclosedGroup
        | ErrorKind::UnclosedElement
        | ErrorKind::Unopened
        | ErrorKind::NestedElement
        | ErrorKind::ElementComparison
        | ErrorKind::SpaceMissing
        | ErrorKind::SpaceSurplus
        | ErrorKind::Attribute
        | ErrorKind::Name
        | ErrorKind::TooManyNames
        | ErrorKind::Schema
        | ErrorKind::Number
        | ErrorKind::UnterminatedString
        | ErrorKind::Escape
        | ErrorKind::Surrogate
        | ErrorKind::ControlCharacter
        | ErrorKind::PathEnd => !kind.is_limit(),
    };
    assert!(rows().all(listed));
    let distinct: std::collections::HashSet<ErrorKind> = rows().collect();
    assert_eq!(distinct.len(), 23, "23 kinds besides the three limits");
}
