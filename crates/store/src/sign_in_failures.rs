//! Attempts to sign in that failed lately, counted for each source.

use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;

use crate::db::backend::for_update;
use crate::db::sql::Sql;
use crate::error::Error;
use crate::ids::stored;
use crate::store::Store;

/// Attempts of a source that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failures {
    /// The source.
    pub source: String,
    /// How many.
    pub failures: u32,
    /// When the last one was made.
    pub last_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct Row {
    source: String,
    failures: i64,
    last_at: DateTime<Utc>,
}

impl Store {
    /// Counts an attempt to sign in as failed, which [`Store::forgive_attempt`] takes back, if `lets` says that it may be
    /// made, with the failures of its sources since `since`; else answers what `lets` said. Attempts of one source come one
    /// after the other.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_attempt<E: Send>(
        &self,
        sources: &[String],
        (now, since): (DateTime<Utc>, DateTime<Utc>),
        lets: impl Fn(&[Failures]) -> Result<(), E> + Send,
    ) -> Result<Result<(), E>, Error> {
        let transaction = self.writing().await?;
        let mut sources = sources.to_vec();
        sources.sort_unstable();
        let mut sql = Sql::new("INSERT INTO sign_in_failures (source, failures, last_at) VALUES ");
        sql.rows(sources.iter().map(|source| [source.clone().into(), 0_i64.into(), stored(now).into()]));
        sql.push(" ON CONFLICT (source) DO NOTHING");
        transaction.run(sql).await?;
        let mut sql = Sql::new("SELECT f.* FROM sign_in_failures f WHERE f.source IN ");
        sql.list(sources.iter().cloned()).push(" ORDER BY f.source").push(for_update(self.backend()));
        let rows = transaction.all::<Row>(sql).await?;
        let known: Vec<Failures> = rows
            .into_iter()
            .filter(|row| row.last_at > since)
            .map(|row| Failures {
                source: row.source,
                failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
                last_at: row.last_at,
            })
            .collect();
        if let Err(refused) = lets(&known) {
            return Ok(Err(refused));
        }
        let mut sql = Sql::new("UPDATE sign_in_failures SET failures = CASE WHEN last_at > ");
        sql.bind(stored(since)).push(" THEN failures + 1 ELSE 1 END, last_at = ");
        sql.bind(stored(now)).push(" WHERE source IN ").list(sources);
        transaction.run(sql).await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Takes an attempt back that succeeded: it was counted as failed before it was made, and what failed before it stays counted.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn forgive_attempt(&self, sources: &[String]) -> Result<(), Error> {
        let transaction = self.writing().await?;
        let mut sources = sources.to_vec();
        sources.sort_unstable();
        for source in sources {
            let mut sql = Sql::new(
                "UPDATE sign_in_failures SET failures = failures - 1 WHERE failures > 0 AND source = ",
            );
            sql.bind(source);
            transaction.run(sql).await?;
        }
        transaction.commit().await
    }
}
