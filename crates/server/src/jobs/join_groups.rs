//! Somebody has another `userName` or `externalId`: the groups that wait for it get their member.

use chrono::{DateTime, Utc};
use provisioning::{Cause, GroupId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Job, NewJob};

use super::desk::{Desk, Stopped, actor, payload};
use crate::awaited;

/// The kind of the job.
pub(crate) const KIND: &str = "join-groups";

/// Who has another name, and how far the work is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JoinWork {
    user: UserId,
    /// Groups that the person has joined, with their names, and for which nobody has settled the person yet; nothing
    /// before the person has joined.
    joined: Option<Vec<(GroupId, String)>>,
}

/// The job for somebody who has another name. It has no key: one that has begun must not be given up for the next.
pub(crate) fn job(user: UserId, run_at: DateTime<Utc>) -> NewJob {
    let payload = json!(JoinWork { user, joined: None });
    NewJob { kind: KIND.to_owned(), payload, run_at, dedup: None }
}

/// Goes on with a job.
pub(super) async fn resume(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    let mut work: JoinWork = payload(job)?;
    let mut joined = match work.joined.take() {
        Some(joined) => joined,
        None => join(desk, job, work.user).await?,
    };
    while let Some((group, name)) = joined.pop() {
        desk.open()?;
        let saved = json!(JoinWork { user: work.user, joined: Some(joined.clone()) });
        let cause = Cause::JoinedGroup { group, name };
        desk.batch(&job.scope, &[work.user], &cause, &actor(job), Some((job, saved))).await?;
    }
    Ok(())
}

/// Makes the person a member, and saves of which groups.
async fn join(desk: &Desk<'_>, job: &Job, user: UserId) -> Result<Vec<(GroupId, String)>, Stopped> {
    // Who looked for members before the new name could be seen is waited for; who looks later sees it.
    let mut unit = desk.store.write(&job.scope).await?;
    unit.await_parking().await?;
    drop(unit);
    let mut unit = desk.store.write(&job.scope).await?;
    let Some(seen) = unit.user(user).await? else { return Ok(Vec::new()) };
    unit.lock_groups_awaiting(&seen.resource.document).await?;
    let Some(person) = unit.lock_user(user).await? else { return Ok(Vec::new()) };
    let now = desk.now();
    let joined = awaited::join(&mut unit, &person, &actor(job), now).await?;
    let saved = json!(JoinWork { user, joined: Some(joined.clone()) });
    unit.save_progress(job, saved, now, desk.lease()).await?;
    unit.commit().await?;
    Ok(joined)
}
