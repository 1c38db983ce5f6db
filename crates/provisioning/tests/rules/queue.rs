//! Freed seats go to the first in the queue who may have them, before anybody new.

use chrono::TimeDelta;
use provisioning::{Cause, Effect, PoolPolicy, Status};

use crate::story::{ADA, BEN, CLEO, DAN, EVE, LEGAL, NOTES, SALES, Story, VAULT, name, through};

fn freed() -> Cause {
    Cause::SeatFreed { pool: VAULT, name: "Vault".to_owned() }
}

/// Ada has the only seat; Dan, Ben and Cleo wait in this order.
fn story() -> Story {
    Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT).in_sales(&[DAN, BEN, CLEO], VAULT)
}

#[test]
fn first_come_first_served_whatever_the_ids() {
    let mut story = story();
    story.unassigned(ADA, VAULT);
    assert_eq!((story.status(DAN), story.status(BEN)), (Status::Pending, Status::NoLicence));
    story.unassigned(DAN, VAULT);
    assert_eq!((story.status(BEN), story.status(CLEO)), (Status::Pending, Status::NoLicence));
}

#[test]
fn who_came_at_the_same_instant_is_served_in_the_order_of_ids() {
    let mut story = Story::new().pool(VAULT, 0, PoolPolicy::Queue).people(&[CLEO, BEN]);
    for id in [CLEO, BEN] {
        story.joins(id, SALES, VAULT);
    }
    story.pools.get_mut(&VAULT).expect("the pool").seats = 1;
    assert_eq!(story.settle(&[], &freed())[0], "ben: seat taken in Vault");
}

#[test]
fn who_is_not_active_or_no_longer_entitled_is_passed_over() {
    let mut story = story();
    story.person(DAN).active = false;
    story.person(BEN).grants.clear();
    let lines = story.unassigned(ADA, VAULT);
    assert_eq!(lines[3], "cleo: seat taken in Vault");
    assert_eq!(
        (story.seats(DAN), story.seats(BEN)),
        (vec!["Vault waiting".to_owned()], vec!["Vault waiting".to_owned()])
    );
}

#[test]
fn the_queue_comes_before_joiners_in_the_same_change() {
    let mut story = story().people(&[EVE]);
    story.loses(ADA, SALES);
    story.person(EVE).grants.push(through(LEGAL, VAULT));
    story = story.without_grace();
    let cause = Cause::JoinedGroup { group: LEGAL, name: name(LEGAL.uuid()).to_owned() };
    story.settle(&[EVE, ADA], &cause);
    assert_eq!(
        (story.seats(DAN), story.seats(EVE)),
        (vec!["Vault assigned".to_owned()], vec!["Vault waiting".to_owned()])
    );
}

#[test]
fn leavers_come_before_joiners_whatever_the_ids() {
    let mut story =
        Story::new().without_grace().pool(VAULT, 1, PoolPolicy::Reject).using(&[BEN], VAULT).people(&[ADA]);
    story.loses(BEN, SALES);
    story.person(ADA).grants.push(through(SALES, VAULT));
    let cause = Cause::JoinedGroup { group: SALES, name: name(SALES.uuid()).to_owned() };
    let lines = story.settle(&[ADA, BEN], &cause);
    assert_eq!(lines[0], "ben: now deactivated");
    assert_eq!(lines[3], "ada: seat taken in Vault");
}

#[test]
fn a_waiter_among_the_changed_people_is_handled_once_and_by_the_changed_facts() {
    let mut story = story();
    story.pools.get_mut(&VAULT).expect("the pool").seats = 2;
    let lines = story.settle(&[DAN], &Cause::AttributesChanged);
    assert_eq!(
        lines.iter().filter(|line| line.contains("seat taken")).collect::<Vec<_>>(),
        ["dan: seat taken in Vault"]
    );
    story.pools.get_mut(&VAULT).expect("the pool").seats = 3;
    let mut situation = story.situation(&[BEN]);
    situation.people[0].active = false;
    let decision = provisioning::settle(&situation, &Cause::PushedInactive, story.now).expect("not refused");
    let users: Vec<_> = decision.effects.iter().map(Effect::user).collect();
    assert_eq!(users, [BEN, CLEO, CLEO, CLEO, CLEO], "ben goes, the next one is served");
}

#[test]
fn the_reason_of_who_is_served_names_nobody_else() {
    let mut story = story();
    story.later(TimeDelta::hours(1));
    story.unassigned(ADA, VAULT);
    assert_eq!(
        story.reasons()[2..],
        [
            "dan has a seat in “Vault” because a seat became free in “Vault”, after waiting since 2026-03-01 09:01 UTC.",
            "dan is to be invited because a seat became free in “Vault”.",
        ]
    );
    let before = story.last.entries[2].before.as_ref().expect("the waiting place");
    assert_eq!((&before["seat"], &before["pool"]), (&"waiting".into(), &"Vault".into()));
}

#[test]
fn who_uses_another_pool_meanwhile_gets_the_seat_and_no_second_invitation() {
    let mut story = story().pool(NOTES, 1, PoolPolicy::Queue);
    story.joins(DAN, LEGAL, NOTES);
    let lines = story.unassigned(ADA, VAULT);
    assert_eq!(lines[3..], ["dan: seat taken in Vault"]);
}

#[test]
fn without_a_free_seat_nobody_is_served() {
    let mut story = story();
    assert!(story.settle(&[], &freed()).is_empty());
}

#[test]
fn a_deactivated_waiter_starts_anew_with_a_restore() {
    let mut story = Story::new()
        .without_grace()
        .pool(VAULT, 1, PoolPolicy::Queue)
        .using(&[ADA], VAULT)
        .in_sales(&[BEN], VAULT);
    story.switched_off(ADA);
    assert_eq!(story.switched_on(ADA), ["ada: waiting for a seat in Vault"]);
    assert_eq!(story.status(ADA), Status::Deactivated);
    let lines = story.unassigned(BEN, VAULT);
    assert_eq!(lines[4..6], ["ada: seat taken in Vault", "ada: now pending, restore owed"]);
}

#[test]
fn each_person_has_the_delays_of_their_own_policy() {
    let mut story = story();
    story.person(ADA).grants.clear();
    let mut situation = story.situation(&[ADA]);
    situation.people[0].policy.grace = TimeDelta::zero();
    let first = situation.queue.iter_mut().find(|person| person.id == DAN).expect("Dan waits");
    first.policy.invitation_delay = TimeDelta::hours(2);
    let cause = Cause::LeftGroup { group: SALES, name: "Sales".to_owned() };
    let decision = provisioning::settle(&situation, &cause, story.now).expect("not refused");
    assert!(decision.effects.contains(&Effect::SeatFreed { user: ADA, pool: VAULT }), "no grace");
    let owed = Effect::InvitationOwed { user: DAN, not_before: story.now + TimeDelta::hours(2) };
    assert!(decision.effects.contains(&owed), "{:?}", decision.effects);
}
