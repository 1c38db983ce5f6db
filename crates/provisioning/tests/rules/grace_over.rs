//! The grace runs out: deactivated, the seat goes to who waits; early, late and lost timers do no harm.

use chrono::TimeDelta;
use provisioning::{PoolPolicy, Status};

use crate::story::{ADA, BEN, SALES, Story, VAULT};

fn suspended() -> Story {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.switched_off(ADA);
    story
}

#[test]
fn the_timer_deactivates_and_frees_the_seat() {
    let mut story = suspended();
    story.later(TimeDelta::days(7));
    assert_eq!(
        story.timer(ADA),
        ["ada: now deactivated", "ada: seat freed in Vault", "ada: application told: deactivated",]
    );
    assert_eq!(story.kinds(), ["deactivated", "seat-freed"]);
    assert_eq!(
        story.reasons()[0],
        "ada is deactivated because the account was switched off and the grace was over 2026-03-08 09:01 UTC."
    );
    assert_eq!((story.status(ADA), story.used(VAULT), story.seats(ADA)), (Status::Deactivated, 0, vec![]));
}

#[test]
fn the_freed_seat_serves_the_queue() {
    let mut story = suspended().in_sales(&[BEN], VAULT);
    story.later(TimeDelta::days(7));
    let lines = story.timer(ADA);
    assert_eq!(lines[3..5], ["ben: seat taken in Vault", "ben: now pending"]);
}

#[test]
fn an_early_timer_does_nothing() {
    let mut story = suspended();
    story.later(TimeDelta::days(7) - TimeDelta::milliseconds(1));
    assert!(story.timer(ADA).is_empty());
    assert_eq!(story.status(ADA), Status::Suspended);
}

#[test]
fn a_timer_for_someone_who_came_back_does_nothing() {
    let mut story = suspended();
    story.switched_on(ADA);
    story.later(TimeDelta::days(7));
    assert!(story.timer(ADA).is_empty());
    assert_eq!(story.status(ADA), Status::Active);
}

#[test]
fn the_timer_of_an_earlier_suspension_does_not_end_a_later_one() {
    let mut story = suspended();
    story.later(TimeDelta::days(3));
    story.switched_on(ADA);
    story.switched_off(ADA);
    story.later(TimeDelta::days(4));
    assert!(story.timer(ADA).is_empty());
    story.later(TimeDelta::days(3));
    assert_eq!(story.timer(ADA)[0], "ada: now deactivated");
}

#[test]
fn any_later_change_ends_a_grace_whose_timer_was_lost() {
    let mut story = suspended();
    story.later(TimeDelta::days(8));
    assert_eq!(story.leaves(ADA, SALES)[0], "ada: now deactivated");
}

#[test]
fn back_too_late_is_a_deactivation_first_and_the_queue_comes_before_them() {
    let mut story = suspended().in_sales(&[BEN], VAULT);
    story.later(TimeDelta::days(8));
    assert_eq!(
        story.switched_on(ADA),
        [
            "ada: now deactivated",
            "ada: seat freed in Vault",
            "ada: application told: deactivated",
            "ben: seat taken in Vault",
            "ben: now pending",
            "ben: invitation owed from 2026-03-09 09:02 UTC",
            "ben: application told: access granted",
            "ada: waiting for a seat in Vault",
        ]
    );
    assert_eq!(story.status(ADA), Status::Deactivated);
}

#[test]
fn back_too_late_with_a_seat_to_spare_starts_anew() {
    let mut story = suspended();
    story.later(TimeDelta::days(8));
    let lines = story.switched_on(ADA);
    assert_eq!(lines[3..5], ["ada: seat taken in Vault", "ada: now pending, restore owed"]);
}

#[test]
fn a_suspension_without_an_end_has_ended() {
    let mut story = suspended();
    story.person(ADA).enrolment.seat_kept_until = None;
    story.timer(ADA);
    assert_eq!(
        story.reasons()[0],
        "ada is deactivated because the account was switched off and the grace is over."
    );
}
