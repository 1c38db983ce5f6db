//! Any text as the path of a PATCH: the laws of the grammar, and that to remove twice is to remove once.
#![no_main]

use fuzz::laws::{after, apply, check_document, members_after, one};
use fuzz::samples::{LENIENT, both};
use libfuzzer_sys::fuzz_target;
use scim::Resource;
use scim::filter::FilterDialect;
use serde_json::{Value, json};

#[path = "../../crates/scim-filter-parser/tests/grammar/law.rs"]
mod law;

fuzz_target!(|text: &str| {
    law::check(text);
    for (resource, members) in both() {
        check(text, resource, members);
    }
});

fn check(text: &str, resource: &Resource, members: &[Value]) {
    let remove = json!({"op": "remove", "path": text});
    let strict = one(resource, &remove, FilterDialect::default());
    let Ok(request) = one(resource, &remove, LENIENT) else {
        assert!(strict.is_err(), "leniency refuses what is strict: {text:?}");
        return;
    };
    let again = one(resource, &remove, request.used).expect("what was used is enough");
    assert_eq!(again, request, "allowing less changes nothing: {text:?}");
    let Ok(outcome) = apply(&request, resource, members) else { return };
    check_document(resource, &outcome.document);
    let twice = apply(&request, &after(resource, &outcome), &members_after(members, &outcome));
    let twice = twice.unwrap_or_else(|error| panic!("{text:?} is removed once: {error}"));
    assert!(twice.is_empty(), "{text:?} is gone: {}", json!(outcome.document));
}
