//! The connections to the database: of those that are free, the one that came back last goes out first.
//!
//! A pool that hands them out in turn keeps all of them half warm, and behind each is a process of `PostgreSQL` or a
//! cache of `SQLite`. So work that one or two connections can do stays with one or two.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::db::backend;
use crate::db::connection::{DbConnection, PATIENCE};
use crate::db::shares::{Share, Shares};
use crate::error::Error;

/// How long a connection is used, so that what the database keeps for it is given back now and then.
const LIFE: Duration = Duration::from_mins(30);

/// How long an idle connection is kept.
const REST: Duration = Duration::from_mins(10);

/// After how long a rest it is asked for a sign of life first.
const TRUST: Duration = Duration::from_secs(30);

/// How long that may take: a network that has forgotten the connection never answers.
const SIGN: Duration = Duration::from_secs(2);

/// How long plans are kept that the database made when its tables may have been smaller.
pub(crate) const PLANS: Duration = Duration::from_secs(10);

/// All connections of a store.
#[derive(Debug)]
pub(crate) struct ConnectionPool(Arc<All>);

struct All {
    url: String,
    /// The longest that a statement may take, where the database can be told.
    limit: Option<Duration>,
    count: u32,
    shares: Shares,
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
    /// Kept until the connection is free again, and so while the database still works for a tenant that gave up.
    share: Option<Share>,
}

impl ConnectionPool {
    /// Makes room for so many connections, but at least one, and connects the first.
    ///
    /// # Errors
    /// [`Error::Other`] if the database does not answer.
    pub(crate) async fn connect(url: &str, count: u32, limit: Option<Duration>) -> Result<Self, Error> {
        // A database that does not answer at the start is no passing trouble: the reason is told.
        let connection = backend::connect_reader(url, limit).await.map_err(Error::of_first_connection)?;
        let count = count.max(1);
        let mut free: Vec<_> = (1..count).map(|_| None).collect();
        free.push(Some(Resting::now(connection)));
        let turns = Semaphore::new(free.len());
        let (url, shares) = (url.to_owned(), Shares::of(count));
        Ok(Self(Arc::new(All { url, limit, count, shares, free: Mutex::new(free), turns })))
    }

    /// Waits for a connection; one that works for a tenant counts to the share of the tenant.
    ///
    /// # Errors
    /// [`Error::Busy`] if none is free in time, [`Error::Unreachable`] if the database does not answer, or
    /// [`Error::Other`].
    pub(crate) async fn acquire(&self, tenant: Option<Uuid>) -> Result<PooledConnection, Error> {
        let all = Arc::clone(&self.0);
        let share = match tenant {
            Some(tenant) => Some(all.shares.take(tenant).await?),
            None => None,
        };
        let turn = tokio::time::timeout(PATIENCE, all.turns.acquire()).await.map_err(|_| Error::Busy)?;
        // It comes back when the connection does.
        turn.map_err(|_| Error::other("the database is closed"))?.forget();
        let resting = all.free().pop().flatten();
        let mut pooled = PooledConnection { all, connection: None, share };
        if let Some(resting) = resting {
            pooled.connection = resting.woken().await;
        }
        if pooled.connection.is_none() {
            pooled.connection = Some(backend::connect_reader(&pooled.all.url, pooled.all.limit).await?);
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
        let outdated = connection.plans_older_than(PLANS);
        let sign = async || if outdated { connection.forget_plans().await } else { connection.ping().await };
        let answers = async || matches!(tokio::time::timeout(SIGN, sign()).await, Ok(Ok(())));
        let trusted = !doubted && !outdated && since.elapsed() < TRUST;
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
            // The place is not free meanwhile, or there would be more connections than places. A shutdown waits for it
            // for a while, because it waits for the connection.
            let share = self.share.take();
            runtime.spawn(async move {
                let _share = share;
                let mended = connection.mend().await;
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
mod tests;
