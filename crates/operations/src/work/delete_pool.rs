//! A pool is deleted: the people in it lose their grants and are settled in batches, and the pool goes last.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, PoolId, Subject};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Binding, NewJob, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::database::Attempt;

/// The kind of the job.
pub(crate) const KIND: &str = "delete-pool";

/// The pool that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteWork {
    /// The pool.
    pub(crate) pool: PoolId,
    /// Its name.
    pub(crate) name: String,
}

impl DeleteWork {
    /// The job that does the work.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let key = format!("{KIND}:{}", self.pool);
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(key) }
    }
}

/// Unbinds the groups, then settles the next people, who have no grant for the pool any more; deletes the pool once
/// there are none.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let work: DeleteWork = step.read()?;
    let unit = step.db.read(step.scope).await?;
    let bindings = unit.bindings().await?;
    let people = unit.pool_people(work.pool, None, step.pace.batch).await?;
    drop(unit);
    for binding in bindings.iter().filter(|binding| binding.pool == work.pool) {
        unbind(step, binding).await?;
    }
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        if people.is_empty() {
            unit.delete_pool(work.pool).await?;
        } else {
            unit.delete_grants(&people, work.pool).await?;
        }
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    if people.is_empty() {
        return Ok(None);
    }
    step.settle(&people, &Cause::GrantLifted, &[], json!(work)).await.map(Some)
}

async fn unbind(step: &Step<'_>, binding: &Binding) -> Result<(), WorkError> {
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        // A request that changes the members at this moment comes before or after, and sees no binding then.
        unit.lock_group(binding.group).await?;
        unit.remove_binding(binding.group, binding.pool).await?;
        let (group, pool) = (&binding.group_name, &binding.pool_name);
        let why = format!("The group “{group}” was unbound, because the licence pool “{pool}” is deleted.");
        let entry = Entry::new(Subject::Group(binding.group), EntryKind::Unbound, why);
        unit.record([(&entry, &step.actor)], step.pace.now).await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    Ok(())
}
