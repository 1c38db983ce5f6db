//! The task that claims jobs and runs them, and that tidies up now and then.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use store::{Job, Outcome};
use tokio::time::Instant;

use super::{Desk, KINDS, Stopped, run};
use crate::app::App;
use crate::clock::Clock;
use crate::http::error::chain;
use crate::metrics;

/// Jobs that are claimed at once.
const CLAIM: u64 = 10;

/// Attempts after which a job is left for a person to look at.
const ATTEMPTS: i64 = 12;

/// Old entries of the request log that are taken out at once, so that nobody waits long behind them.
const PORTION: u64 = 2_000;

/// How often old entries of the request log are looked for.
const PRUNE: Duration = Duration::from_hours(1);

/// Works until the app stops: at once when somebody announces work, and every few seconds without.
pub(crate) async fn work(app: Arc<App>, clock: Clock) {
    let desk = Desk::new(app.store(), &clock, app.config(), Some(app.stop()));
    let name = app.id().to_string();
    let mut pruned: Option<Instant> = None;
    while !app.stop().is_cancelled() {
        if turn(&desk, &name).await {
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

/// Claims what is due and runs it; says whether there was anything.
pub(crate) async fn turn(desk: &Desk<'_>, worker: &str) -> bool {
    let jobs = match desk.store.claim_jobs(KINDS, worker, desk.now(), desk.lease(), CLAIM).await {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::warn!(error = chain(&error), "jobs could not be claimed");
            return false;
        }
    };
    for job in &jobs {
        let (outcome, word) = match run(desk, job).await {
            Ok(()) => (Outcome::Done, "done"),
            Err(stopped) => ended(job, &stopped),
        };
        metrics::job_ended(&job.kind, word);
        if let Err(error) = desk.store.finish_job(job, outcome, desk.now()).await {
            tracing::warn!(job = %job.id, kind = job.kind, error = chain(&error), "a job could not be ended");
        }
    }
    !jobs.is_empty()
}

fn ended(job: &Job, stopped: &Stopped) -> (Outcome, &'static str) {
    let reason = chain(stopped);
    match stopped {
        // The lease is given back, so that the next worker need not wait for its end.
        Stopped::Closed => (Outcome::Retry { after: TimeDelta::zero(), reason }, "handed over"),
        Stopped::Failed(_) if job.attempt < ATTEMPTS => {
            tracing::warn!(job = %job.id, kind = job.kind, attempt = job.attempt, error = reason, "a job failed");
            (Outcome::Retry { after: backoff(job.attempt), reason }, "retried")
        }
        Stopped::Failed(_) | Stopped::Broken(_) => {
            tracing::error!(job = %job.id, kind = job.kind, error = reason, "a job is given up");
            (Outcome::Failed(reason), "failed")
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
    match app.store().forget_requests(before, PORTION, || !app.stop().is_cancelled()).await {
        Ok(0) => {}
        Ok(number) => tracing::info!(number, "old requests were taken out of the request log"),
        Err(error) => tracing::warn!(error = chain(&error), "old requests could not be forgotten"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use store::{NewJob, Options, Store, TenantScope, job_kind};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::config::Config;
    use crate::jobs::settle_group;

    struct Office {
        store: Arc<Store>,
        scope: TenantScope,
        clock: Clock,
        config: Config,
    }

    impl Office {
        async fn open() -> Self {
            let options = Options { url: "sqlite::memory:".to_owned(), max_connections: 1, migrate: true };
            let store = Store::open(&options).await.expect("a database in memory");
            let clock = Clock::standing_at(DateTime::from_timestamp(1_772_355_600, 0).expect("an instant"));
            store.create_tenant("Alpha", clock.now()).await.expect("an empty database has no Alpha");
            let (scope, _) = store.tenant("Alpha").await.expect("readable").expect("just created");
            let config = Config::from_sources(None, &[], &[]).expect("the defaults");
            Self { store: Arc::new(store), scope, clock, config }
        }

        async fn enqueue(&self, kind: &str, payload: serde_json::Value) {
            let mut unit = self.store.write(&self.scope).await.expect("a unit opens");
            let run_at = self.clock.now();
            let job = NewJob { kind: kind.to_owned(), payload, run_at, dedup: None };
            unit.enqueue(job, run_at).await.expect("queued");
            unit.commit().await.expect("committed");
        }

        async fn claim(&self) -> Vec<Job> {
            let lease = TimeDelta::seconds(60);
            self.store.claim_jobs(KINDS, "other", self.clock.now(), lease, 10).await.expect("readable")
        }
    }

    #[test]
    fn attempts_come_later_and_later_but_within_the_hour() {
        let seconds: Vec<i64> = (1..=12).map(|attempt| backoff(attempt).num_seconds()).collect();
        assert_eq!(seconds[..4], [5, 10, 20, 40]);
        assert!(seconds.is_sorted() && seconds[11] <= 3600);
    }

    #[tokio::test]
    async fn a_worker_that_ends_hands_its_job_over_at_once() {
        let office = Office::open().await;
        let id = "01900000-0000-7000-8000-000000000000";
        let payload = json!({ "group": id, "name": "Team", "pool": id, "bound": true, "after": null });
        office.enqueue(settle_group::KIND, payload).await;
        let stop = CancellationToken::new();
        stop.cancel();
        let desk = Desk::new(&office.store, &office.clock, &office.config, Some(&stop));
        assert!(turn(&desk, "ending").await);
        let [job] = office.claim().await.try_into().expect("the job is free");
        assert_eq!((job.attempt, job.last_error.as_deref()), (2, Some("the program ended")));
    }

    #[tokio::test]
    async fn a_job_that_nobody_can_read_is_given_up_and_one_with_nothing_to_do_is_done() {
        let office = Office::open().await;
        office.enqueue(job_kind::END_GRACE, json!({ "nobody": 1 })).await;
        let gone = "01900000-0000-7000-8000-000000000000";
        office.enqueue(job_kind::END_GRACE, json!({ "user": gone })).await;
        let desk = Desk::new(&office.store, &office.clock, &office.config, None);
        assert!(turn(&desk, "worker").await);
        assert!(!turn(&desk, "worker").await, "neither comes again");
        assert_eq!(office.claim().await, []);
    }
}
