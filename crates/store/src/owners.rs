//! Users, groups and other resources get another owner, many at a time; a connection without any is deleted.

use std::collections::HashSet;

use provisioning::{GroupId, UserId};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter};
use serde_json::json;
use uuid::Uuid;

use crate::db::backend::for_update;
use crate::db::sql::{CHUNK, Sql};
use crate::entity::{connections, quirk_uses};
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow};
use crate::parked::ValueRow;
use crate::unit::{ReadUnit, WriteUnit};
use crate::users::User;

#[derive(FromQueryResult)]
struct TypeRow {
    id: Uuid,
    resource_type: String,
}

impl ReadUnit {
    /// Which of these users a group waits for, among the users of this connection.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn awaited_among(
        &self,
        users: &[UserId],
        connection: ConnectionId,
    ) -> Result<Vec<UserId>, Error> {
        let users = self.users_among(users).await?;
        let names: Vec<&str> = users.iter().flat_map(User::names).collect();
        let mut awaited = HashSet::new();
        for chunk in names.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT DISTINCT p.value FROM parked_members p WHERE p.tenant_id = ");
            sql.bind(self.tenant()).push(" AND p.value IN ").list(chunk.iter().copied());
            sql.push(" AND (p.connection_id IS NULL OR p.connection_id = ").bind(connection.uuid());
            sql.push(")");
            awaited.extend(self.transaction.all::<ValueRow>(sql).await?.into_iter().map(|row| row.value));
        }
        let is_awaited = |user: &&User| user.names().any(|name| awaited.contains(name));
        Ok(users.iter().filter(is_awaited).map(|user| user.id).collect())
    }
}

