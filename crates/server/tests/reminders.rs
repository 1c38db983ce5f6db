//! People who have not finished are reminded: by hand, by schedule, in a tenant's own words, and never for nothing.

use crate::support::sending::Site;
use crate::support::smtp::{Script, WILLING};
use crate::support::{Answer, Client, TestApp, USER};
use chrono::TimeDelta;
use operations::asked::Concerned;
use operations::consequences::Agreed;
use operations::mail::templates::{self, Parts};
use operations::mail::{self, Fate};
use operations::reminders::{self, Whom};
use operations::tenants::{self, SendingChange, SettingsChange};
use operations::work::{Pace, step};
use operations::{Claim, JobOutcome, api_tokens};
use serde_json::json;
use server::Server;

const DAY: TimeDelta = TimeDelta::days(1);

impl Site {
    async fn remind(&self, person: &str) -> Result<(), String> {
        let operator = self.app.admin.operator("test");
        let sent = reminders::send_one(self.app.admin.db(), &operator, person, 24).await;
        self.pass(TimeDelta::zero()).await;
        sent.map_err(|error| error.to_string())
    }

    async fn remind_all(&self, whom: Whom, preview: bool) -> Concerned {
        let operator = self.app.admin.operator("test");
        let sent = reminders::send(self.app.admin.db(), &operator, &self.app.tenant, &whom, preview).await;
        self.pass(TimeDelta::zero()).await;
        sent.expect("a filter that can be used")
    }

    async fn reminded(&self, person: &str) -> u64 {
        self.app.person(person).await.reminders
    }

    async fn schedule(&self, days: &str) {
        self.sending(SendingChange { remind_after: Some(days.to_owned()), ..Default::default() }).await;
    }
}

#[tokio::test]
async fn a_reminder_by_hand_shows_how_far_the_person_is_and_is_counted() {
    let site = Site::open(WILLING).await;
    let person = site.invited("keoni").await;
    site.step(&person, "signed-in").await;
    site.remind(&person).await.expect("a reminder");
    let mail = site.to("keoni@alpha.example").pop().expect("a reminder");
    let text = mail.body("text/plain").expect("a text");
    assert!(text.contains("https://rollcall.example.com/enrol/"), "{text}");
    let invitation = &site.to("keoni@alpha.example")[0];
    let link = |text: &str| {
        let at = text.find("https://rollcall.example.com/enrol/").expect("a link");
        text[at..].split_whitespace().next().expect("a link").to_owned()
    };
    assert_ne!(link(&text), link(&invitation.body("text/plain").expect("a text")), "a fresh link");
    assert_eq!(site.reminded(&person).await, 1);
    let story = site.app.story(&person).await;
    for kind in ["reminder-asked", "reminded"] {
        assert_eq!(story.iter().filter(|known| *known == kind).count(), 1, "{kind}: {story:?}");
    }
    let early = site.remind(&person).await.expect_err("it is too early");
    assert!(early.contains("a short while ago"), "{early}");
    site.pass(DAY).await;
    site.remind(&person).await.expect("a second one");
    assert_eq!((site.reminded(&person).await, site.to("keoni@alpha.example").len()), (2, 3));
    site.finish(&person).await;
    site.pass(DAY).await;
    let finished = site.remind(&person).await.expect_err("nothing is left to do");
    assert!(finished.contains("finished"), "{finished}");
}

