//! What an administrator says by hand: withheld seats, deactivation, people who are held (DESIGN §1, O-14, O-25).

use provisioning::{Cause, PoolPolicy, explain};

use crate::story::{ADA, BEN, KEYS, LEGAL, STAFF, Story, VAULT};

fn withhold(story: &mut Story, on: bool) -> Vec<String> {
    let withheld = &mut story.person(ADA).hand.withheld;
    let _ = if on { withheld.insert(VAULT) } else { withheld.remove(&VAULT) };
    story.settle(&[ADA], if on { &Cause::Withheld } else { &Cause::WithheldNoMore })
}

#[test]
fn a_withheld_seat_goes_at_once_to_whoever_waits_and_no_group_brings_it_back() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT).in_sales(&[BEN], VAULT);
    assert_eq!(
        withhold(&mut story, true),
        [
            "ada: seat freed in Vault",
            "ada: now without a licence",
            "ada: application told: deactivated",
            "ben: seat taken in Vault",
            "ben: now pending",
            "ben: invitation owed from 2026-03-01 09:02 UTC",
            "ben: application told: access granted",
        ]
    );
    assert_eq!(
        story.reasons()[0],
        "ada gave back the seat in “Vault” because an administrator withholds the licence."
    );
    assert!(story.joins(ADA, LEGAL, VAULT).is_empty());
    assert!(story.switched_off(ADA).is_empty() && story.switched_on(ADA).is_empty());
    assert_eq!(withhold(&mut story, false), ["ada: waiting for a seat in Vault"]);
}

#[test]
fn another_licence_keeps_its_seat_beside_one_that_is_withheld() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).pool(KEYS, 1, PoolPolicy::Queue);
    story = story.using(&[ADA], VAULT);
    story.joins(ADA, STAFF, KEYS);
    assert_eq!(withhold(&mut story, true), ["ada: seat freed in Vault"]);
    assert_eq!(story.seats(ADA), ["Keys assigned"]);
}

#[test]
fn a_kept_seat_that_is_withheld_goes_back_in_the_grace() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.switched_off(ADA);
    assert_eq!(story.seats(ADA), ["Vault assigned"]);
    withhold(&mut story, true);
    assert!(story.seats(ADA).is_empty() && story.used(VAULT) == 0);
    assert!(story.switched_on(ADA).is_empty());
}

#[test]
fn a_deactivation_by_hand_is_a_loss_with_its_grace_and_only_a_hand_ends_it() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    story.person(ADA).hand.deactivated = true;
    let lines = story.settle(&[ADA], &Cause::DeactivatedByHand);
    assert_eq!(lines[0], "ada: now suspended until 2026-03-08 09:01 UTC");
    assert!(story.switched_off(ADA).is_empty() && story.switched_on(ADA).is_empty(), "no push lets ada in");
    story.person(ADA).hand.deactivated = false;
    assert_eq!(story.settle(&[ADA], &Cause::ActivatedByHand)[0], "ada: now active");
}

#[test]
fn the_reasons_name_the_hand() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT);
    withhold(&mut story, true);
    let said = |story: &Story| {
        let pools: Vec<_> = story.pools.values().cloned().collect();
        explain(&story.people[&ADA], &pools, story.now)
    };
    assert_eq!(
        said(&story)[1],
        "ada has no seat in “Vault”: an administrator withholds it, until an administrator assigns it again."
    );
    withhold(&mut story, false);
    story.person(ADA).hand.held = Some("beta.example".to_owned());
    story.settle(&[ADA], &Cause::HeldForDomain);
    assert!(
        said(&story)[0].starts_with("ada is held because the domain beta.example is none of"),
        "{:?}",
        said(&story)
    );
    assert_eq!(story.seats(ADA), ["Vault assigned"], "kept for the grace");
    story.person(ADA).hand.deactivated = true;
    assert!(said(&story)[0].starts_with("ada is deactivated by an administrator's hand"));
}
