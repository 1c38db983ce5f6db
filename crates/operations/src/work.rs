//! Long work: many people in batches, each batch one unit of work that ends with how far the work has come. An
//! operation starts it; a worker of the server, or the command that started it, takes one step after the other.

pub(crate) mod alert_brake;
pub(crate) mod alert_full;
pub(crate) mod decide_brake;
pub(crate) mod delete_pool;
pub(crate) mod delete_tenant;
pub(crate) mod end_grace;
pub(crate) mod end_lingering;
pub(crate) mod expire_pool;
pub(crate) mod group_deleted;
pub(crate) mod hand_over;
pub(crate) mod import;
pub(crate) mod invite;
pub(crate) mod join_groups;
pub(crate) mod let_leave;
pub(crate) mod members_moved;
pub(crate) mod move_people;
pub(crate) mod notify;
pub(crate) mod remind;
pub(crate) mod serve_queue;
pub(crate) mod set_reminders;
pub(crate) mod settle_group;
pub(crate) mod settle_pool;
pub(crate) mod warn_pool;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Cause, Entry, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Actor, ActorKind, Job, NewJob, TenantScope, WriteUnit, job_kind};
use thiserror::Error as ThisError;

use crate::alerts;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Requester;
use crate::settle::Change;

/// The kinds of work that come due at a time, or that are done in a few steps.
pub const TIMERS: &[&str] = &[
    job_kind::END_GRACE,
    end_lingering::KIND,
    job_kind::SERVE_QUEUE,
    job_kind::INVITATION,
    let_leave::KIND,
    remind::KIND,
    notify::KIND,
    expire_pool::KIND,
    alert_brake::KIND,
    alert_full::KIND,
    warn_pool::KIND,
    join_groups::KIND,
];

/// The kinds of work that take as many steps as there are people.
pub const LONG: &[&str] = &[
    settle_group::KIND,
    settle_pool::KIND,
    group_deleted::KIND,
    hand_over::KIND,
    import::KIND,
    members_moved::KIND,
    move_people::KIND,
    decide_brake::KIND,
    set_reminders::KIND,
    delete_pool::KIND,
    delete_tenant::KIND,
];

/// How long the job that stands in for an interrupted command waits for the next step of the command itself.
const STAND_IN: TimeDelta = TimeDelta::seconds(60);

/// What a step of long work came to: people looked at, and those for whom a pool had no seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// People who were looked at.
    pub people: u64,
    /// Of these, those whom a pool of the policy `reject` turned away.
    pub refused: u64,
}

impl Progress {
    /// Adds what another step came to.
    pub const fn add(&mut self, step: Self) {
        self.people += step.people;
        self.refused += step.refused;
    }
}

/// Why a step was not taken.
#[derive(Debug, ThisError)]
pub enum WorkError {
    /// Nothing can be done with this work.
    #[error("{0}")]
    Broken(String),
    /// A step failed, and may succeed later.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<store::Error> for WorkError {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// When a step is taken, how many people it may look at, and for how long the worker then owns the job.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The instant.
    pub now: DateTime<Utc>,
    /// The most people of a step.
    pub batch: u64,
    /// How long the worker owns the job from now on.
    pub lease: TimeDelta,
}

impl Pace {
    /// Takes the next of a step off a list.
    fn take<T>(self, list: &mut Vec<T>) -> Vec<T> {
        let most = usize::try_from(self.batch).unwrap_or(usize::MAX).max(1);
        list.drain(..most.min(list.len())).collect()
    }
}

/// Long work that an operation has started and that the caller is to bring to its end, step by step. Should the caller
/// not come to the end, a job does.
#[derive(Clone, Debug)]
pub struct Work {
    scope: TenantScope,
    actor: Actor,
    kind: &'static str,
    payload: Value,
    /// The key of the job that stands in for an interrupted caller.
    key: String,
}

impl Work {
    /// Starts work in a unit: the job that stands in for the caller is queued.
    pub(crate) async fn start(
        requester: &Requester,
        unit: &mut WriteUnit,
        job: NewJob,
        kind: &'static str,
    ) -> Result<Self, Error> {
        let key = job.dedup.clone().unwrap_or_default();
        let payload = job.payload.clone();
        // Behind the console stands no command that takes the steps: a worker does, at once.
        let console = requester.actor.kind == ActorKind::Administrator;
        let wait = if console { TimeDelta::zero() } else { STAND_IN };
        unit.enqueue(NewJob { run_at: requester.now + wait, ..job }, requester.now).await?;
        Ok(Self { scope: requester.scope.clone(), actor: requester.actor.clone(), kind, payload, key })
    }

    /// Takes the next step; nothing once the end is reached, and then no job stands in any more.
    ///
    /// # Errors
    /// [`WorkError`].
    pub async fn step(&mut self, db: &Database, pace: Pace) -> Result<Option<Progress>, WorkError> {
        let mut step = Step {
            db,
            scope: &self.scope,
            actor: self.actor.clone(),
            payload: self.payload.clone(),
            job: None,
            stand_in: Some(&self.key),
            pace,
        };
        let progress = step.take(self.kind).await?;
        self.payload = step.payload;
        if progress.is_none() {
            let key = [self.key.clone()];
            let done = async |mut unit: WriteUnit| -> Attempt<()> {
                unit.withdraw_jobs(&key).await?;
                Ok((unit, ()))
            };
            db.write(&self.scope, done).await?;
        }
        Ok(progress)
    }
}

