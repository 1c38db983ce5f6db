//! Groups: read, listed, created, changed and deleted; their members are rows beside them.

mod delete;
mod dynamic;
mod preview;

use std::collections::{HashMap, HashSet};

use provisioning::{Entry, EntryKind, GroupId, Subject};
use scim::compat::names;
use scim::patch::{MemberChanges, Members, PatchRequest};
use scim::project::Projection;
use scim::protocol::conditions::Conditions;
use scim::{Object, text};
use serde_json::Value;
use store::{Constraint, Group, MemberName, NewGroup, ResourceKey, Walked, WriteUnit};
use uuid::Uuid;

use crate::alerts;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::members::{Moves, Present};
use crate::outcome::Outcome;
use crate::ownership::Claim;
use crate::representation::{self, Search, Shown, Text, View};
use crate::requester::Requester;
use crate::resources::{self, Edit, Replacement, changed, existing, record};

pub use delete::delete;
pub use dynamic::{Dynamic, Marking, mark, preview_mark};
pub use preview::preview_delete;

/// One group. Without a body in the answer, the client has this version already.
///
/// # Errors
/// 404, 412, or what the database says.
pub async fn read(
    db: &Database,
    requester: &Requester,
    id: GroupId,
    conditions: &Conditions,
    projection: &Projection,
) -> Result<Shown, Error> {
    let registry = db.registry(&requester.scope);
    let view = View { base: db.base(), of: registry.group(), projection };
    let unit = db.read(&requester.scope).await?;
    let group = existing(unit.group(id).await?, "Group", id)?;
    let unchanged = view.head(&group.resource, None);
    if conditions.unchanged(group.resource.meta.version, &unchanged.tag)? {
        return Ok(unchanged);
    }
    representation::group(&unit, group, view).await
}

/// One page of the groups that a search finds, as a list answer.
///
/// # Errors
/// What the database says.
pub async fn list(db: &Database, requester: &Requester, search: &Search) -> Result<Text, Error> {
    let registry = db.registry(&requester.scope);
    let view = View { base: db.base(), of: registry.group(), projection: &search.projection };
    let unit = db.read(&requester.scope).await?;
    let step = search.walk.step(db, &unit, requester).await?;
    let (filter, order) = (search.filter.as_ref(), search.order.as_ref());
    let Walked { resources, reached } = unit.list_groups(filter, order, &step.stretch).await?;
    let items = representation::list_groups(&unit, resources, view).await?;
    drop(unit);
    Ok(step.answer(db, requester, &reached, items).await)
}

/// Creates a group with its members.
///
/// # Errors
/// What is wrong with the members, `uniqueness` for a name that is taken, or what a rule or the database says.
pub async fn create(
    db: &Database,
    requester: &Requester,
    document: Object,
    projection: &Projection,
) -> Result<Outcome, Error> {
    let registry = db.registry(&requester.scope);
    let view = View { base: db.base(), of: registry.group(), projection };
    let (document, document_members) = without_members(document);
    let written = db.write(&requester.scope, async |mut unit: WriteUnit| -> Attempt<Outcome> {
        let mut outcome = Outcome::default();
        let new = GroupId::new(store::new_id(requester.now));
        requester.ascribe(&mut unit, ResourceKey::group(new.uuid()), false);
        let changes = MemberChanges { added: document_members.clone(), removed: Vec::new() };
        let group = insert(requester, &mut unit, new, document.clone(), changes, &mut outcome).await?;
        requester.note_created(&mut unit, new.uuid()).await?;
        outcome.shown = Some(representation::group(&unit, group, view).await?);
        Ok((unit, outcome))
    });
    Ok(alerts::watched(db, requester, written).await?.outcome())
}

async fn insert(
    requester: &Requester,
    unit: &mut WriteUnit,
    id: GroupId,
    document: Object,
    changes: MemberChanges,
    outcome: &mut Outcome,
) -> Result<Group, Error> {
    let unique_name = unique_name(requester, unit, id, &document).await?;
    let owner = &requester.provider()?.connection;
    let (by, connection) = (&owner.name, Some(owner.id));
    let new = NewGroup { id, document, unique_name, connection };
    let group = unit.insert_group(&new, requester.now).await?;
    let why = format!("The group “{}” was created by “{by}”.", group.display_name());
    record(requester, unit, Entry::new(Subject::Group(id), EntryKind::GroupCreated, why)).await?;
    outcome.effects.note("group created");
    let moves = Moves::of(requester, unit, id, &changes, &HashMap::new(), HashMap::new()).await?;
    moves.carry_out(requester, unit, &group, outcome).await?;
    Ok(group)
}

