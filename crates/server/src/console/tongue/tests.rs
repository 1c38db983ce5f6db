//! Sentences and their translations: none is missing, none is left over, and the slots are the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::pages::phrase::slots_of;
use crate::pages::words::languages;

use super::*;

/// The text of every file below a folder with this ending, tests left out.
fn texts(folder: &Path, ending: &str) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            all.push_str(&texts(&path, ending));
        } else if name.ends_with(ending) && name != "tests.rs" && name != "in_browser.rs" {
            let text = fs::read_to_string(&path).expect("a text");
            all.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
        }
    }
    all
}

/// The sentences that templates say by their own words.
fn said(templates: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for before in [".t(\"", ".say(\"", ".say2(\"", ".label(\""] {
        let after = templates.split(before).skip(1);
        all.extend(after.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    for rest in templates.split(".count(").skip(1) {
        let call = rest.split(") }}").next().unwrap_or_default();
        all.extend(call.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    all
}

#[test]
fn every_sentence_of_the_console_is_translated_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let templates = texts(&root.join("templates/console"), ".html");
    let code = texts(&root.join("src/console"), ".rs");
    let said = said(&templates);
    assert!(said.len() > 200, "the templates were not read");
    for (language, words) in TONGUES.iter() {
        // A word that is the same in both languages need not stand in the file.
        let missing: Vec<&String> =
            said.iter().filter(|sentence| !words.contains_key(*sentence) && sentence.contains(' ')).collect();
        assert!(missing.is_empty(), "{language} lacks {missing:#?}");
        let unknown: Vec<&String> = words
            .keys()
            .filter(|sentence| {
                !templates.contains(&format!("\"{sentence}\"")) && !code.contains(&format!("\"{sentence}\""))
            })
            .filter(|sentence| {
                !["owner", "administrator", "help-desk", "auditor"].contains(&sentence.as_str())
            })
            .collect();
        assert!(unknown.is_empty(), "{language} has {unknown:#?}, which nothing says");
        for (english, other) in words {
            let sorted = |sentence| {
                let mut slots = slots_of(sentence);
                slots.sort_unstable();
                slots
            };
            assert_eq!(sorted(english), sorted(other), "{english}");
            assert_eq!(english.matches('*').count(), other.matches('*').count(), "{english}");
        }
    }
}

#[test]
fn numbers_and_times_are_said_as_in_the_language() {
    let tongue =
        |code: &str| Tongue::new(languages().iter().find(|known| known.code == code).expect("a language"));
    let (en, de) = (tongue("en"), tongue("de"));
    for (number, english, german) in
        [(0, "0", "0"), (999, "999", "999"), (1_412, "1,412", "1.412"), (1_000_000, "1,000,000", "1.000.000")]
    {
        assert_eq!((en.number(number).as_str(), de.number(number).as_str()), (english, german));
    }
    assert_eq!(en.count(1, "1 user", "{n} users"), "1 user");
    assert_eq!(de.count(2_000, "1 user", "{n} users"), "2.000 Benutzer");
    let now: DateTime<Utc> = "2026-11-20T14:30:00Z".parse().expect("an instant");
    let zone: Zone = "Europe/Berlin".parse().expect("a zone");
    for (at, english, german) in [
        ("2026-11-20T14:29:30Z", "just now", "gerade eben"),
        ("2026-11-20T14:29:00Z", "1 min ago", "vor 1 Min."),
        ("2026-11-20T12:10:00Z", "2 h ago", "vor 2 Std."),
        ("2026-10-03T14:20:00Z", "3 Oct, 16:20", "3. Okt, 16:20"),
        ("2025-03-01T23:30:00Z", "2 Mar 2025, 00:30", "2. März 2025, 00:30"),
        ("2026-11-21T14:30:00Z", "21 Nov, 15:30", "21. Nov, 15:30"),
    ] {
        let at = at.parse().expect("an instant");
        assert_eq!(en.when(at, now, zone), english);
        assert_eq!(de.when(at, now, zone), german);
    }
}