#[tokio::test]
async fn many_are_reminded_who_need_it_and_a_preview_says_why_others_are_not() {
    let site = Site::open(Script { answers: &[("RCPT gone", "550 5.1.1 no such user")], ..WILLING }).await;
    for name in ["a1", "a2", "a3", "gone"] {
        site.person(name, &format!("{name}@alpha.example")).await;
    }
    site.pass(TimeDelta::hours(1)).await;
    let reminded = site.invited("b1").await;
    let finished = site.invited("b2").await;
    site.remind(&reminded).await.expect("a reminder");
    site.finish(&finished).await;
    let off = site.invited("b3").await;
    site.directory.set_active(&off, false).await.expect(200);
    let whom = || Whom { pause_hours: 24, ..Whom::default() };
    let before = site.count();
    let preview = site.remind_all(whom(), true).await;
    assert_eq!((preview.people, preview.sent), (7, 3));
    let reasons: Vec<(&str, u64)> =
        preview.left_out.iter().map(|omitted| (omitted.reason, omitted.people)).collect();
    for (reason, people) in [("not-invited", 1), ("reminded-just-now", 1), ("active", 1), ("no-access", 1)] {
        assert!(reasons.contains(&(reason, people)), "{reason}: {reasons:?}");
    }
    assert_eq!(site.count(), before, "a preview sends nothing");
    let narrow = Whom { filter: Some("userName sw \"a\"".to_owned()), ..whom() };
    let some = site.remind_all(Whom { reminders: Some("0".to_owned()), ..narrow.clone() }, false).await;
    assert_eq!((some.people, some.sent, site.count()), (3, 3, before + 3));
    let none = site.remind_all(narrow, false).await;
    assert_eq!((none.sent, none.left_out[0].reason), (0, "reminded-just-now"));
    let part = |reminders: &str| operations::directory::Part {
        reminders: Some(reminders.to_owned()),
        start: 1,
        count: 100,
        ..Default::default()
    };
    for (count, people) in [("0", 3), ("1", 4), ("2", 0), ("1+", 4), ("0+", 7)] {
        let listed = operations::directory::users(site.app.admin.db(), &site.app.tenant, &part(count)).await;
        assert_eq!(listed.expect("a list").total, people, "{count}");
    }
    let unfinished =
        reminders::list(site.app.admin.db(), &site.app.tenant, &part("1")).await.expect("a list");
    assert_eq!(unfinished.total, 4);
    assert!(unfinished.items.iter().all(|one| one.reminders == 1 && one.reminded_at.is_some()));
    let wrong = reminders::list(site.app.admin.db(), &site.app.tenant, &part("many")).await;
    assert!(wrong.expect_err("no number").to_string().contains("3+"));
}

#[tokio::test]
async fn an_address_that_was_refused_for_good_gets_no_reminder_until_it_changes() {
    let site = Site::open(Script { answers: &[("RCPT gone", "550 5.1.1 no such user")], ..WILLING }).await;
    // Nothing was sent to the address yet.
    site.invite("never").await;
    let person = site.person("keoni", "gone@alpha.example").await;
    site.remind(&person).await.expect("it is not known yet");
    assert_eq!((site.outbox("refused").await.len(), site.reminded(&person).await), (1, 0));
    site.pass(DAY * 2).await;
    let refused = site.remind(&person).await.expect_err("it was refused");
    assert!(refused.contains("refused"), "{refused}");
    site.readdress(&person, Some("new@alpha.example")).await;
    site.remind(&person).await.expect("it is another address");
    assert_eq!(site.to("new@alpha.example").len(), 1);
}

#[tokio::test]
async fn the_schedule_reminds_who_has_not_finished_and_ends() {
    let site = Site::open(WILLING).await;
    site.schedule("3,7").await;
    let person = site.invited("keoni").await;
    let by_hand = site.invited("berta").await;
    let finished = site.invited("carla").await;
    let gone = site.invited("dora").await;
    let back = site.invited("emil").await;
    site.finish(&finished).await;
    site.directory.set_active(&gone, false).await.expect(200);
    site.directory.set_active(&back, false).await.expect(200);
    site.pass(DAY * 2).await;
    site.remind(&by_hand).await.expect("a reminder by hand");
    let mails = |name: &str| site.to(&format!("{name}@alpha.example")).len();
    for (days, keoni, berta, emil) in [(0, 1, 2, 1), (1, 2, 2, 1), (3, 2, 2, 1), (1, 3, 3, 2), (30, 3, 3, 2)]
    {
        if days == 3 {
            site.directory.set_active(&back, true).await.expect(200);
        }
        site.pass(DAY * days).await;
        assert_eq!((mails("keoni"), mails("berta"), mails("emil")), (keoni, berta, emil), "{days} days on");
    }
    assert_eq!((mails("carla"), mails("dora")), (2, 1), "an invitation, and a code for the one who finished");
    let text = site.to("keoni@alpha.example")[2].body("text/plain").expect("a text");
    assert!(text.contains('2'), "{text}");
    assert_eq!(site.reminded(&person).await, 2);
    // A schedule that is set later counts from the invitation, and nothing is sent for days that are over.
    assert_eq!(crate::support::count(&site.app, "SELECT COUNT(*) FROM jobs WHERE kind = 'remind'").await, 0);
}

