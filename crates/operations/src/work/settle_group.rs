//! A group was bound to a pool or unbound from it: its members, and those who had left and were kept, are settled in batches.

use chrono::{DateTime, Utc};
use provisioning::{Cause, GroupId, PoolId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{MemberKind, NewJob};
use uuid::Uuid;

use super::{Progress, Step, WorkError};

/// The kind of the job.
pub(crate) const KIND: &str = "settle-group";

/// The members to settle, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupWork {
    /// The group.
    pub(crate) group: GroupId,
    /// Its display name.
    pub(crate) name: String,
    /// The pool.
    pub(crate) pool: PoolId,
    /// Bound, or unbound.
    pub(crate) bound: bool,
    /// The last member that was settled.
    pub(crate) after: Option<Uuid>,
    /// People who had left the group, and whose grace ended with the binding.
    #[serde(default)]
    pub(crate) lingering: Vec<UserId>,
}

impl GroupWork {
    /// The job that does the work; a later change of the same binding takes the place of an earlier one.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let key = format!("{KIND}:{}:{}", self.group, self.pool);
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(key) }
    }

    fn cause(&self) -> Cause {
        let (group, name, pool) = (self.group, self.name.clone(), self.pool);
        if self.bound { Cause::Bound { group, name, pool } } else { Cause::Unbound { group, name, pool } }
    }
}

/// Settles the next members.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let mut work: GroupWork = step.read()?;
    let unit = step.db.read(step.scope).await?;
    let page = unit.members_page(work.group, work.after, step.pace.batch).await?;
    drop(unit);
    let Some((last, _)) = page.last() else {
        let next = step.pace.take(&mut work.lingering);
        if next.is_empty() {
            return Ok(None);
        }
        return step.settle(&next, &work.cause(), &[], json!(work)).await.map(Some);
    };
    work.after = Some(*last);
    let users = page.iter().filter(|(_, kind)| *kind == MemberKind::User);
    let users: Vec<UserId> = users.map(|(id, _)| UserId::new(*id)).collect();
    step.settle(&users, &work.cause(), &[], json!(work)).await.map(Some)
}
