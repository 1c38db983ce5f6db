//! Holds the tests against the list of requirements: each is tested under its name or stands below with a reason.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use conformance_tests::report;

/// The requirements: id, level, needed feature, one sentence, sections; the sentence is the test's doc comment.
const REQUIREMENTS: &str = include_str!("../requirements.tsv");

/// How many requirements each group has, so that none drops off the list unseen.
const GROUPS: [(&str, usize); 20] = [
    ("CREATE", 20),
    ("READ", 9),
    ("FILTER", 60),
    ("SORT", 12),
    ("PAGE", 15),
    ("CURSOR", 26),
    ("ATTR", 18),
    ("PUT", 22),
    ("PATCH", 71),
    ("DEL", 9),
    ("BULK", 38),
    ("SEARCH", 11),
    ("ETAG", 20),
    ("ERR", 21),
    ("SPC", 16),
    ("RT", 14),
    ("SCH", 16),
    ("USER", 33),
    ("GROUP", 14),
    ("ENT", 8),
];

/// What cannot be seen from outside, or not with the resource types of the RFC, and why.
const NOT_TESTABLE: &[(&str, &str)] = &[
    ("R-ATTR-11", "no attribute of the standard types is returned on request only"),
    ("R-CREATE-20", "no attribute of the standard types is returned on request only"),
    ("R-CURSOR-11", "a cursor is good for an hour; the server's own tests move the clock"),
    (
        "R-CURSOR-16",
        "the rights of a connection are its data alone, and a token that is revoked gets no page: R-CURSOR-15",
    ),
    (
        "R-CURSOR-18",
        "a page that is out of reach cannot be asked for without a cursor of another client: R-CURSOR-14",
    ),
    ("R-CURSOR-24", "a cursor is good for an hour; the server's own tests move the clock"),
    ("R-CURSOR-26", "a question of time, which `cargo xtask bench` measures"),
    ("R-ERR-06", "index paging serves every result, so that none is ever too large"),
    ("R-ERR-14", "no attribute is classed as sensitive"),
    ("R-ETAG-16", "there is no switch that demands If-Match"),
    ("R-FILTER-14", "no attribute of the standard types is a number"),
    ("R-FILTER-56", "no attribute is classed as sensitive"),
    ("R-GROUP-13", "a question of time, which `cargo xtask bench` measures at 10, 1,000 and 100,000 members"),
    ("R-PATCH-10", "PATCH is always supported; R-SPC-09 holds the configuration against it"),
    (
        "R-PUT-08",
        "an element of `members` with another value is another element, and nothing else is immutable",
    ),
    (
        "R-PUT-12",
        "a password is never shown and signs nobody in, so that nobody can tell whether it was kept",
    ),
    ("R-RT-06", "no resource type has an extension that is required"),
    ("R-RT-13", "there is no resource type of one's own making"),
    ("R-SEARCH-08", "logs cannot be seen over HTTP; the server's own tests look at them"),
    ("R-SEARCH-11", "the method QUERY is not offered"),
    ("R-USER-18", "how a password is stored cannot be seen over HTTP"),
    ("R-USER-19", "a password signs nobody in, so that its preparation cannot be seen"),
];

/// One line of the list.
struct Requirement {
    id: &'static str,
    sentence: &'static str,
}

/// One test as its source shows it.
struct Tested {
    id: String,
    function: String,
    sentence: String,
    file: String,
}

fn requirements() -> Vec<Requirement> {
    let rows = REQUIREMENTS.lines().skip(1).map(|line| {
        let cells: Vec<_> = line.split('\t').collect();
        let [id, level, _needs, sentence, section] = cells[..] else { panic!("not five cells: {line}") };
        assert!(["MUST", "SHOULD", "MAY", "PROJ"].contains(&level), "{id}: level {level:?}");
        assert!(sentence.ends_with('.') && !section.is_empty(), "{id}: no sentence or no section");
        Requirement { id, sentence }
    });
    rows.collect()
}

/// Every test of a requirement in the files of this folder, with its doc comment.
fn tested() -> Vec<Tested> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let entries = std::fs::read_dir(&folder).expect("the tests are beside this file");
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("readable").path()) {
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.extension().is_some_and(|extension| extension == "rs") && file.starts_with("rfc") {
            let source = std::fs::read_to_string(&path).expect("readable");
            found.extend(tests_of(&source, &file));
        }
    }
    found
}

fn tests_of(source: &str, file: &str) -> Vec<Tested> {
    let (mut found, mut sentence, mut function) = (Vec::new(), String::new(), String::new());
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            sentence = if sentence.is_empty() { text.to_owned() } else { format!("{sentence} {text}") };
        } else if let Some(name) = line.strip_prefix("fn ").and_then(|rest| rest.split('(').next()) {
            name.clone_into(&mut function);
        } else if let Some(id) = line.strip_prefix("requirement(\"").and_then(|rest| rest.split('"').next()) {
            let (id, function, file) = (id.to_owned(), std::mem::take(&mut function), file.to_owned());
            found.push(Tested { id, function, sentence: std::mem::take(&mut sentence), file });
        } else if line.is_empty() {
            sentence.clear();
        }
    }
    found
}

#[test]
fn every_requirement_is_tested_or_named_with_its_reason() {
    let tested: BTreeSet<_> = tested().into_iter().map(|test| test.id).collect();
    let named: BTreeMap<_, _> = NOT_TESTABLE.iter().copied().collect();
    for Requirement { id, .. } in requirements() {
        let (has_test, has_reason) = (tested.contains(id), named.contains_key(id));
        assert!(has_test || has_reason, "{id} is neither tested nor named as not testable");
        assert!(!(has_test && has_reason), "{id} is tested and named as not testable");
    }
    for (id, reason) in &named {
        assert!(requirements().iter().any(|one| one.id == *id), "{id} is no requirement of the list");
        report(&format!("not testable here: {id}: {reason}"));
    }
    report(&format!("{} requirements tested, {} not testable here", tested.len(), named.len()));
}

#[test]
fn every_test_bears_the_name_and_the_sentence_of_its_requirement() {
    let requirements: BTreeMap<_, _> = requirements().into_iter().map(|one| (one.id, one.sentence)).collect();
    let mut seen = BTreeSet::new();
    for Tested { id, function, sentence, file } in tested() {
        let listed =
            requirements.get(id.as_str()).unwrap_or_else(|| panic!("{file}: {id} is not on the list"));
        assert_eq!(function, id.to_lowercase().replace('-', "_"), "{file}: name of the test of {id}");
        assert_eq!(sentence, *listed, "{file}: sentence of {id}");
        assert!(seen.insert(id.clone()), "{file}: {id} is tested twice");
    }
}

#[test]
fn the_list_is_whole() {
    let requirements = requirements();
    for (group, count) in GROUPS {
        let expected: Vec<_> = (1..=count).map(|number| format!("R-{group}-{number:02}")).collect();
        let prefix = format!("R-{group}-");
        let mut listed: Vec<_> =
            requirements.iter().map(|one| one.id).filter(|id| id.starts_with(&prefix)).collect();
        listed.sort_unstable();
        assert_eq!(listed, expected);
    }
    assert_eq!(requirements.len(), GROUPS.iter().map(|(_, count)| count).sum::<usize>());
}