impl WriteUnit {
    /// Gives at most `most` users of a connection to another one, or to none, and answers them.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn hand_over_users(
        &mut self,
        from: ConnectionId,
        to: Option<ConnectionId>,
        most: u64,
    ) -> Result<Vec<UserId>, Error> {
        let ids = self.owned(from, "users", None, most).await?;
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE users SET connection_id = ");
            sql.bind(to.map(ConnectionId::uuid)).push(" WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND id IN ").list(chunk.iter().copied());
            self.transaction.run(sql).await?;
        }
        Ok(ids.into_iter().map(UserId::new).collect())
    }

    /// Gives a user to another connection; `false` if it has the user already.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn hand_over_user(&mut self, user: UserId, to: ConnectionId) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE users SET connection_id = ");
        sql.bind(to.uuid()).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(user.uuid()).push(" AND deleted_at IS NULL");
        sql.push(" AND connection_id IS DISTINCT FROM ").bind(to.uuid());
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Gives at most `most` groups of a connection behind `after` to another one, with what waits in them, and answers
    /// those that were looked at and those that were given. A group stays where it is when its name is to be unique and
    /// the other connection has a group of this name. A group without an owner has a name that need not be unique.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn hand_over_groups(
        &mut self,
        from: ConnectionId,
        to: Option<ConnectionId>,
        after: Option<GroupId>,
        most: u64,
    ) -> Result<(Vec<GroupId>, Vec<GroupId>), Error> {
        let ids = self.owned(from, "groups", after.map(GroupId::uuid), most).await?;
        let mut given = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE groups SET connection_id = ");
            sql.bind(to.map(ConnectionId::uuid));
            sql.push(if to.is_none() { ", unique_name = NULL" } else { "" });
            sql.push(" WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND id IN ").list(chunk.iter().copied());
            if let Some(to) = to {
                sql.push(" AND NOT EXISTS (SELECT 1 FROM groups o WHERE o.tenant_id = groups.tenant_id");
                sql.push(" AND o.unique_name = groups.unique_name AND o.connection_id = ").bind(to.uuid());
                sql.push(")");
            }
            sql.push(" RETURNING id");
            let moved: Vec<Uuid> =
                self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| row.id).collect();
            let mut sql = Sql::new("UPDATE parked_members SET connection_id = ");
            sql.bind(to.map(ConnectionId::uuid)).push(" WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND connection_id = ").bind(from.uuid());
            sql.push(" AND group_id IN ").list(moved.iter().copied());
            self.transaction.run(sql).await?;
            given.extend(moved.into_iter().map(GroupId::new));
        }
        Ok((ids.into_iter().map(GroupId::new).collect(), given))
    }

    /// Gives at most `most` resources of types that files define to another connection, or to none, and answers them with
    /// the names of their types.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn hand_over_custom_resources(
        &mut self,
        from: ConnectionId,
        to: Option<ConnectionId>,
        most: u64,
    ) -> Result<Vec<(Uuid, String)>, Error> {
        let ids = self.owned(from, "custom_resources", None, most).await?;
        let mut given = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("UPDATE custom_resources SET connection_id = ");
            sql.bind(to.map(ConnectionId::uuid)).push(" WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND id IN ").list(chunk.iter().copied()).push(" RETURNING id, resource_type");
            let rows = self.transaction.all::<TypeRow>(sql).await?;
            given.extend(rows.into_iter().map(|row| (row.id, row.resource_type)));
        }
        Ok(given)
    }

    /// At most `most` users or groups of a connection behind `after`, locked, in the order of ids.
    async fn owned(
        &mut self,
        from: ConnectionId,
        table: &str,
        after: Option<Uuid>,
        most: u64,
    ) -> Result<Vec<Uuid>, Error> {
        let mut sql = Sql::new(&format!("SELECT t.id FROM {table} t WHERE t.tenant_id = "));
        sql.bind(self.tenant()).push(" AND t.connection_id = ").bind(from.uuid());
        sql.push(" AND t.id > ").bind(after.unwrap_or(Uuid::nil()));
        sql.push(" ORDER BY t.id LIMIT ").bind(most).push(for_update(self.backend()));
        Ok(self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| row.id).collect())
    }

    /// Deletes every token of a connection, so that the connection pushes nothing any more.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_tokens(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM tokens WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND connection_id = ").bind(connection.uuid());
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Deletes a connection that owns nothing, with its counters and conflicts. Connections that took over from it
    /// forget it. Its request log stays until it is old.
    ///
    /// # Errors
    /// [`Error::ConnectionGone`] if it still owns something, and then nothing may be committed; [`Error::Busy`] or
    /// [`Error::Other`].
    pub async fn delete_connection(&mut self, connection: ConnectionId) -> Result<(), Error> {
        for mut other in self.connections().await? {
            if !other.takes_over.contains(&connection) {
                continue;
            }
            other.takes_over.retain(|known| *known != connection);
            let mut sql = Sql::new("UPDATE connections SET takes_over = ");
            sql.bind(json!(other.takes_over)).push(" WHERE tenant_id = ").bind(self.tenant());
            sql.push(" AND id = ").bind(other.id.uuid());
            self.transaction.run(sql).await?;
        }
        // What a request that was on its way has made in the meantime has no owner either.
        for table in ["users", "groups", "parked_members", "custom_resources"] {
            let mut sql = Sql::new(&format!("UPDATE {table} SET connection_id = NULL WHERE tenant_id = "));
            sql.bind(self.tenant()).push(" AND connection_id = ").bind(connection.uuid());
            self.transaction.run(sql).await?;
        }
        quirk_uses::Entity::delete_many()
            .filter(quirk_uses::Column::TenantId.eq(self.tenant()))
            .filter(quirk_uses::Column::ConnectionId.eq(connection.uuid()))
            .exec(&self.transaction)
            .await?;
        connections::Entity::delete_many()
            .filter(connections::Column::TenantId.eq(self.tenant()))
            .filter(connections::Column::Id.eq(connection.uuid()))
            .exec(&self.transaction)
            .await?;
        Ok(())
    }
}
