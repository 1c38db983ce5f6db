//! Each limit at its value and one beyond, and texts that mean harm.

use std::thread;

use scim_filter_parser::{
    ErrorKind, Lenience, MAX_COMPARISONS, MAX_LENGTH, MAX_NESTING, ParseError, parse_filter,
    parse_filter_with, parse_path,
};

#[test]
fn length_counts_characters() {
    let of_length = |n: usize| format!("a eq \"{}\"", "ä".repeat(n - 7));
    assert!(parse_filter(&of_length(MAX_LENGTH)).is_ok());
    let error = parse_filter(&of_length(MAX_LENGTH + 1)).expect_err("one too many");
    assert_eq!(error.kind, ErrorKind::TooLong);
    assert_eq!(error.offset, of_length(MAX_LENGTH + 1).len() - 1, "the last quote is the one too many");

    assert!(parse_path(&"p".repeat(MAX_LENGTH)).is_ok());
    assert_eq!(kind(parse_path(&"p".repeat(MAX_LENGTH + 1))), ErrorKind::TooLong);
    let lenient = parse_filter_with(&format!("a pr{}", " ".repeat(MAX_LENGTH)), Lenience::ALL);
    assert_eq!(kind(lenient), ErrorKind::TooLong, "blanks count");
}

#[test]
fn nesting_counts_round_and_square_brackets_together() {
    let group = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
    let not = |n: usize| format!("{}a pr{}", "not(".repeat(n), ")".repeat(n));
    let element = |n: usize| format!("a[{}]", group(n - 1));
    let around = |n: usize| format!("{}a[b pr]{}", "(".repeat(n - 1), ")".repeat(n - 1));
    let shapes: [&dyn Fn(usize) -> String; 4] = [&group, &not, &element, &around];
    for nested in shapes {
        let deepest = parse_filter(&nested(MAX_NESTING)).expect("at the limit");
        assert_eq!(parse_filter(&deepest.to_string()), Ok(deepest), "the print keeps to the limit");
        let text = nested(MAX_NESTING + 1);
        let error = parse_filter(&text).expect_err("beyond the limit");
        let (bracket, _) = text.match_indices(['(', '[']).nth(MAX_NESTING).expect("so many brackets");
        assert_eq!((error.offset, error.kind), (bracket, ErrorKind::TooDeep), "{text}");
    }
    assert!(parse_path(&element(MAX_NESTING)).is_ok());
    assert_eq!(kind(parse_path(&element(MAX_NESTING + 1))), ErrorKind::TooDeep);
    let side_by_side = vec![group(MAX_NESTING); 100].join(" and ");
    assert!(parse_filter(&side_by_side).is_ok(), "depth is not number");
}

#[test]
fn the_brackets_that_a_lenient_reading_adds_count() {
    let readings = [
        ("a[b pr or c pr].d pr", "a[(b pr or c pr) and d pr]", 2),
        ("a[b pr or (c pr or d pr) and e pr].f pr", "a[(b pr or (c pr or d pr) and e pr) and f pr]", 3),
        ("a[b pr or not (c pr)].d pr", "a[(b pr or not (c pr)) and d pr]", 3),
        ("a[not (b pr) and c pr].d pr", "a[not (b pr) and c pr and d pr]", 2),
    ];
    for (core, read, depth) in readings {
        let nested = |n: usize| format!("{}{core}{}", "not (".repeat(n), ")".repeat(n));
        let (filter, _) =
            parse_filter_with(&nested(MAX_NESTING - depth), Lenience::ALL).expect("at the limit");
        assert!(filter.to_string().contains(read), "{filter}");
        assert_eq!(parse_filter(&filter.to_string()), Ok(filter), "the print keeps to the limit");
        let beyond = parse_filter_with(&nested(MAX_NESTING - depth + 1), Lenience::ALL);
        assert_eq!(kind(beyond), ErrorKind::TooDeep, "{core}");
    }
    let error =
        parse_filter_with(&format!("{}a[b pr or c pr].d pr", "(".repeat(MAX_NESTING - 1)), Lenience::ALL);
    assert_eq!(
        error.expect_err("beyond the limit").offset,
        MAX_NESTING,
        "the place is the value path's bracket"
    );
}

#[test]
fn comparisons_and_presence_tests_count_alike_wherever_they_stand() {
    let list = |n: usize| vec!["a pr and b eq 1"; n / 2].join(" or ");
    assert!(parse_filter(&list(MAX_COMPARISONS)).is_ok());
    let text = format!("{} or c pr", list(MAX_COMPARISONS));
    let error = parse_filter(&text).expect_err("one too many");
    assert_eq!((error.offset, error.kind), (text.len() - 4, ErrorKind::TooManyComparisons));

    assert!(parse_path(&format!("a[{}]", list(MAX_COMPARISONS))).is_ok());
    let inside = format!("a[{}].b pr", list(MAX_COMPARISONS));
    assert_eq!(kind(parse_filter_with(&inside, Lenience::ALL)), ErrorKind::TooManyComparisons);
}

#[test]
fn hostile_texts_end_on_a_small_stack() {
    let texts = [
        ("(".repeat(1_000_000), ErrorKind::TooLong),
        (format!("{}a pr{}", "(".repeat(8_000), ")".repeat(8_000)), ErrorKind::TooDeep),
        ("not(".repeat(4_000), ErrorKind::TooDeep),
        ("a[".repeat(8_000), ErrorKind::NestedElement),
        ("[".repeat(16_000), ErrorKind::Term),
        (")".repeat(16_000), ErrorKind::Term),
        ("a.".repeat(8_000), ErrorKind::TooManyNames),
        (":".repeat(16_000), ErrorKind::Schema),
        (format!("a eq \"{}", "\\\"".repeat(8_000)), ErrorKind::UnterminatedString),
        (format!("a eq \"{}", "\\u0041".repeat(2_700)), ErrorKind::UnterminatedString),
        (format!("a eq {}x", "9".repeat(16_000)), ErrorKind::Number),
        (format!("a pr{}", " ".repeat(16_000)), ErrorKind::SpaceSurplus),
        (format!("{}a pr", "not ".repeat(4_000)), ErrorKind::Group),
        ("\0".repeat(16_000), ErrorKind::Name),
        ("😀".repeat(16_000), ErrorKind::Name),
    ];
    // Half of what a thread gets by default; without optimisation the parser needs a quarter at its deepest.
    let small = thread::Builder::new().stack_size(1024 * 1024);
    let run = small.spawn(move || {
        for (text, expected) in texts {
            assert_eq!(kind(parse_filter(&text)), expected, "{text:.40}");
            assert!(parse_path(&text).is_err(), "{text:.40}");
            assert!(parse_filter_with(&text, Lenience::ALL).is_err() || expected == ErrorKind::SpaceSurplus);
        }
        // The deepest trees are read, compared, printed, copied and dropped there as well.
        let deepest = format!("{}a pr{}", "not(".repeat(MAX_NESTING), ")".repeat(MAX_NESTING));
        let filter = parse_filter(&deepest).expect("at the limit");
        assert_eq!(parse_filter(&filter.clone().to_string()), Ok(filter));
    });
    run.expect("a thread").join().expect("no overflow and no panic");
}

fn kind<T: std::fmt::Debug>(result: Result<T, ParseError>) -> ErrorKind {
    result.expect_err("this must be refused").kind
}
