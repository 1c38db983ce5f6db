//! What administrators were told about pools.

use chrono::{DateTime, Utc};
use provisioning::PoolId;

use crate::db::sql::Sql;
use crate::error::Error;
use crate::ids::{IdRow, stored};
use crate::unit::WriteUnit;

impl WriteUnit {
    /// Keeps which warning of a pool's end counts as sent.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn set_end_told(&mut self, pool: PoolId, days: Option<u32>) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE pools SET end_told = ");
        sql.bind(days.map(i64::from)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(pool.uuid());
        self.transaction.run(sql).await.map(drop)
    }

    /// Keeps that each of these pools had no seat for a person; answers the pools of which that is new since the pool had room.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn note_full(&mut self, pools: &[PoolId]) -> Result<Vec<PoolId>, Error> {
        let mut sql = Sql::new("UPDATE pools SET is_full = TRUE WHERE is_full = FALSE AND tenant_id = ");
        sql.bind(self.tenant()).push(" AND id IN ").list(pools.iter().map(|pool| pool.uuid()));
        sql.push(" RETURNING id");
        let rows = self.transaction.all::<IdRow>(sql).await?;
        Ok(rows.into_iter().map(|row| PoolId::new(row.id)).collect())
    }

    /// Keeps when administrators were told that a pool is full.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn set_full_told(&mut self, pool: PoolId, now: DateTime<Utc>) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE pools SET full_told_at = ");
        sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id = ").bind(pool.uuid());
        self.transaction.run(sql).await.map(drop)
    }
}
