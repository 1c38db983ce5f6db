//! Licences given and taken by hand.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, GrantSource, GroupId, PoolId, Situation, Subject, UserId};
use serde::Serialize;
use store::{GrantKind, GrantRecord, ReadUnit, User, WriteUnit};

use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::{pool_in, user_in};
use crate::preview::Preview;
use crate::requester::Operator;
use crate::rights::Right;
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

/// Which grants are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Those of this person, by id or `userName`.
    pub user: Option<String>,
    /// Those for this pool, by id or name.
    pub pool: Option<String>,
    /// How many to leave out at the beginning.
    pub before: u64,
    /// The most.
    pub most: u64,
}

/// A grant of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// The ids of user and pool, and the kind, which together name it.
    pub id: String,
    /// The person.
    pub user: UserId,
    /// Their `userName`.
    pub user_name: String,
    /// The pool.
    pub pool: PoolId,
    /// Its name.
    pub pool_name: String,
    /// `by-hand`, `attribute`, `default`, or `lingering` where a dynamic group keeps it.
    pub kind: &'static str,
    /// The rule of a grant by an attribute.
    pub rule: Option<String>,
    /// The dynamic group that keeps it.
    pub group: Option<GroupId>,
    /// When it was given, or when the person left the group that keeps it.
    pub created_at: DateTime<Utc>,
}

impl From<GrantRecord> for Listed {
    fn from(grant: GrantRecord) -> Self {
        Self {
            id: match grant.group {
                Some(group) => format!("{}:{}:{}:{group}", grant.user, grant.pool, grant.kind.as_str()),
                None => format!("{}:{}:{}", grant.user, grant.pool, grant.kind.as_str()),
            },
            user: grant.user,
            user_name: grant.user_name,
            pool: grant.pool,
            pool_name: grant.pool_name,
            kind: grant.kind.as_str(),
            rule: grant.rule,
            group: grant.group,
            created_at: grant.created_at,
        }
    }
}

/// Gives a person a licence.
///
/// # Errors
/// [`Error`] for a person or pool that does not exist, a grant that does, or a full pool that refuses.
pub async fn create(db: &Database, operator: &Operator, user: &str, pool: &str) -> Result<Grant, Error> {
    change(db, operator, user, pool, true).await
}

/// What would follow if a person was given a licence.
///
/// # Errors
/// [`Error`] for a person or pool that does not exist, or a grant that does.
pub async fn preview_create(
    db: &Database,
    operator: &Operator,
    user: &str,
    pool: &str,
) -> Result<Consequences, Error> {
    preview(db, operator, user, pool, true).await
}

/// What would follow if a licence was taken back that was given by hand.
///
/// # Errors
/// [`Error`] for a person or pool that does not exist, or a person who has no such grant.
pub async fn preview_delete(
    db: &Database,
    operator: &Operator,
    user: &str,
    pool: &str,
) -> Result<Consequences, Error> {
    preview(db, operator, user, pool, false).await
}

/// Takes a licence back that was given by hand; there is no grace.
///
/// # Errors
/// [`Error`] if the person has no such grant, or the operator has not agreed to the loss.
pub async fn delete(
    db: &Database,
    operator: &Operator,
    user: &str,
    pool: &str,
    agreed: Agreed,
) -> Result<Grant, Error> {
    agreed.check(&preview_delete(db, operator, user, pool).await?)?;
    change(db, operator, user, pool, false).await
}

/// The grants of a tenant that do not come from memberships, by person; those of one person or pool where one is named.
///
/// # Errors
/// [`Error`] for a tenant, person or pool that does not exist.
pub async fn list(db: &Database, tenant: &str, which: &Which) -> Result<Vec<Listed>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let user = match &which.user {
        Some(user) => Some(user_in(db, &scope, user).await?.id),
        None => None,
    };
    let pool = match &which.pool {
        Some(pool) => Some(pool_in(&unit, pool).await?.pool.id),
        None => None,
    };
    let grants = unit.grants(user, pool, which.before, which.most).await?;
    Ok(grants.into_iter().map(Listed::from).collect())
}

