//! The task that claims jobs and runs them, and that tidies up now and then.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use operations::work::{KINDS, Pace, WorkError, step};
use operations::{Database, Job, JobOutcome, chain};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::metrics;

/// Jobs that are claimed at once.
const CLAIM: u64 = 10;

/// Attempts after which a job is left for a person to look at.
const ATTEMPTS: i64 = 12;

/// Old entries of the request log that are taken out at once, so that nobody waits long behind them.
const PORTION: u64 = 2_000;

/// How often old entries of the request log are looked for.
const PRUNE: Duration = Duration::from_hours(1);

/// What a worker needs to take steps.
pub(crate) struct Worker<'w> {
    db: &'w Database,
    clock: &'w Clock,
    batch: u64,
    lease: TimeDelta,
    stop: Option<&'w CancellationToken>,
}

impl<'w> Worker<'w> {
    /// A worker that ends when `stop` is cancelled.
    pub(crate) fn new(
        db: &'w Database,
        clock: &'w Clock,
        config: &Config,
        stop: Option<&'w CancellationToken>,
    ) -> Self {
        let lease = TimeDelta::seconds(config.jobs.lease_seconds.into());
        Self { db, clock, batch: config.jobs.batch.into(), lease, stop }
    }

    /// The pace of a step that is taken now.
    pub(crate) fn pace(&self) -> Pace {
        Pace { now: self.clock.now(), batch: self.batch, lease: self.lease }
    }

    /// Claims what is due and runs it; says whether there was anything.
    pub(crate) async fn turn(&self, name: &str) -> bool {
        let now = self.clock.now();
        let jobs = match self.db.claim_jobs(KINDS, name, now, self.lease, CLAIM).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(error = chain(&error), "jobs could not be claimed");
                return false;
            }
        };
        let any = !jobs.is_empty();
        for mut job in jobs {
            let (outcome, word) = match self.run(&mut job).await {
                Ok(()) => (JobOutcome::Done, "done"),
                Err(error) => ended(&job, &error),
            };
            metrics::job_ended(&job.kind, word);
            if let Err(error) = self.db.finish_job(&job, outcome, self.clock.now()).await {
                tracing::warn!(job = %job.id, kind = job.kind, error = chain(&error), "a job could not be ended");
            }
        }
        any
    }

    /// Takes the steps of one job to its end, or until the worker ends.
    async fn run(&self, job: &mut Job) -> Result<(), JobError> {
        loop {
            if self.stop.is_some_and(CancellationToken::is_cancelled) {
                return Err(JobError::Stopped);
            }
            if step(self.db, job, self.pace()).await?.is_none() {
                return Ok(());
            }
        }
    }
}

/// Why a job did not come to its end.
#[derive(Debug, thiserror::Error)]
enum JobError {
    /// The program ends; the job goes on from where it is.
    #[error("the program ended")]
    Stopped,
    /// A step was not taken.
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// Works until the app stops: at once when there is news of work, and every few seconds without.
pub(crate) async fn work(app: Arc<App>, clock: Clock) {
    let worker = Worker::new(app.db(), &clock, app.config(), Some(app.stop()));
    let name = app.id().to_string();
    let mut pruned: Option<Instant> = None;
    while !app.stop().is_cancelled() {
        if worker.turn(&name).await {
            continue;
        }
        metrics::tidy();
        app.rates().tidy();
        if pruned.is_none_or(|last| last.elapsed() >= PRUNE) {
            forget_old_requests(&app).await;
            pruned = Some(Instant::now());
        }
        tokio::select! {
            () = app.stop().cancelled() => {}
            () = app.work().notified() => {}
            () = tokio::time::sleep(Duration::from_secs(app.config().jobs.poll_seconds)) => {}
        }
    }
}

fn ended(job: &Job, error: &JobError) -> (JobOutcome, &'static str) {
    let reason = chain(error);
    match error {
        // The lease is given back, so that the next worker need not wait for its end.
        JobError::Stopped => (JobOutcome::Retry { after: TimeDelta::zero(), reason }, "handed over"),
        JobError::Work(WorkError::Failed(_)) if job.attempt < ATTEMPTS => {
            tracing::warn!(job = %job.id, kind = job.kind, attempt = job.attempt, error = reason, "a job failed");
            (JobOutcome::Retry { after: backoff(job.attempt), reason }, "retried")
        }
        JobError::Work(_) => {
            tracing::error!(job = %job.id, kind = job.kind, error = reason, "a job is given up");
            (JobOutcome::Failed(reason), "failed")
        }
    }
}

/// Twice as long after every attempt, at most an hour.
fn backoff(attempt: i64) -> TimeDelta {
    let doublings = u32::try_from(attempt.clamp(1, 10) - 1).unwrap_or(0);
    TimeDelta::seconds((5 << doublings).min(3600))
}

/// Takes requests out of the request log that are older than the settings keep them.
pub(crate) async fn forget_old_requests(app: &App) {
    let kept = TimeDelta::try_days(app.config().requests.retention_days.into());
    let Some(before) = kept.and_then(|kept| app.now().checked_sub_signed(kept)) else { return };
    match app.db().forget_requests(before, PORTION, || !app.stop().is_cancelled()).await {
        Ok(0) => {}
        Ok(number) => tracing::info!(number, "old requests were taken out of the request log"),
        Err(error) => tracing::warn!(error = chain(&error), "old requests could not be forgotten"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_later_and_later_but_within_the_hour() {
        let seconds: Vec<i64> = (1..=12).map(|attempt| backoff(attempt).num_seconds()).collect();
        assert_eq!(seconds[..4], [5, 10, 20, 40]);
        assert!(seconds.is_sorted() && seconds[11] <= 3600);
    }
}
