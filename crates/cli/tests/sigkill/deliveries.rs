//! A server that is killed while it delivers to a webhook: every event arrives, in the order of each person, and what was in
//! flight comes again under the same `webhook-id`.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use serde_json::Value;

use super::binding::group_of;
use super::{ALL, Moments, items, minutes_pass, people, serving};
use crate::support::receiver::{self, Heard};
use crate::support::{Server, Site, text};

/// How often the server is killed.
const KILLS: usize = 3;
/// Deliveries that a server makes at the same time.
const AT_ONCE: usize = 4;
/// How long a delivery may take to come.
const PATIENCE: Duration = Duration::from_mins(1);
/// What happens to each person, in this order.
const EVENTS: [&str; 3] = ["access-granted", "deactivated", "access-granted"];

#[test]
fn deliveries_killed_by_sigkill_all_arrive_in_order_on_sqlite() {
    lives_through_kills(&Site::sqlite());
}

#[test]
fn deliveries_killed_by_sigkill_all_arrive_in_order_on_postgresql() {
    crate::support::postgres::with_site(lives_through_kills);
}

fn lives_through_kills(site: &Site) {
    let people = people(200);
    let mut moments = Moments::new();
    let group = group_of(site, people);
    let (url, hears) = receiver::start().expect("a free port");
    let private = [
        ("ROLLCALL_WEBHOOKS__ALLOW_PRIVATE", "true".to_owned()),
        ("ROLLCALL_WEBHOOKS__SEND_AT_ONCE", AT_ONCE.to_string()),
    ];
    let mut create = site.command(&["webhook", "create", "--tenant", "North", &url]);
    assert!(create.envs(private.clone()).output().expect("it starts").status.success());
    let seats = people.to_string();
    let pool = site.id(&["pool", "create", "--tenant", "North", "--name", "Vault", "--seats", &seats]);
    let of = ["--group", &group, "--pool", &pool];
    // No server runs, so nothing of this is delivered yet.
    site.json(&[&["binding", "create"][..], &of].concat());
    site.json(&[&["binding", "delete", "--yes"][..], &of].concat());
    site.json(&[&["binding", "create"][..], &of].concat());

    let all = people * EVENTS.len();
    let mut log = Log::default();
    for _ in 0..KILLS {
        let mut server = Server::start(serving(site, &private));
        for _ in 0..moments.within(1..all / KILLS) {
            log.hear(&hears);
        }
        server.kill();
        minutes_pass(site);
    }
    let mut server = Server::start(serving(site, &private));
    while log.bodies.len() < all {
        log.hear(&hears);
    }
    let waiting = ["webhook", "deliveries", "--tenant", "North", &url, "--state", "waiting", "--count", ALL];
    while !items(&site.json(&waiting)).is_empty() {}
    server.stop();
    for heard in hears.try_iter() {
        log.note(heard);
    }

    assert_eq!(log.bodies.len(), all, "every event has one id");
    assert!(log.again <= KILLS * AT_ONCE, "more than what was in flight came again: {}", log.again);
    assert_eq!(log.people.len(), people);
    for (person, kinds) in &log.people {
        assert_eq!(kinds, &EVENTS, "the order of {person}");
    }
}

/// What arrived.
#[derive(Default)]
struct Log {
    /// By `webhook-id`.
    bodies: BTreeMap<String, String>,
    /// The kinds of events of each person as they came first.
    people: BTreeMap<String, Vec<String>>,
    /// The last `webhook-id` of each person.
    last: BTreeMap<String, String>,
    /// How many came again.
    again: usize,
}

impl Log {
    fn hear(&mut self, hears: &Receiver<Heard>) {
        self.note(hears.recv_timeout(PATIENCE).expect("a delivery"));
    }

    fn note(&mut self, Heard { id, body }: Heard) {
        let event: Value = serde_json::from_str(&body).expect("JSON");
        let (person, kind) = (text(&event, "/data/id"), text(&event, "/type"));
        if let Some(before) = self.bodies.insert(id.clone(), body.clone()) {
            self.again += 1;
            assert_eq!(before, body, "what comes again says the same");
            assert_eq!(self.last.get(&person), Some(&id), "nothing came between an event and its repetition");
            return;
        }
        self.last.insert(person.clone(), id);
        self.people.entry(person).or_default().push(kind);
    }
}
