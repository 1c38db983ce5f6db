//! Jobs: work queued in the transaction that causes it, claimed by lease, run outside any transaction, safe to run
//! twice.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Value as SqlValue};
use serde_json::Value;
use uuid::Uuid;

use crate::db::backend::skip_locked_jobs;
use crate::db::rows::Rows;
use crate::db::sql::{CHUNK, Sql};
use crate::db::transaction::Transaction;
use crate::entity::jobs;
use crate::error::Error;
use crate::ids::{TenantId, new_id, stored};
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// The kinds of jobs that effects queue.
pub mod job_kind {
    /// Send an invitation: `{"user": id}`.
    pub const INVITATION: &str = "invitation";
    /// Settle a suspended person again: `{"user": id}`.
    pub const END_GRACE: &str = "end-grace";
    /// Serve the queue of a pool, which may be waiting for nothing: `{"pool": id}`.
    pub const SERVE_QUEUE: &str = "serve-queue";
}

/// A job to queue.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// What is to be done.
    pub kind: String,
    /// With what.
    pub payload: Value,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// A job of the same key that has not begun is replaced.
    pub dedup: Option<String>,
}

/// A job that this worker has claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// The tenant that it works for.
    pub scope: TenantScope,
    /// What is to be done.
    pub kind: String,
    /// With what; progress is saved here.
    pub payload: Value,
    /// Which attempt this is, from 1; it counts from the claim, so an attempt whose worker was never heard of again counts.
    pub attempt: i64,
    /// When it was to run.
    pub run_at: DateTime<Utc>,
    /// Why the attempt before failed.
    pub last_error: Option<String>,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done and forgotten.
    Done,
    /// It is to be tried again.
    Retry {
        /// After how long.
        after: TimeDelta,
        /// Why.
        reason: String,
    },
    /// Its worker ends: another one goes on at once, and the attempt does not count.
    HandedOver,
    /// It cannot be done; the row stays for a person to look at.
    Failed(String),
}

/// Which jobs a worker wants.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'c> {
    /// Of these kinds.
    pub kinds: &'c [&'c str],
    /// At most so many.
    pub most: u64,
    /// At most so many of one tenant, so that those of the others have their turn.
    pub each: u64,
    /// None of these tenants.
    pub without: &'c [TenantId],
}

#[derive(FromQueryResult)]
struct Row {
    tenant_id: Uuid,
    id: Uuid,
    kind: String,
    payload: Value,
    attempt: i64,
    run_at: DateTime<Utc>,
    last_error: Option<String>,
}

#[derive(FromQueryResult)]
struct Kept {
    id: Uuid,
}

impl From<Row> for Job {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            scope: TenantScope::of(row.tenant_id),
            kind: row.kind,
            payload: row.payload,
            attempt: row.attempt,
            run_at: row.run_at,
            last_error: row.last_error,
        }
    }
}

/// Which jobs may be claimed.
#[derive(Clone, Copy)]
enum Due {
    /// Those whose time has come.
    Ready,
    /// Those whose worker was never heard of again.
    Abandoned,
}

impl Due {
    fn push(self, sql: &mut Sql, claim: &Claim<'_>, now: DateTime<Utc>) {
        sql.push(match self {
            Self::Ready => " j.state = 'ready' AND j.run_at <= ",
            Self::Abandoned => " j.state = 'running' AND j.lease_until <= ",
        });
        sql.bind(now).push(" AND j.kind IN ").list(claim.kinds.iter().copied());
        if !claim.without.is_empty() {
            sql.push(" AND j.tenant_id NOT IN ").list(claim.without.iter().map(|tenant| tenant.uuid()));
        }
    }
}

impl<'c> Claim<'c> {
    /// At most so many jobs of these kinds, whatever their tenants.
    #[must_use]
    pub const fn of(kinds: &'c [&'c str], most: u64) -> Self {
        Self { kinds, most, each: most, without: &[] }
    }
}

impl Claim<'_> {
    /// Answers a row if there is such a job.
    pub(crate) fn look(&self, now: DateTime<Utc>) -> Sql {
        let mut sql = Sql::new("SELECT 1 WHERE EXISTS (SELECT 1 FROM jobs j WHERE");
        Due::Abandoned.push(&mut sql, self, now);
        sql.push(") OR EXISTS (SELECT 1 FROM jobs j WHERE");
        Due::Ready.push(&mut sql, self, now);
        sql.push(")");
        sql
    }
}

/// How many more jobs are looked at than are wanted: those that another worker is about to claim are passed over.
const SPARE: u64 = 4;

