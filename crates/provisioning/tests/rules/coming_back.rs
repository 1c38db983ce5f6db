//! O-05: back within the grace, nothing is lost, and a flapping membership does no harm.

use chrono::TimeDelta;
use provisioning::{ApplicationEvent, Effect, PoolPolicy, Status, Step};

use crate::story::{ADA, BEN, LEGAL, NOTES, SALES, Story, VAULT};

fn story() -> Story {
    Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT)
}

#[test]
fn back_by_the_switch() {
    let mut story = story();
    let steps = story.people[&ADA].enrolment.steps;
    story.switched_off(ADA);
    story.later(TimeDelta::days(6));
    assert_eq!(
        story.switched_on(ADA),
        ["ada: now active", "ada: grace cancelled", "ada: application told: access restored",]
    );
    assert_eq!(
        story.reasons(),
        ["ada is back within the grace, with nothing lost, because the account was switched on."]
    );
    let enrolment = &story.people[&ADA].enrolment;
    assert_eq!((enrolment.steps, enrolment.restore_owed), (steps, false));
    assert_eq!((enrolment.seat_kept_until, enrolment.resumes), (None, None));
}

#[test]
fn back_by_another_group_of_the_same_pool() {
    let mut story = story();
    story.leaves(ADA, SALES);
    assert_eq!(story.joins(ADA, LEGAL, VAULT)[0], "ada: now active");
}

#[test]
fn a_pending_person_is_pending_again_and_the_unsent_invitation_is_owed_again() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    story.switched_off(ADA);
    assert_eq!(
        story.switched_on(ADA),
        [
            "ada: now pending",
            "ada: grace cancelled",
            "ada: invitation owed from 2026-03-01 09:01 UTC",
            "ada: application told: access restored",
        ]
    );
}

#[test]
fn an_invitation_that_was_sent_is_neither_withdrawn_nor_owed_again() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    let now = story.now;
    let enrolment = story.people[&ADA].enrolment.complete(Step::InvitationSent, now).expect("the first step");
    story.person(ADA).enrolment = enrolment;
    assert_eq!(story.switched_off(ADA).len(), 3);
    assert_eq!(
        story.switched_on(ADA),
        ["ada: now pending", "ada: grace cancelled", "ada: application told: access restored",]
    );
}

#[test]
fn the_last_instant_is_before_the_end_of_the_grace() {
    let mut story = story();
    story.switched_off(ADA);
    story.later(TimeDelta::days(7) - TimeDelta::milliseconds(1));
    story.switched_on(ADA);
    assert_eq!(story.status(ADA), Status::Active);
}

#[test]
fn o05_a_flapping_membership_deactivates_nobody_and_invites_nobody_again() {
    let mut story = story();
    for _ in 0..50 {
        for lines in [story.leaves(ADA, SALES), story.joins(ADA, SALES, VAULT)] {
            assert!(!lines.is_empty(), "each half of a flap does something");
            let harm = |line: &&String| line.contains("invitation") || line.contains("deactivated");
            assert_eq!(lines.iter().find(harm), None);
        }
        story.later(TimeDelta::hours(3));
    }
    assert_eq!((story.status(ADA), story.used(VAULT)), (Status::Active, 1));
}

#[test]
fn a_kept_seat_that_no_longer_counts_goes_back_and_another_one_brings_the_person_back() {
    let mut story = story().pool(NOTES, 1, PoolPolicy::Queue).in_sales(&[BEN], VAULT);
    story.leaves(ADA, SALES);
    assert_eq!(
        story.joins(ADA, LEGAL, NOTES),
        [
            "ada: seat freed in Vault",
            "ben: seat taken in Vault",
            "ben: now pending",
            "ben: invitation owed from 2026-03-01 09:02 UTC",
            "ben: application told: access granted",
            "ada: seat taken in Notes",
            "ada: now active",
            "ada: grace cancelled",
            "ada: application told: access restored",
        ]
    );
}

#[test]
fn of_two_kept_seats_one_may_bring_the_person_back_and_the_other_go() {
    let mut story = story().pool(NOTES, 1, PoolPolicy::Queue);
    story.joins(ADA, LEGAL, NOTES);
    story.switched_off(ADA);
    assert_eq!(story.seats(ADA).len(), 2);
    story.leaves(ADA, LEGAL);
    let lines = story.switched_on(ADA);
    assert_eq!((&*lines[0], &*lines[1]), ("ada: seat freed in Notes", "ada: now active"));
    let told = Effect::ApplicationTold { user: ADA, event: ApplicationEvent::AccessRestored };
    assert_eq!(story.last.effects.last(), Some(&told));
}
