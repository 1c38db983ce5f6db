//! Groups that named users before the users were there under that name.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, GroupId, Subject, UserId};
use store::{Actor, User, WriteUnit};
use uuid::Uuid;

use crate::error::Error;

/// Makes users members of the groups that wait for one of their names, tells the journal in the name of the actor of
/// each, and answers who came into which group, with the group's name. The caller has locked the groups.
///
/// # Errors
/// What the database says.
pub(crate) async fn join(
    unit: &mut WriteUnit,
    users: &[(&User, &Actor)],
    now: DateTime<Utc>,
) -> Result<Vec<(UserId, GroupId, String)>, Error> {
    let people: Vec<&User> = users.iter().map(|(user, _)| *user).collect();
    let joined = unit.unpark_for(&people, now).await?;
    if joined.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = joined.iter().flat_map(|(user, group)| [user.uuid(), group.uuid()]).collect();
    let names = unit.names_of(&ids).await?;
    let called = |id: Uuid| names.get(&id).map(|name| name.called.clone()).unwrap_or_default();
    let actors: HashMap<UserId, &Actor> = users.iter().map(|(user, actor)| (user.id, *actor)).collect();
    let entry = |(user, group): &(UserId, GroupId)| {
        let (person, group) = (called(user.uuid()), called(group.uuid()));
        let why = format!("{person} was added to the group “{group}”, which had named the person before.");
        (Entry::new(Subject::User(*user), EntryKind::MemberAdded, why), actors[user])
    };
    let entries: Vec<(Entry, &Actor)> = joined.iter().map(entry).collect();
    unit.record(entries.iter().map(|(entry, actor)| (entry, *actor)), now).await?;
    Ok(joined.into_iter().map(|(user, group)| (user, group, called(group.uuid()))).collect())
}
