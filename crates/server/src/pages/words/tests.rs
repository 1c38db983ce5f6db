//! The files of words: each says everything, with the same slots.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::phrase::slots_of;
use super::*;

/// Each sentence of a file under its place.
fn sentences(text: &str) -> BTreeMap<String, String> {
    fn walk(place: &str, value: &Value, found: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| walk(&format!("{place}.{name}"), value, found));
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(n, value)| walk(&format!("{place}.{n}"), value, found));
            }
            other => {
                found.insert(place.to_owned(), other.as_str().expect("words are text").to_owned());
            }
        }
    }
    let source = File::from_str(text, FileFormat::Toml);
    let value: Value =
        Config::builder().add_source(source).build().and_then(Config::try_deserialize).expect("a table");
    let mut found = BTreeMap::new();
    walk("", &value, &mut found);
    found
}

#[test]
fn every_language_says_the_same_with_the_same_slots() {
    let first = sentences(FILES[0].1);
    assert!(first.len() > 50, "the words were not read");
    for (code, text) in FILES {
        let words = sentences(text);
        assert_eq!(words.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>(), "{code}");
        for (place, sentence) in &words {
            let sorted = |sentence| {
                let mut slots = slots_of(sentence);
                slots.sort_unstable();
                slots
            };
            assert_eq!(sorted(sentence), sorted(&first[place]), "{code}{place}");
            assert_eq!(sentence.matches('*').count() % 2, 0, "{code}{place}");
            assert_eq!(sentence.trim(), sentence, "{code}{place}");
            assert!(!sentence.is_empty() && !sentence.contains('!'), "{code}{place}: {sentence}");
        }
    }
}

#[test]
fn every_language_can_be_loaded_and_is_found_by_its_code() {
    for (code, _) in FILES {
        assert_eq!(language(&code.to_uppercase()).expect("it is there").code, *code);
    }
    assert_eq!(default_language().code, "en");
    assert!(language("xx").is_none());
}

#[test]
fn days_are_written_as_each_language_does() {
    let day = NaiveDate::from_ymd_opt(2026, 12, 9).expect("a day");
    let written: Vec<String> = languages().iter().map(|language| language.words.day(day)).collect();
    assert_eq!(written, ["9 December 2026", "9. Dezember 2026"]);
}

#[test]
fn spans_are_rounded_up_and_never_nothing() {
    for (milliseconds, expected) in [
        (-5, "1 s"),
        (0, "1 s"),
        (24_001, "25 s"),
        (99_000, "99 s"),
        (100_000, "2 min"),
        (600_000, "10 min"),
        (600_001, "11 min"),
        (5_999_000, "100 min"),
        (6_000_000, "2 h"),
        (86_400_000, "24 h"),
    ] {
        assert_eq!(span(TimeDelta::milliseconds(milliseconds)), expected);
    }
}
