//! A pool changed or deleted.

use provisioning::{Cause, Entry, EntryKind, Subject};
use serde_json::json;
use store::{PoolRule, WriteUnit};

use super::Pool;
use super::preview::{of_delete, of_update};
use super::target::{Change, Target};
use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::pool_in;
use crate::requester::Operator;
use crate::rights::Right;
use crate::settle;
use crate::work::Work;
use crate::work::delete_pool::{self, DeleteWork};
use crate::work::expire_pool;
use crate::work::settle_pool::{self, PoolWork};
use crate::work::warn_pool;

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
    let (zone, registry) = (db.read(&scope).await?.time_zone().await?, db.registry(&scope));
    let before = Target::of(&state);
    agreed.check(
        &of_update(db, operator, &scope, &state, &Target::changed(&registry, &state, change, zone)?).await?,
    )?;
    let requester = operator.of(scope, Right::Change)?;
    let (id, now) = (state.pool.id, requester.now);
    let update = async |mut unit: WriteUnit| -> Attempt<(Pool, Option<Work>)> {
        // The zone may have changed meanwhile.
        let after = Target::changed(&registry, &state, change, unit.lock_time_zone().await?)?;
        if before.terms() != after.terms() {
            unit.lock_pools(true).await?;
            if Target::of(&pool_in(&unit, &id.to_string()).await?).terms() != before.terms() {
                let why = format!("the licence pool {} was changed at the same time: try again", before.name);
                return Err(Error::Refused(why));
            }
            unit.set_pool_terms(id, &after.name, after.policy, &after.rule, now).await?;
        }
        if before.seats != after.seats {
            unit.set_pool_size(id, after.seats, now).await?;
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
        let mut work = None;
        if before.is_settled_for_all(&after, now) {
            let job = PoolWork { pool: id, name: after.name.clone(), after: None }.job(now);
            work = Some(Work::start(&requester, &mut unit, job, settle_pool::KIND).await?);
        }
        let pool = pool_in(&unit, &id.to_string()).await?;
        Ok((unit, (pool.into(), work)))
    };
    Ok(db.write(&requester.scope, update).await?.value)
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
) -> Result<(Pool, Consequences, Work), Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    let consequences = of_delete(db, operator, &scope, &state).await?;
    agreed.check(&consequences)?;
    let requester = operator.of(scope, Right::Change)?;
    let (id, name, now) = (state.pool.id, &state.pool.name, requester.now);
    let delete = async |mut unit: WriteUnit| -> Attempt<Work> {
        // From now on no user who arrives becomes entitled.
        let none = PoolRule { pool: id, rule: None, default: false };
        unit.set_pool_terms(id, name, state.pool.policy, &none, now).await?;
        unit.withdraw_jobs(&[expire_pool::key(id), warn_pool::key(id)]).await?;
        let why = format!("An administrator deleted the licence pool “{name}”.");
        let mut entry = Entry::new(Subject::Pool(id), EntryKind::PoolDeleted, why);
        entry.before = Some(json!(Pool::from(state.clone())));
        unit.record([(&entry, &requester.actor)], now).await?;
        let job = DeleteWork { pool: id, name: name.clone() }.job(now);
        let work = Work::start(&requester, &mut unit, job, delete_pool::KIND).await?;
        Ok((unit, work))
    };
    let work = db.write(&requester.scope, delete).await?.value;
    Ok((state.into(), consequences, work))
}
