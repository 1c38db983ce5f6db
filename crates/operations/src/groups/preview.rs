//! What would follow if a group was deleted.

use provisioning::{Cause, GroupId, PoolId, Situation};
use scim::protocol::conditions::Conditions;
use store::Lingerers;

use crate::consequences::Consequences;
use crate::database::Database;
use crate::error::Error;
use crate::ownership::may_delete;
use crate::preview::{Preview, members};
use crate::requester::Requester;
use crate::resources::existing;
use crate::settle::CHUNK;

/// What would follow if a group was deleted, for the users who are in it.
///
/// # Errors
/// As [`delete`](super::delete).
pub async fn preview_delete(
    db: &Database,
    requester: &Requester,
    id: GroupId,
    conditions: &Conditions,
) -> Result<Consequences, Error> {
    let unit = db.read(&requester.scope).await?;
    let group = existing(unit.group(id).await?, "Group", id)?;
    conditions.allow_write(group.resource.meta.version)?;
    may_delete(requester, group.connection)?;
    let cause = Cause::GroupDeleted { group: id, name: group.display_name().to_owned() };
    let mut bound = unit.bindings().await?;
    bound.retain(|binding| binding.group == id);
    let prioritised = bound.iter().any(|binding| binding.priority > 0);
    let pools: Vec<PoolId> = bound.iter().map(|binding| binding.pool).collect();
    let mut members = if pools.is_empty() { Vec::new() } else { members(&unit, id).await? };
    members.extend(unit.lingerers(id, Lingerers::default()).await?);
    members.sort_unstable();
    members.dedup();
    let change = |situation: &mut Situation| {
        for person in &mut situation.people {
            person.grants.retain(|grant| !grant.source.is_through(id));
        }
    };
    let mut preview = Preview::new(&unit, pools, CHUNK as u64, requester.now, change).reordering(prioritised);
    preview.settle(&members, &cause).await?;
    preview.consequences().await
}
