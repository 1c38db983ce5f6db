//! Licences given and taken by hand.

use provisioning::{Cause, Entry, EntryKind, PoolId, Subject, UserId};
use serde::Serialize;
use store::{GrantKind, WriteUnit};

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::pool_in;
use crate::requester::Operator;
use crate::settle::Change;

/// A grant by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The ids of user and pool, which together name it.
    pub id: String,
    /// The person.
    pub user: UserId,
    /// Their `userName`.
    pub user_name: String,
    /// The pool.
    pub pool: PoolId,
    /// Its name.
    pub pool_name: String,
    /// What followed, in plain words.
    pub effects: Vec<String>,
}

/// Gives a person a licence.
///
/// # Errors
/// [`Error`] for a person or pool that does not exist, a grant that does, or a full pool that refuses.
pub async fn give(db: &Database, operator: &Operator, user: &str, pool: &str) -> Result<Grant, Error> {
    change(db, operator, user, pool, true).await
}

/// Takes a licence back that was given by hand; there is no grace.
///
/// # Errors
/// [`Error`] if the person has no such grant.
pub async fn lift(db: &Database, operator: &Operator, user: &str, pool: &str) -> Result<Grant, Error> {
    change(db, operator, user, pool, false).await
}

async fn change(
    db: &Database,
    operator: &Operator,
    user: &str,
    pool: &str,
    given: bool,
) -> Result<Grant, Error> {
    let (scope, user) = db.user(user).await?;
    let requester = operator.of(scope);
    let change = async |mut unit: WriteUnit| -> Attempt<Grant> {
        let pool = pool_in(&unit, pool).await?.pool;
        let name = user.user_name().to_owned();
        let changed = if given {
            unit.insert_grant(user.id, pool.id, GrantKind::ByHand, requester.now).await?
        } else {
            unit.delete_grant(user.id, pool.id, GrantKind::ByHand).await?
        };
        if !changed {
            let state =
                if given { "has that licence by hand already" } else { "has no licence by hand there" };
            return Err(Error::Refused(format!("{name} {state}: nothing is to be done")));
        }
        let (kind, words, cause) = if given {
            (EntryKind::Granted, "gave", Cause::GrantedByHand)
        } else {
            (EntryKind::GrantLifted, "took back from", Cause::GrantLifted)
        };
        let why = format!("An administrator {words} {name} a licence of “{}”.", pool.name);
        let entry = Entry::new(Subject::User(user.id), kind, why);
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        let change = Change { cause: &cause, actor: &requester.actor, now: requester.now };
        let effects = change.settle(&mut unit, &[user.id]).await?.listed();
        let id = format!("{}:{}", user.id, pool.id);
        let (pool, pool_name) = (pool.id, pool.name);
        Ok((unit, Grant { id, user: user.id, user_name: name, pool, pool_name, effects }))
    };
    Ok(db.write(&requester.scope, change).await?.value)
}
