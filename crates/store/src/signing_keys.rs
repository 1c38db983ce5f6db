//! The keys with which what a tenant's streams carry is signed: the private parts sealed, the public ones as others read them.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::entity::signing_keys;
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// A key pair.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its id, by which signatures name it.
    pub id: Uuid,
    /// The algorithm of its signatures.
    pub algorithm: String,
    /// The private part, sealed.
    pub secret: Vec<u8>,
    /// The public part as a JSON Web Key.
    pub public: Value,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it signs nothing any more.
    pub retired_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl From<signing_keys::Model> for SigningKey {
    fn from(row: signing_keys::Model) -> Self {
        Self {
            id: row.id,
            algorithm: row.algorithm,
            secret: row.secret,
            public: row.public,
            created_at: row.created_at,
            retired_at: row.retired_at,
        }
    }
}

impl ReadUnit {
    /// The keys of the tenant, oldest first.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let mut sql = Sql::new("SELECT k.* FROM signing_keys k WHERE k.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY k.id");
        let rows = self.transaction.all::<signing_keys::Model>(sql).await?;
        Ok(rows.into_iter().map(SigningKey::from).collect())
    }
}

impl WriteUnit {
    /// Keeps a new key; those of the same algorithm sign nothing any more.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE signing_keys SET retired_at = ");
        sql.bind(stored(key.created_at)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND algorithm = ").bind(key.algorithm.as_str()).push(" AND retired_at IS NULL");
        self.transaction.run(sql).await?;
        let row = signing_keys::Model {
            tenant_id: self.tenant(),
            id: key.id,
            algorithm: key.algorithm.clone(),
            secret: key.secret.clone(),
            public: key.public.clone(),
            created_at: stored(key.created_at),
            retired_at: key.retired_at.map(stored),
        };
        self.transaction.insert(row).await
    }

    /// Deletes the keys that sign nothing since an instant; says how many.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_retired_keys(&mut self, before: DateTime<Utc>) -> Result<u64, Error> {
        let mut sql = Sql::new("DELETE FROM signing_keys WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND retired_at < ").bind(stored(before));
        self.transaction.run(sql).await
    }
}
