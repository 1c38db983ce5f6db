//! A mover goes from one pool to another; when the other one is full, the enrolment is kept for the grace.

use chrono::TimeDelta;
use provisioning::{Cause, PoolPolicy, Status};

use crate::story::{ADA, BEN, LEGAL, NOTES, SALES, STAFF, Story, VAULT, name, through};

/// Ada uses Vault, Ben has the only seat of Notes.
fn story() -> Story {
    Story::new()
        .pool(VAULT, 1, PoolPolicy::Queue)
        .pool(NOTES, 1, PoolPolicy::Queue)
        .using(&[ADA], VAULT)
        .in_sales(&[BEN], NOTES)
}

/// Ada's grant goes from Vault to Notes in one change.
fn ada_moves(story: &mut Story) -> Vec<String> {
    story.person(ADA).grants = vec![through(LEGAL, NOTES)];
    story.settle(&[ADA], &Cause::JoinedGroup { group: LEGAL, name: name(LEGAL.uuid()).to_owned() })
}

#[test]
fn a_mover_to_a_pool_with_room_changes_seats_and_nothing_else() {
    let mut story = story();
    story.unassigned(BEN, NOTES);
    assert_eq!(ada_moves(&mut story), ["ada: seat freed in Vault", "ada: seat taken in Notes"]);
    assert_eq!(story.status(ADA), Status::Active);
}

#[test]
fn a_mover_to_a_full_pool_is_suspended_with_a_place_in_the_queue() {
    let mut story = story();
    assert_eq!(
        ada_moves(&mut story),
        [
            "ada: seat freed in Vault",
            "ada: waiting for a seat in Notes",
            "ada: now suspended until 2026-03-08 09:02 UTC",
            "ada: application told: access cut",
            "ada: grace ends 2026-03-08 09:02 UTC",
        ]
    );
    assert_eq!(
        story.reasons()[2],
        "ada has no access because they joined the group “Legal” and no seat is free in the pools that they are \
         entitled to; the enrolment is kept until 2026-03-08 09:02 UTC."
    );
}

#[test]
fn served_in_time_nothing_is_lost() {
    let mut story = story();
    ada_moves(&mut story);
    story.later(TimeDelta::days(6));
    let lines = story.unassigned(BEN, NOTES);
    assert_eq!(
        lines[4..],
        [
            "ada: seat taken in Notes",
            "ada: now active",
            "ada: grace cancelled",
            "ada: application told: access restored",
        ]
    );
}

#[test]
fn after_the_grace_the_mover_is_deactivated_and_keeps_the_place() {
    let mut story = story();
    ada_moves(&mut story);
    story.later(TimeDelta::days(7));
    assert_eq!(story.timer(ADA), ["ada: now deactivated", "ada: application told: deactivated"]);
    assert_eq!(story.seats(ADA), ["Notes waiting"]);
    let lines = story.unassigned(BEN, NOTES);
    assert_eq!(lines[4..6], ["ada: seat taken in Notes", "ada: now pending, restore owed"]);
}

#[test]
fn served_after_a_lost_timer_the_mover_starts_anew() {
    let mut story = story();
    ada_moves(&mut story);
    story.later(TimeDelta::days(8));
    let lines = story.unassigned(BEN, NOTES);
    assert_eq!(lines[4..6], ["ada: seat taken in Notes", "ada: now pending, restore owed"]);
}

#[test]
fn without_grace_the_mover_is_deactivated_at_once_and_keeps_the_place() {
    let mut story = story().without_grace();
    assert_eq!(
        ada_moves(&mut story),
        [
            "ada: seat freed in Vault",
            "ada: waiting for a seat in Notes",
            "ada: now deactivated",
            "ada: application told: deactivated",
        ]
    );
}

#[test]
fn a_mover_to_a_full_pool_that_rejects_stays_where_they_are() {
    let mut story = story();
    story.pools.get_mut(&NOTES).expect("the pool").policy = PoolPolicy::Reject;
    story.person(ADA).grants = vec![through(LEGAL, NOTES)];
    let cause = Cause::JoinedGroup { group: LEGAL, name: name(LEGAL.uuid()).to_owned() };
    assert!(story.try_settle(&[ADA], &cause).is_err());
    assert_eq!((story.status(ADA), story.seats(ADA)), (Status::Active, vec!["Vault assigned".to_owned()]));
}

#[test]
fn two_who_swap_full_pools_in_one_change_lose_nothing() {
    let mut story = story();
    story.completes(BEN);
    story.person(ADA).grants = vec![through(STAFF, NOTES)];
    story.person(BEN).grants = vec![through(STAFF, VAULT)];
    assert_eq!(
        story.settle(&[ADA, BEN], &Cause::AttributesChanged),
        [
            "ada: seat freed in Vault",
            "ben: seat freed in Notes",
            "ada: seat taken in Notes",
            "ben: seat taken in Vault",
        ]
    );
}

#[test]
fn back_within_the_grace_to_a_full_pool_the_kept_seat_goes_and_the_end_of_the_grace_stays() {
    let mut story = story();
    story.leaves(ADA, SALES);
    let until = story.people[&ADA].enrolment.seat_kept_until;
    story.later(TimeDelta::days(1));
    assert_eq!(
        story.joins(ADA, LEGAL, NOTES),
        ["ada: seat freed in Vault", "ada: waiting for a seat in Notes"]
    );
    assert_eq!(story.status(ADA), Status::Suspended);
    assert_eq!(story.people[&ADA].enrolment.seat_kept_until, until);
    assert_eq!(story.switched_off(ADA), ["ada: no longer waiting for a seat in Notes"]);
}
