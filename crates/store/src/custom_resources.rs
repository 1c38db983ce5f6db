//! Resources of types that files define: documents, and the groups that hold them.

use chrono::{DateTime, Utc};
use scim::filter::ResolvedFilter;
use scim::{Meta, Object, Resource, ResourceType};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::backend::no_list;
use crate::db::sql::Sql;
use crate::entity;
use crate::error::Error;
use crate::filter_sql::{self, Chosen, Listing, Order, Stretch, Table, Walked};
use crate::groups::GroupOf;
use crate::ids::{ConnectionId, stored};
use crate::touched::{ResourceKey, Touch};
use crate::unit::{ReadUnit, WriteUnit};
use crate::users::{read_groups, text};

/// A resource of a type that files define.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomResource {
    /// The id.
    pub id: Uuid,
    /// The resource: document and meta.
    pub resource: Resource,
    /// The connection that owns it.
    pub connection: Option<ConnectionId>,
    /// The groups that the unit sees, those around a group included, in the order of ids, where the type shows them.
    pub groups: Vec<GroupOf>,
}

#[derive(FromQueryResult)]
pub(crate) struct Row {
    id: Uuid,
    document: Value,
    connection_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    modified_at: DateTime<Utc>,
    version: i64,
    groups: Option<Value>,
}

impl TryFrom<Row> for CustomResource {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let id = row.id.to_string();
        let meta = Meta { created: row.created_at, last_modified: row.modified_at, version: row.version };
        let inconsistent =
            || Error::Inconsistent { table: "custom_resources", column: "groups", id: id.clone() };
        Ok(Self {
            groups: read_groups(row.groups).ok_or_else(inconsistent)?,
            id: row.id,
            connection: row.connection_id.map(ConnectionId::new),
            resource: Resource {
                document: decode(row.document, "custom_resources", "document", &id)?,
                id,
                meta,
            },
        })
    }
}

impl ReadUnit {
    /// The columns of a [`Row`] of resources `c` of a type.
    pub(crate) fn custom_columns(&self, of: &ResourceType) -> Sql {
        let mut sql =
            Sql::new("SELECT c.id, c.document, c.connection_id, c.created_at, c.modified_at, c.version, ");
        if of.shows_groups() {
            self.add_groups(&mut sql, "c");
        } else {
            sql.push(no_list(self.backend()));
        }
        sql.push(" AS groups");
        sql
    }

    /// The resource of this type and id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn custom_resource(
        &self,
        of: &ResourceType,
        id: Uuid,
    ) -> Result<Option<CustomResource>, Error> {
        let mut sql = self.custom_columns(of);
        sql.push(&format!(" FROM {} c WHERE c.tenant_id = ", Table::Custom(of).name())).bind(self.tenant());
        sql.push(" AND c.id = ").bind(id).push(" AND c.resource_type = ").bind(of.name.as_str());
        sql.seen(&self.scope, "c");
        self.transaction.one::<Row>(sql).await?.map(CustomResource::try_from).transpose()
    }

    /// A stretch of the resources of a type that satisfy the filter; in the order of ids without another.
    ///
    /// # Errors
    /// [`Error::TooManyToSort`], [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn list_custom_resources<'u>(
        &'u self,
        of: &'u ResourceType,
        filter: Option<&ResolvedFilter>,
        order: Option<&Order>,
        stretch: &Stretch,
    ) -> Result<Walked<Listing<'u, CustomResource>>, Error> {
        let chosen = Chosen { filter, order, also: "" };
        filter_sql::list::<Row, _>(self, Table::Custom(of), self.custom_columns(of), chosen, stretch).await
    }
}

