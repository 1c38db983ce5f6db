//! A pool expires: its grants stop counting, and its people have the grace of any other loss.

use chrono::TimeDelta;
use provisioning::{Cause, PoolPolicy, Status};

use crate::story::{ADA, BEN, LEGAL, NOTES, SALES, Story, VAULT};

fn expired() -> Cause {
    Cause::Expired { pool: VAULT, name: "Vault".to_owned() }
}

/// A pool that expires in an hour, with a person in it and one who waits.
fn story() -> Story {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT).in_sales(&[BEN], VAULT);
    story.pools.get_mut(&VAULT).expect("the pool").expires_at = Some(story.now + TimeDelta::hours(1));
    story
}

#[test]
fn its_people_are_suspended_with_their_seat_and_its_waiters_go() {
    let mut story = story();
    story.later(TimeDelta::hours(1));
    assert_eq!(
        story.settle(&[ADA, BEN], &expired()),
        [
            "ada: now suspended until 2026-03-08 10:02 UTC",
            "ada: application told: access cut",
            "ada: grace ends 2026-03-08 10:02 UTC",
            "ben: no longer waiting for a seat in Vault",
        ]
    );
    assert!(story.reasons()[0].starts_with("ada has no access because the licence pool “Vault” expired and"));
    assert_eq!(story.used(VAULT), 1);
}

#[test]
fn a_moment_before_nothing_happens() {
    let mut story = story();
    story.later(TimeDelta::hours(1) - TimeDelta::milliseconds(1));
    assert!(story.settle(&[ADA, BEN], &expired()).is_empty());
}

#[test]
fn after_the_grace_the_seat_is_free_and_nobody_gets_it() {
    let mut story = story();
    story.later(TimeDelta::hours(1));
    story.settle(&[ADA, BEN], &expired());
    story.later(TimeDelta::days(7));
    assert_eq!(story.timer(ADA).len(), 3);
    assert_eq!(story.used(VAULT), 0);
    assert!(story.settle(&[BEN], &Cause::AttributesChanged).is_empty());
}

#[test]
fn renewed_within_the_grace_nothing_is_lost() {
    let mut story = story();
    story.later(TimeDelta::hours(1));
    story.settle(&[ADA, BEN], &expired());
    story.later(TimeDelta::days(2));
    story.pools.get_mut(&VAULT).expect("the pool").expires_at = None;
    let lines = story.settle(&[ADA, BEN], &Cause::PoolChanged { pool: VAULT, name: "Vault".to_owned() });
    assert_eq!(
        lines,
        [
            "ada: now active",
            "ada: grace cancelled",
            "ada: application told: access restored",
            "ben: waiting for a seat in Vault",
        ]
    );
}

#[test]
fn who_has_another_pool_keeps_access_and_gives_this_seat_back() {
    let mut story = story().pool(NOTES, 1, PoolPolicy::Queue);
    story.joins(ADA, LEGAL, NOTES);
    story.later(TimeDelta::hours(1));
    assert_eq!(
        story.settle(&[ADA, BEN], &expired()),
        ["ada: seat freed in Vault", "ben: no longer waiting for a seat in Vault",]
    );
    assert_eq!(story.status(ADA), Status::Active);
}

#[test]
fn an_expired_pool_gives_nobody_a_seat() {
    let mut story = story().people(&[]);
    story.later(TimeDelta::hours(2));
    story.add(crate::story::CLEO);
    assert!(story.joins(crate::story::CLEO, SALES, VAULT).is_empty());
}

#[test]
fn a_pool_that_is_gone_counts_as_expired() {
    let mut story = story();
    story.pools.remove(&VAULT);
    assert_eq!(story.settle(&[ADA], &Cause::AttributesChanged).len(), 3);
    assert_eq!(story.status(ADA), Status::Suspended);
}

#[test]
fn unassigned_by_hand_a_seat_of_an_expired_pool_keeps_its_grace_until_it_is_the_one_that_is_meant() {
    let mut story = story().pool(NOTES, 1, PoolPolicy::Queue);
    story.later(TimeDelta::minutes(59));
    story.joins(ADA, LEGAL, NOTES);
    story.later(TimeDelta::minutes(1));
    // The expiry has not been settled when an administrator takes the other licence back.
    assert_eq!(
        story.unassigned(ADA, NOTES)[..2],
        ["ada: seat freed in Notes", "ada: now suspended until 2026-03-08 10:02 UTC",]
    );
    assert_eq!(story.unassigned(ADA, VAULT)[1], "ada: now without a licence");
}
