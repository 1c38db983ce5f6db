//! Every language is complete, and says the same with the same variables.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::NaiveDate;

use super::Language;
use crate::guard::{self, Token};
use crate::sections::Sections;
use crate::{Kind, names};

#[test]
fn every_folder_is_a_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let folders: BTreeSet<String> = entries
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let languages: BTreeSet<String> =
        Language::ALL.iter().map(|language| language.as_str().to_owned()).collect();
    assert_eq!(folders, languages, "a folder without its line in Language::ALL, or the other way round");
}

#[test]
fn every_file_has_its_sections_and_every_language_the_same_variables() {
    for kind in Kind::ALL {
        for language in Language::ALL.iter().copied() {
            for ((name, ours), (_, first)) in
                sections(language, kind).into_iter().zip(sections(Language::DEFAULT, kind))
            {
                let place = format!("{language} {kind} {name}");
                assert!(!ours.trim().is_empty(), "{place} is missing or empty");
                assert_eq!(used(ours), used(first), "{place} against {}", Language::DEFAULT);
                let tags = guard::tags(ours).unwrap();
                assert_eq!(names::check(kind, &tags), Ok(()), "{place}");
            }
        }
    }
}

#[test]
fn every_language_has_every_word() {
    let keys = |language: Language| -> Vec<&str> {
        language.0.words.lines().map(|line| line.split_once(" = ").expect("key = word").0).collect()
    };
    for language in Language::ALL.iter().copied() {
        assert_eq!(keys(language), keys(Language::DEFAULT), "{language}");
        assert_eq!(language.word("months").split(' ').count(), 12, "{language}");
        for key in keys(language) {
            assert!(!language.word(key).trim().is_empty(), "{language} {key}");
            assert_eq!(used(language.word(key)), used(Language::DEFAULT.word(key)), "{language} {key}");
            assert!(guard::tags(language.word(key)).is_ok(), "{language} {key}");
        }
        let (html, text) = language.help();
        let (first_html, first_text) = Language::DEFAULT.help();
        assert_eq!((used(html), used(text)), (used(first_html), used(first_text)), "{language}");
        assert!(!html.trim().is_empty() && !text.trim().is_empty(), "{language}");
    }
}

#[test]
fn the_best_language_is_found_for_whatever_is_asked() {
    for (wanted, best) in [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_ch", "de"),
        ("en-GB", "en"),
        ("fr", "en"),
        ("", "en"),
        ("fr, de;q=0.8, en;q=0.7", "de"),
        ("en;q=0.3,de;q=0.9", "de"),
        ("de, en", "de"),
        ("de;q=0, en;q=0.1", "en"),
        ("de;q=0", "en"),
        ("*", "en"),
        ("de;q=x", "en"),
        (";;;,,,=\u{0}", "en"),
        ("den", "en"),
        ("de;q=nan", "en"),
    ] {
        assert_eq!(Language::best(wanted).as_str(), best, "{wanted:?}");
    }
}

#[test]
fn dates_and_numbers_are_written_in_the_language() {
    let day = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
    let last = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap();
    let [en, de] = ["en", "de"].map(|tag| tag.parse::<Language>().unwrap());
    assert_eq!([en.date(day), de.date(day)], ["9 March 2026", "9. März 2026"]);
    assert_eq!([en.date(last), de.date(last)], ["31 December 2026", "31. Dezember 2026"]);
    for (number, english, german) in [
        (0, "0", "0"),
        (999, "999", "999"),
        (1_000, "1,000", "1.000"),
        (20_000_000, "20,000,000", "20.000.000"),
    ] {
        assert_eq!([en.number(number), de.number(number)], [english, german]);
    }
    assert_eq!([en.name(), de.name()], ["English", "Deutsch"]);
    assert_eq!(
        "fr".parse::<Language>().unwrap_err().to_string(),
        "there is no language “fr”: the languages are en, de"
    );
}

fn sections(language: Language, kind: Kind) -> [(&'static str, &'static str); 6] {
    let ours = Sections::of(language, kind);
    [
        ("subject", ours.subject),
        ("preheader", ours.preheader),
        ("html", ours.html),
        ("html foot", ours.html_foot),
        ("text", ours.text),
        ("text foot", ours.text_foot),
    ]
}

/// The words between the braces of a template.
fn used(source: &str) -> BTreeSet<&str> {
    let tags = guard::tags(source).unwrap();
    let words = tags.iter().flat_map(|tag| &tag.tokens).filter_map(|token| match token {
        Token::Word(word) => Some(*word),
        _ => None,
    });
    // A language may say something else about one than about many.
    words.filter(|word| !["else", "1"].contains(word)).collect()
}
