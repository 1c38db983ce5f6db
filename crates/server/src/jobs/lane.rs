//! A lane: jobs of some kinds, one step at a time, in turn by tenant, so that long work and many jobs delay only
//! themselves.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use operations::deferred::RUN;
use operations::mail::{self, SEND_CODE, SEND_MAIL};
use operations::streams::{self, PUSH};
use operations::webhooks::{self, DELIVER};
use operations::work::{LONG, Progress, TIMERS, WorkError, step};
use operations::{Claim, Job, JobOutcome, TenantId, chain};

use super::context::JobContext;
use super::{deliver, notify, push, run};
use crate::metrics;
use crate::outbound::Outbound;
use crate::panics::{Panicked, survived};

/// Attempts after which a job is left for a person to look at.
const ATTEMPTS: i64 = 12;

/// Which jobs a lane takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// What those who watch know it by.
    pub(crate) name: &'static str,
    pub(crate) kinds: &'static [&'static str],
    /// The most jobs that it holds.
    most: usize,
    /// The most that it claims of one tenant.
    each: u64,
    /// What its jobs send.
    pub(crate) sends: Sends,
}

/// What the jobs of a lane send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sends {
    /// Nothing: they settle people.
    Nothing,
    /// Mail: without a mail server they wait.
    Mail,
    /// Events, to webhooks and to the receivers of streams.
    Events,
}

/// The lanes of a server. A person waits for a code, so codes do not wait behind other mail.
pub(crate) const PLANS: [Plan; 6] = [
    Plan { name: "timers", kinds: TIMERS, most: 200, each: 20, sends: Sends::Nothing },
    Plan { name: "long", kinds: LONG, most: 100, each: 4, sends: Sends::Nothing },
    Plan { name: "codes", kinds: &[SEND_CODE], most: 20, each: 5, sends: Sends::Mail },
    Plan { name: "mail", kinds: &[SEND_MAIL], most: 20, each: 10, sends: Sends::Mail },
    Plan { name: "webhooks", kinds: &[DELIVER, PUSH], most: 20, each: 10, sends: Sends::Events },
    Plan { name: "requests", kinds: &[RUN], most: 50, each: 5, sends: Sends::Nothing },
];

/// Takes the next step of a job.
type TakeStep = for<'s> fn(JobContext<'s>, &'s mut Job) -> BoxFuture<'s, Result<Option<Progress>, WorkError>>;

/// The step of a job of any kind.
fn take_step<'s>(
    context: JobContext<'s>,
    job: &'s mut Job,
) -> BoxFuture<'s, Result<Option<Progress>, WorkError>> {
    match (&*job.kind, context.outbound) {
        (SEND_CODE | SEND_MAIL, Some(Outbound { mailer: Some(mailer), .. })) => {
            Box::pin(deliver::step(context, mailer, job))
        }
        (DELIVER, Some(outbound)) => Box::pin(notify::step(context, &outbound.postman, job)),
        (PUSH, Some(outbound)) => Box::pin(push::step(context, &outbound.stream_postman, job)),
        (RUN, _) if let Some(app) = context.app => Box::pin(run::step(context, app, job)),
        _ => Box::pin(step(context.db, job, context.pace())),
    }
}

/// The jobs that one worker has claimed in one lane.
pub(crate) struct Lane<'l> {
    context: JobContext<'l>,
    plan: Plan,
    worker: String,
    take_step: TakeStep,
    /// By tenant; the first one's first job has its turn.
    held: VecDeque<(TenantId, VecDeque<Job>)>,
    /// Steps that are taken before new jobs are looked for.
    before_claim: usize,
    /// When the leases of all that is held were given last.
    kept: DateTime<Utc>,
}

impl<'l> Lane<'l> {
    /// A lane in which nothing is claimed yet.
    pub(crate) fn new(context: JobContext<'l>, plan: Plan, worker: String) -> Self {
        let take_step: TakeStep = take_step;
        let kept = context.clock.now();
        let context = context.for_sending(plan.sends);
        Self { context, plan, worker, take_step, held: VecDeque::new(), before_claim: 0, kept }
    }

    /// Claims what is due, and takes one step of the job whose turn it is; `false` if there was nothing to do.
    pub(crate) async fn turn(&mut self) -> bool {
        self.claim().await;
        self.keep().await;
        let Some((tenant, mut jobs)) = self.held.pop_front() else { return false };
        self.before_claim = self.before_claim.saturating_sub(1);
        if let Some(mut job) = jobs.pop_front() {
            let outcome = if job.attempt > ATTEMPTS {
                Err(JobError::Abandoned)
            } else {
                let step = survived((self.take_step)(self.context, &mut job)).await;
                step.map_err(JobError::from).and_then(|taken| Ok(taken?))
            };
            match outcome {
                Ok(Some(_)) => jobs.push_back(job),
                Ok(None) => self.finish(&job, JobOutcome::Done, "done").await,
                Err(error) => {
                    let (outcome, word) = ended(&job, &error);
                    self.end(&job, outcome, word).await;
                }
            }
        }
        if !jobs.is_empty() {
            self.held.push_back((tenant, jobs));
        }
        true
    }

    /// Gives back what is held, so that another worker need not wait for the ends of the leases.
    pub(crate) async fn hand_over(&mut self) {
        for job in std::mem::take(&mut self.held).into_iter().flat_map(|(_, jobs)| jobs) {
            self.finish(&job, JobOutcome::HandedOver, "handed over").await;
        }
    }

    fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.held.iter().flat_map(|(_, jobs)| jobs)
    }

    /// Claims jobs of tenants of which nothing is held, once every job that is held has had its turn.
    async fn claim(&mut self) {
        let held = self.jobs().count();
        let room = self.plan.most.saturating_sub(held);
        if self.before_claim.min(held) > 0 || room == 0 {
            return;
        }
        let without: Vec<TenantId> = self.held.iter().map(|(tenant, _)| *tenant).collect();
        let claim =
            Claim { kinds: self.plan.kinds, most: room as u64, each: self.plan.each, without: &without };
        let now = self.context.clock.now();
        if self.plan.sends == Sends::Events {
            if let Err(error) = webhooks::spread(self.context.db, now).await {
                tracing::warn!(error = chain(&error), "events could not be handed to webhooks");
            }
            if let Err(error) = streams::spread(self.context.db, now).await {
                tracing::warn!(error = chain(&error), "changes could not be handed to streams");
            }
        }
        match self.context.db.claim_jobs(&claim, &self.worker, now, self.context.lease).await {
            Ok(jobs) => jobs.into_iter().for_each(|job| self.hold(job)),
            Err(error) => tracing::warn!(error = chain(&error), "jobs could not be claimed"),
        }
        self.before_claim = self.jobs().count();
        if held == 0 {
            self.kept = now;
        }
    }

    fn hold(&mut self, job: Job) {
        let tenant = job.scope.tenant_id();
        match self.held.iter_mut().find(|(known, _)| *known == tenant) {
            Some((_, jobs)) => jobs.push_back(job),
            None => self.held.push_back((tenant, VecDeque::from([job]))),
        }
    }

    /// Keeps what is held for longer before the leases are over, and lets go of what went to another worker.
    async fn keep(&mut self) {
        let now = self.context.clock.now();
        if self.held.is_empty() || now - self.kept < self.context.lease / 3 {
            return;
        }
        let jobs: Vec<&Job> = self.jobs().collect();
        match self.context.db.keep_jobs(&jobs, now, self.context.lease).await {
            Ok(ours) => {
                for (_, jobs) in &mut self.held {
                    jobs.retain(|job| {
                        let kept = ours.contains(&job.id);
                        if !kept {
                            lost(job);
                        }
                        kept
                    });
                }
                self.held.retain(|(_, jobs)| !jobs.is_empty());
                self.kept = now;
            }
            Err(error) => tracing::warn!(error = chain(&error), "leases of jobs could not be kept"),
        }
    }

    /// Ends a job that came to no end. What a job was to send that is given up is given up with it; until that is written
    /// down, the job stays.
    async fn end(&self, job: &Job, outcome: JobOutcome, word: &'static str) {
        let (db, now) = (self.context.db, self.context.clock.now());
        let given_up = match (&outcome, self.plan.sends) {
            (JobOutcome::Failed(why), Sends::Mail) => {
                mail::record(db, job, &mail::Fate::GivenUp(why.clone()), now).await
            }
            (JobOutcome::Failed(why), Sends::Events) => {
                let fate = webhooks::Fate::GivenUp(why.clone());
                if job.kind == PUSH {
                    streams::record(db, job, (None, &fate), now).await
                } else {
                    webhooks::record(db, job, &fate, now).await
                }
            }
            _ => Ok(()),
        };
        match given_up {
            Ok(()) => self.finish(job, outcome, word).await,
            Err(error) => {
                let reason = chain(&error);
                tracing::warn!(job = %job.id, kind = job.kind, error = reason, "what a job was to send could not be given up");
                self.finish(job, JobOutcome::Retry { after: backoff(job.attempt), reason }, "retried").await;
            }
        }
    }

    async fn finish(&self, job: &Job, outcome: JobOutcome, word: &'static str) {
        match self.context.db.finish_job(job, outcome, self.context.clock.now()).await {
            Ok(true) => metrics::job_ended(&job.kind, word),
            Ok(false) => lost(job),
            Err(error) => {
                tracing::warn!(job = %job.id, kind = job.kind, error = chain(&error), "a job could not be ended");
            }
        }
    }
}

fn lost(job: &Job) {
    metrics::job_ended(&job.kind, "lost");
    tracing::warn!(job = %job.id, kind = job.kind, "the lease of a job was over before the job was: another worker has it");
}

/// Why a job did not come to its end.
#[derive(Debug, thiserror::Error)]
enum JobError {
    /// No worker that took it was heard of again.
    #[error("{ATTEMPTS} workers ended while they did it")]
    Abandoned,
    /// A step panicked.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// A step was not taken.
    #[error(transparent)]
    Work(#[from] WorkError),
}

fn ended(job: &Job, error: &JobError) -> (JobOutcome, &'static str) {
    let reason = chain(error);
    match error {
        JobError::Panicked(_) | JobError::Work(WorkError::Failed(_)) if job.attempt < ATTEMPTS => {
            tracing::warn!(job = %job.id, kind = job.kind, attempt = job.attempt, error = reason, "a job failed");
            (JobOutcome::Retry { after: backoff(job.attempt), reason }, "retried")
        }
        _ => {
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

#[cfg(test)]
mod tests;