impl Store {
    /// Claims due jobs for `lease`: no other worker gets them before it is over. The first of every tenant come before
    /// the second of any.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn claim_jobs(
        &self,
        claim: &Claim<'_>,
        worker: &str,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Job>, Error> {
        let now = stored(now);
        // Looking first costs the writer nothing while there is nothing to do.
        let look = claim.look(now).statement(self.backend());
        if self.database().await?.query_all_raw(look).await?.is_empty() {
            return Ok(Vec::new());
        }
        let transaction = self.writing().await?;
        let mut rows: Vec<Row> = Vec::new();
        for due in [Due::Abandoned, Due::Ready] {
            let left = claim.most.saturating_sub(rows.len() as u64);
            let mut sql = Sql::new("UPDATE jobs SET state = 'running', attempt = attempt + 1, worker = ");
            sql.bind(worker).push(", lease_until = ").bind(now + lease);
            sql.push(
                " WHERE (tenant_id, id) IN (SELECT j.tenant_id, j.id FROM jobs j JOIN (SELECT * FROM (SELECT \
                 j.tenant_id, j.id, j.run_at, ROW_NUMBER() OVER (PARTITION BY j.tenant_id ORDER BY j.run_at, j.id) \
                 AS turn FROM jobs j WHERE",
            );
            due.push(&mut sql, claim, now);
            sql.push(") d WHERE d.turn <= ").bind(claim.each);
            sql.push(" ORDER BY d.turn, d.run_at, d.id LIMIT ").bind(left.saturating_mul(SPARE));
            // Another worker may have claimed a row meanwhile, so the condition is asked of the locked row again.
            sql.push(") d ON d.tenant_id = j.tenant_id AND d.id = j.id WHERE");
            due.push(&mut sql, claim, now);
            sql.push(" ORDER BY d.turn, d.run_at, d.id LIMIT ").bind(left);
            sql.push(skip_locked_jobs(self.backend()));
            sql.push(") RETURNING tenant_id, id, kind, payload, attempt, run_at, last_error");
            rows.extend(transaction.all::<Row>(sql).await?);
        }
        transaction.commit().await?;
        rows.sort_by_key(|row| (row.run_at, row.id));
        Ok(rows.into_iter().map(Job::from).collect())
    }

    /// Keeps jobs for longer; answers those whose lease did not go to another worker.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn keep_jobs(
        &self,
        jobs: &[&Job],
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Uuid>, Error> {
        let transaction = self.writing().await?;
        let mut kept = Vec::new();
        for chunk in jobs.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE jobs SET lease_until = ");
            sql.bind(stored(now) + lease);
            sql.push(" WHERE state = 'running' AND (tenant_id, id, attempt) IN (VALUES ");
            sql.rows(chunk.iter().map(|job| {
                [job.scope.tenant_id().uuid().into(), SqlValue::from(job.id), job.attempt.into()]
            }));
            sql.push(") RETURNING id");
            kept.extend(transaction.all::<Kept>(sql).await?.into_iter().map(|row| row.id));
        }
        transaction.commit().await?;
        Ok(kept)
    }

    /// Ends a job. One whose lease went to another worker is left to that one, and the answer is `false`.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn finish_job(&self, job: &Job, outcome: Outcome, now: DateTime<Utc>) -> Result<bool, Error> {
        let transaction = self.writing().await?;
        let ended = match outcome {
            Outcome::Done => delete(&transaction, job).await?,
            Outcome::Failed(reason) => {
                let mut sql = Sql::new("UPDATE jobs SET state = 'failed', dedup = NULL, last_error = ");
                sql.bind(reason);
                transaction.run(held(sql, job)).await? == 1
            }
            Outcome::HandedOver => {
                let mut sql = Sql::new("UPDATE jobs SET state = 'ready', attempt = attempt - 1, run_at = ");
                sql.bind(stored(now));
                ready_again(&transaction, sql, job).await?
            }
            Outcome::Retry { after, reason } => {
                let mut sql = Sql::new("UPDATE jobs SET state = 'ready', run_at = ");
                sql.bind(stored(now) + after).push(", last_error = ").bind(reason);
                ready_again(&transaction, sql, job).await?
            }
        };
        transaction.commit().await?;
        Ok(ended)
    }

    /// Saves how far a job has come, and keeps it for longer.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the lease went to another worker; [`Error::Busy`] or [`Error::Other`].
    pub async fn save_progress(
        &self,
        job: &Job,
        payload: Value,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<(), Error> {
        let transaction = self.writing().await?;
        progress(&transaction, job, payload, now, lease).await?;
        transaction.commit().await
    }
}

#[derive(FromQueryResult)]
struct PayloadRow {
    payload: Value,
}

