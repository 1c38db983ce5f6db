//! The one writer of `SQLite`, with group commit: units that wait for each other share one flush to the disk.
//!
//! A task owns the connection. It begins a transaction, lends it to the unit that is first, then a savepoint in it to
//! each that waits, one after the other, and commits when no unit waits any more or the batch is full. A unit's commit
//! returns only after the real `COMMIT`, so nothing is acknowledged that a crash could take back; a unit that rolls
//! back leaves the others alone.

#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use sea_orm::ConnectionTrait as _;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::db::backend;
use crate::db::connection::DbConnection;
use crate::error::Error;

/// How many units may share a commit, and for how long it may be put off for the sake of further ones.
#[derive(Clone, Copy, Debug)]
struct Limits {
    units: usize,
    time: Duration,
}

const LIMITS: Limits = Limits { units: 64, time: Duration::from_millis(20) };

/// How long a unit waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a unit waits for its turn, and for the commit.
type Turn = oneshot::Sender<Result<Lease, Error>>;
type Done = oneshot::Sender<Result<(), Error>>;

/// The queue in front of the writer.
#[derive(Debug)]
pub(crate) struct Writer {
    turns: mpsc::UnboundedSender<Turn>,
    task: JoinHandle<()>,
}

/// The connection, inside a transaction or a savepoint, lent to one unit; dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct Lease {
    connection: Option<DbConnection>,
    end: Option<oneshot::Sender<(DbConnection, End)>>,
}

/// How a unit ends; the task does it, so that a cancelled request cannot leave it half done.
#[derive(Debug)]
enum End {
    Commit(Done),
    Rollback,
}

impl Writer {
    /// Starts the task on a connection of its own.
    pub(crate) fn start(connection: DbConnection, url: String) -> Self {
        Self::start_within(LIMITS, connection, url)
    }

    fn start_within(limits: Limits, connection: DbConnection, url: String) -> Self {
        let (turns, queue) = mpsc::unbounded_channel();
        #[expect(clippy::disallowed_methods, reason = "the task ends with the last unit, close waits for it")]
        let task = tokio::spawn(serve(limits, connection, url, queue));
        Self { turns, task }
    }

    /// Waits for a turn.
    pub(crate) async fn lease(&self) -> Result<Lease, Error> {
        let (lease, turn) = oneshot::channel();
        self.turns.send(lease).map_err(|_| stopped())?;
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(lease) => lease.unwrap_or_else(|_| Err(stopped())),
            Err(_) => Err(Error::Busy),
        }
    }

    /// Lets every unit that waits finish, then closes the connection.
    pub(crate) async fn close(self) {
        drop(self.turns);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the writer ended badly");
        }
    }
}

impl Lease {
    pub(crate) fn connection(&self) -> &DbConnection {
        self.connection.as_ref().expect("it is taken only by the end of the lease")
    }

    /// Returns after the commit of the whole batch.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let (acknowledge, acknowledged) = oneshot::channel();
        let (Some(connection), Some(end)) = (self.connection.take(), self.end.take()) else {
            return Err(stopped());
        };
        end.send((connection, End::Commit(acknowledge))).map_err(|_| stopped())?;
        acknowledged.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(connection), Some(end)) = (self.connection.take(), self.end.take()) {
            // No unit receives it when the task is gone: the connection is then closed, which undoes what is open.
            let _ = end.send((connection, End::Rollback));
        }
    }
}

fn stopped() -> Error {
    Error::other("the writer has stopped")
}

async fn serve(
    limits: Limits,
    connection: DbConnection,
    url: String,
    mut queue: mpsc::UnboundedReceiver<Turn>,
) {
    let mut connected = Some(connection);
    while let Some(turn) = queue.recv().await {
        if turn.is_closed() {
            continue;
        }
        let connection = match connected.take() {
            Some(connection) => connection,
            None => match backend::connect_writer(&url).await {
                Ok(connection) => connection,
                Err(error) => {
                    tracing::error!(%error, "the database cannot be opened again");
                    refuse(turn, error);
                    continue;
                }
            },
        };
        // A panic gives up the connection, which undoes what is open, and not the task that every writer needs.
        let batch = AssertUnwindSafe(batch(limits, connection, turn, &mut queue)).catch_unwind();
        match batch.await.unwrap_or_else(|_| Err(Error::other("the writer panicked"))) {
            Ok(connection) => connected = Some(connection),
            // The state of the connection is unknown now: no later unit may build on it.
            Err(error) => tracing::error!(%error, "the writer connection is given up"),
        }
    }
    if let Some(connection) = connected {
        connection.close().await;
    }
}

