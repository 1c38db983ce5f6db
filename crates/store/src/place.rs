//! The order of commits: places in it, and reading behind one so that nothing is missed.

use sea_orm::{ConnectionTrait as _, FromQueryResult};
use uuid::Uuid;

use crate::db::backend::{restored, settled};
use crate::db::sql::Sql;
use crate::error::Error;
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
