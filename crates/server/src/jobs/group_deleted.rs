//! A bound group with many members was deleted: who has no grant any more is settled in batches.

use chrono::{DateTime, Utc};
use provisioning::{Cause, GroupId, Policy, PoolId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, ActorKind, Job, NewJob};

use super::desk::{Desk, Stopped, payload};
use crate::settle::Change;

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
    /// The policy of the connection that deleted it.
    pub(crate) policy: Policy,
    /// The name of that connection.
    pub(crate) connection: String,
    /// The id of its request.
    pub(crate) request: String,
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

/// Goes on with a job, as the connection that deleted the group.
pub(super) async fn resume(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    let mut work: DeletedWork = payload(job)?;
    let cause = Cause::GroupDeleted { group: work.group, name: work.name.clone() };
    let (name, id) = (work.connection.clone(), work.request.clone());
    let actor = Actor { kind: ActorKind::Connection, name, cause: id };
    while let Some(pool) = work.pools.first().copied() {
        desk.open()?;
        let unit = desk.store.read(&job.scope).await?;
        let people = unit.pool_people_without_grant(pool, work.after, desk.batch).await?;
        drop(unit);
        work.after = people.last().copied();
        if work.after.is_none() {
            work.pools.remove(0);
        }
        let now = desk.now();
        let mut unit = desk.store.write(&job.scope).await?;
        let change = Change { cause: &cause, policy: &work.policy, actor: &actor, now };
        change.settle(&mut unit, &people, |_, _| {}).await?;
        unit.save_progress(job, json!(work), now, desk.lease()).await?;
        unit.commit().await?;
    }
    Ok(())
}
