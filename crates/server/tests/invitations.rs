//! Invitations that follow a person to another address, and those that are sent again.

use crate::support::sending::Site;
use crate::support::smtp::{Script, WILLING};
use chrono::TimeDelta;
use operations::asked::Concerned;
use operations::owners::{self, What};
use operations::tenants::SendingChange;
use operations::work::{Pace, step};
use operations::{Claim, invitations, mail, reminders};
use provisioning::Step;

const HOUR: TimeDelta = TimeDelta::hours(1);
/// Somebody does not exist, and a mail server is never ready.
const AWAY: Script = Script {
    answers: &[("RCPT gone", "550 5.1.1 no such user"), ("RCPT busy", "450 4.2.1 later")],
    ..WILLING
};

impl Site {
    async fn invite_again(&self, person: &str) -> Result<(), String> {
        let operator = self.app.admin.operator("invitation send");
        let sent = invitations::send_one(self.app.admin.db(), &operator, person).await;
        self.pass(TimeDelta::zero()).await;
        sent.map_err(|error| error.to_string())
    }

    async fn invite_all(&self, filter: Option<&str>, preview: bool) -> Concerned {
        let operator = self.app.admin.operator("invitation send");
        let sent = invitations::send(self.app.admin.db(), &operator, &self.app.tenant, filter, preview).await;
        self.pass(TimeDelta::zero()).await;
        sent.expect("a filter that can be used")
    }

    async fn is_invited(&self, person: &str) -> bool {
        self.app.person(person).await.enrolment.steps.invitation_sent.is_some()
    }
}

#[tokio::test]
async fn a_person_whose_address_is_corrected_is_invited_there() {
    let site = Site::open(AWAY).await;
    let refused = site.person("keoni", "gone@alpha.example").await;
    let without = site.person("berta", "berta@alpha.example").await;
    site.readdress(&without, None).await;
    site.pass(HOUR).await;
    assert_eq!((site.count(), site.outbox("refused").await.len()), (0, 1));
    site.readdress(&refused, Some("keoni@alpha.example")).await;
    site.readdress(&without, Some("berta@alpha.example")).await;
    site.pass(HOUR).await;
    let mails = |name: &str| site.to(&format!("{name}@alpha.example")).len();
    assert_eq!((mails("keoni"), mails("berta")), (1, 1));
    assert!(site.is_invited(&refused).await && site.is_invited(&without).await);
    // The same address in other letters is no other one, and neither is one that went and came back.
    site.readdress(&refused, Some("KEONI@alpha.example")).await;
    site.readdress(&without, None).await;
    site.readdress(&without, Some("berta@alpha.example")).await;
    site.pass(HOUR * 24).await;
    assert_eq!(site.count(), 2);
}

#[tokio::test]
async fn an_invitation_that_was_sent_elsewhere_is_owed_again_to_who_has_not_finished() {
    let site = Site::open(WILLING).await;
    let (person, finished) = (site.invited("keoni").await, site.invited("berta").await);
    site.finish(&finished).await;
    for (id, name) in [(&person, "new"), (&finished, "other")] {
        site.readdress(id, Some(&format!("{name}@alpha.example"))).await;
    }
    let steps = site.app.person(&person).await.missing_steps;
    assert_eq!(steps.first(), Some(&Step::InvitationSent), "{steps:?}");
    site.pass(HOUR).await;
    assert_eq!((site.to("new@alpha.example").len(), site.to("other@alpha.example").len()), (1, 0));
    assert!(site.is_invited(&person).await);
    let story = site.app.story(&person).await;
    assert_eq!(story.iter().filter(|kind| *kind == "invitation-owed").count(), 1, "{story:?}");
    site.finish(&person).await;
}

#[tokio::test]
async fn an_invitation_that_is_tried_again_does_not_go_to_an_address_of_before() {
    let site = Site::open(AWAY).await;
    let person = site.person("keoni", "busy@alpha.example").await;
    site.pass(HOUR).await;
    assert_eq!(site.outbox("queued").await.len(), 1, "it is tried again");
    site.readdress(&person, Some("keoni@alpha.example")).await;
    assert_eq!(site.outbox("withdrawn").await.len(), 1);
    site.pass(HOUR * 24).await;
    assert_eq!((site.to("keoni@alpha.example").len(), site.outbox("queued").await.len()), (1, 0));
    assert!(site.is_invited(&person).await);
}

/// The mail is written, and then the address changes before a worker takes it.
#[tokio::test]
async fn a_mail_to_an_address_that_the_person_has_no_more_is_not_sent() {
    let site = Site::open(WILLING).await;
    let person = site.invited("keoni").await;
    let operator = site.app.admin.operator("test");
    reminders::send_one(site.app.admin.db(), &operator, &person, 24).await.expect("a reminder");
    let (db, lease) = (&site.worker().await, TimeDelta::minutes(1));
    let now = site.app.clock.now();
    let claim = Claim::of(&["let-mail-leave"], 5);
    let mut jobs = db.claim_jobs(&claim, "worker", now, lease).await.expect("claimed");
    while step(db, &mut jobs[0], Pace { now, batch: 100, lease }).await.expect("a step").is_some() {}
    site.readdress(&person, Some("new@alpha.example")).await;
    let jobs = db.claim_jobs(&Claim::of(&[mail::SEND_MAIL], 5), "worker", now, lease).await.expect("claimed");
    assert_eq!(jobs.len(), 1);
    assert_eq!(mail::next(db, &jobs[0], now).await.expect("looked at"), None);
    assert_eq!(site.outbox("withdrawn").await.len(), 1);
}

