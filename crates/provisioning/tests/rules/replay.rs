//! Replaying a push changes nothing; every other test here replays each of its changes as well.

use provisioning::{Cause, PoolPolicy, Situation, apply, settle};

use crate::story::{ADA, BEN, CLEO, SALES, Story, VAULT};

#[test]
fn a_settled_situation_has_nothing_to_settle_whatever_the_cause() {
    let mut story =
        Story::new().pool(VAULT, 2, PoolPolicy::Queue).using(&[ADA], VAULT).in_sales(&[BEN, CLEO], VAULT);
    story.switched_off(ADA);
    let group = || (SALES, "Sales".to_owned());
    let (joined, left, bound) = (group(), group(), group());
    let causes = [
        Cause::Created,
        Cause::PushedActive,
        Cause::PushedInactive,
        Cause::AttributesChanged,
        Cause::JoinedGroup { group: joined.0, name: joined.1 },
        Cause::LeftGroup { group: left.0, name: left.1 },
        Cause::Bound { group: bound.0, name: bound.1, pool: VAULT },
        Cause::GraceOver,
        Cause::GrantedByHand,
        Cause::GrantLifted,
        Cause::PoolChanged { pool: VAULT, name: "Vault".to_owned() },
    ];
    for cause in causes {
        assert!(story.settle(&[ADA, BEN, CLEO], &cause).is_empty(), "{cause}");
    }
}

#[test]
fn an_empty_situation_decides_nothing() {
    let story = Story::new();
    let decision = settle(&Situation::default(), &Cause::Removed, story.now).expect("not refused");
    assert!(decision.is_empty());
    assert_eq!(apply(&Situation::default(), &decision, story.now), Situation::default());
}

#[test]
fn the_order_in_which_facts_are_listed_does_not_matter() {
    let mut story =
        Story::new().pool(VAULT, 2, PoolPolicy::Queue).using(&[ADA], VAULT).in_sales(&[BEN, CLEO], VAULT);
    story.pools.get_mut(&VAULT).expect("the pool").seats = 9;
    let situation = story.situation(&[ADA, BEN, CLEO]);
    let mut turned = situation.clone();
    turned.people.reverse();
    turned.queue.reverse();
    let cause = Cause::AttributesChanged;
    let decision = settle(&situation, &cause, story.now).expect("not refused");
    assert_eq!(settle(&turned, &cause, story.now).expect("not refused"), decision);
    assert!(!decision.is_empty());
}
