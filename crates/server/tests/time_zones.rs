//! The last day of a pool ends at midnight where the tenant is, also after the tenant's time zone was changed.

use crate::support::TestApp;
use chrono::TimeDelta;
use operations::consequences::{Agreed, Losses};
use operations::journal::{Line, Reader, Wanted};
use operations::{Error, tenants};
use provisioning::Zone;
use serde_json::json;

/// A tenant in UTC at nine o'clock on the first of March, with Ada in a pool whose last day is given.
async fn trial(expires: &str) -> (TestApp, crate::support::Client, String) {
    let app = TestApp::open().await;
    let client = app.connection("generic").await;
    let ada = client.user("ada").await;
    app.pool_of(operations::pools::New {
        name: "Trial".to_owned(),
        seats: 1,
        policy: "queue".to_owned(),
        expires: Some(expires.to_owned()),
        ..Default::default()
    })
    .await;
    let team = client.group("Team", &[&ada]).await;
    app.bind(&team, "Trial").await;
    (app, client, ada)
}

fn zone(name: &str) -> tenants::Change {
    tenants::Change { time_zone: Some(name.to_owned()), ..tenants::Change::default() }
}

/// Changes the time zone, and answers how many pools had to be settled.
async fn move_to(app: &TestApp, name: &str, agreed: Agreed) -> Result<usize, Error> {
    let (db, operator) = (app.admin.db(), app.admin.operator("tenant update"));
    let (tenant, works) = tenants::update(db, &operator, "Alpha", &zone(name), agreed).await?;
    assert_eq!(tenant.time_zone.as_str(), name);
    let pools = works.len();
    for work in works {
        app.admin.finish(work, |_| {}).await.expect("all are settled");
    }
    Ok(pools)
}

async fn losses(app: &TestApp, name: &str) -> Losses {
    let operator = app.admin.operator("tenant update");
    tenants::preview_update(app.admin.db(), &operator, "Alpha", &zone(name)).await.expect("a zone").losses
}

/// What a journal says of this kind; without a tenant, that of the installation.
async fn journal(app: &TestApp, tenant: Option<&str>, kind: &str) -> Vec<Line> {
    let wanted = Wanted {
        tenant: tenant.map(str::to_owned),
        kinds: vec![kind.to_owned()],
        most: 10,
        ..Wanted::default()
    };
    let reader = Reader::open(app.admin.db(), &app.admin.operator("test"), &wanted).await;
    reader.expect("a journal").read(app.admin.db()).await.expect("readable")
}

async fn ends(app: &TestApp) -> String {
    scim::time::format(app.pool_now("Trial").await.expires_at.expect("it ends"))
}

async fn timers(app: &TestApp) -> i64 {
    crate::support::count(app, "SELECT COUNT(*) FROM jobs WHERE kind = 'expire-pool'").await
}

#[tokio::test]
async fn a_last_day_ends_at_midnight_where_the_tenant_is_and_its_timer_follows() {
    let (app, client, ada) = trial("2026-03-01").await;
    assert_eq!(ends(&app).await, "2026-03-02T00:00:00.000Z");
    // In Auckland the day is over at eleven in UTC, so no person loses anything yet.
    assert_eq!(move_to(&app, "Pacific/Auckland", Agreed::Nothing).await.expect("no loss"), 0);
    assert_eq!((ends(&app).await.as_str(), timers(&app).await), ("2026-03-01T11:00:00.000Z", 1));
    app.later(TimeDelta::minutes(119)).await;
    assert_eq!(client.status(&ada).await, "pending");
    app.later(TimeDelta::minutes(1)).await;
    assert_eq!(client.status(&ada).await, "suspended", "the timer rang at the new instant");

    // In New York the same day goes on until five in UTC: the seat counts again.
    assert_eq!(move_to(&app, "America/New_York", Agreed::Nothing).await.expect("a gain"), 1);
    assert_eq!((ends(&app).await.as_str(), timers(&app).await), ("2026-03-02T05:00:00.000Z", 1));
    assert_eq!(client.status(&ada).await, "pending");
    app.later(TimeDelta::hours(17)).await;
    assert_eq!(client.status(&ada).await, "pending", "04:00 in UTC, past midnight there");
    app.later(TimeDelta::hours(1)).await;
    assert_eq!(client.status(&ada).await, "suspended");
    assert_eq!(timers(&app).await, 0);
    let pool = app.pool_now("Trial").await;
    assert_eq!(pool.last_day.map(|day| day.to_string()).as_deref(), Some("2026-03-01"), "the day stays");
}

