//! The meaning of effects, on facts in memory; a store does the same to its rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::{
    effect::{ApplicationEvent, Effect},
    id::{PoolId, UserId},
    person::Person,
    pool::Pool,
    seat::{Seat, SeatState},
    settle::{Decision, Situation},
};

/// The situation after a decision was carried out at `now`.
///
/// This is the definition of every [`Effect`]: seats come and go and their pools count them, enrolments are replaced,
/// what the brake keeps is kept, and who was removed is gone. Invitations, timers and what the application is told are jobs and leave no mark on the
/// facts. The queue of the result holds all people who wait, and who was just
/// served.
#[must_use]
pub fn apply(situation: &Situation, decision: &Decision, now: DateTime<Utc>) -> Situation {
    let mut pools: BTreeMap<PoolId, Pool> =
        situation.pools.iter().map(|pool| (pool.id, pool.clone())).collect();
    let known = situation.queue.iter().chain(&situation.people);
    let mut people: BTreeMap<UserId, Person> = known.map(|person| (person.id, person.clone())).collect();

    let mut brake = situation.brake.clone();
    for effect in &decision.effects {
        let Some(person) = people.get_mut(&effect.user()) else { continue };
        match effect {
            Effect::SeatTaken { pool, overage, .. } => {
                sit(person, *pool, SeatState::Assigned, *overage, now);
                if let Some(pool) = pools.get_mut(pool) {
                    pool.used = pool.used.saturating_add(1);
                }
            }
            Effect::SeatQueued { pool, .. } => sit(person, *pool, SeatState::Waiting, false, now),
            Effect::SeatFreed { pool, .. } => {
                person.seats.retain(|seat| seat.pool != *pool);
                if let Some(pool) = pools.get_mut(pool) {
                    pool.used = pool.used.saturating_sub(1);
                }
            }
            Effect::QueueLeft { pool, .. } => person.seats.retain(|seat| seat.pool != *pool),
            Effect::EnrolmentChanged { enrolment, .. } => person.enrolment = enrolment.clone(),
            Effect::ApplicationTold { user, event: ApplicationEvent::Removed } => {
                people.remove(user);
            }
            Effect::InvitationOwed { .. }
            | Effect::InvitationWithdrawn { .. }
            | Effect::ApplicationTold { .. }
            | Effect::GraceTimer { .. }
            | Effect::GraceCancelled { .. } => {}
            Effect::LossCounted { user, .. } => brake.iter_mut().for_each(|brake| {
                brake.counted.insert(*user);
            }),
            Effect::LossHeld { kept, .. } | Effect::HoldEnded { kept, .. } => person.kept = kept.clone(),
        }
    }

    let changed: BTreeSet<UserId> = situation.people.iter().map(|person| person.id).collect();
    let queued: BTreeSet<UserId> = situation.queue.iter().map(|person| person.id).collect();
    let waits = |person: &&Person| queued.contains(&person.id) || person.waiting().next().is_some();
    Situation {
        queue: people.values().filter(waits).cloned().collect(),
        people: changed.iter().filter_map(|id| people.remove(id)).collect(),
        pools: situation.pools.iter().filter_map(|pool| pools.remove(&pool.id)).collect(),
        pushed: situation.pushed,
        brake,
    }
}

fn sit(person: &mut Person, pool: PoolId, state: SeatState, overage: bool, now: DateTime<Utc>) {
    person.seats.retain(|seat| seat.pool != pool);
    person.seats.push(Seat { pool, state, since: now, overage });
}
