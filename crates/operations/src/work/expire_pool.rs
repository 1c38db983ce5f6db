//! A pool's last day is over: its people are settled in batches, like after any other loss.

use chrono::{DateTime, NaiveDate, Utc};
use provisioning::{Cause, PoolId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{NewJob, WriteUnit};

use super::{Progress, Step, WorkError, warn_pool};
use crate::error::Error;

/// The kind of the job.
pub(crate) const KIND: &str = "expire-pool";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpiryWork {
    pool: PoolId,
    /// The last person who was settled.
    after: Option<UserId>,
}

/// The job that rings when the pool expires; a new expiry of the same pool takes its place.
pub(crate) fn job(pool: PoolId, at: DateTime<Utc>) -> NewJob {
    let work = ExpiryWork { pool, after: None };
    NewJob { kind: KIND.to_owned(), payload: json!(work), run_at: at, dedup: Some(key(pool)) }
}

/// The key of that job.
pub(crate) fn key(pool: PoolId) -> String {
    format!("{KIND}:{pool}")
}

/// Has a pool expire at another instant, or never, and its job ring then. Its people must be settled afterwards.
pub(crate) async fn set(
    unit: &mut WriteUnit,
    pool: PoolId,
    at: Option<DateTime<Utc>>,
    last_day: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    unit.set_pool_expiry(pool, at, last_day, now).await?;
    unit.withdraw_jobs(&[key(pool)]).await?;
    if let Some(at) = at {
        unit.enqueue(job(pool, at), now).await?;
    }
    warn_pool::set(unit, pool, now).await
}

/// Settles the next people; a pool that has not expired after all is left alone.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let mut work: ExpiryWork = step.read()?;
    let unit = step.db.read(step.scope).await?;
    let pools = unit.pools().await?;
    let expired =
        pools.iter().find(|state| state.pool.id == work.pool && state.pool.is_expired(step.pace.now));
    let Some(state) = expired else { return Ok(None) };
    let people = unit.pool_people(work.pool, work.after, step.pace.batch).await?;
    drop(unit);
    let Some(last) = people.last() else { return Ok(None) };
    work.after = Some(*last);
    let cause = Cause::Expired { pool: work.pool, name: state.pool.name.clone() };
    step.settle(&people, &cause, &[], json!(work)).await.map(Some)
}
