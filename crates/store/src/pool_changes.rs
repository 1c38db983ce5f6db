//! How pools change: one row for each quarter of an hour in which one did. A day begins at a quarter of an hour in every
//! time zone, so the rows add up to days wherever a tenant is, also after its time zone was changed.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use provisioning::{PoolChange, PoolId};
use sea_orm::{DbBackend, FromQueryResult};
use uuid::Uuid;

use crate::db::rows::Rows;
use crate::db::sql::Sql;
use crate::entity::pool_changes;
use crate::error::Error;
use crate::seats::SeatCount;
use crate::unit::{ReadUnit, WriteUnit};

#[derive(FromQueryResult)]
struct Begin {
    pool_id: Uuid,
    at: Option<DateTime<Utc>>,
}

fn quarter(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(15)).unwrap_or(at)
}

/// Appends the statement that adds changes to those of the same quarter.
pub(crate) fn push_changes(backend: DbBackend, sql: &mut Sql, rows: Vec<pool_changes::Model>) {
    let add = |column: &str| format!("{column} = pool_changes.{column} + excluded.{column}");
    let sums = ["bought", "taken", "freed", "waiting"].map(add).join(", ");
    let otherwise = format!(" ON CONFLICT (tenant_id, pool_id, at) DO UPDATE SET {sums}");
    sql.insert(backend, &rows.into_iter().collect::<Rows<pool_changes::Entity>>(), &otherwise);
}

impl ReadUnit {
    /// How the pools of the tenant have changed since the quarter of an hour of an instant, the oldest change of each first;
    /// of one pool where one is named.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pool_changes(
        &self,
        pool: Option<PoolId>,
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<PoolId, Vec<PoolChange>>, Error> {
        let mut sql = Sql::new("SELECT h.* FROM pool_changes h WHERE h.tenant_id = ");
        sql.bind(self.tenant()).push(" AND h.at >= ").bind(quarter(since));
        if let Some(pool) = pool {
            sql.push(" AND h.pool_id = ").bind(pool.uuid());
        }
        sql.push(" ORDER BY h.pool_id, h.at");
        let mut changes: BTreeMap<PoolId, Vec<PoolChange>> = BTreeMap::new();
        for row in self.transaction.all::<pool_changes::Model>(sql).await? {
            let pool_changes::Model { at, bought, taken, freed, waiting, .. } = row;
            let change = PoolChange { at, bought, taken, freed, waiting };
            changes.entry(PoolId::new(row.pool_id)).or_default().push(change);
        }
        Ok(changes)
    }

    /// When the history of each pool begins.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pool_beginnings(&self) -> Result<BTreeMap<PoolId, DateTime<Utc>>, Error> {
        let mut sql = Sql::new(
            "SELECT p.id AS pool_id, (SELECT MIN(h.at) FROM pool_changes h WHERE h.tenant_id = p.tenant_id \
             AND h.pool_id = p.id) AS at FROM pools p WHERE p.tenant_id = ",
        );
        sql.bind(self.tenant());
        let begins = self.transaction.all::<Begin>(sql).await?;
        Ok(begins.into_iter().filter_map(|row| Some((PoolId::new(row.pool_id), row.at?))).collect())
    }
}

impl WriteUnit {
    /// The rows of what a decision does to pools.
    pub(crate) fn change_rows(
        &self,
        pools: &BTreeMap<PoolId, SeatCount>,
        now: DateTime<Utc>,
    ) -> Vec<pool_changes::Model> {
        let changed =
            pools.iter().filter(|(_, count)| (count.taken, count.freed, count.waiting) != (0, 0, 0));
        let row = |(pool, count): (&PoolId, &SeatCount)| pool_changes::Model {
            tenant_id: self.tenant(),
            pool_id: pool.uuid(),
            at: quarter(now),
            bought: 0,
            taken: count.taken,
            freed: count.freed,
            waiting: count.waiting,
        };
        changed.map(row).collect()
    }

    /// Keeps that so many more seats were bought.
    pub(crate) async fn count_bought(
        &self,
        pool: PoolId,
        bought: i64,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (tenant_id, pool_id, at) = (self.tenant(), pool.uuid(), quarter(now));
        let row = pool_changes::Model { tenant_id, pool_id, at, bought, taken: 0, freed: 0, waiting: 0 };
        let mut sql = Sql::default();
        push_changes(self.backend(), &mut sql, vec![row]);
        self.transaction.run(sql).await.map(drop)
    }
}
