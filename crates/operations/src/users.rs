//! Users: read, listed, created, changed and deleted.

mod arrivals;
pub mod by_hand;
mod create;
mod preview;

use provisioning::{Cause, Entry, EntryKind, Subject, UserId};
use scim::Object;
use scim::patch::PatchRequest;
use scim::project::Projection;
use scim::protocol::conditions::Conditions;
use store::{ResourceKey, User, Walked, WriteUnit};

pub use create::create;
pub use preview::{preview_delete, preview_patch, preview_replace};

pub(crate) use arrivals::Arrivals;

use crate::alerts;
use crate::database::{Attempt, Database};
use crate::domains::Mark;
use crate::entitlement::Rules;
use crate::error::Error;
use crate::outcome::{Effects, Outcome};
use crate::ownership::{Claim, may_delete};
use crate::representation::{self, Search, Shown, Text, View, wanted};
use crate::requester::Requester;
use crate::resources::{self, Edit, Replacement, changed, check_formats, existing};
use crate::settle::Change;
use crate::test_users;
use crate::work::{invite, join_groups};

/// One user. Without a body in the answer, the client has this version already.
///
/// # Errors
/// 404, 412, or what the database says.
pub async fn read(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
    projection: &Projection,
) -> Result<Shown, Error> {
    let registry = db.registry(&requester.scope);
    let view = View { base: db.base(), of: registry.user(), projection };
    let unit = db.read_once(&requester.scope).await?;
    let (user, computed) = existing(unit.whole_user(id, wanted(&[projection])).await?, "User", id)?;
    let version = user.resource.meta.version;
    let shown = representation::shown(user, &computed, view);
    // The groups of a user change without a new version, so the whole tag is compared.
    let body = if conditions.unchanged(version, &shown.tag)? { None } else { shown.body };
    Ok(Shown { body, ..shown })
}

/// One page of the users that a search finds, as a list answer.
///
/// # Errors
/// What the database says.
pub async fn list(db: &Database, requester: &Requester, search: &Search) -> Result<Text, Error> {
    let registry = db.registry(&requester.scope);
    let view = View { base: db.base(), of: registry.user(), projection: &search.projection };
    // How many there are and those of the page are one statement for a look-up, and otherwise of one snapshot.
    let scope = &requester.scope;
    let unit = if search.finds_one() { db.read_once(scope).await? } else { db.read(scope).await? };
    let step = search.walk.step(db, &unit, requester).await?;
    let (filter, order) = (search.filter.as_ref(), search.order.as_ref());
    let Walked { resources, reached } =
        unit.list_users(filter, order, &step.stretch, wanted(&[&search.projection])).await?;
    let items = representation::list_users(resources, view).await?;
    drop(unit);
    Ok(step.answer(db, requester, &reached, items).await)
}

/// Replaces a user's document.
///
/// # Errors
/// 404, 412, what is wrong with the document, or what a rule or the database says.
pub async fn replace(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
    replacement: &Replacement,
    projection: &Projection,
) -> Result<Outcome, Error> {
    edit(db, requester, id, conditions, &Edit::Replace(replacement), projection).await
}

/// Applies a PATCH to a user.
///
/// # Errors
/// As [`replace`].
pub async fn patch(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
    request: &PatchRequest,
    projection: &Projection,
) -> Result<Outcome, Error> {
    edit(db, requester, id, conditions, &Edit::Patch(request), projection).await
}

async fn edit(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
    edit: &Edit<'_>,
    projection: &Projection,
) -> Result<Outcome, Error> {
    let registry = db.registry(&requester.scope);
    let view = View { base: db.base(), of: registry.user(), projection };
    let written = db.write(&requester.scope, async |mut unit| {
        let user = existing(unit.lock_user(id).await?, "User", id)?;
        conditions.allow_write(user.resource.meta.version)?;
        requester.ascribe(&mut unit, ResourceKey::user(id.uuid()), matches!(edit, Edit::Replace(_)));
        let mut outcome = Outcome::default();
        let mut document = edited(requester, &user, edit, view, &mut outcome)?;
        let claim = Claim::of(requester, user.connection);
        if document != user.resource.document {
            claim.settle_external_id(&user.resource.document, &mut document, edit.says("externalId"));
        }
        check_formats(requester, Some(&user.resource.document), &document, &mut outcome.used)?;
        let user = save(requester, &mut unit, user, document, &mut outcome.effects).await?;
        outcome.shown = Some(representation::user(&unit, user, view).await?);
        Ok((unit, outcome))
    });
    Ok(alerts::watched(db, requester, written).await?.outcome())
}

/// The document that an edit leaves.
fn edited(
    requester: &Requester,
    user: &User,
    edit: &Edit<'_>,
    view: View<'_>,
    outcome: &mut Outcome,
) -> Result<Object, Error> {
    let stored = &user.resource.document;
    match edit {
        Edit::Replace(replacement) => {
            resources::replaced(requester, view.of, stored, replacement, &mut outcome.used)
        }
        Edit::Patch(request) => {
            let (user, used) = (&user.resource, &mut outcome.used);
            Ok(resources::patched(requester, request, user, &[], view.base, used)?.document)
        }
    }
}

