//! Rows that are kept for some days and then go.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait as _;

use crate::db::sql::Sql;
use crate::error::Error;
use crate::ids::first_id;
use crate::store::Store;

/// What is kept for some days. The ids of the rows begin with their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The request log of the connections.
    Requests,
    /// What the application was told, with the deliveries of each event. The last event of a tenant stays, however old: a
    /// reader who has read it has missed nothing.
    Events,
    /// Changes of users and groups, with the tokens that receivers have not taken.
    Changes,
    /// Requests whose clients did not wait for the end, with what came of them.
    Deferred,
}

impl Kept {
    const fn table(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Events => "events",
            Self::Changes => "changes",
            Self::Deferred => "deferred_requests",
        }
    }
}

impl Store {
    /// Takes out what is older than an instant, `at_a_time` rows in a transaction, as long as it is to go on; says how
    /// many rows those were.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forget(
        &self,
        kept: Kept,
        before: DateTime<Utc>,
        at_a_time: u64,
        go_on: impl Fn() -> bool + Send,
    ) -> Result<u64, Error> {
        let table = kept.table();
        let mut forgotten = 0;
        for tenant in self.tenants().await? {
            let old = |sql: &mut Sql, most: u64| {
                sql.push(&format!("SELECT r.id FROM {table} r WHERE r.tenant_id = ")).bind(tenant.id.uuid());
                sql.push(" AND r.id < ").bind(first_id(before));
                if kept == Kept::Events {
                    sql.push(" AND r.id <> (SELECT e.id FROM events e WHERE e.tenant_id = ")
                        .bind(tenant.id.uuid());
                    sql.push(" ORDER BY e.position DESC, e.id DESC LIMIT 1)");
                }
                sql.push(" ORDER BY r.id LIMIT ").bind(most);
            };
            while go_on() {
                let mut sql = Sql::default();
                old(&mut sql, 1);
                if self.database().await?.query_all_raw(sql.statement(self.backend())).await?.is_empty() {
                    break;
                }
                let transaction = self.writing().await?;
                let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
                sql.bind(tenant.id.uuid()).push(" AND id IN (");
                old(&mut sql, at_a_time);
                sql.push(")");
                forgotten += transaction.run(sql).await?;
                transaction.commit().await?;
            }
        }
        Ok(forgotten)
    }
}
