//! O-05: a person who leaves a dynamic group lingers for its grace, and a membership that flaps costs nobody anything.

use chrono::TimeDelta;
use proptest::prelude::*;
use provisioning::{Cause, Effect, GroupGrace, GroupId, PoolPolicy, Status, UserId, explain};

use crate::story::{ADA, BEN, CLEO, DAN, EVE, NOTES, PEOPLE, SALES, STAFF, Story, VAULT, name, through};

fn hours(hours: u32) -> GroupGrace {
    GroupGrace::of_hours(hours).expect("a grace")
}

/// A person drops out of a dynamic group.
fn drops(story: &mut Story, id: UserId, group: GroupId, grace: GroupGrace) -> Vec<String> {
    let until = grace.until(story.now);
    story.person(id).lingers(group, until);
    story.settle(&[id], &Cause::LeftGroup { group, name: name(group.uuid()).to_owned() })
}

/// The grace of a group is over for a person.
fn over(story: &mut Story, id: UserId, group: GroupId) -> Vec<String> {
    story.person(id).lingers_no_more(group);
    story.settle(&[id], &Cause::GroupGraceOver { group, name: name(group.uuid()).to_owned() })
}

#[test]
fn o05_who_drops_out_of_a_dynamic_group_keeps_everything_and_is_told_nothing() {
    let mut story =
        Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT).in_sales(&[BEN], VAULT);
    let (ada, ben) = (story.person(ADA).clone(), story.person(BEN).clone());
    for id in [ADA, BEN] {
        assert_eq!(drops(&mut story, id, SALES, hours(24)), Vec::<String>::new());
        assert!(story.last.is_empty(), "{:?}", story.last);
    }
    assert_eq!((&story.people[&ADA].seats, &story.people[&ADA].enrolment), (&ada.seats, &ada.enrolment));
    assert_eq!(story.people[&BEN].seats, ben.seats, "a place in the queue is kept, too");

    story.person(ADA).lingers_no_more(SALES);
    story.later(TimeDelta::hours(23));
    assert_eq!(story.joins(ADA, SALES, VAULT), Vec::<String>::new(), "back in time");
    assert_eq!((&story.people[&ADA].seats, &story.people[&ADA].enrolment), (&ada.seats, &ada.enrolment));
}

#[test]
fn o05_when_the_grace_is_over_the_loss_is_one_like_any_other() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    drops(&mut story, ADA, SALES, hours(24));
    story.later(TimeDelta::hours(24));
    let told = over(&mut story, ADA, SALES);
    assert_eq!(
        told[..2],
        ["ada: now suspended until 2026-03-09 09:01 UTC", "ada: application told: access cut"]
    );
    let because = "because they left the dynamic group “Sales” and its grace is over";
    assert!(story.reasons()[0].contains(because), "{:?}", story.reasons());
}

#[test]
fn o05_whoever_had_nothing_of_a_pool_gets_nothing_by_having_left() {
    let mut story = Story::new().pool(VAULT, 9, PoolPolicy::Queue).people(&[ADA]);
    story.switched_off(ADA);
    story.joins(ADA, SALES, VAULT);
    drops(&mut story, ADA, SALES, hours(24));
    assert_eq!(story.people[&ADA].grants, []);
    assert_eq!(story.switched_on(ADA), Vec::<String>::new());
}

#[test]
fn o05_only_membership_lingers() {
    let mut story = Story::new().pool(VAULT, 9, PoolPolicy::Queue).using(&[ADA, BEN], VAULT);
    for id in [ADA, BEN] {
        drops(&mut story, id, SALES, hours(24));
    }
    assert!(!story.switched_off(ADA).is_empty());
    assert_eq!(story.status(ADA), Status::Suspended, "an account that is switched off has no such grace");
    assert!(story.settle(&[BEN], &Cause::Removed).contains(&"ben: application told: removed".to_owned()));
}

