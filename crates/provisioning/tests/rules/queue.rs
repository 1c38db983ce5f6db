//! Freed seats go to the first in the queue who may have them, before anybody new.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use chrono::TimeDelta;
use proptest::prelude::*;
use provisioning::{Cause, Effect, PoolPolicy, Seat, SeatState, Status, UserId};
use uuid::Uuid;

use crate::story::{
    ADA, BEN, CLEO, DAN, EVE, LEGAL, NOTES, SALES, STAFF, Story, VAULT, by_hand, name, through, through_with,
};

fn freed() -> Cause {
    Cause::SeatFreed { pool: VAULT, name: "Vault".to_owned() }
}

/// Ada has the only seat; Dan, Ben and Cleo wait in this order.
fn story() -> Story {
    Story::new().pool(VAULT, 1, PoolPolicy::Queue).using(&[ADA], VAULT).in_sales(&[DAN, BEN, CLEO], VAULT)
}

#[test]
fn first_come_first_served_whatever_the_ids() {
    let mut story = story();
    story.unassigned(ADA, VAULT);
    assert_eq!((story.status(DAN), story.status(BEN)), (Status::Pending, Status::NoLicence));
    story.unassigned(DAN, VAULT);
    assert_eq!((story.status(BEN), story.status(CLEO)), (Status::Pending, Status::NoLicence));
}

#[test]
fn who_came_at_the_same_instant_is_served_in_the_order_of_ids() {
    let mut story = Story::new().pool(VAULT, 0, PoolPolicy::Queue).people(&[CLEO, BEN]);
    for id in [CLEO, BEN] {
        story.joins(id, SALES, VAULT);
    }
    story.pools.get_mut(&VAULT).expect("the pool").seats = 1;
    assert_eq!(story.settle(&[], &freed())[0], "ben: seat taken in Vault");
}

/// Everybody waits in the order Dan, Ben, Cleo; then they are served one by one.
#[test]
fn a_higher_priority_is_served_first_then_who_has_waited_longer() {
    let table = [
        (
            "no priority: by hand, by a rule and by a binding alike",
            [vec![by_hand(VAULT)], vec![], vec![]],
            [DAN, BEN, CLEO],
        ),
        ("one priority for all", [(); 3].map(|()| vec![through_with(LEGAL, VAULT, 7)]), [DAN, BEN, CLEO]),
        (
            "the late comer first",
            [vec![], vec![by_hand(VAULT)], vec![through_with(LEGAL, VAULT, 1)]],
            [CLEO, DAN, BEN],
        ),
        (
            "the best binding of several counts",
            [
                vec![through_with(LEGAL, VAULT, 2)],
                vec![through_with(LEGAL, VAULT, 1), through_with(STAFF, VAULT, 3)],
                vec![through_with(LEGAL, VAULT, 2)],
            ],
            [BEN, DAN, CLEO],
        ),
        (
            "a priority in another pool counts for nothing",
            [vec![], vec![], vec![through_with(LEGAL, NOTES, 9)]],
            [DAN, BEN, CLEO],
        ),
    ];
    for (what, grants, order) in table {
        let mut story = story();
        for (id, grants) in [DAN, BEN, CLEO].into_iter().zip(grants) {
            story.person(id).grants.extend(grants);
        }
        let served: Vec<_> = (2..=4)
            .map(|seats| {
                story.pools.get_mut(&VAULT).expect("the pool").seats = seats;
                story.settle(&[], &freed());
                story.last.effects.iter().find_map(|effect| match effect {
                    Effect::SeatTaken { user, .. } => Some(*user),
                    _ => None,
                })
            })
            .collect();
        assert_eq!(served, order.map(Some), "{what}");
        assert_eq!(story.seats(ADA), ["Vault assigned"], "{what}: nobody who has a seat loses it");
    }
}