/// A requester that has gone away is told nothing.
fn refuse(turn: Turn, error: Error) {
    drop(turn.send(Err(error)));
}

/// One transaction with the units that fit into it; an error means that the connection cannot be used further.
async fn batch(
    limits: Limits,
    connection: DbConnection,
    first: Turn,
    queue: &mut mpsc::UnboundedReceiver<Turn>,
) -> Result<DbConnection, Error> {
    let begin = backend::begin_writing(connection.get_database_backend());
    if let Err(error) = connection.begin(begin).await.map_err(Error::from) {
        let answer = error.again();
        refuse(first, error);
        return if matches!(answer, Error::Busy) { Ok(connection) } else { Err(answer) };
    }
    let began = Instant::now();
    // No other unit has written yet: for the first unit the transaction is as good as a savepoint.
    let (connection, first) = match lend(connection, first).await? {
        (connection, End::Commit(done)) => (connection, done),
        (connection, End::Rollback) => {
            connection.roll_back().await?;
            return Ok(connection);
        }
    };
    let mut waiting = vec![first];
    let may_join = |waiting: &[Done]| waiting.len() < limits.units && began.elapsed() < limits.time;
    let outcome = join_and_commit(connection, queue, may_join, &mut waiting).await;
    for done in waiting {
        drop(done.send(outcome.as_ref().map(|_| ()).map_err(Error::again)));
    }
    outcome
}

/// Takes in the units that wait, and commits; an error means that no unit's work can be relied upon.
async fn join_and_commit(
    mut connection: DbConnection,
    queue: &mut mpsc::UnboundedReceiver<Turn>,
    may_join: impl Fn(&[Done]) -> bool,
    waiting: &mut Vec<Done>,
) -> Result<DbConnection, Error> {
    while may_join(waiting) {
        let Ok(turn) = queue.try_recv() else { break };
        let done;
        (connection, done) = unit(connection, turn).await?;
        waiting.extend(done);
    }
    connection.commit().await?;
    Ok(connection)
}

/// Lends the connection to one requester until they say how their unit ends.
async fn lend(connection: DbConnection, turn: Turn) -> Result<(DbConnection, End), Error> {
    let (end, ended) = oneshot::channel();
    // A requester that has gone away drops the lease, which ends it.
    drop(turn.send(Ok(Lease { connection: Some(connection), end: Some(end) })));
    ended.await.map_err(|_| Error::other("a unit ended without an end"))
}

/// Lends a savepoint to one requester and ends it as they say; answers whom to tell about the commit.
async fn unit(connection: DbConnection, turn: Turn) -> Result<(DbConnection, Option<Done>), Error> {
    if turn.is_closed() {
        return Ok((connection, None));
    }
    if let Err(error) = connection.tell("SAVEPOINT unit").await.map_err(Error::from) {
        refuse(turn, error.again());
        return Err(error);
    }
    match lend(connection, turn).await? {
        (connection, End::Commit(done)) => {
            if let Err(error) = connection.tell("RELEASE unit").await.map_err(Error::from) {
                drop(done.send(Err(error.again())));
                return Err(error);
            }
            Ok((connection, Some(done)))
        }
        (connection, End::Rollback) => {
            let undone = connection.tell("ROLLBACK TO unit; RELEASE unit").await;
            // A full disk takes back the whole transaction, and the others may try again.
            undone.map_err(|error| {
                tracing::warn!(%error, "a unit took those before it with it");
                Error::Busy
            })?;
            Ok((connection, None))
        }
    }
}
