//! Holds: what must be handed over before a person leaves, as the application says.

use chrono::{DateTime, Utc};
use provisioning::UserId;

use crate::db::sql::Sql;
use crate::entity::holds;
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Whose it is.
    pub user: UserId,
    /// The application's own name for it, unique for the person.
    pub reference: String,
    /// What must be handed over, in words that read on from the person's name.
    pub words: String,
    /// When the application put it.
    pub put_at: DateTime<Utc>,
}

impl From<holds::Model> for Hold {
    fn from(row: holds::Model) -> Self {
        Self {
            user: UserId::new(row.user_id),
            reference: row.reference,
            words: row.words,
            put_at: row.put_at,
        }
    }
}

impl ReadUnit {
    /// The holds of these people, by person and reference.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn holds(&self, users: &[UserId]) -> Result<Vec<Hold>, Error> {
        let mut found = Vec::new();
        for chunk in users.chunks(crate::db::sql::CHUNK) {
            let mut sql = Sql::new("SELECT h.* FROM ");
            let ids = chunk.iter().map(|user| user.uuid());
            sql.among(self.backend(), self.tenant(), ("holds", "h", "user_id"), ids);
            sql.push(" ORDER BY h.user_id, h.reference");
            found.extend(self.transaction.all::<holds::Model>(sql).await?.into_iter().map(Hold::from));
        }
        Ok(found)
    }
}

impl WriteUnit {
    /// Puts a hold, or tells again what it is.
    ///
    /// # Errors
    /// [`Error::Other`] if the person does not exist.
    pub async fn save_hold(&mut self, hold: &Hold) -> Result<(), Error> {
        let row = holds::Model {
            tenant_id: self.tenant(),
            user_id: hold.user.uuid(),
            reference: hold.reference.clone(),
            words: hold.words.clone(),
            put_at: stored(hold.put_at),
        };
        let otherwise = " ON CONFLICT (tenant_id, user_id, reference) DO UPDATE SET words = excluded.words";
        self.transaction.insert_all_or::<holds::Entity>(vec![row], otherwise).await
    }

    /// Releases a hold; `false` if there is none of this reference.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn release_hold(&mut self, user: UserId, reference: &str) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM holds WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND user_id = ").bind(user.uuid());
        sql.push(" AND reference = ").bind(reference);
        Ok(self.transaction.run(sql).await? == 1)
    }
}
