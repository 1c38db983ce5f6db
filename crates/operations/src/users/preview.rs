//! What would follow if a user was changed or deleted.

use provisioning::{Cause, PoolId, Situation, UserId};
use scim::patch::PatchRequest;
use scim::project::Projection;
use scim::protocol::conditions::Conditions;
use store::ReadUnit;

use super::{cause, edited};
use crate::consequences::Consequences;
use crate::database::Database;
use crate::domains::Mark;
use crate::entitlement::Rules;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::ownership::{Claim, may_delete};
use crate::preview::Preview;
use crate::representation::View;
use crate::requester::Requester;
use crate::resources::{Edit, Replacement, check_formats, existing};
use crate::test_users;

/// What would follow for the user from a PATCH. Groups that wait for another name of the user are left out, because a
/// job makes the user their member later.
///
/// # Errors
/// As [`patch`](super::patch).
pub async fn preview_patch(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
    request: &PatchRequest,
) -> Result<Consequences, Error> {
    preview(db, requester, id, conditions, &Edit::Patch(request)).await
}

/// What would follow for the user from another document, with the exception of [`preview_patch`].
///
/// # Errors
/// As [`replace`](super::replace).
pub async fn preview_replace(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
    replacement: &Replacement,
) -> Result<Consequences, Error> {
    preview(db, requester, id, conditions, &Edit::Replace(replacement)).await
}

async fn preview(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
    edit: &Edit<'_>,
) -> Result<Consequences, Error> {
    let unit = db.read(&requester.scope).await?;
    let mut user = existing(unit.user(id).await?, "User", id)?;
    conditions.allow_write(user.resource.meta.version)?;
    let mut outcome = Outcome::default();
    let view = View { base: db.base(), of: unit.registry().user(), projection: &Projection::Default };
    let document = edited(requester, &user, edit, view, &mut outcome)?;
    check_formats(requester, Some(&user.resource.document), &document, &mut outcome.used)?;
    let same = document == user.resource.document;
    let mark = Mark::of_change(&unit, &user, &document).await?;
    let claim = Claim::of(requester, user.connection);
    let test_user = test_users::of_change(&unit, &user, &document, claim).await?;
    let was_active = user.is_active();
    user.resource.document = document;
    let is_active = user.is_active();
    let policy = match (claim, &requester.provider) {
        (Claim::Adopt(_), Some(provider)) => Some(provider.connection.policy),
        _ => None,
    };
    let rules = Rules::of(&unit).await?;
    let matching = rules.matching(&user);
    let change = |situation: &mut Situation| {
        for person in situation.people.iter_mut().filter(|person| person.id == id && !same) {
            person.active = is_active;
            person.policy = policy.unwrap_or(person.policy);
            rules.grants(&matching, &mut person.grants);
            person.test_user = test_user.unwrap_or(person.test_user);
            if let Some(mark) = &mark {
                person.hand.held.clone_from(&mark.held);
            }
        }
    };
    let (mut pools, mut facts) = pools_of(&unit, id, requester).await?;
    let before = facts.people.clone();
    change(&mut facts);
    let is_held = |people: &[provisioning::Person]| people.iter().any(|person| person.hand.held.is_some());
    let held = Mark::cause(is_held(&before), is_held(&facts.people));
    let entitled = facts.people.iter().zip(&before).any(|(after, before)| after.grants != before.grants);
    pools.extend(matching.iter().filter(|pool| !pools.contains(pool)).collect::<Vec<_>>());
    let mut preview = Preview::new(&unit, pools, 1, requester.now, change);
    if let Some(cause) =
        test_user.map(test_users::cause).or(held).or_else(|| cause(was_active, is_active, entitled))
    {
        preview.settle(&[id], &cause).await?;
    }
    preview.consequences().await
}

/// What would follow if a user was deleted.
///
/// # Errors
/// As [`delete`](super::delete).
pub async fn preview_delete(
    db: &Database,
    requester: &Requester,
    id: UserId,
    conditions: &Conditions,
) -> Result<Consequences, Error> {
    let unit = db.read(&requester.scope).await?;
    let user = existing(unit.user(id).await?, "User", id)?;
    conditions.allow_write(user.resource.meta.version)?;
    may_delete(requester, user.connection)?;
    let (pools, _) = pools_of(&unit, id, requester).await?;
    let mut preview = Preview::new(&unit, pools, 1, requester.now, |_: &mut Situation| {});
    preview.settle(&[id], &Cause::Removed).await?;
    preview.consequences().await
}

/// The pools that the facts about a user name, and the facts.
async fn pools_of(
    unit: &ReadUnit,
    id: UserId,
    requester: &Requester,
) -> Result<(Vec<PoolId>, Situation), Error> {
    let facts = unit.facts(&[id], &[], requester.now).await?;
    Ok((facts.pools.iter().map(|pool| pool.id).collect(), facts))
}
