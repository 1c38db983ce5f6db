//! The connections to the database: of those that are free, the one that came back last goes out first.
//!
//! A pool that hands them out in turn keeps all of them half warm, and behind each is a process of `PostgreSQL` or a
//! cache of `SQLite`. So work that one or two connections can do stays with one or two.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::db::backend;
use crate::db::connection::{DbConnection, PATIENCE};
use crate::error::Error;

/// How long a connection is used, so that what the database keeps for it is given back now and then.
const LIFE: Duration = Duration::from_mins(30);

/// How long an idle connection is kept.
const REST: Duration = Duration::from_mins(10);

/// After how long a rest it is asked for a sign of life first.
const TRUST: Duration = Duration::from_secs(30);

/// How long that may take: a network that has forgotten the connection never answers.
const SIGN: Duration = Duration::from_secs(2);

/// All connections of a store.
#[derive(Debug)]
pub(crate) struct ConnectionPool(Arc<All>);

struct All {
    url: String,
    count: u32,
    /// Those that are free, the last used at the end; `None` is one that is connected when it is first needed.
    free: Mutex<Vec<Option<Resting>>>,
    /// As many as are free.
    turns: Semaphore,
}

#[derive(Debug)]
struct Resting {
    connection: DbConnection,
    since: Instant,
    /// Whether another one broke meanwhile, as all do when the database starts anew.
    doubted: bool,
}

/// A connection in use; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct PooledConnection {
    all: Arc<All>,
    connection: Option<DbConnection>,
}

impl ConnectionPool {
    /// Makes room for so many connections, but at least one, and connects the first.
    ///
    /// # Errors
    /// [`Error::Other`] if the database does not answer.
    pub(crate) async fn connect(url: &str, count: u32) -> Result<Self, Error> {
        // A database that does not answer at the start is no passing trouble: the reason is told.
        let connection = backend::connect_reader(url).await.map_err(Error::of_first_connection)?;
        let count = count.max(1);
        let mut free: Vec<_> = (1..count).map(|_| None).collect();
        free.push(Some(Resting::now(connection)));
        let turns = Semaphore::new(free.len());
        Ok(Self(Arc::new(All { url: url.to_owned(), count, free: Mutex::new(free), turns })))
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// [`Error::Busy`] if none is free in time or the database does not answer, or [`Error::Other`].
    pub(crate) async fn acquire(&self) -> Result<PooledConnection, Error> {
        let all = Arc::clone(&self.0);
        let turn = tokio::time::timeout(PATIENCE, all.turns.acquire()).await.map_err(|_| Error::Busy)?;
        // It comes back when the connection does.
        turn.map_err(|_| Error::other("the database is closed"))?.forget();
        let resting = all.free().pop().flatten();
        let mut pooled = PooledConnection { all, connection: None };
        if let Some(resting) = resting {
            pooled.connection = resting.woken().await;
        }
        if pooled.connection.is_none() {
            pooled.connection = Some(backend::connect_reader(&pooled.all.url).await?);
        }
        Ok(pooled)
    }

    /// The database's address.
    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    /// Closes every connection, once those in use are done.
    pub(crate) async fn close(self) {
        if tokio::time::timeout(PATIENCE, self.0.turns.acquire_many(self.0.count)).await.is_err() {
            tracing::warn!("connections to the database were still in use when it was closed");
        }
        self.0.turns.close();
        let free = std::mem::take(&mut *self.0.free());
        for resting in free.into_iter().flatten() {
            resting.connection.close().await;
        }
    }
}

impl All {
    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Option<Resting>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection back; answers one that has not been needed for long.
    fn take_back(&self, connection: Option<DbConnection>) -> Option<DbConnection> {
        let mut free = self.free();
        if let Some(connection) = connection {
            free.push(Some(Resting::now(connection)));
        } else {
            free.iter_mut().flatten().for_each(|resting| resting.doubted = true);
            // Those that are connected go out first.
            free.insert(0, None);
        }
        let longest = free.iter_mut().find(|place| place.is_some());
        let idle = longest.and_then(|place| place.take_if(|resting| resting.since.elapsed() > REST));
        drop(free);
        self.turns.add_permits(1);
        idle.map(|resting| resting.connection)
    }
}

impl Resting {
    fn now(connection: DbConnection) -> Self {
        Self { connection, since: Instant::now(), doubted: false }
    }

    /// The connection, if it is still of use.
    async fn woken(self) -> Option<DbConnection> {
        let Self { connection, since, doubted } = self;
        let answers = async || matches!(tokio::time::timeout(SIGN, connection.ping()).await, Ok(Ok(())));
        let trusted = !doubted && since.elapsed() < TRUST;
        let lives = connection.age() < LIFE && (trusted || answers().await);
        lives.then_some(connection)
    }
}

impl Deref for PooledConnection {
    type Target = DbConnection;

    fn deref(&self) -> &DbConnection {
        self.connection.as_ref().expect("it was connected before it went out")
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        let (all, connection) = (Arc::clone(&self.all), self.connection.take());
        let Some(connection) = connection else { return drop(all.take_back(None)) };
        let runtime = Handle::try_current().ok();
        if connection.is_sound() {
            if let (Some(runtime), Some(idle)) = (runtime, all.take_back(Some(connection))) {
                runtime.spawn(idle.close());
            }
        } else if let Some(runtime) = runtime {
            // However long that takes: the place is not free while the database still works for it, or there would be
            // more connections than places. A shutdown waits for it for a while, because it waits for the connection.
            runtime.spawn(async move {
                let mended = connection.mend().await.is_ok();
                if let Some(idle) = all.take_back(mended.then_some(connection)) {
                    idle.close().await;
                }
            });
        } else {
            drop(all.take_back(None));
        }
    }
}

impl std::fmt::Debug for All {
    /// Without the URL, which can hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("All").field("free", &self.free).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;
    use sea_orm::{ConnectionTrait as _, Statement};

