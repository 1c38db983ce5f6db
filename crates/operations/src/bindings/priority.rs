//! The priority of a binding: in which order the people who wait for a pool are served.

use provisioning::{Entry, EntryKind, GrantSource, HIGHEST_PRIORITY, Situation, Subject};
use serde_json::{Value, json};
use store::WriteUnit;

use super::{Binding, not_bound, of};
use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::preview::Preview;
use crate::requester::Operator;
use crate::rights::Right;

/// Gives a binding another priority. That changes only who gets the next free seat: a person who has a seat keeps it.
///
/// # Errors
/// [`Error`] if the group is not bound to the pool, the priority is too high, or the consequences are others than those
/// agreed to.
pub async fn update(
    db: &Database,
    operator: &Operator,
    (group, pool): (&str, &str),
    priority: u16,
    agreed: Agreed,
) -> Result<Binding, Error> {
    check(priority)?;
    if matches!(agreed, Agreed::Verdicts(_)) {
        agreed.check(&preview_update(db, operator, (group, pool), priority).await?)?;
    }
    let (scope, group, state) = db.group_and_pool(operator, group, pool).await?;
    let (requester, pool) = (operator.of(scope, Right::Change)?, state.pool);
    let change = async |mut unit: WriteUnit| -> Attempt<Binding> {
        unit.lock_group(group.id).await?;
        let mut binding = of(unit.bindings().await?, &group, &pool)?;
        if binding.priority != priority {
            unit.prioritise(group.id, pool.id, priority).await?;
            let (name, pool) = (group.display_name(), &pool.name);
            let why = format!(
                "An administrator gave the group “{name}” the priority {priority} in the waiting list of “{pool}”."
            );
            let entry = Entry {
                before: Some(shown(binding.priority)),
                after: Some(shown(priority)),
                ..Entry::new(Subject::Group(group.id), EntryKind::Prioritised, why)
            };
            unit.record([(&entry, &requester.actor)], requester.now).await?;
            binding.priority = priority;
        }
        Ok((unit, binding.into()))
    };
    Ok(db.write(&requester.scope, change).await?.value)
}

/// What would follow from another priority of a binding: for how many people who wait it means another place.
///
/// # Errors
/// As [`update`].
pub async fn preview_update(
    db: &Database,
    operator: &Operator,
    (group, pool): (&str, &str),
    priority: u16,
) -> Result<Consequences, Error> {
    check(priority)?;
    let (scope, group, state) = db.group_and_pool(operator, group, pool).await?;
    let (unit, pool) = (db.read(&scope).await?, state.pool.id);
    if !unit.pools_bound_to(group.id).await?.contains(&pool) {
        return Err(not_bound(group.display_name(), &state.pool.name));
    }
    let change = |situation: &mut Situation| {
        let grants = situation.people.iter_mut().flat_map(|person| &mut person.grants);
        for grant in grants.filter(|grant| grant.pool == pool && grant.source.is_through(group.id)) {
            if let GrantSource::Binding { priority: it, .. } | GrantSource::Lingering { priority: it, .. } =
                &mut grant.source
            {
                *it = priority;
            }
        }
    };
    let mut preview = Preview::new(&unit, vec![pool], operator.batch, operator.now, change).reordering(true);
    preview.look_at_queue(pool).await?;
    preview.consequences().await
}

/// A priority as the journal shows it.
pub(super) fn shown(priority: u16) -> Value {
    json!({ "priority": priority })
}

/// Refuses a priority above the highest.
pub(super) fn check(priority: u16) -> Result<(), Error> {
    if priority > HIGHEST_PRIORITY {
        return Err(Error::Refused(format!(
            "the priority {priority} is too high: say a number from 0, the lowest, to {HIGHEST_PRIORITY}"
        )));
    }
    Ok(())
}
