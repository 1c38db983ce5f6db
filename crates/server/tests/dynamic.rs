//! Dynamic groups (O-05): a person who leaves one keeps everything for its grace, by every door, and flapping costs nothing.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use operations::consequences::{Agreed, Consequences};
use operations::groups::{self, Marking};
use operations::journal::{Reader, Wanted};
use operations::{Error, bindings, brake, directory};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use server::Server;

use crate::support::{Client, GROUP, TestApp, config, count};

/// A dynamic group with a grace of a day, of people with access by a pool to which it is bound.
struct Site {
    app: TestApp,
    directory: Client,
    team: String,
    people: Vec<String>,
}

impl Site {
    async fn open(people: usize) -> Self {
        let app = TestApp::open().await;
        let directory = app.connection_with(&app.tenant, "generic", Some(7)).await;
        Self::of(app, directory, people).await
    }

    async fn of(app: TestApp, directory: Client, number: usize) -> Self {
        let mut people = Vec::new();
        for number in 0..number {
            people.push(directory.user(&format!("p{number:04}")).await);
        }
        let team =
            directory.group("Shore staff", &people.iter().map(String::as_str).collect::<Vec<_>>()).await;
        app.pool("Vault", 5_000, "queue").await;
        app.bind(&team, "Vault").await;
        // Invitations leave.
        app.later(TimeDelta::hours(1)).await;
        let site = Self { app, directory, team, people };
        site.mark(Marking { dynamic: Some(true), grace_hours: None }).await.expect("marked");
        site
    }

    async fn mark(&self, marking: Marking) -> Result<directory::Group, Error> {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        let (group, work) = groups::mark(db, &operator, &self.team, marking, Agreed::Anything).await?;
        if let Some(work) = work {
            self.app.admin.finish(work, |_| {}).await.expect("done");
        }
        Ok(group)
    }

    async fn preview_mark(&self, marking: Marking) -> Consequences {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        groups::preview_mark(db, &operator, &self.team, marking).await.expect("a preview")
    }

    async fn unbind(&self) -> Consequences {
        let (db, operator) = (self.app.admin.db(), self.app.admin.operator("test"));
        let told = bindings::preview_delete(db, &operator, &[&self.team], "Vault").await.expect("a preview");
        let works = bindings::delete(db, &operator, &[&self.team], "Vault", Agreed::Anything).await;
        for (_, work) in works.expect("unbound") {
            self.app.admin.finish(work, |_| {}).await.expect("settled");
        }
        told
    }

    async fn drops_out(&self, person: usize) {
        self.directory.remove(&self.team, &self.people[person]).await.expect(200);
    }

    async fn comes_back(&self, person: usize) {
        self.comes_back_as(json!(self.people[person])).await;
    }

    async fn comes_back_as(&self, value: Value) {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": value }] }]);
        self.directory.patch(&format!("/Groups/{}", self.team), add).await.expect(200);
    }

    /// PUT of the group with these people as its members.
    async fn put(&self, people: &[usize]) {
        let members: Vec<Value> =
            people.iter().map(|person| json!({ "value": self.people[*person] })).collect();
        let body = json!({ "schemas": [GROUP], "displayName": "Shore staff", "members": members });
        self.directory.put(&format!("/Groups/{}", self.team), &body).await.expect(200);
    }

    async fn status(&self, person: usize) -> String {
        self.directory.status(&self.people[person]).await
    }

    async fn statuses(&self) -> Vec<String> {
        let mut statuses = Vec::new();
        for person in 0..self.people.len() {
            statuses.push(self.status(person).await);
        }
        statuses
    }

    /// The people who are members, as a client reads them.
    async fn members(&self) -> BTreeSet<String> {
        let shown = self.directory.get(&format!("/Groups/{}", self.team)).await.expect(200);
        let members = shown.body["members"].as_array().cloned().unwrap_or_default();
        members.iter().filter_map(|member| Some(member["value"].as_str()?.to_owned())).collect()
    }