/// Gives a user another document, and settles what follows; nothing is written when it is the same.
async fn save(
    requester: &Requester,
    unit: &mut WriteUnit,
    mut user: User,
    document: Object,
    effects: &mut Effects,
) -> Result<User, Error> {
    if document == user.resource.document {
        effects.note("nothing changed");
        return Ok(user);
    }
    let now = requester.now;
    let mark = Mark::of_change(unit, &user, &document).await?;
    let claim = Claim::of(requester, user.connection);
    let test_user = test_users::of_change(unit, &user, &document, claim).await?;
    user.connection = claim.owner(user.connection);
    let version = unit.save_user(&user, &document, now).await?;
    let was_active = user.is_active();
    let before = std::mem::replace(&mut user.resource.document, document);
    let renamed = |name: &&str| before.get(*name) != user.resource.document.get(*name);
    if matches!(claim, Claim::Adopt(_)) || ["userName", "externalId"].iter().any(renamed) {
        // A group may wait for the new name, or for this name among the users of the new owner. Groups are locked
        // before users, so the group gets its member by a job.
        unit.enqueue(join_groups::job(user.id, now), now).await?;
    }
    user.resource.meta.version = version;
    user.resource.meta.last_modified = now;
    let entry = changed(Subject::User(user.id), EntryKind::UserChanged, &before, &user.resource.document);
    let entries = claim.entry(requester, Subject::User(user.id), user.user_name()).into_iter().chain([entry]);
    let entries: Vec<Entry> = entries.collect();
    let rules = unit.record_change(entries.iter().map(|entry| (entry, &requester.actor)), now).await?;
    effects.note("person changed");
    let documents = (&before, &user.resource.document);
    if invite::follow_address(unit, requester, user.id, documents).await? {
        user = existing(unit.user(user.id).await?, "User", user.id)?;
    }

    let held = match mark {
        Some(mark) => mark.set(unit, requester, &user).await?,
        None => None,
    };
    let entitled = Rules::among(unit.registry(), &rules).apply(unit, &user, now).await?;
    let cause =
        test_user.map(test_users::cause).or(held).or_else(|| cause(was_active, user.is_active(), entitled));
    let Some(cause) = cause else { return Ok(user) };
    let change = Change { cause: &cause, actor: &requester.actor, now };
    let followed = change.settle(unit, &[user.id]).await?;
    if followed.is_empty() {
        return Ok(user);
    }
    effects.merge(followed);
    existing(unit.user(user.id).await?, "User", user.id)
}

/// Why the user is settled after a change of the document, which may have changed the grants by attributes; none where
/// nothing can follow.
const fn cause(was_active: bool, is_active: bool, entitled: bool) -> Option<Cause> {
    match (was_active, is_active) {
        (false, true) => Some(Cause::PushedActive),
        (true, false) => Some(Cause::PushedInactive),
        _ if entitled => Some(Cause::AttributesChanged),
        _ => None,
    }
}

/// Deletes a user: access ends and seats go back at once, whatever the grace, unless the brake holds it. Then the user is
/// gone for the protocol, and the person keeps access until an administrator decides.
///
/// # Errors
/// 404, 412, or what the database says.
pub async fn delete(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
) -> Result<Outcome, Error> {
    let written = db.write(&requester.scope, async |mut unit: WriteUnit| -> Attempt<Outcome> {
        let user = existing(unit.lock_user_for_removal(id).await?, "User", id)?;
        conditions.allow_write(user.resource.meta.version)?;
        may_delete(requester, user.connection)?;
        requester.ascribe(&mut unit, ResourceKey::user(id.uuid()), false);
        let effects = remove(requester, &mut unit, id).await?;
        Ok((unit, Outcome { effects, ..Outcome::default() }))
    });
    Ok(alerts::watched(db, requester, written).await?.outcome())
}

/// Removes a user who is locked for it.
async fn remove(requester: &Requester, unit: &mut WriteUnit, id: UserId) -> Result<Effects, Error> {
    let change = Change { cause: &Cause::Removed, actor: &requester.actor, now: requester.now };
    let (mut effects, held) = change.settle_removed(unit, id).await?;
    if held {
        unit.hide_user(id, requester.now).await?;
        effects.note("user deleted, person kept by the brake");
    } else {
        unit.delete_user(id, requester.now).await?;
        effects.note("person removed");
    }
    Ok(effects)
}

/// Why a request about a user is refused: whether the user exists and may be changed is told before what is wrong with
/// the request.
pub async fn refuse(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
    error: scim::Error,
) -> Error {
    let found = async {
        let user = existing(db.read(&requester.scope).await?.user(id).await?, "User", id)?;
        Ok(conditions.allow_write(user.resource.meta.version)?)
    };
    found.await.err().unwrap_or_else(|| error.into())
}
