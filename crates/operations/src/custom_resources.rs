//! Resources of types that files define: read, listed, created, changed and deleted. Nothing about people follows from them.

use std::sync::Arc;

use provisioning::{Entry, EntryKind, Subject};
use scim::patch::PatchRequest;
use scim::project::Projection;
use scim::protocol::conditions::Conditions;
use scim::{Object, ResourceType};
use serde_json::Value;
use store::{CustomResource, ResourceKey, Walked, WriteUnit};
use uuid::Uuid;

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::outcome::Outcome;
use crate::ownership::{Claim, may_delete};
use crate::representation::{self, Search, Shown, Text, View};
use crate::requester::Requester;
use crate::resources::{self, Edit, Replacement, changed, existing, record};

/// One resource. Without a body in the answer, the client has this version already.
///
/// # Errors
/// 404, 412, or what the database says.
pub async fn read(
    db: &Database,
    requester: &Requester,
    of: &ResourceType,
    id: Uuid,
    conditions: &Conditions,
    projection: &Projection,
) -> Result<Shown, Error> {
    let view = View { base: db.base(), of, projection };
    let unit = db.read_once(&requester.scope).await?;
    let custom = existing(unit.custom_resource(of, id).await?, &of.name, id)?;
    let version = custom.resource.meta.version;
    let shown = representation::custom(custom, view);
    let unchanged = conditions.unchanged(version, &shown.tag)?;
    Ok(Shown { body: shown.body.filter(|_| !unchanged), ..shown })
}

/// One page of the resources of a type that a search finds, as a list answer.
///
/// # Errors
/// `tooMany` for more resources than are sorted, or what the database says.
pub async fn list(
    db: &Database,
    requester: &Requester,
    of: &ResourceType,
    search: &Search,
) -> Result<Text, Error> {
    let view = View { base: db.base(), of, projection: &search.projection };
    let unit = db.read(&requester.scope).await?;
    let step = search.walk.step(db, &unit, requester).await?;
    let (filter, order) = (search.filter.as_ref(), search.order.as_ref());
    let Walked { resources, reached } = unit.list_custom_resources(of, filter, order, &step.stretch).await?;
    let items = representation::list_custom(resources, view).await?;
    drop(unit);
    Ok(step.answer(db, requester, &reached, items).await)
}

/// Creates a resource.
///
/// # Errors
/// `uniqueness` for a value that is taken, or what the database says.
pub async fn create(
    db: &Database,
    requester: &Requester,
    of: &Arc<ResourceType>,
    document: Object,
    projection: &Projection,
) -> Result<Outcome, Error> {
    let view = View { base: db.base(), of, projection };
    let owner = &requester.provider()?.connection;
    let written = db.write(&requester.scope, async |mut unit: WriteUnit| -> Attempt<Outcome> {
        let (id, now) = (store::new_id(requester.now), requester.now);
        let custom = unit.insert_custom_resource(of, id, document.clone(), Some(owner.id), now).await?;
        requester.note_created(&mut unit, id).await?;
        requester.ascribe(&mut unit, ResourceKey::custom(id), false);
        let why = format!("{} was created by “{}”.", called(of, &custom), owner.name);
        let mut entry = Entry::new(Subject::Resource(id), EntryKind::ResourceCreated, why);
        entry.after = Some(Value::Object(document.clone()));
        record(requester, &mut unit, entry).await?;
        let mut outcome = Outcome::default();
        outcome.effects.note("resource created");
        outcome.shown = Some(representation::custom(custom, view));
        Ok((unit, outcome))
    });
    Ok(written.await?.outcome())
}

/// Replaces the document of a resource (RFC 7644 §3.5.1).
///
/// # Errors
/// 404, 412, `mutability`, `uniqueness`, or what the database says.
pub async fn replace(
    db: &Database,
    requester: &Requester,
    (of, id): (&ResourceType, Uuid),
    conditions: &Conditions,
    replacement: &Replacement,
    projection: &Projection,
) -> Result<Outcome, Error> {
    edit(db, requester, (of, id), conditions, &Edit::Replace(replacement), projection).await
}

/// Applies a PATCH to a resource (RFC 7644 §3.5.2).
///
/// # Errors
/// As [`replace`], and what is wrong with an operation.
pub async fn patch(
    db: &Database,
    requester: &Requester,
    (of, id): (&ResourceType, Uuid),
    conditions: &Conditions,
    request: &PatchRequest,
    projection: &Projection,
) -> Result<Outcome, Error> {
    edit(db, requester, (of, id), conditions, &Edit::Patch(request), projection).await
}

