//! The tasks beside the requests: one for each lane of jobs, and one that tidies up.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use operations::{Kept, chain, idempotency, imports, people, sign_in, streams};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::{Instant, sleep};

use super::context::JobContext;
use super::lane::{Lane, PLANS, Plan, Sends};
use crate::app::App;
use crate::clock::Clock;
use crate::metrics;
use crate::panics::survived;

/// Old rows that are taken out at once, so that no writer waits long behind them.
const PORTION: u64 = 2_000;

/// How often old rows are looked for.
const PRUNE: Duration = Duration::from_hours(1);

/// Wakes every lane.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    lanes: [Notify; PLANS.len()],
    /// Those who wait for news in a request.
    waiting: Notify,
}

impl Bell {
    /// Says that there may be work; a lane that is not waiting looks again before it waits.
    pub(crate) fn notify_one(&self) {
        self.lanes.iter().for_each(Notify::notify_one);
        self.waiting.notify_waiters();
    }

    /// Is woken when there may be news, from now on.
    pub(crate) fn news(&self) -> Notified<'_> {
        self.waiting.notified()
    }
}

/// Starts the lanes and what tidies up; they end when the app stops.
pub(crate) fn start(app: &Arc<App>, clock: &Clock) {
    for (number, plan) in PLANS.into_iter().enumerate() {
        let lanes = match plan.sends {
            Sends::Nothing => 1,
            Sends::Mail if app.outbound().mailer.is_none() => 0,
            Sends::Mail => app.config().mail.send_at_once,
            Sends::Events => app.config().webhooks.send_at_once,
        };
        for turn in 0..lanes {
            let (app, clock) = (Arc::clone(app), clock.clone());
            let tasks = app.tasks().clone();
            tasks.spawn(async move {
                let worker = format!("{}/{number}.{turn}", app.id());
                let context =
                    JobContext::new(app.db(), &clock, app.config(), Some(app.outbound())).within(&app);
                let lane = Lane::new(context, plan, worker);
                work(&app, lane, &app.work().lanes[number]).await;
            });
        }
    }
    app.tasks().spawn(tidy(Arc::clone(app)));
}

/// Runs every job that is due now, and those that they make due; for tests and tools without a worker.
pub(crate) async fn run_due(app: &App, clock: &Clock) {
    let context = JobContext::new(app.db(), clock, app.config(), Some(app.outbound())).within(app);
    let idle = |plan: &Plan| plan.sends == Sends::Mail && app.outbound().mailer.is_none();
    let plans = PLANS.into_iter().filter(|plan| !idle(plan));
    let mut lanes: Vec<_> = plans.map(|plan| Lane::new(context, plan, "by hand".to_owned())).collect();
    loop {
        let mut any = false;
        for lane in &mut lanes {
            any |= lane.turn().await;
        }
        if !any {
            return;
        }
    }
}

/// Works until the app stops: at once when there is news of work, and every few seconds without.
async fn work(app: &App, mut lane: Lane<'_>, news: &Notify) {
    while !app.stop().is_cancelled() {
        // A panic outside of a step leaves its job to the end of the lease.
        if survived(lane.turn()).await.unwrap_or(false) {
            // There may be more than this lane holds: another one of the same jobs looks, too.
            news.notify_one();
            continue;
        }
        tokio::select! {
            () = app.stop().cancelled() => {}
            () = news.notified() => {}
            () = sleep(Duration::from_secs(app.config().jobs.poll_seconds)) => {}
        }
    }
    lane.hand_over().await;
}

/// Gives memory free and takes old rows out until the app stops.
async fn tidy(app: Arc<App>) {
    let mut pruned: Option<Instant> = None;
    while !app.stop().is_cancelled() {
        metrics::tidy();
        app.rates().tidy();
        if pruned.is_none_or(|last| last.elapsed() >= PRUNE) {
            // The panic hook has logged a panic; the next round is another attempt.
            let _ = survived(forget_what_is_old(&app)).await;
            pruned = Some(Instant::now());
        }
        tokio::select! {
            () = app.stop().cancelled() => {}
            () = sleep(Duration::from_secs(app.config().jobs.poll_seconds)) => {}
        }
    }
}

/// Takes out what is older than the settings keep it.
pub(crate) async fn forget_what_is_old(app: &App) {
    let config = app.config();
    for (kept, days) in [
        (Kept::Requests, config.requests.retention_days),
        (Kept::Events, config.events.retention_days),
        (Kept::Changes, config.events.retention_days),
        (Kept::Deferred, config.events.retention_days),
    ] {
        let days = TimeDelta::try_days(days.into());
        let Some(before) = days.and_then(|days| app.now().checked_sub_signed(days)) else { continue };
        match app.db().forget(kept, before, PORTION, || !app.stop().is_cancelled()).await {
            Ok(0) => {}
            Ok(number) => tracing::info!(number, ?kept, "what was old was taken out"),
            Err(error) => tracing::warn!(error = chain(&error), ?kept, "what is old could not be taken out"),
        }
    }
    let days = TimeDelta::days(config.events.retention_days.into());
    match streams::forget(app.db(), app.now() - days).await {
        Ok(0) => {}
        Ok(number) => tracing::info!(number, "what every stream has passed was taken out"),
        Err(error) => {
            tracing::warn!(error = chain(&error), "what every stream has passed could not be taken out");
        }
    }
    let lasts = config.console.lasts();
    match sign_in::forget(app.db(), lasts, app.now()).await {
        Ok(0) => {}
        Ok(number) => tracing::info!(number, "sessions that have ended were taken out"),
        Err(error) => {
            tracing::warn!(error = chain(&error), "sessions that have ended could not be taken out");
        }
    }
    if let Err(error) = idempotency::forget(app.db(), app.now()).await {
        tracing::warn!(error = chain(&error), "old Idempotency-Keys could not be taken out");
    }
    match imports::forget(app.db(), app.now() - TimeDelta::days(1)).await {
        Ok(0) => {}
        Ok(number) => tracing::info!(number, "imports that had not begun within a day were taken out"),
        Err(error) => tracing::warn!(error = chain(&error), "old imports could not be taken out"),
    }
    let days = TimeDelta::days(config.provisioning.deleted_days.into());
    let erased = people::erase_old(app.db(), app.now() - days, app.now(), || !app.stop().is_cancelled());
    match erased.await {
        Ok(0) => {}
        Ok(number) => tracing::info!(number, "what was kept of deleted people was erased"),
        Err(error) => tracing::warn!(error = chain(&error), "deleted people could not be erased"),
    }
}
