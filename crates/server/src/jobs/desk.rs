//! Where long work is done, by a worker of the server or by an operator's command: people in batches, each batch one
//! unit of work that ends with how far it has come.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{Cause, Policy, UserId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Actor, ActorKind, ConnectionId, Job, ReadUnit, Store, TenantScope, WriteUnit};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::settle::{Change, Unsettled};

/// Why a job did not come to its end.
#[derive(Debug, Error)]
pub(crate) enum Stopped {
    /// The program ends; the job goes on from where it is.
    #[error("the program ended")]
    Closed,
    /// Nothing can be done with it.
    #[error("{0}")]
    Broken(String),
    /// What it does failed.
    #[error(transparent)]
    Failed(#[from] Unsettled),
}

impl From<store::Error> for Stopped {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What a step of long work tells: people looked at so far, and those for whom a pool had no seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// People looked at.
    pub(crate) people: u64,
    /// Of these, those whom a pool of the policy `reject` turned away.
    pub(crate) refused: u64,
}

/// What long work needs.
pub(crate) struct Desk<'d> {
    pub(crate) store: &'d Arc<Store>,
    pub(crate) clock: &'d Clock,
    policy: Policy,
    pub(crate) batch: u64,
    lease: TimeDelta,
    stop: Option<&'d CancellationToken>,
}

impl<'d> Desk<'d> {
    /// A desk that closes when `stop` is cancelled.
    pub(crate) fn new(
        store: &'d Arc<Store>,
        clock: &'d Clock,
        config: &Config,
        stop: Option<&'d CancellationToken>,
    ) -> Self {
        let lease = TimeDelta::seconds(config.jobs.lease_seconds.into());
        Self { store, clock, policy: config.policy(), batch: config.jobs.batch.into(), lease, stop }
    }

    /// The delays that hold where no connection says otherwise.
    pub(crate) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The present instant.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// For how long a worker owns a job.
    pub(crate) const fn lease(&self) -> TimeDelta {
        self.lease
    }

    /// To be asked between batches.
    ///
    /// # Errors
    /// [`Stopped::Closed`].
    pub(crate) fn open(&self) -> Result<(), Stopped> {
        if self.stop.is_some_and(CancellationToken::is_cancelled) { Err(Stopped::Closed) } else { Ok(()) }
    }

    /// Settles people, each by the policy of the connection that created them.
    ///
    /// # Errors
    /// [`Unsettled`].
    pub(crate) async fn settle(
        &self,
        unit: &mut WriteUnit,
        people: &[UserId],
        cause: &Cause,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Unsettled> {
        for (policy, people) in self.by_policy(unit, people).await? {
            let change = Change { cause, policy: &policy, actor, now };
            change.settle(unit, &people, |_, _| {}).await?;
        }
        Ok(())
    }

    /// One batch in a unit of its own. When a pool refuses, people are settled one by one, and those whom it turns
    /// away are counted: what an operator does is never undone by one person for whom there is no seat.
    ///
    /// # Errors
    /// [`Stopped`].
    pub(crate) async fn batch(
        &self,
        scope: &TenantScope,
        people: &[UserId],
        cause: &Cause,
        actor: &Actor,
        saved: Option<(&Job, Value)>,
    ) -> Result<Progress, Stopped> {
        let mut progress = Progress { people: people.len() as u64, refused: 0 };
        let mut unit = self.store.write(scope).await?;
        match self.settle(&mut unit, people, cause, actor, self.now()).await {
            Ok(()) => {}
            Err(Unsettled::Refused(_)) => {
                drop(unit);
                for person in people {
                    let mut unit = self.store.write(scope).await?;
                    match self.settle(&mut unit, &[*person], cause, actor, self.now()).await {
                        Ok(()) => unit.commit().await?,
                        Err(Unsettled::Refused(_)) => progress.refused += 1,
                        Err(other) => return Err(other.into()),
                    }
                }
                unit = self.store.write(scope).await?;
            }
            Err(other) => return Err(other.into()),
        }
        if let Some((job, payload)) = saved {
            unit.save_progress(job, payload, self.now(), self.lease).await?;
        }
        unit.commit().await?;
        Ok(progress)
    }

    /// People by the policy of their connection.
    async fn by_policy(
        &self,
        unit: &ReadUnit,
        people: &[UserId],
    ) -> Result<Vec<(Policy, Vec<UserId>)>, store::Error> {
        let connections = unit.connections().await?;
        let policies: HashMap<ConnectionId, Policy> =
            connections.iter().map(|it| (it.id, it.policy)).collect();
        let only = connections.first().map_or(self.policy, |first| first.policy);
        if connections.iter().all(|connection| connection.policy == only) {
            return Ok(vec![(only, people.to_vec())]);
        }
        let mut groups: Vec<(Policy, Vec<UserId>)> = Vec::new();
        for person in people {
            let connection = unit.user(*person).await?.and_then(|user| user.connection);
            let policy = connection.and_then(|id| policies.get(&id)).copied().unwrap_or(self.policy);
            match groups.iter_mut().find(|(known, _)| *known == policy) {
                Some((_, people)) => people.push(*person),
                None => groups.push((policy, vec![*person])),
            }
        }
        Ok(groups)
    }
}

/// As whom the journal knows a job.
pub(crate) fn actor(job: &Job) -> Actor {
    Actor { kind: ActorKind::Job, name: job.kind.clone(), cause: job.id.to_string() }
}

/// The payload of a job.
///
/// # Errors
/// [`Stopped::Broken`] if it is not what the kind needs.
pub(crate) fn payload<T: DeserializeOwned>(job: &Job) -> Result<T, Stopped> {
    serde_json::from_value(job.payload.clone())
        .map_err(|error| Stopped::Broken(format!("the payload of the job cannot be read: {error}")))
}