#[tokio::test]
async fn a_schedule_that_is_set_later_reminds_who_was_invited_before() {
    let site = Site::open(WILLING).await;
    let mut people = Vec::new();
    for number in 0..5 {
        people.push(site.invited(&format!("p{number}")).await);
    }
    site.finish(&people[1]).await;
    site.directory.set_active(&people[2], false).await.expect(200);
    site.pass(DAY * 2).await;
    let sending = SendingChange { remind_after: Some("1,4".to_owned()), ..Default::default() };
    let settings = SettingsChange { sending, ..Default::default() };
    let change = tenants::Change { settings, ..Default::default() };
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let (_, works) =
        tenants::update(db, &operator, &site.app.tenant, &change, Agreed::Nothing).await.expect("a change");
    let mut looked_at = 0;
    for mut work in works {
        let pace = Pace { now: site.app.clock.now(), batch: 2, lease: TimeDelta::minutes(1) };
        while let Some(progress) = work.step(db, pace).await.expect("a step") {
            looked_at += progress.people;
        }
    }
    assert_eq!(looked_at, 4, "the person who has finished is passed over");
    let mails = |number: u32| site.to(&format!("p{number}@alpha.example")).len();
    site.pass(DAY).await;
    assert_eq!((mails(0), mails(3), mails(4)), (1, 1, 1), "nothing is sent for a day that is over");
    site.directory.set_active(&people[2], true).await.expect(200);
    site.pass(DAY * 2).await;
    assert_eq!([0, 1, 2, 3, 4].map(mails), [2, 2, 2, 2, 2], "all but the one who finished, who got a code");
    site.pass(DAY * 30).await;
    assert_eq!(site.count(), 10);
}

#[tokio::test]
async fn without_a_schedule_nobody_is_reminded() {
    let site = Site::open(WILLING).await;
    site.invited("keoni").await;
    site.pass(DAY * 60).await;
    assert_eq!(site.count(), 1);
}

/// A worker that ends between a step and its record, and one whose lease went to another worker.
#[tokio::test]
async fn a_reminder_is_not_sent_twice_by_workers_that_end_or_come_late() {
    let site = Site::open(WILLING).await;
    site.schedule("3").await;
    let person = site.invited("keoni").await;
    site.app.clock.advance(DAY * 3);
    let db = &site.worker().await;
    for kind in ["remind", "let-mail-leave"] {
        let lease = TimeDelta::minutes(1);
        let pace = || Pace { now: site.app.clock.now(), batch: 100, lease };
        let kinds = [kind];
        let claim = Claim::of(&kinds, 5);
        let mut first = db.claim_jobs(&claim, "first", site.app.clock.now(), lease).await.expect("claimed");
        assert_eq!(first.len(), 1, "{kind}");
        // It takes its step and is never heard of again, or so it seems.
        step(db, &mut first[0], pace()).await.expect("a step");
        let stale = first[0].clone();
        site.app.clock.advance(TimeDelta::minutes(2));
        let mut second = db.claim_jobs(&claim, "second", site.app.clock.now(), lease).await.expect("claimed");
        let again = second.iter_mut().find(|job| job.id == stale.id).expect("the same job");
        while step(db, again, pace()).await.expect("a step").is_some() {}
        assert!(db.finish_job(again, JobOutcome::Done, site.app.clock.now()).await.expect("ended"));
        let late = db.finish_job(&stale, JobOutcome::Done, site.app.clock.now()).await;
        assert!(!late.expect("looked at"), "the first worker has no say any more");
    }
    site.pass(TimeDelta::hours(1)).await;
    assert_eq!((site.count(), site.reminded(&person).await), (2, 1), "an invitation and a reminder");
}

#[tokio::test]
async fn two_servers_remind_each_person_once_in_parallel() {
    let site = Site::open(WILLING).await;
    if site.app.url.starts_with("sqlite") {
        println!("not tried on SQLite: only PostgreSQL is shared by servers");
        return;
    }
    let other: Server = site.another().await;
    site.schedule("3").await;
    for number in 0..40 {
        site.person(&format!("p{number}"), &format!("p{number}@alpha.example")).await;
    }
    site.app.clock.advance(TimeDelta::hours(1));
    futures::future::join(site.app.server.run_due_jobs(), other.run_due_jobs()).await;
    assert_eq!(site.count(), 40);
    site.app.clock.advance(DAY * 3);
    for _ in 0..3 {
        futures::future::join(site.app.server.run_due_jobs(), other.run_due_jobs()).await;
    }
    assert_eq!(site.count(), 80);
    assert!((0..40).all(|number| site.to(&format!("p{number}@alpha.example")).len() == 2));
}

