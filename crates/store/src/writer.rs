//! The one writer of `SQLite`, with group commit: units that wait for each other share one flush to the disk.
//!
//! A task owns the connection. It begins a transaction, lends it to the unit that is first, then a savepoint in it to
//! each that waits, one after the other, and commits when nobody waits any more or the batch is full. A unit's commit
//! returns only after the real `COMMIT`, so nothing is acknowledged that a crash could take back; a unit that rolls
//! back leaves the others alone.
//!
//! A script is a unit whose statements are known before it begins: it goes to the database in one trip, begin and
//! commit included.

#[cfg(test)]
mod tests;

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction, QueryResult};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::backend;
use crate::error::Error;
use crate::sql::Sql;

/// How many units may share a commit, and for how long it may be put off for the sake of further ones.
#[derive(Clone, Copy, Debug)]
struct Limits {
    units: usize,
    time: Duration,
}

const LIMITS: Limits = Limits { units: 64, time: Duration::from_millis(20) };

/// How many have to wait behind a script for it to share its flush with them, which takes two trips more.
const COMPANY: usize = 3;

/// How long a unit waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

type Rows = Result<Vec<QueryResult>, Error>;

/// Who waits for the writer.
enum Request {
    Lease(oneshot::Sender<Result<Lease, Error>>),
    Script(Sql, oneshot::Sender<Rows>),
}

/// Who waits for the commit.
enum Done {
    Unit(oneshot::Sender<Result<(), Error>>),
    Script(Vec<QueryResult>, oneshot::Sender<Rows>),
}

/// The queue in front of the writer.
#[derive(Debug)]
pub(crate) struct Writer {
    requests: mpsc::UnboundedSender<Request>,
    task: JoinHandle<()>,
}

/// A transaction or a savepoint lent to one unit; dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct Lease {
    transaction: Option<DatabaseTransaction>,
    end: Option<oneshot::Sender<End>>,
}

/// How a unit ends; the task does it, so that a cancelled request cannot leave it half done.
#[derive(Debug)]
enum End {
    Commit(DatabaseTransaction, oneshot::Sender<Result<(), Error>>),
    Rollback(DatabaseTransaction),
}

impl Writer {
    /// Starts the task on a connection of its own.
    pub(crate) fn start(connection: DatabaseConnection, url: String) -> Self {
        Self::start_within(LIMITS, connection, url)
    }

    fn start_within(limits: Limits, connection: DatabaseConnection, url: String) -> Self {
        let (requests, queue) = mpsc::unbounded_channel();
        #[expect(clippy::disallowed_methods, reason = "the task ends with the last unit, close waits for it")]
        let task = tokio::spawn(serve(limits, connection, url, queue));
        Self { requests, task }
    }

    /// Waits for a turn.
    pub(crate) async fn lease(&self) -> Result<Lease, Error> {
        let (lease, turn) = oneshot::channel();
        self.requests.send(Request::Lease(lease)).map_err(|_| stopped())?;
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(lease) => lease.unwrap_or_else(|_| Err(stopped())),
            Err(_) => Err(Error::Busy),
        }
    }

    /// Runs statements as one unit and answers their rows, once they have reached the disk.
    pub(crate) async fn run(&self, script: Sql) -> Rows {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::Script(script, answer)).map_err(|_| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Lets everybody who waits finish, then closes the connection.
    pub(crate) async fn close(self) {
        drop(self.requests);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the writer ended badly");
        }
    }
}

impl Lease {
    pub(crate) fn transaction(&self) -> &DatabaseTransaction {
        self.transaction.as_ref().expect("it is taken only by the end of the lease")
    }

    /// Returns after the commit of the whole batch.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let (acknowledge, acknowledged) = oneshot::channel();
        let (Some(transaction), Some(end)) = (self.transaction.take(), self.end.take()) else {
            return Err(stopped());
        };
        end.send(End::Commit(transaction, acknowledge)).map_err(|_| stopped())?;
        acknowledged.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(transaction), Some(end)) = (self.transaction.take(), self.end.take()) {
            // Nobody receives it when the task is gone: the transaction then rolls itself back.
            let _ = end.send(End::Rollback(transaction));
        }
    }
}

impl Request {
    /// Whether nobody waits for it any more.
    fn is_closed(&self) -> bool {
        match self {
            Self::Lease(lease) => lease.is_closed(),
            Self::Script(_, answer) => answer.is_closed(),
        }
    }

    fn refuse(self, error: Error) {
        // Who has gone away is told nothing, here and below.
        match self {
            Self::Lease(lease) => drop(lease.send(Err(error))),
            Self::Script(_, answer) => drop(answer.send(Err(error))),
        }
    }
}

impl Done {
    fn tell(self, outcome: Result<(), Error>) {
        match self {
            Self::Unit(acknowledge) => drop(acknowledge.send(outcome)),
            Self::Script(rows, answer) => drop(answer.send(outcome.map(|()| rows))),
        }
    }
}

