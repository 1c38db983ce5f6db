//! Webhooks: addresses of the application to which events are delivered.

use chrono::{DateTime, Utc};
use provisioning::EventKind;
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::backend::{for_update, settled};
use crate::db::sql::Sql;
use crate::entity::webhooks;
use crate::error::Error;
use crate::ids::stored;
use crate::place::Place;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// A webhook.
#[derive(Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: Uuid,
    /// Where deliveries go.
    pub url: String,
    /// What people call it.
    pub description: String,
    /// The kinds that are delivered; all without any.
    pub events: Vec<EventKind>,
    /// The secret that signs, sealed.
    pub secret: Vec<u8>,
    /// The secret before, sealed, and until when it signs, too.
    pub former: Option<(Vec<u8>, DateTime<Utc>)>,
    /// The last event for which deliveries were made.
    pub after: Place,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Since when every attempt has failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was disabled, and why.
    pub disabled: Option<(DateTime<Utc>, String)>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").field("id", &self.id).finish_non_exhaustive()
    }
}

impl TryFrom<webhooks::Model> for Webhook {
    type Error = Error;

    fn try_from(row: webhooks::Model) -> Result<Self, Error> {
        let words: Vec<String> = decode(row.events, "webhooks", "events", &row.id.to_string())?;
        let inconsistent =
            |_| Error::Inconsistent { table: "webhooks", column: "events", id: row.id.to_string() };
        Ok(Self {
            events: words.iter().map(|word| word.parse()).collect::<Result<_, _>>().map_err(inconsistent)?,
            id: row.id,
            url: row.url,
            description: row.description,
            secret: row.secret,
            former: row.former_secret.zip(row.former_until),
            after: Place { position: row.after_position, id: row.after_id },
            created_at: row.created_at,
            failing_since: row.failing_since,
            disabled: row.disabled_at.map(|at| (at, row.disabled_why.unwrap_or_default())),
        })
    }
}

impl Webhook {
    fn row(&self, tenant_id: Uuid) -> webhooks::Model {
        let (former_secret, former_until) = self.former.clone().unzip();
        let (disabled_at, disabled_why) = self.disabled.clone().unzip();
        webhooks::Model {
            tenant_id,
            id: self.id,
            url: self.url.clone(),
            description: self.description.clone(),
            events: self.events.iter().map(|kind| kind.as_str()).collect::<Value>(),
            secret: self.secret.clone(),
            former_secret,
            former_until: former_until.map(stored),
            after_position: self.after.position,
            after_id: self.after.id,
            created_at: stored(self.created_at),
            failing_since: self.failing_since.map(stored),
            disabled_at: disabled_at.map(stored),
            disabled_why,
        }
    }
}

#[derive(FromQueryResult)]
struct Behind {
    tenant_id: Uuid,
    id: Uuid,
}

impl Store {
    /// The webhooks of all tenants for which there are events without deliveries.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn webhooks_behind(&self) -> Result<Vec<(TenantScope, Uuid)>, Error> {
        let settled = settled(self.backend(), "e.position");
        let sql = Sql::new(&format!(
            "SELECT w.tenant_id, w.id FROM webhooks w WHERE w.disabled_at IS NULL AND EXISTS (SELECT 1 FROM events e \
             WHERE e.tenant_id = w.tenant_id AND (e.position, e.id) > (w.after_position, w.after_id) AND {settled})"
        ));
        let rows =
            Behind::find_by_statement(sql.statement(self.backend())).all(&*self.database().await?).await?;
        Ok(rows.into_iter().map(|row| (TenantScope::of(row.tenant_id), row.id)).collect())
    }
}

impl ReadUnit {
    /// The webhooks of the tenant, oldest first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Error> {
        let mut sql = Sql::new("SELECT w.* FROM webhooks w WHERE w.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY w.id");
        self.transaction.all::<webhooks::Model>(sql).await?.into_iter().map(Webhook::try_from).collect()
    }
}

impl WriteUnit {
    /// The webhook of this id, locked. It is locked before its deliveries, so that no two units decide which is next.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_webhook(&mut self, id: Uuid) -> Result<Option<Webhook>, Error> {
        let mut sql = Sql::new("SELECT w.* FROM webhooks w WHERE w.tenant_id = ");
        sql.bind(self.tenant()).push(" AND w.id = ").bind(id).push(for_update(self.backend()));
        self.transaction.one::<webhooks::Model>(sql).await?.map(Webhook::try_from).transpose()
    }

    /// Keeps a new webhook.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_webhook(&mut self, webhook: &Webhook) -> Result<(), Error> {
        self.transaction.insert(webhook.row(self.tenant())).await
    }

    /// Saves a webhook that is locked.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_webhook(&mut self, webhook: &Webhook) -> Result<(), Error> {
        let row = webhook.row(self.tenant());
        let mut sql = Sql::new("UPDATE webhooks SET url = ");
        sql.bind(row.url).push(", description = ").bind(row.description);
        sql.push(", events = ").bind(row.events).push(", secret = ").bind(row.secret);
        sql.push(", former_secret = ")
            .bind(row.former_secret)
            .push(", former_until = ")
            .bind(row.former_until);
        sql.push(", after_position = ").bind(row.after_position).push(", after_id = ").bind(row.after_id);
        sql.push(", failing_since = ").bind(row.failing_since);
        sql.push(", disabled_at = ").bind(row.disabled_at).push(", disabled_why = ").bind(row.disabled_why);
        sql.push(" WHERE tenant_id = ").bind(row.tenant_id).push(" AND id = ").bind(row.id);
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Deletes a webhook with its deliveries.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_webhook(&mut self, id: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM webhooks WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(id);
        self.transaction.run(sql).await?;
        Ok(())
    }
}
