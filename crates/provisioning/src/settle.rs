//! The one rule: from the facts after a change to everything that must follow from it.

mod apply;
mod book;
mod held;
mod journey;
mod seats;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    brake::Brake,
    cause::Cause,
    effect::Effect,
    enrolment::Status,
    id::{PoolId, UserId},
    journal::Entry,
    person::Person,
    pool::Pool,
    position::Position,
    seat::SeatState,
};

pub use apply::apply;
use book::Book;
pub use held::losers;

/// People whose facts changed (with the facts after the change), the pools their grants and seats name, and who waits
/// for those pools.
///
/// The code that loads it must bring every pool that a grant or a seat of `people` names: a pool that is missing counts as
/// deleted. The queue must hold every eligible waiter of those pools who could be served; its order does not matter,
/// since each place says since when and each grant its priority, and a person who is in `people` as well is taken from there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Situation {
    /// The people whose facts changed, each once.
    pub people: Vec<Person>,
    /// The pools.
    pub pools: Vec<Pool>,
    /// The people who wait for one of the pools.
    pub queue: Vec<Person>,
    /// Whether a push of an identity provider changed the facts, and not an administrator or a timer.
    #[serde(default)]
    pub pushed: bool,
    /// The brake of the connection that pushed, where it has one.
    #[serde(default)]
    pub brake: Option<Brake>,
}

impl Situation {
    /// The name of a pool of this situation.
    #[must_use]
    pub fn pool_name(&self, pool: PoolId) -> Option<String> {
        self.pools.iter().find(|known| known.id == pool).map(|known| known.name.clone())
    }
}

/// What must follow from a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What happens, in the order in which it is to be carried out.
    pub effects: Vec<Effect>,
    /// What is recorded.
    pub entries: Vec<Entry>,
}

impl Decision {
    /// Whether nothing follows.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.effects.is_empty() && self.entries.is_empty()
    }
}

/// Why a change is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A pool with the policy `reject` has no seat left.
    #[error(
        "all {seats} seats of the licence pool “{name}” are taken: free a seat, buy more, or let the pool queue \
         instead of reject"
    )]
    PoolFull {
        /// The pool.
        pool: PoolId,
        /// Its name.
        name: String,
        /// How many seats were bought.
        seats: u32,
    },
    /// A push would take the access of a protected person.
    #[error(
        "{name} is protected against pushes, as the person of the last administrator or by an administrator's word: change \
         the administrators with `rollcall administrator`, or the protection with `rollcall user protect`, first"
    )]
    Protected {
        /// The person.
        user: UserId,
        /// Their name.
        name: String,
    },
}

impl Refusal {
    fn protected(person: &Person) -> Self {
        Self::Protected { user: person.id, name: person.name.clone() }
    }
}

/// Decides what follows from the facts in `situation`, at the instant `now`.
///
/// Where a push would take access from more people than the [`Brake`] of the situation lets it, these people keep what they
/// have. Otherwise leavers come first, then people who waited for the seats that they freed, then joiners; each in the order of their
/// ids. Settling what [`apply`] made of a decision, for the same facts and the same instant, decides nothing.
///
/// # Errors
///
/// [`Refusal::PoolFull`] if a person needs a seat, their pool has none left and its policy is `reject`, and the cause
/// [can be refused](Cause::can_be_refused); [`Refusal::Protected`] if a push would take the access of a
/// protected person, or would remove the person. Nothing of the decision holds then.
pub fn settle(situation: &Situation, cause: &Cause, now: DateTime<Utc>) -> Result<Decision, Refusal> {
    let decision = decide(situation, cause, now)?;
    match &situation.brake {
        Some(brake) => held::braked(situation, brake, cause, decision, now),
        None => Ok(decision),
    }
}

