//! One connection to the database, for one transaction at a time: what sea-orm asks is handed on to sqlx.
//!
//! There is no pool around it. A pool asks the database for a sign of life whenever a connection comes back to it, and
//! that is one more trip for every unit; here only a connection that something went wrong with is asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgConnectOptions;
use sqlx::{
    AssertSqlSafe, Connection, Database, Executor as _, IntoArguments, PgConnection, SqliteConnection, query,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::db::backend::keeps_good_plans;
use crate::db::silence::{answers, unless_silent};

/// How long a `SQLite` writer waits for another process, and a transaction for a connection.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// After how many steps of its machine `SQLite` asks whether to go on: a fraction of a millisecond, and many more than
/// it takes to roll back.
const PROGRESS: i32 = 10_000;

/// How long it may take to undo what was left open.
const MENDING: Duration = Duration::from_secs(2);

/// A connection.
pub(crate) struct DbConnection {
    raw: Raw,
    backend: DbBackend,
    made: Instant,
    /// Since when the database has made plans for it.
    planned: std::sync::Mutex<Instant>,
    /// Whether a transaction has begun and not ended.
    open: AtomicBool,
    /// Whether a statement has failed, or was left before its end.
    doubtful: AtomicBool,
    /// Whether its user has gone: what it still does is in vain.
    abandoned: Arc<AtomicBool>,
}

pub(crate) enum Raw {
    Sqlite(Mutex<SqliteConnection>),
    /// With how to make another one like it.
    Postgres(Mutex<PgConnection>, Box<PgConnectOptions>),
}

/// Does the same with either connection.
macro_rules! with {
    ($connection:expr, $raw:ident => $run:expr) => {
        match &$connection.raw {
            Raw::Sqlite(raw) => {
                let $raw = &mut *raw.lock().await;
                $connection.watched(async { $run }).await
            }
            Raw::Postgres(raw, options) => {
                let $raw = &mut *raw.lock().await;
                let sign = || answers(PgConnectOptions::clone(options)).boxed();
                $connection.watched(unless_silent(async { $run }, sign)).await
            }
        }
    };
}

impl DbConnection {
    pub(crate) fn new(raw: Raw, backend: DbBackend) -> Self {
        Self {
            raw,
            backend,
            made: Instant::now(),
            planned: std::sync::Mutex::new(Instant::now()),
            open: AtomicBool::new(false),
            doubtful: AtomicBool::new(false),
            abandoned: Arc::default(),
        }
    }

    /// Makes it give up what it does once it is abandoned; for connections that read, because what a connection writes
    /// can belong to several users.
    pub(crate) async fn give_up_when_abandoned(&self) -> Result<(), DbErr> {
        if let Raw::Sqlite(raw) = &self.raw {
            let abandoned = Arc::clone(&self.abandoned);
            let mut raw = raw.lock().await;
            let mut handle = raw.lock_handle().await.map_err(unconnected)?;
            handle.set_progress_handler(PROGRESS, move || !abandoned.load(Ordering::Relaxed));
        }
        Ok(())
    }

    /// How long ago it was connected.
    pub(crate) fn age(&self) -> Duration {
        self.made.elapsed()
    }

    /// Begins a transaction with this statement.
    pub(crate) async fn begin(&self, statement: &'static str) -> Result<(), DbErr> {
        // Before it is sent: a user who gives up meanwhile leaves a transaction behind.
        self.open.store(true, Ordering::Relaxed);
        let begun = self.tell(statement).await;
        if begun.is_err() {
            self.open.store(false, Ordering::Relaxed);
        }
        begun
    }

    pub(crate) async fn commit(&self) -> Result<(), DbErr> {
        self.end("COMMIT").await
    }

    pub(crate) async fn roll_back(&self) -> Result<(), DbErr> {
        self.end("ROLLBACK").await
    }

    async fn end(&self, statement: &'static str) -> Result<(), DbErr> {
        self.tell(statement).await?;
        self.open.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Runs statements that take no values and answer nothing.
    pub(crate) async fn tell(&self, statements: &'static str) -> Result<(), DbErr> {
        with!(self, raw => raw.execute(statements).await.map(drop)).map_err(failed)
    }

    /// Whether the next user finds it as a new one would be.
    pub(crate) fn is_sound(&self) -> bool {
        !self.open.load(Ordering::Relaxed) && !self.doubtful.load(Ordering::Relaxed)
    }

    /// Gives up what is under way and undoes what was left open; `false` means that it is of no further use.
    ///
    /// `PostgreSQL` does not hear of it while it works on a statement. It looks for its client every second, so what is
    /// not undone in time ends soon after the connection is closed.
    pub(crate) async fn mend(&self) -> bool {
        self.abandoned.store(true, Ordering::Relaxed);
        let undone = async {
            if self.open.load(Ordering::Relaxed) { self.roll_back().await } else { self.ping().await }
        };
        let mended = matches!(timeout(MENDING, undone).await, Ok(Ok(())));
        self.abandoned.store(false, Ordering::Relaxed);
        mended
    }

    /// Whether some of its plans may be older than this.
    pub(crate) fn plans_older_than(&self, age: Duration) -> bool {
        !keeps_good_plans(self.backend) && self.planned().elapsed() > age
    }

    /// Makes the database plan each statement anew, once.
    pub(crate) async fn forget_plans(&self) -> Result<(), DbErr> {
        *self.planned() = Instant::now();
        self.tell("DISCARD PLANS").await
    }

    /// Makes its plans as old as they may be.
    #[cfg(test)]
    pub(crate) fn age_plans(&self) {
        let age = crate::db::pool::PLANS + Duration::from_millis(1);
        *self.planned() = Instant::now().checked_sub(age).expect("the machine has run for so long");
    }

    fn planned(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the database for a sign of life.
    pub(crate) async fn ping(&self) -> Result<(), DbErr> {
        with!(self, raw => raw.ping().await).map_err(unconnected)
    }

    pub(crate) async fn close(self) {
        let closed = match self.raw {
            Raw::Sqlite(raw) => raw.into_inner().close().await,
            Raw::Postgres(raw, _) => raw.into_inner().close().await,
        };
        if let Err(error) = closed {
            tracing::warn!(%error, "a connection to the database did not close cleanly");
        }
    }

    /// Remembers that something is under way until its good end is seen.
    async fn watched<T>(&self, run: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
        self.doubtful.store(true, Ordering::Relaxed);
        let outcome = run.await;
        self.doubtful.store(outcome.is_err(), Ordering::Relaxed);
        outcome
    }
}

#[async_trait]
impl ConnectionTrait for DbConnection {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        with!(self, raw => bound(statement).execute(raw).await.map(ExecResult::from)).map_err(failed)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = sql.to_owned();
        with!(self, raw => raw.execute(AssertSqlSafe(sql)).await.map(ExecResult::from)).map_err(failed)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        with!(self, raw => Ok(bound(statement).fetch_optional(raw).await?.map(QueryResult::from)))
            .map_err(failed)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        with!(self, raw => Ok(bound(statement).fetch_all(raw).await?.into_iter().map(QueryResult::from).collect()))
            .map_err(failed)
    }
}

/// A statement with its values, in the terms of the connection.
fn bound<D: Database>(statement: Statement) -> query::Query<'static, D, SqlxValues>
where
    SqlxValues: IntoArguments<D>,
{
    let values = statement.values.unwrap_or_else(|| Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

/// Connects; a server that has not come up yet is asked again and again for a while.
pub(crate) async fn connect<C: Connection>(options: &C::Options) -> Result<C, DbErr> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(10);
    loop {
        let left = PATIENCE.saturating_sub(began.elapsed());
        match timeout(left, C::connect_with(options)).await {
            Ok(Err(error)) if is_passing(&error) && pause < left => tokio::time::sleep(pause).await,
            Ok(connected) => return connected.map_err(unconnected),
            Err(_) => return Err(unconnected(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))),
        }
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}

/// The error of a database that cannot be reached.
pub(crate) fn unconnected(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

impl std::fmt::Debug for DbConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DbConnection")
            .field("open", &self.open)
            .field("doubtful", &self.doubtful)
            .finish_non_exhaustive()
    }
}
