//! `POST /Users`: people of one tenant who arrive at the same time share a unit of work, and so its statements and its
//! flush to the disk.
//!
//! Whoever comes while nobody of the tenant is being created starts a task; it creates those who wait, commits, answers
//! each, and meanwhile the next ones gather. Who comes alone does not wait for company.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use futures::future::join_all;
use provisioning::{Cause, EntryKind, Subject, UserId};
use scim::Object;
use scim::project::Projection;
use store::{Arrived, Constraint, NewUser, TenantId, User, WriteUnit};
use tokio::sync::oneshot;

use super::respond;
use super::write::{self, Writing, entry};
use crate::app::App;
use crate::auth::Tenant;
use crate::entitle::{self, Rules};
use crate::http::error::{Failure, Fault};
use crate::requests::Notes;

/// The most people of one unit.
const MOST: usize = 64;

type Answer = Result<Response, Failure>;

/// A request to create somebody, found lawful.
pub(super) struct Arrival {
    pub(super) tenant: Tenant,
    pub(super) notes: Notes,
    pub(super) id: UserId,
    pub(super) document: Object,
    pub(super) projection: Projection,
}

struct Waiting {
    arrival: Arrival,
    answer: oneshot::Sender<Answer>,
}

/// Who waits to be created; a tenant stands here as long as its task runs.
#[derive(Default)]
pub(crate) struct Arrivals(Mutex<HashMap<TenantId, Vec<Waiting>>>);

impl std::fmt::Debug for Arrivals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrivals").field("tenants", &self.queues().len()).finish()
    }
}

impl Arrivals {
    /// Gets in line; says whether a task has to be started.
    fn join(&self, tenant: TenantId, waiting: Waiting) -> bool {
        let mut queues = self.queues();
        let first = !queues.contains_key(&tenant);
        queues.entry(tenant).or_default().push(waiting);
        first
    }

