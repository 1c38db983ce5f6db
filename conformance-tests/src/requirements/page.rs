//! Paging of lists by index (RFC 7644 §3.4.2.4).
use crate::{Level, encode, unique};
use std::collections::BTreeSet;

use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::shelf::Shelf;
use crate::support::{LIST, assert_only, values};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_page_01, r_page_02, r_page_03, r_page_04, r_page_05, r_page_06, r_page_07, r_page_08, r_page_09,
    r_page_10, r_page_11, r_page_12, r_page_13, r_page_14, r_page_15,
];

/// A list says that it is a `ListResponse` and counts in an integer.
fn r_page_01(run: &Run) {
    let list = Shelf::of(run, 2).page("");
    assert_eq!((&list["schemas"], &list["totalResults"]), (&json!([LIST]), &json!(2)), "{list}");
    assert!(list["totalResults"].is_u64(), "{list}");
}

/// `Resources` is there whenever something was found, be the page empty or not.
fn r_page_02(run: &Run) {
    let shelf = Shelf::of(run, 2);
    for (query, length) in [("", 2), ("count=1", 1), ("count=0", 0)] {
        let list = shelf.page(query);
        let may_be_missing = length == 0 && list["Resources"].is_null();
        run.at_most(Level::Should, || assert!(list["Resources"].is_array(), "{query}: {list}"));
        assert!(may_be_missing || list["Resources"].is_array(), "{query}: {list}");
        assert_eq!(size(&list), length, "{query}: {list}");
    }
    run.at_most(Level::Proj, || assert_eq!(size(&shelf.page("startIndex=9")), 0, "a page behind the end"));
}

/// A partial result says where it starts and how long it is.
fn r_page_03(run: &Run) {
    let list = Shelf::of(run, 3).page("startIndex=2&count=1");
    assert_eq!((&list["startIndex"], &list["itemsPerPage"]), (&json!(2), &json!(1)), "{list}");
    assert_eq!(size(&list), 1);
    assert_eq!(list["totalResults"], 3);
}

/// `startIndex` counts from 1, which is also its default.
fn r_page_04(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let (all, first, third) = (shelf.page(""), shelf.page("startIndex=1"), shelf.page("startIndex=3"));
    assert_eq!(all["Resources"], first["Resources"]);
    assert!(all.get("startIndex").is_none_or(|start| *start == 1), "{all}");
    assert_eq!(first["startIndex"], 1);
    assert_eq!((&third["startIndex"], size(&third)), (&json!(3), 1), "{third}");
    assert_eq!(third["Resources"][0], all["Resources"][2]);
}

/// A `startIndex` below 1 acts as 1.
fn r_page_05(run: &Run) {
    let shelf = Shelf::of(run, 2);
    for query in ["startIndex=0", "startIndex=-5"] {
        let list = shelf.page(query);
        assert_eq!((&list["startIndex"], size(&list)), (&json!(1), 2), "{query}: {list}");
    }
}

/// A page is never longer than `count`.
fn r_page_06(run: &Run) {
    let shelf = Shelf::of(run, 4);
    for count in 1..=5 {
        let list = shelf.page(&format!("count={count}"));
        assert!((1..=count).contains(&size(&list)), "count={count}: {list}");
    }
}

/// `count=0` shows nothing and counts everything.
fn r_page_07(run: &Run) {
    let list = Shelf::of(run, 3).page("count=0");
    assert_eq!((&list["totalResults"], size(&list)), (&json!(3), 0), "{list}");
}

/// A negative `count` acts as 0.
fn r_page_08(run: &Run) {
    let list = Shelf::of(run, 3).page("count=-3");
    assert_eq!((&list["totalResults"], size(&list)), (&json!(3), 0), "{list}");
}

/// Without `count`, or with a huge one, a page keeps to `filter.maxResults`.
fn r_page_09(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let config = shelf.scratch.read("/ServiceProviderConfig");
    let most = config["filter"]["maxResults"].as_u64().expect("an integer");
    for query in ["/Users", "/Groups", "/Users?count=1000000"] {
        let list = shelf.scratch.list(query);
        assert!(size(&list) as u64 <= most, "{query} shows more than {most}");
    }
    assert_eq!(size(&shelf.page("count=1000000")), 3);
}

