//! From changed facts to what follows, inside the caller's unit of work: the one way for requests, jobs and operators.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Decision, Policy, Refusal, Situation, UserId};
use store::{Actor, WriteUnit};
use thiserror::Error;

/// The most people whose facts are looked at in one go.
const CHUNK: usize = 500;

/// Why nothing followed; the unit is to be dropped then.
#[derive(Debug, Error)]
pub(crate) enum Unsettled {
    /// A pool refuses the change.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Who changes something, why, by which policy and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'c> {
    /// What made somebody look.
    pub(crate) cause: &'c Cause,
    /// The delays of the connection.
    pub(crate) policy: &'c Policy,
    /// As whom the journal knows it.
    pub(crate) actor: &'c Actor,
    /// The instant.
    pub(crate) now: DateTime<Utc>,
}

impl Change<'_> {
    /// Settles people whose facts have been changed in this unit, and hands each decision to `seen`.
    ///
    /// # Errors
    /// [`Unsettled`]; nothing of the unit may be committed then.
    pub(crate) async fn settle(
        self,
        unit: &mut WriteUnit,
        people: &[UserId],
        mut seen: impl FnMut(&Situation, &Decision) + Send,
    ) -> Result<(), Unsettled> {
        for people in people.chunks(CHUNK) {
            let situation = unit.situation(people, self.now).await?;
            let decision = provisioning::settle(&situation, self.cause, self.policy, self.now)?;
            if !decision.is_empty() {
                unit.carry_out(&decision, self.actor, self.now).await?;
            }
            seen(&situation, &decision);
        }
        Ok(())
    }
}
