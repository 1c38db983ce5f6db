//! S-58, J-03: a person in two bound groups who leaves one keeps everything.

use provisioning::PoolPolicy;

use crate::story::{ADA, LEGAL, NOTES, SALES, Story, VAULT, by_hand};

#[test]
fn s58_leaving_one_of_two_groups_of_a_pool_does_nothing() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    assert!(story.joins(ADA, LEGAL, VAULT).is_empty(), "the second reason brings no second seat");
    let before = story.people[&ADA].enrolment.clone();
    assert!(story.leaves(ADA, SALES).is_empty());
    assert!(story.reasons().is_empty(), "nothing is recorded either");
    assert_eq!(story.people[&ADA].enrolment, before);
    assert_eq!(story.seats(ADA), ["Vault assigned"]);
}

#[test]
fn j03_a_grant_by_hand_outlives_the_group() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.person(ADA).grants.push(by_hand(VAULT));
    assert!(story.leaves(ADA, SALES).is_empty());
}

#[test]
fn leaving_one_of_two_pools_gives_that_seat_back_at_once_and_keeps_access() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(NOTES, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.joins(ADA, LEGAL, NOTES);
    assert_eq!(story.leaves(ADA, SALES), ["ada: seat freed in Vault"]);
    assert_eq!(story.kinds(), ["seat-freed"]);
    assert_eq!((story.used(VAULT), story.seats(ADA)), (0, vec!["Notes assigned".to_owned()]));
    assert!(story.people[&ADA].enrolment.has_access());
}

#[test]
fn s57_leaving_both_is_a_loss() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.joins(ADA, LEGAL, VAULT);
    story.leaves(ADA, SALES);
    assert_eq!(story.leaves(ADA, LEGAL).len(), 3);
    assert!(!story.people[&ADA].enrolment.has_access());
}
