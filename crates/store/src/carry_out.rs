//! Effects become rows: the only match on `Effect` that performs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use provisioning::{
    Cause, ConnectionId, Decision, Effect, Enrolment, EventKind, Kept, PoolId, SeatState, UserId,
};
use serde_json::json;
use uuid::Uuid;

use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::events::{NewEvent, push_events};
use crate::ids::stored;
use crate::jobs::{NewJob, job_kind, push_jobs};
use crate::journal::Actor;
use crate::pool_changes::push_changes;
use crate::seats::{SeatCount, Seats};
use crate::touched::{ResourceKey, Touch};
use crate::unit::WriteUnit;

/// What the effects of a decision come to, each row once: the last effect on it counts.
#[derive(Default)]
struct Sum<'d> {
    seats: Seats,
    pools: BTreeMap<PoolId, SeatCount>,
    enrolments: BTreeMap<UserId, Enrolment>,
    keyed_jobs: BTreeMap<String, Option<NewJob>>,
    told: Vec<(UserId, EventKind)>,
    losses: Vec<(UserId, ConnectionId)>,
    held: Vec<(UserId, ConnectionId, &'d Kept, &'d Cause)>,
    holds_ended: BTreeMap<UserId, Kept>,
}

/// Appends a statement.
type Part<'p> = Box<dyn FnOnce(&mut Sql) + Send + 'p>;

impl<'d> Sum<'d> {
    fn of(decision: &'d Decision) -> Self {
        let mut sum = Self::default();
        for effect in &decision.effects {
            sum.add(effect);
        }
        sum
    }

    fn add(&mut self, effect: &'d Effect) {
        match effect {
            Effect::SeatTaken { user, pool, overage, waited } => {
                self.seats.insert((*user, *pool), Some((SeatState::Assigned, *overage)));
                let count = self.pools.entry(*pool).or_default();
                count.taken += 1;
                count.overage += i64::from(*overage);
                count.waiting -= i64::from(*waited);
            }
            Effect::SeatQueued { user, pool } => {
                self.seats.insert((*user, *pool), Some((SeatState::Waiting, false)));
                self.pools.entry(*pool).or_default().waiting += 1;
            }
            Effect::SeatFreed { user, pool } => {
                self.seats.insert((*user, *pool), None);
                self.pools.entry(*pool).or_default().freed += 1;
            }
            Effect::QueueLeft { user, pool } => {
                self.seats.insert((*user, *pool), None);
                self.pools.entry(*pool).or_default().waiting -= 1;
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
            Effect::ApplicationTold { user, event } => self.told.push((*user, (*event).into())),
            Effect::LossCounted { user, connection } => self.losses.push((*user, *connection)),
            Effect::LossHeld { user, connection, kept, cause } => {
                self.held.push((*user, *connection, kept, cause));
            }
            Effect::HoldEnded { user, kept } => drop(self.holds_ended.insert(*user, kept.clone())),
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

    /// What the application is told, with the state of each person after the decision and who brought it about.
    fn events<'a>(&self, caused: impl Fn(UserId) -> &'a Actor) -> Vec<NewEvent> {
        let event = |&(user, kind): &(UserId, EventKind)| {
            let enrolment = self.enrolments.get(&user);
            let details = json!({
                "access": kind.access(),
                "status": enrolment.map(|enrolment| enrolment.status.as_str()),
                "reason": enrolment.and_then(|enrolment| enrolment.cause.as_deref()),
                "reference": caused(user).reference,
            });
            NewEvent { kind, user, details }
        };
        self.told.iter().map(event).collect()
    }

    /// Whose resource looks different afterwards.
    fn changed(&self) -> BTreeSet<Uuid> {
        let seats = self.seats.keys().map(|(user, _)| user.uuid());
        seats.chain(self.enrolments.keys().map(|user| user.uuid())).collect()
    }
}

impl WriteUnit {
    /// Makes a decision true, and records it: seats and their pools' counts, enrolments, new versions of the users,
    /// jobs, and what the application is told. The number of statements does not depend on how many people it is about
    /// (below the size of a batch). `caused` says who brought about what happens to a person.
    ///
    /// # Errors
    /// [`Error::Busy`] if a pool no longer has the seats that the decision gives out, and [`Error::OutOfOrder`] as for
    /// [`WriteUnit::tell`]; drop the unit then.
    pub async fn carry_out<'a>(
        &mut self,
        decision: &Decision,
        caused: impl Fn(UserId) -> &'a Actor + Send,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if decision.is_empty() {
            return Ok(());
        }
        let mut sum = Sum::of(decision);
        let told = sum.events(caused);
        self.save_seats(&sum.seats, now).await?;
        self.count_seats(&sum.pools, now).await?;
        self.save_enrolments(&sum.enrolments).await?;
        self.count_losses(&sum.losses, now).await?;
        self.end_holds(&sum.holds_ended).await?;
        self.hold_losses(&sum.held, now).await?;
        self.bump(sum.changed(), now).await?;
        let withdrawn: Vec<String> =
            sum.keyed_jobs.iter().filter(|(_, job)| job.is_none()).map(|(key, _)| key.clone()).collect();
        self.withdraw_jobs(&withdrawn).await?;
        let jobs = std::mem::take(&mut sum.keyed_jobs).into_values().flatten().collect();
        let (jobs, told) = (self.job_rows(jobs, now), self.event_rows(told, now));
        let changes = self.change_rows(&sum.pools, now);
        let backend = self.backend();
        let (is_told, has_jobs, has_changes) = (!told.is_empty(), !jobs.is_empty(), !changes.is_empty());
        let events = |sql: &mut Sql| push_events(backend, sql, told);
        let queued = |sql: &mut Sql| push_jobs(backend, sql, jobs);
        let history = |sql: &mut Sql| push_changes(backend, sql, changes);
        // Events are in front: on PostgreSQL their statement begins with a WITH, before which nothing may stand.
        let parts: Vec<Part<'_>> = [
            is_told.then(|| Box::new(events) as Part<'_>),
            has_jobs.then(|| Box::new(queued) as Part<'_>),
            has_changes.then(|| Box::new(history) as Part<'_>),
        ]
        .into_iter()
        .flatten()
        .collect();
        self.in_one_trip(parts).await
    }

    async fn in_one_trip(&self, mut parts: Vec<Part<'_>>) -> Result<(), Error> {
        let Some(last) = parts.pop() else { return Ok(()) };
        let mut sql = Sql::default();
        for part in parts {
            sql.together(self.backend(), |sql| {
                part(sql);
                sql
            });
        }
        last(&mut sql);
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// New versions for users who have none from this unit yet.
    pub(crate) async fn bump(&mut self, users: BTreeSet<Uuid>, now: DateTime<Utc>) -> Result<(), Error> {
        for user in &users {
            self.touch(ResourceKey::user(*user), Touch::Changed, now).computed = true;
        }
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
