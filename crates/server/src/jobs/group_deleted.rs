//! A bound group with many members was deleted: whoever has a licence of its pools is settled in batches.

use chrono::{DateTime, Utc};
use provisioning::{Cause, GroupId, PoolId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Job, NewJob};

use super::desk::{Desk, Stopped, actor, payload};

/// The kind of the job.
pub(crate) const KIND: &str = "group-deleted";

/// What is to be settled, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletedWork {
    /// The group, which is gone.
    pub(crate) group: GroupId,
    /// Its display name.
    pub(crate) name: String,
    /// The pools to which it was bound, and whose people have yet to be looked at.
    pub(crate) pools: Vec<PoolId>,
    /// The last person of the first of them who was settled.
    pub(crate) after: Option<UserId>,
}

impl DeletedWork {
    /// The job that does the work.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let key = format!("{KIND}:{}", self.group);
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(key) }
    }
}

/// Goes on with a job. Who was no member keeps everything: settling looks at facts.
pub(super) async fn resume(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    let mut work: DeletedWork = payload(job)?;
    let cause = Cause::GroupDeleted { group: work.group, name: work.name.clone() };
    while let Some(pool) = work.pools.first().copied() {
        desk.open()?;
        let people = desk.store.read(&job.scope).await?.pool_people(pool, work.after, desk.batch).await?;
        work.after = people.last().copied();
        if work.after.is_none() {
            work.pools.remove(0);
        }
        desk.batch(&job.scope, &people, &cause, &actor(job), Some((job, json!(work)))).await?;
    }
    Ok(())
}
