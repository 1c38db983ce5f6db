//! What holds for any text whatever; the property tests and the fuzz target call it alike.

use scim_filter_parser::{
    AttributePath, Filter, Lenience, MAX_LENGTH, ParseError, parse_filter, parse_filter_with, parse_path,
    parse_path_with,
};

/// Panics when a law is broken for `text`, read as a filter and as a path.
pub(crate) fn check(text: &str) {
    check_as(text, parse_filter, parse_filter_with, |filter| check_offsets(text, filter));
    check_as(text, parse_path, parse_path_with, |path| {
        check_offset(text, &path.attribute);
        assert!(path.sub.is_none() || path.filter.is_some(), "a sub-attribute belongs to a filter");
        path.filter.iter().for_each(|filter| check_offsets(text, filter));
    });
}

type Lenient<T> = fn(&str, Lenience) -> Result<(T, Lenience), ParseError>;

fn check_as<T: PartialEq + std::fmt::Debug + std::fmt::Display>(
    text: &str,
    strict: fn(&str) -> Result<T, ParseError>,
    lenient: Lenient<T>,
    check_tree: impl Fn(&T),
) {
    for error in [strict(text).err(), lenient(text, Lenience::ALL).err()].into_iter().flatten() {
        assert!(text.is_char_boundary(error.offset), "{error} is no place in {text:?}");
    }
    let Ok((tree, used)) = lenient(text, Lenience::ALL) else {
        assert!(strict(text).is_err(), "leniency refuses what is strict: {text:?}");
        return;
    };
    check_tree(&tree);

    assert_eq!(strict(text).is_ok(), !used.any(), "{used:?} of {text:?}");
    let again = lenient(text, used).expect("what was used is enough");
    assert_eq!(again, (tree, used), "allowing less changes nothing: {text:?}");
    let tree = again.0;

    let print = tree.to_string();
    let (length, source) = (print.chars().count(), text.chars().count());
    if !used.any() {
        let spaces = print.matches("not (").count();
        assert!(length <= source + spaces, "the print of {text:?} is longer");
    }
    if length <= MAX_LENGTH {
        let parsed = strict(&print).unwrap_or_else(|error| panic!("{print:?} of {text:?}: {error}"));
        assert_eq!(parsed.to_string(), print, "printing is stable");
        assert_eq!(parsed, tree, "of {text:?}");
    }
}

/// Every part of the tree stands in the text where its offset says.
fn check_offsets(text: &str, filter: &Filter) {
    match filter {
        Filter::And(items) | Filter::Or(items) => {
            assert!(items.len() > 1, "a list of one is no list");
            for item in items {
                let nested = matches!(
                    (filter, item),
                    (Filter::And(_), Filter::And(_)) | (Filter::Or(_), Filter::Or(_))
                );
                assert!(!nested, "lists are flat");
                check_offsets(text, item);
            }
        }
        Filter::Not(inner) => check_offsets(text, inner),
        Filter::Compare(comparison) => {
            check_offset(text, &comparison.path);
            let op = &text[comparison.offset.0..][..2];
            assert!(op.eq_ignore_ascii_case(comparison.op.as_str()), "{op:?} in {text:?}");
        }
        Filter::Present(path) => check_offset(text, path),
        Filter::Element(element) => {
            check_offset(text, &element.path);
            check_offsets(text, &element.filter);
        }
    }
}

fn check_offset(text: &str, path: &AttributePath) {
    let written = path.to_string();
    assert!(
        text[path.offset.0..].starts_with(&written),
        "{written:?} is not at {:?} of {text:?}",
        path.offset
    );
}
