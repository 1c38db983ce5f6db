//! Feeds any text to both parsers and holds them to the laws of the property tests.
#![no_main]

#[path = "../../tests/grammar/law.rs"]
mod law;

libfuzzer_sys::fuzz_target!(|text: &str| law::check(text));
