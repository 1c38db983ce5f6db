//! Groups bound to pools.

use chrono::{DateTime, Utc};
use provisioning::{GroupGrace, GroupId, HIGHEST_PRIORITY, PoolId};
use sea_orm::{EntityTrait as _, FromQueryResult};
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::entity::bindings;
use crate::error::Error;
use crate::groups::grace;
use crate::ids::{IdRow, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// A group bound to a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The group.
    pub group: GroupId,
    /// The group's display name.
    pub group_name: String,
    /// The grace of the group, where it is dynamic.
    pub grace: Option<GroupGrace>,
    /// The pool.
    pub pool: PoolId,
    /// The pool's name.
    pub pool_name: String,
    /// The priority of its members in the queue of the pool.
    pub priority: u16,
    /// When it was bound.
    pub created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct BindingRow {
    group_id: Uuid,
    group_name: Option<String>,
    grace_hours: Option<i64>,
    pool_id: Uuid,
    pool_name: String,
    priority: i64,
    created_at: DateTime<Utc>,
}

/// The priority of a row: what is too much for one counts as the highest.
pub(crate) fn priority(stored: i64) -> u16 {
    u16::try_from(stored.max(0)).unwrap_or(HIGHEST_PRIORITY)
}

/// With which priority the person of a seat `s` is served: as [`provisioning::Person::priority_in`].
pub(crate) const PRIORITY: &str = "COALESCE((SELECT MAX(x.priority) FROM (\
    SELECT b.priority FROM group_members m JOIN bindings b \
    ON b.tenant_id = m.tenant_id AND b.group_id = m.group_id AND b.pool_id = s.pool_id \
    WHERE m.tenant_id = s.tenant_id AND m.member_id = s.user_id UNION ALL SELECT b.priority FROM grants r JOIN bindings b \
    ON b.tenant_id = r.tenant_id AND b.group_id = r.group_id AND b.pool_id = r.pool_id \
    WHERE r.tenant_id = s.tenant_id AND r.user_id = s.user_id AND r.pool_id = s.pool_id) x), 0)";

impl ReadUnit {
    /// Every binding, by group and pool.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn bindings(&self) -> Result<Vec<Binding>, Error> {
        let mut sql = Sql::new(
            "SELECT b.group_id, g.display_name AS group_name, g.grace_hours, b.pool_id, p.name AS pool_name, b.priority, \
             b.created_at \
             FROM bindings b JOIN groups g ON g.tenant_id = b.tenant_id AND g.id = b.group_id \
             JOIN pools p ON p.tenant_id = b.tenant_id AND p.id = b.pool_id WHERE b.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" ORDER BY b.group_id, b.pool_id");
        let binding = |row: BindingRow| Binding {
            group: GroupId::new(row.group_id),
            group_name: row.group_name.unwrap_or_default(),
            grace: row.grace_hours.and_then(grace),
            pool: PoolId::new(row.pool_id),
            pool_name: row.pool_name,
            priority: priority(row.priority),
            created_at: row.created_at,
        };
        Ok(self.transaction.all::<BindingRow>(sql).await?.into_iter().map(binding).collect())
    }

    /// The pools to which a group is bound.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pools_bound_to(&self, group: GroupId) -> Result<Vec<PoolId>, Error> {
        let mut sql = Sql::new("SELECT b.pool_id AS id FROM bindings b WHERE b.tenant_id = ");
        sql.bind(self.tenant()).push(" AND b.group_id = ").bind(group.uuid()).push(" ORDER BY b.pool_id");
        let rows = self.transaction.all::<IdRow>(sql).await?;
        Ok(rows.into_iter().map(|row| PoolId::new(row.id)).collect())
    }
}

impl WriteUnit {
    /// Binds a group to a pool; the members must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it is bound already, [`Error::Other`] if the group or the pool does not exist.
    pub async fn insert_binding(
        &mut self,
        group: GroupId,
        pool: PoolId,
        priority: u16,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let row = bindings::Model {
            tenant_id: self.tenant(),
            group_id: group.uuid(),
            pool_id: pool.uuid(),
            created_at: stored(now),
            priority: priority.into(),
        };
        self.transaction.insert(row).await
    }

    /// Gives a binding another priority; `false` if the group is not bound to the pool. Nothing follows for anyone but the
    /// order in which the people who wait will be served.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn prioritise(&mut self, group: GroupId, pool: PoolId, priority: u16) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE bindings SET priority = ");
        sql.bind(i64::from(priority)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND group_id = ").bind(group.uuid()).push(" AND pool_id = ").bind(pool.uuid());
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Unbinds a group from a pool; `false` if it was not bound. The members must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn remove_binding(&mut self, group: GroupId, pool: PoolId) -> Result<bool, Error> {
        let row = bindings::Entity::delete_by_id((self.tenant(), group.uuid(), pool.uuid()));
        Ok(row.exec(&self.transaction).await?.rows_affected == 1)
    }
}