async fn edit(
    db: &Database,
    requester: &Requester,
    (of, id): (&ResourceType, Uuid),
    conditions: &Conditions,
    edit: &Edit<'_>,
    projection: &Projection,
) -> Result<Outcome, Error> {
    let view = View { base: db.base(), of, projection };
    let written = db.write(&requester.scope, async |mut unit: WriteUnit| -> Attempt<Outcome> {
        let custom = existing(unit.lock_custom_resource(of, id).await?, &of.name, id)?;
        conditions.allow_write(custom.resource.meta.version)?;
        requester.ascribe(&mut unit, ResourceKey::custom(id), matches!(edit, Edit::Replace(_)));
        let mut outcome = Outcome::default();
        let (resource, used) = (&custom.resource, &mut outcome.used);
        let mut document = match edit {
            Edit::Replace(replacement) => {
                resources::replaced(requester, of, &resource.document, replacement, used)?
            }
            Edit::Patch(request) => {
                resources::patched(requester, request, resource, &[], view.base, used)?.document
            }
        };
        if document != resource.document {
            let claim = Claim::of(requester, custom.connection);
            claim.settle_external_id(&resource.document, &mut document, edit.says("externalId"));
        }
        let custom = save(requester, &mut unit, of, custom, document, &mut outcome).await?;
        outcome.shown = Some(representation::custom(custom, view));
        Ok((unit, outcome))
    });
    Ok(written.await?.outcome())
}

/// Gives a resource another document; nothing is written when it is the same.
async fn save(
    requester: &Requester,
    unit: &mut WriteUnit,
    of: &ResourceType,
    mut custom: CustomResource,
    document: Object,
    outcome: &mut Outcome,
) -> Result<CustomResource, Error> {
    if document == custom.resource.document {
        outcome.effects.note("nothing changed");
        return Ok(custom);
    }
    let (subject, claim) = (Subject::Resource(custom.id), Claim::of(requester, custom.connection));
    custom.connection = claim.owner(custom.connection);
    let saved = unit.save_custom_resource(of, &custom, &document, requester.now).await?;
    if let Some(adopted) = claim.entry(requester, subject, &called(of, &custom)) {
        record(requester, unit, adopted).await?;
    }
    let entry = changed(subject, EntryKind::ResourceChanged, &custom.resource.document, &document);
    record(requester, unit, entry).await?;
    outcome.effects.note("resource changed");
    Ok(saved)
}

/// Deletes a resource.
///
/// # Errors
/// 404, 412, 403 for a resource of another connection, or what the database says.
pub async fn delete(
    db: &Database,
    requester: &Requester,
    of: &ResourceType,
    id: Uuid,
    conditions: &Conditions,
) -> Result<Outcome, Error> {
    let written = db.write(&requester.scope, async |mut unit: WriteUnit| -> Attempt<Outcome> {
        let custom = existing(unit.lock_custom_resource_for_removal(of, id).await?, &of.name, id)?;
        conditions.allow_write(custom.resource.meta.version)?;
        may_delete(requester, custom.connection)?;
        requester.ascribe(&mut unit, ResourceKey::custom(id), false);
        unit.delete_custom_resource(of, &custom, requester.now).await?;
        let why = format!("{} was deleted by “{}”.", called(of, &custom), requester.actor.name);
        let mut entry = Entry::new(Subject::Resource(id), EntryKind::ResourceDeleted, why);
        entry.before = Some(Value::Object(custom.resource.document));
        record(requester, &mut unit, entry).await?;
        let mut outcome = Outcome::default();
        outcome.effects.note("resource deleted");
        Ok((unit, outcome))
    });
    Ok(written.await?.outcome())
}

/// Why a request about a resource is refused: whether the resource exists and may be changed is told before what is wrong
/// with the request.
pub async fn refuse(
    db: &Database,
    requester: &Requester,
    (of, id): (&ResourceType, Uuid),
    conditions: &Conditions,
    error: scim::Error,
) -> Error {
    let found = async {
        let unit = db.read(&requester.scope).await?;
        let custom = existing(unit.custom_resource(of, id).await?, &of.name, id)?;
        Ok(conditions.allow_write(custom.resource.meta.version)?)
    };
    found.await.err().unwrap_or_else(|| error.into())
}

/// How the journal calls a resource.
fn called(of: &ResourceType, custom: &CustomResource) -> String {
    let document = &custom.resource.document;
    let name =
        ["displayName", "name", "externalId"].into_iter().find_map(|name| document.get(name)?.as_str());
    match name {
        Some(name) => format!("The {} “{name}”", of.name),
        None => format!("The {} {}", of.name, custom.id),
    }
}
