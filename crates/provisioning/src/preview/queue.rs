//! The queues in a preview: who waits for which pool, in the order in which they are served.

use std::collections::{BTreeMap, BTreeSet};

use super::Preview;
use crate::{
    id::{PoolId, UserId},
    person::Person,
    pool::PoolPolicy,
    position::Position,
};

/// The places of the people who are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues(BTreeMap<PoolId, BTreeSet<Position>>);

impl Queues {
    pub(super) fn enter(&mut self, person: &Person) {
        for place in person.waiting() {
            self.0.entry(place.pool).or_default().insert(person.position(place));
        }
    }

    pub(super) fn leave(&mut self, person: &Person) {
        for place in person.waiting() {
            if let Some(queue) = self.0.get_mut(&place.pool) {
                queue.remove(&person.position(place));
            }
        }
    }
}

impl Preview {
    /// How many people who wait before and after the change are served earlier or later among each other.
    #[must_use]
    pub fn reordered(&self) -> u64 {
        let mut queues: BTreeMap<PoolId, (BTreeSet<Position>, BTreeSet<Position>)> = BTreeMap::new();
        for standing in self.people.values() {
            let Some(after) = &standing.after else { continue };
            for place in standing.before.waiting() {
                if let Some(then) = after.waiting().find(|then| then.pool == place.pool) {
                    let (now, later) = queues.entry(place.pool).or_default();
                    now.insert(standing.before.position(place));
                    later.insert(after.position(then));
                }
            }
        }
        let moved = |(now, later): &(BTreeSet<Position>, BTreeSet<Position>)| {
            now.iter().zip(later).filter(|(now, later)| now.user != later.user).count() as u64
        };
        queues.values().map(moved).sum()
    }

    /// How many people of a queue can be served when these people are settled: the free seats, and those that these
    /// people may give back.
    pub(super) fn room(&self, people: &[UserId], pool: PoolId) -> usize {
        let Some(state) = self.pools.get(&pool).filter(|pool| !pool.is_expired(self.now)) else { return 0 };
        if state.policy == PoolPolicy::Overage {
            return usize::MAX;
        }
        let people = people.iter().filter_map(|id| self.people.get(id)?.after.as_ref());
        let held = people.filter(|person| person.seat_in(pool).is_some()).count();
        let bought = usize::try_from(state.seats).unwrap_or(usize::MAX);
        let used = usize::try_from(state.used).unwrap_or(usize::MAX);
        bought.saturating_add(held).saturating_sub(used)
    }

    /// Who is known to wait for a pool and may be served, in order; people who are settled themselves are none of them.
    pub(super) fn waiters(&self, settled: &[UserId], pool: PoolId) -> impl Iterator<Item = Position> {
        let settled: BTreeSet<UserId> = settled.iter().copied().collect();
        let places = self.queues.0.get(&pool).into_iter().flatten().copied();
        places.filter(move |Position { user: id, .. }| {
            let person = self.people.get(id).and_then(|standing| standing.after.as_ref());
            !settled.contains(id) && person.is_some_and(|person| self.wanted(person).contains(&pool))
        })
    }

    /// The pools in which a person is to have a seat.
    pub(super) fn wanted(&self, person: &Person) -> BTreeSet<PoolId> {
        if !person.is_let_in() {
            return BTreeSet::new();
        }
        person.granted(|id| self.pools.get(&id).is_some_and(|pool| !pool.is_expired(self.now)))
    }
}