    /// Everything that a change of access would leave: what the application is told, mail, seats and enrolments.
    async fn traces(&self) -> Vec<i64> {
        let mut traces = Vec::new();
        for query in [
            "SELECT COUNT(*) FROM events",
            "SELECT COUNT(*) FROM mail",
            "SELECT COUNT(*) FROM losses",
            "SELECT COUNT(*) FROM jobs WHERE kind NOT IN ('end-lingering')",
            "SELECT COUNT(DISTINCT since) FROM seats",
            "SELECT COUNT(*) FROM seats WHERE state = 'assigned'",
            "SELECT COUNT(*) FROM seats",
            "SELECT COUNT(*) FROM users WHERE enrolment_status = 'pending' AND seat_kept_until IS NULL",
            "SELECT COUNT(*) FROM journal WHERE kind NOT IN ('member-added', 'member-removed')",
        ] {
            traces.push(count(&self.app, query).await);
        }
        traces
    }

    async fn reasons(&self, person: usize) -> Vec<String> {
        let wanted = Wanted { user: Some(self.people[person].clone()), most: 100, ..Wanted::default() };
        let reader = Reader::open(self.app.admin.db(), &self.app.admin.operator("test"), &wanted).await;
        let lines = reader.expect("a person").read(self.app.admin.db()).await.expect("readable");
        lines.into_iter().map(|line| line.why).collect()
    }

    async fn lingering(&self) -> i64 {
        count(&self.app, "SELECT COUNT(*) FROM grants WHERE kind LIKE 'lingering:%'").await
    }
}

#[tokio::test]
async fn who_leaves_a_dynamic_group_keeps_seat_and_access_for_its_grace_and_not_longer() {
    let site = Site::open(2).await;
    let before = site.traces().await;
    site.drops_out(0).await;
    assert_eq!(site.members().await, [site.people[1].clone()].into(), "SCIM shows what was pushed");
    assert_eq!((site.status(0).await, site.traces().await), ("pending".to_owned(), before.clone()));
    let explained = site.app.person(&site.people[0]).await.explanation.join(" ");
    assert!(explained.contains("kept until 2026-"), "{explained}");
    assert!(
        explained.contains("because the group “Shore staff”, which they left, is dynamic"),
        "{explained}"
    );
    let reasons = site.reasons(0).await.join(" ");
    assert!(
        reasons.contains("“Shore staff”, which is dynamic and keeps what they have until 2026-"),
        "{reasons}"
    );

    site.app.later(TimeDelta::hours(23)).await;
    assert_eq!((site.status(0).await, site.traces().await), ("pending".to_owned(), before));
    site.app.later(TimeDelta::hours(1) + TimeDelta::minutes(1)).await;
    assert_eq!((site.status(0).await, site.status(1).await), ("suspended".to_owned(), "pending".to_owned()));
    let reasons = site.reasons(0).await.join(" ");
    assert!(reasons.contains("they left the dynamic group “Shore staff” and its grace is over"), "{reasons}");
    assert_eq!(site.lingering().await, 0);
    site.app.later(TimeDelta::days(7)).await;
    assert_eq!(
        site.status(0).await,
        "deactivated",
        "the grace of the connection comes after that of the group"
    );
}

#[tokio::test]
async fn coming_back_in_time_costs_nothing_at_all() {
    let site = Site::open(1).await;
    let before = site.traces().await;
    site.drops_out(0).await;
    site.app.later(TimeDelta::hours(20)).await;
    site.comes_back(0).await;
    assert_eq!(site.lingering().await, 0);
    let reasons = site.reasons(0).await.join(" ");
    assert!(
        reasons.contains("was added to the group “Shore staff”, and came back in time to what they had"),
        "{reasons}"
    );
    site.app.later(TimeDelta::days(2)).await;
    assert_eq!((site.status(0).await, site.traces().await), ("pending".to_owned(), before.clone()));
    // A person who leaves again has a whole grace again, and the same push once more changes nothing.
    site.drops_out(0).await;
    site.app.later(TimeDelta::hours(20)).await;
    site.directory.remove(&site.team, &site.people[0]).await;
    site.app.later(TimeDelta::hours(3)).await;
    assert_eq!((site.status(0).await, site.traces().await), ("pending".to_owned(), before));
    site.app.later(TimeDelta::hours(2)).await;
    assert_eq!(site.status(0).await, "suspended");
}

