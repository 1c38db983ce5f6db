//! Groups bound to pools: the users in the group itself are enrolled and get seats.

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, Grant, GrantSource, GroupId, PoolId, Situation, Subject};
use serde::Serialize;
use store::{Constraint, WriteUnit};

use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::preview::{Preview, members};
use crate::requester::Operator;
use crate::work::Work;
use crate::work::settle_group::{self, GroupWork};

/// A binding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The ids of group and pool, which together name it.
    pub id: String,
    /// The group.
    pub group: GroupId,
    /// Its display name.
    pub group_name: String,
    /// The pool.
    pub pool: PoolId,
    /// Its name.
    pub pool_name: String,
    /// When it was bound.
    pub created_at: DateTime<Utc>,
}

impl From<store::Binding> for Binding {
    fn from(binding: store::Binding) -> Self {
        Self {
            id: format!("{}:{}", binding.group, binding.pool),
            group: binding.group,
            group_name: binding.group_name,
            pool: binding.pool,
            pool_name: binding.pool_name,
            created_at: binding.created_at,
        }
    }
}

/// Binds a group to a pool; the caller settles its members by the work.
///
/// # Errors
/// [`Error`] for a group or pool that does not exist, or a binding that does.
pub async fn create(
    db: &Database,
    operator: &Operator,
    group: &str,
    pool: &str,
) -> Result<(Binding, Work), Error> {
    change(db, operator, group, pool, true).await
}

/// One binding.
///
/// # Errors
/// [`Error`] if the group is not bound to the pool.
pub async fn show(db: &Database, operator: &Operator, group: &str, pool: &str) -> Result<Binding, Error> {
    let (scope, group, state) = db.group_and_pool(operator, group, pool).await?;
    let bindings = db.read(&scope).await?.bindings().await?;
    let found = bindings.into_iter().find(|it| it.group == group.id && it.pool == state.pool.id);
    found.map(Binding::from).ok_or_else(|| not_bound(group.display_name(), &state.pool.name))
}

/// What would follow if a group was bound to a pool.
///
/// # Errors
/// As [`create`].
pub async fn preview_create(
    db: &Database,
    operator: &Operator,
    group: &str,
    pool: &str,
) -> Result<Consequences, Error> {
    let (scope, group, state) = db.group_and_pool(operator, group, pool).await?;
    let unit = db.read(&scope).await?;
    let (pool, name) = (state.pool.id, group.display_name().to_owned());
    if unit.pools_bound_to(group.id).await?.contains(&pool) {
        return Err(store::Error::Conflict(Constraint::Binding).into());
    }
    let cause = Cause::Bound { group: group.id, name: name.clone(), pool };
    let members = members(&unit, group.id).await?;
    let grant = Grant { pool, source: GrantSource::Binding { group: group.id, name } };
    let change = |situation: &mut Situation| {
        let bound = situation.people.iter_mut().filter(|it| members.binary_search(&it.id).is_ok());
        bound.for_each(|person| person.grants.push(grant.clone()));
    };
    let mut preview = Preview::new(&unit, vec![pool], operator.batch, operator.now, change);
    preview.settle(&members, &cause).await?;
    preview.consequences().await
}

/// What would follow if a group was unbound.
///
/// # Errors
/// As [`delete`].
pub async fn preview_delete(
    db: &Database,
    operator: &Operator,
    group: &str,
    pool: &str,
) -> Result<Consequences, Error> {
    let binding = show(db, operator, group, pool).await?;
    let (scope, _, _) = db.group_and_pool(operator, group, pool).await?;
    let unit = db.read(&scope).await?;
    let (group, pool) = (binding.group, binding.pool);
    let cause = Cause::Unbound { group, name: binding.group_name, pool };
    let change = |situation: &mut Situation| {
        for person in &mut situation.people {
            person.grants.retain(|grant| grant.pool != pool || !is_through(grant, group));
        }
    };
    let members = members(&unit, group).await?;
    let mut preview = Preview::new(&unit, vec![pool], operator.batch, operator.now, change);
    preview.settle(&members, &cause).await?;
    preview.consequences().await
}

/// Whether a grant comes from a group.
pub(crate) fn is_through(grant: &Grant, group: GroupId) -> bool {
    matches!(&grant.source, GrantSource::Binding { group: it, .. } if *it == group)
}

/// Unbinds a group from a pool; the caller settles its members by the work: people without another grant lose access,
/// with grace.
///
/// # Errors
/// [`Error`] if the group is not bound to the pool, or the operator has not agreed to the losses.
pub async fn delete(
    db: &Database,
    operator: &Operator,
    group: &str,
    pool: &str,
    agreed: Agreed,
) -> Result<(Binding, Work), Error> {
    agreed.check(&preview_delete(db, operator, group, pool).await?)?;
    change(db, operator, group, pool, false).await
}

/// The bindings of a tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str) -> Result<Vec<Binding>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    Ok(db.read(&scope).await?.bindings().await?.into_iter().map(Binding::from).collect())
}

async fn change(
    db: &Database,
    operator: &Operator,
    group: &str,
    pool: &str,
    bound: bool,
) -> Result<(Binding, Work), Error> {
    let (scope, group, state) = db.group_and_pool(operator, group, pool).await?;
    let (requester, pool) = (operator.of(scope), state.pool);
    let name = group.display_name().to_owned();
    let find = |bindings: Vec<store::Binding>| {
        bindings.into_iter().find(|binding| binding.group == group.id && binding.pool == pool.id)
    };
    let change = async |mut unit: WriteUnit| -> Attempt<(Binding, Work)> {
        // A request that changes the members at this moment comes before or after, and sees the binding then.
        unit.lock_group(group.id).await?;
        let binding = if bound {
            unit.insert_binding(group.id, pool.id, requester.now).await?;
            find(unit.bindings().await?)
        } else {
            let binding = find(unit.bindings().await?);
            unit.remove_binding(group.id, pool.id).await?;
            binding
        };
        let binding = binding.ok_or_else(|| not_bound(&name, &pool.name))?;
        let (kind, words) = if bound { (EntryKind::Bound, "bound") } else { (EntryKind::Unbound, "unbound") };
        let why = format!("An administrator {words} the group “{name}”; licence pool “{}”.", pool.name);
        let entry = Entry::new(Subject::Group(group.id), kind, why);
        unit.record([(&entry, &requester.actor)], requester.now).await?;
        let work = GroupWork { group: group.id, name: name.clone(), pool: pool.id, bound, after: None };
        let work = Work::start(&requester, &mut unit, work.job(requester.now), settle_group::KIND).await?;
        Ok((unit, (binding.into(), work)))
    };
    Ok(db.write(&requester.scope, change).await?.value)
}

fn not_bound(group: &str, pool: &str) -> Error {
    Error::Refused(format!("the group \"{group}\" is not bound to the licence pool \"{pool}\""))
}
