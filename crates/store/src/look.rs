//! Looking back through a log, the newest first, a page at a time. A page looks at no more rows than a limit, whatever is
//! looked for, so that a rare thing in a long log costs what a common one does.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::error::Error;
use crate::ids::{IdRow, first_id};
use crate::unit::ReadUnit;

/// Rows at which a page looks at most.
const WINDOW: u64 = 20_000;

/// From where, until when and how far is looked back. Ids of logs begin with their time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Only what is older than this row.
    pub before: Option<Uuid>,
    /// Only this instant and later ones.
    pub since: Option<DateTime<Utc>>,
    /// Only earlier instants.
    pub until: Option<DateTime<Utc>>,
    /// The most rows of a page.
    pub most: u64,
}

/// A page of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The rows, the newest first.
    pub rows: Vec<T>,
    /// Before which row to look on, if there can be more.
    pub further: Option<Uuid>,
}

impl<T> Found<T> {
    /// The same page of what is made of each row.
    ///
    /// # Errors
    /// The first one of the rows.
    pub(crate) fn map<U, E>(self, make: impl Fn(T) -> Result<U, E>) -> Result<Found<U>, E> {
        let rows = self.rows.into_iter().map(make).collect::<Result<_, _>>()?;
        Ok(Found { rows, further: self.further })
    }
}

impl ReadUnit {
    /// The rows of a log `l` that fulfil conditions: those of which an index knows, and those that are asked of each row `w`.
    pub(crate) async fn look<T: FromQueryResult + Send>(
        &self,
        (table, look): (&str, &Look),
        known: impl Fn(&mut Sql) + Send + Sync,
        asked: impl Fn(&mut Sql) + Send + Sync,
        id: impl Fn(&T) -> Uuid + Send + Sync,
    ) -> Result<Found<T>, Error> {
        let within = |sql: &mut Sql| {
            sql.push(&format!(" FROM {table} l WHERE l.tenant_id = ")).bind(self.tenant());
            known(sql);
            if let Some(before) = look.before {
                sql.push(" AND l.id < ").bind(before);
            }
            if let Some(since) = look.since {
                sql.push(" AND l.id >= ").bind(first_id(since));
            }
            if let Some(until) = look.until {
                sql.push(" AND l.id < ").bind(first_id(until));
            }
            sql.push(" ORDER BY l.id DESC LIMIT ");
        };
        let mut sql = Sql::new("SELECT w.* FROM (SELECT l.*");
        within(&mut sql);
        sql.bind(WINDOW).push(") w WHERE TRUE");
        asked(&mut sql);
        sql.push(" ORDER BY w.id DESC LIMIT ").bind(look.most + 1);
        let mut rows = self.transaction.all::<T>(sql).await?;
        if rows.len() as u64 > look.most {
            rows.truncate(look.most.try_into().unwrap_or(usize::MAX));
            let further = rows.last().map(id);
            return Ok(Found { rows, further });
        }
        let mut sql = Sql::new("SELECT l.id");
        within(&mut sql);
        sql.push("1 OFFSET ").bind(WINDOW - 1);
        let last = self.transaction.one::<IdRow>(sql).await?;
        Ok(Found { rows, further: last.map(|row| row.id) })
    }
}
