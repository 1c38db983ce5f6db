//! A client that reads a list page by page, by index, meets every resource that lives through the walk, whatever others do.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{Client, TestApp};

/// A list that is read page by page.
struct Walk<'c> {
    client: &'c Client,
    path: &'static str,
    /// The ids that it met, in their order.
    met: Vec<String>,
    ended: bool,
}

impl<'c> Walk<'c> {
    fn of(client: &'c Client, path: &'static str) -> Self {
        Self { client, path, met: Vec::new(), ended: false }
    }

    /// Reads the next page, as a client does that goes on while there are more results than it has met.
    async fn page(&mut self) -> Vec<String> {
        let before = self.met.len() as u64;
        let path = format!("{}startIndex={}&count=10", self.path, before + 1);
        let list = self.client.get(&path).await.expect(200).body;
        let resources = list["Resources"].as_array().expect("resources");
        let ids: Vec<String> =
            resources.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect();
        self.met.extend(ids.iter().cloned());
        let total = list["totalResults"].as_u64().expect("a number");
        assert!(total >= self.met.len() as u64, "{list}");
        assert_eq!(list["startIndex"], before + 1);
        self.ended = total == self.met.len() as u64;
        ids
    }

    async fn rest(&mut self) {
        while !self.ended {
            assert!(!self.page().await.is_empty(), "the walk goes on and finds nothing");
        }
    }

    /// Every one of these was met, and nobody twice.
    fn has_met(&self, living: &BTreeSet<String>) {
        let met: BTreeSet<String> = self.met.iter().cloned().collect();
        assert_eq!(met.len(), self.met.len(), "somebody was met twice");
        let lost: Vec<_> = living.difference(&met).collect();
        assert!(lost.is_empty(), "{} of {} were lost", lost.len(), living.len());
    }
}

async fn people(client: &Client, name: &str, count: usize) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for number in 0..count {
        ids.insert(client.user(&format!("{name}{number:03}")).await);
    }
    ids
}

/// The lists of a tenant with 45 users and 5 groups, each with what is taken out between two pages.
#[tokio::test]
async fn nobody_is_lost_while_others_delete_and_create() {
    for path in [
        "/Users?",
        "/Users?sortBy=userName&sortOrder=descending&",
        "/Users?filter=active%20eq%20true&sortBy=displayName&",
        "/?",
        "/?sortBy=meta.created&sortOrder=descending&",
    ] {
        let app = TestApp::open().await;
        let client = app.connection("generic").await;
        let mut living = people(&client, "m", 45).await;
        for number in 0..5 {
            let group = client.group(&format!("Group {number}"), &[]).await;
            if path.starts_with("/?") {
                living.insert(group);
            }
        }
        let mut walk = Walk::of(&client, path);
        for round in 0.. {
            let page = walk.page().await;
            for id in page.iter().take(4) {
                let kind =
                    if client.get(&format!("/Users/{id}")).await.status == 200 { "Users" } else { "Groups" };
                client.delete(&format!("/{kind}/{id}")).await.expect(204);
                living.remove(id);
            }
            people(&client, &format!("a{round}-"), 2).await;
            people(&client, &format!("z{round}-"), 1).await;
            if walk.ended || round == 20 {
                break;
            }
        }
        walk.rest().await;
        walk.has_met(&living);
    }
}

/// `totalResults` is what a client has met and what is left, so that it does not stop early.
#[tokio::test]
async fn the_total_is_what_was_met_and_what_is_left() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    people(&client, "m", 25).await;
    let mut walk = Walk::of(&client, "/Users?");
    for id in walk.page().await {
        client.delete(&format!("/Users/{id}")).await.expect(204);
    }
    let list = client.get("/Users?startIndex=11&count=10").await.expect(200).body;
    assert_eq!((&list["totalResults"], &list["itemsPerPage"]), (&Value::from(25), &Value::from(10)));
    let anew = client.get("/Users?count=10").await.expect(200).body;
    assert_eq!(anew["totalResults"], 15);
}

/// A page that is asked for again is the same page, also the last one; a walk that has ended is no part of the next one.
#[tokio::test]
async fn a_page_may_be_asked_for_again_and_the_next_walk_begins_anew() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let mut living = people(&client, "m", 25).await;
    let mut walk = Walk::of(&client, "/Users?");
    for id in walk.page().await.iter().take(5) {
        client.delete(&format!("/Users/{id}")).await.expect(204);
        living.remove(id);
    }
    for path in ["/Users?startIndex=11&count=10", "/Users?startIndex=21&count=10"] {
        let first = client.get(path).await.expect(200).body;
        assert_eq!(client.get(path).await.expect(200).body, first, "{path}");
    }
    let mut again = Walk::of(&client, "/Users?");
    again.rest().await;
    again.has_met(&living);
}

