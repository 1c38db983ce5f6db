//! A pool's last day is over: its people are settled in batches, like after any other loss.

use chrono::{DateTime, Utc};
use provisioning::{Cause, PoolId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Job, NewJob};

use super::desk::{Desk, Stopped, actor, payload};

/// The kind of the job.
pub(crate) const KIND: &str = "expire-pool";

/// What is to be settled, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpiryWork {
    /// The pool.
    pub(crate) pool: PoolId,
    /// The last person who was settled.
    pub(crate) after: Option<UserId>,
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

/// Goes on with a job; a pool that has not expired after all is left alone.
pub(super) async fn resume(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    let mut work: ExpiryWork = payload(job)?;
    loop {
        desk.open()?;
        let unit = desk.store.read(&job.scope).await?;
        let pools = unit.pools().await?;
        let expired =
            pools.iter().find(|state| state.pool.id == work.pool && state.pool.is_expired(desk.now()));
        let Some(state) = expired else { return Ok(()) };
        let people = unit.pool_people(work.pool, work.after, desk.batch).await?;
        drop(unit);
        let Some(last) = people.last() else { return Ok(()) };
        work.after = Some(*last);
        let cause = Cause::Expired { pool: work.pool, name: state.pool.name.clone() };
        desk.batch(&job.scope, &people, &cause, &actor(job), Some((job, json!(work)))).await?;
    }
}
