//! The grace of a dynamic group is over for people who left it and did not come back: what follows from leaving follows now, in
//! the name of the connection whose push it was, and its brake counts it now.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use provisioning::{Cause, ConnectionId, Entry, EntryKind, GroupGrace, GroupId, Subject, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Actor, ActorKind, Group, Lingerers, NewJob, ReadUnit, WriteUnit};
use uuid::Uuid;

use super::{Progress, Step, WorkError};
use crate::brake;
use crate::database::Attempt;
use crate::error::Error;
use crate::settle::{CHUNK, Change};

/// The kind of the job.
pub(crate) const KIND: &str = "end-lingering";

/// Timers ring on whole minutes, so that people who leave one after the other share them.
const MINUTE: TimeDelta = TimeDelta::minutes(1);

/// The people for whom the grace of a group is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LingeringWork {
    group: GroupId,
    /// Whether an administrator ends it: then no brake counts it, and no protection against pushes applies.
    by_hand: bool,
    /// The people who have yet to be settled; `None` before they are looked for.
    found: Option<Found>,
}

/// The people for whom it is over, by the connection whose push had them leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    /// The display name of the group.
    name: String,
    left: Vec<Left>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Left {
    connection: Option<ConnectionId>,
    people: Vec<UserId>,
}

impl LingeringWork {
    /// Ends the lingering of people for whom a group that was marked another way keeps nothing any more.
    pub(crate) const fn by_hand(group: GroupId) -> Self {
        Self { group, by_hand: true, found: None }
    }

    /// The job that does the work at once.
    pub(crate) fn job(&self, now: DateTime<Utc>) -> NewJob {
        let key = format!("{KIND}:{}", self.group);
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at: now, dedup: Some(key) }
    }
}

/// The timer of the people who left a group at an instant. A group has at most one of each minute.
pub(crate) fn timer(group: GroupId, grace: GroupGrace, left_at: DateTime<Utc>) -> NewJob {
    let until = grace.until(left_at);
    let at = until
        .duration_trunc(MINUTE)
        .map_or(until, |whole| if whole < until { whole + MINUTE } else { whole });
    let work = LingeringWork { group, by_hand: false, found: None };
    let key = format!("{KIND}:{group}:{}", at.timestamp());
    NewJob { kind: KIND.to_owned(), payload: json!(work), run_at: at, dedup: Some(key) }
}

/// Looks for the people who linger no more, or settles the next of them.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let mut work: LingeringWork = step.read()?;
    let Some(found) = &mut work.found else { return find(step, work).await };
    let Some(Left { connection, people }) = found.left.last_mut() else { return Ok(None) };
    let next = step.pace.take(people);
    let (connection, name) = (*connection, found.name.clone());
    found.left.retain(|left| !left.people.is_empty());
    let (group, by_hand) = (work.group, work.by_hand);
    if !by_hand {
        step.actor = actor(&step.db.read(step.scope).await?, connection, &step.actor).await?;
    }
    let cause = Cause::GroupGraceOver { group, name };
    let progress = step.settle(&next, &cause, &[], json!(work)).await?;
    if progress.refused > 0 && !by_hand {
        // The last administrator is protected only once the others have lost access.
        let (actor, now, next) = (&step.actor, step.pace.now, &next);
        let keep = async |mut unit: WriteUnit| -> Attempt<()> {
            if let Some(group) = unit.lock_group(group).await? {
                keep_protected(&mut unit, &group, next, actor, now).await?;
            }
            Ok((unit, ()))
        };
        step.db.write(step.scope, keep).await?;
    }
    Ok(Some(progress))
}

