//! When mail leaves: quiet hours, caps, the ways in which a connection invites, and the stop when too much is refused.

use crate::support::sending::Site;
use crate::support::smtp::{Script, WILLING};
use crate::support::{TestApp, USER};
use chrono::TimeDelta;
use futures::future::join_all;
use operations::mail::Fate;
use operations::tenants::{self, SendingChange};
use operations::{Claim, invitations, mail};
use serde_json::json;

const HOUR: TimeDelta = TimeDelta::hours(1);

impl Site {
    /// Lets invitations go that wait for an administrator.
    async fn release(&self, connection: Option<&str>, most: u64) -> Result<u64, String> {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        let released = invitations::release(db, &operator, &self.app.tenant, connection, most).await;
        self.pass(TimeDelta::zero()).await;
        released.map_err(|error| error.to_string())
    }
}

#[tokio::test]
async fn mail_waits_for_the_end_of_quiet_hours_and_codes_do_not() {
    let site = Site::open(WILLING).await;
    site.change(tenants::Change { time_zone: Some("Europe/Berlin".to_owned()), ..Default::default() }).await;
    let quiet = SendingChange {
        quiet_hours: Some("20:00-07:00".to_owned()),
        quiet_weekends: Some(true),
        ..Default::default()
    };
    site.sending(quiet).await;
    // It is Sunday, 10:00 in Berlin.
    let person = site.person("keoni", "keoni@alpha.example").await;
    site.pass(HOUR * 12).await;
    assert_eq!((site.count(), site.outbox("waiting").await.len()), (0, 1));
    assert_eq!(site.code(&person).await.len(), 6, "a code leaves at night");
    // Monday, 06:59 and 07:00.
    site.pass(HOUR * 9 - TimeDelta::minutes(1)).await;
    assert_eq!(site.count(), 1);
    site.pass(TimeDelta::minutes(1)).await;
    assert_eq!(site.to("keoni@alpha.example").len(), 2);
    assert_eq!(site.outbox("waiting").await.len(), 0);
}

