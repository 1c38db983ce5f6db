//! S-38, S-39, S-49, E-09: whoever is entitled and finds a seat is enrolled; whoever is not, is left in peace.

use chrono::TimeDelta;
use provisioning::{Cause, Grant, GrantSource, PoolPolicy, Status};

use crate::story::{ADA, BEN, LEGAL, NOTES, SALES, Story, VAULT, morning, name, through};

#[test]
fn s39_no_licence_becomes_pending_with_the_first_seat() {
    let mut story = Story::new().pool(VAULT, 10, PoolPolicy::Queue).people(&[ADA]);
    assert_eq!(
        story.joins(ADA, SALES, VAULT),
        [
            "ada: seat taken in Vault",
            "ada: now pending",
            "ada: invitation owed from 2026-03-01 09:00 UTC",
            "ada: application told: access granted",
        ]
    );
    assert_eq!((story.status(ADA), story.used(VAULT)), (Status::Pending, 1));
    assert_eq!(story.kinds(), ["seat-taken", "enrolled"]);
    let enrolment = &story.people[&ADA].enrolment;
    assert_eq!((enrolment.since, enrolment.restore_owed), (Some(morning()), false));
}

#[test]
fn e09_a_new_user_gets_the_seat_that_everybody_gets_by_default() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).people(&[ADA]);
    story.person(ADA).grants = vec![Grant { pool: VAULT, source: GrantSource::Default }];
    story.settle(&[ADA], &Cause::Created);
    assert_eq!((story.status(ADA), story.seats(ADA)), (Status::Pending, vec!["Vault assigned".to_owned()]));
}

#[test]
fn j04_a_user_without_a_grant_is_harmless() {
    let mut story = Story::new().pool(VAULT, 10, PoolPolicy::Reject).people(&[ADA]);
    assert!(story.settle(&[ADA], &Cause::Created).is_empty());
    assert!(story.switched_off(ADA).is_empty());
    assert!(story.switched_on(ADA).is_empty());
    assert!(story.reasons().is_empty());
}

#[test]
fn nobody_inactive_gets_a_seat_until_they_are_switched_on() {
    let mut story = Story::new().pool(VAULT, 10, PoolPolicy::Queue).people(&[ADA]);
    story.person(ADA).active = false;
    assert!(story.joins(ADA, SALES, VAULT).is_empty());
    assert_eq!(story.switched_on(ADA)[0], "ada: seat taken in Vault");
    assert_eq!(story.status(ADA), Status::Pending);
}

#[test]
fn s49_binding_a_group_enrols_all_its_members_in_the_order_of_their_ids() {
    let mut story = Story::new().pool(VAULT, 10, PoolPolicy::Queue).people(&[ADA, BEN]);
    for id in [BEN, ADA] {
        story.person(id).grants.push(through(SALES, VAULT));
    }
    let cause = Cause::Bound { group: SALES, name: name(SALES.uuid()).to_owned(), pool: VAULT };
    let lines = story.settle(&[BEN, ADA], &cause);
    assert_eq!(lines.len(), 8);
    assert_eq!((&*lines[0], &*lines[4]), ("ada: seat taken in Vault", "ben: seat taken in Vault"));
}

#[test]
fn a_second_pool_is_a_second_seat_and_no_second_invitation() {
    let mut story = Story::new()
        .pool(VAULT, 10, PoolPolicy::Queue)
        .pool(NOTES, 10, PoolPolicy::Queue)
        .using(&[ADA], VAULT);
    assert_eq!(story.joins(ADA, LEGAL, NOTES), ["ada: seat taken in Notes"]);
    assert_eq!(story.status(ADA), Status::Active);
}

#[test]
fn two_pools_at_once_are_one_enrolment() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(NOTES, 1, PoolPolicy::Queue).people(&[ADA]);
    story.person(ADA).grants = vec![through(SALES, NOTES), through(SALES, VAULT)];
    assert_eq!(
        story.settle(&[ADA], &Cause::AttributesChanged),
        [
            "ada: seat taken in Vault",
            "ada: seat taken in Notes",
            "ada: now pending",
            "ada: invitation owed from 2026-03-01 09:00 UTC",
            "ada: application told: access granted",
        ]
    );
}

#[test]
fn an_invitation_waits_for_the_delay_of_the_policy() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).people(&[ADA]);
    story.policy.invitation_delay = TimeDelta::minutes(30);
    assert_eq!(story.joins(ADA, SALES, VAULT)[2], "ada: invitation owed from 2026-03-01 09:30 UTC");
}

#[test]
fn a_negative_delay_is_none_and_an_endless_one_ends_with_the_calendar() {
    let mut story = Story::new().pool(VAULT, 2, PoolPolicy::Queue).people(&[ADA, BEN]);
    story.policy.invitation_delay = TimeDelta::minutes(-30);
    assert_eq!(story.joins(ADA, SALES, VAULT)[2], "ada: invitation owed from 2026-03-01 09:00 UTC");
    story.policy.invitation_delay = TimeDelta::MAX;
    story.policy.grace = TimeDelta::MAX;
    assert_eq!(story.joins(BEN, SALES, VAULT).len(), 4);
    assert_eq!(story.switched_off(BEN).len(), 4);
}
