//! A user has another `userName` or `externalId`: the groups that wait for it get their member.

use chrono::{DateTime, Utc};
use provisioning::{Cause, GroupId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{NewJob, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::database::Attempt;
use crate::parked;

/// The kind of the job.
pub(crate) const KIND: &str = "join-groups";

/// The user with another name, and how far the work is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JoinWork {
    user: UserId,
    /// Groups that the user has joined, with their names, and for which the user is not settled yet; nothing before
    /// the user has joined.
    joined: Option<Vec<(GroupId, String)>>,
}

/// The job for a user who has another name. It has no key: one that has begun must not be given up for the next.
pub(crate) fn job(user: UserId, run_at: DateTime<Utc>) -> NewJob {
    let payload = json!(JoinWork { user, joined: None });
    NewJob { kind: KIND.to_owned(), payload, run_at, dedup: None }
}

/// Makes the user a member, or settles the user for the next group.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let JoinWork { user, joined } = step.read()?;
    let Some(mut joined) = joined else { return join(step, user).await.map(Some) };
    let Some((group, name)) = joined.pop() else { return Ok(None) };
    let saved = json!(JoinWork { user, joined: Some(joined) });
    step.settle(&[user], &Cause::JoinedGroup { group, name }, &[], saved).await.map(Some)
}

/// Makes the user a member, and saves of which groups.
async fn join(step: &mut Step<'_>, user: UserId) -> Result<Progress, WorkError> {
    // A request that looked for members before the new name could be seen is waited for; a later one sees it.
    let wait = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.await_parking().await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, wait).await?;
    // Parked values wait for users of the connection that parked them.
    let unit = step.db.read(step.scope).await?;
    let owner = unit.owners_of(&[user]).await?.remove(&user);
    let scope = match owner {
        Some(owner) => unit.connection(owner).await?.map(|connection| connection.sight(step.scope)),
        None => None,
    };
    drop(unit);
    let scope = scope.unwrap_or_else(|| step.scope.clone());
    let attempt = async |mut unit: WriteUnit| -> Attempt<Vec<(GroupId, String)>> {
        let Some(seen) = unit.user(user).await? else { return Ok((unit, Vec::new())) };
        unit.lock_groups_awaiting(&[&seen.resource.document]).await?;
        let Some(person) = unit.lock_user(user).await? else { return Ok((unit, Vec::new())) };
        let joined = parked::join(&mut unit, &[(&person, &step.actor)], step.pace.now).await?;
        let joined: Vec<_> = joined.into_iter().map(|(_, group, name)| (group, name)).collect();
        step.save(&mut unit, &json!(JoinWork { user, joined: Some(joined.clone()) })).await?;
        Ok((unit, joined))
    };
    let joined = step.db.write(&scope, attempt).await?.value;
    step.saved(json!(JoinWork { user, joined: Some(joined) }));
    Ok(Progress::default())
}
