//! Deleting a group: its members, and those who had left it and were kept, lose what they had through it.

use std::collections::BTreeSet;

use provisioning::{Cause, Entry, EntryKind, GroupId, Subject, UserId};
use scim::protocol::conditions::Conditions;
use store::{Group, Lingerers, MemberKind, ResourceKey, WriteUnit};

use super::record;
use crate::alerts;
use crate::brake;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::members::refuse_protected;
use crate::outcome::{Effects, Outcome};
use crate::ownership::may_delete;
use crate::requester::Requester;
use crate::resources::existing;
use crate::settle::{CHUNK, Change};
use crate::work::group_deleted::DeletedWork;

/// Deletes a group: a user who had a seat through this group alone loses the seat as if the user had left the group. A job
/// settles more than `most` members.
///
/// # Errors
/// 404, 412, or what the database says.
pub async fn delete(
    db: &Database,
    requester: &Requester,
    id: GroupId,
    conditions: &Conditions,
    most: u64,
) -> Result<Outcome, Error> {
    let written = db.write(&requester.scope, async |mut unit: WriteUnit| -> Attempt<Outcome> {
        let group = existing(unit.lock_group(id).await?, "Group", id)?;
        conditions.allow_write(group.resource.meta.version)?;
        may_delete(requester, group.connection)?;
        requester.ascribe(&mut unit, ResourceKey::group(id.uuid()), false);
        let effects = remove(requester, &mut unit, &group, most).await?;
        Ok((unit, Outcome { effects, ..Outcome::default() }))
    });
    Ok(alerts::watched(db, requester, written).await?.outcome())
}

async fn remove(
    requester: &Requester,
    unit: &mut WriteUnit,
    group: &Group,
    most: u64,
) -> Result<Effects, Error> {
    let (id, now) = (group.id, requester.now);
    let pools = unit.pools_bound_to(id).await?;
    let members = if pools.is_empty() { Vec::new() } else { unit.members_page(id, None, most + 1).await? };
    // A group that is gone has no members who could come back: its grace ends with it.
    let lingering = unit.end_lingering(id, Lingerers::default()).await?;
    let lingering: BTreeSet<UserId> = lingering.into_values().flatten().collect();
    unit.delete_group(id, now).await?;
    let name = group.display_name().to_owned();
    let why = format!("The group “{name}” was deleted by “{}”.", requester.provider()?.connection.name);
    record(requester, unit, Entry::new(Subject::Group(id), EntryKind::GroupDeleted, why)).await?;
    let mut effects = Effects::default();
    effects.note("group deleted");
    let cause = Cause::GroupDeleted { group: id, name: name.clone() };
    let change = Change { cause: &cause, actor: &requester.actor, now };
    let number = members.len() + lingering.len();
    if number > CHUNK.min(usize::try_from(most).unwrap_or(usize::MAX)) {
        let mut people = Vec::new();
        for pool in &pools {
            people.extend(unit.pool_people_without_grant(*pool, None, u32::MAX.into()).await?);
        }
        people.sort_unstable();
        people.dedup();
        brake::hold_ahead(unit, change, &people).await?;
    }
    if number as u64 > most {
        let protected = unit.perhaps_protected().await?;
        refuse_protected(unit, &protected).await?;
        let work = DeletedWork::new(id, name, &requester.actor, pools);
        unit.enqueue(work.job(now), now).await?;
        effects.note("the members are settled in batches");
        return Ok(effects);
    }
    let people = members.iter().filter(|(_, kind)| *kind == MemberKind::User);
    let mut people: BTreeSet<UserId> = people.map(|(id, _)| UserId::new(*id)).collect();
    people.extend(lingering);
    let people = Vec::from_iter(people);
    effects.merge(change.settle(unit, &people).await?);
    Ok(effects)
}
