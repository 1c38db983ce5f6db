//! Paging of lists by cursor (RFC 9865).
use crate::Target;
use crate::requirements::{Test, tests};
use crate::run::Run;
use crate::support::shelf::Shelf;
use crate::support::{SEARCH, id_of, path_of, values, with};
use serde_json::{Value, json};

/// The tests of this file.
pub(super) const TESTS: &[Test] = tests![
    r_cursor_01,
    r_cursor_02,
    r_cursor_03,
    r_cursor_04,
    r_cursor_05,
    r_cursor_06,
    r_cursor_07,
    r_cursor_08,
    r_cursor_09,
    r_cursor_10,
    r_cursor_12,
    r_cursor_13,
    r_cursor_14,
    r_cursor_15,
    r_cursor_17,
    r_cursor_19,
    r_cursor_20,
    r_cursor_21,
    r_cursor_22,
    r_cursor_23,
    r_cursor_25,
];

/// Every page of a walk, from the first one on.
fn walk(shelf: &Shelf, query: &str) -> Vec<Value> {
    let mut pages = vec![shelf.page(&format!("{query}&cursor"))];
    while let Some(next) = pages.last().and_then(|page| page["nextCursor"].as_str()) {
        assert!(pages.len() <= 100, "the walk does not end");
        pages.push(shelf.page(&format!("{query}&cursor={next}")));
    }
    pages
}

/// The cursor of the page behind the first two.
fn second(shelf: &Shelf) -> String {
    let page = shelf.page("count=2&cursor=");
    page["nextCursor"].as_str().unwrap_or_else(|| panic!("no nextCursor in {page}")).to_owned()
}

