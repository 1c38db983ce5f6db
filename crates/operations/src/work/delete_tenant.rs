//! A tenant is deleted: its data goes in portions, so that other tenants wait for none of them, and the tenant last.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use store::{NewJob, TenantId, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::database::Attempt;

/// The kind of the job.
pub(crate) const KIND: &str = "delete-tenant";

/// Rows that are deleted at once for each person of a batch.
const ROWS: u64 = 10;

/// How long after the command the tenant is looked at once more: longer than a server remembers a token.
const ONCE_MORE: TimeDelta = TimeDelta::hours(1);

/// The work on one tenant; how far it is shows in what is left.
pub(crate) struct TenantWork;

impl TenantWork {
    /// The job that does the work.
    pub(crate) fn job(tenant: TenantId, run_at: DateTime<Utc>) -> NewJob {
        NewJob { kind: KIND.to_owned(), payload: json!({}), run_at, dedup: Some(format!("{KIND}:{tenant}")) }
    }

    /// The job that deletes what was written behind the back of the first one.
    pub(crate) fn once_more(tenant: TenantId, now: DateTime<Utc>) -> NewJob {
        let dedup = Some(format!("{KIND}:{tenant}:again"));
        NewJob { run_at: now + ONCE_MORE, dedup, ..Self::job(tenant, now) }
    }
}

/// Deletes the next portion; the tenant itself once nothing is left.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let most = step.pace.batch.saturating_mul(ROWS);
    let attempt = async |mut unit: WriteUnit| -> Attempt<(u64, u64)> {
        let (rows, people) = unit.delete_some_data(most).await?;
        if rows == 0 {
            unit.delete_tenant(KIND).await?;
        }
        step.save(&mut unit, &json!({})).await?;
        Ok((unit, (rows, people)))
    };
    let (rows, people) = step.db.write(step.scope, attempt).await?.value;
    Ok((rows > 0).then_some(Progress { people, refused: 0 }))
}
