//! `POST /Users`: people of one tenant who arrive at the same time share a unit of work, and so its statements and its
//! flush to the disk.
//!
//! Whoever comes while nobody of the tenant is being created starts a task; it creates those who wait, commits, answers
//! each, and meanwhile the next ones gather. Who comes alone does not wait for company. When many gather, a second task
//! helps, so that the server and the database both have something to do.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use provisioning::{Cause, Entry, EntryKind, Subject, UserId};
use scim::Object;
use scim::project::Projection;
use store::{Arrived, Constraint, NewUser, Newcomer, TenantId, TenantScope, User, WriteUnit};
use tokio::sync::oneshot;

use super::respond::{self, Computed};
use super::write::{self, Writing};
use crate::app::App;
use crate::auth::Tenant;
use crate::awaited;
use crate::entitle::{self, Rules};
use crate::http::error::{Failure, Fault};
use crate::requests::Notes;

/// The most people of one unit.
const MOST: usize = 64;
/// The most units of a tenant at a time: with more, each is small, and a unit costs as much as two people.
const UNITS: usize = 2;
/// How many have to wait for a second unit.
const ENOUGH: usize = 6;

/// What the request log says of a creation.
const CREATED: &str = "person created";

type Answer = Result<Response, Failure>;

/// A request to create somebody, found lawful; whoever sent it waits and does by itself what needs no unit.
pub(super) struct Arrival {
    tenant: Tenant,
    notes: Notes,
    newcomer: Newcomer,
    projection: Projection,
    now: DateTime<Utc>,
}

/// What somebody has become who was created.
struct Welcomed {
    /// The user, unless nothing has changed since it was made.
    changed: Option<User>,
    computed: Computed,
}

type Outcome = Result<Welcomed, Failure>;

/// Who was created comes back with what it has become.
type Answered = Result<(Arrival, Welcomed), Failure>;

struct Waiting {
    arrival: Arrival,
    answer: oneshot::Sender<Answered>,
}

/// Who of a tenant waits to be created, and how many tasks do that.
struct Queue<T> {
    waiting: Vec<T>,
    tasks: usize,
}

/// Who waits to be created; a tenant stands here as long as one of its tasks runs.
#[derive(Default)]
pub(crate) struct Arrivals(Mutex<HashMap<TenantId, Queue<Waiting>>>);

impl std::fmt::Debug for Arrivals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrivals").field("tenants", &self.queues().len()).finish()
    }
}

impl Arrivals {
    /// Gets in line; says whether a task has to be started.
    fn join(&self, tenant: TenantId, waiting: Waiting) -> bool {
        self.queues().entry(tenant).or_default().join(waiting)
    }

    /// Those who are next; nobody ends the task.
    fn next(&self, tenant: TenantId) -> Vec<Waiting> {
        let mut queues = self.queues();
        let Some(queue) = queues.get_mut(&tenant) else { return Vec::new() };
        let next = queue.next();
        if queue.tasks == 0 {
            queues.remove(&tenant);
        }
        next
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<TenantId, Queue<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: Vec::new(), tasks: 0 }
    }
}

impl<T> Queue<T> {
    /// Gets in line; says whether a task has to be started.
    fn join(&mut self, one: T) -> bool {
        self.waiting.push(one);
        let start = self.tasks == 0 || (self.tasks < UNITS && self.waiting.len() >= ENOUGH);
        self.tasks += usize::from(start);
        start
    }