fn stopped() -> Error {
    Error::other("the writer has stopped")
}

async fn serve(
    limits: Limits,
    mut connection: DatabaseConnection,
    url: String,
    mut queue: mpsc::UnboundedReceiver<Request>,
) {
    while let Some(request) = queue.recv().await {
        if request.is_closed() {
            continue;
        }
        let outcome = match request {
            Request::Script(sql, answer) if queue.len() < COMPANY => {
                script(&connection, sql, answer).await.map(|done| {
                    if let Some(done) = done {
                        done.tell(Ok(()));
                    }
                })
            }
            request => batch(limits, &connection, request, &mut queue).await,
        };
        if let Err(error) = outcome {
            // The state of the connection is unknown now: no later unit may build on it.
            tracing::error!(%error, "the writer connection is given up");
            match backend::connect_writer(&url).await {
                Ok(fresh) => connection = fresh,
                Err(error) => tracing::error!(%error, "the database cannot be opened again"),
            }
        }
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the writer connection did not close");
    }
}

/// One transaction with the units that fit into it; an error means that the connection cannot be used further.
async fn batch(
    limits: Limits,
    connection: &DatabaseConnection,
    first: Request,
    queue: &mut mpsc::UnboundedReceiver<Request>,
) -> Result<(), Error> {
    let outer = match backend::begin_writing(connection).await {
        Ok(outer) => outer,
        Err(error) => {
            let busy = matches!(error, Error::Busy);
            let answer = error.again();
            first.refuse(error);
            return if busy { Ok(()) } else { Err(answer) };
        }
    };
    let began = Instant::now();
    let (outer, first) = match first {
        // Nobody else has written yet: for the first unit the transaction is as good as a savepoint.
        Request::Lease(lease) => match lend(outer, lease).await? {
            End::Commit(outer, acknowledge) => (outer, Some(Done::Unit(acknowledge))),
            End::Rollback(outer) => return Ok(outer.rollback().await?),
        },
        Request::Script(sql, answer) => {
            let done = script(&outer, sql, answer).await?;
            (outer, done)
        }
    };
    let mut waiting: Vec<Done> = first.into_iter().collect();
    let mut outcome = Ok(());
    while waiting.len() < limits.units && began.elapsed() < limits.time {
        let Ok(request) = queue.try_recv() else { break };
        let done = match request {
            Request::Lease(lease) => unit(&outer, lease).await,
            Request::Script(sql, answer) => script(&outer, sql, answer).await,
        };
        match done {
            Ok(done) => waiting.extend(done),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    if outcome.is_ok() {
        outcome = outer.commit().await.map_err(Error::from);
    }
    for done in waiting {
        done.tell(outcome.as_ref().copied().map_err(Error::again));
    }
    outcome
}

/// Lends a transaction to one requester until they say how it ends.
async fn lend(
    transaction: DatabaseTransaction,
    lease: oneshot::Sender<Result<Lease, Error>>,
) -> Result<End, Error> {
    let (end, ended) = oneshot::channel();
    // A requester that has gone away drops the lease, which ends it.
    drop(lease.send(Ok(Lease { transaction: Some(transaction), end: Some(end) })));
    ended.await.map_err(|_| Error::other("a unit ended without an end"))
}

/// Lends a savepoint to one requester and ends it as they say; answers whom to tell about the commit.
async fn unit(
    outer: &DatabaseTransaction,
    lease: oneshot::Sender<Result<Lease, Error>>,
) -> Result<Option<Done>, Error> {
    if lease.is_closed() {
        return Ok(None);
    }
    let transaction = match backend::begin_nested(outer).await {
        Ok(transaction) => transaction,
        Err(error) => {
            drop(lease.send(Err(error.again())));
            return Err(error);
        }
    };
    match lend(transaction, lease).await? {
        End::Commit(transaction, acknowledge) => match transaction.commit().await {
            Ok(()) => Ok(Some(Done::Unit(acknowledge))),
            Err(error) => {
                let error = Error::from(error);
                drop(acknowledge.send(Err(error.again())));
                Err(error)
            }
        },
        End::Rollback(transaction) => {
            transaction.rollback().await?;
            Ok(None)
        }
    }
}

/// Runs a script as a savepoint, which outside of a transaction is one of its own; answers whom to tell when it has
/// reached the disk. An error means that the connection cannot be used further.
async fn script(
    connection: &impl ConnectionTrait,
    sql: Sql,
    answer: oneshot::Sender<Rows>,
) -> Result<Option<Done>, Error> {
    if answer.is_closed() {
        return Ok(None);
    }
    let sql = sql.between("SAVEPOINT script; ", "; RELEASE script");
    match connection.query_all_raw(sql.statement(connection.get_database_backend())).await {
        Ok(rows) => Ok(Some(Done::Script(rows, answer))),
        Err(error) => {
            let undone = connection.execute_unprepared("ROLLBACK TO script; RELEASE script").await;
            drop(answer.send(Err(error.into())));
            undone?;
            Ok(None)
        }
    }
}
