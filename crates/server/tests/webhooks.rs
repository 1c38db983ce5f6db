//! Events reach the application's own addresses: signed, in order for each person, tried again, once each.

use crate::support::receiver::{Heard, Receiver, Reply};
use crate::support::{Client, TestApp, USER};
use chrono::TimeDelta;
use operations::webhooks::{self, Change, Created, New};
use operations::{Claim, journal};
use serde_json::json;
use server::Server;

const OK: Reply = Reply::Status(200, "ok");

/// A server with a pool for everyone, a directory, and a webhook of a receiver.
struct Site {
    app: TestApp,
    directory: Client,
    receiver: Receiver,
    webhook: Created,
}

impl Site {
    async fn open(script: impl Fn(&Heard, usize) -> Reply + Send + Sync + 'static) -> Self {
        let app = TestApp::open_with(&[("ROLLCALL_WEBHOOKS__ALLOW_PRIVATE", "true")]).await;
        let directory = app.connection("generic").await;
        app.pool_for_everyone(100).await;
        let receiver = Receiver::start(script).await;
        let webhook = webhook(&app, &app.tenant, &receiver.url("/hook"), &[]).await;
        Self { app, directory, receiver, webhook }
    }

    async fn person(&self, name: &str) -> String {
        let body = json!({ "schemas": [USER], "userName": name });
        self.directory.post("/Users", &body).await.expect(201).id()
    }

    async fn until_heard(&self, many: usize) -> Vec<Heard> {
        self.app.until_heard(&self.receiver, many).await
    }

    async fn deliveries(&self, state: Option<&str>) -> Vec<webhooks::Listed> {
        let listed = webhooks::deliveries(self.app.admin.db(), self.named(), state, (None, 1_000)).await;
        listed.expect("readable")
    }

    fn named(&self) -> (&str, &str) {
        (&self.app.tenant, &self.webhook.known.url)
    }

    async fn shown(&self) -> webhooks::Webhook {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        webhooks::show(db, &operator, &self.app.tenant, &self.webhook.known.url).await.expect("there")
    }

    async fn change(&self, change: Change) {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        webhooks::update(db, &operator, self.named(), &change, true).await.expect("changed");
    }

    /// What the journal says about webhooks.
    async fn story(&self) -> Vec<String> {
        let wanted =
            journal::Wanted { most: 1_000, tenant: Some(self.app.tenant.clone()), ..Default::default() };
        let reader =
            journal::Reader::open(self.app.admin.db(), &self.app.admin.operator("test"), &wanted).await;
        let lines = reader.expect("a tenant").read(self.app.admin.db()).await.expect("readable");
        let kinds = lines.into_iter().map(|line| line.kind.to_string());
        kinds.filter(|kind| kind.starts_with("webhook")).collect()
    }
}

async fn webhook(app: &TestApp, tenant: &str, url: &str, events: &[&str]) -> Created {
    let events = events.iter().map(|word| (*word).to_owned()).collect();
    let new = New { url: url.to_owned(), description: "The application".to_owned(), events };
    let created = webhooks::create(app.admin.db(), &app.admin.operator("test"), tenant, &new, true).await;
    created.expect("a new webhook")
}

/// Which event about whom a request tells.
fn told(heard: &Heard) -> (String, String) {
    let body = heard.json();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (word(&body["data"]["userName"]), word(&body["type"]))
}

