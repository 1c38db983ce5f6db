//! A pool for everybody, or with a rule, was made: everybody who is there already is settled in batches.

use chrono::{DateTime, Utc};
use provisioning::{Cause, PoolId, UserId};
use scim::Registry;
use scim::filter::{self, FilterDialect, ResolvedFilter};
use scim::protocol::list::Page;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, GrantKind, Job, NewJob, TenantScope};

use super::desk::{Desk, Progress, Stopped, actor, payload};
use crate::entitle::Rules;

/// The kind of the job.
pub(crate) const KIND: &str = "settle-pool";

/// What is to be settled, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PoolWork {
    /// The pool.
    pub(crate) pool: PoolId,
    /// Its name.
    pub(crate) name: String,
    /// The last person who was settled.
    pub(crate) after: Option<UserId>,
}

impl PoolWork {
    /// The job that does the work, should whoever began it not come to the end.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(self.key()) }
    }

    /// The key of that job.
    pub(crate) fn key(&self) -> String {
        format!("{KIND}:{}", self.pool)
    }
}

/// Goes on with a job.
pub(super) async fn resume(desk: &Desk<'_>, job: &Job) -> Result<(), Stopped> {
    let work: PoolWork = payload(job)?;
    run(desk, &job.scope, work, &actor(job), Some(job), |_| {}).await.map(drop)
}

/// Gives the pool's grants to everybody behind `work.after` and settles them; `seen` learns of every batch.
///
/// # Errors
/// [`Stopped`].
pub(crate) async fn run(
    desk: &Desk<'_>,
    scope: &TenantScope,
    mut work: PoolWork,
    actor: &Actor,
    job: Option<&Job>,
    mut seen: impl FnMut(Progress) + Send,
) -> Result<Progress, Stopped> {
    let mut total = Progress::default();
    let cause = Cause::PoolChanged { pool: work.pool, name: work.name.clone() };
    loop {
        desk.open()?;
        let mut unit = desk.store.write(scope).await?;
        let pools = unit.pools().await?;
        let Some(pool) = pools.iter().find(|state| state.pool.id == work.pool) else { return Ok(total) };
        let page = Page { start_index: 1, count: desk.batch };
        let (_, users) = unit.users(behind(work.after).as_ref(), page).await?;
        let Some(last) = users.last() else { return Ok(total) };
        work.after = Some(last.id);
        let rules = Rules::of(&unit).await?;
        for user in &users {
            rules.apply(&mut unit, user, desk.now()).await?;
            if pool.default {
                unit.insert_grant(user.id, work.pool, GrantKind::Default, desk.now()).await?;
            }
        }
        unit.commit().await?;
        // Everybody is settled, not only who got a grant just now: a step that was cut off here is made good so.
        let saved = job.map(|job| (job, json!(work)));
        let people: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let step = desk.batch(scope, &people, &cause, actor, saved).await?;
        total.people += step.people;
        total.refused += step.refused;
        seen(total);
    }
}

/// Everybody whose id is behind this one.
fn behind(after: Option<UserId>) -> Option<ResolvedFilter> {
    let text = format!("id gt \"{}\"", after?);
    let parsed = filter::parse(Registry::standard().user(), &text, FilterDialect::default());
    Some(parsed.expect("a comparison of ids is a filter").0)
}