#[tokio::test]
async fn a_group_that_became_static_and_is_deleted_before_its_people_are_settled_keeps_none() {
    let site = Site::open(2).await;
    site.drops_out(0).await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let marking = Marking { dynamic: Some(false), grace_hours: None };
    let (_, work) = groups::mark(db, &operator, &site.team, marking, Agreed::Anything).await.expect("marked");
    assert!(work.is_some() && site.lingering().await == 1, "the work has yet to be done");
    site.directory.delete(&format!("/Groups/{}", site.team)).await.expect(204);
    assert_eq!((site.lingering().await, site.status(0).await), (0, "suspended".to_owned()));
}

#[tokio::test]
async fn every_door_out_of_a_dynamic_group_has_the_grace() {
    let site = Site::open(6).await;
    site.app.without_brake(&site.directory).await;
    let before = site.traces().await;
    let path = format!("/Groups/{}", site.team);
    site.drops_out(0).await;
    let listed = json!([{ "op": "remove", "path": "members", "value": [{ "value": site.people[1] }] }]);
    site.directory.patch(&path, listed).await.expect(200);
    let others: Vec<Value> = site.people[3..].iter().map(|id| json!({ "value": id })).collect();
    site.directory
        .patch(&path, json!([{ "op": "replace", "path": "members", "value": others }]))
        .await
        .expect(200);
    site.put(&[4, 5]).await;
    site.directory.patch(&path, json!([{ "op": "remove", "path": "members" }])).await.expect(200);
    assert!(site.members().await.is_empty());
    assert_eq!((site.lingering().await, site.traces().await), (6, before));
    assert_eq!(site.statuses().await, ["pending"; 6]);
    site.app.later(TimeDelta::hours(25)).await;
    assert_eq!(site.statuses().await, ["suspended"; 6]);
}

#[tokio::test]
async fn a_thousand_who_leave_at_once_linger_too() {
    let site = Site::open(1_002).await;
    site.app.without_brake(&site.directory).await;
    let events = count(&site.app, "SELECT COUNT(*) FROM events").await;
    site.put(&[0]).await;
    site.app.later(TimeDelta::hours(1)).await;
    assert_eq!(site.lingering().await, 1_001);
    assert_eq!(count(&site.app, "SELECT COUNT(*) FROM events").await, events);
    let reasons = site.reasons(1_000).await.join(" ");
    assert!(reasons.contains("which is dynamic and keeps what they have until"), "{reasons}");
    site.put(&(0..900).collect::<Vec<_>>()).await;
    site.app.later(TimeDelta::hours(24)).await;
    let suspended = "SELECT COUNT(*) FROM users WHERE enrolment_status = 'suspended'";
    assert_eq!((count(&site.app, suspended).await, site.lingering().await), (102, 0));
}

#[tokio::test]
async fn who_is_switched_off_or_deleted_has_no_grace_of_a_group() {
    let site = Site::open(3).await;
    site.drops_out(0).await;
    site.directory.set_active(&site.people[0], false).await.expect(200);
    site.directory.set_active(&site.people[1], false).await.expect(200);
    site.directory.delete(&format!("/Users/{}", site.people[2])).await.expect(204);
    assert_eq!(
        (site.status(0).await, site.status(1).await),
        ("suspended".to_owned(), "suspended".to_owned())
    );
    assert_eq!(site.app.pool_now("Vault").await.used, 2, "the deleted person has no seat any more");
    // Switched on again within the grace of the group, which still counts.
    site.directory.set_active(&site.people[0], true).await.expect(200);
    assert_eq!(site.status(0).await, "pending");
}

