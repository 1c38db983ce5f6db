//! Streams: feeds of changes, each of one receiver.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::backend::{for_update, settled};
use crate::db::sql::{CHUNK, Sql};
use crate::entity::streams;
use crate::error::Error;
use crate::ids::stored;
use crate::place::Place;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// How tokens reach the receiver.
#[derive(Clone, PartialEq, Eq)]
pub enum StreamDelivery {
    /// The receiver asks for them (RFC 8936).
    Poll,
    /// They are sent to an address (RFC 8935).
    Push {
        /// The address.
        url: String,
        /// What the receiver wants in the header `Authorization`, sealed.
        authorization: Option<Vec<u8>>,
    },
}

/// Whether a stream carries tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStatus {
    /// It does.
    Enabled,
    /// They wait.
    Paused,
    /// There are none.
    Disabled,
}

impl StreamStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Enabled, Self::Paused, Self::Disabled];

    /// The word in columns and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// What a word stands for.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

/// A stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Stream {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub description: String,
    /// The URIs of the events that its receiver asked for.
    pub events: Vec<String>,
    /// Whether one of them is of the full form.
    pub wants_full: bool,
    /// The resource types that it carries; all without any.
    pub types: Vec<String>,
    /// Whether it carries every subject that was not taken out, or those alone that were added.
    pub every_subject: bool,
    /// How its tokens are signed.
    pub algorithm: String,
    /// How they reach the receiver.
    pub delivery: StreamDelivery,
    /// Whether it carries tokens.
    pub status: StreamStatus,
    /// Why it has this status.
    pub reason: Option<String>,
    /// The last change of which tokens were made.
    pub after: Place,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Since when every attempt to send has failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// When its receiver asked for a verification last.
    pub verified_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TryFrom<streams::Model> for Stream {
    type Error = Error;

    fn try_from(row: streams::Model) -> Result<Self, Error> {
        let id = row.id.to_string();
        let status = StreamStatus::of_word(&row.status);
        let inconsistent = || Error::Inconsistent { table: "streams", column: "status", id: id.clone() };
        Ok(Self {
            id: row.id,
            status: status.ok_or_else(inconsistent)?,
            events: decode(row.events, "streams", "events", &id)?,
            types: decode(row.types, "streams", "types", &id)?,
            description: row.description,
            wants_full: row.wants_full,
            every_subject: row.every_subject,
            algorithm: row.algorithm,
            delivery: match row.url {
                Some(url) => StreamDelivery::Push { url, authorization: row.secret },
                None => StreamDelivery::Poll,
            },
            reason: row.reason,
            after: Place { position: row.after_position, id: row.after_id },
            created_at: row.created_at,
            failing_since: row.failing_since,
            verified_at: row.verified_at,
        })
    }
}

impl Stream {
    fn row(&self, tenant_id: Uuid) -> streams::Model {
        let (url, secret) = match self.delivery.clone() {
            StreamDelivery::Poll => (None, None),
            StreamDelivery::Push { url, authorization } => (Some(url), authorization),
        };
        streams::Model {
            tenant_id,
            id: self.id,
            description: self.description.clone(),
            events: self.events.iter().map(String::as_str).collect::<Value>(),
            wants_full: self.wants_full,
            types: self.types.iter().map(String::as_str).collect::<Value>(),
            every_subject: self.every_subject,
            algorithm: self.algorithm.clone(),
            url,
            secret,
            status: self.status.as_str().to_owned(),
            reason: self.reason.clone(),
            after_position: self.after.position,
            after_id: self.after.id,
            created_at: stored(self.created_at),
            failing_since: self.failing_since.map(stored),
            verified_at: self.verified_at.map(stored),
        }
    }

    /// Whether tokens are sent to an address.
    #[must_use]
    pub const fn pushes(&self) -> bool {
        matches!(self.delivery, StreamDelivery::Push { .. })
    }
}

#[derive(FromQueryResult)]
struct Behind {
    tenant_id: Uuid,
    id: Uuid,
}

#[derive(FromQueryResult)]
struct SubjectRow {
    resource_id: Uuid,
    included: bool,
}

