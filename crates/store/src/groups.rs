//! Groups: documents without their members, which are rows of their own.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use provisioning::{GroupGrace, GroupId};
use scim::filter::ResolvedFilter;
use scim::protocol::list::Page;
use scim::schema::Registry;
use scim::text::fold;
use scim::{Meta, Object, Resource};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::backend::for_update;
use crate::db::sql::{CHUNK, Sql};
use crate::entity;
use crate::error::Error;
use crate::filter_sql::{self, Chosen, Listing, Order, Stretch, Table, Walked};
use crate::ids::{ConnectionId, IdRow, stored};
use crate::touched::{ResourceKey, Touch};
use crate::unit::{ReadUnit, WriteUnit};
use crate::users::text;

/// A group as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The id.
    pub id: GroupId,
    /// The resource: document and meta, without members.
    pub resource: Resource,
    /// The folded name, where the connection that wrote it wants group names unique.
    pub unique_name: Option<String>,
    /// The connection that owns it.
    pub connection: Option<ConnectionId>,
    /// How long the group keeps the seats of those who leave it: none for a static group.
    pub grace: Option<GroupGrace>,
}

/// A group to create.
#[derive(Clone, Debug, PartialEq)]
pub struct NewGroup {
    /// The id.
    pub id: GroupId,
    /// The canonical document, without members.
    pub document: Object,
    /// The folded name, if no other group of the same owner may have it.
    pub unique_name: Option<String>,
    /// The connection that creates it.
    pub connection: Option<ConnectionId>,
}

/// A group that a user or another resource is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupOf {
    /// The group.
    pub id: GroupId,
    /// Its display name.
    pub display: Option<String>,
    /// Whether it is a member of the group itself, or of a group inside it (RFC 7643 §4.1.2).
    pub direct: bool,
}

impl Group {
    /// The `displayName`.
    #[must_use]
    pub fn display_name(&self) -> &str {
        text(&self.resource.document, "displayName").unwrap_or_default()
    }
}

#[derive(FromQueryResult)]
pub(crate) struct Row {
    id: Uuid,
    document: Value,
    unique_name: Option<String>,
    connection_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    modified_at: DateTime<Utc>,
    version: i64,
    grace_hours: Option<i64>,
}

pub(crate) const COLUMNS: &str = "SELECT g.id, g.document, g.unique_name, g.connection_id, g.created_at, g.modified_at, g.version, g.grace_hours";

impl TryFrom<Row> for Group {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = row.id.to_string();
        let meta = Meta { created: row.created_at, last_modified: row.modified_at, version: row.version };
        Ok(Self {
            id: GroupId::new(row.id),
            unique_name: row.unique_name,
            connection: row.connection_id.map(ConnectionId::new),
            grace: row.grace_hours.and_then(grace),
            resource: Resource { document: decode(row.document, "groups", "document", &id)?, id, meta },
        })
    }
}

#[derive(FromQueryResult)]
struct ExternalIdRow {
    external_id: Option<String>,
}

#[derive(FromQueryResult)]
struct VersionRow {
    version: i64,
}

impl ReadUnit {
    /// The group of this id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn group(&self, id: GroupId) -> Result<Option<Group>, Error> {
        self.one_group(id, "").await
    }

    async fn one_group(&self, id: GroupId, lock: &str) -> Result<Option<Group>, Error> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" FROM groups g WHERE g.tenant_id = ").bind(self.tenant());
        sql.push(" AND g.id = ").bind(id.uuid());
        sql.seen(&self.scope, "g").push(lock);
        self.transaction.one::<Row>(sql).await?.map(Group::try_from).transpose()
    }

    /// The groups among these that exist, whether the unit sees them or not.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn groups_among(&self, ids: &[Uuid]) -> Result<Vec<Group>, Error> {
        let mut groups = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new(COLUMNS);
            let table = ("groups", "g", "id");
            sql.push(" FROM ").among(self.backend(), self.tenant(), table, chunk.iter().copied());
            sql.push(" ORDER BY g.id");
            for row in self.transaction.all::<Row>(sql).await? {
                groups.push(Group::try_from(row)?);
            }
        }
        Ok(groups)
    }

    /// A stretch of the groups that satisfy the filter; in the order of ids without another.
    ///
    /// # Errors
    /// [`Error::TooManyToSort`], [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn list_groups(
        &self,
        filter: Option<&ResolvedFilter>,
        order: Option<&Order>,
        stretch: &Stretch,
    ) -> Result<Walked<Listing<'_, Group>>, Error> {
        self.listed_groups(Chosen { filter, order, also: "" }, stretch).await
    }

    /// How many groups satisfy the filter, and those of one page.
    ///
    /// # Errors
    /// As [`ReadUnit::list_groups`].
    pub async fn groups(
        &self,
        filter: Option<&ResolvedFilter>,
        page: Page,
    ) -> Result<(u64, Vec<Group>), Error> {
        self.list_groups(filter, None, &Stretch::of(page)).await?.all().await
    }

    /// As [`ReadUnit::groups`], of dynamic groups only, or of static ones.
    ///
    /// # Errors
    /// As [`ReadUnit::groups`].
    pub async fn groups_marked(
        &self,
        filter: Option<&ResolvedFilter>,
        dynamic: bool,
        page: Page,
    ) -> Result<(u64, Vec<Group>), Error> {
        let also = if dynamic { " AND g.grace_hours IS NOT NULL" } else { " AND g.grace_hours IS NULL" };
        self.listed_groups(Chosen { filter, also, order: None }, &Stretch::of(page)).await?.all().await
    }

    async fn listed_groups(
        &self,
        chosen: Chosen<'_>,
        stretch: &Stretch,
    ) -> Result<Walked<Listing<'_, Group>>, Error> {
        filter_sql::list::<Row, _>(self, Table::Groups, Sql::new(COLUMNS), chosen, stretch).await
    }

    /// The oldest group of this name, which is folded already.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn group_named(&self, folded: &str) -> Result<Option<GroupId>, Error> {
        let mut sql = Sql::new("SELECT g.id FROM groups g WHERE g.tenant_id = ");
        sql.bind(self.tenant()).push(" AND g.display_name_folded = ").bind(folded);
        sql.seen(&self.scope, "g").push(" ORDER BY g.id DESC");
        Ok(self.transaction.one::<IdRow>(sql).await?.map(|row| GroupId::new(row.id)))
    }
}

