//! The users, groups and other resources of a connection get another owner, in batches; a connection that is to be deleted goes at the end.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, GroupId, Subject, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Connection, ConnectionId, NewJob, WriteUnit};
use uuid::Uuid;

use super::{Progress, Step, WorkError, invite, join_groups, let_leave};
use crate::database::Attempt;
use crate::error::Error;
use crate::members::subject;
use crate::owners::What;

/// The kind of the job.
pub(crate) const KIND: &str = "hand-over";

/// From which connection to which one, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandOver {
    from: ConnectionId,
    from_name: String,
    /// The new owner; none when the connection is deleted.
    to: Option<ConnectionId>,
    to_name: Option<String>,
    /// Whether users are left.
    users: bool,
    /// Whether groups are left.
    groups: bool,
    /// Whether resources of types that files define are left.
    #[serde(default)]
    resources: bool,
    /// The last group that was looked at.
    after: Option<GroupId>,
}

impl HandOver {
    /// What is to be done.
    pub(crate) fn new(from: &Connection, to: Option<&Connection>, what: What) -> Self {
        Self {
            from: from.id,
            from_name: from.name.clone(),
            to: to.map(|to| to.id),
            to_name: to.map(|to| to.name.clone()),
            users: what != What::Groups,
            groups: what != What::Users,
            resources: what == What::All,
            after: None,
        }
    }

    /// The job that does the work; a later one for the same connection takes its place.
    pub(crate) fn job(&self, run_at: DateTime<Utc>) -> NewJob {
        let key = format!("{KIND}:{}", self.from);
        NewJob { kind: KIND.to_owned(), payload: json!(self), run_at, dedup: Some(key) }
    }

    /// Refuses this work while other work of its kind would undo it, or would never let it end: what gives to the connection
    /// that gives, what takes from the connection that takes, and a deletion.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub(crate) async fn check(&self, unit: &mut WriteUnit) -> Result<(), Error> {
        let both: Vec<ConnectionId> = [Some(self.from), self.to].into_iter().flatten().collect();
        unit.lock_connections(&both).await?;
        for payload in unit.unfinished(KIND).await? {
            let Ok(other) = serde_json::from_value::<Self>(payload) else { continue };
            let deletes = other.from == self.from && other.to.is_none() && self.to.is_some();
            if deletes || other.to == Some(self.from) || self.to == Some(other.from) {
                let is = match &other.to_name {
                    Some(to) => format!("“{}” is being handed over to “{to}”", other.from_name),
                    None => format!("“{}” is being deleted", other.from_name),
                };
                return Err(Error::Refused(format!("{is}: try again when that is done")));
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        !self.users && !self.groups && !self.resources
    }

    fn entry(&self, subject: Subject, name: &str) -> Entry {
        let why = match &self.to_name {
            Some(to) => format!("{name} was handed over from “{}” to “{to}”.", self.from_name),
            None => format!("{name} belongs to no connection any more: “{}” was deleted.", self.from_name),
        };
        Entry::new(subject, EntryKind::OwnerChanged, why)
    }
}

/// Gives the next users, groups or other resources another owner.
pub(super) async fn step(step: &mut Step<'_>) -> Result<Option<Progress>, WorkError> {
    let work: HandOver = step.read()?;
    if work.is_done() {
        return Ok(None);
    }
    let attempt = async |mut unit: WriteUnit| -> Attempt<(HandOver, Progress)> {
        let mut next = work.clone();
        let (ids, progress) = if next.users {
            users(step, &mut unit, &mut next).await?
        } else if next.groups {
            groups(step, &mut unit, &mut next).await?
        } else {
            resources(step, &mut unit, &mut next).await?
        };
        let names = unit.names_of_members(&ids).await?;
        let entry = |id: &Uuid| {
            let name = names.get(id)?;
            Some(next.entry(subject(*id, &name.kind), &name.called))
        };
        let entries: Vec<Entry> = ids.iter().filter_map(entry).collect();
        unit.record(entries.iter().map(|entry| (entry, &step.actor)), step.pace.now).await?;
        if next.is_done() && next.to.is_none() {
            unit.delete_connection(next.from).await?;
        }
        step.save(&mut unit, &json!(next)).await?;
        Ok((unit, (next, progress)))
    };
    let (next, progress) = step.db.write(step.scope, attempt).await?.value;
    step.saved(json!(next));
    Ok(Some(progress))
}

async fn users(
    step: &Step<'_>,
    unit: &mut WriteUnit,
    work: &mut HandOver,
) -> Result<(Vec<Uuid>, Progress), Error> {
    let given = unit.hand_over_users(work.from, work.to, step.pace.batch).await?;
    work.users = !given.is_empty();
    let now = step.pace.now;
    if let Some(to) = work.to {
        // Groups of the new owner may have named a user before.
        for user in unit.awaited_among(&given, to).await? {
            unit.enqueue(join_groups::job(user, now), now).await?;
        }
    } else if let Some(from) = unit.connection(work.from).await? {
        invite::withdraw(unit, from.policy.invitations, &given).await?;
    }
    if work.users {
        // What waits may leave by the way in which the new owner invites.
        unit.enqueue(let_leave::job(now), now).await?;
    }
    let progress = Progress { people: given.len() as u64, refused: 0 };
    Ok((given.into_iter().map(UserId::uuid).collect(), progress))
}

async fn groups(
    step: &Step<'_>,
    unit: &mut WriteUnit,
    work: &mut HandOver,
) -> Result<(Vec<Uuid>, Progress), Error> {
    let (seen, given) = unit.hand_over_groups(work.from, work.to, work.after, step.pace.batch).await?;
    work.groups = !seen.is_empty();
    work.after = seen.last().copied().or(work.after);
    let progress = Progress { people: seen.len() as u64, refused: (seen.len() - given.len()) as u64 };
    Ok((given.into_iter().map(GroupId::uuid).collect(), progress))
}

/// Resources of types that files define have no names of their own; the journal calls them by their type.
async fn resources(
    step: &Step<'_>,
    unit: &mut WriteUnit,
    work: &mut HandOver,
) -> Result<(Vec<Uuid>, Progress), Error> {
    let given = unit.hand_over_custom_resources(work.from, work.to, step.pace.batch).await?;
    work.resources = !given.is_empty();
    let entry = |(id, of): &(Uuid, String)| work.entry(Subject::Resource(*id), &format!("The {of} {id}"));
    let entries: Vec<Entry> = given.iter().map(entry).collect();
    unit.record(entries.iter().map(|entry| (entry, &step.actor)), step.pace.now).await?;
    Ok((Vec::new(), Progress::default()))
}
