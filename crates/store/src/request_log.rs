//! The request log of connections, and how often each quirk was used.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use provisioning::heartbeat::Beat;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::rows::Rows;
use crate::db::sql::Sql;
use crate::entity::{quirk_uses, requests};
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow, first_id, stored};
use crate::journal::pattern;
use crate::look::{Found, Look};
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

/// Which requests are looked for in the past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Of this connection; of all without it.
    pub connection: Option<ConnectionId>,
    /// With this method; with any without it.
    pub method: Option<String>,
    /// Whose path begins so; everything without it.
    pub path: Option<String>,
    /// What they came to; everything without it.
    pub outcome: Option<RequestOutcome>,
}

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestOutcome {
    /// Something followed from it, or it was refused.
    Told,
    /// Something followed from it.
    Changed,
    /// The brake held something that it would have taken away.
    Held,
    /// It was refused.
    Refused,
}

/// How many requests of a connection came in a while, and how many of them were refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCount {
    /// All of them; at most [`MOST_COUNTED`].
    pub all: u64,
    /// Those that were refused.
    pub refused: u64,
}

/// The most requests that are counted.
pub const MOST_COUNTED: u64 = 10_000;

#[derive(FromQueryResult)]
struct CountRow {
    number: i64,
    refused: i64,
}

#[derive(FromQueryResult)]
struct BeatRow {
    at: DateTime<Utc>,
    method: String,
    path: String,
    status: i64,
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

/// The condition that a request was refused. What is not there is asked for all the time, to find out.
fn refused(row: &str) -> String {
    format!("({row}.status >= 400 AND ({row}.status <> 404 OR {row}.method <> 'GET'))")
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

    /// How many requests of a connection came since an instant.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_requests(
        &self,
        connection: ConnectionId,
        since: DateTime<Utc>,
    ) -> Result<RequestCount, Error> {
        let mut sql = Sql::new(
            "SELECT COUNT(*) AS number, COUNT(CASE WHEN l.refused THEN 1 END) AS refused FROM (SELECT ",
        );
        sql.push(&refused("r")).push(" AS refused, r.id FROM requests r WHERE r.tenant_id = ");
        sql.bind(self.tenant()).push(" AND r.connection_id = ").bind(connection.uuid());
        sql.push(" AND r.id >= ").bind(first_id(since)).push(" ORDER BY r.id DESC LIMIT ");
        sql.bind(MOST_COUNTED).push(") l");
        let row = self.transaction.one::<CountRow>(sql).await?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let counted = |row: CountRow| RequestCount { all: count(row.number), refused: count(row.refused) };
        Ok(row.map(counted).unwrap_or_default())
    }

    /// The last requests of a connection as its heartbeat, the newest last.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn beats(&self, connection: ConnectionId, most: u64) -> Result<Vec<Beat>, Error> {
        let mut sql = Sql::new(
            "SELECT r.at, r.method, r.path, CAST(r.status AS BIGINT) AS status FROM requests r WHERE r.tenant_id = ",
        );
        sql.bind(self.tenant()).push(" AND r.connection_id = ").bind(connection.uuid());
        sql.push(" ORDER BY r.id DESC LIMIT ").bind(most);
        let beat = |row: BeatRow| Beat {
            at: row.at,
            what: format!("{} {}", row.method, row.path),
            status: u16::try_from(row.status).unwrap_or(0),
        };
        Ok(self.transaction.all::<BeatRow>(sql).await?.into_iter().rev().map(beat).collect())
    }

    /// A page of the requests that are looked for, the newest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn look_at_requests(
        &self,
        filter: &RequestFilter,
        look: &Look,
    ) -> Result<Found<RequestRecord>, Error> {
        let known = |sql: &mut Sql| {
            if let Some(connection) = filter.connection {
                sql.push(" AND l.connection_id = ").bind(connection.uuid());
            }
        };
        let asked = |sql: &mut Sql| {
            if let Some(method) = &filter.method {
                sql.push(" AND w.method = ").bind(method.as_str());
            }
            if let Some(path) = &filter.path {
                sql.push(" AND w.path LIKE ").bind(format!("{}%", pattern(path))).push(" ESCAPE '!'");
            }
            let refused = refused("w");
            sql.push(&match filter.outcome {
                None => String::new(),
                Some(RequestOutcome::Told) => format!(" AND ({refused} OR CAST(w.effects AS TEXT) <> '[]')"),
                Some(RequestOutcome::Changed) => {
                    " AND w.status < 400 AND CAST(w.effects AS TEXT) <> '[]'".to_owned()
                }
                Some(RequestOutcome::Held) => {
                    " AND CAST(w.effects AS TEXT) LIKE '%held by the brake%'".to_owned()
                }
                Some(RequestOutcome::Refused) => format!(" AND {refused}"),
            });
        };
        let found = self.look(("requests", look), known, asked, |row: &requests::Model| row.id).await?;
        found.map(RequestRecord::try_from)
    }

    /// The id of the newest request.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn last_request(&self) -> Result<Option<Uuid>, Error> {
        let mut sql = Sql::new("SELECT r.id FROM requests r WHERE r.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY r.id DESC LIMIT 1");
        Ok(self.transaction.one::<IdRow>(sql).await?.map(|row| row.id))
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
