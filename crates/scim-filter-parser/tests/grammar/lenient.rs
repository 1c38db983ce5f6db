//! Each lenience on its own: what it reads, that it says so, and what stays refused.

use scim_filter_parser::{ErrorKind, Lenience, parse_filter, parse_filter_with, parse_path, parse_path_with};

const WHITESPACE: Lenience = Lenience { whitespace: true, ..Lenience::NONE };
const CAPITALS: Lenience = Lenience { capital_booleans: true, ..Lenience::NONE };
const VALUE_PATHS: Lenience = Lenience { value_path_comparison: true, ..Lenience::NONE };

#[test]
fn whitespace_may_be_any_where_one_space_stands_and_none_beside_quotes_and_brackets() {
    let rows = [
        ("  a pr\t", "a pr"),
        ("a \t eq  \t1", "a eq 1"),
        ("a eq\"x\"and b pr", "a eq \"x\" and b pr"),
        (
            "a eq\"x\"or(b pr)and not\t\t(c pr)or d[e pr]and f pr",
            "a eq \"x\" or b pr and not (c pr) or d[e pr] and f pr",
        ),
        ("( a pr\t)", "a pr"),
        ("a[ b pr ]  or  c pr", "a[b pr] or c pr"),
        ("((  a pr or b pr  ) and c pr )", "(a pr or b pr) and c pr"),
    ];
    for (text, print) in rows {
        assert!(parse_filter(text).is_err(), "{text}");
        let (filter, used) =
            parse_filter_with(text, WHITESPACE).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((filter.to_string().as_str(), used), (print, WHITESPACE), "{text}");
        let others = Lenience { whitespace: false, ..Lenience::ALL };
        assert!(parse_filter_with(text, others).is_err(), "{text}");
    }
    for text in [
        "a eq1",
        "apr",
        "a pr andb pr",
        "a eq 1and b pr",
        "a eq trueor b pr",
        "a\u{a0}pr",
        "a\npr",
        "a [b pr]",
        "a. b pr",
    ] {
        assert!(parse_filter_with(text, Lenience::ALL).is_err(), "{text}");
    }
}

#[test]
fn whitespace_in_paths_stands_at_the_ends_and_about_the_opening_bracket() {
    for (text, print) in [(" a.b ", "a.b"), ("a [ b pr ].c\t", "a[b pr].c"), ("a\t[b pr]", "a[b pr]")] {
        assert!(parse_path(text).is_err(), "{text}");
        let (path, used) =
            parse_path_with(text, WHITESPACE).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((path.to_string().as_str(), used), (print, WHITESPACE), "{text}");
    }
    for text in ["a .b", "a. b", "a[b pr] .c", "a[b pr]. c", "a b", " ", "\t"] {
        assert!(parse_path_with(text, Lenience::ALL).is_err(), "{text}");
    }
}

#[test]
fn booleans_may_have_capitals_but_null_may_not() {
    for (text, print) in
        [("a eq True", "a eq true"), ("a eq FALSE", "a eq false"), ("a[b ne tRuE]", "a[b ne true]")]
    {
        assert_eq!(parse_filter(text).expect_err(text).kind, ErrorKind::Value);
        let (filter, used) =
            parse_filter_with(text, CAPITALS).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((filter.to_string().as_str(), used), (print, CAPITALS), "{text}");
        let others = Lenience { capital_booleans: false, ..Lenience::ALL };
        assert!(parse_filter_with(text, others).is_err(), "{text}");
    }
    for text in ["a eq Null", "a eq Yes", "a eq Truth", "a eq True1"] {
        assert!(parse_filter_with(text, Lenience::ALL).is_err(), "{text}");
    }
    let (_, used) = parse_path_with("a[b eq False].c", Lenience::ALL).expect("a path");
    assert_eq!(used, CAPITALS);
}

#[test]
fn a_comparison_of_a_value_path_becomes_one_more_condition() {
    let rows = [
        ("a[b pr].c eq 1", "a[b pr and c eq 1]"),
        ("a[b pr and c pr].d pr", "a[b pr and c pr and d pr]"),
        ("a[b pr or c pr].d ne \"x\"", "a[(b pr or c pr) and d ne \"x\"]"),
        ("not (a[not (b pr)].c eq 1) or d pr", "not (a[not (b pr) and c eq 1]) or d pr"),
    ];
    for (text, print) in rows {
        assert_eq!(parse_filter(text).expect_err(text).kind, ErrorKind::ElementComparison);
        let (filter, used) =
            parse_filter_with(text, VALUE_PATHS).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((filter.to_string().as_str(), used), (print, VALUE_PATHS), "{text}");
        assert_eq!(parse_filter(print), Ok(filter), "{text}");
        let others = Lenience { value_path_comparison: false, ..Lenience::ALL };
        assert!(parse_filter_with(text, others).is_err(), "{text}");
    }
    for text in [
        "a[b pr].c",
        "a[b pr] eq 1",
        "a[b pr].c.d eq 1",
        "a[b pr].c[d pr]",
        "a[b pr]. eq 1",
        "a[b pr].x:c eq 1",
    ] {
        assert!(parse_filter_with(text, Lenience::ALL).is_err(), "{text}");
    }
}

#[test]
fn only_what_was_used_is_reported() {
    let (_, used) = parse_filter_with("not(a eq true) and b[c pr]", Lenience::ALL).expect("a strict filter");
    assert_eq!(used, Lenience::NONE);
    assert!(!used.any());
    let (_, used) = parse_filter_with(" a[b pr].c eq True", Lenience::ALL).expect("a lenient filter");
    assert_eq!(used, Lenience::ALL);
    assert!(used.any() && WHITESPACE.any() && CAPITALS.any() && VALUE_PATHS.any());
}
