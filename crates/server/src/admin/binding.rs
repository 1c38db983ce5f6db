//! Groups bound to pools: whoever is in the group itself is enrolled and gets a seat.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, GroupId, PoolId, Subject};
use serde::Serialize;

use super::{Admin, AdminError, STAND_IN, Settled};
use crate::jobs::settle_group::{self, GroupWork};

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

/// A binding that was made or removed, and what followed for the group's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// The binding.
    #[serde(flatten)]
    pub binding: Binding,
    /// What it came to.
    pub settled: Settled,
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

/// Binds a group to a pool and settles its members; `seen` is told how far that is.
///
/// # Errors
/// [`AdminError`] for a group or pool that does not exist, or a binding that does.
pub async fn create(
    admin: &Admin,
    group: &str,
    pool: &str,
    seen: impl FnMut(Settled) + Send,
) -> Result<Changed, AdminError> {
    change(admin, group, pool, true, seen).await
}

/// Unbinds a group from a pool and settles its members: who has no other grant loses access, with grace.
///
/// # Errors
/// [`AdminError`] if the group is not bound to the pool.
pub async fn remove(
    admin: &Admin,
    group: &str,
    pool: &str,
    seen: impl FnMut(Settled) + Send,
) -> Result<Changed, AdminError> {
    change(admin, group, pool, false, seen).await
}

/// The bindings of a tenant.
///
/// # Errors
/// [`AdminError`] if there is no such tenant.
pub async fn list(admin: &Admin, tenant: &str) -> Result<Vec<Binding>, AdminError> {
    let (scope, _) = admin.tenant(tenant).await?;
    Ok(admin.store.read(&scope).await?.bindings().await?.into_iter().map(Binding::from).collect())
}

async fn change(
    admin: &Admin,
    group: &str,
    pool: &str,
    bound: bool,
    mut seen: impl FnMut(Settled) + Send,
) -> Result<Changed, AdminError> {
    let (scope, group, state) = admin.group_and_pool(group, pool).await?;
    let (command, words) = if bound { ("binding create", "bound") } else { ("binding remove", "unbound") };
    let (actor, now) = (admin.actor(command), admin.now());
    let name = group.display_name().to_owned();
    let pool = state.pool;
    let find = |bindings: Vec<store::Binding>| {
        bindings.into_iter().find(|binding| binding.group == group.id && binding.pool == pool.id)
    };

    let mut unit = admin.store.write(&scope).await?;
    // Whoever changes the members at this moment comes before or after, and sees the binding then.
    unit.lock_group(group.id).await?;
    let binding = if bound {
        unit.insert_binding(group.id, pool.id, now).await?;
        find(unit.bindings().await?)
    } else {
        let binding = find(unit.bindings().await?);
        unit.remove_binding(group.id, pool.id).await?;
        binding
    };
    let binding = binding.ok_or_else(|| {
        AdminError::Refused(format!(
            "the group \"{name}\" is not bound to the licence pool \"{}\"",
            pool.name
        ))
    })?;
    let kind = if bound { EntryKind::Bound } else { EntryKind::Unbound };
    let why = format!("An administrator {words} the group “{name}”; licence pool “{}”.", pool.name);
    let entry = Entry::new(Subject::Group(group.id), kind, why);
    unit.record(&[entry], &actor, now).await?;
    let work = GroupWork { group: group.id, name, pool: pool.id, bound, after: None };
    admin.stand_in(&mut unit, work.job(now + STAND_IN)).await?;
    unit.commit().await?;

    let key = work.key();
    let desk = admin.desk();
    let settled =
        settle_group::run(&desk, &scope, work, &actor, None, |progress| seen(progress.into())).await?;
    admin.stand_down(&scope, key).await?;
    Ok(Changed { binding: binding.into(), settled: settled.into() })
}
