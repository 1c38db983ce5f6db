//! What the requests of a connection have created that had an `Idempotency-Key`: the same request, sent again, is answered by it.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::error::Error;
use crate::ids::{ConnectionId, stored};
use crate::store::Store;
use crate::unit::{ReadUnit, WriteUnit};

/// The key of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// The key, as the client made it.
    pub key: String,
    /// A digest of the request.
    pub request: Vec<u8>,
}

/// A request with the key, and the resource that it has created.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct FirstRequest {
    /// The digest of the request.
    pub request: Vec<u8>,
    /// The resource.
    pub resource_id: Uuid,
}

impl ReadUnit {
    /// The request of a connection that came with a key first, since an instant.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn first_request(
        &self,
        connection: ConnectionId,
        key: &str,
        since: DateTime<Utc>,
    ) -> Result<Option<FirstRequest>, Error> {
        let mut sql =
            Sql::new("SELECT k.request, k.resource_id FROM idempotency_keys k WHERE k.tenant_id = ");
        sql.bind(self.tenant()).push(" AND k.connection_id = ").bind(connection.uuid());
        sql.push(" AND k.key = ").bind(key).push(" AND k.created_at > ").bind(stored(since));
        self.transaction.one(sql).await
    }
}

impl Store {
    /// Forgets keys that are older than an instant, in every tenant.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forget_first_requests(&self, before: DateTime<Utc>) -> Result<(), Error> {
        for tenant in self.tenants().await? {
            let old = |what: &str| {
                let mut sql = Sql::new(&format!("{what} FROM idempotency_keys WHERE tenant_id = "));
                sql.bind(tenant.id.uuid()).push(" AND created_at <= ").bind(stored(before));
                sql
            };
            // Where nothing is old, no writer waits.
            let some = old("SELECT 1").statement(self.backend());
            if !self.database().await?.query_all_raw(some).await?.is_empty() {
                let transaction = self.writing().await?;
                transaction.run(old("DELETE")).await?;
                transaction.commit().await?;
            }
        }
        Ok(())
    }
}

impl WriteUnit {
    /// Notes what the request with a key has created; `false` if another request has the key, and is not older than an
    /// instant.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn note_first_request(
        &mut self,
        connection: ConnectionId,
        key: &IdempotencyKey,
        resource: Uuid,
        (now, since): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM idempotency_keys WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND connection_id = ").bind(connection.uuid());
        sql.push(" AND key = ").bind(key.key.as_str()).push(" AND created_at <= ").bind(stored(since));
        self.transaction.run(sql).await?;
        let mut sql = Sql::new(
            "INSERT INTO idempotency_keys (tenant_id, connection_id, key, request, resource_id, created_at) VALUES ",
        );
        sql.rows([[
            self.tenant().into(),
            connection.uuid().into(),
            key.key.clone().into(),
            key.request.clone().into(),
            resource.into(),
            stored(now).into(),
        ]]);
        sql.push(" ON CONFLICT (tenant_id, connection_id, key) DO NOTHING");
        Ok(self.transaction.run(sql).await? == 1)
    }
}
