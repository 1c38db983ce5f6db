//! Changes of resources, written in the transaction of the change and read in the order of commits.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::rows::{Rows, given};
use crate::db::sql::{CHUNK, Sql};
use crate::entity::changes::{self, Column};
use crate::error::Error;
use crate::events::push_later;
use crate::ids::{new_id, stored};
use crate::place::Place;
use crate::unit::{ReadUnit, WriteUnit};

/// A change to write down.
#[derive(Clone, Debug, PartialEq)]
pub struct NewChange {
    /// The transaction: the same for all that one request changed.
    pub txn: String,
    /// The path of the resource below the service.
    pub uri: String,
    /// The resource, or nothing that is there.
    pub resource: Uuid,
    /// Its `externalId`.
    pub external_id: Option<String>,
    /// The `userName` of a user.
    pub user_name: Option<String>,
    /// What happened, in words.
    pub happenings: Vec<&'static str>,
    /// What the full form tells; none where no stream wants it, or where it is too large.
    pub data: Option<Value>,
    /// The attributes by their paths.
    pub attributes: Vec<String>,
    /// The entity tag that the change led to.
    pub version: Option<String>,
}

/// A change as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where it stands.
    pub place: Place,
    /// The transaction.
    pub txn: String,
    /// The path of the resource.
    pub uri: String,
    /// The resource.
    pub resource: Uuid,
    /// Its `externalId`.
    pub external_id: Option<String>,
    /// The `userName` of a user.
    pub user_name: Option<String>,
    /// What happened, in words.
    pub happenings: Vec<String>,
    /// What the full form tells.
    pub data: Option<Value>,
    /// The attributes by their paths.
    pub attributes: Value,
    /// The entity tag that the change led to.
    pub version: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// What the streams of a tenant want to be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Whether one of them wants data beside the names of attributes.
    pub full: bool,
}

#[derive(FromQueryResult)]
struct FollowedRow {
    wants_full: bool,
}

#[derive(FromQueryResult)]
pub(crate) struct Row {
    position: i64,
    #[sea_orm(nested)]
    change: changes::Model,
}

impl TryFrom<Row> for Change {
    type Error = Error;

    fn try_from(Row { position, change: row }: Row) -> Result<Self, Error> {
        Ok(Self {
            happenings: decode(row.happenings, "changes", "happenings", &row.id.to_string())?,
            place: Place { position, id: row.id },
            txn: row.txn,
            uri: row.uri,
            resource: row.resource_id,
            external_id: row.external_id,
            user_name: row.user_name,
            data: row.data,
            attributes: row.attributes,
            version: row.version,
            created_at: row.created_at,
        })
    }
}

impl ReadUnit {
    /// What streams follow the tenant's changes; none without a stream that takes any.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn followed(&self) -> Result<Option<Followed>, Error> {
        let mut sql = Sql::new("SELECT s.wants_full FROM streams s WHERE s.tenant_id = ");
        sql.bind(self.tenant()).push(" AND s.status <> 'disabled'");
        let rows = self.transaction.all::<FollowedRow>(sql).await?;
        Ok((!rows.is_empty()).then(|| Followed { full: rows.iter().any(|row| row.wants_full) }))
    }

    /// At most so many changes behind a place, in the order of their commits. No change is ever committed before one that
    /// was read.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn changes(&self, after: Place, most: u64) -> Result<Vec<Change>, Error> {
        let mut sql = Sql::new("SELECT c.* FROM changes c WHERE ");
        self.push_behind(&mut sql, "c", after);
        sql.push(" ORDER BY c.position, c.id LIMIT ").bind(most);
        self.transaction.all::<Row>(sql).await?.into_iter().map(Change::try_from).collect()
    }

    /// Where the changes end that can be read now.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_of_changes(&self) -> Result<Place, Error> {
        self.end_of("changes").await
    }

    /// The changes of these ids.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn changes_among(&self, ids: &[Uuid]) -> Result<Vec<Change>, Error> {
        let mut found = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT c.* FROM changes c WHERE c.tenant_id = ");
            sql.bind(self.tenant()).push(" AND c.id IN ").list(chunk.iter().copied());
            for row in self.transaction.all::<Row>(sql).await? {
                found.push(Change::try_from(row)?);
            }
        }
        Ok(found)
    }
}

impl WriteUnit {
    /// Writes changes of resources that this unit has locked; they are read once the unit is committed.
    ///
    /// # Errors
    /// [`Error::OutOfOrder`] if another unit has written about the same resource what would be read behind it: drop the unit
    /// then and try again. [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_changes(&mut self, new: Vec<NewChange>, now: DateTime<Utc>) -> Result<(), Error> {
        let (tenant, backend) = (self.tenant(), self.backend());
        // Streams have something to carry.
        self.queued_work |= !new.is_empty();
        let row = |new: NewChange| changes::Model {
            tenant_id: tenant,
            id: new_id(now),
            txn: new.txn,
            uri: new.uri,
            resource_id: new.resource,
            external_id: new.external_id,
            user_name: new.user_name,
            happenings: new.happenings.into(),
            data: new.data,
            attributes: new.attributes.into(),
            version: new.version,
            created_at: stored(now),
        };
        let rows: Vec<changes::Model> = new.into_iter().map(row).collect();
        for chunk in rows.chunks(CHUNK) {
            let [about, id] =
                [Column::ResourceId, Column::Id].map(|column| given::<changes::Entity>(backend, column));
            let mut sql = Sql::default();
            let in_order = push_later(backend, &mut sql, tenant, ("changes", "resource_id"), (&about, &id));
            let found: Vec<_> = in_order.into_iter().map(|in_order| (Column::Id, in_order)).collect();
            let rows: Rows<changes::Entity> = chunk.iter().cloned().collect();
            sql.insert_with(backend, &rows, &found, "");
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Deletes changes that every stream has passed and that no token is made of any more; says how many.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_passed_changes(&mut self, most: u64) -> Result<u64, Error> {
        let tenant = self.tenant();
        let mut sql = Sql::new("DELETE FROM changes WHERE tenant_id = ");
        sql.bind(tenant).push(" AND id IN (SELECT c.id FROM changes c WHERE c.tenant_id = ").bind(tenant);
        sql.push(" AND NOT EXISTS (SELECT 1 FROM streams s WHERE s.tenant_id = ").bind(tenant);
        sql.push(" AND s.status <> 'disabled' AND (s.after_position, s.after_id) < (c.position, c.id))");
        sql.push(" AND NOT EXISTS (SELECT 1 FROM sets t WHERE t.tenant_id = ").bind(tenant);
        sql.push(" AND t.change_id = c.id) ORDER BY c.position, c.id LIMIT ").bind(most).push(")");
        self.transaction.run(sql).await
    }
}
