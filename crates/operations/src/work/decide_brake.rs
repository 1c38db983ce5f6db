//! An administrator has decided about what the brake holds: it is let go, or stays held, in batches.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, Subject, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{ConnectionId, NewJob, ReadUnit, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::brake::by_cause;
use crate::database::Attempt;
use crate::error::Error;
use crate::settle::Change;

/// The kind of the job.
pub(crate) const KIND: &str = "decide-brake";

/// About whom is decided, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecideWork {
    /// Whether what was pushed happens; else the people keep access.
    approve: bool,
    /// The connection about whose pushes is decided; none where people are named.
    pub(crate) connection: Option<ConnectionId>,
    /// The people who are named.
    pub(crate) people: Vec<UserId>,
    /// The last person about whom was decided.
    after: Option<UserId>,
}

impl DecideWork {
    pub(crate) fn of_connection(connection: ConnectionId, approve: bool) -> Self {
        Self { approve, connection: Some(connection), people: Vec::new(), after: None }
    }

    pub(crate) fn of_people(mut people: Vec<UserId>, approve: bool) -> Self {
        people.sort_unstable();
        people.dedup();
        Self { approve, connection: None, people, after: None }
    }

    /// The job that does the work.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let dedup = self.connection.map(|connection| format!("{KIND}:{connection}"));
        let dedup = dedup.or_else(|| Some(format!("{KIND}:{}", store::new_id(run_at))));
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup }
    }

    /// The next people behind `after`.
    pub(crate) async fn next(
        &self,
        unit: &ReadUnit,
        after: Option<UserId>,
        most: u64,
    ) -> Result<Vec<UserId>, Error> {
        if let Some(connection) = self.connection {
            return Ok(unit.held_people(connection, after, most).await?);
        }
        let behind = self.people.iter().copied().filter(|user| Some(*user) > after);
        Ok(behind.take(usize::try_from(most).unwrap_or(usize::MAX)).collect())
    }
}

/// Decides about the next people.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let mut work: DecideWork = step.read()?;
    let unit = step.db.read(step.scope).await?;
    let people = work.next(&unit, work.after, step.pace.batch).await?;
    drop(unit);
    let Some(last) = people.last().copied() else { return Ok(None) };
    work.after = Some(last);
    let payload = json!(work);
    let attempt = async |mut unit: WriteUnit| -> Attempt<()> {
        // A person may come back at the same time.
        unit.lock_people(&people.iter().map(|user| user.uuid()).collect::<Vec<_>>()).await?;
        if work.approve {
            let held = unit.end_losses(&people).await?;
            for (cause, people) in by_cause(held) {
                let_happen(&mut unit, step, &people, &cause).await?;
            }
        } else {
            unit.reject_losses(&people, step.pace.now).await?;
            let why = |name: &str| {
                format!("An administrator rejected what was pushed: {name} keeps access by the brake.")
            };
            record(&mut unit, step, &people, why).await?;
        }
        step.save(&mut unit, &payload).await?;
        Ok((unit, ()))
    };
    step.db.write(step.scope, attempt).await?;
    step.saved(payload);
    Ok(Some(Progress { people: people.len() as u64, refused: 0 }))
}

/// What was pushed happens.
async fn let_happen(
    unit: &mut WriteUnit,
    step: &Step<'_>,
    people: &[UserId],
    cause: &Cause,
) -> Result<(), Error> {
    let now = step.pace.now;
    let why = |name: &str| format!("An administrator approved for {name} what the brake held: {cause}.");
    record(unit, step, people, why).await?;
    let change = Change { cause, actor: &step.actor, now };
    change.settle(unit, people).await?;
    if *cause == Cause::Removed {
        for user in unit.users_among(people).await?.iter().filter(|user| user.deleted) {
            unit.delete_user(user.id, now).await?;
        }
    }
    Ok(())
}

async fn record(
    unit: &mut WriteUnit,
    step: &Step<'_>,
    people: &[UserId],
    why: impl Fn(&str) -> String,
) -> Result<(), Error> {
    let users = unit.users_among(people).await?;
    let entry = |user: &store::User| {
        Entry::new(Subject::User(user.id), EntryKind::BrakeDecided, why(user.user_name()))
    };
    let entries: Vec<Entry> = users.iter().map(entry).collect();
    Ok(unit.record(entries.iter().map(|entry| (entry, &step.actor)), step.pace.now).await?)
}
