//! What administrators are told by mail about pools: that one ends, and that one is full (O-11).

use chrono::TimeDelta;
use operations::consequences::Agreed;
use operations::pools::{self, Change};
use operations::{mail, tenants};

use crate::support::TestApp;

/// A tenant with an administrator who gets alerts.
async fn site() -> TestApp {
    let app = TestApp::open().await;
    app.owner("owner", None).await;
    app
}

async fn pool(app: &TestApp, seats: u32, policy: &str, expires: Option<&str>) {
    let (name, policy, expires) = ("Vault".to_owned(), policy.to_owned(), expires.map(str::to_owned));
    app.pool_of(pools::New { name, seats, policy, expires, ..pools::New::default() }).await;
}

async fn change(app: &TestApp, change: Change) {
    let operator = app.admin.operator("pool update");
    pools::update(app.admin.db(), &operator, "Vault", &change, Agreed::Anything).await.expect("changed");
}

async fn expire(app: &TestApp, day: &str) {
    change(app, Change { expires: Some(Some(day.to_owned())), ..Change::default() }).await;
}

/// The subjects of the alerts, the oldest first.
async fn alerts(app: &TestApp) -> Vec<String> {
    let query = mail::Query { kind: Some("alert".to_owned()), most: 20, ..mail::Query::default() };
    let operator = app.admin.operator("test");
    let db = app.admin.db();
    let mut ids: Vec<_> = mail::list(db, &operator, &app.tenant, &query)
        .await
        .expect("readable")
        .into_iter()
        .map(|mail| mail.id)
        .collect();
    // Ids sort by time.
    ids.sort();
    let mut subjects = Vec::new();
    for id in ids {
        let shown = mail::show(db, &operator, &app.tenant, &id.to_string()).await.expect("there");
        subjects.push(shown.subject.expect("a subject"));
    }
    subjects
}

fn ends(left: &str) -> String {
    format!("The licence pool “Vault” ends {left}")
}

#[tokio::test]
async fn administrators_are_warned_30_7_and_1_days_before_a_pool_ends_each_once() {
    let app = site().await;
    pool(&app, 5, "queue", Some("2026-04-10")).await;
    let mut told = Vec::new();
    for day in 0..42 {
        app.later(TimeDelta::days(1)).await;
        for left in [30, 7, 1].into_iter().filter(|left| day == 40 - left) {
            told.push(ends(&if left == 1 { "in 1 day".to_owned() } else { format!("in {left} days") }));
        }
        assert_eq!(alerts(&app).await, told, "after {} days", day + 1);
    }
    assert_eq!(told.len(), 3);
}

#[tokio::test]
async fn a_server_that_was_down_sends_the_nearest_warning_and_a_moved_end_repeats_none() {
    let app = site().await;
    pool(&app, 5, "queue", Some("2026-04-10")).await;
    app.later(TimeDelta::days(36)).await;
    assert_eq!(alerts(&app).await, [ends("in 5 days")], "on the 6th of April, for 30 and 7 days");
    expire(&app, "2026-04-11").await;
    app.later(TimeDelta::minutes(5)).await;
    assert_eq!(alerts(&app).await.len(), 1, "it was moved by one day");
    let change = tenants::Change { time_zone: Some("Asia/Tokyo".to_owned()), ..tenants::Change::default() };
    let operator = app.admin.operator("tenant update");
    tenants::update(app.admin.db(), &operator, "Alpha", &change, Agreed::Anything).await.expect("moved");
    app.later(TimeDelta::minutes(5)).await;
    assert_eq!(alerts(&app).await.len(), 1, "the zone is another one");
    // The last day begins in Tokyo at three in the afternoon of the day before in UTC.
    app.later(TimeDelta::days(4) + TimeDelta::hours(5)).await;
    assert_eq!(alerts(&app).await.len(), 1, "14:10 in UTC");
    app.later(TimeDelta::hours(1)).await;
    assert_eq!(alerts(&app).await, [ends("in 5 days"), ends("in 1 day")]);
    expire(&app, "2027-04-11").await;
    app.later(TimeDelta::days(340)).await;
    assert_eq!(alerts(&app).await.len(), 3, "a new end has new warnings");
}

#[tokio::test]
async fn administrators_are_told_once_a_day_that_a_pool_is_full() {
    let app = site().await;
    let client = app.connection("generic").await;
    pool(&app, 1, "queue", None).await;
    let team = client.group("Team", &[]).await;
    app.bind(&team, "Vault").await;
    let join = async |name: &str| {
        let person = client.user(name).await;
        client.add(&team, &person).await.expect(200);
        app.later(TimeDelta::minutes(1)).await;
    };
    join("ada").await;
    assert_eq!(alerts(&app).await.len(), 0, "the last seat was there for ada");
    let full = "The licence pool “Vault” is full";
    for name in ["ben", "cem"] {
        join(name).await;
        assert_eq!(alerts(&app).await, [full]);
    }
    let buy = async |seats: u32| change(&app, Change { seats: Some(seats), ..Change::default() }).await;
    buy(4).await;
    join("dan").await;
    join("eve").await;
    assert_eq!(alerts(&app).await.len(), 1, "it had room, and is full again on the same day");
    app.later(TimeDelta::days(1)).await;
    join("fay").await;
    assert_eq!(alerts(&app).await.len(), 1, "it had no room since");
    buy(7).await;
    join("gil").await;
    assert_eq!(alerts(&app).await.len(), 1, "there is a seat for gil");
    join("hal").await;
    assert_eq!(alerts(&app).await, [full, full]);
}

#[tokio::test]
async fn the_first_push_that_a_full_pool_refuses_has_administrators_told() {
    let app = site().await;
    let client = app.connection("generic").await;
    pool(&app, 1, "reject", None).await;
    change(&app, Change { for_everyone: Some(true), ..Change::default() }).await;
    client.user("ada").await;
    let refused = |name: &str| crate::support::user(name);
    client.post("/Users", &refused("ben")).await.expect_error(400, Some("invalidValue"));
    client.post("/Users", &refused("cem")).await.expect_error(400, Some("invalidValue"));
    app.later(TimeDelta::minutes(1)).await;
    assert_eq!(alerts(&app).await, ["The licence pool “Vault” is full"]);
}

#[tokio::test]
async fn a_binding_for_which_a_pool_has_too_few_seats_has_administrators_told() {
    let app = site().await;
    let client = app.connection("generic").await;
    pool(&app, 1, "reject", None).await;
    let people = [client.user("ada").await, client.user("ben").await, client.user("cem").await];
    let team = client.group("Team", &people.each_ref().map(String::as_str)).await;
    assert_eq!(app.bind(&team, "Vault").await.refused, 2);
    app.later(TimeDelta::minutes(1)).await;
    assert_eq!(alerts(&app).await, ["The licence pool “Vault” is full"]);
}