#[test]
fn the_reason_of_who_is_served_tells_the_priority() {
    let mut story = story();
    story.person(CLEO).grants.push(through_with(LEGAL, VAULT, 5));
    let told = provisioning::explain(&story.people[&CLEO], &[story.pools[&VAULT].clone()], story.now);
    assert!(
        told.contains(
            &"cleo waits for a seat in “Vault” since 2026-03-01 09:03 UTC, with priority 5.".to_owned()
        ),
        "{told:?}"
    );
    story.later(TimeDelta::hours(1));
    story.unassigned(ADA, VAULT);
    assert_eq!(
        story.reasons()[2],
        "cleo has a seat in “Vault” because a seat became free in “Vault”, after waiting since 2026-03-01 09:03 UTC with \
         priority 5."
    );
}

#[test]
fn who_is_not_active_or_no_longer_entitled_is_passed_over() {
    let mut story = story();
    story.person(DAN).active = false;
    story.person(BEN).grants.clear();
    let lines = story.unassigned(ADA, VAULT);
    assert_eq!(lines[3], "cleo: seat taken in Vault");
    assert_eq!(
        (story.seats(DAN), story.seats(BEN)),
        (vec!["Vault waiting".to_owned()], vec!["Vault waiting".to_owned()])
    );
}

#[test]
fn the_queue_comes_before_joiners_in_the_same_change() {
    let mut story = story().people(&[EVE]);
    story.loses(ADA, SALES);
    story.person(EVE).grants.push(through(LEGAL, VAULT));
    story = story.without_grace();
    let cause = Cause::JoinedGroup { group: LEGAL, name: name(LEGAL.uuid()).to_owned() };
    story.settle(&[EVE, ADA], &cause);
    assert_eq!(
        (story.seats(DAN), story.seats(EVE)),
        (vec!["Vault assigned".to_owned()], vec!["Vault waiting".to_owned()])
    );
}

#[test]
fn leavers_come_before_joiners_whatever_the_ids() {
    let mut story =
        Story::new().without_grace().pool(VAULT, 1, PoolPolicy::Reject).using(&[BEN], VAULT).people(&[ADA]);
    story.loses(BEN, SALES);
    story.person(ADA).grants.push(through(SALES, VAULT));
    let cause = Cause::JoinedGroup { group: SALES, name: name(SALES.uuid()).to_owned() };
    let lines = story.settle(&[ADA, BEN], &cause);
    assert_eq!(lines[0], "ben: now deactivated");
    assert_eq!(lines[3], "ada: seat taken in Vault");
}

#[test]
fn a_waiter_among_the_changed_people_is_handled_once_and_by_the_changed_facts() {
    let mut story = story();
    story.pools.get_mut(&VAULT).expect("the pool").seats = 2;
    let lines = story.settle(&[DAN], &Cause::AttributesChanged);
    assert_eq!(
        lines.iter().filter(|line| line.contains("seat taken")).collect::<Vec<_>>(),
        ["dan: seat taken in Vault"]
    );
    story.pools.get_mut(&VAULT).expect("the pool").seats = 3;
    let mut situation = story.situation(&[BEN]);
    situation.people[0].active = false;
    let decision = provisioning::settle(&situation, &Cause::PushedInactive, story.now).expect("not refused");
    let users: Vec<_> = decision.effects.iter().map(Effect::user).collect();
    assert_eq!(users, [BEN, CLEO, CLEO, CLEO, CLEO], "ben goes, the next one is served");
}

#[test]
fn the_reason_of_who_is_served_names_nobody_else() {
    let mut story = story();
    story.later(TimeDelta::hours(1));
    story.unassigned(ADA, VAULT);
    assert_eq!(
        story.reasons()[2..],
        [
            "dan has a seat in “Vault” because a seat became free in “Vault”, after waiting since 2026-03-01 09:01 UTC.",
            "dan is to be invited because a seat became free in “Vault”.",
        ]
    );
    let before = story.last.entries[2].before.as_ref().expect("the waiting place");
    assert_eq!((&before["seat"], &before["pool"]), (&"waiting".into(), &"Vault".into()));
}

#[test]
fn who_uses_another_pool_meanwhile_gets_the_seat_and_no_second_invitation() {
    let mut story = story().pool(NOTES, 1, PoolPolicy::Queue);
    story.joins(DAN, LEGAL, NOTES);
    let lines = story.unassigned(ADA, VAULT);
    assert_eq!(lines[3..], ["dan: seat taken in Vault"]);
}

#[test]
fn without_a_free_seat_nobody_is_served() {
    let mut story = story();
    assert!(story.settle(&[], &freed()).is_empty());
}