fn ids(page: &Value) -> Vec<String> {
    let all = page["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|one| id_of(one).to_owned()).collect()
}

fn seen(pages: &[Value]) -> Vec<String> {
    pages.iter().flat_map(ids).collect()
}

/// An empty cursor, with or without a sign of equality, begins a walk.
fn r_cursor_01(run: &Run) {
    let shelf = Shelf::of(run, 3);
    for query in ["cursor&count=2", "count=2&cursor="] {
        let page = shelf.page(query);
        assert_eq!((ids(&page).len(), &page["totalResults"]), (2, &json!(3)), "{page}");
        assert!(page["nextCursor"].is_string(), "{page}");
    }
}

/// Every page but the last one names the next.
fn r_cursor_02(run: &Run) {
    for size in [3, 4] {
        let pages = walk(&Shelf::of(run, size), "count=2");
        assert_eq!(pages.len(), 2, "{pages:?}");
        assert!(pages[0]["nextCursor"].is_string() && pages[1].get("nextCursor").is_none(), "{pages:?}");
    }
}

/// A previous cursor leads to the page before, and the first page has none.
fn r_cursor_03(run: &Run) {
    let shelf = Shelf::of(run, 5);
    let pages = walk(&shelf, "count=2");
    assert!(pages[0].get("previousCursor").is_none(), "{pages:?}");
    let mut page = pages[2].clone();
    for expected in [&pages[1], &pages[0]] {
        let Some(previous) = page["previousCursor"].as_str() else { return };
        page = shelf.page(&format!("count=2&cursor={previous}"));
        assert_eq!(ids(&page), ids(expected));
        assert!(page["nextCursor"].is_string(), "{page}");
    }
    assert!(page.get("previousCursor").is_none(), "{page}");
}

/// Cursors are made of characters that a URL takes as they are.
fn r_cursor_04(run: &Run) {
    let cursor = second(&Shelf::of(run, 3));
    let unreserved = |letter: char| letter.is_ascii_alphanumeric() || "-._~".contains(letter);
    assert!(!cursor.is_empty() && cursor.chars().all(unreserved), "{cursor}");
}

/// A walk sees every resource once.
fn r_cursor_05(run: &Run) {
    let shelf = Shelf::of(run, 7);
    for count in [1, 2, 3, 7, 50] {
        let mut found = seen(&walk(&shelf, &format!("count={count}")));
        found.sort();
        let mut all = shelf.ids.clone();
        all.sort();
        assert_eq!(found, all, "count={count}");
    }
}

/// What stays is seen once, while others come and go.
fn r_cursor_06(run: &Run) {
    let mut shelf = Shelf::of(run, 6);
    let first = shelf.page("count=2&cursor");
    let gone = ids(&first);
    for id in &gone {
        shelf.scratch.delete(&format!("/Users/{id}")).expect_status(204);
    }
    shelf.add(&json!({ "nickName": "later" }));
    let mut found = gone.clone();
    let mut next = first["nextCursor"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let page = shelf.page(&format!("count=2&cursor={cursor}"));
        found.extend(ids(&page));
        next = page["nextCursor"].as_str().map(str::to_owned);
    }
    for id in &shelf.ids[..6] {
        assert_eq!(found.iter().filter(|seen| *seen == id).count(), 1, "{id} in {found:?}");
    }
}

/// The number of resources is a limit: less than none is none, and none asks for the total.
fn r_cursor_07(run: &Run) {
    let shelf = Shelf::of(run, 3);
    for (query, size) in [("count=2", 2), ("count=0", 0), ("count=-1", 0)] {
        let page = shelf.page(&format!("{query}&cursor"));
        assert_eq!((ids(&page).len(), &page["totalResults"]), (size, &json!(3)), "{query}: {page}");
    }
}

/// A total that is told is the same on every page.
fn r_cursor_08(run: &Run) {
    let totals: Vec<Value> =
        walk(&Shelf::of(run, 3), "count=1").iter().map(|it| it["totalResults"].clone()).collect();
    assert!(totals.iter().all(|total| total.is_null() || *total == 3), "{totals:?}");
}

/// A page of a walk says how long it is, and not where it begins.
fn r_cursor_09(run: &Run) {
    for page in walk(&Shelf::of(run, 3), "count=2") {
        assert_eq!(page["itemsPerPage"], ids(&page).len(), "{page}");
        assert!(page.get("startIndex").is_none(), "{page}");
    }
}

/// A cursor that was changed, cut or made up is refused.
fn r_cursor_10(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let cursor = second(&shelf);
    let swapped = if cursor.ends_with('A') { 'B' } else { 'A' };
    let changed = format!("{}{swapped}", &cursor[..cursor.len() - 1]);
    for wrong in [&changed, &cursor[..cursor.len() / 2], "VZUTiyhEQJ94IR", "0", "~", &"A".repeat(5_000)] {
        shelf
            .scratch
            .get(&shelf.path(&format!("count=2&cursor={wrong}")))
            .expect_error(400, &["invalidCursor"]);
    }
}

/// The number of resources stays what it was, and is a number.
fn r_cursor_12(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let cursor = second(&shelf);
    for wrong in
        [format!("count=1&cursor={cursor}"), "count=x&cursor".to_owned(), "count=1.5&cursor=".to_owned()]
    {
        shelf.scratch.get(&shelf.path(&wrong)).expect_error(400, &["invalidCount"]);
    }
    assert_eq!(ids(&shelf.page(&format!("cursor={cursor}"))).len(), 1, "without a count it is what it was");
}

/// A cursor is good for the query that it is of, and for no other.
fn r_cursor_13(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let cursor = second(&shelf);
    for other in [
        format!("/Users?count=2&cursor={cursor}"),
        format!("/Groups?count=2&cursor={cursor}"),
        shelf.path(&format!("count=2&sortBy=nickName&cursor={cursor}")),
        shelf.path(&format!("count=2&sortBy=id&sortOrder=descending&cursor={cursor}")),
    ] {
        shelf.scratch.get(&other).expect_error(400, &["invalidCursor"]);
    }
}

/// A cursor of somebody else is like one that was made up.
fn r_cursor_14(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let path = shelf.path(&format!("count=2&cursor={}", second(&shelf)));
    let other: Target = run.sibling();
    let foreign = other.get(&path).expect_error(400, &["invalidCursor"]).json();
    let made_up =
        other.get(&shelf.path("count=2&cursor=made-up")).expect_error(400, &["invalidCursor"]).json();
    assert_eq!(foreign, made_up);
}

/// Rights are looked at for each page.
fn r_cursor_15(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let path = shelf.path(&format!("count=2&cursor={}", second(&shelf)));
    shelf.scratch.request("GET", &path).token("nothing").send().expect_error(401, &[]);
    shelf.scratch.request("GET", &path).no_auth().send().expect_error(401, &[]);
}

/// A cursor shows nothing of the place that it names.
fn r_cursor_17(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let (one, two) = (second(&shelf), second(&shelf));
    assert_ne!(one, two, "the same place has two cursors");
    for id in &shelf.ids {
        assert!(!one.contains(&id.replace('-', "")) && !one.contains(id.as_str()), "{one}");
    }
}

/// A walk with a sort goes in its order, forwards and backwards.
fn r_cursor_19(run: &Run) {
    let shelf = Shelf::of(run, 5);
    shelf.scratch.person(&json!({ "userType": shelf.marker }));
    for (query, backwards) in [("sortBy=nickName", false), ("sortBy=nickName&sortOrder=descending", true)] {
        let whole = ids(&shelf.page(&format!("{query}&count=50")));
        assert_eq!(whole.len(), 6);
        let pages = walk(&shelf, &format!("{query}&count=2"));
        assert_eq!(seen(&pages), whole, "{query}");
        let mut nicks = values(&shelf.page(query)["Resources"], "nickName");
        nicks.dedup();
        assert_eq!(nicks.len(), 5);
        let unnamed = whole.iter().position(|id| !shelf.ids.contains(id));
        assert_eq!(unnamed, Some(if backwards { 0 } else { 5 }), "{query}");
        let previous = pages[2]["previousCursor"].as_str().expect("a page before");
        let page = shelf.page(&format!("{query}&count=2&cursor={previous}"));
        assert_eq!(ids(&page), ids(&pages[1]), "{query}");
    }
}

/// Without a cursor and without an index the default of the configuration applies.
fn r_cursor_20(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let pagination = shelf.scratch.read("/ServiceProviderConfig")["pagination"].clone();
    let page = shelf.page("count=2");
    let by_cursor = pagination["defaultPaginationMethod"] == "cursor";
    assert_eq!(page["nextCursor"].is_string(), by_cursor, "{pagination}: {page}");
    assert_eq!(pagination["cursor"], true, "{pagination}");
}

/// A service that had pages by index keeps them as the default.
fn r_cursor_21(run: &Run) {
    let scratch = run.shared();
    let pagination = scratch.read("/ServiceProviderConfig")["pagination"].clone();
    assert_eq!(
        (&pagination["index"], &pagination["defaultPaginationMethod"]),
        (&json!(true), &json!("index"))
    );
}

/// A cursor and an index exclude each other.
fn r_cursor_22(run: &Run) {
    let shelf = Shelf::of(run, 1);
    for query in ["cursor&startIndex=1", "startIndex=2&cursor="] {
        shelf.scratch.get(&shelf.path(query)).expect_error(400, &["invalidValue"]);
    }
}

/// A search in a body walks as well.
fn r_cursor_23(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let wish =
        json!({ "schemas": [SEARCH], "filter": format!("userType eq \"{}\"", shelf.marker), "count": 2 });
    let search = |cursor: &str| {
        let body = with(&wish, &json!({ "cursor": cursor }));
        shelf.scratch.post("/Users/.search", &body).expect_status(200).json()
    };
    let first = search("");
    let next = search(first["nextCursor"].as_str().unwrap_or_else(|| panic!("{first}")));
    assert_eq!((ids(&first).len(), ids(&next).len(), next.get("nextCursor")), (2, 1, None), "{next}");
    let wrong = with(&wish, &json!({ "cursor": 5 }));
    shelf.scratch.post("/Users/.search", &wrong).expect_error(400, &["invalidSyntax"]);
}

/// A cursor whose resource is gone leads on from its place.
fn r_cursor_25(run: &Run) {
    let shelf = Shelf::of(run, 3);
    let first = shelf.page("count=2&cursor");
    let last = first["Resources"][1].clone();
    shelf.scratch.delete(&path_of(&last)).expect_status(204);
    let cursor = first["nextCursor"].as_str().expect("a cursor");
    for _ in 0..2 {
        let page = shelf.page(&format!("count=2&cursor={cursor}"));
        assert_eq!(ids(&page), [shelf.ids[2].clone()], "nothing is kept for a cursor: it may come again");
    }
}
