//! Decisions that are not performed: each sees what those before it came to, so that their sum is what performing them
//! one after the other would give.

mod fate;
mod queue;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    cause::Cause,
    grant::Grant,
    id::{PoolId, UserId},
    person::Person,
    pool::Pool,
    position::Position,
    settle::{Decision, Situation, apply, settle},
};

pub use fate::{Fate, Unaffected};
use queue::Queues;

/// The facts of a tenant as a change would make them, and what would follow, batch by batch.
///
/// The facts are read in portions ([`Preview::read`]) and decided upon in batches ([`Preview::settle`]): the seats that one
/// batch uses or gives back, and the people whom it lets wait, are facts of the next one. People for whom nothing would
/// follow are forgotten but for the reason, so it grows with what the change does.
#[derive(Clone, Debug)]
pub struct Preview {
    now: DateTime<Utc>,
    /// The pools that the change is about.
    concerned: BTreeSet<PoolId>,
    people: BTreeMap<UserId, Standing>,
    /// The pools as they were read.
    stock: BTreeMap<PoolId, Pool>,
    /// The pools as they would be.
    pools: BTreeMap<PoolId, Pool>,
    /// Every pool that was read or that the change makes.
    known: BTreeSet<PoolId>,
    queues: Queues,
    unaffected: BTreeMap<UserId, (String, Unaffected)>,
}

/// One person, as read and as they would be.
#[derive(Clone, Debug)]
struct Standing {
    before: Person,
    /// None once the person would be gone.
    after: Option<Person>,
    /// Whether the change is about the person, who otherwise only waits.
    looked_at: bool,
    /// Whether a full pool turned the person away.
    refused: bool,
}

impl Preview {
    /// Nothing read yet, for a change of these pools at an instant.
    #[must_use]
    pub fn new(concerned: impl IntoIterator<Item = PoolId>, now: DateTime<Utc>) -> Self {
        Self {
            now,
            concerned: concerned.into_iter().collect(),
            people: BTreeMap::new(),
            stock: BTreeMap::new(),
            pools: BTreeMap::new(),
            known: BTreeSet::new(),
            queues: Queues::default(),
            unaffected: BTreeMap::new(),
        }
    }

    /// Takes facts in, with what the change makes of them; people and pools that are known already stay as they would be.
    ///
    /// People who wait are read like all others, so that every pool that they name is known: `queue` is not looked at.
    pub fn read(&mut self, facts: Situation, change: impl FnOnce(&mut Situation)) {
        let Situation { people, pools, .. } = facts;
        let mut changed = Situation { people: people.clone(), pools: pools.clone(), ..Situation::default() };
        change(&mut changed);
        let after = changed.pools.into_iter().filter(|pool| !self.known.contains(&pool.id));
        self.pools.extend(after.map(|pool| (pool.id, pool)));
        for pool in pools {
            if self.known.insert(pool.id) {
                self.stock.insert(pool.id, pool);
            }
        }
        self.known.extend(self.pools.keys());
        let mut after: BTreeMap<UserId, Person> =
            changed.people.into_iter().map(|person| (person.id, person)).collect();
        for before in people {
            if self.people.contains_key(&before.id) {
                continue;
            }
            let after = after.remove(&before.id);
            if let Some(person) = &after {
                self.queues.enter(person);
            }
            let standing = Standing { before, after, looked_at: false, refused: false };
            self.people.insert(standing.before.id, standing);
        }
    }

    /// Of these people, those whose facts are to be read before they are settled.
    #[must_use]
    pub fn unread(&self, people: &[UserId]) -> Vec<UserId> {
        people.iter().copied().filter(|id| !self.people.contains_key(id)).collect()
    }

    /// A person who was read, as read.
    #[must_use]
    pub fn before(&self, person: UserId) -> Option<&Person> {
        self.people.get(&person).map(|standing| &standing.before)
    }

    /// The pools whose queues the next decision about these people and pools looks at.
    #[must_use]
    pub fn looks_at(&self, people: &[UserId], pools: &[PoolId]) -> BTreeSet<PoolId> {
        let people = people.iter().filter_map(|id| self.people.get(id)?.after.as_ref());
        let named = people.flat_map(|person| {
            person.grants.iter().map(|grant| grant.pool).chain(person.seats.iter().map(|seat| seat.pool))
        });
        named.chain(pools.iter().copied()).filter(|pool| self.pools.contains_key(pool)).collect()
    }

    /// Whether more people who wait for a pool are to be read before these people are settled. `read_to` is the place of
    /// the last one who was read, of the places as they are stored.
    #[must_use]
    pub fn lacks_waiters(&self, people: &[UserId], pool: PoolId, read_to: Option<Position>) -> bool {
        let room = self.room(people, pool);
        let read = |position: &Position| read_to.is_some_and(|last| *position <= last);
        room > 0 && self.waiters(people, pool).take_while(read).take(room).count() < room
    }