#[tokio::test]
async fn a_deletion_and_an_unbinding_end_the_grace_of_those_who_left() {
    for delete in [true, false] {
        let site = Site::open(2).await;
        site.drops_out(0).await;
        if delete {
            site.directory.delete(&format!("/Groups/{}", site.team)).await.expect(204);
        } else {
            let told = site.unbind().await;
            assert_eq!((told.losses.people, told.losses.access), (2, 2), "the preview knows who lingers");
        }
        // Access that is shown would end with the grant alone: settled is who is told of it.
        let settled =
            count(&site.app, "SELECT COUNT(*) FROM users WHERE enrolment_status = 'suspended'").await;
        assert_eq!((settled, site.lingering().await), (2, 0));
        site.app.later(TimeDelta::hours(25)).await;
        let over = site.reasons(0).await.join(" ");
        assert!(!over.contains("its grace is over"), "{over}");
    }
}

#[tokio::test]
async fn the_brake_counts_a_mass_removal_when_the_grace_is_over() {
    let site = Site::open(40).await;
    site.app.brake(&site.directory, 10).await;
    site.app.owner("owner", None).await;
    site.put(&[0]).await;
    site.app.later(TimeDelta::hours(23)).await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let held =
        async || brake::list(db, &operator, Some(&site.directory.id), None, 100).await.expect("readable");
    assert!(held().await.is_empty());
    site.app.later(TimeDelta::hours(2)).await;
    assert_eq!(site.statuses().await, ["pending"; 40], "nobody has lost access");
    let held_now = held().await;
    assert_eq!(held_now.len(), 39);
    site.app.later(TimeDelta::minutes(5)).await;
    assert_eq!(held_now[0].because, "they left the dynamic group “Shore staff” and its grace is over");
    assert_eq!(count(&site.app, "SELECT COUNT(*) FROM mail WHERE kind = 'alert'").await, 1);
    // A few are let go, and counted.
    let few = Site::open(4).await;
    few.put(&[]).await;
    few.app.later(TimeDelta::hours(25)).await;
    assert_eq!(few.statuses().await, ["suspended"; 4]);
    assert_eq!(count(&few.app, "SELECT COUNT(*) FROM losses").await, 4);
}

#[tokio::test]
async fn the_brake_holds_all_although_the_job_settles_them_in_parts() {
    let app = TestApp::open_with(&[("ROLLCALL_JOBS__BATCH", "3")]).await;
    let directory = app.connection_with(&app.tenant, "generic", Some(7)).await;
    let site = Site::of(app, directory, 12).await;
    site.put(&[]).await;
    site.app.later(TimeDelta::hours(25)).await;
    assert_eq!(site.statuses().await, ["pending"; 12]);
    assert_eq!(count(&site.app, "SELECT COUNT(DISTINCT user_id) FROM held_losses").await, 12);
}

#[tokio::test]
async fn a_group_that_is_marked_another_way_keeps_people_for_as_long_as_is_said_now() {
    let site = Site::open(3).await;
    site.drops_out(0).await;
    site.app.later(TimeDelta::hours(5)).await;
    site.drops_out(1).await;
    let hours = |hours| Marking { dynamic: None, grace_hours: Some(hours) };
    let longer = site.preview_mark(hours(72)).await;
    assert_eq!(longer.losses.people, 0);
    let group = site.mark(hours(72)).await.expect("marked");
    assert_eq!((group.dynamic, group.grace_hours), (true, Some(72)));
    site.app.later(TimeDelta::hours(30)).await;
    assert_eq!(site.statuses().await, ["pending"; 3], "a longer grace holds for those who left before");

    let shorter = site.preview_mark(hours(32)).await;
    assert_eq!((shorter.losses.people, shorter.losses.access), (1, 1));
    site.mark(hours(32)).await.expect("marked");
    assert_eq!(site.statuses().await, ["suspended", "pending", "pending"]);
    site.app.later(TimeDelta::hours(3)).await;
    assert_eq!(site.statuses().await, ["suspended", "suspended", "pending"], "its timer was brought forward");

    site.drops_out(2).await;
    let fixed = Marking { dynamic: Some(false), grace_hours: None };
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let refused = groups::mark(db, &operator, &site.team, fixed, Agreed::Nothing).await.map(drop);
    assert!(refused.expect_err("not agreed").to_string().contains("--expect-people 1"));
    assert_eq!(site.preview_mark(fixed).await.losses.access, 1);
    let group = site.mark(fixed).await.expect("marked");
    assert_eq!((group.dynamic, group.grace_hours, site.lingering().await), (false, None, 0));
    assert_eq!(site.status(2).await, "suspended");
    let again = site.mark(fixed).await.expect_err("it is static").to_string();
    assert!(again.contains("is static already"), "{again}");
    // In a static group leaving is a loss at once.
    site.comes_back(2).await;
    assert_eq!(site.status(2).await, "pending");
    site.drops_out(2).await;
    assert_eq!(site.status(2).await, "suspended");
    let losses = count(&site.app, "SELECT COUNT(*) FROM losses").await;
    assert_eq!(losses, 2, "of four losses no brake counts the two that an administrator brought about");
}

