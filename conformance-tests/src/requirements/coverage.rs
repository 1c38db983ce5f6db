//! Holds the tests against the list of requirements: each is tested under its name or stands in `COVERAGE.md` with why not.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::all;
use crate::requirement::{Requirement, group_of, requirements};

const COVERAGE: &str = include_str!("../../COVERAGE.md");

/// How many requirements each group has, so that none drops off the list unseen.
const GROUPS: [(&str, usize); 29] = [
    ("SCHEMA", 35),
    ("COMMON", 28),
    ("USER", 33),
    ("GROUP", 14),
    ("ENT", 8),
    ("SPC", 16),
    ("RT", 14),
    ("SCH", 16),
    ("CREATE", 20),
    ("READ", 9),
    ("FILTER", 60),
    ("SORT", 12),
    ("PAGE", 15),
    ("CURSOR", 26),
    ("ATTR", 18),
    ("SEARCH", 11),
    ("PUT", 22),
    ("PATCH", 71),
    ("DEL", 9),
    ("BULK", 38),
    ("ETAG", 20),
    ("ME", 9),
    ("ERR", 21),
    ("HTTP", 28),
    ("TEN", 9),
    ("SEC", 26),
    ("ASYNC", 16),
    ("EVT", 34),
    ("DEV", 11),
];

fn listed() -> Vec<Requirement> {
    requirements().expect("the table can be read")
}

/// Every id that there is.
fn ids() -> BTreeSet<String> {
    let ids = GROUPS.iter().flat_map(|(group, count)| (1..=*count).map(move |n| format!("R-{group}-{n:02}")));
    ids.collect()
}

/// Ids of `COVERAGE.md` with their reasons; a line `R-X-01 to R-X-09` stands for nine.
fn excused() -> BTreeMap<String, &'static str> {
    let rows = COVERAGE.lines().filter_map(|line| line.strip_prefix("| R-"));
    let mut excused = BTreeMap::new();
    for row in rows {
        let cells: Vec<_> = row.trim_end_matches(" |").splitn(2, " | ").collect();
        let [which, reason] = cells[..] else { panic!("not two cells: {row}") };
        let (first, last) = which.split_once(" to R-").unwrap_or((which, which));
        let number = |id: &str| id.rsplit('-').next().and_then(|digits| digits.parse::<usize>().ok());
        let (Some(from), Some(to)) = (number(first), number(last)) else { panic!("no id: {which}") };
        assert_eq!(group_of(&format!("R-{first}")), group_of(&format!("R-{last}")), "{which}: one group");
        for n in from..=to {
            let id = format!("R-{}-{n:02}", group_of(&format!("R-{first}")));
            assert!(!reason.is_empty() && excused.insert(id, reason).is_none(), "{row}: twice, or no reason");
        }
    }
    excused
}

/// One test as its source shows it: name of the function, doc comment, file.
fn sources() -> Vec<(String, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/requirements");
    let entries = std::fs::read_dir(&folder).expect("the tests are beside this file");
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("readable").path()) {
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let source = std::fs::read_to_string(&path).expect("readable");
        let mut sentence = String::new();
        for line in source.lines() {
            if let Some(text) = line.strip_prefix("/// ") {
                sentence = if sentence.is_empty() { text.to_owned() } else { format!("{sentence} {text}") };
            } else if let Some((name, _)) =
                line.strip_prefix("fn ").and_then(|rest| rest.split_once("(run: &Run)"))
            {
                found.push((name.to_owned(), std::mem::take(&mut sentence), file.clone()));
            } else {
                sentence.clear();
            }
        }
    }
    found
}

#[test]
fn every_requirement_is_tested_or_stands_in_coverage_md() {
    let tested: BTreeSet<_> = all().map(super::Test::id).filter(|id| id.starts_with("R-")).collect();
    let excused = excused();
    for id in ids() {
        let (has_test, has_reason) = (tested.contains(&id), excused.contains_key(&id));
        assert!(has_test || has_reason, "{id} has no test and does not stand in COVERAGE.md");
        assert!(!(has_test && has_reason), "{id} has a test and stands in COVERAGE.md");
    }
    let known = ids();
    for id in tested.iter().chain(excused.keys()) {
        assert!(known.contains(id), "{id} is no requirement");
    }
}

#[test]
fn every_test_bears_the_sentence_of_its_requirement() {
    let sources = sources();
    let mut rows: BTreeMap<_, _> = listed().into_iter().map(|one| (one.id, one.sentence)).collect();
    for profile in crate::profile::names() {
        let of_profile = crate::profile::requirements_of(profile).expect("the profiles can be read");
        rows.extend(of_profile.into_iter().map(|one| (one.id, one.sentence)));
    }
    let mut seen = BTreeSet::new();
    for test in all() {
        let id = test.id();
        let listed = rows.get(id.as_str()).unwrap_or_else(|| panic!("{id} is in no table"));
        let source = sources.iter().find(|(name, ..)| name == test.name);
        let (_, sentence, file) = source.unwrap_or_else(|| panic!("{id}: the source has no such function"));
        assert_eq!(sentence, listed, "{file}: sentence of {id}");
        assert!(seen.insert(id.clone()), "{file}: {id} is tested twice");
    }
}

#[test]
fn the_table_is_in_order() {
    assert_eq!(ids().len(), 649);
    let listed = listed();
    let unique: BTreeSet<_> = listed.iter().map(|one| one.id).collect();
    assert_eq!(unique.len(), listed.len(), "no id stands in the table twice");
    for one in &listed {
        assert!(ids().contains(one.id), "{} is no requirement", one.id);
        assert!(one.sentence.ends_with('.') && !one.section.is_empty(), "{}: sentence and section", one.id);
    }
}

#[test]
fn what_is_expected_to_fail_has_a_test() {
    let tested: BTreeSet<_> = all().map(super::Test::id).collect();
    let expected = crate::ExpectedFailures::of_this_suite();
    for id in expected.ids().filter(|id| id.starts_with("R-")) {
        assert!(tested.contains(id), "{id} in expected-failures.txt has no test");
    }
}
