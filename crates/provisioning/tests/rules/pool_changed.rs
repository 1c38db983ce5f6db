//! A pool is made larger, smaller, or changes its policy.

use provisioning::{Cause, PoolPolicy, Status};

use crate::story::{ADA, BEN, CLEO, DAN, SALES, Story, VAULT};

fn changed() -> Cause {
    Cause::PoolChanged { pool: VAULT, name: "Vault".to_owned() }
}

/// One seat for three people.
fn story() -> Story {
    Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA, BEN, CLEO], VAULT)
}

#[test]
fn more_seats_serve_the_queue_as_far_as_they_go() {
    let mut story = story();
    story.pools.get_mut(&VAULT).expect("the pool").seats = 2;
    assert_eq!(
        story.settle(&[], &changed()),
        [
            "ben: seat taken in Vault",
            "ben: now pending",
            "ben: invitation owed from 2026-03-01 09:03 UTC",
            "ben: application told: access granted",
        ]
    );
    assert_eq!(story.status(CLEO), Status::NoLicence);
}

#[test]
fn fewer_seats_take_none_away_and_give_none_until_there_is_room() {
    let mut story = story();
    story.pools.get_mut(&VAULT).expect("the pool").seats = 2;
    story.settle(&[], &changed());
    story.pools.get_mut(&VAULT).expect("the pool").seats = 1;
    assert!(story.settle(&[], &changed()).is_empty());
    assert_eq!(story.unassigned(ADA, VAULT).len(), 4, "ada goes, nobody follows");
    assert_eq!((story.used(VAULT), story.seats(CLEO)), (1, vec!["Vault waiting".to_owned()]));
}

#[test]
fn nobody_waits_in_a_pool_that_assigns_overage() {
    let mut story = story();
    story.pools.get_mut(&VAULT).expect("the pool").policy = PoolPolicy::Overage;
    let lines = story.settle(&[], &changed());
    assert_eq!(
        (&*lines[0], &*lines[4]),
        ("ben: seat taken in Vault beyond those bought", "cleo: seat taken in Vault beyond those bought")
    );
}

#[test]
fn who_waits_keeps_waiting_in_a_pool_that_now_rejects() {
    let mut story = story().people(&[DAN]);
    story.pools.get_mut(&VAULT).expect("the pool").policy = PoolPolicy::Reject;
    assert!(story.settle(&[ADA, BEN, CLEO], &changed()).is_empty());
    assert!(story.try_joins(DAN, SALES, VAULT).is_err());
    story.person(DAN).grants.clear();
    story.unassigned(ADA, VAULT);
    assert_eq!(story.seats(BEN), ["Vault assigned"]);
}

#[test]
fn who_was_left_out_by_a_full_pool_is_served_with_the_change_that_makes_room() {
    let mut story = story().people(&[DAN]);
    story.pools.get_mut(&VAULT).expect("the pool").policy = PoolPolicy::Reject;
    story.person(DAN).grants.push(crate::story::by_hand(VAULT));
    assert!(story.settle(&[DAN], &changed()).is_empty());
    story.pools.get_mut(&VAULT).expect("the pool").seats = 4;
    let lines = story.settle(&[DAN], &changed());
    assert_eq!((&*lines[0], &*lines[8]), ("ben: seat taken in Vault", "dan: seat taken in Vault"));
}
