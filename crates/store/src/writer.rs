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

use sea_orm::{ConnectionTrait as _, QueryResult};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::backend;
use crate::driver::Driver;
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

/// The connection, inside a transaction or a savepoint, lent to one unit; dropped, it is rolled back.
#[derive(Debug)]
pub(crate) struct Lease {
    driver: Option<Driver>,
    end: Option<oneshot::Sender<(Driver, End)>>,
}

/// How a unit ends; the task does it, so that a cancelled request cannot leave it half done.
#[derive(Debug)]
enum End {
    Commit(oneshot::Sender<Result<(), Error>>),
    Rollback,
}

impl Writer {
    /// Starts the task on a connection of its own.
    pub(crate) fn start(driver: Driver, url: String) -> Self {
        Self::start_within(LIMITS, driver, url)
    }

    fn start_within(limits: Limits, driver: Driver, url: String) -> Self {
        let (requests, queue) = mpsc::unbounded_channel();
        #[expect(clippy::disallowed_methods, reason = "the task ends with the last unit, close waits for it")]
        let task = tokio::spawn(serve(limits, driver, url, queue));
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
    pub(crate) fn driver(&self) -> &Driver {
        self.driver.as_ref().expect("it is taken only by the end of the lease")
    }

    /// Returns after the commit of the whole batch.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        let (acknowledge, acknowledged) = oneshot::channel();
        let (Some(driver), Some(end)) = (self.driver.take(), self.end.take()) else {
            return Err(stopped());
        };
        end.send((driver, End::Commit(acknowledge))).map_err(|_| stopped())?;
        acknowledged.await.unwrap_or_else(|_| Err(stopped()))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(driver), Some(end)) = (self.driver.take(), self.end.take()) {
            // Nobody receives it when the task is gone: the connection is then closed, which undoes what is open.
            let _ = end.send((driver, End::Rollback));
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

async fn serve(limits: Limits, driver: Driver, url: String, mut queue: mpsc::UnboundedReceiver<Request>) {
    let mut connected = Some(driver);
    while let Some(request) = queue.recv().await {
        if request.is_closed() {
            continue;
        }
        let driver = match connected.take() {
            Some(driver) => driver,
            None => match backend::connect_writer(&url).await {
                Ok(driver) => driver,
                Err(error) => {
                    tracing::error!(%error, "the database cannot be opened again");
                    request.refuse(error);
                    continue;
                }
            },
        };
        let outcome = match request {
            Request::Script(sql, answer) if queue.len() < COMPANY => {
                script(&driver, sql, answer).await.map(|done| {
                    if let Some(done) = done {
                        done.tell(Ok(()));
                    }
                    driver
                })
            }
            request => batch(limits, driver, request, &mut queue).await,
        };
        match outcome {
            Ok(driver) => connected = Some(driver),
            // The state of the connection is unknown now: no later unit may build on it.
            Err(error) => tracing::error!(%error, "the writer connection is given up"),
        }
    }
    if let Some(driver) = connected {
        driver.close().await;
    }
}

/// One transaction with the units that fit into it; an error means that the connection cannot be used further.
async fn batch(
    limits: Limits,
    driver: Driver,
    first: Request,
    queue: &mut mpsc::UnboundedReceiver<Request>,
) -> Result<Driver, Error> {
    let begin = backend::begin_writing(driver.get_database_backend());
    if let Err(error) = driver.begin(begin).await.map_err(Error::from) {
        let answer = error.again();
        first.refuse(error);
        return if matches!(answer, Error::Busy) { Ok(driver) } else { Err(answer) };
    }
    let began = Instant::now();
    let (driver, first) = match first {
        // Nobody else has written yet: for the first unit the transaction is as good as a savepoint.
        Request::Lease(lease) => match lend(driver, lease).await? {
            (driver, End::Commit(acknowledge)) => (driver, Some(Done::Unit(acknowledge))),
            (driver, End::Rollback) => {
                driver.roll_back().await?;
                return Ok(driver);
            }
        },
        Request::Script(sql, answer) => {
            let done = script(&driver, sql, answer).await?;
            (driver, done)
        }
    };
    let mut waiting: Vec<Done> = first.into_iter().collect();
    let may_join = |waiting: &[Done]| waiting.len() < limits.units && began.elapsed() < limits.time;
    let outcome = join_and_commit(driver, queue, may_join, &mut waiting).await;
    for done in waiting {
        done.tell(outcome.as_ref().map(|_| ()).map_err(Error::again));
    }
    outcome
}

/// Takes in who waits, and commits; an error means that nobody's work can be relied upon.
async fn join_and_commit(
    mut driver: Driver,
    queue: &mut mpsc::UnboundedReceiver<Request>,
    may_join: impl Fn(&[Done]) -> bool,
    waiting: &mut Vec<Done>,
) -> Result<Driver, Error> {
    while may_join(waiting) {
        let done = match queue.try_recv() {
            Ok(Request::Lease(lease)) => {
                let done;
                (driver, done) = unit(driver, lease).await?;
                done
            }
            Ok(Request::Script(sql, answer)) => script(&driver, sql, answer).await?,
            Err(_) => break,
        };
        waiting.extend(done);
    }
    driver.commit().await?;
    Ok(driver)
}

/// Lends the connection to one requester until they say how their unit ends.
async fn lend(driver: Driver, lease: oneshot::Sender<Result<Lease, Error>>) -> Result<(Driver, End), Error> {
    let (end, ended) = oneshot::channel();
    // A requester that has gone away drops the lease, which ends it.
    drop(lease.send(Ok(Lease { driver: Some(driver), end: Some(end) })));
    ended.await.map_err(|_| Error::other("a unit ended without an end"))
}

/// Lends a savepoint to one requester and ends it as they say; answers whom to tell about the commit.
async fn unit(
    driver: Driver,
    lease: oneshot::Sender<Result<Lease, Error>>,
) -> Result<(Driver, Option<Done>), Error> {
    if lease.is_closed() {
        return Ok((driver, None));
    }
    if let Err(error) = driver.tell("SAVEPOINT unit").await.map_err(Error::from) {
        drop(lease.send(Err(error.again())));
        return Err(error);
    }
    match lend(driver, lease).await? {
        (driver, End::Commit(acknowledge)) => {
            if let Err(error) = driver.tell("RELEASE unit").await.map_err(Error::from) {
                drop(acknowledge.send(Err(error.again())));
                return Err(error);
            }
            Ok((driver, Some(Done::Unit(acknowledge))))
        }
        (driver, End::Rollback) => {
            driver.tell("ROLLBACK TO unit; RELEASE unit").await?;
            Ok((driver, None))
        }
    }
}

/// Runs a script as a savepoint, which outside of a transaction is one of its own; answers whom to tell when it has
/// reached the disk. An error means that the connection cannot be used further.
async fn script(driver: &Driver, sql: Sql, answer: oneshot::Sender<Rows>) -> Result<Option<Done>, Error> {
    if answer.is_closed() {
        return Ok(None);
    }
    let sql = sql.between("SAVEPOINT script; ", "; RELEASE script");
    match driver.query_all_raw(sql.statement(driver.get_database_backend())).await {
        Ok(rows) => Ok(Some(Done::Script(rows, answer))),
        Err(error) => {
            let undone = driver.tell("ROLLBACK TO script; RELEASE script").await;
            drop(answer.send(Err(error.into())));
            undone?;
            Ok(None)
        }
    }
}
