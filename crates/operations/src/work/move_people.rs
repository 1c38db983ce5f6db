//! People are moved from one pool to another one, in batches; each person has a seat all the time.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, Moving, PoolId, Stays, Subject, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{GrantKind, NewJob, PoolRule, ReadUnit, WriteUnit};

use super::{Progress, Step, WorkError};
use crate::database::Attempt;
use crate::entitlement::Rules;
use crate::error::Error;
use crate::settle::Change;

/// The kind of the job.
pub(crate) const KIND: &str = "move-people";

/// From where to where, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MoveWork {
    pub(crate) from: PoolId,
    pub(crate) from_name: String,
    pub(crate) to: PoolId,
    pub(crate) to_name: String,
    /// Only people who match this SCIM filter.
    pub(crate) filter: Option<String>,
    /// The last person who was looked at.
    pub(crate) after: Option<UserId>,
}

impl MoveWork {
    /// The job that does the work; another one between the same pools takes its place.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let dedup = Some(format!("{KIND}:{}:{}", self.from, self.to));
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup }
    }

    /// Why people are settled.
    pub(crate) fn cause(&self) -> Cause {
        Cause::Moved { from: self.from_name.clone(), to: self.to_name.clone() }
    }

    /// The last of the next people of the pool, none behind the last one of all, and those of them who are meant.
    pub(crate) async fn people(
        &self,
        unit: &ReadUnit,
        most: u64,
    ) -> Result<(Option<UserId>, Vec<UserId>), Error> {
        let people = unit.pool_people(self.from, self.after, most).await?;
        let last = people.last().copied();
        let Some(filter) = &self.filter else { return Ok((last, people)) };
        let rule = PoolRule { pool: self.from, rule: Some(filter.clone()), default: false };
        let rules = Rules::among(unit.registry(), &[rule]);
        let users = unit.users_among(&people).await?;
        let meant = users.iter().filter(|user| !rules.matching(user).is_empty()).map(|user| user.id);
        Ok((last, meant.collect()))
    }
}

/// Moves the next people; of those for whom the other pool has no seat the number is told.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let work: MoveWork = step.read()?;
    let unit = step.db.read(step.scope).await?;
    let (last, people) = work.people(&unit, step.pace.batch).await?;
    drop(unit);
    let Some(last) = last else { return Ok(None) };
    let next = json!(MoveWork { after: Some(last), ..work.clone() });
    let attempt = async |mut unit: WriteUnit| -> Attempt<u64> {
        let full = move_some(step, &mut unit, &work, &people).await?;
        step.save(&mut unit, &next).await?;
        Ok((unit, full))
    };
    let refused = step.db.write(step.scope, attempt).await?.value;
    step.saved(next);
    Ok(Some(Progress { people: people.len() as u64, refused }))
}

/// Moves these people in one unit; says how many stay because the other pool is full.
async fn move_some(
    step: &Step<'_>,
    unit: &mut WriteUnit,
    work: &MoveWork,
    people: &[UserId],
) -> Result<u64, Error> {
    let now = step.pace.now;
    let situation = unit.lock_facts(people, &[work.from, work.to], now).await?;
    // A pool that was deleted meanwhile takes no person.
    let Some(to) = situation.pools.iter().find(|pool| pool.id == work.to) else { return Ok(0) };
    let waiting =
        unit.pools().await?.iter().find(|state| state.pool.id == work.to).map_or(0, |to| to.waiting);
    let mut moving = Moving::new(work.from, to, waiting, now);
    let (mut movers, mut entries, mut full) = (Vec::new(), Vec::new(), 0);
    for person in &situation.people {
        match moving.decide(person) {
            Ok(()) => {
                let (name, from, to) = (&person.name, &work.from_name, &work.to_name);
                let why = format!("An administrator moved {name} from “{from}” to “{to}”.");
                entries.push(Entry::new(Subject::User(person.id), EntryKind::Granted, why));
                movers.push(person.id);
            }
            Err(Stays::NoSeat) => full += 1,
            Err(_) => {}
        }
    }
    unit.delete_grants(&movers, work.from).await?;
    for user in &movers {
        unit.insert_grant(*user, work.to, GrantKind::ByHand, now).await?;
    }
    unit.record(entries.iter().map(|entry| (entry, &step.actor)), now).await?;
    let cause = work.cause();
    Change { cause: &cause, actor: &step.actor, now }.settle(unit, &movers).await?;
    Ok(full)
}
