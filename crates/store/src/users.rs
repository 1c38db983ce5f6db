//! Users: documents with the columns that are looked up, and their enrolment.

use chrono::{DateTime, Utc};
use provisioning::{Enrolment, UserId};
use scim::filter::ResolvedFilter;
use scim::protocol::list::Page;
use scim::schema::Registry;
use scim::text::{fold, fold_name};
use scim::{Meta, Object, Resource};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::backend::{concurrent, for_removal, for_update};
use crate::connections::decode;
use crate::entity;
use crate::error::Error;
use crate::filter_sql::{self, Table};
use crate::gates::{Gate, Gates};
use crate::ids::{ConnectionId, stored};
use crate::pools::Licence;
use crate::sql::Sql;
use crate::unit::{CHUNK, ReadUnit, WriteUnit};
use crate::user_values;

/// A user as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The resource: document and meta, without anything computed.
    pub resource: Resource,
    /// What became of the person.
    pub enrolment: Enrolment,
    /// The connection that created the user.
    pub connection: Option<ConnectionId>,
}

impl User {
    /// The `userName`.
    #[must_use]
    pub fn user_name(&self) -> &str {
        text(&self.resource.document, "userName").unwrap_or_default()
    }

    /// Whether the person may use the application; who is not said to be inactive is active.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.resource.document.get("active").and_then(Value::as_bool).unwrap_or(true)
    }

    /// Whether answers hold the enrolment extension: there is a licence, a place in a queue, or there was a licence.
    #[must_use]
    pub fn shows_enrolment(&self, licences: &[Licence]) -> bool {
        !licences.is_empty() || self.enrolment != Enrolment::default()
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    document: Value,
    enrolment: Value,
    connection_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    modified_at: DateTime<Utc>,
    version: i64,
}

const COLUMNS: &str = "SELECT u.id, u.document, u.enrolment, u.connection_id, u.created_at, u.modified_at, u.version FROM users u";

impl TryFrom<Row> for User {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = row.id.to_string();
        let meta = Meta { created: row.created_at, last_modified: row.modified_at, version: row.version };
        Ok(Self {
            id: UserId::new(row.id),
            enrolment: decode(row.enrolment, "users", "enrolment", &id)?,
            connection: row.connection_id.map(ConnectionId::new),
            resource: Resource {
                document: decode(row.document, "users", "document", &id)?,
                id,
                resource_type: Registry::standard().user(),
                meta,
            },
        })
    }
}

/// What is looked up, from a document.
pub(crate) struct Indexed {
    pub(crate) search: Object,
    pub(crate) user_name_folded: String,
    pub(crate) external_id: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) active: Option<bool>,
}

impl Indexed {
    pub(crate) fn of(document: &Object) -> Result<Self, Error> {
        let user_name = text(document, "userName").ok_or_else(|| Error::other("a user needs a userName"))?;
        Ok(Self {
            search: filter_sql::search_document(Registry::standard().user(), document),
            user_name_folded: fold_name(user_name),
            external_id: text(document, "externalId").map(str::to_owned),
            display_name: text(document, "displayName").filter(|name| !name.is_empty()).map(str::to_owned),
            active: document.get("active").and_then(Value::as_bool),
        })
    }
}

pub(crate) fn text<'d>(document: &'d Object, name: &str) -> Option<&'d str> {
    document.get(name).and_then(Value::as_str)
}

