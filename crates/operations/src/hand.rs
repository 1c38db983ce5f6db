//! What operators say about people by hand, whatever is pushed: licence on and off, active on and off, released.

mod many;

use chrono::{DateTime, Utc};
use provisioning::{
    Cause, Entry, EntryKind, Grant, GrantSource, Hand, Person, PoolId, SeatState, Situation, Subject,
};
use store::{GrantKind, PoolState, ReadUnit, User, WriteUnit};

use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::pool_in;
use crate::requester::{Operator, Requester};
use crate::rights::Right;
use crate::settle::Change;
use crate::tenants::Settings;
use crate::users::by_hand::Changed;

pub use many::{Many, preview_many, say_many};

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The person gets a licence of a pool, by id or name; without one, of the tenant's pool for people by hand, or of the
    /// only pool.
    Assign(Option<String>),
    /// The person has no licence of a pool any more, whatever grants stand; without one, of the only pool that they have.
    Unassign(Option<String>),
    /// The person is kept out.
    Deactivate,
    /// The person is kept out no more.
    Activate,
    /// A person who is held for a foreign domain is let in.
    Release,
}

/// A word with everything known that it needs.
enum Said {
    /// A licence is withheld no more, and given by hand where no grant stands.
    Assign {
        pool: PoolState,
        withheld: bool,
        give: bool,
    },
    /// A licence by hand goes, and the pool is withheld where another grant stands.
    Unassign {
        pool: PoolState,
        withhold: bool,
        lift: bool,
    },
    Deactivate,
    /// The person is kept out no more; one whom no directory can switch on is switched on.
    Activate {
        switch_on: bool,
    },
    Release,
}

/// What would follow from a word.
///
/// # Errors
/// As [`say`].
pub async fn preview(
    db: &Database,
    operator: &Operator,
    user: &str,
    word: &Word,
) -> Result<Consequences, Error> {
    let (scope, user) = db.user(operator, user).await?;
    let unit = db.read(&scope).await?;
    let facts = unit.facts(&[user.id], &[], operator.now).await?;
    let said = Said::of(&unit, &user, &facts, word, operator.now).await?;
    many::follow(&unit, operator, &[(user, said)]).await
}

/// Says a word about a person, and settles what follows.
///
/// # Errors
/// [`Error`] if there is no such person or pool, several pools could be meant, the pool has expired, nothing would change, a full pool refuses, or the operator has not
/// agreed to the loss.
pub async fn say(
    db: &Database,
    operator: &Operator,
    user: &str,
    word: &Word,
    agreed: Agreed,
) -> Result<Changed, Error> {
    agreed.check(&preview(db, operator, user, word).await?)?;
    let (scope, user) = db.user(operator, user).await?;
    let requester = operator.of(scope, Right::Change)?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<Changed> {
        let facts = unit.lock_facts(&[user.id], &[], requester.now).await?;
        let said = Said::of(&unit, &user, &facts, word, requester.now).await?;
        said.write(&mut unit, &requester, &user).await?;
        let entry = said.entry(&user);
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        let change = Change { cause: &said.cause(), actor: &requester.actor, now: requester.now };
        let effects = change.settle(&mut unit, &[user.id]).await?;
        let changed = Changed::new(user.id, user.user_name(), effects);
        Ok((unit, changed))
    };
    Ok(db.write(&requester.scope, attempt).await?.value)
}

