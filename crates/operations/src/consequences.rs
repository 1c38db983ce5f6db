//! What would follow from an operator's change, in numbers and names, and what the operator has agreed to.

mod words;

use provisioning::{Fate, PoolId, Preview, Unaffected, UserId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::{PoolState, ReadUnit};

use crate::error::Error;
use crate::groups::Dynamic;

pub use words::counted;

/// How many people of each kind are named.
const NAMED: usize = 10;

/// What would follow from a change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Consequences {
    /// What people would get.
    pub gains: Gains,
    /// What people would lose.
    pub losses: Losses,
    /// People whom a full pool would turn away.
    pub refused: u64,
    /// People whom the change is about, and for whom nothing would follow.
    pub unaffected: u64,
    /// People who wait and would be served earlier or later than now.
    pub reordered: u64,
    /// People who would lose access and need a restore from a backup when they come back after the grace (S-59).
    pub restores: u64,
    /// The names of administrators who would lose access as people.
    pub administrators: Vec<String>,
    /// What people who would lose access must hand over first, as the application says.
    pub holds: Vec<Held>,
    /// Dynamic groups among those that would be bound: people can drop out of them unexpectedly.
    pub dynamic_groups: Vec<Dynamic>,
    /// What stands for all verdicts about people and pools: another situation has another tag.
    pub tag: String,
    /// The same by kind, with names. A person may be of several kinds.
    pub people: Vec<Share>,
    /// The pools, oldest first: those that the change is about, and others of which seats or places would change.
    pub pools: Vec<Stock>,
}

/// What a person must hand over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The person.
    pub user: UserId,
    /// What it is, in the words of the application.
    pub words: String,
}

/// What people would get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gains {
    /// People who get a seat, a place in a queue or access.
    pub people: u64,
    /// Of these, people who get access.
    pub access: u64,
    /// Seats that people get.
    pub seats: u64,
    /// Places in queues that are new.
    pub places: u64,
}

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

/// People of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// What would follow for them.
    #[serde(rename = "id")]
    pub kind: Kind,
    /// Why nothing would, where nothing would.
    pub why: Option<&'static str>,
    /// How many they are.
    pub people: u64,
    /// The first of them.
    pub first: Vec<Named>,
}

/// What would follow for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A seat.
    GetSeat,
    /// A new place in a queue.
    Wait,
    /// A full pool turns them away.
    Refused,
    /// Access by a seat that they have.
    GetAccess,
    /// Access is cut.
    LoseAccess,
    /// A seat goes back.
    LoseSeat,
    /// A place in a queue is given up.
    LosePlace,
    /// Nothing.
    Unaffected,
}

/// A person by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The id.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
}

/// The seats of a pool, as they are and as they would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stock {
    /// The pool.
    pub id: PoolId,
    /// Its name as it would be.
    pub name: String,
    /// Seats bought.
    pub seats: Shift,
    /// Seats assigned.
    pub used: Shift,
    /// Bought seats that are not assigned.
    pub free: Shift,
    /// People who wait.
    pub waiting: Shift,
}

/// A number before and after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// Before it.
    pub before: u64,
    /// After it.
    pub after: u64,
}

/// What an operator has agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreed {
    /// To no loss: a change by which people lose something is refused.
    Nothing,
    /// To exactly the verdicts of a preview, by its tag.
    Verdicts(String),
    /// To a change by which exactly so many people lose something.
    People(u64),
    /// To whatever follows.
    Anything,
}

impl Consequences {
    /// A change by which people only lose.
    pub(crate) fn of_losses(losses: Losses) -> Self {
        Self { losses, ..Self::default() }
    }

    /// What a preview came to. `pools` are those of the tenant as they are, `concerned` those that the change is about.
    pub(crate) fn of(preview: &Preview, pools: &[PoolState], concerned: &[PoolId]) -> Self {
        let mut sum = Self::default();
        let mut verdicts = Sha256::new();
        let queues = preview.queue_moves();
        for (id, name, fate) in preview.fates() {
            verdicts.update(format!("{id}{fate:?}"));
            match fate {
                Ok(fate) => sum.add(id, name, &fate),
                Err(why) => sum.leave_alone(id, name, why),
            }
        }
        for (before, after) in preview.pools() {
            verdicts.update(format!("{before:?}{after:?}"));
            let Some(pool) = after.or(before) else { continue };
            let known = pools.iter().find(|state| state.pool.id == pool.id);
            let waiting = known.map_or(0, |state| u64::from(state.waiting));
            let (left, joined) = queues.get(&pool.id).copied().unwrap_or_default();
            let shift = |number: fn(&provisioning::Pool) -> u32| Shift {
                before: before.map_or(0, number).into(),
                after: after.map_or(0, number).into(),
            };
            let stock = Stock {
                id: pool.id,
                name: pool.name.clone(),
                seats: shift(|pool| pool.seats),
                used: shift(|pool| pool.used),
                free: shift(|pool| pool.seats.saturating_sub(pool.used)),
                waiting: Shift { before: waiting, after: (waiting + joined).saturating_sub(left) },
            };
            let same = |shift: Shift| shift.before == shift.after;
            if concerned.contains(&stock.id) || !(same(stock.used) && same(stock.waiting)) {
                sum.pools.push(stock);
            }
        }
        sum.reordered = preview.reordered();
        verdicts.update(sum.reordered.to_be_bytes());
        sum.people.sort_by_key(|share| (share.kind, share.why));
        let digest = verdicts.finalize();
        sum.tag = digest
            .first_chunk()
            .map_or_else(String::new, |bytes| format!("{:016x}", u64::from_be_bytes(*bytes)));
        sum
    }

