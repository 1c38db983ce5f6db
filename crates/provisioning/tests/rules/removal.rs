//! S-33 to S-36: an administrator removes only whose licence is unassigned; a pushed DELETE works at once.

use provisioning::{Cause, PoolPolicy, RemovalRefused, may_remove};

use crate::story::{ADA, BEN, CLEO, NOTES, SALES, Story, VAULT};

fn story() -> Story {
    Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT)
}

#[test]
fn s36_refused_while_a_seat_is_assigned() {
    let mut story = story();
    let refused = RemovalRefused::SeatHeld { name: "ada".to_owned(), pools: vec![VAULT] };
    assert_eq!(may_remove(&story.people[&ADA]), Err(refused.clone()));
    assert_eq!(refused.to_string(), "ada still has a licence: unassign it first, then remove the person");
    story.switched_off(ADA);
    assert_eq!(may_remove(&story.people[&ADA]), Err(refused), "a kept seat is a seat");
}

#[test]
fn s33_allowed_once_it_is_unassigned() {
    let mut story = story().in_sales(&[BEN], VAULT);
    assert_eq!(may_remove(&story.people[&BEN]), Ok(()), "a place in a queue is no licence");
    story.unassigned(ADA, VAULT);
    assert_eq!(may_remove(&story.people[&ADA]), Ok(()));
}

#[test]
fn s39_no_licence_becomes_removed() {
    let mut story = story();
    story.unassigned(ADA, VAULT);
    assert_eq!(story.settle(&[ADA], &Cause::Removed), ["ada: application told: removed"]);
    assert_eq!(story.kinds(), ["removed"]);
    assert!(!story.people.contains_key(&ADA));
}

#[test]
fn a_pushed_delete_frees_the_seat_without_grace() {
    let mut story = story().in_sales(&[BEN], VAULT);
    let lines = story.settle(&[ADA], &Cause::Removed);
    assert_eq!(
        lines[..4],
        [
            "ada: seat freed in Vault",
            "ada: now without a licence",
            "ada: application told: removed",
            "ben: seat taken in Vault",
        ]
    );
    assert_eq!(
        story.reasons()[..2],
        ["ada gave back the seat in “Vault” because the account was removed.", "ada was removed.",]
    );
}

#[test]
fn a_pushed_delete_withdraws_the_invitation() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    assert_eq!(story.settle(&[ADA], &Cause::Removed)[2], "ada: invitation withdrawn");
}

#[test]
fn a_pushed_delete_ends_a_grace() {
    let mut story = story();
    story.switched_off(ADA);
    assert_eq!(
        story.settle(&[ADA], &Cause::Removed),
        [
            "ada: seat freed in Vault",
            "ada: now without a licence",
            "ada: grace cancelled",
            "ada: application told: removed",
        ]
    );
}

#[test]
fn a_pushed_delete_leaves_the_queue() {
    let mut story = story().pool(NOTES, 0, PoolPolicy::Queue).in_sales(&[BEN], NOTES);
    assert_eq!(
        story.settle(&[BEN], &Cause::Removed),
        ["ben: no longer waiting for a seat in Notes", "ben: application told: removed",]
    );
}

#[test]
fn who_is_removed_is_not_served_by_the_seats_of_others_who_are() {
    let mut story = story().in_sales(&[BEN, CLEO], VAULT);
    let lines = story.settle(&[ADA, BEN], &Cause::Removed);
    assert!(!lines.contains(&"ben: seat taken in Vault".to_owned()));
    assert_eq!(story.seats(CLEO), ["Vault assigned"]);
}

#[test]
fn removed_and_created_again_is_a_new_person() {
    let mut story = story();
    story.settle(&[ADA], &Cause::Removed);
    story.add(ADA);
    assert_eq!(story.joins(ADA, SALES, VAULT)[1], "ada: now pending");
}
