//! What would follow if a pool was made, changed or deleted.

use provisioning::{Cause, Grant, GrantSource, Person, Pool, PoolId, Situation};
use scim::text::fold;
use store::{Constraint, PoolRule, PoolState, ReadUnit, TenantScope};

use super::target::{Change, Target};
use super::{New, row};
use crate::consequences::Consequences;
use crate::database::Database;
use crate::error::Error;
use crate::preview::Preview;
use crate::requester::Operator;

/// What would follow if a pool was made.
///
/// # Errors
/// As [`create`](super::create).
pub async fn preview_create(db: &Database, operator: &Operator, new: &New) -> Result<Consequences, Error> {
    let (scope, _) = db.tenant(&new.tenant).await?;
    let unit = db.read(&scope).await?;
    let new = row(unit.registry(), new, unit.time_zone().await?)?;
    let id = PoolId::new(store::new_id(operator.now));
    check_name(&unit, id, &new.name).await?;
    let pool = Pool {
        id,
        name: new.name.clone(),
        seats: new.seats,
        used: 0,
        policy: new.policy,
        expires_at: new.expires_at,
    };
    let change = |situation: &mut Situation| situation.pools.push(pool.clone());
    let mut preview = Preview::new(&unit, vec![id], operator.batch, operator.now, change);
    if new.default || new.rule.is_some() {
        let mut rules = unit.pool_rules().await?;
        rules.push(PoolRule { pool: id, rule: new.rule, default: new.default });
        preview.settle_all(&rules, id, &Cause::PoolChanged { pool: id, name: new.name }).await?;
    }
    preview.consequences().await
}

/// What would follow from a change of a pool.
///
/// # Errors
/// As [`update`](super::update).
pub async fn preview_update(
    db: &Database,
    operator: &Operator,
    pool: &str,
    change: &Change,
) -> Result<Consequences, Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    let (zone, registry) = (db.read(&scope).await?.time_zone().await?, db.registry(&scope));
    of_update(db, operator, &scope, &state, &Target::changed(&registry, &state, change, zone)?).await
}

/// What would follow if a pool was deleted.
///
/// # Errors
/// [`Error`] if there is no such pool.
pub async fn preview_delete(db: &Database, operator: &Operator, pool: &str) -> Result<Consequences, Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    of_delete(db, operator, &scope, &state).await
}

pub(super) async fn of_update(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    state: &PoolState,
    target: &Target,
) -> Result<Consequences, Error> {
    let id = state.pool.id;
    let unit = db.read(scope).await?;
    check_name(&unit, id, &target.name).await?;
    let cause = Cause::PoolChanged { pool: id, name: target.name.clone() };
    let change = |situation: &mut Situation| {
        for pool in situation.pools.iter_mut().filter(|pool| pool.id == id) {
            pool.name.clone_from(&target.name);
            (pool.seats, pool.policy, pool.expires_at) = (target.seats, target.policy, target.expires_at);
        }
        // A rule that is another one takes its grants away step by step; one that is gone takes them at once.
        for person in &mut situation.people {
            person.grants.retain(|grant| match &grant.source {
                GrantSource::Attribute { .. } => grant.pool != id || target.rule.rule.is_some(),
                GrantSource::Default => grant.pool != id || target.rule.default,
                GrantSource::ByHand | GrantSource::Binding { .. } | GrantSource::Lingering { .. } => true,
            });
        }
    };
    let mut preview = Preview::new(&unit, vec![id], operator.batch, operator.now, change);
    preview.serve(id, &cause).await?;
    if Target::of(state).is_settled_for_all(target, operator.now) {
        let mut rules = unit.pool_rules().await?;
        for rule in rules.iter_mut().filter(|rule| rule.pool == id) {
            *rule = target.rule.clone();
        }
        preview.settle_all(&rules, id, &cause).await?;
    }
    preview.consequences().await
}

pub(super) async fn of_delete(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    state: &PoolState,
) -> Result<Consequences, Error> {
    let id = state.pool.id;
    let unit = db.read(scope).await?;
    let change = |situation: &mut Situation| {
        situation.pools.retain(|pool| pool.id != id);
        for person in &mut situation.people {
            person.grants.retain(|grant| grant.pool != id);
        }
    };
    // Grants by a rule and by default go first, so a person who has nothing but such a grant is not settled.
    let by_hand = Grant { pool: id, source: GrantSource::ByHand };
    let is_in_it = |person: &Person| person.seat_in(id).is_some() || person.grants.contains(&by_hand);
    let mut preview = Preview::new(&unit, vec![id], operator.batch, operator.now, change);
    let mut last = None;
    loop {
        let people = unit.pool_people(id, last, operator.batch).await?;
        last = people.last().copied();
        if last.is_none() {
            return preview.consequences().await;
        }
        preview.settle_those(&people, &Cause::GrantLifted, is_in_it).await?;
    }
}

/// Refuses a name that another pool has.
async fn check_name(unit: &ReadUnit, pool: PoolId, name: &str) -> Result<(), Error> {
    let folded = fold(name);
    let taken = |state: &PoolState| state.pool.id != pool && fold(&state.pool.name) == folded;
    if unit.pools().await?.iter().any(taken) {
        return Err(store::Error::Conflict(Constraint::PoolName).into());
    }
    Ok(())
}