/// Replaces a group's document, and its members where the document mentions them: an omission decides nothing about
/// people.
///
/// # Errors
/// 404, 412, what is wrong with the document, or what a rule or the database says.
pub async fn replace(
    db: &Database,
    requester: &Requester,
    id: GroupId,
    conditions: &Conditions,
    replacement: &Replacement,
    projection: &Projection,
) -> Result<Outcome, Error> {
    edit(db, requester, id, conditions, &Edit::Replace(replacement), projection).await
}

/// Applies a PATCH to a group.
///
/// # Errors
/// As [`replace`].
pub async fn patch(
    db: &Database,
    requester: &Requester,
    id: GroupId,
    conditions: &Conditions,
    request: &PatchRequest,
    projection: &Projection,
) -> Result<Outcome, Error> {
    edit(db, requester, id, conditions, &Edit::Patch(request), projection).await
}

async fn edit(
    db: &Database,
    requester: &Requester,
    id: GroupId,
    conditions: &Conditions,
    edit: &Edit<'_>,
    projection: &Projection,
) -> Result<Outcome, Error> {
    let registry = db.registry(&requester.scope);
    let view = View { base: db.base(), of: registry.group(), projection };
    let written = db.write(&requester.scope, async |mut unit: WriteUnit| -> Attempt<Outcome> {
        let group = existing(unit.lock_group(id).await?, "Group", id)?;
        conditions.allow_write(group.resource.meta.version)?;
        requester.ascribe(&mut unit, ResourceKey::group(id.uuid()), matches!(edit, Edit::Replace(_)));
        let mut outcome = Outcome::default();
        let mut edited = Edited::of(requester, &mut unit, &group, edit, view, &mut outcome).await?;
        if edited.document != group.resource.document {
            let claim = Claim::of(requester, group.connection);
            let said = edit.says("externalId");
            claim.settle_external_id(&group.resource.document, &mut edited.document, said);
        }
        let group = save(requester, &mut unit, group, edited, &mut outcome).await?;
        let silent = matches!(edit, Edit::Patch(_))
            && requester.rules().group_patch_no_content
            && *projection == Projection::Default;
        outcome.shown = Some(if silent {
            outcome.used.note(names::GROUP_PATCH_NO_CONTENT);
            view.head(&group.resource, None)
        } else {
            representation::group(&unit, group, view).await?
        });
        Ok((unit, outcome))
    });
    Ok(alerts::watched(db, requester, written).await?.outcome())
}

/// What an edit makes of a group.
struct Edited {
    document: Object,
    members: MemberChanges,
    /// Which members the edit looked at.
    footprint: Members,
    /// The ids behind names by which the edit calls members.
    called: HashMap<String, Uuid>,
    /// What ids stand for that the edit names and that are no members.
    others: HashMap<Uuid, MemberName>,
}

impl Edited {
    async fn of(
        requester: &Requester,
        unit: &mut WriteUnit,
        group: &Group,
        edit: &Edit<'_>,
        view: View<'_>,
        outcome: &mut Outcome,
    ) -> Result<Self, Error> {
        let stored = &group.resource.document;
        match edit {
            Edit::Replace(replacement) => {
                let document =
                    resources::replaced(requester, view.of, stored, replacement, &mut outcome.used)?;
                if !replacement.mentions("members") {
                    return Ok(Self::replaced(document, MemberChanges::default(), Members::None));
                }
                let (_, wanted) = without_members(replacement.incoming().clone());
                let present = unit.members_page(group.id, None, u32::MAX.into()).await?;
                let values: Vec<String> = present.iter().map(|(member, _)| member.to_string()).collect();
                let members = MemberChanges::between(values.iter().map(String::as_str), &wanted);
                Ok(Self::replaced(document, members, Members::All))
            }
            Edit::Patch(request) => {
                let footprint = request.footprint();
                let Present { elements, called, others } =
                    Present::load(unit, group.id, &footprint, view.base).await?;
                let (group, used) = (&group.resource, &mut outcome.used);
                let patched = resources::patched(requester, request, group, &elements, view.base, used)?;
                Ok(Self { document: patched.document, members: patched.members, footprint, called, others })
            }
        }
    }