/// Takes the next step of a job; nothing once the end is reached. The job remembers how far it has come.
///
/// # Errors
/// [`WorkError`].
pub async fn step(db: &Database, job: &mut Job, pace: Pace) -> Result<Option<Progress>, WorkError> {
    let actor = Actor::of_job(job);
    let mut step = Step {
        db,
        scope: &job.scope,
        actor,
        payload: job.payload.clone(),
        job: Some(job),
        stand_in: None,
        pace,
    };
    let progress = step.take(&job.kind).await?;
    let payload = step.payload;
    job.payload = payload;
    Ok(progress)
}

/// One step of long work.
pub(crate) struct Step<'s> {
    pub(crate) db: &'s Database,
    pub(crate) scope: &'s TenantScope,
    pub(crate) actor: Actor,
    payload: Value,
    /// The claimed job, where a worker takes the step.
    job: Option<&'s Job>,
    /// The key of the job that stands in, where a command takes the step.
    stand_in: Option<&'s str>,
    pub(crate) pace: Pace,
}

impl Step<'_> {
    async fn take(&mut self, kind: &str) -> Result<Option<Progress>, WorkError> {
        match kind {
            job_kind::END_GRACE => end_grace::step(self).await,
            end_lingering::KIND => end_lingering::step(self).await,
            job_kind::INVITATION => invite::step(self).await,
            let_leave::KIND => let_leave::step(self).await,
            remind::KIND => remind::step(self).await,
            notify::KIND => notify::step(self).await,
            job_kind::SERVE_QUEUE => serve_queue::step(self).await,
            settle_group::KIND => settle_group::step(self).await,
            settle_pool::KIND => settle_pool::step(self).await,
            expire_pool::KIND => expire_pool::step(self).await,
            alert_brake::KIND => alert_brake::step(self).await,
            alert_full::KIND => alert_full::step(self).await,
            warn_pool::KIND => warn_pool::step(self).await,
            decide_brake::KIND => decide_brake::step(self).await,
            move_people::KIND => move_people::step(self).await,
            group_deleted::KIND => group_deleted::step(self).await,
            hand_over::KIND => hand_over::step(self).await,
            import::KIND => import::step(self).await,
            join_groups::KIND => join_groups::step(self).await,
            members_moved::KIND => members_moved::step(self).await,
            set_reminders::KIND => set_reminders::step(self).await,
            delete_pool::KIND => delete_pool::step(self).await,
            delete_tenant::KIND => delete_tenant::step(self).await,
            other => Err(WorkError::Broken(format!("there is no work of the kind \"{other}\""))),
        }
    }

    /// When the job was to run; none for the step of a command.
    pub(crate) fn due(&self) -> Option<DateTime<Utc>> {
        self.job.map(|job| job.run_at)
    }

    /// What is to be done, and how far that is.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, WorkError> {
        serde_json::from_value(self.payload.clone())
            .map_err(|error| WorkError::Broken(format!("the payload of the job cannot be read: {error}")))
    }

    /// Remembers in a unit how far the work has come, together with the work that the unit does. The job that stands in for a
    /// command goes on waiting, because the command works.
    pub(crate) async fn save(&self, unit: &mut WriteUnit, payload: &Value) -> Result<(), Error> {
        if let Some(key) = self.stand_in {
            unit.postpone_job(key, self.pace.now + STAND_IN).await?;
        }
        if let Some(job) = self.job {
            unit.save_progress(job, payload.clone(), self.pace.now, self.pace.lease).await?;
        }
        Ok(())
    }

    /// The next step begins here.
    pub(crate) fn saved(&mut self, payload: Value) {
        self.payload = payload;
    }

    /// Records entries and settles people in one unit, and remembers how far the work has come. When a pool refuses, people are settled
    /// one by one, and those whom it turns away are counted: one person for whom there is no seat undoes nothing.
    pub(crate) async fn settle(
        &mut self,
        people: &[UserId],
        cause: &Cause,
        told: &[Entry],
        payload: Value,
    ) -> Result<Progress, WorkError> {
        let mut progress = Progress { people: people.len() as u64, refused: 0 };
        match self.settle_in_one_unit(people, cause, told, Some(&payload)).await {
            Ok(()) => {}
            Err(Error::Rule(_)) => {
                for person in people {
                    match self.settle_in_one_unit(&[*person], cause, &[], None).await {
                        Ok(()) => {}
                        Err(refusal @ Error::Rule(_)) => {
                            if progress.refused == 0 {
                                alerts::note_refusal(self.db, self.scope, &refusal, self.pace.now).await;
                            }
                            progress.refused += 1;
                        }
                        Err(other) => return Err(other.into()),
                    }
                }
                self.settle_in_one_unit(&[], cause, told, Some(&payload)).await?;
            }
            Err(other) => return Err(other.into()),
        }
        self.saved(payload);
        Ok(progress)
    }

    async fn settle_in_one_unit(
        &self,
        people: &[UserId],
        cause: &Cause,
        told: &[Entry],
        payload: Option<&Value>,
    ) -> Result<(), Error> {
        let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
            let change = Change { cause, actor: &self.actor, now: self.pace.now };
            unit.record(told.iter().map(|entry| (entry, &self.actor)), self.pace.now).await?;
            change.settle(&mut unit, people).await?;
            if let Some(payload) = payload {
                self.save(&mut unit, payload).await?;
            }
            Ok((unit, ()))
        };
        self.db.write(self.scope, attempt).await.map(drop)
    }
}
