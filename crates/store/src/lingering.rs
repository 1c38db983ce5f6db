//! People who have left a dynamic group and keep what they had of it for its grace: grants of a kind of their own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use provisioning::{GroupGrace, GroupId, PoolId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::grants::GrantKind;
use crate::ids::{ConnectionId, IdRow, stored};
use crate::unit::{ReadUnit, WriteUnit};

#[derive(FromQueryResult)]
struct FirstRow {
    left_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct EndedRow {
    id: Uuid,
    connection_id: Option<Uuid>,
}

/// The people who linger in a group and to whom all of this applies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lingerers {
    /// People who keep something of this pool.
    pub pool: Option<PoolId>,
    /// People who left at this instant or before.
    pub left_by: Option<DateTime<Utc>>,
}

impl Lingerers {
    fn push(self, sql: &mut Sql, tenant: Uuid, group: GroupId) {
        sql.push(" WHERE tenant_id = ").bind(tenant).push(" AND group_id = ").bind(group.uuid());
        if let Some(pool) = self.pool {
            sql.push(" AND pool_id = ").bind(pool.uuid());
        }
        if let Some(left_by) = self.left_by {
            sql.push(" AND created_at <= ").bind(stored(left_by));
        }
    }
}

/// The kind of a grant that is kept by a group: a person may keep one of the same pool by several.
fn kind(group: GroupId) -> String {
    format!("{}:{group}", GrantKind::Lingering.as_str())
}

impl ReadUnit {
    /// The people who linger in a group, in the order of ids.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lingerers(&self, group: GroupId, which: Lingerers) -> Result<Vec<UserId>, Error> {
        let mut sql = Sql::new("SELECT DISTINCT user_id AS id FROM grants");
        which.push(&mut sql, self.tenant(), group);
        sql.push(" ORDER BY user_id");
        Ok(self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| UserId::new(row.id)).collect())
    }

    /// When the first of the people who linger in a group left; `None` without such people.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lingering_since(&self, group: GroupId) -> Result<Option<DateTime<Utc>>, Error> {
        let mut sql = Sql::new("SELECT MIN(created_at) AS left_at FROM grants");
        Lingerers::default().push(&mut sql, self.tenant(), group);
        Ok(self.transaction.one::<FirstRow>(sql).await?.and_then(|row| row.left_at))
    }
}

impl WriteUnit {
    /// Gives a group, which is locked, a grace, or makes it static. Those who linger in it must be looked at afterwards.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn set_group_grace(&mut self, group: GroupId, grace: Option<GroupGrace>) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE groups SET grace_hours = ");
        sql.bind(grace.map(|grace| i64::from(grace.hours()))).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(group.uuid());
        self.transaction.run(sql).await.map(drop)
    }

    /// Has people who have just left a group, which is locked, linger in it: they keep the pools to which the group is bound and
    /// of which they have a seat or a place, as [`Person::lingers`](provisioning::Person::lingers) says. Answers who does.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn linger(
        &mut self,
        group: GroupId,
        people: &[Uuid],
        connection: Option<ConnectionId>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>, Error> {
        let (tenant, backend) = (self.tenant(), self.backend());
        let mut lingering = Vec::new();
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new(
                "INSERT INTO grants (tenant_id, user_id, pool_id, kind, created_at, group_id, connection_id) \
                 SELECT s.tenant_id, s.user_id, s.pool_id, ",
            );
            sql.bind(kind(group)).push(", ").bind(stored(now)).push(", ").bind(group.uuid()).push(", ");
            sql.bind(connection.map(ConnectionId::uuid)).push(" FROM ");
            sql.among(backend, tenant, ("seats", "s", "user_id"), chunk.iter().copied());
            sql.push(" WHERE EXISTS (SELECT 1 FROM bindings b WHERE b.tenant_id = s.tenant_id AND b.pool_id = s.pool_id");
            sql.push(" AND b.group_id = ").bind(group.uuid());
            sql.push(
                ") ON CONFLICT (tenant_id, user_id, pool_id, kind) DO UPDATE SET created_at = excluded.created_at, \
                 connection_id = excluded.connection_id RETURNING user_id AS id",
            );
            lingering.extend(self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| row.id));
        }
        lingering.sort_unstable();
        lingering.dedup();
        Ok(lingering)
    }

    /// People have come back to a group, which is locked: they linger no more. Answers who did.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn linger_no_more(&mut self, group: GroupId, people: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        let (tenant, kind) = (self.tenant(), kind(group));
        let mut back = Vec::new();
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new("DELETE FROM grants WHERE tenant_id = ");
            sql.bind(tenant).push(" AND user_id IN ").list(chunk.iter().copied());
            sql.push(" AND kind = ").bind(kind.clone()).push(" RETURNING user_id AS id");
            back.extend(self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| row.id));
        }
        back.sort_unstable();
        back.dedup();
        Ok(back)
    }

    /// Ends the lingering of these people in a group, which is locked. Answers them, by the connection whose push had them leave;
    /// they are locked, and must be settled afterwards.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_lingering(
        &mut self,
        group: GroupId,
        which: Lingerers,
    ) -> Result<BTreeMap<Option<ConnectionId>, Vec<UserId>>, Error> {
        let people: Vec<Uuid> = self.lingerers(group, which).await?.into_iter().map(UserId::uuid).collect();
        let mut ended: BTreeMap<Option<ConnectionId>, Vec<UserId>> = BTreeMap::new();
        if people.is_empty() {
            return Ok(ended);
        }
        // A unit that deletes a user locks the user first, too.
        self.lock_people(&people).await?;
        let mut sql = Sql::new("DELETE FROM grants");
        which.push(&mut sql, self.tenant(), group);
        sql.push(" RETURNING user_id AS id, connection_id");
        for row in self.transaction.all::<EndedRow>(sql).await? {
            ended.entry(row.connection_id.map(ConnectionId::new)).or_default().push(UserId::new(row.id));
        }
        for people in ended.values_mut() {
            people.sort_unstable();
            people.dedup();
        }
        Ok(ended)
    }
}