impl ReadUnit {
    /// The user of this id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        self.one_user(id, "").await
    }

    async fn one_user(&self, id: UserId, lock: &str) -> Result<Option<User>, Error> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" WHERE u.tenant_id = ").bind(self.tenant()).push(" AND u.id = ").bind(id.uuid()).push(lock);
        self.session.one::<Row>(sql).await?.map(User::try_from).transpose()
    }

    /// Those of these users who exist.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn users_among(&self, ids: &[UserId]) -> Result<Vec<User>, Error> {
        let mut users = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new(COLUMNS);
            sql.push(" WHERE u.tenant_id = ").bind(self.tenant()).push(" AND u.id IN ");
            sql.list(chunk.iter().map(|id| id.uuid())).push(" ORDER BY u.id");
            for row in self.session.all::<Row>(sql).await? {
                users.push(User::try_from(row)?);
            }
        }
        Ok(users)
    }

    /// How many users satisfy the filter, and those of one page, in the order of ids.
    ///
    /// One statement when it answers both, as it does for every look-up of few.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn users(
        &self,
        filter: Option<&ResolvedFilter>,
        page: Page,
    ) -> Result<(u64, Vec<User>), Error> {
        let (total, rows) = filter_sql::page::<Row>(self, Table::Users, COLUMNS, filter, page).await?;
        Ok((total, rows.into_iter().map(User::try_from).collect::<Result<_, _>>()?))
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

    /// As [`WriteUnit::lock_user`], for a user who is about to be deleted: the groups that hold the user are locked
    /// first, so that nobody who changes one of them at the same time waits in the other direction.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_user_for_removal(&mut self, id: UserId) -> Result<Option<User>, Error> {
        if concurrent(self.backend()) {
            let mut sql = Sql::new("SELECT 1 FROM groups g WHERE g.tenant_id = ");
            sql.bind(self.tenant())
                .push(" AND g.id IN (SELECT m.group_id FROM group_members m WHERE m.tenant_id = ");
            sql.bind(self.tenant()).push(" AND m.member_id = ").bind(id.uuid()).push(") ORDER BY g.id");
            sql.push(for_update(self.backend()));
            self.session.run(sql).await?;
        }
        self.one_user(id, for_removal(self.backend())).await
    }

    /// Locks people whom a unit is going to add, remove and settle in several calls, all at once and in the order of
    /// ids: no two units that do so wait for each other. A database with one writer has nothing to lock.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_people(&mut self, people: &[Uuid]) -> Result<(), Error> {
        if !concurrent(self.backend()) {
            return Ok(());
        }
        let mut people = people.to_vec();
        people.sort_unstable();
        for chunk in people.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT 1 FROM users u WHERE u.tenant_id = ");
            sql.bind(self.tenant()).push(" AND u.id IN ").list(chunk.iter().copied()).push(" ORDER BY u.id");
            sql.push(for_update(self.backend()));
            self.session.run(sql).await?;
        }
        Ok(())
    }

    /// Gives a user another document and answers the new version.
    ///
    /// # Errors
    /// [`Error::VersionMismatch`] if the user has changed since `user` was read; [`Error::Conflict`] if the tenant has
    /// another user of the new name.
    pub async fn save_user(
        &mut self,
        user: &User,
        document: &Object,
        now: DateTime<Utc>,
    ) -> Result<i64, Error> {
        let (tenant, id) = (self.tenant(), user.id.uuid());
        let indexed = Indexed::of(document)?;
        let before = filter_sql::search_document(Registry::standard().user(), &user.resource.document);
        let values = user_values::rows(tenant, id, &indexed.search);
        let values_changed = values != user_values::rows(tenant, id, &before);
        let version = user.resource.meta.version + 1;
        let mut sql = Sql::default();
        let gated = Gates(tenant, &[Gate::Rules]).push(&mut sql, "WITH ", self.backend());
        sql.push("UPDATE users SET document = ");
        sql.bind(Value::Object(document.clone())).push(", search = ").bind(Value::Object(indexed.search));
        sql.push(", user_name_folded = ").bind(indexed.user_name_folded);
        sql.push(", external_id = ").bind(indexed.external_id);
        sql.push(", display_name_folded = ")
            .bind(indexed.display_name.as_deref().map(|name| fold(name).into_owned()));
        sql.push(", display_name = ").bind(indexed.display_name).push(", active = ").bind(indexed.active);
        sql.push(", modified_at = ").bind(stored(now)).push(", version = ").bind(version);
        sql.push(if gated { " FROM gate" } else { "" });
        sql.push(" WHERE tenant_id = ").bind(tenant).push(" AND id = ").bind(id);
        sql.push(" AND version = ").bind(user.resource.meta.version);
        if self.session.run(sql).await? != 1 {
            return Err(Error::VersionMismatch);
        }
        if values_changed {
            self.forget_values(id).await?;
            self.session.insert_all::<entity::user_values::Entity>(values).await?;
        }
        self.bumped.insert(id);
        Ok(version)
    }

    /// Deletes a user, with memberships, searchable values and grants; the groups that held the user get a new version.
    ///
    /// The seats must have been given back before. `false` if there is no such user.
    ///
    /// # Errors
    /// [`Error::Other`] if the user still holds a seat.
    pub async fn delete_user(&mut self, id: UserId, now: DateTime<Utc>) -> Result<bool, Error> {
        self.leave_all_groups(id.uuid(), now).await?;
        let mut sql = Sql::new("DELETE FROM users WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(id.uuid());
        let deleted = self.session.run(sql).await? == 1;
        // Only now: whoever was changing the user is through.
        self.forget_values(id.uuid()).await?;
        Ok(deleted)
    }

    async fn forget_values(&mut self, id: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM user_values WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND user_id = ").bind(id);
        self.session.run(sql).await?;
        Ok(())
    }
}