#[tokio::test]
async fn one_person_is_invited_again_who_needs_it() {
    let site = Site::open(AWAY).await;
    let person = site.invited("keoni").await;
    site.pass(HOUR * 24 * 13).await;
    site.invite_again(&person).await.expect("an invitation");
    let mails = site.to("keoni@alpha.example");
    let link = |at: usize| {
        let text = mails[at].body("text/plain").expect("a text");
        let path = text.split("https://rollcall.example.com").nth(1).expect("a link").to_owned();
        path.split_whitespace().next().expect("a link").to_owned()
    };
    assert_ne!(link(0), link(1), "a fresh link");
    assert!(site.is_invited(&person).await, "the first one was sent");
    for at in [0, 1] {
        assert_eq!(site.app.nobody().send("GET", &link(at), &[], None).await.status, 200, "link {at}");
    }
    let story = site.app.story(&person).await;
    assert_eq!(story.iter().filter(|kind| *kind == "invitation-owed").count(), 1, "{story:?}");

    site.invite("release").await;
    let gone = site.person("berta", "gone@alpha.example").await;
    site.pass(HOUR).await;
    let waiting = site.invite_again(&gone).await.expect_err("it waits to be let go");
    assert!(waiting.contains("berta is not invited again because an invitation is on its way"), "{waiting}");
    site.invite("at-once").await;
    site.pass(HOUR).await;
    site.invite_again(&gone).await.expect("the address may work by now");
    assert_eq!(site.outbox("refused").await.len(), 2);
    site.readdress(&gone, None).await;
    let without = site.invite_again(&gone).await.expect_err("there is no address");
    assert!(without.contains("no e-mail address"), "{without}");
    site.finish(&person).await;
    let finished = site.invite_again(&person).await.expect_err("nothing is left to do");
    assert!(finished.contains("they have finished"), "{finished}");
}

#[tokio::test]
async fn many_are_invited_again_and_a_preview_says_why_others_are_not() {
    let site = Site::open(WILLING).await;
    for name in ["a1", "a2", "b1"] {
        site.person(name, &format!("{name}@alpha.example")).await;
    }
    let finished = site.invited("a3").await;
    site.finish(&finished).await;
    let off = site.invited("a4").await;
    site.directory.set_active(&off, false).await.expect(200);
    let before = site.count();
    let filter = Some("userName sw \"a\"");
    let preview = site.invite_all(filter, true).await;
    let mut reasons: Vec<_> =
        preview.left_out.iter().map(|omitted| (omitted.reason, omitted.people)).collect();
    reasons.sort_unstable();
    assert_eq!((preview.people, preview.sent, reasons), (4, 2, vec![("active", 1), ("no-access", 1)]));
    assert_eq!((site.count(), site.told("invitation-owed").await), (before, 0), "a preview sends nothing");
    let sent = site.invite_all(filter, false).await;
    assert_eq!((sent.people, sent.sent, site.count()), (4, 2, before + 2));
    assert_eq!(site.told("invitation-owed").await, 2);
}

#[tokio::test]
async fn invitations_that_a_connection_keeps_back_are_withdrawn_with_it() {
    for how in ["release", "never"] {
        let site = Site::open(WILLING).await;
        site.invite("release").await;
        let mut people = Vec::new();
        for name in ["keoni", "berta"] {
            people.push(site.person(name, &format!("{name}@alpha.example")).await);
        }
        site.pass(HOUR).await;
        // This one is invited a minute after the connection is gone.
        site.person("carla", "carla@alpha.example").await;
        if how == "never" {
            site.invite(how).await;
        }
        let (db, operator) = (site.app.admin.db(), site.app.admin.operator("connection delete"));
        let (owned, work) = owners::delete(db, &operator, &site.directory.id).await.expect("a connection");
        assert_eq!((owned.users, owned.invitations), (3, 2), "{how}");
        site.app.admin.finish(work, |_| {}).await.expect("it is deleted");
        site.pass(HOUR * 24).await;
        assert_eq!((site.count(), site.outbox("withdrawn").await.len()), (0, 2), "{how}");
        site.invite_again(&people[0]).await.expect("an invitation");
        assert_eq!(site.to("keoni@alpha.example").len(), 1, "{how}");
    }
}

#[tokio::test]
async fn what_waits_leaves_by_the_way_of_the_new_owner() {
    let site = Site::open(WILLING).await;
    site.sending(SendingChange { per_hour: Some(1), ..Default::default() }).await;
    site.invite("waves").await;
    for number in 0..3 {
        site.person(&format!("p{number}"), &format!("p{number}@alpha.example")).await;
    }
    site.pass(HOUR).await;
    assert_eq!(site.count(), 1);
    let other = site.app.connection("generic").await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("connection hand-over"));
    let started = owners::hand_over(db, &operator, &site.directory.id, &other.id, What::Users).await;
    site.app.admin.finish(started.expect("two connections").1, |_| {}).await.expect("handed over");
    site.pass(TimeDelta::zero()).await;
    assert_eq!(site.count(), 3, "the other connection invites at once");
}