    /// Those who are next; nobody ends the task.
    fn next(&self, tenant: TenantId) -> Vec<Waiting> {
        let mut queues = self.queues();
        let Some(queue) = queues.get_mut(&tenant) else { return Vec::new() };
        let next: Vec<_> = queue.drain(..queue.len().min(MOST)).collect();
        if next.is_empty() {
            queues.remove(&tenant);
        }
        next
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<TenantId, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Creates somebody; the answer comes once that is on the disk.
pub(super) async fn create(app: &Arc<App>, arrival: Arrival) -> Answer {
    let tenant = arrival.tenant.scope.tenant_id();
    let (answer, answered) = oneshot::channel();
    if app.arrivals().join(tenant, Waiting { arrival, answer }) {
        app.tasks().spawn(create_all(Arc::clone(app), tenant));
    }
    // The sender is gone without an answer only when the task panicked.
    answered.await.unwrap_or(Err(Failure::Fault(Fault::Panic)))
}

async fn create_all(app: Arc<App>, tenant: TenantId) {
    loop {
        let next = app.arrivals().next(tenant);
        if next.is_empty() {
            return;
        }
        // In a task of its own, so that a panic costs those who are in it and not those behind them.
        let _ = app.tasks().spawn(create_next(Arc::clone(&app), next)).await;
    }
}

async fn create_next(app: Arc<App>, mut next: Vec<Waiting>) {
    // Who has given up meanwhile was told to come again.
    next.retain(|waiting| !waiting.answer.is_closed());
    let (arrivals, mut answers): (Vec<_>, Vec<_>) =
        next.into_iter().map(|waiting| (waiting.arrival, waiting.answer)).unzip();
    let outcome = tokio::select! {
        outcome = together(&app, &arrivals, false) => outcome,
        () = all_closed(&mut answers) => return,
    };
    let alone = |arrival, mut answer: oneshot::Sender<Answer>| {
        let app = &app;
        async move {
            let outcome = tokio::select! {
                outcome = alone(app, arrival) => outcome,
                () = answer.closed() => return,
            };
            let _ = answer.send(outcome);
        }
    };
    let outcomes = match outcome {
        Ok(Together::Created(outcomes)) => outcomes,
        Ok(Together::Unable(failure)) => arrivals.iter().map(|_| Err(failure.clone())).collect(),
        Err(failure) if arrivals.len() == 1 => vec![Err(failure)],
        // One of them is refused or needs more care. The unit was dropped, and each gets one of their own.
        Ok(Together::Awaited) | Err(_) => {
            join_all(arrivals.iter().zip(answers).map(|(arrival, answer)| alone(arrival, answer))).await;
            return;
        }
    };
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // A client that has gone away is told nothing.
        let _ = answer.send(outcome);
    }
}

/// Returns when nobody waits for an answer any more.
async fn all_closed(answers: &mut [oneshot::Sender<Answer>]) {
    for answer in answers {
        answer.closed().await;
    }
}

async fn alone(app: &App, arrival: &Arrival) -> Answer {
    match together(app, std::slice::from_ref(arrival), true).await? {
        Together::Created(mut outcomes) => outcomes.pop().expect("one arrival has one outcome"),
        Together::Unable(failure) => Err(failure),
        Together::Awaited => unreachable!("who is alone had the groups locked"),
    }
}

/// What became of people who are created in one unit.
enum Together {
    /// Each has an answer.
    Created(Vec<Answer>),
    /// No unit could be opened, or ended well: what holds for one holds for all.
    Unable(Failure),
    /// Nothing was done: a group waits for one of them, and must be locked before anybody is created.
    Awaited,
}

/// Creates people in one unit; an error undoes all of it. Groups that wait for somebody who is `alone` are locked.
async fn together(app: &App, arrivals: &[Arrival], alone: bool) -> Result<Together, Failure> {
    let Some(first) = arrivals.first() else { return Ok(Together::Created(Vec::new())) };
    let now = app.now();
    let mut unit = match app.store().write(&first.tenant.scope).await {
        Ok(unit) => unit,
        Err(error) => return Ok(Together::Unable(error.into())),
    };
    if alone {
        unit.lock_groups_awaiting(&first.document).await?;
    }
    let careful = alone || unit.is_only_writer();
    let mut arrived = unit.insert_users(arrivals.iter().map(Arrival::new_user).collect(), now).await?;
    let users = std::mem::take(&mut arrived.users);
    if !careful && users.iter().flatten().any(|user| arrived.is_awaited(user)) {
        return Ok(Together::Awaited);
    }
    let rules = Rules::among(&arrived.rules);
    let mut outcomes = Vec::with_capacity(users.len());
    let mut told = Vec::with_capacity(users.len());
    for (arrival, user) in arrivals.iter().zip(users) {
        let Some(user) = user else {
            outcomes.push(Err(store::Error::Conflict(Constraint::UserName).into()));
            continue;
        };
        let notes = Notes::default();
        let writing = Writing { tenant: &arrival.tenant, notes: &notes, now };
        let (user, fresh) = writing.welcome(&mut unit, user, &arrived, &rules).await?;
        outcomes.push(Ok(respond::created(app, &unit, user, fresh, &arrival.projection).await?));
        told.push((&arrival.notes, notes));
    }
    if let Err(error) = write::finish(app, unit).await {
        return Ok(Together::Unable(error.into()));
    }
    for (notes, told) in told {
        notes.add(&told);
    }
    Ok(Together::Created(outcomes))
}

impl Arrival {
    fn new_user(&self) -> NewUser {
        let name = self.document.get("userName").and_then(serde_json::Value::as_str).unwrap_or_default();
        let why = format!("{name} was created by “{}”.", self.tenant.connection.name);
        NewUser {
            id: self.id,
            document: self.document.clone(),
            connection: Some(self.tenant.connection.id),
            entry: entry(Subject::User(self.id), EntryKind::UserCreated, why),
            actor: self.tenant.actor(),
        }
    }
}

impl Writing<'_> {
    /// Gives somebody who has just been created what waited for them; the second answer says that nothing did.
    async fn welcome(
        self,
        unit: &mut WriteUnit,
        user: User,
        arrived: &Arrived,
        rules: &Rules,
    ) -> Result<(User, bool), Failure> {
        self.notes.effect("person created");
        let awaited = arrived.is_awaited(&user) && !unit.unpark_for(&user, self.now).await?.is_empty();
        if awaited {
            self.notes.effect("joined a group that named the person before");
        }
        let granted = entitle::arrived(unit, &user, &arrived.rules, rules, self.now).await?;
        if !awaited && !granted {
            return Ok((user, true));
        }
        let touched = self.settle(unit, &[user.id], &Cause::Created).await?;
        Ok((self.current(unit, user, touched).await?, false))
    }
}