#[tokio::test]
async fn quiet_hours_that_are_taken_away_keep_nothing_waiting() {
    let site = Site::open(WILLING).await;
    site.sending(SendingChange { quiet_weekends: Some(true), ..Default::default() }).await;
    site.person("keoni", "keoni@alpha.example").await;
    site.pass(HOUR).await;
    assert_eq!(site.count(), 0);
    site.sending(SendingChange { quiet_weekends: Some(false), ..Default::default() }).await;
    site.pass(TimeDelta::zero()).await;
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn mail_that_waits_leaves_when_another_time_zone_ends_the_quiet_hours() {
    let site = Site::open(WILLING).await;
    let quiet = SendingChange { quiet_hours: Some("08:00-20:00".to_owned()), ..Default::default() };
    site.sending(quiet).await;
    site.person("keoni", "keoni@alpha.example").await;
    site.pass(HOUR).await;
    assert_eq!((site.count(), site.outbox("waiting").await.len()), (0, 1), "it is ten o'clock");
    let zone = tenants::Change { time_zone: Some("America/New_York".to_owned()), ..Default::default() };
    site.change(zone).await;
    site.pass(TimeDelta::zero()).await;
    assert_eq!(site.count(), 1, "it is five o'clock in New York");
}

/// 5,000 people of two domains, with a cap for all and one for each domain.
#[tokio::test]
async fn five_thousand_invitations_keep_the_caps_to_the_mail_and_to_the_second() {
    let app = TestApp::open().await;
    app.pool_for_everyone(10_000).await;
    let directory = app
        .connection_of(operations::connections::New {
            profile: "generic".to_owned(),
            invitations: Some("waves".to_owned()),
            ..Default::default()
        })
        .await;
    let sending = SendingChange { per_hour: Some(1000), per_domain: Some(700), ..Default::default() };
    let change = tenants::Change {
        settings: tenants::SettingsChange { sending, ..Default::default() },
        ..Default::default()
    };
    let agreed = operations::consequences::Agreed::Nothing;
    tenants::update(app.admin.db(), &app.admin.operator("test"), &app.tenant, &change, agreed)
        .await
        .expect("settings");
    let numbers: Vec<usize> = (0..5000).collect();
    for chunk in numbers.chunks(50) {
        join_all(chunk.iter().map(async |number| {
            let domain = if number % 5 < 4 { "large.example" } else { "Small.Example" };
            let address = format!("p{number}@{domain}");
            let body = json!({ "schemas": [USER], "userName": format!("p{number}"), "emails": [{ "value": address }] });
            directory.post("/Users", &body).await.expect(201);
        }))
        .await;
    }
    let left = async |domain: &str| {
        let query = format!("SELECT COUNT(*) FROM mail WHERE state = 'queued' AND domain LIKE '{domain}'");
        crate::support::count(&app, &query).await
    };
    // Each hour: 700 of 4,000 and, of the other 1,000, as many as there is room for.
    app.clock.advance(TimeDelta::seconds(120));
    for (hour, large, small) in
        [(0, 700, 300), (1, 1400, 600), (2, 2100, 900), (3, 2800, 1000), (4, 3500, 1000), (5, 4000, 1000)]
    {
        if hour > 0 {
            app.later(HOUR - TimeDelta::seconds(1)).await;
            let sent = left("%").await;
            app.later(TimeDelta::seconds(1)).await;
            assert!(left("%").await > sent, "something leaves at the full hour {hour}");
        } else {
            app.later(TimeDelta::zero()).await;
        }
        assert_eq!((left("large.example").await, left("small.example").await), (large, small), "hour {hour}");
    }
    let busiest = crate::support::count(
        &app,
        "SELECT MAX(n) FROM (SELECT released_at, COUNT(*) AS n FROM mail GROUP BY released_at) c",
    )
    .await;
    let moments = crate::support::count(&app, "SELECT COUNT(DISTINCT released_at) FROM mail").await;
    assert_eq!((busiest, moments), (1000, 6), "all of an hour at once, and nothing between");
    let people = crate::support::count(&app, "SELECT COUNT(DISTINCT user_id) FROM mail").await;
    assert_eq!((people, crate::support::count(&app, "SELECT COUNT(*) FROM mail").await), (5000, 5000));
}

#[tokio::test]
async fn a_connection_invites_at_once_in_waves_or_on_release_and_no_invitation_is_lost_or_repeated() {
    let site = Site::open(WILLING).await;
    site.sending(SendingChange { per_hour: Some(2), ..Default::default() }).await;
    site.invite("release").await;
    for number in 0..9 {
        site.person(&format!("p{number}"), &format!("p{number}@alpha.example")).await;
    }
    site.pass(HOUR).await;
    assert_eq!((site.count(), site.outbox("waiting").await.len()), (0, 9));
    assert_eq!(site.release(None, 2).await, Ok(2));
    assert_eq!(site.count(), 2, "the two that were let go");
    assert_eq!(site.told("invitations-released").await, 1);
    let again = site.to("p0@alpha.example").len() + site.to("p1@alpha.example").len();
    assert_eq!(again, 2, "the oldest ones");
    site.invite("never").await;
    site.pass(HOUR).await;
    assert_eq!(site.count(), 2);
    let refused = site.release(Some(&site.directory.id), 5).await.expect_err("it does not invite so");
    assert!(refused.contains("never"), "{refused}");
    site.invite("waves").await;
    site.pass(TimeDelta::zero()).await;
    assert_eq!(site.count(), 4);
    site.pass(HOUR).await;
    assert_eq!(site.count(), 6);
    site.invite("release").await;
    site.pass(HOUR).await;
    assert_eq!(site.count(), 6);
    site.invite("at-once").await;
    site.pass(TimeDelta::zero()).await;
    site.pass(HOUR * 48).await;
    assert_eq!(site.count(), 9);
    assert!((0..9).all(|number| site.to(&format!("p{number}@alpha.example")).len() == 1));
}

#[tokio::test]
async fn an_invitation_that_waits_is_withdrawn_with_the_access_and_comes_back_with_it() {
    let site = Site::open(WILLING).await;
    site.invite("release").await;
    let person = site.person("keoni", "keoni@alpha.example").await;
    site.pass(HOUR).await;
    site.directory.set_active(&person, false).await.expect(200);
    assert_eq!(site.release(None, 9).await, Ok(1));
    assert_eq!((site.count(), site.outbox("withdrawn").await.len()), (0, 1));
    site.directory.set_active(&person, true).await.expect(200);
    site.pass(HOUR).await;
    assert_eq!(site.outbox("waiting").await.len(), 1, "it is owed again");
    assert_eq!(site.release(None, 9).await, Ok(1));
    assert_eq!(site.count(), 1);
}

#[tokio::test]
async fn an_invitation_that_waited_for_weeks_leaves_with_a_link_that_counts() {
    let site = Site::open(WILLING).await;
    site.invite("release").await;
    site.person("keoni", "keoni@alpha.example").await;
    site.pass(HOUR).await;
    site.pass(HOUR * 24 * 30).await;
    assert_eq!(site.release(None, 1).await, Ok(1));
    let text = site.to("keoni@alpha.example")[0].body("text/plain").expect("a text");
    let link =
        text.split("https://rollcall.example.com").nth(1).and_then(|rest| rest.split_whitespace().next());
    let page = site.app.nobody().send("GET", link.expect("a link"), &[], None).await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn an_application_that_invites_by_itself_needs_no_invitation() {
    let site = Site::open(WILLING).await;
    site.invite("never").await;
    let person = site.person("keoni", "keoni@alpha.example").await;
    site.pass(HOUR).await;
    assert_eq!(site.count(), 0);
    let steps = site.app.person(&person).await.missing_steps;
    assert!(!steps.contains(&provisioning::Step::InvitationSent), "{steps:?}");
    site.invite("at-once").await;
    site.pass(HOUR).await;
    assert_eq!(site.count(), 0, "the application has invited this person");
    site.finish(&person).await;
}

#[tokio::test]
async fn mail_stops_when_too_much_is_refused_and_goes_on_by_a_command() {
    let site = Site::open(Script { answers: &[("RCPT no", "550 5.1.1 no such user")], ..WILLING }).await;
    let sending = SendingChange { stop_at_refused: Some("20/5".to_owned()), ..Default::default() };
    site.sending(sending).await;
    for (name, alerts) in [("ingrid", true), ("olaf", true), ("petra", false)] {
        let new = operations::administrators::New {
            name: name.to_owned(),
            email: format!("{name}@alpha.example"),
            role: "owner".to_owned(),
            alerts,
            ..Default::default()
        };
        let operator = site.app.admin.operator("test");
        operations::administrators::add(site.app.admin.db(), &operator, Some(site.app.tenant.as_str()), &new)
            .await
            .expect("new");
    }
    for number in 0..5 {
        site.person(&format!("p{number}"), &format!("no@d{number}.example")).await;
    }
    site.pass(HOUR).await;
    assert_eq!(site.outbox("refused").await.len(), 5);
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    assert_eq!(site.told("mail-stopped").await, 1);
    for address in ["ingrid@alpha.example", "olaf@alpha.example"] {
        assert_eq!(site.to(address).len(), 1, "{address}");
    }
    assert_eq!(site.to("petra@alpha.example").len(), 0);
    let person = site.person("keoni", "keoni@alpha.example").await;
    site.pass(HOUR * 48).await;
    assert_eq!((site.to("keoni@alpha.example").len(), site.outbox("waiting").await.len()), (0, 1));
    assert_eq!(site.code(&person).await.len(), 6, "codes do not stop");
    assert!(mail::resume(db, &operator, &site.app.tenant).await.expect("there is such a tenant"));
    site.pass(TimeDelta::zero()).await;
    assert_eq!(site.to("keoni@alpha.example").len(), 2);
    assert!(!mail::resume(db, &operator, &site.app.tenant).await.expect("there is such a tenant"));
    assert_eq!((site.told("mail-stopped").await, site.told("mail-resumed").await), (1, 1));
}

/// The mail server has one mail, and refuses another one: the tenant's mail stops before the first one is answered, and goes
/// on.
#[tokio::test]
async fn a_stop_calls_back_no_mail_that_is_on_its_way() {
    let app = TestApp::open().await;
    let directory = app.connection("generic").await;
    app.pool_for_everyone(10).await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let sending = SendingChange { stop_at_refused: Some("20/1".to_owned()), ..Default::default() };
    let change = tenants::Change {
        settings: tenants::SettingsChange { sending, ..Default::default() },
        ..Default::default()
    };
    let agreed = operations::consequences::Agreed::Nothing;
    tenants::update(db, &operator, &app.tenant, &change, agreed).await.expect("settings");
    for name in ["keoni", "berta", "carla"] {
        let body = json!({ "schemas": [USER], "userName": name, "emails": [{ "value": format!("{name}@alpha.example") }] });
        directory.post("/Users", &body).await.expect(201);
    }
    app.later(HOUR).await;
    let now = app.clock.now();
    let jobs = db.claim_jobs(&Claim::of(&[mail::SEND_MAIL], 2), "worker", now, HOUR).await.expect("claimed");
    let mut taken = Vec::new();
    for job in &jobs {
        taken.push(mail::next(db, job, now).await.expect("readable").expect("a mail to send").address);
    }
    let refused = Fate::Refused { said: "550 no such user".to_owned(), address: true };
    mail::record(db, &jobs[1], &refused, now).await.expect("recorded");
    app.later(TimeDelta::zero()).await;
    let states = async || {
        let query = mail::Query { most: 9, ..mail::Query::default() };
        let listed = mail::list(db, &operator, &app.tenant, &query).await.expect("readable");
        let mut states: Vec<(bool, &str)> =
            listed.iter().map(|mail| (taken.contains(&mail.recipient), mail.state)).collect();
        states.sort_unstable();
        states
    };
    assert_eq!(states().await, [(false, "waiting"), (true, "queued"), (true, "refused")]);
    let operator = app.admin.operator("test");
    assert!(mail::resume(db, &operator, &app.tenant).await.expect("there is such a tenant"));
    app.later(TimeDelta::zero()).await;
    let queued = db.claim_jobs(&Claim::of(&[mail::SEND_MAIL], 9), "another", now, HOUR).await;
    assert_eq!(queued.expect("claimed").len(), 1, "of the mail that was called back, and of no other");
    mail::record(db, &jobs[0], &Fate::Sent, now).await.expect("recorded");
    assert_eq!(states().await, [(false, "queued"), (true, "refused"), (true, "sent")]);
}
