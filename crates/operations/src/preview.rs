//! A change that is only decided: the facts are read and not locked, in a unit that reads, so no writer waits, and
//! nothing is written.

#[cfg(test)]
#[expect(dead_code, reason = "the tests of the store use the rest of it")]
#[path = "../../store/tests/support/postgres.rs"]
mod postgres;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use provisioning::{Cause, Person, PoolId, Position, SeatState, Situation, UserId};
use store::{MemberKind, PoolRule, ReadUnit, SeatRecord};
use uuid::Uuid;

use crate::consequences::Consequences;
use crate::entitlement::Rules;
use crate::error::Error;
use crate::settle::CHUNK;
use crate::work::settle_pool::next_users;

/// A change that is only decided.
///
/// What settles people when the change is performed has its counterpart here, which is to be called in the same order.
pub(crate) struct Preview<'u, C> {
    unit: &'u ReadUnit,
    /// What the change makes of facts that were read, of `people` and `pools`.
    change: C,
    /// The pools that it is about.
    pools: Vec<PoolId>,
    now: DateTime<Utc>,
    /// How many people a step looks at.
    batch: u64,
    /// Whether the change gives waiting people another order than the stored one.
    reorders: bool,
    ahead: provisioning::Preview,
    queues: BTreeMap<PoolId, Queue>,
}

/// How far the stored queue of a pool was read.
#[derive(Clone, Copy, Default)]
struct Queue {
    places: u64,
    last: Option<Position>,
    is_read: bool,
}

impl<'u, C: Fn(&mut Situation) + Send + Sync> Preview<'u, C> {
    /// A change about these pools; those who have people in them are told with the consequences.
    pub(crate) fn new(
        unit: &'u ReadUnit,
        pools: Vec<PoolId>,
        batch: u64,
        now: DateTime<Utc>,
        change: C,
    ) -> Self {
        let ahead = provisioning::Preview::new(pools.iter().copied(), now);
        Self {
            unit,
            change,
            pools,
            now,
            batch: batch.max(1),
            reorders: false,
            ahead,
            queues: BTreeMap::new(),
        }
    }

    /// Says whether the change touches priorities: how a queue is stored then says nothing about who is served first, so
    /// it is read as a whole.
    pub(crate) const fn reordering(mut self, reorders: bool) -> Self {
        self.reorders = reorders;
        self
    }

    /// Settles these people, in steps.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn settle(&mut self, people: &[UserId], cause: &Cause) -> Result<(), Error> {
        for people in people.chunks(usize::try_from(self.batch).unwrap_or(usize::MAX)) {
            self.read(people).await?;
            self.read_queues(people, &[]).await?;
            self.ahead.settle(people, cause);
        }
        Ok(())
    }

    /// Settles those of these people whose facts pass a test, in steps.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn settle_those(
        &mut self,
        people: &[UserId],
        cause: &Cause,
        test: impl Fn(&Person) -> bool + Send,
    ) -> Result<(), Error> {
        self.read(people).await?;
        let passes = |id: &UserId| self.ahead.before(*id).is_some_and(&test);
        let people: Vec<UserId> = people.iter().copied().filter(passes).collect();
        self.settle(&people, cause).await
    }

    /// Gives every user the grants of these rules and, where the pool is for all, those that every user gets, and
    /// settles every user, in steps: as the work of a pool does.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn settle_all(
        &mut self,
        rules: &[PoolRule],
        pool: PoolId,
        cause: &Cause,
    ) -> Result<(), Error> {
        let for_all = rules.iter().any(|rule| rule.pool == pool && rule.default);
        let rules = Rules::among(self.unit.registry(), rules);
        let mut after = None;
        loop {
            let users = next_users(self.unit, after, self.batch).await?;
            let people: Vec<UserId> = users.iter().map(|user| user.id).collect();
            after = people.last().copied();
            if after.is_none() {
                return Ok(());
            }
            self.read(&people).await?;
            let matching: BTreeMap<UserId, Vec<PoolId>> =
                users.iter().map(|user| (user.id, rules.matching(user))).collect();
            self.ahead.entitle(&people, |id, grants| {
                rules.grants(matching.get(&id).map_or(&[][..], Vec::as_slice), grants);
                if for_all {
                    rules.defaults(grants);
                }
            });
            self.settle(&people, cause).await?;
        }
    }

    /// Looks at who waits for a pool, in the order before and after the change.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn look_at_queue(&mut self, pool: PoolId) -> Result<(), Error> {
        self.read(&[]).await?;
        self.read_queues(&[], &[pool]).await
    }

    /// Serves the people who wait for a pool.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn serve(&mut self, pool: PoolId, cause: &Cause) -> Result<(), Error> {
        self.look_at_queue(pool).await?;
        self.ahead.serve(pool, cause);
        Ok(())
    }

    /// What would follow from all of it.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn consequences(mut self) -> Result<Consequences, Error> {
        // A change about no people tells of its pools all the same.
        self.read(&[]).await?;
        let consequences = Consequences::of(&self.ahead, &self.unit.pools().await?, &self.pools);
        consequences.with_concerned(&self.ahead, self.unit).await
    }

    /// Reads the facts about these people, but for those who are known.
    async fn read(&mut self, people: &[UserId]) -> Result<(), Error> {
        let facts = self.unit.facts(&self.ahead.unread(people), &self.pools, self.now).await?;
        self.ahead.read(facts, &self.change);
        Ok(())
    }

    /// Reads as much of each queue as can be served when these people are settled.
    async fn read_queues(&mut self, people: &[UserId], pools: &[PoolId]) -> Result<(), Error> {
        for pool in self.ahead.looks_at(people, pools) {
            let mut queue = self.queues.get(&pool).copied().unwrap_or_default();
            while !queue.is_read && (self.reorders || self.ahead.lacks_waiters(people, pool, queue.last)) {
                let places = self.unit.seats_of(pool, SeatState::Waiting, queue.places, CHUNK as u64).await?;
                queue.places += places.len() as u64;
                let position = |place: &SeatRecord| Position::new(place.priority, place.since, place.user);
                queue.last = places.last().map(position).or(queue.last);
                queue.is_read = places.len() < CHUNK;
                self.read(&places.iter().map(|place| place.user).collect::<Vec<_>>()).await?;
            }
            self.queues.insert(pool, queue);
        }
        Ok(())
    }
}

/// The users who are in a group themselves, in the order of ids.
///
/// # Errors
/// What the database says.
pub(crate) async fn members(unit: &ReadUnit, group: provisioning::GroupId) -> Result<Vec<UserId>, Error> {
    let mut members = Vec::new();
    let mut last: Option<Uuid> = None;
    loop {
        let page = unit.members_page(group, last, CHUNK as u64).await?;
        last = page.last().map(|(id, _)| *id);
        if last.is_none() {
            return Ok(members);
        }
        let users = page.into_iter().filter(|(_, kind)| *kind == MemberKind::User);
        members.extend(users.map(|(id, _)| UserId::new(id)));
    }
}
