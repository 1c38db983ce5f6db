//! The brake in a settlement: what a push takes from too many people is kept for them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::{
    brake::Brake,
    cause::Cause,
    effect::{ApplicationEvent, Effect},
    id::{PoolId, UserId},
    journal::EntryKind,
    person::{Kept, Person},
    seat::SeatState,
    settle::{Decision, Refusal, Situation, book::Book, decide},
};

/// The decision with the brake: the losses are counted, or all people who would lose something keep it.
pub(super) fn braked(
    situation: &Situation,
    brake: &Brake,
    cause: &Cause,
    decision: Decision,
    now: DateTime<Utc>,
) -> Result<Decision, Refusal> {
    let losers = losers(situation, &decision);
    let held_before =
        |user: &&UserId| situation.people.iter().any(|person| person.id == **user && !person.kept.is_empty());
    let (before, new): (BTreeSet<UserId>, BTreeSet<UserId>) =
        losers.iter().partition(|user| held_before(user));
    let (keeps, counted) =
        if brake.lets(new.iter().copied()) { (before, new) } else { (losers, BTreeSet::new()) };
    let counted = counted.difference(&brake.counted);
    let counted: Vec<Effect> =
        counted.map(|user| Effect::LossCounted { user: *user, connection: brake.connection }).collect();
    if keeps.is_empty() {
        let effects = decision.effects.into_iter().chain(counted).collect();
        return Ok(Decision { effects, ..decision });
    }
    let mut kept = situation.clone();
    for person in kept.people.iter_mut().filter(|person| keeps.contains(&person.id)) {
        person.kept = keeps_of(person, cause);
    }
    let held: Vec<Person> = kept.people.iter().filter(|person| keeps.contains(&person.id)).cloned().collect();
    if *cause == Cause::Removed {
        kept.people.retain(|person| !keeps.contains(&person.id));
    }
    let mut decision = decide(&kept, cause, now)?;
    decision.effects.extend(counted);
    for person in held {
        if *cause == Cause::Removed {
            // What is kept is access, and no hope of more.
            decision.effects.extend(
                person.waiting().map(|place| Effect::QueueLeft { user: person.id, pool: place.pool }),
            );
        }
        let before = situation.people.iter().find(|before| before.id == person.id);
        if before.is_some_and(|before| before.kept != person.kept) {
            decision.entries.push(brake.entry(person.id, &person.name, cause));
            decision.effects.push(Effect::LossHeld {
                user: person.id,
                connection: brake.connection,
                kept: person.kept,
                cause: cause.clone(),
            });
        }
    }
    Ok(decision)
}

/// The people from whom a decision takes access. A person who loses one licence of several is none of them, and a test user is
/// no person.
#[must_use]
pub fn losers(situation: &Situation, decision: &Decision) -> BTreeSet<UserId> {
    let had = |user: &UserId| {
        situation
            .people
            .iter()
            .any(|person| person.id == *user && !person.test_user && person.enrolment.has_access())
    };
    let lost = |effect: &Effect| match effect {
        Effect::ApplicationTold { user, event: ApplicationEvent::Removed } => Some(*user),
        Effect::EnrolmentChanged { user, enrolment } if !enrolment.has_access() => Some(*user),
        _ => None,
    };
    decision.effects.iter().filter_map(lost).filter(had).collect()
}

/// What is kept for a person: all that the person had and that no grant stands for.
fn keeps_of(person: &Person, cause: &Cause) -> Kept {
    let removed = *cause == Cause::Removed;
    let granted: BTreeSet<PoolId> = person.grants.iter().map(|grant| grant.pool).collect();
    let seats = person.seats.iter().filter(|seat| seat.state == SeatState::Assigned).map(|seat| seat.pool);
    Kept {
        active: !person.active || person.hand.held.is_some(),
        account: person.kept.account || removed,
        // The groups of a deleted person do not hold the person any more.
        pools: person
            .kept
            .pools
            .iter()
            .copied()
            .chain(seats.filter(|pool| removed || !granted.contains(pool)))
            .collect(),
    }
}

impl Book<'_> {
    /// What the brake keeps is given up where the person has it again without the brake, or has access by another pool.
    pub(super) fn end_hold(&mut self, person: &mut Person) {
        if person.kept.is_empty() {
            return;
        }
        let mut bare = person.clone();
        bare.kept = Kept { account: person.kept.account, ..Kept::default() };
        let granted = self.wanted(&bare);
        let seated =
            |pool: &PoolId| bare.seat_in(*pool).is_some_and(|seat| seat.state == SeatState::Assigned);
        let mut kept = person.kept.clone();
        kept.active &= !person.active || person.hand.held.is_some();
        kept.pools.retain(|pool| !granted.contains(pool));
        if granted.iter().any(seated) {
            kept.pools.clear();
        }
        if kept == person.kept {
            return;
        }
        person.kept = kept.clone();
        let why = format!("The brake keeps less for {} because {}.", person.name, self.cause);
        self.effect(Effect::HoldEnded { user: person.id, kept });
        self.entry(person.id, EntryKind::HoldEnded, why, None, None);
        let wanted = self.wanted(person);
        if !wanted.is_empty() {
            let reason = self.cause.to_string();
            self.release(person, |seat| !wanted.contains(&seat.pool), &reason);
        }
    }
}