#[test]
fn o05_a_mover_has_both_seats_until_the_grace_of_the_group_that_was_left_is_over() {
    let two = || Story::new().pool(VAULT, 9, PoolPolicy::Queue).using(&[ADA], VAULT);
    let mut story = two().pool(NOTES, 1, PoolPolicy::Queue);
    drops(&mut story, ADA, SALES, hours(24));
    assert_eq!(story.joins(ADA, STAFF, NOTES), ["ada: seat taken in Notes"]);
    assert_eq!(story.seats(ADA), ["Vault assigned", "Notes assigned"]);
    assert_eq!(
        over(&mut story, ADA, SALES),
        ["ada: seat freed in Vault"],
        "and access is not cut in between"
    );

    let mut story = two().pool(NOTES, 0, PoolPolicy::Queue);
    drops(&mut story, ADA, SALES, hours(24));
    story.joins(ADA, STAFF, NOTES);
    assert_eq!(story.seats(ADA), ["Vault assigned", "Notes waiting"]);
    assert_eq!(
        story.status(ADA),
        Status::Active,
        "who waits for the other pool keeps the first one meanwhile"
    );
    over(&mut story, ADA, SALES);
    assert_eq!((story.seats(ADA), story.status(ADA)), (vec!["Notes waiting".to_owned()], Status::Suspended));
}

#[test]
fn o05_the_brake_counts_who_did_not_come_back_when_the_grace_is_over() {
    let mut story = Story::new().pool(VAULT, 9, PoolPolicy::Queue).using(&PEOPLE, VAULT).braked(4);
    for id in PEOPLE {
        drops(&mut story, id, SALES, hours(1));
        assert!(story.last.is_empty(), "no loss yet");
    }
    story.later(TimeDelta::hours(1));
    for id in PEOPLE {
        story.person(id).lingers_no_more(SALES);
    }
    story.settle(&PEOPLE, &Cause::GroupGraceOver { group: SALES, name: "Sales".to_owned() });
    assert!(PEOPLE.iter().all(|id| story.status(*id) == Status::Active), "five are too many for the brake");
    let held = story.last.effects.iter().filter(|effect| matches!(effect, Effect::LossHeld { .. })).count();
    assert_eq!(held, 5);
}

#[test]
fn o05_explain_says_until_when_and_why() {
    let mut story = Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT);
    drops(&mut story, ADA, SALES, hours(24));
    let pools: Vec<_> = story.pools.values().cloned().collect();
    assert_eq!(
        explain(&story.people[&ADA], &pools, story.now)[0],
        "ada is entitled to “Vault”, kept until 2026-03-02 09:01 UTC because the group “Sales”, which they left, is dynamic."
    );
}

/// What happens to one of the people.
#[derive(Clone, Copy, Debug)]
enum Flap {
    /// In or out of one of two groups, whichever it was before.
    Move(usize, bool),
    Later(i64),
}

fn flap() -> impl Strategy<Value = Flap> {
    prop_oneof![
        4 => (0..PEOPLE.len(), any::<bool>()).prop_map(|(person, staff)| Flap::Move(person, staff)),
        1 => (1..90_i64).prop_map(Flap::Later),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn o05_no_flapping_within_the_grace_changes_anything(flaps in prop::collection::vec(flap(), 1..40)) {
        // Two of five wait for the pool of one group; the other group, of another pool, has all of them.
        let mut story = Story::new().pool(VAULT, 3, PoolPolicy::Queue).pool(NOTES, 9, PoolPolicy::Queue);
        story = story.using(&[ADA, BEN, CLEO], VAULT).in_sales(&[DAN, EVE], VAULT);
        for id in PEOPLE {
            story.joins(id, STAFF, NOTES);
        }
        let before = story.clone();
        // Long enough for every sequence.
        let grace = hours(90);
        for flap in flaps {
            let Flap::Move(person, staff) = flap else {
                let Flap::Later(minutes) = flap else { unreachable!("one or the other") };
                story.later(TimeDelta::minutes(minutes));
                continue;
            };
            let (id, group, pool) = if staff { (PEOPLE[person], STAFF, NOTES) } else { (PEOPLE[person], SALES, VAULT) };
            if story.people[&id].grants.contains(&through(group, pool)) {
                drops(&mut story, id, group, grace);
            } else {
                story.person(id).lingers_no_more(group);
                story.joins(id, group, pool);
            }
            prop_assert!(story.last.is_empty(), "{:?}", story.last);
        }
        for (id, person) in &before.people {
            let after = &story.people[id];
            prop_assert_eq!((&person.seats, &person.enrolment), (&after.seats, &after.enrolment));
        }
        prop_assert_eq!(&before.pools, &story.pools);
    }
}
