//! The request log of connections, and how often each quirk was used.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::rows::Rows;
use crate::db::sql::Sql;
use crate::entity::{quirk_uses, requests};
use crate::error::Error;
use crate::ids::{ConnectionId, stored};
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::ReadUnit;

/// One request, as the inspector shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestRecord {
    /// Its id.
    pub id: Uuid,
    /// The tenant.
    pub scope: TenantScope,
    /// The connection that sent it.
    pub connection: ConnectionId,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// The method.
    pub method: String,
    /// The path, without values of the query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// The names of the quirks that it used.
    pub quirks: Vec<String>,
    /// What followed from it, in plain words.
    pub effects: Vec<String>,
    /// What of it was ignored.
    pub ignored: Vec<String>,
    /// The body as JSON, masked by the caller.
    pub body: Option<String>,
    /// Why it was refused.
    pub error: Option<String>,
}

/// Requests that are logged together, each written out when it comes: all at once would keep others waiting.
#[derive(Debug, Default)]
pub struct RequestBatch {
    rows: Rows<requests::Entity>,
    /// By their keys, in whose order two processes never wait for each other.
    uses: BTreeMap<(Uuid, Uuid, String), (i64, DateTime<Utc>)>,
}

/// How often a connection used a quirk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuirkUse {
    /// The connection.
    pub connection: ConnectionId,
    /// The name of the quirk.
    pub name: String,
    /// How often.
    pub uses: u64,
    /// When last.
    pub last_at: DateTime<Utc>,
}

impl RequestRecord {
    fn row(self) -> Rows<requests::Entity> {
        let row = requests::Model {
            tenant_id: self.scope.tenant_id().uuid(),
            id: self.id,
            connection_id: self.connection.uuid(),
            at: stored(self.at),
            method: self.method,
            path: self.path,
            status: self.status.into(),
            duration_us: i64::try_from(self.duration_us).unwrap_or(i64::MAX),
            quirks: json!(self.quirks),
            effects: json!(self.effects),
            ignored: json!(self.ignored),
            body: None,
            error: self.error,
        };
        Rows::with(row, requests::Column::Body, self.body)
    }
}

impl TryFrom<requests::Model> for RequestRecord {
    type Error = Error;

    fn try_from(row: requests::Model) -> Result<Self, Error> {
        let id = row.id.to_string();
        let inconsistent = |column| Error::Inconsistent { table: "requests", column, id: id.clone() };
        Ok(Self {
            id: row.id,
            scope: TenantScope::of(row.tenant_id),
            connection: ConnectionId::new(row.connection_id),
            at: row.at,
            method: row.method,
            path: row.path,
            status: u16::try_from(row.status).map_err(|_| inconsistent("status"))?,
            duration_us: u64::try_from(row.duration_us).map_err(|_| inconsistent("duration_us"))?,
            quirks: decode(row.quirks, "requests", "quirks", &id)?,
            effects: decode(row.effects, "requests", "effects", &id)?,
            ignored: decode(row.ignored, "requests", "ignored", &id)?,
            body: row.body.map(|body| body.to_string()),
            error: row.error,
        })
    }
}

impl RequestBatch {
    /// Takes another one.
    pub fn push(&mut self, record: RequestRecord) {
        let (tenant, connection) = (record.scope.tenant_id().uuid(), record.connection.uuid());
        for name in &record.quirks {
            let (count, last) = self.uses.entry((tenant, connection, name.clone())).or_insert((0, record.at));
            *count += 1;
            *last = (*last).max(record.at);
        }
        self.rows.append(record.row());
    }

    /// How many they are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromIterator<RequestRecord> for RequestBatch {
    fn from_iter<I: IntoIterator<Item = RequestRecord>>(records: I) -> Self {
        let mut batch = Self::default();
        records.into_iter().for_each(|record| batch.push(record));
        batch
    }
}

impl Store {
    /// Logs requests, and counts the quirks that they used, in one transaction.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`]; nothing is logged then.
    pub async fn log_requests(&self, batch: RequestBatch) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        let transaction = self.writing().await?;
        let mut sql = Sql::default();
        sql.insert(self.backend(), &batch.rows, "");
        transaction.run(sql).await?;
        let row = |((tenant_id, connection_id, name), (uses, last))| {
            let last_at = stored(last);
            quirk_uses::Model { tenant_id, connection_id, name, uses, last_at }
        };
        let otherwise = " ON CONFLICT (tenant_id, connection_id, name) \
                         DO UPDATE SET uses = quirk_uses.uses + excluded.uses, \
                         last_at = CASE WHEN quirk_uses.last_at < excluded.last_at THEN excluded.last_at \
                         ELSE quirk_uses.last_at END";
        let uses = batch.uses.into_iter().map(row).collect();
        transaction.insert_all_or::<quirk_uses::Entity>(uses, otherwise).await?;
        transaction.commit().await
    }
}

impl ReadUnit {
    /// The last requests of a connection, the newest last.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn requests(&self, connection: ConnectionId, most: u64) -> Result<Vec<RequestRecord>, Error> {
        let mut rows = requests::Entity::find()
            .filter(requests::Column::TenantId.eq(self.tenant()))
            .filter(requests::Column::ConnectionId.eq(connection.uuid()))
            .order_by_desc(requests::Column::Id)
            .limit(most)
            .all(&self.transaction)
            .await?;
        rows.reverse();
        rows.into_iter().map(RequestRecord::try_from).collect()
    }

    /// The request of this id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn request(&self, id: Uuid) -> Result<Option<RequestRecord>, Error> {
        let row = requests::Entity::find()
            .filter(requests::Column::TenantId.eq(self.tenant()))
            .filter(requests::Column::Id.eq(id))
            .all(&self.transaction)
            .await?
            .pop();
        row.map(RequestRecord::try_from).transpose()
    }

    /// The requests whose path holds this text, the newest last. It reads the whole request log of the tenant.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn requests_with_path(&self, part: &str) -> Result<Vec<RequestRecord>, Error> {
        let rows = requests::Entity::find()
            .filter(requests::Column::TenantId.eq(self.tenant()))
            .filter(requests::Column::Path.contains(part))
            .order_by_asc(requests::Column::Id)
            .all(&self.transaction)
            .await?;
        rows.into_iter().map(RequestRecord::try_from).collect()
    }

    /// How often each connection used each quirk.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn quirk_uses(&self) -> Result<Vec<QuirkUse>, Error> {
        let rows = quirk_uses::Entity::find()
            .filter(quirk_uses::Column::TenantId.eq(self.tenant()))
            .order_by_asc(quirk_uses::Column::ConnectionId)
            .order_by_asc(quirk_uses::Column::Name)
            .all(&self.transaction)
            .await?;
        let quirk_use = |row: quirk_uses::Model| QuirkUse {
            connection: ConnectionId::new(row.connection_id),
            name: row.name,
            uses: u64::try_from(row.uses).unwrap_or(0),
            last_at: row.last_at,
        };
        Ok(rows.into_iter().map(quirk_use).collect())
    }
}
