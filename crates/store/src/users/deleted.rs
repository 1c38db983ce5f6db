//! Users who were deleted: what is kept of them, how they come back as the same ones, and how they are erased.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use provisioning::{Cause, UserId};
use scim::Object;
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde_json::json;
use uuid::Uuid;

use crate::db::backend::{for_update, uuid_literal};
use crate::db::sql::{CHUNK, Sql};
use crate::entity;
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow, stored};
use crate::scope::TenantScope;
use crate::store::Store;
use crate::touched::{ResourceKey, Touch};
use crate::unit::WriteUnit;
use crate::users::user::{Indexed, User};
use crate::users::values;

/// What goes with access, when it ends for good. What an administrator has said about the person stays.
const ENDS: &[&str] = &["user_values", "grants", "codes", "holds", "conflicts", "held_losses"];

#[derive(FromQueryResult)]
struct FormerRow {
    id: Uuid,
    external_id: String,
}

#[derive(FromQueryResult)]
struct DeletedRow {
    deleted_at: DateTime<Utc>,
}

impl Store {
    /// The users who were deleted for good before an instant, at most a thousand.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn deleted_before(&self, before: DateTime<Utc>) -> Result<Vec<(TenantScope, UserId)>, Error> {
        let mut deleted = Vec::new();
        for tenant in self.tenants().await? {
            let mut sql = Sql::new("SELECT u.id FROM users u WHERE u.tenant_id = ");
            sql.bind(tenant.id.uuid()).push(" AND u.deleted_at IS NOT NULL AND u.ended_at < ");
            sql.bind(stored(before)).push(" ORDER BY u.id LIMIT 1000");
            let rows = self.database().await?.query_all_raw(sql.statement(self.backend())).await?;
            for row in rows {
                let row = IdRow::from_query_result(&row, "")?;
                deleted.push((TenantScope::of(tenant.id.uuid()), UserId::new(row.id)));
            }
        }
        Ok(deleted)
    }
}

