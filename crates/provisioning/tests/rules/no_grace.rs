//! A policy without grace: a loss deactivates at once.

use chrono::TimeDelta;
use provisioning::{PoolPolicy, Status};

use crate::story::{ADA, BEN, SALES, Story, VAULT};

#[test]
fn s57_leaving_the_last_bound_group_frees_the_seat_for_who_waits() {
    let mut story = Story::new()
        .without_grace()
        .pool(VAULT, 1, PoolPolicy::Queue)
        .using(&[ADA], VAULT)
        .in_sales(&[BEN], VAULT);
    assert_eq!(
        story.leaves(ADA, SALES),
        [
            "ada: now deactivated",
            "ada: seat freed in Vault",
            "ada: application told: deactivated",
            "ben: seat taken in Vault",
            "ben: now pending",
            "ben: invitation owed from 2026-03-01 09:02 UTC",
            "ben: application told: access granted",
        ]
    );
    assert_eq!(
        story.reasons()[0],
        "ada is deactivated because they left the group “Sales” and no other grant stands."
    );
    assert!(story.people[&ADA].enrolment.restore_owed);
}

#[test]
fn the_unsent_invitation_is_withdrawn() {
    let mut story = Story::new().without_grace().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    assert_eq!(story.switched_off(ADA)[1], "ada: invitation withdrawn");
    assert_eq!(story.status(ADA), Status::Deactivated);
}

#[test]
fn less_than_no_grace_is_none() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.policy.grace = TimeDelta::days(-1);
    assert_eq!(story.switched_off(ADA)[0], "ada: now deactivated");
}

#[test]
fn a_grace_taken_away_does_not_shorten_a_suspension_under_way() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.switched_off(ADA);
    story = story.without_grace();
    assert!(story.timer(ADA).is_empty());
    assert_eq!(story.switched_on(ADA)[0], "ada: now active");
}