    /// Those who are next; nobody ends a task: the last one when nobody waits, another when too few do.
    fn next(&mut self) -> Vec<T> {
        let number = self.waiting.len().min(MOST);
        if number == 0 || (self.tasks > 1 && number < ENOUGH) {
            self.tasks -= 1;
            return Vec::new();
        }
        self.waiting.drain(..number).collect()
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
    let (arrival, welcomed) = answered.await.unwrap_or(Err(Failure::Fault(Fault::Panic)))?;
    let user = welcomed.changed.unwrap_or_else(|| arrival.newcomer.into_user());
    Ok(respond::created(app, user, &welcomed.computed, &arrival.projection))
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
    let alone = |arrival, mut answer: oneshot::Sender<Answered>| {
        let app = &app;
        async move {
            let outcome = tokio::select! {
                outcome = alone(app, &arrival) => outcome,
                () = answer.closed() => return,
            };
            let _ = answer.send(outcome.map(|welcomed| (arrival, welcomed)));
        }
    };
    let outcomes = match outcome {
        Ok(Together::Created(outcomes)) => outcomes,
        Ok(Together::Unable(failure)) => arrivals.iter().map(|_| Err(failure.clone())).collect(),
        Err(failure) if arrivals.len() == 1 => vec![Err(failure)],
        // One of them is refused or needs more care. The unit was dropped, and each gets one of their own.
        Ok(Together::Awaited) | Err(_) => {
            join_all(arrivals.into_iter().zip(answers).map(|(arrival, answer)| alone(arrival, answer))).await;
            return;
        }
    };
    for ((arrival, answer), outcome) in arrivals.into_iter().zip(answers).zip(outcomes) {
        // A client that has gone away is told nothing.
        let _ = answer.send(outcome.map(|welcomed| (arrival, welcomed)));
    }
}

/// Returns when nobody waits for an answer any more.
async fn all_closed(answers: &mut [oneshot::Sender<Answered>]) {
    for answer in answers {
        answer.closed().await;
    }
}

async fn alone(app: &App, arrival: &Arrival) -> Outcome {
    match together(app, std::slice::from_ref(arrival), true).await? {
        Together::Created(mut outcomes) => outcomes.pop().expect("one arrival has one outcome"),
        Together::Unable(failure) => Err(failure),
        Together::Awaited => unreachable!("who is alone had the groups locked"),
    }
}

/// What became of people who are created in one unit.
enum Together {
    /// Each has an answer.
    Created(Vec<Outcome>),
    /// No unit could be opened, or ended well: what holds for one holds for all.
    Unable(Failure),
    /// Nothing was done: a group waits for one of them, and must be locked before anybody is created.
    Awaited,
}

/// Creates people in one unit; an error undoes all of it. Groups that wait for somebody who is `alone` are locked.
async fn together(app: &App, arrivals: &[Arrival], alone: bool) -> Result<Together, Failure> {
    let Some(first) = arrivals.first() else { return Ok(Together::Created(Vec::new())) };
    let (scope, newcomers) =
        (&first.tenant.scope, || arrivals.iter().map(|arrival| &arrival.newcomer).collect());
    if !alone && let Some(created) = app.store().create_unawaited(scope, newcomers()).await? {
        return Ok(Together::Created(unawaited(app, scope, arrivals, &created).await));
    }
    let mut unit = match app.store().write(scope).await {
        Ok(unit) => unit,
        Err(error) => return Ok(Together::Unable(error.into())),
    };
    if alone {
        unit.lock_groups_awaiting(&first.newcomer.user().resource.document).await?;
    }
    let careful = alone || unit.is_only_writer();
    let arrived = unit.insert_users(newcomers()).await?;
    if !careful && arrivals.iter().any(|arrival| arrived.is_awaited(arrival.newcomer.user())) {
        return Ok(Together::Awaited);
    }
    let rules = Rules::among(&arrived.rules);
    let mut outcomes = Vec::with_capacity(arrivals.len());
    let mut told = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        let user = arrival.newcomer.user();
        if !arrived.created.contains(&user.id) {
            outcomes.push(Err(taken()));
            continue;
        }
        let notes = Notes::default();
        let writing = Writing { tenant: &arrival.tenant, notes: &notes, now: arrival.now };
        let changed = writing.welcome(&mut unit, user, &arrived, &rules).await?;
        let computed = match &changed {
            Some(user) => Computed::load(&unit, std::slice::from_ref(user), &arrival.projection).await?,
            // Groups and licences cannot be there yet.
            None => Computed::named(&unit, std::slice::from_ref(user), &arrival.projection).await?,
        };
        outcomes.push(Ok(Welcomed { changed, computed }));
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

/// What became of people for whom nothing waited.
async fn unawaited(
    app: &App,
    scope: &TenantScope,
    arrivals: &[Arrival],
    created: &BTreeSet<UserId>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        let user = arrival.newcomer.user();
        outcomes.push(if created.contains(&user.id) {
            arrival.notes.effect(CREATED);
            let computed = Computed::of_newcomer(app, scope, user, &arrival.projection).await;
            computed.map(|computed| Welcomed { changed: None, computed }).map_err(Failure::from)
        } else {
            Err(taken())
        });
    }
    outcomes
}

fn taken() -> Failure {
    store::Error::Conflict(Constraint::UserName).into()
}

impl Arrival {
    /// Prepares the creation of a user with this document.
    ///
    /// # Errors
    /// [`store::Error::Other`] for a document without a `userName`.
    pub(super) fn new(
        app: &App,
        tenant: Tenant,
        notes: Notes,
        document: Object,
        projection: Projection,
    ) -> Result<Self, store::Error> {
        let (id, now) = (UserId::new(app.id()), app.now());
        let name = document.get("userName").and_then(serde_json::Value::as_str).unwrap_or_default();
        let why = format!("{name} was created by “{}”.", tenant.connection.name);
        let new = NewUser {
            id,
            document,
            connection: Some(tenant.connection.id),
            entry: Entry::new(Subject::User(id), EntryKind::UserCreated, why),
            actor: tenant.actor(),
        };
        let newcomer = Newcomer::new(&tenant.scope, new, now)?;
        Ok(Self { tenant, notes, newcomer, projection, now })
    }
}

impl Writing<'_> {
    /// Gives somebody who has just been created what waited for them; nothing if nothing did.
    async fn welcome(
        self,
        unit: &mut WriteUnit,
        user: &User,
        arrived: &Arrived,
        rules: &Rules,
    ) -> Result<Option<User>, Failure> {
        self.notes.effect(CREATED);
        let actor = self.tenant.actor();
        let awaited =
            arrived.is_awaited(user) && !awaited::join(unit, user, &actor, self.now).await?.is_empty();
        if awaited {
            self.notes.effect("joined a group that named the person before");
        }
        let granted = entitle::arrived(unit, user, &arrived.rules, rules, self.now).await?;
        if !awaited && !granted {
            return Ok(None);
        }
        let touched = self.settle(unit, &[user.id], &Cause::Created).await?;
        Ok(Some(self.current(unit, user.clone(), touched).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_serves_few_and_a_second_one_many() {
        let mut queue = Queue::default();
        assert!(queue.join(0), "the first starts a task");
        assert_eq!(queue.next(), [0]);
        let started: Vec<usize> = (1..=2 * ENOUGH).filter(|one| queue.join(*one)).collect();
        assert_eq!(started, [ENOUGH], "a second one helps when enough wait, and no third");
        assert_eq!(queue.next().len(), 2 * ENOUGH);
        for one in 1..ENOUGH {
            assert!(!queue.join(one));
        }
        assert_eq!(queue.next(), [0; 0], "the second ends when few wait");
        assert_eq!(queue.next().len(), ENOUGH - 1, "whom the first one serves");
        assert_eq!((queue.next().len(), queue.tasks), (0, 0));
        for one in 0..=MOST {
            queue.join(one);
        }
        assert_eq!(queue.next().len(), MOST, "a unit has a limit");
        assert!(!queue.waiting.is_empty());
    }
}
