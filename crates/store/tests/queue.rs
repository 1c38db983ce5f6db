//! The queue of a pool with priorities: who is brought to the rules, and in which order it is shown.

use chrono::TimeDelta;
use provisioning::{Cause, Effect, GroupId, PoolId, PoolPolicy, SeatState, UserId, settle};
use store::{GrantKind, MemberKind, WriteUnit};

use crate::support::{TestStore, by, now};

/// People who wait at least, of whom none has a priority.
const MANY: i64 = 40;

/// A pool without a free seat, and who waits for it: many by hand, then a late comer through a group of priority 3, who is
/// also in one of priority 1, and one through a group of the second.
struct Crowd {
    store: TestStore,
    pool: PoolId,
    groups: [GroupId; 2],
    by_hand: Vec<UserId>,
    late: UserId,
    later: UserId,
}

impl Crowd {
    async fn gather() -> Self {
        let store = TestStore::open().await;
        let pool = store.add_pool("Vault", 1, PoolPolicy::Queue).await;
        let groups = [store.add_group("Officers").await, store.add_group("Ratings").await];
        let mut by_hand = Vec::new();
        for number in 0..=MANY {
            let user = store.add_user(&format!("hand-{number:02}")).await;
            let mut unit = store.unit().await;
            unit.insert_grant(user, pool, GrantKind::ByHand, now()).await.expect("given");
            settled(&mut unit, &[user], &[], number).await;
            unit.commit().await.expect("committed");
            by_hand.push(user);
        }
        by_hand.remove(0);
        let mut unit = store.unit().await;
        unit.insert_binding(groups[0], pool, 3, now()).await.expect("bound");
        unit.insert_binding(groups[1], pool, 1, now()).await.expect("bound");
        unit.commit().await.expect("committed");
        let mut joins = Vec::new();
        for (number, (name, of)) in [("late", &groups[..]), ("later", &groups[1..])].into_iter().enumerate() {
            let user = store.add_user(name).await;
            let mut unit = store.unit().await;
            for group in of {
                unit.add_members(*group, &[(user.uuid(), MemberKind::User)], now()).await.expect("added");
            }
            settled(&mut unit, &[user], &[], 100 + i64::try_from(number).expect("small")).await;
            unit.commit().await.expect("committed");
            joins.push(user);
        }
        Self { pool, groups, by_hand, late: joins[0], later: joins[1], store }
    }

    async fn queue(&self) -> Vec<(UserId, u16)> {
        let unit = self.store.read(&self.store.scope).await.expect("a unit opens");
        let seats = unit.seats_of(self.pool, SeatState::Waiting, 0, 100).await.expect("readable");
        seats.into_iter().map(|seat| (seat.user, seat.priority)).collect()
    }
}

/// Settles people and pools some minutes after the beginning, and answers who got a seat.
async fn settled(unit: &mut WriteUnit, people: &[UserId], pools: &[PoolId], minutes: i64) -> Vec<UserId> {
    let at = now() + TimeDelta::minutes(minutes);
    let situation = unit.lock_facts(people, pools, at).await.expect("facts");
    let decision = settle(&situation, &Cause::GrantedByHand, at).expect("nothing refuses");
    unit.carry_out(&decision, by, at).await.expect("carried out");
    let taken = |effect: &Effect| match effect {
        Effect::SeatTaken { user, .. } => Some(*user),
        _ => None,
    };
    decision.effects.iter().filter_map(taken).collect()
}

#[tokio::test]
async fn one_late_comer_with_a_priority_is_served_before_many_without() {
    let crowd = Crowd::gather().await;
    let many = crowd.by_hand.iter().map(|user| (*user, 0));
    let expected: Vec<_> = [(crowd.late, 3), (crowd.later, 1)].into_iter().chain(many).collect();
    assert_eq!(crowd.queue().await, expected);
    let unit = crowd.store.read(&crowd.store.scope).await.expect("a unit opens");
    let told = unit.waiting().await.expect("readable");
    let told: Vec<_> = told.iter().map(|place| (place.user, place.priority)).collect();
    assert_eq!(told, expected);
    let those = [crowd.by_hand[1], crowd.late, crowd.later];
    let places = unit.places_in_queues(&those, 1_000).await.expect("readable");
    assert_eq!(those.map(|user| places[&user]), [4, 1, 2], "people read the place at which they are served");
    let first = unit.places_in_queues(&those, 2).await.expect("readable");
    assert_eq!(first.len(), 2, "only the first two are looked at");
    drop(unit);

    // As many are brought as there are free seats, and these are the right ones.
    for (seats, first) in [(2, crowd.late), (3, crowd.later), (4, crowd.by_hand[0]), (5, crowd.by_hand[1])] {
        let mut unit = crowd.store.unit().await;
        unit.set_pool_size(crowd.pool, seats, now()).await.expect("there");
        let situation = unit.lock_facts(&[], &[crowd.pool], now()).await.expect("facts");
        assert_eq!(situation.queue.iter().map(|person| person.id).collect::<Vec<_>>(), [first]);
        assert_eq!(settled(&mut unit, &[], &[crowd.pool], 200).await, [first]);
        unit.commit().await.expect("committed");
    }
}

#[tokio::test]
async fn another_priority_is_another_order_and_takes_no_seat() {
    let crowd = Crowd::gather().await;
    let mut unit = crowd.store.unit().await;
    assert!(unit.prioritise(crowd.groups[0], crowd.pool, 0).await.expect("changed"));
    assert_eq!(settled(&mut unit, &[], &[crowd.pool], 200).await, [], "no seat is free, and none is taken");
    unit.commit().await.expect("committed");
    // Late is in the other group as well, and waits longer than later.
    assert_eq!(crowd.queue().await[..3], [(crowd.late, 1), (crowd.later, 1), (crowd.by_hand[0], 0)]);
    let mut unit = crowd.store.unit().await;
    assert!(unit.prioritise(crowd.groups[1], crowd.pool, 0).await.expect("changed"));
    unit.commit().await.expect("committed");
    let last = [(crowd.late, 0), (crowd.later, 0)];
    assert_eq!(crowd.queue().await[usize::try_from(MANY).expect("small")..], last, "as they came");
    let mut unit = crowd.store.unit().await;
    let elsewhere = PoolId::new(crowd.late.uuid());
    assert!(!unit.prioritise(crowd.groups[1], elsewhere, 1).await.expect("looked at"), "not bound");
    let mut bindings = unit.bindings().await.expect("readable");
    bindings.retain(|binding| binding.priority > 0);
    assert_eq!(bindings, []);
}
