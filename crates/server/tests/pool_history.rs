//! The history of a pool by day, in the time zone of its tenant, and the day on which it runs full (O-11).

use chrono::TimeDelta;
use operations::consequences::Agreed;
use operations::pools::{self, Change, History};
use operations::tenants;
use provisioning::Forecast;

use crate::support::{Client, TestApp, count};

/// A pool of ten seats, and a group that is bound to it.
async fn site() -> (TestApp, Client, String) {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    app.without_brake(&client).await;
    app.pool("Vault", 10, "queue").await;
    let team = client.group("Team", &[]).await;
    app.bind(&team, "Vault").await;
    (app, client, team)
}

async fn join(client: &Client, team: &str, name: &str) -> String {
    let person = client.user(name).await;
    client.add(team, &person).await.expect(200);
    person
}

async fn history(app: &TestApp, days: u32) -> History {
    let operator = app.admin.operator("pool history");
    pools::history(app.admin.db(), &operator, "Vault", days).await.expect("a pool")
}

/// Seats, used, waiting, joined and left of each day.
fn lines(history: &History) -> Vec<(String, [i64; 5])> {
    let line = |at: &provisioning::PoolDay| [at.seats, at.used, at.waiting, at.joined, at.left];
    history.days.iter().map(|day| (day.day.to_string(), line(day))).collect()
}

async fn buy(app: &TestApp, seats: u32) {
    let change = Change { seats: Some(seats), ..Change::default() };
    let operator = app.admin.operator("pool update");
    pools::update(app.admin.db(), &operator, "Vault", &change, Agreed::Anything).await.expect("changed");
}

#[tokio::test]
async fn each_day_has_what_was_bought_used_and_waited_for_and_who_came_and_went() {
    let (app, client, team) = site().await;
    let day = |number: u32| format!("2026-03-{number:02}");
    let ada = join(&client, &team, "ada").await;
    join(&client, &team, "ben").await;
    app.later(TimeDelta::days(1)).await;
    buy(&app, 2).await;
    join(&client, &team, "cem").await;
    app.later(TimeDelta::days(2)).await;
    client.delete(&format!("/Users/{ada}")).await.expect(204);

    let told = history(&app, 30).await;
    assert_eq!((told.since.to_string(), told.forecast), (day(1), Forecast::Full));
    let days = lines(&told);
    assert_eq!(days[0], (day(1), [10, 2, 0, 2, 0]));
    assert_eq!(days[1], (day(2), [2, 2, 1, 0, 0]));
    assert_eq!(days[2], (day(3), [2, 2, 1, 0, 0]), "a day without a change");
    assert_eq!(days[3], (day(4), [2, 2, 0, 1, 1]), "one goes, and who waits comes");
    assert_eq!(days.len(), 4, "there is nothing before the pool");
    assert_eq!(lines(&history(&app, 2).await), days[2..]);
    let rows = count(&app, "SELECT COUNT(*) FROM pool_changes").await;
    assert_eq!(rows, 3, "a row for each time at which something changed");
}

#[tokio::test]
async fn days_follow_the_time_zone_of_the_tenant_also_for_what_has_been() {
    let (app, client, team) = site().await;
    app.later(TimeDelta::hours(14)).await;
    join(&client, &team, "ada").await;
    app.later(TimeDelta::days(1)).await;
    let used = async || -> Vec<i64> { history(&app, 9).await.days.iter().map(|day| day.used).collect() };
    assert_eq!(used().await, [1, 1], "23:00 in UTC");
    let change =
        tenants::Change { time_zone: Some("Asia/Kathmandu".to_owned()), ..tenants::Change::default() };
    let operator = app.admin.operator("tenant update");
    tenants::update(app.admin.db(), &operator, "Alpha", &change, Agreed::Anything).await.expect("moved");
    assert_eq!(used().await, [0, 1, 1], "the next day in Kathmandu");
}

#[tokio::test]
async fn a_pool_that_grows_has_a_day_on_which_it_runs_full() {
    let (app, client, team) = site().await;
    for name in ["ada", "ben"] {
        join(&client, &team, name).await;
    }
    assert_eq!(history(&app, 1).await.forecast, Forecast::TooEarly);
    for day in 0..7 {
        app.later(TimeDelta::days(1)).await;
        if day % 2 == 0 {
            join(&client, &team, &format!("person-{day}")).await;
        }
    }
    app.later(TimeDelta::days(1)).await;
    // Four of seven weekdays bring one person each, and four seats are free.
    let full = history(&app, 1).await.forecast;
    let Forecast::Day(day) = full else { panic!("{full:?}") };
    assert_eq!(day.to_string(), "2026-03-16");
    let (operator, db) = (app.admin.operator("pool list"), app.admin.db());
    let listed = pools::outlook(db, &operator, "Alpha").await.expect("a tenant");
    assert_eq!(listed[0].forecast, full);
    let shown = pools::show(db, &operator, "Vault", 0, 1).await.expect("a pool");
    let shown = serde_json::to_value(shown).expect("JSON");
    assert_eq!((&shown["forecast"], &shown["fullOn"]), (&"day".into(), &"2026-03-16".into()));
}
