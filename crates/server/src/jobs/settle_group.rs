//! A group was bound to a pool or unbound from it: its members are settled in batches.

use chrono::{DateTime, Utc};
use provisioning::{Cause, GroupId, PoolId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, Job, MemberKind, NewJob, TenantScope};
use uuid::Uuid;

use super::desk::{Desk, Progress, Stopped, actor, payload};

/// The kind of the job.
pub(crate) const KIND: &str = "settle-group";

/// What is to be settled, and how far that is.
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
}

impl GroupWork {
    /// The job that does the work, should whoever began it not come to the end.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(self.key()) }
    }

    /// The key of that job: a later change of the same binding takes the place of an earlier one.
    pub(crate) fn key(&self) -> String {
        format!("{KIND}:{}:{}", self.group, self.pool)
    }

    fn cause(&self) -> Cause {
        let (group, name, pool) = (self.group, self.name.clone(), self.pool);
        if self.bound { Cause::Bound { group, name, pool } } else { Cause::Unbound { group, name, pool } }
    }
}

/// Goes on with a job.
pub(super) async fn resume(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    let work: GroupWork = payload(job)?;
    run(desk, &job.scope, work, &actor(job), Some(job), |_| {}).await.map(drop)
}

/// Settles the members behind `work.after`; `seen` learns of every batch.
///
/// # Errors
/// [`Stopped`].
pub(crate) async fn run(
    desk: &Desk<'_>,
    scope: &TenantScope,
    mut work: GroupWork,
    actor: &Actor,
    job: Option<&Job>,
    mut seen: impl FnMut(Progress) + Send,
) -> Result<Progress, Stopped> {
    let mut total = Progress::default();
    loop {
        desk.open()?;
        let page = desk.store.read(scope).await?.members_page(work.group, work.after, desk.batch).await?;
        let Some((last, _)) = page.last() else { return Ok(total) };
        work.after = Some(*last);
        let users = page.iter().filter(|(_, kind)| *kind == MemberKind::User);
        let users: Vec<UserId> = users.map(|(id, _)| UserId::new(*id)).collect();
        let saved = job.map(|job| (job, json!(work)));
        let step = desk.batch(scope, &users, &work.cause(), actor, saved).await?;
        total.people += step.people;
        total.refused += step.refused;
        seen(total);
    }
}