#[tokio::test]
async fn an_event_is_delivered_signed_as_the_specification_says() {
    let site = Site::open(|_, _| OK).await;
    let filtered = Receiver::start(|_, _| OK).await;
    webhook(&site.app, &site.app.tenant, &filtered.url("/"), &["access-cut"]).await;
    let other = site.app.other_tenant().await;
    let stranger = Receiver::start(|_, _| OK).await;
    webhook(&site.app, &other, &stranger.url("/"), &[]).await;
    let ada = site.person("ada").await;
    let heard = site.until_heard(1).await.remove(0);
    assert!(heard.is_signed_with(&site.webhook.secret) && !heard.header("webhook-signature").contains(' '));
    assert!(
        !Heard { body: heard.body.replace("ada", "bob"), ..heard.clone() }
            .is_signed_with(&site.webhook.secret)
    );
    assert_eq!(heard.header("webhook-timestamp"), site.app.clock.now().timestamp().to_string());
    let body = heard.json();
    assert_eq!((&body["type"], &body["data"]["id"]), (&json!("access-granted"), &json!(ada)));
    let listed = site.deliveries(None).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].state, listed[0].status, listed[0].answer.as_deref()),
        ("delivered", Some(200), Some("ok"))
    );
    assert_eq!(listed[0].event.to_string(), heard.header("webhook-id"));
    site.directory.set_active(&ada, false).await.expect(200);
    site.until_heard(2).await;
    while filtered.heard().is_empty() {
        site.app.later(TimeDelta::zero()).await;
    }
    let cut: Vec<_> = filtered.heard().iter().map(told).collect();
    assert_eq!(cut, [("ada".to_owned(), "access-cut".to_owned())], "only what the filter lets through");
    assert_eq!(stranger.connections(), 0, "nothing leaves the tenant");
    site.app.later(TimeDelta::days(2)).await;
    assert_eq!(site.receiver.heard().len(), 2, "what was delivered is not delivered again");
}

#[tokio::test]
async fn events_about_one_person_come_in_order_and_hold_up_nobody_else() {
    let site = Site::open(|heard, before| match told(heard) {
        (name, _) if name == "ada" && before < 3 => Reply::Status(500, "later"),
        _ => OK,
    })
    .await;
    let ada = site.person("ada").await;
    site.until_heard(1).await;
    site.directory.set_active(&ada, false).await.expect(200);
    site.directory.set_active(&ada, true).await.expect(200);
    site.person("bob").await;
    let heard = site.until_heard(2).await;
    assert_eq!(told(&heard[1]).0, "bob", "{heard:?}");
    let waiting = site.deliveries(Some("waiting")).await;
    assert_eq!(waiting.iter().map(|one| one.attempts).collect::<Vec<_>>(), [0, 0, 1], "{waiting:?}");
    assert_eq!(site.shown().await.state, "enabled", "bob's delivery has worked");
    site.app.later(TimeDelta::seconds(10)).await;
    for _ in 0..3 {
        site.app.later(TimeDelta::hours(3)).await;
    }
    let all: Vec<_> = site.until_heard(6).await.iter().map(told).filter(|(name, _)| name == "ada").collect();
    let kinds: Vec<_> = all.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["access-granted", "access-granted", "access-granted", "access-cut", "access-restored"]
    );
    assert_eq!(site.deliveries(Some("delivered")).await.len(), 4);
}

