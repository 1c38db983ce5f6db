//! Groups bound to pools.

use chrono::{DateTime, Utc};
use provisioning::{GroupGrace, GroupId, PoolId};
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
    created_at: DateTime<Utc>,
}

impl ReadUnit {
    /// Every binding, by group and pool.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn bindings(&self) -> Result<Vec<Binding>, Error> {
        let mut sql = Sql::new(
            "SELECT b.group_id, g.display_name AS group_name, g.grace_hours, b.pool_id, p.name AS pool_name, b.created_at \
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
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let row = bindings::Model {
            tenant_id: self.tenant(),
            group_id: group.uuid(),
            pool_id: pool.uuid(),
            created_at: stored(now),
        };
        self.transaction.insert(row).await
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