#[test]
fn a_deactivated_waiter_starts_anew_with_a_restore() {
    let mut story = Story::new()
        .without_grace()
        .pool(VAULT, 1, PoolPolicy::Queue)
        .using(&[ADA], VAULT)
        .in_sales(&[BEN], VAULT);
    story.switched_off(ADA);
    assert_eq!(story.switched_on(ADA), ["ada: waiting for a seat in Vault"]);
    assert_eq!(story.status(ADA), Status::Deactivated);
    let lines = story.unassigned(BEN, VAULT);
    assert_eq!(lines[4..6], ["ada: seat taken in Vault", "ada: now pending, restore owed"]);
}

#[test]
fn each_person_has_the_delays_of_their_own_policy() {
    let mut story = story();
    story.person(ADA).grants.clear();
    let mut situation = story.situation(&[ADA]);
    situation.people[0].policy.grace = TimeDelta::zero();
    let first = situation.queue.iter_mut().find(|person| person.id == DAN).expect("Dan waits");
    first.policy.invitation_delay = TimeDelta::hours(2);
    let cause = Cause::LeftGroup { group: SALES, name: "Sales".to_owned() };
    let decision = provisioning::settle(&situation, &cause, story.now).expect("not refused");
    assert!(decision.effects.contains(&Effect::SeatFreed { user: ADA, pool: VAULT }), "no grace");
    let owed = Effect::InvitationOwed { user: DAN, not_before: story.now + TimeDelta::hours(2) };
    assert!(decision.effects.contains(&owed), "{:?}", decision.effects);
}

/// A person of a crowd: active or not, minutes of waiting, the priorities of bindings, whether by hand as well.
type OneOfMany = (bool, i64, Vec<u16>, bool);

fn one_of_many() -> impl Strategy<Value = OneOfMany> {
    (prop::bool::weighted(0.8), 0..4_i64, prop::collection::vec(0..3_u16, 0..3), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Ada and Ben have seats, one of whom may give it back; a crowd waits; some seats are free, or too many taken.
    #[test]
    fn free_seats_go_to_the_highest_priorities_and_among_equals_to_the_longest_waiting(
        crowd in prop::collection::vec(one_of_many(), 1..9),
        seats in 0..8_u32,
        leaves in any::<bool>(),
    ) {
        let mut story = Story::new().without_grace().pool(VAULT, 2, PoolPolicy::Queue).using(&[ADA, BEN], VAULT);
        let mut eligible = Vec::new();
        for (number, (active, waited, priorities, hand)) in (100..).zip(&crowd) {
            let id = UserId::new(Uuid::from_u128(number));
            story.add(id);
            let since = story.now - TimeDelta::minutes(*waited);
            let person = story.person(id);
            person.active = *active;
            person.seats.push(Seat { pool: VAULT, state: SeatState::Waiting, since, overage: false });
            person.grants.extend(priorities.iter().map(|priority| through_with(LEGAL, VAULT, *priority)));
            person.grants.extend(hand.then(|| by_hand(VAULT)));
            if *active && !person.grants.is_empty() {
                eligible.push((Reverse(priorities.iter().max().copied().unwrap_or(0)), since, id));
            }
        }
        eligible.sort_unstable();
        story.pools.get_mut(&VAULT).expect("the pool").seats = seats;
        story.later(TimeDelta::hours(1));
        if leaves {
            story.unassigned(ADA, VAULT);
        } else {
            story.settle(&[], &freed());
        }
        let served: BTreeSet<UserId> = story.last.effects.iter().filter_map(|effect| match effect {
            Effect::SeatTaken { user, .. } => Some(*user),
            _ => None,
        }).collect();
        let free = (usize::try_from(seats).expect("small") + usize::from(leaves)).saturating_sub(2);
        let expected: BTreeSet<UserId> = eligible.into_iter().take(free).map(|(.., id)| id).collect();
        prop_assert_eq!(served, expected);
        prop_assert_eq!(story.seats(BEN), ["Vault assigned"], "nobody who has a seat loses it");
        prop_assert_eq!(story.people[&ADA].seats.len(), usize::from(!leaves));
    }
}
