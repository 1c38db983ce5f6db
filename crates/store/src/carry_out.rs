//! Effects become rows: the only match on `Effect` that performs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use provisioning::{Decision, Effect, Enrolment, PoolId, SeatState, UserId};
use serde_json::json;
use uuid::Uuid;

use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::ids::stored;
use crate::jobs::{NewJob, job_kind};
use crate::seats::{SeatCount, Seats};
use crate::unit::WriteUnit;

/// What the effects of a decision come to, each row once: the last effect on it counts.
#[derive(Default)]
struct Sum {
    seats: Seats,
    pools: BTreeMap<PoolId, SeatCount>,
    enrolments: BTreeMap<UserId, Enrolment>,
    keyed_jobs: BTreeMap<String, Option<NewJob>>,
    jobs: Vec<NewJob>,
}

impl Sum {
    fn of(decision: &Decision, now: DateTime<Utc>) -> Self {
        let mut sum = Self::default();
        for effect in &decision.effects {
            sum.add(effect, now);
        }
        sum
    }

    fn add(&mut self, effect: &Effect, now: DateTime<Utc>) {
        match effect {
            Effect::SeatTaken { user, pool, overage } => {
                self.seats.insert((*user, *pool), Some((SeatState::Assigned, *overage)));
                let count = self.pools.entry(*pool).or_default();
                count.change += 1;
                count.overage += i64::from(*overage);
            }
            Effect::SeatQueued { user, pool } => {
                self.seats.insert((*user, *pool), Some((SeatState::Waiting, false)));
            }
            Effect::SeatFreed { user, pool } => {
                self.seats.insert((*user, *pool), None);
                self.pools.entry(*pool).or_default().change -= 1;
            }
            Effect::QueueLeft { user, pool } => {
                self.seats.insert((*user, *pool), None);
            }
            Effect::EnrolmentChanged { user, enrolment } => {
                self.enrolments.insert(*user, enrolment.clone());
            }
            Effect::InvitationOwed { user, not_before } => {
                self.keyed(job_kind::INVITATION, *user, Some(*not_before));
            }
            Effect::InvitationWithdrawn { user } => self.keyed(job_kind::INVITATION, *user, None),
            Effect::GraceTimer { user, at } => self.keyed(job_kind::END_GRACE, *user, Some(*at)),
            Effect::GraceCancelled { user } => self.keyed(job_kind::END_GRACE, *user, None),
            Effect::ApplicationTold { user, event } => self.jobs.push(NewJob {
                kind: job_kind::TELL_APPLICATION.to_owned(),
                payload: json!({ "user": user, "event": event }),
                run_at: now,
                dedup: None,
            }),
        }
    }

    /// A job of which a person has at most one, or none any more.
    fn keyed(&mut self, kind: &str, user: UserId, run_at: Option<DateTime<Utc>>) {
        let key = format!("{kind}:{user}");
        let job = run_at.map(|run_at| NewJob {
            kind: kind.to_owned(),
            payload: json!({ "user": user }),
            run_at,
            dedup: Some(key.clone()),
        });
        self.keyed_jobs.insert(key, job);
    }

    /// Whose resource looks different afterwards.
    fn changed(&self) -> BTreeSet<Uuid> {
        let seats = self.seats.keys().map(|(user, _)| user.uuid());
        seats.chain(self.enrolments.keys().map(|user| user.uuid())).collect()
    }
}

impl WriteUnit {
    /// Makes a decision true, and records it: seats and their pools' counts, enrolments, new versions of the users,
    /// jobs, and the journal. The number of statements does not depend on how many people it is about (below the
    /// size of a batch).
    ///
    /// # Errors
    /// [`Error::Busy`] if a pool no longer has the seats that the decision gives out; drop the unit then.
    pub async fn carry_out(&mut self, decision: &Decision, now: DateTime<Utc>) -> Result<(), Error> {
        if decision.is_empty() {
            return Ok(());
        }
        let mut sum = Sum::of(decision, now);
        self.save_seats(&sum.seats, now).await?;
        self.count_seats(&sum.pools).await?;
        self.save_enrolments(&sum.enrolments).await?;
        self.bump(sum.changed(), now).await?;
        let withdrawn: Vec<String> =
            sum.keyed_jobs.iter().filter(|(_, job)| job.is_none()).map(|(key, _)| key.clone()).collect();
        self.withdraw_jobs(&withdrawn).await?;
        sum.jobs.extend(std::mem::take(&mut sum.keyed_jobs).into_values().flatten());
        self.enqueue_all(sum.jobs, now).await
    }

    /// New versions for users who have none from this unit yet.
    pub(crate) async fn bump(&mut self, users: BTreeSet<Uuid>, now: DateTime<Utc>) -> Result<(), Error> {
        let users: Vec<Uuid> = users.difference(&self.bumped).copied().collect();
        for chunk in users.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE users SET version = version + 1, modified_at = ");
            sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND id IN ").list(chunk.iter().copied());
            self.transaction.run(sql).await?;
        }
        self.bumped.extend(users);
        Ok(())
    }
}