#[tokio::test]
async fn attempts_end_and_a_webhook_that_never_works_is_disabled() {
    let site = Site::open(|_, _| Reply::Status(503, "down")).await;
    let ada = site.person("ada").await;
    site.until_heard(1).await;
    site.directory.set_active(&ada, false).await.expect(200);
    // Ten attempts, with all that chance adds to the pauses, take less than 34 times three hours.
    for _ in 0..34 {
        site.app.later(TimeDelta::hours(3)).await;
    }
    let listed = site.deliveries(None).await;
    let given_up = listed.iter().find(|one| one.state == "given-up").expect("one came to its end");
    assert_eq!(
        (given_up.attempts, given_up.status, given_up.answer.as_deref()),
        (10, Some(503), Some("down"))
    );
    assert_eq!(site.shown().await.state, "failing");
    assert!(
        site.receiver.heard().iter().any(|heard| told(heard).1 == "access-cut"),
        "the next one has its turn"
    );
    for _ in 0..15 {
        site.app.later(TimeDelta::hours(3)).await;
    }
    let shown = site.shown().await;
    assert_eq!(shown.state, "disabled");
    assert!(shown.disabled_because.is_some_and(|why| why.contains("5 days")));
    assert_eq!(site.story().await, ["webhook-created", "webhook-disabled"]);
    let heard = site.receiver.heard().len();
    site.app.later(TimeDelta::days(3)).await;
    assert_eq!(site.receiver.heard().len(), heard, "nothing goes to a disabled webhook");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_an_operator_enables_it() {
    let site = Site::open(|_, before| if before == 0 { Reply::Status(410, "") } else { OK }).await;
    let ada = site.person("ada").await;
    site.until_heard(1).await;
    let disabled = site.shown().await;
    assert_eq!(disabled.state, "disabled");
    assert!(disabled.disabled_because.is_some_and(|why| why.contains("410")));
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    webhooks::replay_all(db, &operator, site.named()).await.expect_err("it is disabled");
    site.directory.set_active(&ada, false).await.expect(200);
    site.app.later(TimeDelta::days(1)).await;
    assert_eq!(site.receiver.heard().len(), 1);
    site.change(Change { enabled: Some(true), ..Change::default() }).await;
    let heard = site.until_heard(2).await;
    assert_eq!(told(&heard[1]).1, "access-cut", "what happened meanwhile is delivered");
    assert_eq!(webhooks::replay_all(db, &operator, site.named()).await.expect("replayed"), 1);
    let heard = site.until_heard(3).await;
    assert_eq!(told(&heard[2]).1, "access-granted");
    assert_eq!(heard[2].header("webhook-id"), heard[0].header("webhook-id"));
    assert_eq!(site.story().await, ["webhook-created", "webhook-disabled", "webhook-changed"]);
}

#[tokio::test]
async fn what_waits_when_an_operator_disables_a_webhook_goes_on_in_order() {
    let site = Site::open(|_, before| if before == 0 { Reply::Close } else { OK }).await;
    let ada = site.person("ada").await;
    site.until_heard(1).await;
    assert_eq!(site.shown().await.state, "failing");
    assert!(
        site.deliveries(None).await[0]
            .answer
            .as_deref()
            .is_some_and(|why| why.contains("ended the connection"))
    );
    site.directory.set_active(&ada, false).await.expect(200);
    site.change(Change { enabled: Some(false), ..Change::default() }).await;
    site.app.later(TimeDelta::days(1)).await;
    assert_eq!(site.receiver.heard().len(), 1);
    site.change(Change { enabled: Some(true), ..Change::default() }).await;
    let kinds: Vec<_> = site.until_heard(3).await.iter().map(|heard| told(heard).1).collect();
    assert_eq!(kinds, ["access-granted", "access-granted", "access-cut"]);
}

#[tokio::test]
async fn both_secrets_sign_while_a_receiver_learns_the_new_one() {
    let site = Site::open(|_, _| OK).await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let rotated = webhooks::rotate(db, &operator, site.named(), TimeDelta::hours(24)).await.expect("rotated");
    assert_ne!(rotated.secret, site.webhook.secret);
    site.person("ada").await;
    let heard = site.until_heard(1).await.remove(0);
    assert!(heard.is_signed_with(&rotated.secret) && heard.is_signed_with(&site.webhook.secret));
    site.app.later(TimeDelta::hours(24)).await;
    site.person("bob").await;
    let heard = site.until_heard(2).await.remove(1);
    assert!(heard.is_signed_with(&rotated.secret) && !heard.is_signed_with(&site.webhook.secret));
    let operator = site.app.admin.operator("test");
    let at_once = webhooks::rotate(db, &operator, site.named(), TimeDelta::zero()).await.expect("rotated");
    site.person("cyd").await;
    let heard = site.until_heard(3).await.remove(2);
    assert!(heard.is_signed_with(&at_once.secret) && !heard.is_signed_with(&rotated.secret));
    webhooks::rotate(db, &operator, site.named(), TimeDelta::days(31)).await.expect_err("too long");
}

#[tokio::test]
async fn a_delivery_is_made_once_more_when_an_operator_says_so() {
    let site = Site::open(|_, _| OK).await;
    site.person("ada").await;
    let first = site.until_heard(1).await.remove(0);
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let id = site.deliveries(None).await[0].id.to_string();
    webhooks::replay(db, &operator, site.named(), &id).await.expect("replayed");
    let second = site.until_heard(2).await.remove(1);
    assert_eq!((second.header("webhook-id"), &second.body), (first.header("webhook-id"), &first.body));
    assert_eq!(site.deliveries(Some("delivered")).await.len(), 1, "it is the same delivery");
    for unknown in ["x", &site.webhook.known.id.to_string()] {
        webhooks::replay(db, &operator, site.named(), unknown).await.expect_err("there is no such delivery");
    }
    let tested =
        webhooks::sample(db, &operator, &site.app.tenant, &site.webhook.known.url).await.expect("signed");
    assert!(tested.body.contains("\"type\":\"test\""));
}

#[tokio::test]
async fn after_a_crash_between_answer_and_record_only_that_delivery_is_repeated() {
    let site = Site::open(|_, _| OK).await;
    for name in ["ada", "bob", "cyd"] {
        site.person(name).await;
    }
    let db = site.app.admin.db();
    let now = site.app.clock.now();
    // A worker takes a delivery and makes it, and is never heard of again.
    let job = loop {
        webhooks::spread(db, now).await.expect("spread");
        let claim = Claim::of(&[webhooks::DELIVER], 1);
        let claimed = db.claim_jobs(&claim, "crashed", now, TimeDelta::seconds(60)).await.expect("claimed");
        if let Some(job) = claimed.into_iter().next() {
            break job;
        }
    };
    let sent = webhooks::next(db, &job, now).await.expect("readable").expect("a delivery");
    let others = site.until_heard(2).await;
    let sent_id = sent.headers.iter().find(|(name, _)| *name == "webhook-id").map(|(_, id)| id.as_str());
    let sent_id = sent_id.expect("an id");
    assert!(others.iter().all(|heard| heard.header("webhook-id") != sent_id));
    site.app.later(TimeDelta::seconds(30)).await;
    assert_eq!(site.receiver.heard().len(), 2, "its lease is not over");
    site.app.later(TimeDelta::seconds(31)).await;
    let all = site.receiver.heard();
    assert_eq!(all.len(), 3);
    assert_eq!(all[2].header("webhook-id"), sent_id, "the receiver knows it by its id");
    site.app.later(TimeDelta::days(1)).await;
    assert_eq!(site.receiver.heard().len(), 3);
}

#[tokio::test]
async fn a_delivery_whose_job_ends_every_worker_is_given_up_and_the_next_one_is_made() {
    let site = Site::open(|_, number| if number == 0 { Reply::Status(500, "no") } else { OK }).await;
    let (db, clock) = (site.app.admin.db(), &site.app.clock);
    let person = site.person("ada").await;
    site.directory.set_active(&person, false).await.expect(200);
    let first = site.until_heard(1).await;
    clock.advance(TimeDelta::hours(1));
    for _ in 0..12 {
        let claim = Claim::of(&[webhooks::DELIVER], 9);
        let claimed =
            db.claim_jobs(&claim, "crashed", clock.now(), TimeDelta::seconds(1)).await.expect("claimed");
        assert_eq!(claimed.len(), 1);
        clock.advance(TimeDelta::minutes(1));
    }
    let heard = site.until_heard(2).await;
    assert_ne!(heard[1].header("webhook-id"), first[0].header("webhook-id"), "the next one about the person");
    let given_up = site.deliveries(Some("given-up")).await;
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].attempts, 1, "no attempt was made of which something is known");
    assert_eq!(site.deliveries(Some("waiting")).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_servers_deliver_each_event_once() {
    let site = Site::open(|_, _| OK).await;
    let settings = [("ROLLCALL_WEBHOOKS__ALLOW_PRIVATE", "true")];
    let config = crate::support::config(&site.app.url, &settings);
    let second = Server::build_with(config, site.app.clock.clone()).await.expect("a second server");
    site.app.without_brake(&site.directory).await;
    for number in 0..20 {
        let id = site.person(&format!("p{number}")).await;
        site.directory.set_active(&id, false).await.expect(200);
    }
    while site.receiver.heard().len() < 40 {
        tokio::join!(site.app.server.run_due_jobs(), second.run_due_jobs());
    }
    tokio::join!(site.app.server.run_due_jobs(), second.run_due_jobs());
    let heard = site.receiver.heard();
    let mut ids: Vec<&str> = heard.iter().map(|heard| heard.header("webhook-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((heard.len(), ids.len()), (40, 40), "each event once");
    for number in 0..20 {
        let name = format!("p{number}");
        let kinds: Vec<_> =
            heard.iter().map(told).filter(|(known, _)| *known == name).map(|(_, kind)| kind).collect();
        assert_eq!(kinds, ["access-granted", "access-cut"], "in order for each person");
    }
}

#[tokio::test]
async fn private_addresses_are_refused_unless_the_settings_allow_them() {
    let app = TestApp::open().await;
    let (db, operator) = (app.admin.db(), app.admin.operator("test"));
    let directory = app.connection("generic").await;
    app.pool_for_everyone(5).await;
    let receiver = Receiver::start(|_, _| OK).await;
    let new = |url: String| New { url, ..New::default() };
    for url in [
        receiver.url("/"),
        format!("https://{}/", receiver.address),
        "https://[::ffff:127.0.0.1]/".to_owned(),
    ] {
        webhooks::create(db, &operator, &app.tenant, &new(url), false).await.expect_err("it is private");
    }
    let unknown = New { events: vec!["x".to_owned()], ..new("https://hooks.example.com/".to_owned()) };
    webhooks::create(db, &operator, &app.tenant, &unknown, false).await.expect_err("no kind of event");
    // What a name stands for is looked at when it is connected to.
    let url = format!("https://localhost:{}/", receiver.address.port());
    webhooks::create(db, &operator, &app.tenant, &new(url.clone()), false).await.expect("a name");
    let body = json!({ "schemas": [USER], "userName": "ada" });
    directory.post("/Users", &body).await.expect(201);
    let said = loop {
        app.later(TimeDelta::zero()).await;
        let listed = webhooks::deliveries(db, (&app.tenant, &url), None, (None, 9)).await.expect("readable");
        if let Some(said) = listed.first().and_then(|one| one.answer.clone()) {
            break said;
        }
        tokio::task::yield_now().await;
    };
    assert!(said.contains("no address of the public internet"), "{said}");
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn the_log_of_deliveries_goes_with_its_events_and_a_webhook_with_its_log() {
    let site = Site::open(|_, _| OK).await;
    site.person("ada").await;
    site.until_heard(1).await;
    // Ids never go back within a process, and other tests in it are days ahead.
    site.app.clock.advance(TimeDelta::days(400));
    site.person("bob").await;
    site.until_heard(2).await;
    assert_eq!(site.deliveries(None).await.len(), 2);
    site.app.server.forget_what_is_old().await;
    assert_eq!(site.deliveries(None).await.len(), 1);
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    webhooks::delete(db, &operator, &site.app.tenant, &site.webhook.known.url).await.expect("deleted");
    assert_eq!(crate::support::count(&site.app, "SELECT COUNT(*) FROM webhook_deliveries").await, 0);
    site.person("cyd").await;
    site.app.later(TimeDelta::days(1)).await;
    assert_eq!(site.receiver.heard().len(), 2);
    assert_eq!(site.story().await, ["webhook-created", "webhook-deleted"]);
}
