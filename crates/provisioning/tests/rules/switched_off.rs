//! `active` becomes false: access is cut at once, with the grace that a mistake needs.

use chrono::TimeDelta;
use provisioning::{PoolPolicy, Status};

use crate::story::{ADA, SALES, Story, VAULT};

fn story() -> Story {
    Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT)
}

#[test]
fn access_is_cut_at_once_and_the_seat_is_kept() {
    let mut story = story();
    assert_eq!(
        story.switched_off(ADA),
        [
            "ada: now suspended until 2026-03-08 09:01 UTC",
            "ada: application told: access cut",
            "ada: grace ends 2026-03-08 09:01 UTC",
        ]
    );
    assert_eq!(
        story.reasons(),
        ["ada has no access because the account was switched off; \
         the seat and enrolment are kept until 2026-03-08 09:01 UTC."]
    );
    assert_eq!((story.status(ADA), story.used(VAULT)), (Status::Suspended, 1));
}

#[test]
fn a_second_blow_neither_shortens_nor_prolongs_the_grace() {
    let mut story = story();
    story.switched_off(ADA);
    let before = story.people[&ADA].enrolment.clone();
    story.later(TimeDelta::days(3));
    assert!(story.switched_off(ADA).is_empty());
    assert!(story.leaves(ADA, SALES).is_empty());
    assert_eq!(story.people[&ADA].enrolment, before);
}

#[test]
fn switched_on_without_a_grant_is_not_back() {
    let mut story = story();
    story.switched_off(ADA);
    story.leaves(ADA, SALES);
    assert!(story.switched_on(ADA).is_empty());
    assert_eq!(story.status(ADA), Status::Suspended);
}
