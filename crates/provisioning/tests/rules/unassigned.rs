//! S-39: an administrator unassigns a licence by hand; no grace, no licence, and re-assigning starts at pending.

use chrono::TimeDelta;
use provisioning::{PoolPolicy, Status};

use crate::story::{ADA, BEN, LEGAL, NOTES, SALES, Story, VAULT};

#[test]
fn s39_using_becomes_no_licence_at_once() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT).in_sales(&[BEN], VAULT);
    let lines = story.unassigned(ADA, VAULT);
    assert_eq!(
        lines[..4],
        [
            "ada: seat freed in Vault",
            "ada: now without a licence",
            "ada: application told: deactivated",
            "ben: seat taken in Vault",
        ]
    );
    assert_eq!(story.kinds()[..2], ["seat-freed", "unassigned"]);
    assert_eq!(story.status(ADA), Status::NoLicence);
    assert!(story.people[&ADA].enrolment.restore_owed, "S-59: the PIN had been set");
}

#[test]
fn s39_pending_becomes_no_licence_and_owes_no_restore() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    assert_eq!(
        story.unassigned(ADA, VAULT),
        [
            "ada: seat freed in Vault",
            "ada: now without a licence",
            "ada: invitation withdrawn",
            "ada: application told: deactivated",
        ]
    );
    assert!(!story.people[&ADA].enrolment.restore_owed);
}

#[test]
fn s39_assigned_again_starts_at_pending_with_a_restore() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.unassigned(ADA, VAULT);
    assert_eq!(
        story.assigned(ADA, VAULT)[..2],
        ["ada: seat taken in Vault", "ada: now pending, restore owed"]
    );
}

#[test]
fn a_kept_seat_goes_back_too_and_the_grace_ends() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.switched_off(ADA);
    assert_eq!(
        story.unassigned(ADA, VAULT),
        [
            "ada: seat freed in Vault",
            "ada: now without a licence",
            "ada: grace cancelled",
            "ada: application told: deactivated",
        ]
    );
    story.later(TimeDelta::days(7));
    assert!(story.timer(ADA).is_empty());
}

#[test]
fn one_of_two_licences_leaves_access_with_the_other() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(NOTES, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.joins(ADA, LEGAL, NOTES);
    assert_eq!(story.unassigned(ADA, VAULT), ["ada: seat freed in Vault"]);
    assert_eq!(story.status(ADA), Status::Active);
}

#[test]
fn the_last_seat_gone_while_waiting_for_another_is_no_licence_with_a_place_in_the_queue() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(NOTES, 0, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.joins(ADA, LEGAL, NOTES);
    story.unassigned(ADA, VAULT);
    assert_eq!((story.status(ADA), story.seats(ADA)), (Status::NoLicence, vec!["Notes waiting".to_owned()]));
}

#[test]
fn a_suspended_person_keeps_the_seat_that_was_not_unassigned() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(NOTES, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.joins(ADA, LEGAL, NOTES);
    story.switched_off(ADA);
    assert_eq!(story.unassigned(ADA, VAULT), ["ada: seat freed in Vault"]);
    assert_eq!((story.status(ADA), story.seats(ADA)), (Status::Suspended, vec!["Notes assigned".to_owned()]));
}

#[test]
fn a_waiting_place_is_unassigned_without_a_word_to_the_application() {
    let mut story = Story::new().pool(VAULT, 0, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    assert_eq!(story.unassigned(ADA, VAULT), ["ada: no longer waiting for a seat in Vault"]);
}

#[test]
fn a_deactivated_person_stays_deactivated() {
    let mut story = Story::new().without_grace().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.switched_off(ADA);
    assert!(story.unassigned(ADA, VAULT).is_empty());
    assert_eq!(story.leaves(ADA, SALES), Vec::<String>::new());
    assert_eq!(story.status(ADA), Status::Deactivated);
}

#[test]
fn a_suspended_mover_whose_waiting_place_is_unassigned_has_no_licence_left_to_wait_for() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(NOTES, 0, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.leaves(ADA, SALES);
    story.joins(ADA, LEGAL, NOTES);
    assert_eq!(
        story.unassigned(ADA, NOTES),
        [
            "ada: no longer waiting for a seat in Notes",
            "ada: now without a licence",
            "ada: grace cancelled",
            "ada: application told: deactivated",
        ]
    );
}

#[test]
fn a_grant_of_an_expired_pool_does_not_turn_an_unassignment_into_a_suspension() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(NOTES, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    let now = story.now;
    story.pools.get_mut(&NOTES).expect("the pool").expires_at = Some(now);
    assert!(story.joins(ADA, LEGAL, NOTES).is_empty());
    assert_eq!(story.unassigned(ADA, VAULT)[..2], ["ada: seat freed in Vault", "ada: now without a licence"]);
}
