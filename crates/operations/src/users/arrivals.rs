//! Users of one connection, or of those that share a tenant, who arrive at the same time share a unit of work, and so its statements and its flush to the
//! disk.
//!
//! The first one to come while no user of the tenant is being created starts a task; it creates those who wait, commits,
//! answers each, and meanwhile the next ones gather. A user who comes alone does not wait for company. When many gather,
//! a second task helps, so that the server and the database both have something to do.

mod queue;

use std::sync::Arc;

use futures::future::join_all;
use store::TenantScope;
use tokio::sync::oneshot;

use self::queue::Queues;
use super::create::{Arrival, together};
use crate::database::Database;
use crate::error::Error;
use crate::outcome::Outcome;

type Answer = Result<Outcome, Error>;

/// A user to create, and where the answer goes.
pub(crate) struct Waiting {
    arrival: Arrival,
    answer: oneshot::Sender<Answer>,
}

/// The users of each tenant who wait to be created.
pub(crate) type Arrivals = Queues<Waiting>;

/// Creates a user; the answer comes once the user is on the disk.
pub(super) async fn create(db: &Arc<Database>, arrival: Arrival) -> Answer {
    let scope = arrival.requester.scope.clone();
    let (answer, answered) = oneshot::channel();
    if db.arrivals().join(&scope, Waiting { arrival, answer }) {
        db.tasks().spawn(create_all(Arc::clone(db), scope));
    }
    // The sender is gone without an answer only when the task panicked.
    answered.await.unwrap_or_else(|_| Err(panicked()))
}

fn panicked() -> Error {
    store::Error::Other("the task that creates users panicked".into()).into()
}

async fn create_all(db: Arc<Database>, scope: TenantScope) {
    loop {
        let next = db.arrivals().next(&scope);
        if next.is_empty() {
            return;
        }
        // In a task of its own, so that a panic costs the users in the task and not the users behind them.
        let _ = db.tasks().spawn(create_next(Arc::clone(&db), scope.clone(), next)).await;
    }
}

/// Creates users in one unit, or each in one of its own when one of them is refused.
async fn create_next(db: Arc<Database>, scope: TenantScope, mut next: Vec<Waiting>) {
    // Clients that have given up meanwhile were told to come again.
    next.retain(|waiting| !waiting.answer.is_closed());
    if next.is_empty() {
        return;
    }
    let (arrivals, mut answers): (Vec<_>, Vec<_>) =
        next.into_iter().map(|waiting| (waiting.arrival, waiting.answer)).unzip();
    let outcome = tokio::select! {
        outcome = in_units(&db, &scope, &arrivals) => outcome,
        () = all_closed(&mut answers) => return,
    };
    match outcome {
        Ok(outcomes) => {
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                tell(answer, outcome);
            }
        }
        // What holds for one holds for all of them.
        Err(error) if error.is_busy() || answers.len() == 1 => {
            for answer in answers {
                tell(answer, Err(error.clone()));
            }
        }
        // The unit was dropped.
        Err(_) => {
            let next = arrivals.into_iter().zip(answers);
            join_all(next.map(|(arrival, answer)| create_alone(&db, &scope, arrival, answer))).await;
        }
    }
}

/// Creates users in one unit; in a second one when it turns out that groups wait for some of them.
async fn in_units(db: &Database, scope: &TenantScope, arrivals: &[Arrival]) -> Result<Vec<Answer>, Error> {
    match in_one_unit(db, scope, arrivals, false).await {
        Err(Error::Awaited) => in_one_unit(db, scope, arrivals, true).await,
        outcome => outcome,
    }
}

async fn create_alone(
    db: &Database,
    scope: &TenantScope,
    arrival: Arrival,
    mut answer: oneshot::Sender<Answer>,
) {
    let arrivals = [arrival];
    let outcome = tokio::select! {
        outcome = in_units(db, scope, &arrivals) => outcome,
        () = answer.closed() => return,
    };
    let outcome = outcome.and_then(|mut outcomes| outcomes.pop().ok_or_else(panicked)?);
    tell(answer, outcome);
}

async fn in_one_unit(
    db: &Database,
    scope: &TenantScope,
    arrivals: &[Arrival],
    awaited: bool,
) -> Result<Vec<Answer>, Error> {
    let written = db.write(scope, async |mut unit| {
        let outcomes = together(db, &mut unit, arrivals, awaited).await?;
        Ok((unit, outcomes))
    });
    let written = written.await?;
    let told = |outcome: Answer| outcome.map(|outcome| Outcome { queued: written.queued, ..outcome });
    Ok(written.value.into_iter().map(told).collect())
}

/// A client that has gone away is told nothing.
fn tell(answer: oneshot::Sender<Answer>, outcome: Answer) {
    drop(answer.send(outcome));
}

/// Returns when no client waits for an answer any more.
async fn all_closed(answers: &mut [oneshot::Sender<Answer>]) {
    for answer in answers {
        answer.closed().await;
    }
}
