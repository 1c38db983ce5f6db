//! A bound group with many members was deleted: people without a grant any more are settled in batches.

use chrono::{DateTime, Utc};
use provisioning::{Cause, ConnectionId, GroupId, PoolId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, ActorKind, NewJob};

use super::{Progress, Step, WorkError};

/// The kind of the job.
pub(crate) const KIND: &str = "group-deleted";

/// The people to settle, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletedWork {
    /// The group, which is gone.
    group: GroupId,
    /// Its display name.
    name: String,
    /// The name of the connection that deleted it.
    connection: String,
    /// The id of the connection.
    #[serde(default)]
    connection_id: Option<ConnectionId>,
    /// The id of its request.
    request: String,
    /// The pools to which it was bound, and whose people have yet to be looked at.
    pools: Vec<PoolId>,
    /// The last person of the first of them who was settled.
    after: Option<UserId>,
}

impl DeletedWork {
    /// What is to be done after a group was deleted by this actor.
    pub(crate) fn new(group: GroupId, name: String, actor: &Actor, pools: Vec<PoolId>) -> Self {
        let (connection, request) = (actor.name.clone(), actor.reference.clone());
        Self { group, name, connection, connection_id: actor.connection, request, pools, after: None }
    }

    /// The job that does the work.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let key = format!("{KIND}:{}", self.group);
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(key) }
    }
}

/// Settles the next people, as the connection that deleted the group.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let mut work: DeletedWork = step.read()?;
    let Some(pool) = work.pools.first().copied() else { return Ok(None) };
    let unit = step.db.read(step.scope).await?;
    let people = unit.pool_people_without_grant(pool, work.after, step.pace.batch).await?;
    drop(unit);
    work.after = people.last().copied();
    if work.after.is_none() {
        work.pools.remove(0);
    }
    let cause = Cause::GroupDeleted { group: work.group, name: work.name.clone() };
    let (name, cause_id) = (work.connection.clone(), work.request.clone());
    let connection = work.connection_id;
    step.actor = Actor { kind: ActorKind::Connection, name, reference: cause_id, connection };
    step.settle(&people, &cause, &[], json!(work)).await.map(Some)
}