impl Store {
    /// The streams of all tenants that send tokens to an address, and for which there are changes of which none were made.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn streams_behind(&self) -> Result<Vec<(TenantScope, Uuid)>, Error> {
        let settled = settled(self.backend(), "c.position");
        let sql = Sql::new(&format!(
            "SELECT s.tenant_id, s.id FROM streams s WHERE s.status = 'enabled' AND s.url IS NOT NULL AND EXISTS (SELECT 1 \
             FROM changes c WHERE c.tenant_id = s.tenant_id AND (c.position, c.id) > (s.after_position, s.after_id) AND {settled})"
        ));
        let rows =
            Behind::find_by_statement(sql.statement(self.backend())).all(&*self.database().await?).await?;
        Ok(rows.into_iter().map(|row| (TenantScope::of(row.tenant_id), row.id)).collect())
    }
}

impl ReadUnit {
    /// The streams of the tenant, oldest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn streams(&self) -> Result<Vec<Stream>, Error> {
        let mut sql = Sql::new("SELECT s.* FROM streams s WHERE s.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY s.id");
        self.transaction.all::<streams::Model>(sql).await?.into_iter().map(Stream::try_from).collect()
    }

    /// The stream of this id.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn stream(&self, id: Uuid) -> Result<Option<Stream>, Error> {
        self.one_stream(id, "").await
    }

    async fn one_stream(&self, id: Uuid, lock: &str) -> Result<Option<Stream>, Error> {
        let mut sql = Sql::new("SELECT s.* FROM streams s WHERE s.tenant_id = ");
        sql.bind(self.tenant()).push(" AND s.id = ").bind(id).push(lock);
        self.transaction.one::<streams::Model>(sql).await?.map(Stream::try_from).transpose()
    }

    /// What was said of these subjects of a stream: whether each is in it.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn stream_subjects(
        &self,
        stream: Uuid,
        resources: &[Uuid],
    ) -> Result<Vec<(Uuid, bool)>, Error> {
        let mut found = Vec::new();
        for chunk in resources.chunks(CHUNK) {
            let mut sql =
                Sql::new("SELECT u.resource_id, u.included FROM stream_subjects u WHERE u.tenant_id = ");
            sql.bind(self.tenant()).push(" AND u.stream_id = ").bind(stream);
            sql.push(" AND u.resource_id IN ").list(chunk.iter().copied());
            let rows = self.transaction.all::<SubjectRow>(sql).await?;
            found.extend(rows.into_iter().map(|row| (row.resource_id, row.included)));
        }
        Ok(found)
    }
}

impl WriteUnit {
    /// The stream of this id, locked. It is locked before its tokens.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_stream(&mut self, id: Uuid) -> Result<Option<Stream>, Error> {
        self.one_stream(id, for_update(self.backend())).await
    }

    /// Keeps a new stream.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_stream(&mut self, stream: &Stream) -> Result<(), Error> {
        self.transaction.insert(stream.row(self.tenant())).await
    }

    /// Saves a stream that is locked.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_stream(&mut self, stream: &Stream) -> Result<(), Error> {
        let row = stream.row(self.tenant());
        let mut sql = Sql::new("UPDATE streams SET description = ");
        sql.bind(row.description).push(", events = ").bind(row.events);
        sql.push(", wants_full = ").bind(row.wants_full).push(", types = ").bind(row.types);
        sql.push(", every_subject = ").bind(row.every_subject).push(", algorithm = ").bind(row.algorithm);
        sql.push(", url = ").bind(row.url).push(", secret = ").bind(row.secret);
        sql.push(", status = ").bind(row.status).push(", reason = ").bind(row.reason);
        sql.push(", after_position = ").bind(row.after_position).push(", after_id = ").bind(row.after_id);
        sql.push(", failing_since = ").bind(row.failing_since);
        sql.push(", verified_at = ").bind(row.verified_at);
        sql.push(" WHERE tenant_id = ").bind(row.tenant_id).push(" AND id = ").bind(row.id);
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Deletes a stream with its subjects and tokens.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_stream(&mut self, id: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM streams WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(id);
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Says whether a subject is in a stream.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn set_stream_subject(
        &mut self,
        stream: Uuid,
        resource: Uuid,
        included: bool,
    ) -> Result<(), Error> {
        let mut sql =
            Sql::new("INSERT INTO stream_subjects (tenant_id, stream_id, resource_id, included) VALUES ");
        sql.tuple([self.tenant().into(), stream.into(), resource.into(), included.into()]);
        sql.push(
            " ON CONFLICT (tenant_id, stream_id, resource_id) DO UPDATE SET included = excluded.included",
        );
        self.transaction.run(sql).await?;
        Ok(())
    }
}