impl WriteUnit {
    /// The group of this id, locked against other writers until the unit ends.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_group(&mut self, id: GroupId) -> Result<Option<Group>, Error> {
        self.one_group(id, for_update(self.backend())).await
    }

    /// Creates a group without members, at version 1.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the name is to be unique and another group has it.
    pub async fn insert_group(&mut self, new: &NewGroup, now: DateTime<Utc>) -> Result<Group, Error> {
        let now = stored(now);
        let display_name = text(&new.document, "displayName").map(str::to_owned);
        self.transaction
            .insert(entity::groups::Model {
                tenant_id: self.tenant(),
                id: new.id.uuid(),
                search: search(&self.registry, &new.document),
                document: Value::Object(new.document.clone()),
                display_name_folded: display_name.as_deref().map(|name| fold(name).into_owned()),
                display_name,
                unique_name: new.unique_name.clone(),
                external_id: text(&new.document, "externalId").map(str::to_owned),
                connection_id: new.connection.map(ConnectionId::uuid),
                created_at: now,
                modified_at: now,
                version: 1,
                grace_hours: None,
            })
            .await?;
        let group_type = Arc::clone(self.registry.group());
        self.claim_values(&group_type, new.id.uuid(), &Object::new(), &new.document).await?;
        self.touch(ResourceKey::group(new.id.uuid()), Touch::Created, now);
        Ok(Group {
            id: new.id,
            resource: Resource {
                id: new.id.to_string(),
                document: new.document.clone(),
                meta: Meta { created: now, last_modified: now, version: 1 },
            },
            unique_name: new.unique_name.clone(),
            connection: new.connection,
            grace: None,
        })
    }

    /// Gives a group another document and answers the new version.
    ///
    /// # Errors
    /// [`Error::VersionMismatch`] if the group has changed since `group` was read; [`Error::Conflict`] if the name is
    /// to be unique and another group has it.
    pub async fn save_group(
        &mut self,
        group: &Group,
        document: &Object,
        unique_name: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<i64, Error> {
        let version = group.resource.meta.version + 1;
        let display_name = text(document, "displayName");
        let mut sql = Sql::new("UPDATE groups SET document = ");
        sql.bind(Value::Object(document.clone())).push(", search = ").bind(search(&self.registry, document));
        sql.push(", display_name = ").bind(display_name.map(str::to_owned));
        sql.push(", display_name_folded = ").bind(display_name.map(|name| fold(name).into_owned()));
        sql.push(", unique_name = ").bind(unique_name);
        sql.push(", connection_id = ").bind(group.connection.map(ConnectionId::uuid));
        sql.push(", external_id = ").bind(text(document, "externalId").map(str::to_owned));
        sql.push(", modified_at = ").bind(stored(now)).push(", version = ").bind(version);
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(group.id.uuid());
        sql.push(" AND version = ").bind(group.resource.meta.version);
        if self.transaction.run(sql).await? != 1 {
            return Err(Error::VersionMismatch);
        }
        let group_type = Arc::clone(self.registry.group());
        self.claim_values(&group_type, group.id.uuid(), &group.resource.document, document).await?;
        let touched = self.touch(ResourceKey::group(group.id.uuid()), Touch::Changed, now);
        touched.before.get_or_insert_with(|| group.resource.document.clone());
        Ok(version)
    }

    /// Gives a group a new version, because its members have changed, and answers it.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such group.
    pub async fn touch_group(&mut self, id: GroupId, now: DateTime<Utc>) -> Result<i64, Error> {
        let mut sql = Sql::new("UPDATE groups SET version = version + 1, modified_at = ");
        sql.bind(stored(now))
            .push(" WHERE tenant_id = ")
            .bind(self.tenant())
            .push(" AND id = ")
            .bind(id.uuid());
        sql.push(" RETURNING version");
        let version = self.transaction.one::<VersionRow>(sql).await?.ok_or(Error::NotFound)?.version;
        self.touch(ResourceKey::group(id.uuid()), Touch::Changed, now);
        Ok(version)
    }

    /// Deletes a group, with members, parked members and bindings; `false` if there is no such group.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_group(&mut self, id: GroupId, now: DateTime<Utc>) -> Result<bool, Error> {
        self.leave_all_groups(id.uuid(), now).await?;
        self.release_values(id.uuid()).await?;
        let mut sql = Sql::new("DELETE FROM groups WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(id.uuid()).push(" RETURNING external_id");
        let Some(row) = self.transaction.one::<ExternalIdRow>(sql).await? else { return Ok(false) };
        let touched = self.touch(ResourceKey::group(id.uuid()), Touch::Deleted, now);
        touched.external_id = row.external_id;
        Ok(true)
    }
}

/// The grace of a group, as it is stored.
pub(crate) fn grace(hours: i64) -> Option<GroupGrace> {
    GroupGrace::of_hours(u32::try_from(hours).ok()?).ok()
}

fn search(registry: &Registry, document: &Object) -> Value {
    Value::Object(filter_sql::search_document(registry.group(), document))
}