impl Said {
    async fn of(
        unit: &ReadUnit,
        user: &User,
        facts: &Situation,
        word: &Word,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let name = user.user_name();
        let Some(person) = facts.people.first() else {
            return Err(Error::Refused(format!("{name} was deleted just now")));
        };
        let so = |state: &str| Err(Error::already(name, state));
        match word {
            Word::Assign(pool) => {
                let pool = unexpired(pool_to_give(unit, pool.as_deref()).await?, now)?;
                let id = pool.pool.id;
                let withheld = person.hand.withheld.contains(&id);
                let give = if withheld {
                    !person.grants.iter().any(|grant| grant.pool == id)
                } else {
                    !person.grants.contains(&by_hand(id))
                };
                if !withheld && !give {
                    return so("has that licence by hand already");
                }
                Ok(Self::Assign { pool, withheld, give })
            }
            Word::Unassign(pool) => {
                let pool = pool_to_take(unit, person, pool.as_deref()).await?;
                let id = pool.pool.id;
                let lift = person.grants.contains(&by_hand(id));
                let others = person.grants.iter().any(|grant| grant.pool == id && *grant != by_hand(id));
                let withhold = others && !person.hand.withheld.contains(&id);
                if !lift && !withhold {
                    return so("has no licence of that pool");
                }
                Ok(Self::Unassign { pool, withhold, lift })
            }
            Word::Deactivate if person.hand.deactivated => so("is deactivated by hand already"),
            Word::Deactivate => Ok(Self::Deactivate),
            Word::Activate => {
                let switch_on = !person.active && user.connection.is_none();
                if !person.hand.deactivated && !switch_on {
                    let off = "is not deactivated by hand, and can be switched on where the directory has the person";
                    return so(if person.active { "is not deactivated by hand" } else { off });
                }
                Ok(Self::Activate { switch_on })
            }
            Word::Release if person.hand.held.is_none() => so("is not held"),
            Word::Release => Ok(Self::Release),
        }
    }

    fn pool(&self) -> Option<PoolId> {
        match self {
            Self::Assign { pool, .. } | Self::Unassign { pool, .. } => Some(pool.pool.id),
            Self::Deactivate | Self::Activate { .. } | Self::Release => None,
        }
    }

    const fn cause(&self) -> Cause {
        match self {
            Self::Assign { withheld: true, .. } => Cause::WithheldNoMore,
            Self::Assign { .. } => Cause::GrantedByHand,
            Self::Unassign { withhold: true, .. } => Cause::Withheld,
            Self::Unassign { .. } => Cause::GrantLifted,
            Self::Deactivate => Cause::DeactivatedByHand,
            Self::Activate { .. } => Cause::ActivatedByHand,
            Self::Release => Cause::Released,
        }
    }

    /// What it makes of the facts about the person.
    fn apply(&self, person: &mut Person) {
        let Hand { deactivated, held, withheld } = &mut person.hand;
        match self {
            Self::Assign { pool, give, .. } => {
                withheld.remove(&pool.pool.id);
                person.grants.extend(give.then(|| by_hand(pool.pool.id)));
            }
            Self::Unassign { pool, withhold, .. } => {
                if *withhold {
                    withheld.insert(pool.pool.id);
                }
                person.grants.retain(|grant| *grant != by_hand(pool.pool.id));
            }
            Self::Deactivate => *deactivated = true,
            Self::Activate { switch_on } => {
                *deactivated = false;
                person.active |= switch_on;
            }
            Self::Release => *held = None,
        }
    }

    async fn write(&self, unit: &mut WriteUnit, requester: &Requester, user: &User) -> Result<(), Error> {
        let now = requester.now;
        match self {
            Self::Assign { pool, withheld, give } => {
                if *withheld {
                    unit.withhold_no_more(user.id, pool.pool.id).await?;
                }
                if *give {
                    unit.insert_grant(user.id, pool.pool.id, GrantKind::ByHand, now).await?;
                }
            }
            Self::Unassign { pool, withhold, lift } => {
                if *lift {
                    unit.delete_grant(user.id, pool.pool.id, GrantKind::ByHand).await?;
                }
                if *withhold {
                    unit.withhold(user.id, pool.pool.id, now).await?;
                }
            }
            Self::Deactivate => drop(unit.deactivate_by_hand(user.id, Some(now)).await?),
            Self::Activate { switch_on } => {
                unit.deactivate_by_hand(user.id, None).await?;
                if let Some(known) = unit.user(user.id).await?.filter(|_| *switch_on) {
                    let mut document = known.resource.document.clone();
                    document.insert("active".to_owned(), true.into());
                    unit.save_user(&known, &document, now).await?;
                }
            }
            Self::Release => {
                let flagged = unit.marks(&[user.id]).await?.remove(&user.id).and_then(|mark| mark.held);
                unit.mark_domain(user.id, None, flagged.as_deref()).await?;
            }
        }
        Ok(())
    }

