//! The keys that seal what is secret, each sealed itself under the master key; they belong to the installation.

use chrono::{DateTime, Utc};
use sea_orm::{EntityTrait as _, QueryOrder as _};

use crate::db::sql::Sql;
use crate::entity::data_keys;
use crate::error::Error;
use crate::ids::stored;
use crate::store::Store;

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// Its number, from 1; the highest one seals what is new.
    pub number: u32,
    /// The key, sealed under the master key.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedKey").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Store {
    /// Every data key, by number.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn data_keys(&self) -> Result<Vec<SealedKey>, Error> {
        let rows = data_keys::Entity::find().order_by_asc(data_keys::Column::Number);
        let rows = rows.all(&*self.database().await?).await?;
        let key = |row: data_keys::Model| {
            let inconsistent =
                |_| Error::Inconsistent { table: "data_keys", column: "number", id: row.number.to_string() };
            Ok(SealedKey { number: u32::try_from(row.number).map_err(inconsistent)?, sealed: row.sealed })
        };
        rows.into_iter().map(key).collect()
    }

    /// Adds a data key; `false` if there is one of this number, which another server has added.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_data_key(&self, key: &SealedKey, now: DateTime<Utc>) -> Result<bool, Error> {
        let transaction = self.writing().await?;
        let mut sql = Sql::new("INSERT INTO data_keys (number, sealed, created_at) VALUES ");
        sql.tuple([key.number.into(), key.sealed.clone().into(), stored(now).into()]);
        sql.push(" ON CONFLICT (number) DO NOTHING");
        let inserted = transaction.run(sql).await? == 1;
        transaction.commit().await?;
        Ok(inserted)
    }

    /// Replaces the sealed form of data keys, each with what it is now and what it becomes: all or none.
    ///
    /// # Errors
    /// [`Error::VersionMismatch`] if one of them is not what it was; [`Error::Busy`] or [`Error::Other`].
    pub async fn replace_data_keys(&self, keys: &[(SealedKey, SealedKey)]) -> Result<(), Error> {
        let transaction = self.writing().await?;
        for (old, new) in keys {
            let mut sql = Sql::new("UPDATE data_keys SET sealed = ");
            sql.bind(new.sealed.clone()).push(" WHERE number = ").bind(old.number);
            sql.push(" AND sealed = ").bind(old.sealed.clone());
            if transaction.run(sql).await? != 1 {
                return Err(Error::VersionMismatch);
            }
        }
        transaction.commit().await
    }
}