    use super::*;

    async fn pool(count: u32) -> (tempfile::TempDir, ConnectionPool) {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("t.db").display());
        backend::connect_writer(&url).await.expect("a file").close().await;
        (folder, ConnectionPool::connect(&url, count).await.expect("opens"))
    }

    /// How many pool that are free are connected.
    fn connected(pool: &ConnectionPool) -> usize {
        pool.0.free().iter().flatten().count()
    }

    /// Gives a connection a mark.
    async fn mark(pooled: &PooledConnection, mark: i32) {
        pooled.execute_unprepared(&format!("PRAGMA cache_size = {mark}")).await.expect("marked");
    }

    async fn mark_of(pooled: &PooledConnection) -> i32 {
        let statement = Statement::from_string(pooled.get_database_backend(), "PRAGMA cache_size");
        let row = pooled.query_one_raw(statement).await.expect("readable").expect("a row");
        row.try_get_by_index(0).expect("a number")
    }

    #[tokio::test]
    async fn the_link_that_came_back_last_goes_out_first_and_who_finds_none_waits() {
        let (_folder, pool) = pool(2).await;
        let first = pool.acquire().await.expect("free");
        assert_eq!(connected(&pool), 0, "the second is not needed yet");
        let second = pool.acquire().await.expect("free");
        mark(&first, 1).await;
        mark(&second, 2).await;
        {
            let mut third = pin!(pool.acquire());
            assert!(poll!(&mut third).is_pending());
            drop(first);
            assert_eq!(mark_of(&third.await.expect("free now")).await, 1);
        }
        drop(second);
        for _ in 0..3 {
            assert_eq!(mark_of(&pool.acquire().await.expect("free")).await, 2);
        }
        assert_eq!(connected(&pool), 2);
        pool.close().await;
    }

    #[tokio::test]
    async fn a_link_is_free_again_once_what_it_left_open_is_undone() {
        let (_folder, pool) = pool(1).await;
        let pooled = pool.acquire().await.expect("free");
        mark(&pooled, 3).await;
        pooled.begin("BEGIN").await.expect("begun");
        assert!(!pooled.is_sound());
        drop(pooled);
        let pooled = pool.acquire().await.expect("free");
        assert!(pooled.is_sound());
        assert_eq!(mark_of(&pooled).await, 3);
        pooled.begin("BEGIN").await.expect("the other one has ended");
        pooled.commit().await.expect("ended");
        assert!(pooled.is_sound());
        pooled.execute_unprepared("nonsense").await.expect_err("refused");
        assert!(!pooled.is_sound(), "who knows why");
        drop(pooled);
        let pooled = pool.acquire().await.expect("free");
        assert!(pooled.is_sound());
        assert_eq!(mark_of(&pooled).await, 3, "it answers, so it stays");
        let mut begun = Box::pin(pooled.begin("BEGIN"));
        // Whether it gets an answer already does not matter.
        let _ = poll!(&mut begun);
        drop(begun);
        assert!(!pooled.is_sound(), "nobody knows whether it has begun, or it has");
        drop(pooled);
        let pooled = pool.acquire().await.expect("free");
        pooled.begin("BEGIN").await.expect("nothing is open");
        pooled.commit().await.expect("ended");
        drop(pooled);
        pool.close().await;
    }

    #[tokio::test]
    async fn a_connection_that_is_of_no_use_any_more_is_made_anew() {
        let (_folder, pool) = pool(1).await;
        let pooled = pool.acquire().await.expect("free");
        mark(&pooled, 4).await;
        // What was left open cannot be undone any more: somebody ended it behind its back.
        pooled.begin("BEGIN").await.expect("begun");
        pooled.execute_unprepared("ROLLBACK").await.expect("ended");
        drop(pooled);
        let pooled = pool.acquire().await.expect("free");
        assert!(pooled.is_sound());
        assert_ne!(mark_of(&pooled).await, 4);
        drop(pooled);
        pool.close().await;
    }

    #[tokio::test]
    async fn when_one_breaks_those_that_rest_are_asked_before_they_go_out_again() {
        let (_folder, pool) = pool(2).await;
        let broken = pool.acquire().await.expect("free");
        let sound = pool.acquire().await.expect("free");
        mark(&sound, 5).await;
        broken.begin("BEGIN").await.expect("begun");
        broken.execute_unprepared("ROLLBACK").await.expect("ended behind its back");
        drop(sound);
        drop(broken);
        drop(pool.0.turns.acquire_many(2).await.expect("both are back"));
        assert!(pool.0.free().iter().flatten().all(|resting| resting.doubted));
        assert_eq!(connected(&pool), 1);
        let pooled = pool.acquire().await.expect("free");
        assert_eq!(mark_of(&pooled).await, 5, "it answers, so it stays");
        drop(pooled);
        assert!(pool.0.free().iter().flatten().all(|resting| !resting.doubted));
        pool.close().await;
    }
}