    /// Changes the grants of people who were read, where a change does not reach everyone at once.
    pub fn entitle(&mut self, people: &[UserId], change: impl Fn(UserId, &mut Vec<Grant>)) {
        for id in people {
            if let Some(person) = self.people.get_mut(id).and_then(|standing| standing.after.as_mut()) {
                self.queues.leave(person);
                change(*id, &mut person.grants);
                self.queues.enter(person);
            }
        }
    }

    /// Decides about these people, who were read, and carries the decision forward. When a pool refuses, they are
    /// settled one by one, and those whom it turns away are remembered: so does the work that settles many people.
    pub fn settle(&mut self, people: &[UserId], cause: &Cause) {
        self.decide(people, &[], cause);
        for id in people {
            self.look_at(*id);
        }
    }

    /// Serves the people who wait for a pool.
    pub fn serve(&mut self, pool: PoolId, cause: &Cause) {
        self.decide(&[], &[pool], cause);
    }

    /// What would follow for each person, by name, in the order of ids: those for whom something would, and those for
    /// whom nothing would although the change is about them.
    pub fn fates(&self) -> impl Iterator<Item = (UserId, &str, Result<Fate, Unaffected>)> {
        let fates = self.people.iter().filter_map(|(id, standing)| {
            let fate = self.fate(standing);
            let fate = if fate.is_nothing() { Err(self.reason(standing)) } else { Ok(fate) };
            let told = fate.is_ok() || standing.looked_at;
            told.then_some((*id, standing.before.name.as_str(), fate))
        });
        let others = self.unaffected.iter().map(|(id, (name, why))| (*id, name.as_str(), Err(*why)));
        let mut all: Vec<_> = fates.chain(others).collect();
        all.sort_unstable_by_key(|(id, ..)| *id);
        all.into_iter()
    }

    /// The pools, as they are and as they would be; none on one side for a pool that the change makes or deletes.
    pub fn pools(&self) -> impl Iterator<Item = (Option<&Pool>, Option<&Pool>)> {
        self.known.iter().map(|id| (self.stock.get(id), self.pools.get(id)))
    }

    /// How many people leave the queue of a pool, and how many join it.
    #[must_use]
    pub fn queue_moves(&self) -> BTreeMap<PoolId, (u64, u64)> {
        let mut moves: BTreeMap<PoolId, (u64, u64)> = BTreeMap::new();
        for standing in self.people.values() {
            for place in standing.before.waiting() {
                moves.entry(place.pool).or_default().0 += 1;
            }
            for place in standing.after.iter().flat_map(Person::waiting) {
                moves.entry(place.pool).or_default().1 += 1;
            }
        }
        moves
    }

    fn decide(&mut self, people: &[UserId], pools: &[PoolId], cause: &Cause) {
        let situation = self.situation(people, pools);
        match settle(&situation, cause, self.now) {
            Ok(decision) => self.carry(&situation, &decision),
            Err(_) if people.len() > 1 => {
                for person in people {
                    self.decide(&[*person], pools, cause);
                }
            }
            Err(_) => {
                if let Some(standing) = people.first().and_then(|id| self.people.get_mut(id)) {
                    standing.refused = true;
                }
            }
        }
    }

    /// The facts for the next decision, with the people who can be served.
    fn situation(&self, people: &[UserId], pools: &[PoolId]) -> Situation {
        let looked_at = self.looks_at(people, pools);
        let mut queue = BTreeSet::new();
        for pool in &looked_at {
            queue.extend(self.waiters(people, *pool).take(self.room(people, *pool)).map(|place| place.user));
        }
        let person = |id: &UserId| self.people.get(id)?.after.clone();
        Situation {
            people: people.iter().filter_map(person).collect(),
            pools: looked_at.iter().filter_map(|pool| self.pools.get(pool).cloned()).collect(),
            queue: queue.iter().filter_map(person).collect(),
            ..Situation::default()
        }
    }

    fn carry(&mut self, situation: &Situation, decision: &Decision) {
        let after = apply(situation, decision, self.now);
        self.pools.extend(after.pools.into_iter().map(|pool| (pool.id, pool)));
        let touched: BTreeSet<UserId> = decision.effects.iter().map(crate::Effect::user).collect();
        let everyone = after.queue.into_iter().chain(after.people);
        let mut people: BTreeMap<UserId, Person> = everyone.map(|person| (person.id, person)).collect();
        for id in touched {
            let Some(standing) = self.people.get_mut(&id) else { continue };
            if let Some(person) = &standing.after {
                self.queues.leave(person);
            }
            standing.after = people.remove(&id);
            if let Some(person) = &standing.after {
                self.queues.enter(person);
            }
        }
    }

    /// Notes that the change is about a person; one for whom nothing follows, and who does not wait, is forgotten.
    fn look_at(&mut self, id: UserId) {
        if let Some(standing) = self.people.get_mut(&id) {
            standing.looked_at = true;
        }
        let Some(standing) = self.people.get(&id) else { return };
        self.unaffected.remove(&id);
        let waits = standing.after.as_ref().is_some_and(|person| person.waiting().next().is_some());
        if !waits && self.fate(standing).is_nothing() {
            let told = (standing.before.name.clone(), self.reason(standing));
            self.unaffected.insert(id, told);
            self.people.remove(&id);
        }
    }
}
