//! S-38: what happens at the last seat, by the pool's policy.

use provisioning::{Cause, PoolPolicy, Refusal, Status};

use crate::story::{ADA, BEN, CLEO, LEGAL, NOTES, SALES, Story, VAULT, name, through};

#[test]
fn queue_lets_the_next_one_wait_without_access() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).in_sales(&[ADA], VAULT).people(&[BEN]);
    assert_eq!(story.joins(BEN, SALES, VAULT), ["ben: waiting for a seat in Vault"]);
    assert_eq!(story.kinds(), ["seat-queued"]);
    assert_eq!((story.status(BEN), story.used(VAULT)), (Status::NoLicence, 1));
    assert!(!story.people[&BEN].enrolment.has_access());
}

#[test]
fn reject_refuses_the_whole_change_and_says_what_to_do() {
    let mut story = Story::new()
        .pool(VAULT, 1, PoolPolicy::Reject)
        .pool(NOTES, 9, PoolPolicy::Queue)
        .in_sales(&[ADA], VAULT)
        .people(&[BEN, CLEO]);
    story.person(BEN).grants = vec![through(LEGAL, NOTES)];
    story.person(CLEO).grants = vec![through(LEGAL, VAULT)];
    let cause = Cause::Bound { group: LEGAL, name: name(LEGAL.uuid()).to_owned(), pool: VAULT };
    let refusal = story.try_settle(&[BEN, CLEO], &cause).expect_err("no seat for cleo");
    assert_eq!(refusal, Refusal::PoolFull { pool: VAULT, name: "Vault".to_owned(), seats: 1 });
    assert_eq!(
        refusal.to_string(),
        "all 1 seats of the licence pool “Vault” are taken: free a seat, buy more, or let the pool queue instead of reject"
    );
    assert_eq!(story.used(NOTES), 0, "ben's seat is refused with it");
}

#[test]
fn reject_never_refuses_a_loss() {
    let mut story = Story::new()
        .pool(VAULT, 1, PoolPolicy::Reject)
        .pool(NOTES, 2, PoolPolicy::Queue)
        .in_sales(&[ADA], VAULT)
        .in_sales(&[BEN], NOTES);
    // Ben's grant for the full pool came into force without being settled, for example because the pool was renewed.
    story.person(BEN).grants.push(through(LEGAL, VAULT));
    let pool_changed = Cause::PoolChanged { pool: VAULT, name: "Vault".to_owned() };
    assert!(story.settle(&[BEN], &pool_changed).is_empty());
    assert_eq!(story.leaves(BEN, SALES)[0], "ben: seat freed in Notes");
    assert_eq!((story.status(BEN), story.seats(BEN)), (Status::Suspended, vec![]));
}

#[test]
fn exactly_the_gains_can_be_refused() {
    let group = || (SALES, "Sales".to_owned());
    let (joined, left, bound, unbound, deleted) = (group(), group(), group(), group(), group());
    let pool = || (VAULT, "Vault".to_owned());
    let (expired, freed, changed) = (pool(), pool(), pool());
    let table = [
        (Cause::Created, true),
        (Cause::PushedActive, true),
        (Cause::PushedInactive, false),
        (Cause::AttributesChanged, true),
        (Cause::JoinedGroup { group: joined.0, name: joined.1 }, true),
        (Cause::LeftGroup { group: left.0, name: left.1 }, false),
        (Cause::Bound { group: bound.0, name: bound.1, pool: VAULT }, true),
        (Cause::Unbound { group: unbound.0, name: unbound.1, pool: VAULT }, false),
        (Cause::GroupDeleted { group: deleted.0, name: deleted.1 }, false),
        (Cause::Removed, false),
        (Cause::Expired { pool: expired.0, name: expired.1 }, false),
        (Cause::GraceOver, false),
        (Cause::SeatFreed { pool: freed.0, name: freed.1 }, false),
        (Cause::GrantedByHand, true),
        (Cause::GrantLifted, false),
        (Cause::Withheld, false),
        (Cause::WithheldNoMore, true),
        (Cause::DeactivatedByHand, false),
        (Cause::ActivatedByHand, true),
        (Cause::HeldForDomain, false),
        (Cause::Released, true),
        (Cause::Admitted, true),
        (Cause::CameBack, true),
        (Cause::PoolChanged { pool: changed.0, name: changed.1 }, false),
    ];
    for (cause, expected) in table {
        assert_eq!(cause.can_be_refused(), expected, "{cause}");
    }
}

#[test]
fn reject_accepts_while_a_seat_is_left() {
    let mut story = Story::new().pool(VAULT, 2, PoolPolicy::Reject).in_sales(&[ADA], VAULT).people(&[BEN]);
    assert_eq!(story.joins(BEN, SALES, VAULT)[0], "ben: seat taken in Vault");
}

#[test]
fn overage_assigns_and_flags() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Overage).in_sales(&[ADA], VAULT).people(&[BEN]);
    assert_eq!(story.joins(BEN, SALES, VAULT)[0], "ben: seat taken in Vault beyond those bought");
    assert_eq!(story.kinds(), ["seat-overage", "enrolled"]);
    assert_eq!(story.seats(BEN), ["Vault assigned (overage)"]);
    assert_eq!(story.seats(ADA), ["Vault assigned"]);
    assert_eq!((story.used(VAULT), story.pools[&VAULT].over()), (2, 1));
    assert_eq!(story.status(BEN), Status::Pending);
}

#[test]
fn a_pool_of_nothing_is_full() {
    let mut story = Story::new().pool(VAULT, 0, PoolPolicy::Queue).people(&[ADA]);
    assert_eq!(story.joins(ADA, SALES, VAULT), ["ada: waiting for a seat in Vault"]);
}