/// A page behind the end is empty and counts truly.
fn r_page_10(run: &Run) {
    let shelf = Shelf::of(run, 2);
    for query in ["startIndex=3", "startIndex=1000", "startIndex=9000000000"] {
        let list = shelf.page(query);
        assert_eq!(list["Resources"], json!([]), "{query}: {list}");
        assert_eq!(list["totalResults"], 2, "{query}: {list}");
    }
}

/// What is no integer is refused with `invalidValue`.
fn r_page_11(run: &Run) {
    let scratch = run.shared();
    for name in ["count", "startIndex"] {
        for value in ["abc", "1.5", "9223372036854775808", "1e3", "%31%30x", "0x10"] {
            scratch.get(&format!("/Users?{name}={value}")).expect_error(400, &["invalidValue"]);
        }
    }
}

/// A walk over the pages meets everybody once and counts the same on each page.
fn r_page_12(run: &Run) {
    let shelf = Shelf::of(run, 7);
    let whole: BTreeSet<_> = values(&shelf.page("")["Resources"], "id").into_iter().collect();
    for step in [1, 2, 3] {
        let mut met = Vec::new();
        while met.len() < 7 {
            let list = shelf.page(&format!("startIndex={}&count={step}", met.len() + 1));
            assert_eq!(list["totalResults"], 7, "{list}");
            assert!(size(&list) > 0, "the walk stops early: {list}");
            met.extend(values(&list["Resources"], "id"));
        }
        assert_eq!(met.len(), 7, "somebody was met twice with pages of {step}");
        assert_eq!(met.into_iter().collect::<BTreeSet<_>>(), whole, "pages of {step}");
    }
}

/// `totalResults` counts the matches in one's own tenant: not the page, not the table.
fn r_page_13(run: &Run) {
    let scratch = run.shared();
    if let (Some(alone), Some(other)) = (run.fresh_if_any(), run.fresh_if_any()) {
        other.person(&json!({}));
        alone.person(&json!({}));
        assert_eq!(alone.total("/Users"), 1);
    }
    let marker = unique("marker");
    for title in ["in", "in", "out"] {
        scratch.person(&json!({ "title": title, "userType": marker }));
    }
    let total = |filter: &str| scratch.total(&format!("/Users?filter={}&count=1", encode(filter)));
    assert_eq!(total(&format!("userType eq \"{marker}\"")), 3);
    assert_eq!(total(&format!("userType eq \"{marker}\" and title eq \"in\"")), 2);
}

/// `attributes` and `excludedAttributes` shape every listed resource; `id` and `schemas` stay.
fn r_page_14(run: &Run) {
    let shelf = Shelf::of(run, 2);
    let resources = |query: &str| {
        let list = shelf.page(query);
        list["Resources"].as_array().cloned().unwrap_or_default()
    };
    let narrow = resources("attributes=nickName");
    assert_eq!(narrow.len(), 2);
    for resource in &narrow {
        assert_only(resource, &["nickName"]);
    }
    for resource in &resources("excludedAttributes=nickName,id,schemas") {
        assert!(resource.get("nickName").is_none(), "{resource}");
        for name in ["id", "userName", "userType"] {
            assert!(resource.get(name).is_some(), "{name} is missing in {resource}");
        }
        run.at_most(Level::Should, || assert!(resource.get("schemas").is_some(), "no schemas in {resource}"));
    }
}

/// A page of a hundred is given to whoever asks for it, and to whoever does not say.
fn r_page_15(run: &Run) {
    let scratch = run.fresh_if_any().unwrap_or_else(|| run.shared());
    for _ in 0..101 {
        scratch.person(&json!({}));
    }
    assert_eq!(size(&scratch.list("/Users?count=100")), 100);
    assert!(size(&scratch.list("/Users")) >= 100);
    assert!(scratch.total("/Users?count=100") >= 101);
}

fn size(list: &Value) -> usize {
    list["Resources"].as_array().map_or(0, Vec::len)
}