/// Two clients of one connection that make the same walk both meet everybody; another connection has walks of its own.
#[tokio::test]
async fn two_walks_at_the_same_time_lose_nobody() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let mut living = people(&client, "m", 40).await;
    let (mut one, mut other) = (Walk::of(&client, "/Users?"), Walk::of(&client, "/Users?"));
    for id in one.page().await.iter().take(6) {
        client.delete(&format!("/Users/{id}")).await.expect(204);
        living.remove(id);
    }
    other.page().await;
    one.page().await;
    one.rest().await;
    other.rest().await;
    for walk in [&one, &other] {
        let met: BTreeSet<String> = walk.met.iter().cloned().collect();
        assert!(living.is_subset(&met), "{:?}", living.difference(&met));
    }
    let stranger = app.connection("generic").await;
    people(&stranger, "s", 12).await;
    assert_eq!(stranger.get("/Users?startIndex=11&count=10").await.expect(200).body["itemsPerPage"], 2);
}

/// A place is remembered for ten minutes, and old places do not stay.
#[tokio::test]
async fn a_place_is_forgotten_after_ten_minutes() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    people(&client, "m", 25).await;
    let mut walk = Walk::of(&client, "/Users?");
    for id in walk.page().await {
        client.delete(&format!("/Users/{id}")).await.expect(204);
    }
    let second = "/Users?startIndex=11&count=10";
    assert_eq!(client.get(second).await.expect(200).body["itemsPerPage"], 10);
    app.clock.advance(TimeDelta::minutes(11));
    assert_eq!(client.get(second).await.expect(200).body["itemsPerPage"], 5);
    assert_eq!(client.get("/Users?startIndex=99&count=10").await.expect(200).body["totalResults"], 15);
}

/// A root search is read by cursor as well (RFC 9865), forwards and back.
#[tokio::test]
async fn a_search_over_all_types_is_read_by_cursor() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let mut living = people(&client, "m", 12).await;
    living.insert(client.group("Group", &[]).await);
    for sort in ["", "&sortBy=meta.created&sortOrder=descending", "&sortBy=userName"] {
        let (mut met, mut cursor, mut pages) = (BTreeSet::new(), String::new(), Vec::new());
        loop {
            let list = client.get(&format!("/?count=5{sort}&cursor={cursor}")).await.expect(200).body;
            let ids = list["Resources"].as_array().expect("resources").iter();
            met.extend(ids.map(|one| one["id"].as_str().expect("an id").to_owned()));
            let next = list["nextCursor"].as_str().map(str::to_owned);
            pages.push(list);
            match next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        assert_eq!((pages.len(), &met), (3, &living), "{sort}");
        let previous = pages[2]["previousCursor"].as_str().expect("a cursor");
        let back = client.get(&format!("/?count=5{sort}&cursor={previous}")).await.expect(200).body;
        assert_eq!(back["Resources"], pages[1]["Resources"], "{sort}");
    }
}

/// Two clients that make the same walk both meet every resource, and neither moves the place of the other.
#[tokio::test]
async fn two_walks_of_one_list_lose_nobody() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let mut living = people(&client, "m", 45).await;
    let (mut one, mut other) = (Walk::of(&client, "/Users?"), Walk::of(&client, "/Users?"));
    one.page().await;
    other.page().await;
    let page = one.page().await;
    client.delete(&format!("/Users/{}", page[0])).await.expect(204);
    living.remove(&page[0]);
    other.page().await;
    one.rest().await;
    other.rest().await;
    for walk in [one, other] {
        let met: BTreeSet<String> = walk.met.iter().cloned().collect();
        assert!(living.is_subset(&met), "{:?} were lost", living.difference(&met).count());
    }
}

/// A walk that was left is no part of another one a minute later.
#[tokio::test]
async fn a_walk_that_was_left_bends_no_other_walk() {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let mut living = people(&client, "m", 60).await;
    for id in Walk::of(&client, "/Users?").page().await {
        client.delete(&format!("/Users/{id}")).await.expect(204);
        living.remove(&id);
    }
    app.clock.advance(TimeDelta::seconds(90));
    let mut walk = Walk::of(&client, "/Users?");
    walk.rest().await;
    walk.has_met(&living);
    assert_eq!(walk.met.len(), 50);
}