    fn replaced(document: Object, members: MemberChanges, footprint: Members) -> Self {
        Self { document, members, footprint, called: HashMap::new(), others: HashMap::new() }
    }
}

/// Gives a group another document and other members; nothing is written when both are the same.
async fn save(
    requester: &Requester,
    unit: &mut WriteUnit,
    mut group: Group,
    edited: Edited,
    outcome: &mut Outcome,
) -> Result<Group, Error> {
    let Edited { document, members, footprint, called, others } = edited;
    let moves = Moves::of(requester, unit, group.id, &members, &called, others).await?;
    forget_parked(unit, group.id, &members, &footprint).await?;
    let same_document = document == group.resource.document;
    if same_document && moves.is_empty() {
        moves.carry_out(requester, unit, &group, outcome).await?;
        outcome.effects.note("nothing changed");
        return Ok(group);
    }
    group.resource.meta.last_modified = requester.now;
    if same_document {
        unit.touch_group(group.id, requester.now).await?;
        group.resource.meta.version += 1;
    } else {
        let unique_name = unique_name(requester, unit, group.id, &document).await?;
        let claim = Claim::of(requester, group.connection);
        group.connection = claim.owner(group.connection);
        let version = unit.save_group(&group, &document, unique_name.clone(), requester.now).await?;
        let before = std::mem::replace(&mut group.resource.document, document);
        group.resource.meta.version = version;
        group.unique_name = unique_name;
        let subject = Subject::Group(group.id);
        let entry = changed(subject, EntryKind::GroupChanged, &before, &group.resource.document);
        if let Some(adopted) = claim.entry(requester, subject, group.display_name()) {
            record(requester, unit, adopted).await?;
        }
        record(requester, unit, entry).await?;
        outcome.effects.note("group changed");
    }
    moves.carry_out(requester, unit, &group, outcome).await?;
    Ok(group)
}

/// Why a request about a group is refused: whether the group exists and may be changed is told before what is wrong
/// with the request.
pub async fn refuse(
    db: &Database,
    requester: &Requester,
    id: GroupId,
    conditions: &Conditions,
    error: scim::Error,
) -> Error {
    let found = async {
        let group = existing(db.read(&requester.scope).await?.group(id).await?, "Group", id)?;
        Ok(conditions.allow_write(group.resource.meta.version)?)
    };
    found.await.err().unwrap_or_else(|| error.into())
}

/// Takes the members out of a document: they are rows of their own.
fn without_members(mut document: Object) -> (Object, Vec<Value>) {
    match document.shift_remove("members") {
        Some(Value::Array(members)) => (document, members),
        _ => (document, Vec::new()),
    }
}

/// The folded name, if the connection wants names of groups unique and this one is free.
async fn unique_name(
    requester: &Requester,
    unit: &WriteUnit,
    id: GroupId,
    document: &Object,
) -> Result<Option<String>, Error> {
    let name = document.get("displayName").and_then(Value::as_str);
    let Some(name) = name.filter(|_| requester.rules().unique_group_names) else {
        return Ok(None);
    };
    let folded = text::fold(name).into_owned();
    // The constraint decides between writers; this look finds groups of connections that want no unique names.
    match unit.group_named(&folded).await? {
        Some(other) if other != id => Err(store::Error::Conflict(Constraint::GroupName).into()),
        _ => Ok(Some(folded)),
    }
}

/// A value that waits for its user is given up when the request takes it out again, or replaces the whole list.
async fn forget_parked(
    unit: &mut WriteUnit,
    group: GroupId,
    changes: &MemberChanges,
    footprint: &Members,
) -> Result<(), Error> {
    let added: HashSet<&str> = changes.added.iter().filter_map(|element| element["value"].as_str()).collect();
    let removed: HashSet<&str> = changes.removed.iter().map(String::as_str).collect();
    // PostgreSQL keeps no NUL, so nothing that holds one can wait.
    let unwanted = |value: &String| !added.contains(value.as_str()) && !value.contains('\0');
    let gone: Vec<String> = match footprint {
        Members::None => return Ok(()),
        Members::Named(values) => {
            let gone = values.iter().filter(|value| unwanted(value) && !removed.contains(value.as_str()));
            gone.cloned().collect()
        }
        Members::All => unit.parked(group).await?.into_iter().filter(unwanted).collect(),
    };
    if !gone.is_empty() {
        unit.unpark_members(group, &gone).await?;
    }
    Ok(())
}