/// Ends the lingering of all for whom the grace is over, and sets the timer of the people who come next.
async fn find(step: &mut Step<'_>, work: LingeringWork) -> Result<Option<Progress>, WorkError> {
    let (id, now, batch) =
        (work.group, step.pace.now, usize::try_from(step.pace.batch).unwrap_or(usize::MAX));
    let (otherwise, work) = (&step.actor, &work);
    let attempt = async |mut unit: WriteUnit| -> Attempt<Option<LingeringWork>> {
        let Some(group) = unit.lock_group(id).await? else { return Ok((unit, None)) };
        let left_by = group.grace.map(|grace| grace.over_for(now));
        let mut ended = unit.end_lingering(id, Lingerers { pool: None, left_by }).await?;
        let name = group.display_name().to_owned();
        for (connection, people) in ended.iter_mut().filter(|_| !work.by_hand) {
            let actor = &actor(&unit, *connection, otherwise).await?;
            let kept = keep_protected(&mut unit, &group, people, actor, now).await?;
            people.retain(|user| !kept.contains(user));
            if people.len() > CHUNK.min(batch) {
                let cause = Cause::GroupGraceOver { group: id, name: name.clone() };
                brake::hold_ahead(&mut unit, Change { cause: &cause, actor, now }, people).await?;
            }
        }
        if let (Some(grace), Some(first)) = (group.grace, unit.lingering_since(id).await?) {
            unit.enqueue(timer(id, grace, first), now).await?;
        }
        ended.retain(|_, people| !people.is_empty());
        let left = ended.into_iter().map(|(connection, people)| Left { connection, people }).collect();
        let work = LingeringWork { found: Some(Found { name, left }), ..work.clone() };
        step.save(&mut unit, &json!(work)).await?;
        Ok((unit, Some(work)))
    };
    let Some(work) = step.db.write(step.scope, attempt).await?.value else { return Ok(None) };
    let nobody = work.found.as_ref().is_none_or(|found| found.left.is_empty());
    step.saved(json!(work));
    Ok((!nobody).then(Progress::default))
}

/// The connection whose push had people leave, as the journal knows it; the job, where that connection is gone.
async fn actor(unit: &ReadUnit, connection: Option<ConnectionId>, job: &Actor) -> Result<Actor, Error> {
    let Some(id) = connection else { return Ok(job.clone()) };
    let Some(known) = unit.connection(id).await? else { return Ok(job.clone()) };
    let (kind, connection, reference) = (ActorKind::Connection, Some(id), job.reference.clone());
    Ok(Actor { kind, name: known.name, reference, connection })
}

/// Protected people linger for another grace. Answers which people do.
async fn keep_protected(
    unit: &mut WriteUnit,
    group: &Group,
    people: &[UserId],
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<UserId>, Error> {
    let ids: Vec<Uuid> = people.iter().map(|user| user.uuid()).collect();
    let kept = unit.protected_without_grant(&ids).await?;
    let (Some(grace), false) = (group.grace, kept.is_empty()) else { return Ok(Vec::new()) };
    let ids: Vec<Uuid> = kept.iter().map(|user| user.uuid()).collect();
    unit.linger(group.id, &ids, actor.connection, now).await?;
    unit.enqueue(timer(group.id, grace, now), now).await?;
    for user in &kept {
        let who =
            unit.user(*user).await?.map_or_else(|| user.to_string(), |user| user.user_name().to_owned());
        let why = format!(
            "{who} is protected against pushes, so the group “{}” keeps what they have for another {grace}.",
            group.display_name()
        );
        let entry = Entry::new(Subject::User(*user), EntryKind::ProtectedRefused, why);
        unit.record([(&entry, actor)], now).await?;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn a_timer_rings_on_the_whole_minute_at_which_the_grace_is_over() {
        let group = GroupId::new(Uuid::from_u128(1));
        let at = |hour, minute, second| {
            Utc.with_ymd_and_hms(2026, 3, 1, hour, minute, second).single().expect("an instant")
        };
        let one = GroupGrace::of_hours(1).expect("an hour");
        for (left, rings) in
            [(at(9, 0, 0), at(10, 0, 0)), (at(9, 0, 1), at(10, 1, 0)), (at(9, 0, 59), at(10, 1, 0))]
        {
            assert_eq!(timer(group, one, left).run_at, rings);
        }
        assert_eq!(timer(group, one, at(9, 0, 1)).dedup, timer(group, one, at(9, 0, 59)).dedup);
        assert_ne!(timer(group, one, at(9, 0, 0)).dedup, timer(group, one, at(9, 0, 1)).dedup);
    }
}
