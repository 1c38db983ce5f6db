//! Groups that named a user before the user was there under that name.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, GroupId, Subject};
use store::{Actor, User, WriteUnit};

use crate::error::Error;

/// Makes a user a member of the groups that wait for one of the user's names, tells the journal, and answers the
/// groups with their names. The caller has locked the groups.
///
/// # Errors
/// What the database says.
pub(crate) async fn join(
    unit: &mut WriteUnit,
    user: &User,
    actor: &Actor,
    now: DateTime<Utc>,
) -> Result<Vec<(GroupId, String)>, Error> {
    let groups = unit.unpark_for(user, now).await?;
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = groups.iter().map(|group| group.uuid()).chain([user.id.uuid()]).collect();
    let names = unit.names_of(&ids).await?;
    let called = |id| names.get(&id).map(|name| name.called.clone()).unwrap_or_default();
    let joined: Vec<_> = groups.iter().map(|group| (*group, called(group.uuid()))).collect();
    let person = called(user.id.uuid());
    let line = |(_, group): &(GroupId, String)| {
        let why = format!("{person} was added to the group “{group}”, which had named the person before.");
        Entry::new(Subject::User(user.id), EntryKind::MemberAdded, why)
    };
    let entries: Vec<Entry> = joined.iter().map(line).collect();
    unit.record(entries.iter().map(|entry| (entry, actor)), now).await?;
    Ok(joined)
}
