//! A pool changed or deleted, and what people would lose by it.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use provisioning::{
    Cause, Entry, EntryKind, Expiry, GrantSource, Pool as Facts, PoolId, PoolPolicy, Situation, Subject,
    UserId, Zone,
};
use serde_json::{Value, json};
use store::{PoolRule, PoolState, ReadUnit, TenantScope, WriteUnit};

use super::{Pool, expiry};
use crate::consequences::{Agreed, Losses, foresee};
use crate::database::{Attempt, Database};
use crate::entitlement;
use crate::error::Error;
use crate::find::{checked_name, pool_in};
use crate::requester::Operator;
use crate::settle::{self, CHUNK};
use crate::work::Work;
use crate::work::delete_pool::{self, DeleteWork};
use crate::work::expire_pool;
use crate::work::settle_pool::{self, PoolWork};

/// What of a pool is to be another; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Seats bought.
    pub seats: Option<u32>,
    /// What happens when none is left: `queue`, `reject` or `overage`.
    pub policy: Option<String>,
    /// The last day, in the time zone of the tenant, or the instant from which its seats count no more; inside it,
    /// none for never.
    pub expires: Option<Option<String>>,
    /// Whether every user of the tenant gets a seat.
    pub for_everyone: Option<bool>,
    /// The SCIM filter whose matches get a seat; inside it, none for no filter.
    pub rule: Option<Option<String>>,
}

/// A pool as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    name: String,
    seats: u32,
    policy: PoolPolicy,
    expires_at: Option<DateTime<Utc>>,
    last_day: Option<NaiveDate>,
    rule: PoolRule,
}

impl Target {
    /// What stands.
    fn of(state: &PoolState) -> Self {
        Self {
            name: state.pool.name.clone(),
            seats: state.pool.seats,
            policy: state.pool.policy,
            expires_at: state.pool.expires_at,
            last_day: state.last_day,
            rule: PoolRule { pool: state.pool.id, rule: state.rule.clone(), default: state.default },
        }
    }

    /// What is to stand; days end as they do in the time zone.
    fn changed(state: &PoolState, change: &Change, zone: Zone) -> Result<Self, Error> {
        let mut target = Self::of(state);
        if let Some(name) = &change.name {
            checked_name(name)?.clone_into(&mut target.name);
        }
        target.seats = change.seats.unwrap_or(target.seats);
        if let Some(policy) = &change.policy {
            target.policy = policy.parse().map_err(|error| Error::Refused(format!("{error}")))?;
        }
        if let Some(expires) = &change.expires {
            let expiry = expires.as_deref().map(expiry).transpose()?;
            target.expires_at = expiry.map(|expiry| expiry.instant(zone));
            target.last_day = expiry.and_then(Expiry::last_day);
        }
        target.rule.default = change.for_everyone.unwrap_or(target.rule.default);
        if let Some(rule) = &change.rule {
            rule.as_deref().map(entitlement::parse).transpose().map_err(Error::Refused)?;
            target.rule.rule.clone_from(rule);
        }
        Ok(target)
    }

    /// What is written together.
    fn terms(&self) -> (&str, PoolPolicy, &PoolRule) {
        (&self.name, self.policy, &self.rule)
    }