impl WriteUnit {
    /// The resource of this type and id, locked against other writers until the unit ends.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_custom_resource(
        &mut self,
        of: &ResourceType,
        id: Uuid,
    ) -> Result<Option<CustomResource>, Error> {
        // Nothing waits for what the unit does not see.
        if self.custom_resource(of, id).await?.is_none() {
            return Ok(None);
        }
        let mut sql = Sql::new("SELECT 1 FROM custom_resources c WHERE c.tenant_id = ");
        sql.bind(self.tenant()).push(" AND c.id = ").bind(id);
        self.transaction.lock(sql).await?;
        // The groups are those of the moment at which the wait for the lock has ended.
        self.custom_resource(of, id).await
    }

    /// As [`WriteUnit::lock_custom_resource`], for a resource that is about to be deleted: the groups that hold it are locked first.
    ///
    /// # Errors
    /// As [`WriteUnit::lock_custom_resource`].
    pub async fn lock_custom_resource_for_removal(
        &mut self,
        of: &ResourceType,
        id: Uuid,
    ) -> Result<Option<CustomResource>, Error> {
        if self.custom_resource(of, id).await?.is_some() {
            self.lock_groups_of(id).await?;
        }
        self.lock_custom_resource(of, id).await
    }

    /// Creates a resource at version 1.
    ///
    /// # Errors
    /// [`Error::Taken`] if another resource of the type has one of its unique values; [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_custom_resource(
        &mut self,
        of: &ResourceType,
        id: Uuid,
        document: Object,
        connection: Option<ConnectionId>,
        now: DateTime<Utc>,
    ) -> Result<CustomResource, Error> {
        let now = stored(now);
        self.transaction
            .insert(entity::custom_resources::Model {
                tenant_id: self.tenant(),
                id,
                resource_type: of.name.clone(),
                search: Value::Object(filter_sql::search_document(of, &document)),
                document: Value::Object(document.clone()),
                external_id: text(&document, "externalId").map(str::to_owned),
                connection_id: connection.map(ConnectionId::uuid),
                created_at: now,
                modified_at: now,
                version: 1,
            })
            .await?;
        self.claim_values(of, id, &Object::new(), &document).await?;
        let meta = Meta { created: now, last_modified: now, version: 1 };
        let resource = Resource { id: id.to_string(), document, meta };
        let new = CustomResource { id, resource, connection, groups: Vec::new() };
        let touched = self.touch(ResourceKey::custom(id), Touch::Created, now);
        touched.custom = Some((of.endpoint.clone(), Some(new.clone())));
        Ok(new)
    }

    /// Gives a resource another document and answers the resource after the change.
    ///
    /// # Errors
    /// [`Error::VersionMismatch`] if the resource has changed since it was read; [`Error::Taken`] if another resource of the type
    /// has one of its unique values; [`Error::Busy`] or [`Error::Other`].
    pub async fn save_custom_resource(
        &mut self,
        of: &ResourceType,
        before: &CustomResource,
        document: &Object,
        now: DateTime<Utc>,
    ) -> Result<CustomResource, Error> {
        let version = before.resource.meta.version + 1;
        let mut sql = Sql::new("UPDATE custom_resources SET document = ");
        sql.bind(Value::Object(document.clone())).push(", search = ");
        sql.bind(Value::Object(filter_sql::search_document(of, document)));
        sql.push(", connection_id = ").bind(before.connection.map(ConnectionId::uuid));
        sql.push(", external_id = ").bind(text(document, "externalId").map(str::to_owned));
        sql.push(", modified_at = ").bind(stored(now)).push(", version = ").bind(version);
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(before.id);
        sql.push(" AND version = ").bind(before.resource.meta.version);
        if self.transaction.run(sql).await? != 1 {
            return Err(Error::VersionMismatch);
        }
        self.claim_values(of, before.id, &before.resource.document, document).await?;
        let mut after = before.clone();
        after.resource.document.clone_from(document);
        after.resource.meta = Meta { last_modified: stored(now), version, ..before.resource.meta };
        let touched = self.touch(ResourceKey::custom(before.id), Touch::Changed, now);
        touched.before = Some(before.resource.document.clone());
        touched.custom = Some((of.endpoint.clone(), Some(after.clone())));
        Ok(after)
    }

    /// Deletes a resource that is locked, and takes it out of its groups.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_custom_resource(
        &mut self,
        of: &ResourceType,
        custom: &CustomResource,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM custom_resources WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(custom.id);
        self.transaction.run(sql).await?;
        self.release_values(custom.id).await?;
        self.leave_all_groups(custom.id, now).await?;
        let touched = self.touch(ResourceKey::custom(custom.id), Touch::Deleted, now);
        touched.external_id = text(&custom.resource.document, "externalId").map(str::to_owned);
        touched.custom = Some((of.endpoint.clone(), None));
        Ok(())
    }
}