#[tokio::test]
async fn a_last_day_that_is_over_in_the_new_zone_is_a_loss_that_needs_consent() {
    let (app, client, ada) = trial("2026-03-01").await;
    app.later(TimeDelta::hours(3)).await;
    let lost = losses(&app, "Pacific/Auckland").await;
    assert_eq!(lost, Losses { people: 1, access: 1, seats: 1, places: 0 });
    assert_eq!(losses(&app, "Europe/Berlin").await, Losses::default());
    move_to(&app, "Pacific/Auckland", Agreed::Nothing).await.expect_err("it is not agreed to");
    assert_eq!((ends(&app).await.as_str(), timers(&app).await), ("2026-03-02T00:00:00.000Z", 1));
    assert_eq!(move_to(&app, "Pacific/Auckland", Agreed::People(1)).await.expect("agreed"), 1);
    assert_eq!(client.status(&ada).await, "suspended", "without a running server");
    // The timer finds nothing left to do.
    let told = app.story(&ada).await;
    app.later(TimeDelta::hours(1)).await;
    assert_eq!((app.story(&ada).await, timers(&app).await), (told, 0));
    assert!(move_to(&app, "Pacific/Auckland", Agreed::Anything).await.is_err(), "it is like that already");
}

#[tokio::test]
async fn a_last_day_of_winter_ends_an_hour_later_in_utc_than_one_of_summer() {
    let (app, ..) = trial("2026-03-28").await;
    move_to(&app, "Europe/Berlin", Agreed::Nothing).await.expect("no loss");
    assert_eq!(ends(&app).await, "2026-03-28T23:00:00.000Z");
    let (db, operator) = (app.admin.db(), app.admin.operator("pool update"));
    let change = operations::pools::Change {
        expires: Some(Some("2026-03-29".to_owned())),
        ..operations::pools::Change::default()
    };
    operations::pools::update(db, &operator, "Trial", &change, Agreed::Nothing).await.expect("no loss");
    assert_eq!(ends(&app).await, "2026-03-29T22:00:00.000Z", "the last day has 23 hours");

    let told = journal(&app, Some("Alpha"), "pool-changed").await;
    let changes: Vec<_> = told.iter().map(|line| (line.before.clone(), line.after.clone())).collect();
    assert_eq!(
        changes,
        [
            (
                Some(json!({ "expiresAt": "2026-03-29T00:00:00Z" })),
                Some(json!({ "expiresAt": "2026-03-28T23:00:00Z" })),
            ),
            (
                Some(json!({ "expiresAt": "2026-03-28T23:00:00Z", "lastDay": "2026-03-28" })),
                Some(json!({ "expiresAt": "2026-03-29T22:00:00Z", "lastDay": "2026-03-29" })),
            ),
        ]
    );
    assert!(told[0].why.contains("“Trial”") && told[0].why.contains("Europe/Berlin"), "{}", told[0].why);
    let told = journal(&app, Some(&app.tenant), "tenant-changed").await;
    let line = told.first().expect("the tenant has changed");
    assert_eq!((told.len(), line.cause.as_str()), (1, "tenant update"));
    assert_eq!(line.before, Some(json!({ "timeZone": "UTC" })));
    assert_eq!(line.after, Some(json!({ "timeZone": "Europe/Berlin" })));
    assert_eq!(
        line.why,
        "An administrator changed the time zone of the tenant “Alpha” from UTC to Europe/Berlin."
    );
}

#[tokio::test]
async fn an_instant_is_the_same_in_every_zone() {
    let (app, ..) = trial("2026-03-05T00:00:00Z").await;
    assert_eq!(move_to(&app, "Europe/Berlin", Agreed::Nothing).await.expect("no loss"), 0);
    assert_eq!(ends(&app).await, "2026-03-05T00:00:00.000Z");
    assert_eq!(app.pool_now("Trial").await.last_day, None);
}

#[tokio::test]
async fn a_pool_that_is_made_while_the_zone_changes_ends_as_it_does_in_the_new_zone() {
    let app = TestApp::open().await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    for (meeting, name) in ["Europe/Berlin", "America/New_York"].into_iter().cycle().take(20).enumerate() {
        let new = operations::pools::New {
            tenant: app.tenant.clone(),
            name: format!("Pool {meeting}"),
            seats: 1,
            policy: "queue".to_owned(),
            expires: Some("2026-03-31".to_owned()),
            ..Default::default()
        };
        let make = operations::pools::create(db, &operator, &new);
        let (made, moved) = tokio::join!(make, move_to(&app, name, Agreed::Nothing));
        made.expect("a new pool");
        moved.expect("another zone");
        let zone: Zone = name.parse().expect("a zone");
        for pool in operations::pools::list(db, &app.tenant).await.expect("readable") {
            let end = zone.end_of(pool.last_day.expect("a day"));
            assert_eq!(pool.expires_at, Some(end), "meeting {meeting}, {}", pool.name);
        }
    }
}
