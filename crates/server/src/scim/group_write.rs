//! The write path of groups: the document, its unique name, and the memberships beside it.

use std::collections::HashSet;

use provisioning::{Cause, Entry, EntryKind, GroupId, Subject, UserId};
use scim::patch::{MemberChanges, Members};
use scim::{Object, text};
use serde_json::Value;
use store::{Actor, Constraint, Group, MemberKind, NewGroup, WriteUnit};

use super::members::Moves;
use super::write::{Writing, changed, existing};
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::Failure;
use crate::http::headers::Conditions;
use crate::jobs::group_deleted::DeletedWork;

/// Why a write to a group is refused: whether it exists and may be changed is said before what is wrong with the body.
pub(super) async fn refuse_group(
    app: &App,
    tenant: &Tenant,
    id: GroupId,
    conditions: &Conditions,
    error: scim::Error,
) -> Failure {
    let found = async {
        let group = app.store().read(&tenant.scope).await?.group(id).await?;
        conditions.allow_write(existing(group, "Group", &id)?.resource.meta.version)
    };
    found.await.err().unwrap_or_else(|| error.into())
}

/// Takes the members out of a document: they are rows of their own.
pub(super) fn taken_members(document: &mut Object) -> Vec<Value> {
    match document.shift_remove("members") {
        Some(Value::Array(members)) => members,
        _ => Vec::new(),
    }
}

impl Writing<'_> {
    /// Creates a group with its members.
    pub(super) async fn create_group(
        self,
        unit: &mut WriteUnit,
        id: GroupId,
        document: Object,
        members: Vec<Value>,
    ) -> Result<Group, Failure> {
        let unique_name = self.unique_name(unit, id, &document).await?;
        let group = unit.insert_group(&NewGroup { id, document, unique_name }, self.now).await?;
        let why =
            format!("The group “{}” was created by “{}”.", group.display_name(), self.tenant.connection.name);
        self.record(unit, vec![Entry::new(Subject::Group(id), EntryKind::GroupCreated, why)]).await?;
        self.notes.effect("group created");
        let changes = MemberChanges { added: members, removed: Vec::new() };
        let moves = Moves::of(unit, id, &changes, self.tenant.dialect.rules().park_unknown_members).await?;
        moves.carry_out(unit, &group, self).await?;
        Ok(group)
    }

    /// Gives a group another document and other members; nothing is written when both are the same.
    pub(super) async fn save_group(
        self,
        unit: &mut WriteUnit,
        mut group: Group,
        document: Object,
        changes: &MemberChanges,
        footprint: &Members,
    ) -> Result<Group, Failure> {
        let moves =
            Moves::of(unit, group.id, changes, self.tenant.dialect.rules().park_unknown_members).await?;
        self.forget_parked(unit, group.id, changes, footprint).await?;
        let same_document = document == group.resource.document;
        if same_document && moves.is_empty() {
            moves.carry_out(unit, &group, self).await?;
            self.notes.effect("nothing changed");
            return Ok(group);
        }
        group.resource.meta.last_modified = self.now;
        if same_document {
            unit.touch_group(group.id, self.now).await?;
            group.resource.meta.version += 1;
        } else {
            let unique_name = self.unique_name(unit, group.id, &document).await?;
            let version = unit.save_group(&group, &document, unique_name.clone(), self.now).await?;
            let before = std::mem::replace(&mut group.resource.document, document);
            group.resource.meta.version = version;
            group.unique_name = unique_name;
            let subject = Subject::Group(group.id);
            let entry = changed(subject, EntryKind::GroupChanged, &before, &group.resource.document);
            self.record(unit, vec![entry]).await?;
            self.notes.effect("group changed");
        }
        moves.carry_out(unit, &group, self).await?;
        Ok(group)
    }

    /// Deletes a group; its members lose what they had through it alone. More than `most` of them are left to a job.
    pub(super) async fn delete_group(
        self,
        unit: &mut WriteUnit,
        group: &Group,
        most: u64,
    ) -> Result<(), Failure> {
        let pools = unit.pools_bound_to(group.id).await?;
        let members =
            if pools.is_empty() { Vec::new() } else { unit.members_page(group.id, None, most + 1).await? };
        unit.delete_group(group.id, self.now).await?;
        let name = group.display_name().to_owned();
        let why = format!("The group “{name}” was deleted by “{}”.", self.tenant.connection.name);
        self.record(unit, vec![Entry::new(Subject::Group(group.id), EntryKind::GroupDeleted, why)]).await?;
        self.notes.effect("group deleted");
        if members.len() as u64 > most {
            let Actor { name: connection, cause: request, .. } = self.tenant.actor();
            let policy = self.tenant.connection.policy;
            let work = DeletedWork { group: group.id, name, policy, connection, request, pools, after: None };
            unit.enqueue(work.job(self.now), self.now).await?;
            self.notes.effect("what follows for its members is worked off in batches");
            return Ok(());
        }
        let people = members.iter().filter(|(_, kind)| *kind == MemberKind::User);
        let people: Vec<UserId> = people.map(|(id, _)| UserId::new(*id)).collect();
        self.settle(unit, &people, &Cause::GroupDeleted { group: group.id, name }).await?;
        Ok(())
    }

    /// The folded name, if the connection wants names of groups unique and this one is free.
    async fn unique_name(
        self,
        unit: &WriteUnit,
        id: GroupId,
        document: &Object,
    ) -> Result<Option<String>, Failure> {
        let name = document.get("displayName").and_then(Value::as_str);
        let Some(name) = name.filter(|_| self.tenant.dialect.rules().unique_group_names) else {
            return Ok(None);
        };
        let folded = text::fold(name).into_owned();
        // The constraint decides between writers; this look finds groups of connections that want no unique names.
        match unit.group_named(&folded).await? {
            Some(other) if other != id => Err(store::Error::Conflict(Constraint::GroupName).into()),
            _ => Ok(Some(folded)),
        }
    }

    /// What waits for its user is given up when the request takes it out again, or replaces the whole list.
    async fn forget_parked(
        self,
        unit: &mut WriteUnit,
        group: GroupId,
        changes: &MemberChanges,
        footprint: &Members,
    ) -> Result<(), Failure> {
        let added: HashSet<&str> =
            changes.added.iter().filter_map(|element| element["value"].as_str()).collect();
        let removed: HashSet<&str> = changes.removed.iter().map(String::as_str).collect();
        // PostgreSQL keeps no NUL, so nothing that holds one can wait.
        let nobody = |value: &String| !added.contains(value.as_str()) && !value.contains('\0');
        let gone: Vec<String> = match footprint {
            Members::None => return Ok(()),
            Members::Named(values) => values
                .iter()
                .filter(|value| nobody(value) && !removed.contains(value.as_str()))
                .cloned()
                .collect(),
            Members::All => unit.parked(group).await?.into_iter().filter(nobody).collect(),
        };
        if !gone.is_empty() {
            unit.unpark_members(group, &gone).await?;
        }
        Ok(())
    }
}
