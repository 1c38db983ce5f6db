//! Licences given and taken by hand.

use provisioning::{Cause, Entry, EntryKind, PoolId, Subject, UserId};
use serde::Serialize;
use store::GrantKind;

use super::find::pool_in;
use super::{Admin, AdminError};

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
/// [`AdminError`] for a person or pool that does not exist, a grant that does, or a full pool that refuses.
pub async fn give(admin: &Admin, user: &str, pool: &str) -> Result<Grant, AdminError> {
    change(admin, user, pool, true).await
}

/// Takes a licence back that was given by hand; there is no grace.
///
/// # Errors
/// [`AdminError`] if the person has no such grant.
pub async fn lift(admin: &Admin, user: &str, pool: &str) -> Result<Grant, AdminError> {
    change(admin, user, pool, false).await
}

async fn change(admin: &Admin, user: &str, pool: &str, given: bool) -> Result<Grant, AdminError> {
    let (scope, user) = admin.user(user).await?;
    let command = if given { "grant give" } else { "grant lift" };
    let (actor, now) = (admin.actor(command), admin.now());
    let mut unit = admin.store.write(&scope).await?;
    let pool = pool_in(&unit, pool).await?.pool;
    let name = user.user_name().to_owned();
    let changed = if given {
        unit.insert_grant(user.id, pool.id, GrantKind::ByHand, now).await?
    } else {
        unit.delete_grant(user.id, pool.id, GrantKind::ByHand).await?
    };
    if !changed {
        let state = if given { "has that licence by hand already" } else { "has no licence by hand there" };
        return Err(AdminError::Refused(format!("{name} {state}: nothing is to be done")));
    }
    let (kind, words, cause) = if given {
        (EntryKind::Granted, "gave", Cause::GrantedByHand)
    } else {
        (EntryKind::GrantLifted, "took back from", Cause::GrantLifted)
    };
    let why = format!("An administrator {words} {name} a licence of “{}”.", pool.name);
    let entry = Entry::new(Subject::User(user.id), kind, why);
    unit.record(&[entry], &actor, now).await?;
    let policy = match user.connection {
        Some(id) => unit.connection(id).await?.map(|connection| connection.policy),
        None => None,
    };
    let mut effects = Vec::new();
    let policy = policy.unwrap_or_else(|| admin.config.policy());
    let change = crate::settle::Change { cause: &cause, policy: &policy, actor: &actor, now };
    let person = [user.id];
    let settled = change.settle(&mut unit, &person, |situation, decision| {
        effects.extend(decision.effects.iter().map(|effect| effect.plain(|pool| situation.pool_name(pool))));
    });
    settled.await?;
    unit.commit().await?;
    let id = format!("{}:{}", user.id, pool.id);
    Ok(Grant { id, user: user.id, user_name: name, pool: pool.id, pool_name: pool.name, effects })
}
