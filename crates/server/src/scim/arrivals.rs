//! `POST /Users`: people of one tenant who arrive at the same time share a unit of work, and so its statements and its
//! flush to the disk.
//!
//! Whoever comes while nobody of the tenant is being created starts a task; it creates those who wait, commits, answers
//! each, and meanwhile the next ones gather. Who comes alone does not wait for company. When many gather, a second task
//! helps, so that the server and the database both have something to do.

mod queue;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use provisioning::{Cause, Entry, EntryKind, Subject, UserId};
use scim::Object;
use scim::project::Projection;
use store::{Arrived, Constraint, NewUser, Newcomer, TenantScope, Unawaited, User, WriteUnit};
use tokio::sync::oneshot;

use self::queue::Queues;
use super::respond::{self, Computed};
use super::write::{self, Writing};
use crate::app::App;
use crate::auth::Tenant;
use crate::awaited;
use crate::entitle::{self, Rules};
use crate::http::error::{Failure, Fault};
use crate::requests::Notes;

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

pub(crate) struct Waiting {
    arrival: Arrival,
    answer: oneshot::Sender<Answered>,
}

impl Waiting {
    /// A client that has gone away is told nothing.
    fn tell(self, outcome: Outcome) {
        let Self { arrival, answer } = self;
        drop(answer.send(outcome.map(|welcomed| (arrival, welcomed))));
    }
}

/// Who waits to be created.
pub(crate) type Arrivals = Queues<Waiting>;

/// Creates somebody; the answer comes once that is on the disk.
pub(super) async fn create(app: &Arc<App>, arrival: Arrival) -> Answer {
    let scope = arrival.tenant.scope.clone();
    let (answer, answered) = oneshot::channel();
    if app.arrivals().join(scope.tenant_id(), Waiting { arrival, answer }) {
        app.tasks().spawn(create_all(Arc::clone(app), scope));
    }
    // The sender is gone without an answer only when the task panicked.
    let (arrival, welcomed) = answered.await.unwrap_or(Err(Failure::Fault(Fault::Panic)))?;
    let user = welcomed.changed.unwrap_or_else(|| arrival.newcomer.into_user());
    Ok(respond::created(app, user, &welcomed.computed, &arrival.projection))
}

async fn create_all(app: Arc<App>, scope: TenantScope) {
    loop {
        let next = app.arrivals().next(scope.tenant_id());
        if next.is_empty() {
            return;
        }
        // In a task of its own, so that a panic costs those who are in it and not those behind them.
        let _ = app.tasks().spawn(create_next(Arc::clone(&app), scope.clone(), next)).await;
    }
}

async fn create_next(app: Arc<App>, scope: TenantScope, mut next: Vec<Waiting>) {
    // Who has given up meanwhile was told to come again.
    next.retain(|waiting| !waiting.answer.is_closed());
    if next.is_empty() {
        return;
    }
    if app.arrivals().awaited(scope.tenant_id()) {
        return create_in_unit(&app, &scope, next).await;
    }
    let newcomers = next.iter().map(|waiting| &waiting.arrival.newcomer).collect();
    match app.store().create_unawaited(&scope, newcomers).await {
        Ok(Unawaited::Created(created)) => {
            for waiting in next {
                let outcome = unawaited(&app, &scope, &waiting.arrival, &created).await;
                waiting.tell(outcome);
            }
        }
        Ok(Unawaited::Awaited) => create_in_unit(&app, &scope, next).await,
        // To come again is what each of them would be told.
        Err(error @ store::Error::Busy) => tell_all(next, &error.into()),
        Err(error) if next.len() == 1 => tell_all(next, &error.into()),
        Err(_) => create_alone(&app, next).await,
    }
}

/// Creates people in a unit, or each in one of their own when one of them is refused or needs more care.
async fn create_in_unit(app: &App, scope: &TenantScope, next: Vec<Waiting>) {
    let unit = match app.store().write(scope).await {
        Ok(unit) => unit,
        Err(error) => return tell_all(next, &error.into()),
    };
    let (arrivals, mut answers): (Vec<_>, Vec<_>) =
        next.into_iter().map(|waiting| (waiting.arrival, waiting.answer)).unzip();
    let outcome = tokio::select! {
        outcome = together(app, unit, &arrivals, false) => outcome,
        () = all_closed(&mut answers) => return,
    };
    let next = arrivals.into_iter().zip(answers).map(|(arrival, answer)| Waiting { arrival, answer });
    match outcome {
        Ok(Together::Created(outcomes)) => next.zip(outcomes).for_each(|(one, outcome)| one.tell(outcome)),
        Ok(Together::Unable(failure)) => tell_all(next, &failure),
        Err(failure) if next.len() == 1 => tell_all(next, &failure),
        // The unit was dropped.
        Ok(Together::Awaited) | Err(_) => create_alone(app, next).await,
    }
}

/// Creates people in units of their own.
async fn create_alone(app: &App, next: impl IntoIterator<Item = Waiting>) {
    join_all(next.into_iter().map(|mut one| async move {
        let outcome = tokio::select! {
            outcome = alone(app, &one.arrival) => outcome,
            () = one.answer.closed() => return,
        };
        one.tell(outcome);
    }))
    .await;
}

fn tell_all(next: impl IntoIterator<Item = Waiting>, failure: &Failure) {
    next.into_iter().for_each(|one| one.tell(Err(failure.clone())));
}

/// Returns when nobody waits for an answer any more.
async fn all_closed(answers: &mut [oneshot::Sender<Answered>]) {
    for answer in answers {
        answer.closed().await;
    }
}

async fn alone(app: &App, arrival: &Arrival) -> Outcome {
    let unit = app.store().write(&arrival.tenant.scope).await?;
    match together(app, unit, std::slice::from_ref(arrival), true).await? {
        Together::Created(mut outcomes) => outcomes.pop().expect("one arrival has one outcome"),
        Together::Unable(failure) => Err(failure),
        Together::Awaited => unreachable!("who is alone had the groups locked"),
    }
}

/// What became of people who are created in one unit.
enum Together {
    /// Each has an answer.
    Created(Vec<Outcome>),
    /// The unit did not end well: what holds for one holds for all.
    Unable(Failure),
    /// Nothing was done: a group waits for one of them, and must be locked before anybody is created.
    Awaited,
}

/// Creates people in one unit; an error undoes all of it. Groups that wait for somebody who is `alone` are locked.
async fn together(
    app: &App,
    mut unit: WriteUnit,
    arrivals: &[Arrival],
    alone: bool,
) -> Result<Together, Failure> {
    let Some(first) = arrivals.first() else { return Ok(Together::Created(Vec::new())) };
    if alone {
        unit.lock_groups_awaiting(&first.newcomer.user().resource.document).await?;
    }
    let careful = alone || unit.is_only_writer();
    let arrived = unit.insert_users(arrivals.iter().map(|arrival| &arrival.newcomer).collect()).await?;
    let awaited = arrivals.iter().any(|arrival| arrived.is_awaited(arrival.newcomer.user()));
    app.arrivals().remember(unit.scope().tenant_id(), awaited || !arrived.rules.is_empty());
    if awaited && !careful {
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

/// What became of somebody for whom nothing waited.
async fn unawaited(app: &App, scope: &TenantScope, arrival: &Arrival, created: &BTreeSet<UserId>) -> Outcome {
    let user = arrival.newcomer.user();
    if !created.contains(&user.id) {
        return Err(taken());
    }
    arrival.notes.effect(CREATED);
    let computed = Computed::of_newcomer(app, scope, user, &arrival.projection).await?;
    Ok(Welcomed { changed: None, computed })
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