/// The grants of one person for one pool that do not come from memberships.
///
/// # Errors
/// [`Error`] for a person or pool that does not exist.
pub async fn show(db: &Database, operator: &Operator, user: &str, pool: &str) -> Result<Vec<Listed>, Error> {
    let (scope, user) = db.user(operator, user).await?;
    let unit = db.read(&scope).await?;
    let pool = pool_in(&unit, pool).await?.pool.id;
    let grants = unit.grants(Some(user.id), Some(pool), 0, u64::from(u8::MAX)).await?;
    Ok(grants.into_iter().map(Listed::from).collect())
}

async fn preview(
    db: &Database,
    operator: &Operator,
    user: &str,
    pool: &str,
    given: bool,
) -> Result<Consequences, Error> {
    let (scope, user) = db.user(operator, user).await?;
    let unit = db.read(&scope).await?;
    let pool = pool_in(&unit, pool).await?.pool.id;
    let grants = unit.grants(Some(user.id), Some(pool), 0, u64::from(u8::MAX)).await?;
    if given == grants.iter().any(|grant| grant.kind == GrantKind::ByHand) {
        return Err(nothing_to_do(user.user_name(), given));
    }
    check_withheld(&unit, &user, pool, given, operator.now).await?;
    let by_hand = provisioning::Grant { pool, source: GrantSource::ByHand };
    let change = |situation: &mut Situation| {
        for person in situation.people.iter_mut().filter(|person| person.id == user.id) {
            person.grants.retain(|grant| *grant != by_hand);
            person.grants.extend(given.then(|| by_hand.clone()));
        }
    };
    let mut preview = Preview::new(&unit, vec![pool], operator.batch, operator.now, change);
    preview.settle(&[user.id], &cause(given)).await?;
    preview.consequences().await
}

/// Refuses a grant by which nothing would follow because the seat is withheld.
async fn check_withheld(
    unit: &ReadUnit,
    user: &User,
    pool: PoolId,
    given: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let facts = if given { unit.facts(&[user.id], &[], now).await?.people } else { Vec::new() };
    if facts.iter().any(|person| person.hand.withheld.contains(&pool)) {
        let name = user.user_name();
        return Err(Error::Refused(format!(
            "that licence is withheld from {name}: `rollcall user assign {name}` gives it"
        )));
    }
    Ok(())
}

const fn cause(given: bool) -> Cause {
    if given { Cause::GrantedByHand } else { Cause::GrantLifted }
}

fn nothing_to_do(name: &str, given: bool) -> Error {
    let state = if given { "has that licence by hand already" } else { "has no licence by hand there" };
    Error::already(name, state)
}

async fn change(
    db: &Database,
    operator: &Operator,
    user: &str,
    pool: &str,
    given: bool,
) -> Result<Grant, Error> {
    let (scope, user) = db.user(operator, user).await?;
    let requester = operator.of(scope, Right::Change)?;
    let change = async |mut unit: WriteUnit| -> Attempt<Grant> {
        let pool = pool_in(&unit, pool).await?.pool;
        let name = user.user_name().to_owned();
        check_withheld(&unit, &user, pool.id, given, requester.now).await?;
        let changed = if given {
            unit.insert_grant(user.id, pool.id, GrantKind::ByHand, requester.now).await?
        } else {
            unit.delete_grant(user.id, pool.id, GrantKind::ByHand).await?
        };
        if !changed {
            return Err(nothing_to_do(&name, given));
        }
        let (kind, words) =
            if given { (EntryKind::Granted, "gave") } else { (EntryKind::GrantLifted, "took back from") };
        let why = format!("An administrator {words} {name} a licence of “{}”.", pool.name);
        let entry = Entry::new(Subject::User(user.id), kind, why);
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        let change = Change { cause: &cause(given), actor: &requester.actor, now: requester.now };
        let effects = change.settle(&mut unit, &[user.id]).await?.listed();
        let id = format!("{}:{}", user.id, pool.id);
        let (pool, pool_name) = (pool.id, pool.name);
        Ok((unit, Grant { id, user: user.id, user_name: name, pool, pool_name, effects }))
    };
    Ok(db.write(&requester.scope, change).await?.value)
}