impl ReadUnit {
    /// The payloads of the tenant's jobs of a kind that are not done yet.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn unfinished(&self, kind: &str) -> Result<Vec<Value>, Error> {
        let mut sql = Sql::new("SELECT payload FROM jobs WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND state IN ('ready', 'running') AND kind = ").bind(kind);
        let rows = self.transaction.all::<PayloadRow>(sql).await?;
        Ok(rows.into_iter().map(|row| row.payload).collect())
    }
}

impl WriteUnit {
    /// Queues a job; with a key that another job waits under, it takes that one's place.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn enqueue(&mut self, job: NewJob, now: DateTime<Utc>) -> Result<(), Error> {
        self.enqueue_all(vec![job], now).await
    }

    /// As [`WriteUnit::enqueue`]; no two of the jobs have the same key.
    ///
    /// # Errors
    /// As [`WriteUnit::enqueue`].
    pub async fn enqueue_all(&mut self, jobs: Vec<NewJob>, now: DateTime<Utc>) -> Result<(), Error> {
        for chunk in self.job_rows(jobs, now).chunks(CHUNK) {
            let mut sql = Sql::default();
            push_jobs(self.backend(), &mut sql, chunk.to_vec());
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// The rows of new jobs.
    pub(crate) fn job_rows(&mut self, jobs: Vec<NewJob>, now: DateTime<Utc>) -> Vec<jobs::Model> {
        self.queued_work |= !jobs.is_empty();
        let row = |job: NewJob| jobs::Model {
            tenant_id: self.tenant(),
            id: new_id(now),
            kind: job.kind,
            payload: job.payload,
            state: "ready".to_owned(),
            run_at: stored(job.run_at),
            dedup: job.dedup,
            attempt: 0,
            worker: None,
            lease_until: None,
            last_error: None,
            created_at: stored(now),
        };
        jobs.into_iter().map(row).collect()
    }

    /// Takes back jobs that have not begun, by their keys.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn withdraw_jobs(&mut self, dedup: &[String]) -> Result<(), Error> {
        for chunk in dedup.chunks(CHUNK) {
            let mut sql = Sql::new("DELETE FROM jobs WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND state = 'ready' AND dedup IN ").list(chunk.iter().cloned());
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Has a job that has not begun wait until a later instant, by its key.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn postpone_job(&mut self, dedup: &str, run_at: DateTime<Utc>) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE jobs SET run_at = ");
        sql.bind(stored(run_at)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND state = 'ready' AND dedup = ").bind(dedup);
        self.transaction.run(sql).await.map(drop)
    }

    /// As [`Store::save_progress`], together with the work that the progress is about.
    ///
    /// # Errors
    /// [`Error::NotFound`] if the lease went to another worker; [`Error::Busy`] or [`Error::Other`].
    pub async fn save_progress(
        &mut self,
        job: &Job,
        payload: Value,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<(), Error> {
        progress(&self.transaction, job, payload, now, lease).await
    }
}

/// Appends what queues jobs; one of the same key that has not begun is replaced.
pub(crate) fn push_jobs(backend: DbBackend, sql: &mut Sql, rows: Vec<jobs::Model>) {
    let otherwise = " ON CONFLICT (tenant_id, dedup) WHERE state = 'ready' AND dedup IS NOT NULL \
                     DO UPDATE SET payload = excluded.payload, run_at = excluded.run_at, kind = excluded.kind";
    sql.insert(backend, &rows.into_iter().collect::<Rows<jobs::Entity>>(), otherwise);
}

async fn progress(
    transaction: &Transaction,
    job: &Job,
    payload: Value,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> Result<(), Error> {
    let mut sql = Sql::new("UPDATE jobs SET payload = ");
    sql.bind(payload).push(", lease_until = ").bind(stored(now) + lease);
    if transaction.run(held(sql, job)).await? == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// Ends a job as ready; a newer job of the same key takes its place.
async fn ready_again(transaction: &Transaction, sql: Sql, job: &Job) -> Result<bool, Error> {
    let mut sql = held(sql, job);
    sql.push(
        " AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.tenant_id = jobs.tenant_id AND r.dedup = jobs.dedup \
         AND r.state = 'ready')",
    );
    Ok(transaction.run(sql).await? == 1 || delete(transaction, job).await?)
}

async fn delete(transaction: &Transaction, job: &Job) -> Result<bool, Error> {
    Ok(transaction.run(held(Sql::new("DELETE FROM jobs"), job)).await? == 1)
}

/// The row, as long as it is ours: every claim counts the attempts up.
fn held(mut sql: Sql, job: &Job) -> Sql {
    sql.push(" WHERE tenant_id = ").bind(job.scope.tenant_id().uuid()).push(" AND id = ").bind(job.id);
    sql.push(" AND state = 'running' AND attempt = ").bind(job.attempt);
    sql
}
