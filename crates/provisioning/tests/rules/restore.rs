//! S-39, S-59: after a deactivation the journey starts anew, and a restore is owed if a PIN had been set.

use chrono::TimeDelta;
use provisioning::{PoolPolicy, Status, Step, Steps};

use crate::story::{ADA, SALES, Story, VAULT};

fn deactivate(story: &mut Story) {
    story.leaves(ADA, SALES);
    story.later(TimeDelta::days(7));
    story.timer(ADA);
    assert_eq!(story.status(ADA), Status::Deactivated);
}

#[test]
fn s59_a_restore_is_owed_when_the_pin_had_been_set() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    let steps = story.people[&ADA].enrolment.steps;
    let used = story.people[&ADA].enrolment.used(story.now);
    story.person(ADA).enrolment = used;
    deactivate(&mut story);
    assert_eq!(story.people[&ADA].enrolment.steps, steps, "the journey that ended stays to be looked at");
    assert_eq!(
        story.joins(ADA, SALES, VAULT),
        [
            "ada: seat taken in Vault",
            "ada: now pending, restore owed",
            "ada: invitation owed from 2026-03-08 09:01 UTC",
            "ada: application told: access granted",
        ]
    );
    assert_eq!(
        story.reasons()[1],
        "ada is to be invited because they joined the group “Sales”. Their data is to be restored from a backup."
    );
    let enrolment = &story.people[&ADA].enrolment;
    assert_eq!((enrolment.steps, enrolment.last_used.is_some()), (Steps::default(), true));
}

#[test]
fn s59_nothing_is_owed_by_who_never_set_a_pin() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    deactivate(&mut story);
    assert_eq!(story.joins(ADA, SALES, VAULT)[1], "ada: now pending");
    assert!(!story.people[&ADA].enrolment.restore_owed);
}

#[test]
fn s59_a_restore_stays_owed_through_journeys_that_never_reached_it() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    for _ in 0..3 {
        deactivate(&mut story);
        story.joins(ADA, SALES, VAULT);
        assert!(story.people[&ADA].enrolment.restore_owed);
    }
    story.completes(ADA);
    let enrolment = &story.people[&ADA].enrolment;
    assert_eq!((enrolment.restore_owed, enrolment.steps.restored.is_some()), (false, true));
    assert_eq!(enrolment.steps.at(Step::Restored), Some(story.now));
    deactivate(&mut story);
    story.joins(ADA, SALES, VAULT);
    assert!(story.people[&ADA].enrolment.restore_owed, "there is new data to restore");
}

#[test]
fn within_the_grace_no_restore_is_owed() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.leaves(ADA, SALES);
    story.joins(ADA, SALES, VAULT);
    assert!(!story.people[&ADA].enrolment.restore_owed);
}