/// Decides as if there was no brake.
fn decide(situation: &Situation, cause: &Cause, now: DateTime<Utc>) -> Result<Decision, Refusal> {
    let mut book = Book::open(&situation.pools, cause, now);
    let waiting = situation.queue.iter();
    let mut people: BTreeMap<UserId, Cow<'_, Person>> =
        waiting.chain(&situation.people).map(|person| (person.id, Cow::Borrowed(person))).collect();
    let changed: BTreeSet<UserId> = situation.people.iter().map(|person| person.id).collect();

    for id in &changed {
        if let Some(person) = people.get(id).filter(|person| situation.pushed && person.protected)
            && *cause == Cause::Removed
        {
            return Err(Refusal::protected(person));
        }
        if *cause == Cause::Removed {
            if let Some(mut person) = people.remove(id) {
                book.remove(person.to_mut());
            }
        } else if let Some(person) = people.get_mut(id) {
            give_up(&mut book, person.to_mut());
        }
    }
    serve_queues(&mut book, &mut people);
    for id in &changed {
        if let Some(person) = people.get_mut(id) {
            take_up(&mut book, person.to_mut())?;
            book.end_hold(person.to_mut());
        }
    }
    let locked_out = |before: &&Person| {
        let after = people.get(&before.id).is_some_and(|person| person.enrolment.has_access());
        before.protected && before.enrolment.has_access() && !after
    };
    if let Some(person) = situation.people.iter().filter(|_| situation.pushed).find(locked_out) {
        return Err(Refusal::protected(person));
    }
    Ok(book.close())
}

/// What a person can no longer have goes back, or is kept for the grace of a suspension.
fn give_up(book: &mut Book<'_>, person: &mut Person) {
    let reason = book.cause.to_string();
    if person.enrolment.grace_over(book.now) {
        book.end_grace(person);
    }
    if person.test_user {
        // J-04: nobody comes back to what a test user had.
        book.release(person, |_| true, &reason);
        if matches!(person.enrolment.status, Status::Pending | Status::Active | Status::Suspended) {
            book.unassign(person, &reason);
        }
        return;
    }
    let wanted = book.wanted(person);
    if !wanted.is_empty() {
        book.release(person, |seat| !wanted.contains(&seat.pool), &reason);
        return;
    }
    book.release(person, |seat| seat.state == SeatState::Waiting, &reason);
    let lifted = book.cause.is_unassignment() && {
        // S-39: what an administrator unassigns goes back now; a seat with a grant left, of an expired pool, has its
        // grace.
        let granted = person.granted(|_| true);
        book.release(person, |seat| !granted.contains(&seat.pool), &reason) || granted.is_empty()
    };
    match person.enrolment.status {
        Status::Pending | Status::Active | Status::Suspended if lifted && !person.is_seated() => {
            book.unassign(person, &reason);
        }
        Status::Pending | Status::Active => book.cut(person, &reason),
        Status::Suspended => {}
        Status::NoLicence | Status::Deactivated => {
            book.release(person, |_| true, &reason);
        }
    }
}

/// Free seats go to the first who waits for them and may have them; no person waits in a pool that assigns overage.
fn serve_queues(book: &mut Book<'_>, people: &mut BTreeMap<UserId, Cow<'_, Person>>) {
    let mut queues: BTreeMap<PoolId, BTreeSet<Position>> = BTreeMap::new();
    for person in people.values() {
        for place in person.waiting() {
            queues.entry(place.pool).or_default().insert(person.position(place));
        }
    }
    for (pool, queue) in queues {
        for Position { user: id, .. } in queue {
            if !book.admits(pool) {
                break;
            }
            if let Some(person) = people.get_mut(&id).filter(|person| book.wanted(person).contains(&pool)) {
                let reason = book.seat_became_free(pool);
                book.take(person.to_mut(), pool, &reason);
                book.seated(person.to_mut(), &reason);
            }
        }
    }
}

/// Every pool that a person is entitled to gives a seat or a place in its queue, and the enrolment follows.
fn take_up(book: &mut Book<'_>, person: &mut Person) -> Result<(), Refusal> {
    let reason = book.cause.to_string();
    let wanted = book.wanted(person);
    if wanted.is_empty() {
        return Ok(());
    }
    for pool in wanted {
        if person.seat_in(pool).is_none() {
            book.claim(person, pool, &reason)?;
        }
    }
    if person.is_seated() {
        book.seated(person, &reason);
    } else if person.enrolment.has_access() {
        // A mover whose next pool is full lost the last seat; an administrator's unassignment has no grace (S-39).
        if book.cause.is_unassignment() {
            book.unassign(person, &reason);
        } else {
            book.cut(person, &reason);
        }
    }
    Ok(())
}
