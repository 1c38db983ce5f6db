//! Groups bound to pools: the users in the group itself are enrolled and get seats.

mod priority;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use provisioning::{
    Cause, Entry, EntryKind, Grant, GrantSource, GroupGrace, GroupId, Pool, PoolId, Situation, Subject,
};
use serde::Serialize;
use store::{Constraint, Group, Lingerers, PoolState, TenantScope, WriteUnit};

use crate::consequences::{Agreed, Consequences};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::groups::Dynamic;
use crate::preview::{Preview, members};
use crate::requester::Operator;
use crate::rights::Right;
use crate::work::Work;
use crate::work::settle_group::{self, GroupWork};

use priority::{check, shown};
pub use priority::{preview_update, update};

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
    /// Whether the group is marked as dynamic.
    pub dynamic: bool,
    /// How many hours a dynamic group keeps the seats of people who leave it.
    pub grace_hours: Option<u32>,
    /// The pool.
    pub pool: PoolId,
    /// Its name.
    pub pool_name: String,
    /// The priority of its members in the queue of the pool: higher ones are served first, then the longer wait.
    pub priority: u16,
    /// When it was bound.
    pub created_at: DateTime<Utc>,
}

impl From<store::Binding> for Binding {
    fn from(binding: store::Binding) -> Self {
        Self {
            id: format!("{}:{}", binding.group, binding.pool),
            group: binding.group,
            group_name: binding.group_name,
            dynamic: binding.grace.is_some(),
            grace_hours: binding.grace.map(GroupGrace::hours),
            pool: binding.pool,
            pool_name: binding.pool_name,
            priority: binding.priority,
            created_at: binding.created_at,
        }
    }
}

impl Binding {
    /// The group, where it is dynamic.
    #[must_use]
    pub fn as_dynamic(&self) -> Option<Dynamic> {
        self.grace_hours.map(|grace_hours| Dynamic { name: self.group_name.clone(), grace_hours })
    }
}

/// Which groups are to be bound.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// The groups, by id or name.
    pub groups: &'a [&'a str],
    /// The pool, by id or name.
    pub pool: &'a str,
    /// The priority of their members in the queue of the pool; 0 is the lowest.
    pub priority: u16,
}

impl<'a> New<'a> {
    /// Groups without a priority.
    #[must_use]
    pub const fn of(groups: &'a [&'a str], pool: &'a str) -> Self {
        Self { groups, pool, priority: 0 }
    }
}

/// Binds groups to a pool; the caller settles the members of each by its work, one after the other.
///
/// # Errors
/// [`Error`] for a group or pool that does not exist, a binding that does, or verdicts that are others than those agreed to.
pub async fn create(
    db: &Database,
    operator: &Operator,
    new: New<'_>,
    agreed: Agreed,
) -> Result<Vec<(Binding, Work)>, Error> {
    check(new.priority)?;
    if matches!(agreed, Agreed::Verdicts(_)) {
        agreed.check(&preview_create(db, operator, new).await?)?;
    }
    change(db, operator, (new.groups, new.pool), Some(new.priority)).await
}

/// One binding.
///
/// # Errors
/// [`Error`] if the group is not bound to the pool.
pub async fn show(db: &Database, operator: &Operator, group: &str, pool: &str) -> Result<Binding, Error> {
    let (scope, group, state) = db.group_and_pool(operator, group, pool).await?;
    Ok(of(db.read(&scope).await?.bindings().await?, &group, &state.pool)?.into())
}

/// What would follow if groups were bound to a pool.
///
/// # Errors
/// As [`create`].
pub async fn preview_create(db: &Database, operator: &Operator, new: New<'_>) -> Result<Consequences, Error> {
    check(new.priority)?;
    let (scope, groups, state) = named(db, operator, new.groups, new.pool).await?;
    let (unit, pool) = (db.read(&scope).await?, state.pool.id);
    let mut parts = Vec::new();
    for group in &groups {
        if unit.pools_bound_to(group.id).await?.contains(&pool) {
            return Err(store::Error::Conflict(Constraint::Binding).into());
        }
        let (id, name) = (group.id, group.display_name().to_owned());
        let source = GrantSource::Binding { group: id, name: name.clone(), priority: new.priority };
        let grant = Grant { pool, source };
        parts.push((members(&unit, id).await?, grant, Cause::Bound { group: id, name, pool }));
    }
    let change = |situation: &mut Situation| {
        for (members, grant, _) in &parts {
            let bound = situation.people.iter_mut().filter(|it| members.binary_search(&it.id).is_ok());
            bound.for_each(|person| person.grants.push(grant.clone()));
        }
    };
    let mut preview =
        Preview::new(&unit, vec![pool], operator.batch, operator.now, change).reordering(new.priority > 0);
    for (members, _, cause) in &parts {
        preview.settle(members, cause).await?;
    }
    let mut consequences = preview.consequences().await?;
    let dynamic = |group: &Group| Dynamic::of(group.display_name(), group.grace);
    consequences.dynamic_groups = groups.iter().filter_map(dynamic).collect();
    Ok(consequences)
}

