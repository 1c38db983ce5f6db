//! Verification codes of people, as keyed hashes.

use chrono::{DateTime, Utc};
use provisioning::UserId;
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::entity::codes;
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// A code that was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// Its id.
    pub id: Uuid,
    /// The keyed hash of the code.
    pub hash: Vec<u8>,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// How often it may still be tried.
    pub tries_left: u32,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code")
            .field("created_at", &self.created_at)
            .field("tries_left", &self.tries_left)
            .finish_non_exhaustive()
    }
}

impl From<codes::Model> for Code {
    fn from(row: codes::Model) -> Self {
        Self {
            id: row.id,
            hash: row.hash,
            created_at: row.created_at,
            tries_left: u32::try_from(row.tries_left).unwrap_or(0),
        }
    }
}

impl ReadUnit {
    /// The codes of a person that are known, the latest first. The unit should hold the person's lock when it counts on them.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn codes(&self, user: UserId) -> Result<Vec<Code>, Error> {
        let mut sql = Sql::new("SELECT c.* FROM codes c WHERE c.tenant_id = ");
        sql.bind(self.tenant()).push(" AND c.user_id = ").bind(user.uuid());
        sql.push(" ORDER BY c.created_at DESC, c.id DESC");
        Ok(self.transaction.all::<codes::Model>(sql).await?.into_iter().map(Code::from).collect())
    }
}

impl WriteUnit {
    /// Keeps a new code of a person, and forgets those that were sent before `forget_before`.
    ///
    /// # Errors
    /// [`Error::Other`] if the person does not exist.
    pub async fn insert_code(
        &mut self,
        user: UserId,
        code: &Code,
        forget_before: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM codes WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND user_id = ").bind(user.uuid());
        sql.push(" AND created_at < ").bind(stored(forget_before));
        self.transaction.run(sql).await?;
        let row = codes::Model {
            tenant_id: self.tenant(),
            user_id: user.uuid(),
            id: code.id,
            hash: code.hash.clone(),
            created_at: stored(code.created_at),
            tries_left: code.tries_left.into(),
        };
        self.transaction.insert(row).await
    }

    /// Says how often a code may still be tried; 0 ends it.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_tries(&mut self, user: UserId, code: Uuid, left: u32) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE codes SET tries_left = ");
        sql.bind(left).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND user_id = ").bind(user.uuid()).push(" AND id = ").bind(code);
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Ends every code of a person. They still count among those of the day.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_codes(&mut self, user: UserId) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE codes SET tries_left = 0 WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND user_id = ").bind(user.uuid());
        self.transaction.run(sql).await?;
        Ok(())
    }
}
