//! A pool for every user, or with a rule, was made: the users who are there already are settled in batches.

use chrono::{DateTime, Utc};
use provisioning::{Cause, PoolId, UserId};
use scim::Registry;
use scim::filter::{self, FilterDialect, ResolvedFilter};
use scim::protocol::list::Page;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{NewJob, ReadUnit, User, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::database::Attempt;
use crate::entitlement::Rules;
use crate::error::Error;

/// The kind of the job.
pub(crate) const KIND: &str = "settle-pool";

/// The people to settle, and how far that is.
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
    /// The job that does the work.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let key = format!("{KIND}:{}", self.pool);
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(key) }
    }
}

/// Gives the pool's grants to the next people, and settles them.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let mut work: PoolWork = step.read()?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<Vec<UserId>> {
        let pools = unit.pools().await?;
        let Some(pool) = pools.iter().find(|state| state.pool.id == work.pool) else {
            return Ok((unit, Vec::new()));
        };
        let users = next_users(&unit, work.after, step.pace.batch).await?;
        let rules = Rules::of(&unit).await?;
        for user in &users {
            rules.apply(&mut unit, user, step.pace.now).await?;
        }
        let people: Vec<UserId> = users.iter().map(|user| user.id).collect();
        if pool.default && !people.is_empty() {
            unit.grant_default(&people, step.pace.now).await?;
        }
        Ok((unit, people))
    };
    let people = step.db.write(step.scope, attempt).await?.value;
    let Some(last) = people.last() else { return Ok(None) };
    work.after = Some(*last);
    let cause = Cause::PoolChanged { pool: work.pool, name: work.name.clone() };
    // All of them are settled, not only those who got a grant just now: a step that was cut off here is made good so.
    step.settle(&people, &cause, &[], json!(work)).await.map(Some)
}

/// At most `most` users behind `after`, in the order of ids.
pub(crate) async fn next_users(
    unit: &ReadUnit,
    after: Option<UserId>,
    most: u64,
) -> Result<Vec<User>, Error> {
    let (_, users) = unit.users(behind(after).as_ref(), Page { start_index: 1, count: most }).await?;
    Ok(users)
}

/// The users whose id is behind this one.
fn behind(after: Option<UserId>) -> Option<ResolvedFilter> {
    let text = format!("id gt \"{}\"", after?);
    let parsed = filter::parse(Registry::standard().user(), &text, FilterDialect::default());
    Some(parsed.expect("a comparison of ids is a filter").0)
}
