//! How a user changes: locked and saved.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use provisioning::UserId;
use scim::Object;
use scim::text::fold;
use serde_json::Value;
use uuid::Uuid;

use crate::db::backend::{for_removal, for_update};
use crate::db::locks::Lock;
use crate::db::sql::{CHUNK, Sql};
use crate::entity;
use crate::error::Error;
use crate::filter_sql;
use crate::ids::{ConnectionId, stored};
use crate::touched::{ResourceKey, Touch};
use crate::unit::WriteUnit;
use crate::users::user::{Indexed, User};
use crate::users::values;

impl Sql {
    /// Appends the columns that follow from a document, for an `UPDATE`.
    pub(super) fn set_document(&mut self, document: &Object, indexed: Indexed) -> &mut Self {
        self.push("document = ").bind(Value::Object(document.clone()));
        self.push(", search = ").bind(Value::Object(indexed.search));
        self.push(", user_name_folded = ").bind(indexed.user_name_folded);
        self.push(", external_id = ").bind(indexed.external_id);
        self.push(", display_name_folded = ")
            .bind(indexed.display_name.as_deref().map(|name| fold(name).into_owned()));
        self.push(", display_name = ").bind(indexed.display_name).push(", active = ").bind(indexed.active)
    }
}

impl WriteUnit {
    /// The user of this id, locked against other writers until the unit ends.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_user(&mut self, id: UserId) -> Result<Option<User>, Error> {
        self.one_user(id, for_update(self.backend())).await
    }

    /// As [`WriteUnit::lock_user`], for a user who is about to be deleted: the groups that hold the user are locked first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_user_for_removal(&mut self, id: UserId) -> Result<Option<User>, Error> {
        self.lock_groups_of(id.uuid()).await?;
        self.one_user(id, for_removal(self.backend())).await
    }

    /// Locks people whom a unit is going to add, remove and settle in several calls, all at once and in the order of
    /// ids: no two units that do so wait for each other. A database with one writer has nothing to lock.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_people(&mut self, people: &[Uuid]) -> Result<(), Error> {
        let mut people = people.to_vec();
        people.sort_unstable();
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT 1 FROM ");
            sql.users_among(self, chunk.iter().copied()).push(" ORDER BY u.id");
            self.transaction.lock(sql).await?;
        }
        Ok(())
    }

    /// Gives a user another document and answers the new version.
    ///
    /// # Errors
    /// [`Error::VersionMismatch`] if the user has changed, or was deleted, since `user` was read; [`Error::Conflict`] if the tenant has
    /// another user of the new name.
    pub async fn save_user(
        &mut self,
        user: &User,
        document: &Object,
        now: DateTime<Utc>,
    ) -> Result<i64, Error> {
        let (tenant, id) = (self.tenant(), user.id.uuid());
        let indexed = Indexed::of(&self.registry, document)?;
        let before = filter_sql::search_document(self.registry.user(), &user.resource.document);
        let rows = values::rows(tenant, id, &indexed.search);
        let changed = rows != values::rows(tenant, id, &before);
        let version = user.resource.meta.version + 1;
        let mut sql = Sql::new("UPDATE users SET ");
        sql.set_document(document, indexed);
        sql.push(", connection_id = ").bind(user.connection.map(ConnectionId::uuid));
        sql.push(", modified_at = ").bind(stored(now)).push(", version = ").bind(version);
        // The rules of pools are looked at after this statement.
        sql.sharing(self.backend(), tenant, &[Lock::Rules]);
        sql.push(" WHERE tenant_id = ").bind(tenant).push(" AND id = ").bind(id);
        sql.push(" AND deleted_at IS NULL AND version = ").bind(user.resource.meta.version);
        if self.transaction.run(sql).await? != 1 {
            return Err(Error::VersionMismatch);
        }
        let user_type = Arc::clone(self.registry.user());
        self.claim_values(&user_type, id, &user.resource.document, document).await?;
        if changed {
            self.forget_values(id).await?;
            self.transaction.insert_all::<entity::user_values::Entity>(rows).await?;
        }
        self.bumped.insert(id);
        let touched = self.touch(ResourceKey::user(id), Touch::Changed, now);
        touched.before.get_or_insert_with(|| user.resource.document.clone());
        Ok(version)
    }

    async fn forget_values(&mut self, id: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM user_values WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND user_id = ").bind(id);
        self.transaction.run(sql).await?;
        Ok(())
    }
}