    fn entry(&self, user: &User) -> Entry {
        let name = user.user_name();
        let (kind, why) = match self {
            Self::Assign { pool, withheld: true, .. } => (
                EntryKind::Withheld,
                format!(
                    "An administrator withholds the licence of “{}” from {name} no more.",
                    pool.pool.name
                ),
            ),
            Self::Assign { pool, .. } => (
                EntryKind::Granted,
                format!("An administrator gave {name} a licence of “{}”.", pool.pool.name),
            ),
            Self::Unassign { pool, withhold: true, .. } => (
                EntryKind::Withheld,
                format!("An administrator withholds the licence of “{}” from {name}.", pool.pool.name),
            ),
            Self::Unassign { pool, .. } => (
                EntryKind::GrantLifted,
                format!("An administrator took back from {name} a licence of “{}”.", pool.pool.name),
            ),
            Self::Deactivate => {
                (EntryKind::SwitchedByHand, format!("An administrator deactivated {name} by hand."))
            }
            Self::Activate { .. } => {
                (EntryKind::SwitchedByHand, format!("An administrator activated {name} by hand."))
            }
            Self::Release => (
                EntryKind::DomainChecked,
                format!("An administrator released {name}, who was held for the domain of the address."),
            ),
        };
        Entry::new(Subject::User(user.id), kind, why)
    }
}

const fn by_hand(pool: PoolId) -> Grant {
    Grant { pool, source: GrantSource::ByHand }
}

/// The pool that people of the unit's tenant get by hand where none is named.
pub(crate) async fn pool_of_tenant(unit: &ReadUnit) -> Result<Option<PoolId>, Error> {
    let chosen = Settings::of(&unit.own_tenant().await?)?.pool_by_hand;
    // The pool may have been deleted since.
    let known = unit.pools().await?;
    Ok(chosen.filter(|chosen| known.iter().any(|state| state.pool.id == *chosen)))
}

/// A pool whose licences let people in.
///
/// # Errors
/// [`Error::Refused`] for a pool that has expired.
pub(crate) fn unexpired(pool: PoolState, now: DateTime<Utc>) -> Result<PoolState, Error> {
    if !pool.pool.is_expired(now) {
        return Ok(pool);
    }
    let name = &pool.pool.name;
    Err(Error::Refused(format!(
        "the licence pool “{name}” has expired, so its licences let nobody in: give it another last day, or name another pool"
    )))
}

/// The pool that is named, else the tenant's for people by hand, else the only one.
async fn pool_to_give(unit: &ReadUnit, named: Option<&str>) -> Result<PoolState, Error> {
    if let Some(name) = named {
        return pool_in(unit, name).await;
    }
    let chosen = pool_of_tenant(unit).await?;
    one_of(unit.pools().await?, |state| chosen.is_none_or(|chosen| state.pool.id == chosen))
}

/// The pool that is named, else the only one to which the person is entitled or of which they hold something.
async fn pool_to_take(unit: &ReadUnit, person: &Person, named: Option<&str>) -> Result<PoolState, Error> {
    if let Some(name) = named {
        return pool_in(unit, name).await;
    }
    let counts = |pool: PoolId| {
        let granted = person.grants.iter().any(|grant| grant.pool == pool);
        granted && !person.hand.withheld.contains(&pool)
            || person.seat_in(pool).is_some_and(|seat| seat.state == SeatState::Assigned)
    };
    one_of(unit.pools().await?, |state| counts(state.pool.id))
}

/// The only pool that counts.
fn one_of(mut pools: Vec<PoolState>, counts: impl Fn(&PoolState) -> bool) -> Result<PoolState, Error> {
    pools.retain(counts);
    let names: Vec<String> = pools.iter().map(|state| format!("“{}”", state.pool.name)).collect();
    match (pools.pop(), names.len()) {
        (Some(pool), 1) => Ok(pool),
        (None, _) => Err(Error::Refused("there is no licence pool that could be meant".to_owned())),
        _ => Err(Error::Refused(format!("say which licence pool with --pool: {}", names.join(", ")))),
    }
}