#[tokio::test]
async fn a_tenant_writes_in_its_own_words() {
    let site = Site::open(WILLING).await;
    let person = site.invited("keoni").await;
    let (db, operator, tenant) = (site.app.admin.db(), site.app.admin.operator("test"), &site.app.tenant);
    let set = async |text: &str| {
        let parts = Parts { text: Some(text.to_owned()), ..Default::default() };
        templates::set(db, &operator, tenant, ("reminder", "en"), &parts).await
    };
    let wrong = set("Hello\n{{ nmae }}").await.expect_err("there is no such variable").to_string();
    assert!(wrong.contains("text, line 2"), "{wrong}");
    let listed = set("Ahoy{% if name %} {{ name }}{% endif %}, go on: {{ link }}").await.expect("a template");
    assert_eq!(listed.own, ["text"]);
    let look =
        mail::preview(db, &operator, (Some(tenant), Some(&person)), ("reminder", None), &Parts::default())
            .await;
    let look = look.expect("a preview");
    assert!(
        look.text.starts_with("Ahoy Keoni, go on:") && look.text.contains("/enrol/preview"),
        "{}",
        look.text
    );
    assert!(!look.html.contains("Ahoy"), "the HTML is not the tenant's own");
    assert_eq!(site.count(), 1, "a preview sends nothing");
    site.remind(&person).await.expect("a reminder");
    let text = site.sink.received()[1].body("text/plain").expect("a text");
    assert!(text.starts_with("Ahoy Keoni"), "{text}");
    let german = mail::preview(
        db,
        &operator,
        (Some(tenant), Some(&person)),
        ("reminder", Some("de")),
        &Parts::default(),
    )
    .await;
    assert!(!german.expect("a preview").text.contains("Ahoy"), "it is the English template");
    let shown = templates::show(db, tenant, ("reminder", "en")).await.expect("a template").parts;
    assert!(shown.text.is_some_and(|text| text.starts_with("Ahoy")) && shown.subject.is_some());
    assert!(templates::delete(db, &operator, tenant, ("reminder", "en")).await.expect("deleted"));
    assert!(!templates::delete(db, &operator, tenant, ("reminder", "en")).await.expect("nothing to delete"));
    let own = templates::list(db, tenant).await.expect("a list");
    assert!(own.iter().all(|one| one.own.is_empty()));
    assert_eq!(site.told("template-changed").await, 2);
}

#[tokio::test]
async fn a_template_that_fails_for_some_people_stops_nobodys_mail() {
    let site = Site::open(WILLING).await;
    let (db, operator, tenant) = (site.app.admin.db(), site.app.admin.operator("test"), &site.app.tenant);
    let some = "sign_in == \"keoni\" or sign_in == \"kimo\" or sign_in == \"kai\"";
    let html = format!("Ahoy{{% if {some} %}}<b>{{% endif %}}, begin: <a href=\"{{{{ link }}}}\">here</a>");
    let parts = Parts { html: Some(html), ..Default::default() };
    templates::set(db, &operator, tenant, ("invitation", "en"), &parts).await.expect("no sample shows it");
    for name in ["keoni", "kimo", "leilani"] {
        site.person(name, &format!("{name}@alpha.example")).await;
    }
    site.pass(TimeDelta::hours(1)).await;
    let is_ours = |name: &str| {
        let mail = site.to(&format!("{name}@alpha.example")).pop().expect("an invitation");
        !mail.body("text/html").expect("HTML").contains("Ahoy")
    };
    assert!(!is_ours("leilani") && is_ours("keoni") && is_ours("kimo"));
    assert_eq!(site.told("template-failed").await, 1, "once a day is enough");
    site.pass(DAY).await;
    site.person("kai", "kai@alpha.example").await;
    site.pass(TimeDelta::hours(1)).await;
    assert!(is_ours("kai"));
    assert_eq!(site.told("template-failed").await, 2);
    let preview =
        mail::preview(db, &operator, (Some(tenant), Some("kai")), ("invitation", None), &Parts::default())
            .await;
    let wrong = preview.expect_err("a preview says what is wrong").to_string();
    assert!(wrong.contains("line 1"), "{wrong}");
}