impl WriteUnit {
    /// Deletes a user for the protocol: the name is free, and groups do not hold the user. Access, seats and devices stay.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn hide_user(&mut self, id: UserId, now: DateTime<Utc>) -> Result<(), Error> {
        self.leave_all_groups(id.uuid(), now).await?;
        let mut sql = Sql::new("UPDATE users SET deleted_at = ");
        sql.bind(stored(now)).push(", apart = id, display_name = NULL, display_name_folded = NULL");
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(id.uuid());
        sql.push(" AND deleted_at IS NULL");
        if self.transaction.run(sql).await? == 1 {
            self.touch(ResourceKey::user(id.uuid()), Touch::Deleted, now);
        }
        self.release_values(id.uuid()).await
    }

    /// Deletes a user with memberships, searchable values, grants and devices; the groups that held the user get a new
    /// version. A row is kept by which the user can come back, until it is erased.
    ///
    /// The seats must have been given back before. `false` if there is no such user.
    ///
    /// # Errors
    /// [`Error::Other`] if the user still holds a seat.
    pub async fn delete_user(&mut self, id: UserId, now: DateTime<Utc>) -> Result<bool, Error> {
        self.leave_all_groups(id.uuid(), now).await?;
        let (tenant, backend) = (self.tenant(), self.backend());
        let mut sql = Sql::new("UPDATE users SET deleted_at = COALESCE(deleted_at, ");
        sql.bind(stored(now))
            .push("), apart = id, display_name = NULL, display_name_folded = NULL, ended_at = ");
        sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(tenant).push(" AND id = ").bind(id.uuid());
        sql.push(" AND ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM seats s WHERE s.tenant_id = ")
            .bind(tenant);
        sql.push(" AND s.user_id = ").bind(id.uuid()).push(")");
        sql.push(" RETURNING deleted_at");
        let Some(row) = self.transaction.one::<DeletedRow>(sql).await? else { return Ok(false) };
        // A user who was hidden before was deleted for the protocol then.
        if row.deleted_at == stored(now) {
            self.touch(ResourceKey::user(id.uuid()), Touch::Deleted, now);
        }
        // Only now: a unit that was changing the user is through.
        self.release_values(id.uuid()).await?;
        let mut sql = Sql::default();
        for table in ENDS {
            sql.together(backend, |sql| {
                sql.push(&format!("DELETE FROM {table} WHERE tenant_id = ")).bind(tenant);
                sql.push(" AND user_id = ").bind(id.uuid())
            });
        }
        sql.push("UPDATE devices SET revoked_at = ").bind(stored(now)).push(" WHERE tenant_id = ");
        sql.bind(tenant).push(" AND user_id = ").bind(id.uuid()).push(" AND revoked_at IS NULL");
        self.transaction.run(sql).await?;
        Ok(true)
    }

    /// The deleted users of a connection who had one of these external ids, locked, by external id: the last one of each.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn former_users(
        &mut self,
        external_ids: &[&str],
        connection: ConnectionId,
    ) -> Result<HashMap<String, UserId>, Error> {
        let mut former = HashMap::new();
        for chunk in external_ids.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT u.id, u.external_id FROM users u WHERE u.tenant_id = ");
            sql.bind(self.tenant()).push(" AND u.external_id IN ").list(chunk.iter().copied());
            sql.push(" AND u.connection_id = ").bind(connection.uuid());
            sql.push(" AND u.deleted_at IS NOT NULL ORDER BY u.deleted_at, u.id")
                .push(for_update(self.backend()));
            for row in self.transaction.all::<FormerRow>(sql).await? {
                former.insert(row.external_id, UserId::new(row.id));
            }
        }
        Ok(former)
    }

    /// Brings a deleted user back with another document, and answers the user; none if the tenant has another user of the
    /// name by now.
    ///
    /// # Errors
    /// [`Error::Conflict`] if such a user is created at the same time, [`Error::Busy`] or [`Error::Other`].
    pub async fn return_user(
        &mut self,
        id: UserId,
        document: &Object,
        now: DateTime<Utc>,
    ) -> Result<Option<User>, Error> {
        let (tenant, nil) = (self.tenant(), uuid_literal(self.backend(), Uuid::nil()));
        let indexed = Indexed::of(&self.registry, document)?;
        let rows = values::rows(tenant, id.uuid(), &indexed.search);
        let mut sql =
            Sql::new(&format!("UPDATE users SET deleted_at = NULL, ended_at = NULL, apart = {nil}, "));
        let name = indexed.user_name_folded.clone();
        sql.set_document(document, indexed);
        sql.push(", modified_at = ").bind(stored(now)).push(", version = version + 1");
        sql.push(" WHERE tenant_id = ").bind(tenant).push(" AND id = ").bind(id.uuid());
        sql.push(" AND deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users o WHERE o.tenant_id = ")
            .bind(tenant);
        sql.push(" AND o.user_name_folded = ").bind(name);
        sql.push(&format!(" AND o.apart = {nil})"));
        if self.transaction.run(sql).await? != 1 {
            return Ok(None);
        }
        let mut sql = Sql::default();
        sql.together(self.backend(), |sql| {
            sql.push("DELETE FROM held_losses WHERE what = 'account' AND tenant_id = ").bind(tenant);
            sql.push(" AND user_id = ").bind(id.uuid())
        });
        // What is still kept waits for another decision than that about the deletion.
        sql.together(self.backend(), |sql| {
            sql.push("UPDATE held_losses SET cause = ").bind(json!(Cause::CameBack));
            sql.push(" WHERE what <> 'account' AND tenant_id = ").bind(tenant);
            sql.push(" AND user_id = ").bind(id.uuid())
        });
        sql.push("DELETE FROM user_values WHERE tenant_id = ")
            .bind(tenant)
            .push(" AND user_id = ")
            .bind(id.uuid());
        self.transaction.run(sql).await?;
        self.transaction.insert_all::<entity::user_values::Entity>(rows).await?;
        let user_type = Arc::clone(self.registry.user());
        self.claim_values(&user_type, id.uuid(), &Object::new(), document).await?;
        self.bumped.insert(id.uuid());
        self.touch(ResourceKey::user(id.uuid()), Touch::Created, now);
        self.user(id).await
    }

    /// Erases what is kept of a deleted user: the row, mails, rows of files, and in the journal the reasons and what
    /// was recorded beside them. `false` if there is no such deleted user.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn erase_user(&mut self, id: UserId) -> Result<bool, Error> {
        let (tenant, user) = (self.tenant(), id.uuid());
        let mut sql = Sql::new("SELECT u.id FROM users u WHERE u.ended_at IS NOT NULL AND u.tenant_id = ");
        sql.bind(tenant).push(" AND u.id = ").bind(user).push(for_update(self.backend()));
        if self.transaction.one::<IdRow>(sql).await?.is_none() {
            return Ok(false);
        }
        // A reason may hold any name that the person ever had.
        let mut sql = Sql::new(
            "UPDATE journal SET why = 'This entry is about an erased person.', before_value = NULL, after_value = NULL \
             WHERE tenant_id = ",
        );
        sql.bind(tenant).push(" AND subject_id = ").bind(user);
        self.transaction.run(sql).await?;
        let mut sql = Sql::new(
            "UPDATE import_rows SET name = '', email = '', user_name = '', reason = NULL WHERE tenant_id = ",
        );
        sql.bind(tenant).push(" AND user_id = ").bind(user);
        self.transaction.run(sql).await?;
        let mut sql = Sql::new("UPDATE events SET user_name = NULL, external_id = NULL WHERE tenant_id = ");
        sql.bind(tenant).push(" AND user_id = ").bind(user);
        self.transaction.run(sql).await?;
        let mut sql = Sql::new(
            "UPDATE changes SET user_name = NULL, external_id = NULL, data = NULL WHERE tenant_id = ",
        );
        sql.bind(tenant).push(" AND resource_id = ").bind(user);
        self.transaction.run(sql).await?;
        for (table, column) in [("mail", "user_id"), ("permission_exceptions", "user_id"), ("users", "id")] {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(tenant).push(&format!(" AND {column} = ")).bind(user);
            self.transaction.run(sql).await?;
        }
        Ok(true)
    }
}
