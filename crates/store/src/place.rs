//! The order of commits: places in it, and reading behind one so that nothing is missed.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, FromQueryResult};
use uuid::Uuid;

use crate::db::backend::{restored, settled, transaction_number};
use crate::db::sql::Sql;
use crate::error::Error;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::unit::ReadUnit;

/// Where an event or an entry of the journal stands in the order of commits; by default before all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, FromQueryResult)]
pub struct Place {
    /// The number of the transaction, or of the row where transactions commit one after the other.
    pub position: i64,
    /// The id of the event or the entry.
    pub id: Uuid,
}

impl Default for Place {
    fn default() -> Self {
        // As with any position, a smaller number can still be made of it.
        Self { position: i64::MIN / 2, id: Uuid::nil() }
    }
}

impl Store {
    /// Puts what a database holds that was restored from another server before what is to come. A cursor of events from
    /// before is of no event then, and its reader begins anew; webhooks go on.
    pub(crate) async fn renumber_restored(&self) -> Result<(), Error> {
        for (look, statements) in restored(self.backend()) {
            let look = Sql::new(&look).statement(self.backend());
            if self.database().await?.query_all_raw(look).await?.is_empty() {
                continue;
            }
            let transaction = self.writing().await?;
            for statement in statements {
                transaction.run(Sql::new(&statement)).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }
}

/// How often, and how long each time, open transactions are waited for.
const ROUNDS: u32 = 100;
const ROUND: Duration = Duration::from_millis(20);

#[derive(FromQueryResult)]
struct NumberRow {
    number: i64,
}

#[derive(FromQueryResult)]
struct OpenRow {
    settled: bool,
}

impl Store {
    /// Waits until every transaction has ended that was open when this was called, but no longer than some seconds: what such a
    /// one changed has been written without knowing what was set up meanwhile.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn await_open(&self, scope: &TenantScope) -> Result<(), Error> {
        let Some(number) = transaction_number(self.backend()) else { return Ok(()) };
        let unit = self.write(scope).await?;
        let row = unit.transaction.one::<NumberRow>(Sql::new(&format!("SELECT {number} AS number"))).await?;
        drop(unit);
        let Some(NumberRow { number }) = row else { return Ok(()) };
        for _ in 0..ROUNDS {
            let mut sql = Sql::new("SELECT ");
            sql.push(&settled(self.backend(), &number.to_string())).push(" AS settled");
            let row = OpenRow::find_by_statement(sql.statement(self.backend()));
            if row.one(&*self.database().await?).await?.is_none_or(|row| row.settled) {
                break;
            }
            tokio::time::sleep(ROUND).await;
        }
        Ok(())
    }
}

impl ReadUnit {
    /// Where the rows of a table end that can be read now in the order of commits.
    pub(crate) async fn end_of(&self, table: &str) -> Result<Place, Error> {
        let mut sql = Sql::new(&format!("SELECT t.position, t.id FROM {table} t WHERE "));
        self.push_behind(&mut sql, "t", Place::default());
        sql.push(" ORDER BY t.position DESC, t.id DESC LIMIT 1");
        Ok(self.transaction.one::<Place>(sql).await?.unwrap_or_default())
    }

    /// Appends the condition that a row of the tenant stands behind a place. The rows end before the first one that another
    /// one can still come before, because a transaction has yet to commit: a reader that goes on behind the last one
    /// misses none.
    pub(crate) fn push_behind(&self, sql: &mut Sql, table: &str, after: Place) {
        sql.push(&format!("{table}.tenant_id = ")).bind(self.tenant());
        sql.push(&format!(" AND ({table}.position, {table}.id) > ("));
        sql.bind(after.position).push(", ").bind(after.id);
        sql.push(&format!(") AND {}", settled(self.backend(), &format!("{table}.position"))));
    }
}
