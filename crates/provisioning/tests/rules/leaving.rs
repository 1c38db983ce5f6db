//! S-57, S-60: leaving the last bound group, unbinding it or deleting it cuts access at once and keeps the seat.

use provisioning::{Cause, PoolPolicy, Status};

use crate::story::{ADA, BEN, NOTES, SALES, Story, VAULT, name};

fn story() -> Story {
    Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT)
}

const LOSS: [&str; 3] = [
    "ada: now suspended until 2026-03-08 09:01 UTC",
    "ada: application told: access cut",
    "ada: grace ends 2026-03-08 09:01 UTC",
];

#[test]
fn s57_leaving_the_last_bound_group() {
    let mut story = story();
    assert_eq!(story.leaves(ADA, SALES), LOSS);
    assert_eq!(
        story.reasons(),
        ["ada has no access because they left the group “Sales” and no other grant stands; \
         the seat and enrolment are kept until 2026-03-08 09:01 UTC."]
    );
    assert_eq!((story.status(ADA), story.seats(ADA)), (Status::Suspended, vec!["Vault assigned".to_owned()]));
    assert!(!story.people[&ADA].enrolment.has_access());
    assert_eq!(story.people[&ADA].enrolment.resumes, Some(Status::Active));
}

#[test]
fn s57_the_group_is_unbound() {
    let mut story = story();
    story.loses(ADA, SALES);
    let cause = Cause::Unbound { group: SALES, name: name(SALES.uuid()).to_owned(), pool: VAULT };
    assert_eq!(story.settle(&[ADA], &cause), LOSS);
    assert!(story.reasons()[0].contains("because the group “Sales” was unbound and"));
}

#[test]
fn s60_the_group_is_deleted() {
    let mut story = story();
    story.loses(ADA, SALES);
    let cause = Cause::GroupDeleted { group: SALES, name: name(SALES.uuid()).to_owned() };
    assert_eq!(story.settle(&[ADA], &cause), LOSS);
    assert!(story.reasons()[0].contains("because the group “Sales” was deleted and"));
}

#[test]
fn a_kept_seat_is_not_given_to_who_waits() {
    let mut story = story().in_sales(&[BEN], VAULT);
    story.leaves(ADA, SALES);
    assert_eq!((story.status(BEN), story.used(VAULT)), (Status::NoLicence, 1));
}

#[test]
fn who_only_waited_gives_the_place_up_and_stays_without_a_licence() {
    let mut story = story().in_sales(&[BEN], VAULT);
    assert_eq!(story.leaves(BEN, SALES), ["ben: no longer waiting for a seat in Vault"]);
    assert_eq!(story.kinds(), ["queue-left"]);
    assert_eq!(story.status(BEN), Status::NoLicence);
}

#[test]
fn waiting_places_are_not_kept_through_the_grace() {
    let mut story = story().pool(NOTES, 0, PoolPolicy::Queue);
    story.joins(ADA, SALES, NOTES);
    assert_eq!(story.seats(ADA), ["Vault assigned", "Notes waiting"]);
    assert_eq!(story.leaves(ADA, SALES)[0], "ada: no longer waiting for a seat in Notes");
    assert_eq!(story.seats(ADA), ["Vault assigned"]);
}

#[test]
fn an_invitation_that_was_not_sent_is_withdrawn() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    assert_eq!(
        story.leaves(ADA, SALES),
        [
            "ada: now suspended until 2026-03-08 09:01 UTC",
            "ada: invitation withdrawn",
            "ada: application told: access cut",
            "ada: grace ends 2026-03-08 09:01 UTC",
        ]
    );
    assert_eq!(story.people[&ADA].enrolment.resumes, Some(Status::Pending));
}