#[tokio::test]
async fn whom_no_push_may_lock_out_lingers_on() {
    let site = Site::open(2).await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    operations::administrators::protect(db, &operator, &site.people[0], true).await.expect("protected");
    site.put(&[]).await;
    for _ in 0..2 {
        site.app.later(TimeDelta::hours(25)).await;
        assert_eq!(site.statuses().await, ["pending", "suspended"]);
    }
    let story = site.app.story(&site.people[0]).await;
    assert!(story.contains(&"protected-refused".to_owned()), "{story:?}");
    operations::administrators::protect(db, &operator, &site.people[0], false).await.expect("not protected");
    site.app.later(TimeDelta::hours(25)).await;
    assert_eq!(site.status(0).await, "suspended");
}

#[tokio::test]
async fn of_two_administrators_who_both_drop_out_one_lingers_on() {
    let site = Site::open(2).await;
    for (name, person) in ["ada", "ben"].iter().zip(&site.people) {
        site.app.owner(name, Some(person)).await;
    }
    site.put(&[]).await;
    site.app.later(TimeDelta::hours(25)).await;
    let mut statuses = site.statuses().await;
    statuses.sort();
    assert_eq!((statuses, site.lingering().await), (vec!["pending".to_owned(), "suspended".to_owned()], 1));
}

#[tokio::test]
async fn who_moves_to_another_group_has_both_seats_until_the_grace_is_over() {
    let site = Site::open(2).await;
    site.app.pool("Notes", 1, "queue").await;
    let other = site.directory.group("Crew", &[]).await;
    site.app.bind(&other, "Notes").await;
    for person in [0, 1] {
        site.drops_out(person).await;
        site.directory.add(&other, &site.people[person]).await.expect(200);
    }
    let used = async |pool: &str| site.app.pool_now(pool).await.used;
    assert_eq!((used("Vault").await, used("Notes").await), (2, 1));
    assert_eq!(site.statuses().await, ["pending"; 2], "who waits for the other pool keeps the first one");
    site.app.later(TimeDelta::hours(25)).await;
    assert_eq!(site.statuses().await, ["pending", "suspended"]);
    let told = "SELECT COUNT(*) FROM events WHERE kind LIKE '%suspended%' OR kind LIKE '%cut%'";
    assert_eq!(count(&site.app, told).await, 1, "only who found no seat lost access");
}

/// A push of a name before the person has it, as of somebody who marries while out of the group.
#[tokio::test]
async fn who_comes_back_by_a_name_that_was_parked_lingers_no_more() {
    let site = Site::open(1).await;
    let before = site.traces().await[..3].to_vec();
    site.drops_out(0).await;
    site.comes_back_as(json!("newly-wed")).await;
    assert_eq!(site.lingering().await, 1);
    let renamed = json!([{ "op": "replace", "path": "userName", "value": "newly-wed" }]);
    site.directory.patch(&format!("/Users/{}", site.people[0]), renamed).await.expect(200);
    site.app.later(TimeDelta::hours(1)).await;
    assert_eq!((site.members().await.len(), site.lingering().await), (1, 0));
    site.app.later(TimeDelta::hours(25)).await;
    assert_eq!((site.status(0).await, site.traces().await[..3].to_vec()), ("pending".to_owned(), before));
}

