//! Any text as a filter: the laws of the grammar, what leniency may change, and that `not (…)` says the opposite.
#![no_main]

use fuzz::samples::{LENIENT, both, type_of};
use libfuzzer_sys::fuzz_target;
use scim::Resource;
use scim::filter::{FilterDialect, parse};

#[path = "../../crates/scim-filter-parser/tests/grammar/law.rs"]
mod law;

fuzz_target!(|text: &str| {
    law::check(text);
    for (resource, _) in both() {
        check(text, resource);
    }
});

fn check(text: &str, resource: &Resource) {
    let resource_type = type_of(resource);
    let strict = parse(resource_type, text, FilterDialect::default());
    let Ok((filter, used)) = parse(resource_type, text, LENIENT) else {
        assert!(strict.is_err(), "leniency refuses what is strict: {text:?}");
        return;
    };
    let again = parse(resource_type, text, used).expect("what was used is enough");
    assert_eq!(again, (filter.clone(), used), "allowing less changes nothing: {text:?}");
    assert_eq!(strict.is_ok(), used == FilterDialect::default(), "{used:?} of {text:?}");
    // The longer text may be past a limit.
    if let Ok((opposite, _)) = parse(resource_type, &format!("not ({text})"), LENIENT) {
        let document = &resource.document;
        assert_ne!(filter.matches(document), opposite.matches(document), "{text:?}");
    }
}