#[tokio::test]
async fn an_administrator_gets_a_test_mail_of_any_kind() {
    let site = Site::open(WILLING).await;
    let (db, operator, tenant) = (site.app.admin.db(), site.app.admin.operator("test"), &site.app.tenant);
    for kind in ["test", "invitation", "code", "reminder", "return", "deactivated", "alert"] {
        let to = (tenant.as_str(), "ingrid@alpha.example");
        mail::test(db, &operator, to, (kind, Some("de")), &Parts::default()).await.expect(kind);
    }
    site.pass(TimeDelta::zero()).await;
    assert_eq!(site.to("ingrid@alpha.example").len(), 7);
    for (to, kind, tag, said) in [
        ("no address", "test", None, "no e-mail address"),
        ("a@x.example", "letter", None, "letter"),
        ("a@x.example", "test", Some("xx"), "xx"),
    ] {
        let refused = mail::test(db, &operator, (tenant, to), (kind, tag), &Parts::default())
            .await
            .expect_err(said)
            .to_string();
        assert!(refused.contains(said), "{refused}");
    }
}

/// A server without a mail server: mail waits until the test takes it.
struct Unsent {
    app: TestApp,
    directory: Client,
    application: Client,
}

impl Unsent {
    async fn open() -> Self {
        let app = TestApp::open().await;
        let directory = app.connection("generic").await;
        app.pool_for_everyone(10).await;
        let operator = app.admin.operator("test");
        let token = api_tokens::create(app.admin.db(), &operator, &app.tenant, ("app", &[]), None).await;
        let application = directory.with_token(token.expect("a new token").token);
        Self { app, directory, application }
    }

    async fn person(&self, name: &str) -> String {
        let address = json!([{ "value": format!("{name}@alpha.example") }]);
        let body = json!({ "schemas": [USER], "userName": name, "emails": address });
        let person = self.directory.post("/Users", &body).await.expect(201).id();
        self.app.later(TimeDelta::hours(1)).await;
        person
    }

    /// Takes the mails that can be sent now, with what comes of them; answers their subjects.
    async fn taken(&self, kind: &str, fate: &Fate) -> Vec<String> {
        let (db, now) = (self.app.admin.db(), self.app.clock.now());
        let mut subjects = Vec::new();
        for job in db.claim_jobs(&Claim::of(&[kind], 9), "worker", now, DAY).await.expect("claimed") {
            if let Some(outgoing) = mail::next(db, &job, now).await.expect("readable") {
                subjects.push(outgoing.subject);
                mail::record(db, &job, fate, now).await.expect("recorded");
            }
            db.finish_job(&job, JobOutcome::Done, now).await.expect("finished");
        }
        subjects
    }

    /// How many mails were sent.
    async fn sent(&self) -> usize {
        self.taken(mail::SEND_MAIL, &Fate::Sent).await.len()
    }

    async fn post(&self, path: &str, body: serde_json::Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.application.send("POST", &format!("/api/v1{path}"), &headers, Some(body.to_string())).await
    }

    /// A person takes every step.
    async fn finish(&self, person: &str) {
        self.post(&format!("/people/{person}/code"), json!({ "device": "HL-LT-2231" })).await.expect(202);
        let subject = self.taken(mail::SEND_CODE, &Fate::Sent).await.pop().expect("a code");
        let code: String = subject.chars().filter(char::is_ascii_digit).take(6).collect();
        let checked = self.post(&format!("/people/{person}/code/check"), json!({ "code": code })).await;
        for step in checked.expect(200).body["missingSteps"].as_array().expect("steps") {
            self.post(&format!("/people/{person}/steps"), json!({ "step": step })).await.expect(200);
        }
        assert_eq!(self.directory.status(person).await, "active");
    }

    async fn remind(&self, person: &str) -> Result<(), String> {
        let operator = self.app.admin.operator("test");
        let asked = reminders::send_one(self.app.admin.db(), &operator, person, 24).await;
        self.app.later(TimeDelta::zero()).await;
        asked.map_err(|error| error.to_string())
    }

    /// The kinds of the mails that were withdrawn, the latest first.
    async fn withdrawn(&self) -> Vec<String> {
        let query = mail::Query { state: Some("withdrawn".to_owned()), most: 9, ..Default::default() };
        let operator = self.app.admin.operator("test");
        let listed = mail::list(self.app.admin.db(), &operator, &self.app.tenant, &query).await;
        listed.expect("readable").into_iter().map(|mail| mail.kind).collect()
    }
}