    /// For the journal.
    fn settings(&self) -> [(&'static str, Value); 7] {
        [
            ("name", json!(self.name)),
            ("seats", json!(self.seats)),
            ("policy", json!(self.policy)),
            ("expiresAt", json!(self.expires_at)),
            ("lastDay", json!(self.last_day)),
            ("forEveryone", json!(self.rule.default)),
            ("rule", json!(self.rule.rule)),
        ]
    }

    /// Those settings that another target has otherwise, for the journal.
    fn unlike(&self, other: &Self) -> Value {
        let pairs = self.settings().into_iter().zip(other.settings());
        let own = pairs.filter(|((_, one), (_, other))| one != other).map(|((name, value), _)| (name, value));
        own.map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
    }

    /// Whether its seats count no more.
    fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// What people would lose by a change of a pool.
///
/// # Errors
/// As [`update`].
pub async fn losses_of_update(
    db: &Database,
    operator: &Operator,
    pool: &str,
    change: &Change,
) -> Result<Losses, Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    let zone = db.read(&scope).await?.time_zone().await?;
    losses(db, &scope, &state, &Target::changed(&state, change, zone)?, operator.now).await
}

/// Changes a pool. People who wait get the seats that are new. The work settles all users where other people are
/// entitled than before.
///
/// # Errors
/// [`Error`] if there is no such pool, a value that cannot be used, or the operator has not agreed to the losses.
pub async fn update(
    db: &Database,
    operator: &Operator,
    pool: &str,
    change: &Change,
    agreed: Agreed,
) -> Result<(Pool, Option<Work>), Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    let zone = db.read(&scope).await?.time_zone().await?;
    let (before, after) = (Target::of(&state), Target::changed(&state, change, zone)?);
    if before == after {
        return Err(Error::Refused(format!("the licence pool {} is like that already", before.name)));
    }
    agreed.check(&losses(db, &scope, &state, &after, operator.now).await?)?;
    let requester = operator.of(scope);
    let (id, now) = (state.pool.id, requester.now);
    let update = async |mut unit: WriteUnit| -> Attempt<(Pool, Option<Work>)> {
        // The zone may have changed meanwhile.
        let after = Target::changed(&state, change, unit.lock_time_zone().await?)?;
        if before.terms() != after.terms() {
            unit.lock_pools(true).await?;
            if Target::of(&pool_in(&unit, &id.to_string()).await?).terms() != before.terms() {
                let why = format!("the licence pool {} was changed at the same time: try again", before.name);
                return Err(Error::Refused(why));
            }
            unit.set_pool_terms(id, &after.name, after.policy, &after.rule).await?;
        }
        if before.seats != after.seats {
            unit.set_pool_size(id, after.seats).await?;
        }
        if (before.expires_at, before.last_day) != (after.expires_at, after.last_day) {
            expire_pool::set(&mut unit, id, after.expires_at, after.last_day, now).await?;
        }
        let why = format!("An administrator changed the licence pool “{}”.", before.name);
        let mut changed = Entry::new(Subject::Pool(id), EntryKind::PoolChanged, why);
        (changed.before, changed.after) = (Some(before.unlike(&after)), Some(after.unlike(&before)));
        unit.record([(&changed, &requester.actor)], now).await?;
        let cause = Cause::PoolChanged { pool: id, name: after.name.clone() };
        let change = settle::Change { cause: &cause, actor: &requester.actor, now };
        // A step serves a bounded number of people who wait.
        while change.serve(&mut unit, id).await? {}
        // A pool that refused has entitled people who hold neither a seat nor a place.
        let refused = before.policy == PoolPolicy::Reject
            && (after.seats > before.seats || after.policy != PoolPolicy::Reject);
        let mut work = None;
        if refused || before.rule != after.rule || before.is_expired(now) != after.is_expired(now) {
            let job = PoolWork { pool: id, name: after.name.clone(), after: None }.job(now);
            work = Some(Work::start(&requester, &mut unit, job, settle_pool::KIND).await?);
        }
        let pool = pool_in(&unit, &id.to_string()).await?;
        Ok((unit, (pool.into(), work)))
    };
    Ok(db.write(&requester.scope, update).await?.value)
}

/// What people would lose if a pool was deleted.
///
/// # Errors
/// [`Error`] if there is no such pool.
pub async fn losses_of_delete(db: &Database, operator: &Operator, pool: &str) -> Result<Losses, Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    losses_without(db, &scope, &state, operator.now).await
}

