//! What administrators say about a person by hand: deactivated, held or flagged for a domain, seats withheld, a test user.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use provisioning::{PoolId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// What stands on a person's row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Since when the person is deactivated by hand.
    pub deactivated_since: Option<DateTime<Utc>>,
    /// The domain for which the person is held.
    pub held: Option<String>,
    /// The domain for which the person is flagged.
    pub flagged: Option<String>,
    /// Whether it is a test user of the connection that owns it.
    pub test_user: bool,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    deactivated_by_hand_at: Option<DateTime<Utc>>,
    held_domain: Option<String>,
    flagged_domain: Option<String>,
    test_user: bool,
}

impl ReadUnit {
    /// The marks of those of these people who have any.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn marks(&self, users: &[UserId]) -> Result<HashMap<UserId, Marks>, Error> {
        let mut marks = HashMap::new();
        for chunk in users.chunks(CHUNK) {
            let mut sql = Sql::new(
                "SELECT * FROM (SELECT u.id, u.deactivated_by_hand_at, u.held_domain, u.flagged_domain, ",
            );
            sql.is_test_user(self).push(" AS test_user FROM ");
            sql.users_among(self, chunk.iter().map(|user| user.uuid()));
            sql.push(
                ") m WHERE m.deactivated_by_hand_at IS NOT NULL OR m.held_domain IS NOT NULL \
                 OR m.flagged_domain IS NOT NULL OR m.test_user",
            );
            for row in self.transaction.all::<Row>(sql).await? {
                let mark = Marks {
                    deactivated_since: row.deactivated_by_hand_at,
                    held: row.held_domain,
                    flagged: row.flagged_domain,
                    test_user: row.test_user,
                };
                marks.insert(UserId::new(row.id), mark);
            }
        }
        Ok(marks)
    }
}

impl WriteUnit {
    /// Deactivates a person by hand, or no more; `false` if that is so already.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn deactivate_by_hand(
        &mut self,
        user: UserId,
        since: Option<DateTime<Utc>>,
    ) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE users SET deactivated_by_hand_at = ");
        sql.bind(since.map(stored)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(user.uuid()).push(" AND deactivated_by_hand_at IS ");
        sql.push(if since.is_some() { "NULL" } else { "NOT NULL" });
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Holds a person for a domain, or flags them for it, or neither.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn mark_domain(
        &mut self,
        user: UserId,
        held: Option<&str>,
        flagged: Option<&str>,
    ) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE users SET held_domain = ");
        sql.bind(held).push(", flagged_domain = ").bind(flagged);
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(user.uuid());
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Withholds the seat of a pool from a person; `false` if it is withheld already.
    ///
    /// # Errors
    /// [`Error::Other`] if the user or the pool does not exist.
    pub async fn withhold(&mut self, user: UserId, pool: PoolId, now: DateTime<Utc>) -> Result<bool, Error> {
        let mut sql = Sql::new("INSERT INTO withheld (tenant_id, user_id, pool_id, created_at) VALUES ");
        sql.tuple([self.tenant().into(), user.uuid().into(), pool.uuid().into(), stored(now).into()]);
        sql.push(" ON CONFLICT (tenant_id, user_id, pool_id) DO NOTHING");
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Withholds the seat of a pool no more; `false` if it was not withheld.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn withhold_no_more(&mut self, user: UserId, pool: PoolId) -> Result<bool, Error> {
        let mut sql = Sql::new("DELETE FROM withheld WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND user_id = ").bind(user.uuid());
        sql.push(" AND pool_id = ").bind(pool.uuid());
        Ok(self.transaction.run(sql).await? == 1)
    }
}