/// What would follow if groups were unbound.
///
/// # Errors
/// As [`delete`].
pub async fn preview_delete(
    db: &Database,
    operator: &Operator,
    groups: &[&str],
    pool: &str,
) -> Result<Consequences, Error> {
    let (scope, groups, state) = named(db, operator, groups, pool).await?;
    let (unit, pool) = (db.read(&scope).await?, state.pool.id);
    let gone: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
    let mut bound = unit.bindings().await?;
    bound.retain(|binding| binding.pool == pool && gone.contains(&binding.group));
    let prioritised = bound.iter().any(|binding| binding.priority > 0);
    let change = |situation: &mut Situation| {
        for person in &mut situation.people {
            person
                .grants
                .retain(|grant| grant.pool != pool || !gone.iter().any(|it| grant.source.is_through(*it)));
        }
    };
    let mut preview =
        Preview::new(&unit, vec![pool], operator.batch, operator.now, change).reordering(prioritised);
    for group in &groups {
        if !bound.iter().any(|binding| binding.group == group.id) {
            return Err(not_bound(group.display_name(), &state.pool.name));
        }
        let cause = Cause::Unbound { group: group.id, name: group.display_name().to_owned(), pool };
        preview.settle(&members(&unit, group.id).await?, &cause).await?;
        preview.settle(&unit.lingerers(group.id, of_pool(pool)).await?, &cause).await?;
    }
    preview.consequences().await
}

/// These groups, each once, and the pool, all of one tenant.
async fn named(
    db: &Database,
    operator: &Operator,
    groups: &[&str],
    pool: &str,
) -> Result<(TenantScope, Vec<Group>, PoolState), Error> {
    let mut found: Option<(TenantScope, Vec<Group>, PoolState)> = None;
    for name in groups {
        let (scope, group, state) = db.group_and_pool(operator, name, pool).await?;
        match &mut found {
            None => found = Some((scope, vec![group], state)),
            Some((known, ..)) if *known != scope => {
                return Err(Error::Refused("the groups belong to two tenants".to_owned()));
            }
            Some((_, groups, _)) if groups.iter().any(|known| known.id == group.id) => {}
            Some((_, groups, _)) => groups.push(group),
        }
    }
    let (scope, mut groups, state) =
        found.ok_or_else(|| Error::Refused("name at least one group".to_owned()))?;
    // In the order in which every unit locks several of them.
    groups.sort_by_key(|group| group.id);
    Ok((scope, groups, state))
}

/// Unbinds groups from a pool; the caller settles the members of each by its work: people without another grant lose access,
/// with grace.
///
/// # Errors
/// [`Error`] if a group is not bound to the pool, or the operator has not agreed to the losses.
pub async fn delete(
    db: &Database,
    operator: &Operator,
    groups: &[&str],
    pool: &str,
    agreed: Agreed,
) -> Result<Vec<(Binding, Work)>, Error> {
    agreed.check(&preview_delete(db, operator, groups, pool).await?)?;
    change(db, operator, (groups, pool), None).await
}

/// The bindings of a tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str) -> Result<Vec<Binding>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    Ok(db.read(&scope).await?.bindings().await?.into_iter().map(Binding::from).collect())
}

/// Binds groups with a priority, or unbinds them.
async fn change(
    db: &Database,
    operator: &Operator,
    (groups, pool): (&[&str], &str),
    bound: Option<u16>,
) -> Result<Vec<(Binding, Work)>, Error> {
    let (scope, groups, state) = named(db, operator, groups, pool).await?;
    let (requester, pool) = (operator.of(scope, Right::Change)?, state.pool);
    let change = async |mut unit: WriteUnit| -> Attempt<Vec<(Binding, Work)>> {
        let mut changed = Vec::new();
        // All of them before the people whose lingering ends.
        for group in &groups {
            unit.lock_group(group.id).await?;
        }
        for group in &groups {
            let lingering = if bound.is_some() {
                BTreeMap::new()
            } else {
                unit.end_lingering(group.id, of_pool(pool.id)).await?
            };
            let lingering = lingering.into_values().flatten().collect();
            let binding = set_binding(&mut unit, group, &pool, bound, requester.now).await?;
            let name = group.display_name().to_owned();
            let (kind, words) =
                if bound.is_some() { (EntryKind::Bound, "bound") } else { (EntryKind::Unbound, "unbound") };
            let why = format!("An administrator {words} the group “{name}”; licence pool “{}”.", pool.name);
            let mut entry = Entry::new(Subject::Group(group.id), kind, why);
            entry.after = bound.filter(|priority| *priority > 0).map(shown);
            unit.record([(&entry, &requester.actor)], requester.now).await?;
            let work = GroupWork {
                group: group.id,
                name,
                pool: pool.id,
                bound: bound.is_some(),
                after: None,
                lingering,
            };
            let work =
                Work::start(&requester, &mut unit, work.job(requester.now), settle_group::KIND).await?;
            changed.push((binding.into(), work));
        }
        Ok((unit, changed))
    };
    Ok(db.write(&requester.scope, change).await?.value)
}

/// Binds a group, which is locked, to a pool with a priority, or unbinds it; answers the binding that is there or was. A request
/// that changes the members at this moment comes before or after, and sees the binding then.
async fn set_binding(
    unit: &mut WriteUnit,
    group: &Group,
    pool: &Pool,
    bound: Option<u16>,
    now: DateTime<Utc>,
) -> Result<store::Binding, Error> {
    if let Some(priority) = bound {
        unit.insert_binding(group.id, pool.id, priority, now).await?;
    }
    let bindings = unit.bindings().await?;
    if bound.is_none() {
        unit.remove_binding(group.id, pool.id).await?;
    }
    of(bindings, group, pool)
}

/// The binding of a group to a pool.
fn of(bindings: Vec<store::Binding>, group: &Group, pool: &Pool) -> Result<store::Binding, Error> {
    let found = bindings.into_iter().find(|binding| binding.group == group.id && binding.pool == pool.id);
    found.ok_or_else(|| not_bound(group.display_name(), &pool.name))
}

fn of_pool(pool: PoolId) -> Lingerers {
    Lingerers { pool: Some(pool), ..Lingerers::default() }
}

fn not_bound(group: &str, pool: &str) -> Error {
    Error::Refused(format!("the group \"{group}\" is not bound to the licence pool \"{pool}\""))
}