/// Deletes a pool: its groups are unbound, and the people in it lose their licence without a grace. The caller does so
/// by the work.
///
/// # Errors
/// [`Error`] if there is no such pool, or the operator has not agreed to the losses.
pub async fn delete(
    db: &Database,
    operator: &Operator,
    pool: &str,
    agreed: Agreed,
) -> Result<(Pool, Losses, Work), Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    let losses = losses_without(db, &scope, &state, operator.now).await?;
    agreed.check(&losses)?;
    let requester = operator.of(scope);
    let (id, name, now) = (state.pool.id, &state.pool.name, requester.now);
    let delete = async |mut unit: WriteUnit| -> Attempt<Work> {
        // From now on no user who arrives becomes entitled.
        let none = PoolRule { pool: id, rule: None, default: false };
        unit.set_pool_terms(id, name, state.pool.policy, &none).await?;
        unit.withdraw_jobs(&[expire_pool::key(id)]).await?;
        let why = format!("An administrator deleted the licence pool “{name}”.");
        let mut entry = Entry::new(Subject::Pool(id), EntryKind::PoolDeleted, why);
        entry.before = Some(json!(Pool::from(state.clone())));
        unit.record([(&entry, &requester.actor)], now).await?;
        let job = DeleteWork { pool: id, name: name.clone() }.job(now);
        let work = Work::start(&requester, &mut unit, job, delete_pool::KIND).await?;
        Ok((unit, work))
    };
    let work = db.write(&requester.scope, delete).await?.value;
    Ok((state.into(), losses, work))
}

async fn losses_without(
    db: &Database,
    scope: &TenantScope,
    state: &PoolState,
    now: DateTime<Utc>,
) -> Result<Losses, Error> {
    let id = state.pool.id;
    let unit = db.read(scope).await?;
    let mut losses = Losses::default();
    let mut last = None;
    while let Some(people) = next_people(&unit, id, &mut last).await? {
        let change = |situation: &mut Situation| {
            situation.pools.retain(|pool| pool.id != id);
            for person in &mut situation.people {
                person.grants.retain(|grant| grant.pool != id);
            }
        };
        losses.add(foresee(&unit, &people, &Cause::GrantLifted, now, change).await?);
    }
    Ok(losses)
}

async fn losses(
    db: &Database,
    scope: &TenantScope,
    state: &PoolState,
    target: &Target,
    now: DateTime<Utc>,
) -> Result<Losses, Error> {
    let id = state.pool.id;
    let rule = target.rule.rule.as_deref().map(entitlement::parse).transpose().map_err(Error::Refused)?;
    let unit = db.read(scope).await?;
    let cause = Cause::PoolChanged { pool: id, name: target.name.clone() };
    let mut losses = Losses::default();
    let mut last = None;
    while let Some(people) = next_people(&unit, id, &mut last).await? {
        let mut matching: BTreeSet<UserId> = BTreeSet::new();
        if let Some(rule) = &rule {
            let users = unit.users_among(&people).await?;
            let matches = users.into_iter().filter(|user| rule.matches(&user.resource.clone().render("")));
            matching.extend(matches.map(|user| user.id));
        }
        let change = |situation: &mut Situation| {
            for pool in situation.pools.iter_mut().filter(|pool| pool.id == id) {
                *pool = Facts { expires_at: target.expires_at, seats: target.seats, ..pool.clone() };
            }
            for person in &mut situation.people {
                let matches = matching.contains(&person.id);
                person.grants.retain(|grant| match &grant.source {
                    _ if grant.pool != id => true,
                    GrantSource::Attribute { .. } => matches,
                    GrantSource::Default => target.rule.default,
                    GrantSource::ByHand | GrantSource::Binding { .. } => true,
                });
            }
        };
        losses.add(foresee(&unit, &people, &cause, now, change).await?);
    }
    Ok(losses)
}

/// The next people who have something in a pool.
pub(crate) async fn next_people(
    unit: &ReadUnit,
    pool: PoolId,
    last: &mut Option<UserId>,
) -> Result<Option<Vec<UserId>>, Error> {
    let people = unit.pool_people(pool, *last, CHUNK as u64).await?;
    *last = people.last().copied();
    Ok(last.is_some().then_some(people))
}
