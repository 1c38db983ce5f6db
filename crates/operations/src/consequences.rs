//! What people would lose by an operator's change: decided by the same rules and not performed, so that an
//! operator agrees to numbers before anything happens.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use provisioning::{Cause, Person, PoolId, Situation, UserId};
use serde::Serialize;
use store::ReadUnit;

use crate::error::Error;
use crate::settle::CHUNK;

/// What people would lose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Losses {
    /// People who lose a seat, a place in a queue or their access.
    pub people: u64,
    /// Of these, people whose access is cut.
    pub access: u64,
    /// Seats that go back, at once or after a grace.
    pub seats: u64,
    /// Places in queues that are given up.
    pub places: u64,
}

/// What an operator has agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// To no loss: a change by which people lose something is refused.
    Nothing,
    /// To a change by which exactly so many people lose something.
    People(u64),
    /// To whatever follows.
    Anything,
}

impl Losses {
    /// What follows, as the end of a sentence that begins with what is done.
    #[must_use]
    pub fn sentence(&self) -> String {
        if self.people == 0 {
            return "nobody loses anything".to_owned();
        }
        let mut parts = vec![format!("{} would lose access", counted(self.access, "person", "people"))];
        parts.push(format!("{} would go back", counted(self.seats, "seat", "seats")));
        if self.places > 0 {
            parts.push(format!(
                "{} would be given up",
                counted(self.places, "place in a queue", "places in queues")
            ));
        }
        format!("{} would lose something: {}", counted(self.people, "person", "people"), parts.join(", "))
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.people += other.people;
        self.access += other.access;
        self.seats += other.seats;
        self.places += other.places;
    }
}

impl Agreed {
    /// Refuses a change by which other people lose something than was agreed to.
    ///
    /// # Errors
    /// [`Error::Refused`], with the numbers and how to agree to them.
    pub(crate) fn check(self, losses: &Losses) -> Result<(), Error> {
        let (people, said) = (losses.people, losses.sentence());
        match self {
            Self::Anything => Ok(()),
            Self::Nothing if people == 0 => Ok(()),
            Self::People(expected) if expected == people => Ok(()),
            Self::Nothing => Err(Error::Refused(format!(
                "nothing was changed, because {said}: agree with --expect-people {people} or --yes"
            ))),
            Self::People(expected) => Err(Error::Refused(format!(
                "nothing was changed, because --expect-people {expected} was said and {said}: agree with \
                 --expect-people {people}"
            ))),
        }
    }
}

/// A number of things: `1 seat`, `2 seats`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What these people would lose if their facts and pools were as `change` makes them.
///
/// # Errors
/// What the database says.
pub(crate) async fn foresee(
    unit: &ReadUnit,
    people: &[UserId],
    cause: &Cause,
    now: DateTime<Utc>,
    change: impl Fn(&mut Situation) + Send + Sync,
) -> Result<Losses, Error> {
    let mut losses = Losses::default();
    for people in people.chunks(CHUNK) {
        let before = unit.facts(people, &[], now).await?;
        let mut changed = before.clone();
        change(&mut changed);
        let decision = provisioning::settle(&changed, cause, now)?;
        let after = provisioning::apply(&changed, &decision, now);
        for person in &before.people {
            let entitled = person.entitled(&before.pools, now);
            let then = changed.people.iter().find(|it| it.id == person.id);
            let left = then.map(|it| it.entitled(&changed.pools, now)).unwrap_or_default();
            let end = after.people.iter().find(|it| it.id == person.id);
            losses.add(lost(person, &entitled, &left, end));
        }
    }
    Ok(losses)
}

/// What one person loses: access, and the seats and places that go at once or whose last reason goes.
fn lost(
    person: &Person,
    entitled: &BTreeSet<PoolId>,
    left: &BTreeSet<PoolId>,
    end: Option<&Person>,
) -> Losses {
    let goes = |pool: PoolId| {
        let kept = end.is_some_and(|person| person.seat_in(pool).is_some());
        !kept || (entitled.contains(&pool) && !left.contains(&pool))
    };
    let seats = person.assigned().filter(|seat| goes(seat.pool)).count() as u64;
    let places = person.waiting().filter(|place| goes(place.pool)).count() as u64;
    let access = person.enrolment.has_access() && !end.is_some_and(|person| person.enrolment.has_access());
    let something = access || seats > 0 || places > 0;
    Losses { people: something.into(), access: access.into(), seats, places }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_needs_the_number_that_is_lost() {
        let losses = Losses { people: 2, access: 1, seats: 2, places: 0 };
        assert!(Agreed::People(2).check(&losses).is_ok() && Agreed::Anything.check(&losses).is_ok());
        for agreed in [Agreed::Nothing, Agreed::People(1), Agreed::People(3)] {
            let said = agreed.check(&losses).expect_err("it is not agreed to").to_string();
            assert!(said.contains("2 people would lose something: 1 person would lose access"), "{said}");
            assert!(said.contains("--expect-people 2"), "{said}");
        }
        assert!(Agreed::Nothing.check(&Losses::default()).is_ok());
        assert!(Agreed::People(0).check(&Losses::default()).is_ok());
        assert!(Agreed::People(4).check(&Losses::default()).is_err(), "another number is another situation");
    }
}