    /// Tells of administrators who would lose access, and of what people who would lose it must hand over first.
    pub(crate) async fn with_concerned(mut self, preview: &Preview, unit: &ReadUnit) -> Result<Self, Error> {
        let loses = |(id, _, fate): (UserId, &str, Result<Fate, Unaffected>)| {
            fate.is_ok_and(|fate| fate.loses_access).then_some(id)
        };
        let losers: Vec<UserId> = preview.fates().filter_map(loses).collect();
        if losers.is_empty() {
            return Ok(self);
        }
        let concerned =
            |known: &store::Administrator| known.user.is_some_and(|user| losers.binary_search(&user).is_ok());
        let administrators = unit.administrators().await?;
        self.administrators =
            administrators.into_iter().filter(concerned).map(|administrator| administrator.name).collect();
        let holds = unit.holds(&losers).await?.into_iter();
        self.holds = holds.map(|hold| Held { user: hold.user, words: hold.words }).collect();
        Ok(self)
    }

    /// How many people are of a kind.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> u64 {
        self.people.iter().filter(|share| share.kind == kind).map(|share| share.people).sum()
    }

    fn add(&mut self, id: UserId, name: &str, fate: &Fate) {
        let number = |pools: &[PoolId]| pools.len() as u64;
        let gains = Gains {
            people: u64::from(fate.gets_access || !fate.seats.is_empty() || !fate.places.is_empty()),
            access: fate.gets_access.into(),
            seats: number(&fate.seats),
            places: number(&fate.places),
        };
        let lost = fate.loses_access || !fate.lost_seats.is_empty() || !fate.lost_places.is_empty();
        let losses = Losses {
            people: lost.into(),
            access: fate.loses_access.into(),
            seats: number(&fate.lost_seats),
            places: number(&fate.lost_places),
        };
        self.gains.people += gains.people;
        self.gains.access += gains.access;
        self.gains.seats += gains.seats;
        self.gains.places += gains.places;
        self.losses.people += losses.people;
        self.losses.access += losses.access;
        self.losses.seats += losses.seats;
        self.losses.places += losses.places;
        self.refused += u64::from(fate.refused);
        self.restores += u64::from(fate.owes_restore);
        let kinds = [
            (Kind::GetSeat, gains.seats > 0),
            (Kind::Wait, gains.places > 0),
            (Kind::Refused, fate.refused),
            (Kind::GetAccess, fate.gets_access && gains.seats == 0),
            (Kind::LoseAccess, fate.loses_access),
            (Kind::LoseSeat, losses.seats > 0),
            (Kind::LosePlace, losses.places > 0),
        ];
        for (kind, _) in kinds.into_iter().filter(|(_, is)| *is) {
            self.share(kind, None, id, name);
        }
    }

    fn leave_alone(&mut self, id: UserId, name: &str, why: Unaffected) {
        self.unaffected += 1;
        self.share(Kind::Unaffected, Some(why.plain()), id, name);
    }

    fn share(&mut self, kind: Kind, why: Option<&'static str>, id: UserId, name: &str) {
        let known = self.people.iter().position(|share| share.kind == kind && share.why == why);
        let at = known.unwrap_or_else(|| {
            self.people.push(Share { kind, why, people: 0, first: Vec::new() });
            self.people.len() - 1
        });
        let Some(share) = self.people.get_mut(at) else { return };
        share.people += 1;
        if share.first.len() < NAMED {
            share.first.push(Named { id, user_name: name.to_owned() });
        }
    }
}

impl Agreed {
    /// Refuses a change by which other people lose something than was agreed to.
    ///
    /// # Errors
    /// [`Error::Refused`], with the numbers and how to agree to them.
    pub(crate) fn check(self, consequences: &Consequences) -> Result<(), Error> {
        let (people, said) = (consequences.losses.people, consequences.sentence());
        match self {
            Self::Anything => Ok(()),
            Self::Verdicts(tag) if tag == consequences.tag => Ok(()),
            Self::Verdicts(tag) => Err(Error::Otherwise(format!(
                "nothing was changed, because something is otherwise than in the preview with the tag {tag}: now {said}, \
                 and the tag is {}",
                consequences.tag
            ))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_needs_the_number_that_is_lost() {
        let losing = |losses| Consequences::of_losses(losses);
        let losses = losing(Losses { people: 2, access: 1, seats: 2, places: 0 });
        assert!(Agreed::People(2).check(&losses).is_ok() && Agreed::Anything.check(&losses).is_ok());
        for agreed in [Agreed::Nothing, Agreed::People(1), Agreed::People(3)] {
            let said = agreed.check(&losses).expect_err("it is not agreed to").to_string();
            assert!(said.contains("2 people would lose something: 1 person would lose access"), "{said}");
            assert!(said.contains("--expect-people 2"), "{said}");
        }
        assert!(Agreed::Nothing.check(&Consequences::default()).is_ok());
        assert!(Agreed::People(0).check(&Consequences::default()).is_ok());
        assert!(
            Agreed::People(4).check(&Consequences::default()).is_err(),
            "another number is another situation"
        );
    }
}