#[tokio::test]
async fn a_mail_that_is_not_true_any_more_when_it_can_be_sent_is_not_sent() {
    let site = Unsent::open().await;
    let sending = SendingChange { deactivation_notice: Some(true), ..Default::default() };
    let settings = SettingsChange { sending, ..Default::default() };
    let (change, agreed) = (tenants::Change { settings, ..Default::default() }, Agreed::Nothing);
    let operator = site.app.admin.operator("test");
    tenants::update(site.app.admin.db(), &operator, &site.app.tenant, &change, agreed)
        .await
        .expect("settings");

    // Who has finished meanwhile is neither invited nor reminded.
    let keoni = site.person("keoni").await;
    site.finish(&keoni).await;
    assert_eq!(site.sent().await, 0);
    assert_eq!(site.withdrawn().await, ["invitation"]);
    let berta = site.person("berta").await;
    assert_eq!(site.sent().await, 1, "who has not is");
    site.app.later(DAY * 2).await;
    site.remind(&berta).await.expect("a reminder");
    site.finish(&berta).await;
    assert_eq!(site.sent().await, 0);
    assert_eq!(site.withdrawn().await, ["reminder", "invitation"]);

    // Who has access again is not told that it ended, and who has finished once more is not told to come back.
    site.directory.set_active(&berta, false).await.expect(200);
    site.app.later(DAY * 8).await;
    assert_eq!(site.directory.status(&berta).await, "deactivated");
    site.directory.set_active(&berta, true).await.expect(200);
    assert_eq!(site.sent().await, 0);
    assert_eq!(site.withdrawn().await[0], "deactivated");
    site.app.later(TimeDelta::hours(1)).await;
    site.finish(&berta).await;
    assert_eq!(site.sent().await, 0);
    assert_eq!(site.withdrawn().await[0], "return");
    let carla = site.person("carla").await;
    assert_eq!(site.sent().await, 1);
    site.directory.set_active(&carla, false).await.expect(200);
    site.app.later(DAY * 8).await;
    assert_eq!(site.sent().await, 1, "who has no access is told");
}

#[tokio::test]
async fn a_refused_address_counts_until_mail_to_it_is_taken_and_refused_words_do_not() {
    let site = Unsent::open().await;
    let refused = |address| Fate::Refused { said: "550 no".to_owned(), address };
    let person = site.person("keoni").await;
    assert_eq!(site.sent().await, 1);
    site.app.later(DAY).await;
    site.remind(&person).await.expect("a reminder");
    assert_eq!(site.taken(mail::SEND_MAIL, &refused(false)).await.len(), 1);
    site.remind(&person).await.expect("only the words of the first one were refused");
    assert_eq!(site.taken(mail::SEND_MAIL, &refused(true)).await.len(), 1);
    let said = site.remind(&person).await.expect_err("the address was refused");
    assert!(said.contains("refused their address"), "{said}");
    // The person asks for a code, and it arrives.
    site.app.later(DAY).await;
    site.post(&format!("/people/{person}/code"), json!({ "device": "HL-LT-2231" })).await.expect(202);
    assert_eq!(site.taken(mail::SEND_CODE, &Fate::Sent).await.len(), 1);
    site.remind(&person).await.expect("a reminder");
}

#[tokio::test]
async fn people_are_told_of_the_end_of_their_access_where_the_tenant_wants_it() {
    let site = Site::open(WILLING).await;
    let silent = site.invited("berta").await;
    site.directory.set_active(&silent, false).await.expect(200);
    site.pass(DAY * 8).await;
    assert_eq!(site.directory.status(&silent).await, "deactivated");
    assert_eq!(site.to("berta@alpha.example").len(), 1, "off by default");
    site.sending(SendingChange { deactivation_notice: Some(true), ..Default::default() }).await;
    let person = site.invited("keoni").await;
    let never = site.person("nora", "nora@alpha.example").await;
    for id in [&person, &never] {
        site.directory.set_active(id, false).await.expect(200);
    }
    site.pass(DAY * 6).await;
    assert_eq!(site.to("keoni@alpha.example").len(), 1, "a suspension is not told");
    site.pass(DAY * 2).await;
    assert_eq!(site.directory.status(&person).await, "deactivated");
    assert_eq!(site.to("keoni@alpha.example").len(), 2);
    assert!(site.to("nora@alpha.example").is_empty(), "nothing to one who never heard of it");
    site.pass(DAY * 30).await;
    assert_eq!(site.count(), 3);
}