#[tokio::test]
async fn a_binding_of_a_dynamic_group_is_warned_about() {
    let site = Site::open(1).await;
    site.app.pool("Notes", 1, "queue").await;
    let fixed = site.directory.group("Crew", &[]).await;
    let (db, operator) = (site.app.admin.db(), site.app.admin.operator("test"));
    let told = bindings::preview_create(db, &operator, bindings::New::of(&[&site.team, &fixed], "Notes"))
        .await
        .expect("a preview");
    let shown = serde_json::to_value(&told).expect("JSON");
    assert_eq!(shown["dynamicGroups"], json!([{ "name": "Shore staff", "graceHours": 24 }]));
    let bound =
        bindings::create(db, &operator, bindings::New::of(&[&site.team, &fixed], "Notes"), Agreed::Nothing)
            .await;
    let mut bound: Vec<_> = bound.expect("bound").into_iter().map(|(binding, _)| binding).collect();
    bound.sort_by_key(|binding| binding.group_name.clone());
    assert_eq!((bound[0].dynamic, bound[1].dynamic, bound[1].grace_hours), (false, true, Some(24)));
}

#[tokio::test]
async fn a_server_that_dies_in_between_loses_no_grace() {
    let site = Site::open(2).await;
    site.put(&[]).await;
    let Site { app, directory, team, people } = site;
    let TestApp { server, clock, url, .. } = &app;
    server.flush().await;
    // Another process, which knows nothing but the database.
    let heir = Server::build_with(config(url, &[]), clock.clone()).await.expect("a second server builds");
    let there = directory.through(&heir);
    there.add(&team, &people[1]).await.expect(200);
    clock.advance(TimeDelta::hours(25));
    heir.run_due_jobs().await;
    server.run_due_jobs().await;
    assert_eq!(there.status(&people[0]).await, "suspended");
    assert_eq!(there.status(&people[1]).await, "pending");
    assert_eq!(count(&app, "SELECT COUNT(*) FROM losses").await, 1, "only one of two servers ended it");
}

/// One step of people who come and go.
#[derive(Clone, Debug)]
enum Flap {
    Move(usize),
    Put(BTreeSet<usize>),
    Later(i64),
}

#[test]
fn no_flapping_within_the_grace_leaves_a_trace() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let site = runtime.block_on(Site::open(3));
    let before = runtime.block_on(site.traces());
    let flap = prop_oneof![
        4 => (0..3_usize).prop_map(Flap::Move),
        1 => prop::collection::btree_set(0..3_usize, 0..4).prop_map(Flap::Put),
        2 => (1..60_i64).prop_map(Flap::Later),
    ];
    let config = Config { cases: 20, failure_persistence: None, max_shrink_iters: 20, ..Config::default() };
    let outcome = TestRunner::new(config).run(&prop::collection::vec(flap, 1..20), |flaps| {
        runtime.block_on(async {
            for flap in &flaps {
                match flap {
                    Flap::Move(person) if site.members().await.contains(&site.people[*person]) => {
                        site.drops_out(*person).await;
                    }
                    Flap::Move(person) => site.comes_back(*person).await,
                    Flap::Put(people) => site.put(&people.iter().copied().collect::<Vec<_>>()).await,
                    Flap::Later(minutes) => site.app.later(TimeDelta::minutes(*minutes)).await,
                }
            }
            assert_eq!(site.traces().await, before);
            site.put(&[0, 1, 2]).await;
        });
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    runtime.block_on(async {
        site.app.later(TimeDelta::days(2)).await;
        assert_eq!((site.lingering().await, site.traces().await), (0, before));
    });
}
