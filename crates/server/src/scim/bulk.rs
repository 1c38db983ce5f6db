//! `/Bulk` (RFC 7644 §3.7): each operation is a request of its own, which happens to come without HTTP.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures::future::join_all;
use http::{HeaderMap, StatusCode};
use operations::{Requester, deferred};
use scim::protocol::bulk::{
    BulkRequest, Created, Done, Method as BulkMethod, Operation, References, Step, completion, order,
    response,
};
use scim::protocol::conditions::Conditions;
use scim::protocol::search::{Query, Return};
use scim::{Object, json::member, text};
use serde_json::Value;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::deferred::{defer, done_before, kept_bulk};
use super::request::{Answer, Context, Method, Request, may_wait, run};
use crate::app::App;
use crate::auth::Tenant;
use crate::http::error::{Failure, Fault};
use crate::http::headers::{preferences, scim_json};
use crate::http::json::ScimJson;
use crate::panics::survived;
use crate::request_log::Notes;

/// Users who are created at the same time, so that they share what a unit of work costs.
const TOGETHER: usize = 64;

/// Nobody waits for a request that was accepted before.
const NO_END: Duration = Duration::from_hours(24);

/// `POST /Bulk`.
pub(crate) async fn bulk(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    notes: Notes,
    headers: HeaderMap,
    ScimJson(body): ScimJson,
) -> Result<Response, Failure> {
    let wishes = preferences(&headers);
    if wishes.respond_async && deferred::is_offered(app.db(), app.now()).await {
        let operations = BulkRequest::parse(body.clone(), app.limits().bulk_operations)?.operations;
        let requester = tenant.requester(app.now());
        let registry = app.db().registry(&requester.scope);
        if operations.iter().all(|operation| may_wait(&registry, &operation.path)) {
            return defer(&app, &requester, kept_bulk(body), (Some(operations.len()), wishes.wait)).await;
        }
    }
    let request = BulkRequest::parse(body, app.limits().bulk_operations)?;
    // The client has the answer before the deadline of every request, with what was done and what was not.
    let until = Instant::now() + Duration::from_secs(app.limits().request_seconds).mul_f32(0.8);
    let (tasks, requester) = (app.tasks().clone(), tenant.requester(app.now()));
    let work = async move {
        let registry = &app.db().registry(&requester.scope);
        let context = Context { app: &app, requester: &requester, registry, notes: &notes };
        let ended = Run::new(context, request, until, Vec::new()).finish().await;
        ended.into_iter().map(|(_, _, entry)| entry).collect()
    };
    // In a task of its own: a client that goes away leaves nothing half done.
    let entries = tasks.spawn(work.in_current_span()).await.map_err(|_| Failure::Fault(Fault::Panic))?;
    Ok(scim_json(StatusCode::OK, &response(entries)))
}

/// Runs a bulk request that was accepted before, but for the operations that were done then; says for each operation its place, the
/// path of its resource, and what an answer tells of it.
pub(super) async fn finish(
    context: Context<'_>,
    body: Object,
    applied: Vec<(usize, String)>,
) -> Result<Vec<(usize, String, Value)>, Failure> {
    let request = BulkRequest::parse(body, usize::MAX)?;
    let until = Instant::now() + NO_END;
    Ok(Run::new(context, request, until, applied).finish().await)
}

/// A bulk request, and what became of it so far.
struct Run<'c> {
    context: Context<'c>,
    until: Instant,
    fail_on_errors: u64,
    operations: Vec<Operation>,
    /// What each of them refers to.
    references: Vec<References>,
    done: Vec<Option<Done>>,
    created: Created,
    incomplete: Vec<Incomplete>,
    /// What was done before a server ended, by the operations' places: the paths of what they changed.
    applied: HashMap<usize, String>,
}

/// A resource that was created without what refers back to it.
struct Incomplete {
    operation: usize,
    waits_for: References,
    patch: Operation,
}

impl<'c> Run<'c> {
    fn new(
        context: Context<'c>,
        request: BulkRequest,
        until: Instant,
        applied: Vec<(usize, String)>,
    ) -> Self {
        let BulkRequest { fail_on_errors, operations } = request;
        let done = operations.iter().map(|_| None).collect();
        let references = operations.iter().map(|it| it.references(context.registry)).collect();
        let fail_on_errors = fail_on_errors.unwrap_or(u64::MAX);
        let (created, incomplete) = (Created::default(), Vec::new());
        let applied = applied.into_iter().collect();
        Self { context, until, fail_on_errors, operations, references, done, created, incomplete, applied }
    }

    /// Does everything, and says what became of each operation that had its turn, in the order of the request.
    async fn finish(mut self) -> Vec<(usize, String, Value)> {
        let mut steps = order(&self.operations, &self.references).into_iter().peekable();
        while self.goes_on()
            && let Some(step) = steps.next()
        {
            let mut names = HashSet::new();
            let joins = self.joins(&step, &mut names);
            let mut turn = vec![step];
            while joins
                && turn.len() < TOGETHER
                && let Some(next) = steps.next_if(|next| self.joins(next, &mut names))
            {
                turn.push(next);
            }
            self.take_turn(turn).await;
        }
        // What was to be put in later belongs to operations that have had no turn.
        while let Some(incomplete) = self.incomplete.pop() {
            let detail = format!("Not all of {} was done.", listed(&incomplete.waits_for));
            self.undo(incomplete.operation, scim::Error::status(409, detail)).await;
        }
        let base = self.context.app.base();
        let done = self.operations.iter().zip(self.done).enumerate();
        done.filter_map(|(at, (operation, done))| {
            let done = done?;
            let uri = done.location.as_deref().and_then(|place| place.strip_prefix(base));
            let uri = uri.unwrap_or(&operation.path).to_owned();
            Some((at, uri, operation.answer(done, base)))
        })
        .collect()
    }

    fn goes_on(&self) -> bool {
        let errors = self.done.iter().flatten().filter(|done| done.is_error()).count();
        (errors as u64) < self.fail_on_errors
    }

    /// Whether an operation creates a user who is nobody else's namesake, so that it may be done at the same time as others.
    fn joins(&self, step: &Step, names: &mut HashSet<String>) -> bool {
        let operation = &self.operations[step.operation];
        let creates = operation.method == Ok(BulkMethod::Post) && operation.path == "/Users";
        let named = |name| member(&operation.data, name).and_then(Value::as_str).map(text::fold_name);
        let free = creates
            && self.fail_on_errors == u64::MAX
            && operation.refused.is_none()
            && step.put_off.is_empty()
            && self.references[step.operation].is_empty();
        free && ["userName", "externalId"].into_iter().filter_map(named).all(|name| names.insert(name))
    }

    async fn take_turn(&mut self, turn: Vec<Step>) {
        let ready: Vec<_> = turn.into_iter().map(|step| (step.operation, self.prepare(step))).collect();
        let (context, applied) = (self.context, &self.applied);
        let (fail, until) = (|error: scim::Error| Err(Failure::from(error)), self.until);
        let answers = join_all(ready.into_iter().map(|(at, prepared)| async move {
            let (request, incomplete) = match prepared {
                Ok(prepared) => prepared,
                Err(error) => return (at, fail(error), None),
            };
            if let Some(uri) = applied.get(&at) {
                return (at, Ok(done_before(context, uri, request.method).await), incomplete);
            }
            if Instant::now() > until {
                let detail = "There was no time left for this operation: send it again.";
                return (at, fail(scim::Error::status(503, detail)), None);
            }
            (at, answer(context, at, request).await, incomplete)
        }));
        for (at, answer, incomplete) in answers.await {
            self.note(at, answer, incomplete).await;
        }
    }

    /// The request that an operation is, and what comes later.
    fn prepare(&mut self, step: Step) -> Result<(Request, Option<Incomplete>), scim::Error> {
        let operation = &mut self.operations[step.operation];
        if let Some(refused) = &operation.refused {
            return Err(refused.clone());
        }
        let patch =
            (!step.put_off.is_empty()).then(|| completion(self.context.registry, operation, &step.put_off));
        let now = self.references[step.operation].difference(&step.put_off).cloned().collect();
        self.created.fill(self.context.registry, operation, &now)?;
        let method = match operation.method {
            Ok(BulkMethod::Post) => Method::Post,
            Ok(BulkMethod::Put) => Method::Put,
            Ok(BulkMethod::Patch) => Method::Patch,
            Ok(BulkMethod::Delete) | Err(_) => Method::Delete,
        };
        let version = operation.version.as_deref().filter(|_| method != Method::Post);
        let (path, body) = (operation.path.clone(), std::mem::take(&mut operation.data));
        let request = request(method, path, Conditions::new(version, None), body);
        let incomplete =
            patch.map(|patch| Incomplete { operation: step.operation, waits_for: step.put_off, patch });
        Ok((request, incomplete))
    }

    async fn note(&mut self, at: usize, answer: Result<Answer, Failure>, incomplete: Option<Incomplete>) {
        let operation = &self.operations[at];
        let posted = operation.bulk_id.clone().filter(|_| operation.method == Ok(BulkMethod::Post));
        let id = answer.as_ref().ok().and_then(|answer| answer.location.as_deref()?.rsplit('/').next());
        let (endpoint, id) = (operation.path.clone(), id.map(str::to_owned));
        self.done[at] = Some(done(answer));
        let Some(name) = posted else { return };
        if let (Some(mut incomplete), Some(id)) = (incomplete, &id) {
            incomplete.patch.path = format!("{endpoint}/{id}");
            self.incomplete.push(incomplete);
        }
        self.created.note(&name, id);
        self.complete().await;
    }

    /// Puts in the references to what is there by now; what refers to what could not be created is taken back.
    async fn complete(&mut self) {
        while let Some(Incomplete { operation, waits_for, mut patch }) = self.ready() {
            if Instant::now() > self.until {
                self.leave(operation, &waits_for);
                continue;
            }
            if let Err(error) = self.created.fill(self.context.registry, &mut patch, &waits_for) {
                self.undo(operation, error).await;
                continue;
            }
            let request = request(Method::Patch, patch.path, Conditions::default(), patch.data);
            match answer_aside(self.context, operation, request).await {
                Ok(answer) => {
                    if let Some(done) = &mut self.done[operation] {
                        done.version = answer.tag;
                    }
                }
                Err(failure) => self.undo(operation, failure.told()).await,
            }
        }
    }

    /// There is no time left to complete a resource: the client is told where it is, and what it lacks.
    fn leave(&mut self, operation: usize, lacks: &References) {
        let detail = format!(
            "It was created without its references to {}, for which there was no time left: put them in with a PATCH.",
            listed(lacks)
        );
        let Done { status, response, .. } = Done::failed(&scim::Error::status(503, detail));
        let done = self.done[operation].take().unwrap_or_default();
        self.done[operation] = Some(Done { status, response, ..done });
    }

    /// A resource of which everything that it waits for has had its turn.
    fn ready(&mut self) -> Option<Incomplete> {
        let known = |it: &Incomplete| it.waits_for.iter().all(|name| self.created.knows(name));
        let at = self.incomplete.iter().position(known)?;
        Some(self.incomplete.remove(at))
    }

    /// Deletes what cannot be completed, and what was created with a reference to it: the client is told that none of it was
    /// created. What else was done with such a reference has lost it, and says so.
    async fn undo(&mut self, operation: usize, error: scim::Error) {
        let mut undone = vec![(operation, error)];
        while let Some((at, error)) = undone.pop() {
            let Some(done) = self.done[at].take() else { continue };
            if done.is_error() {
                self.done[at] = Some(done);
                continue;
            }
            let Operation { method, bulk_id, path, .. } = &self.operations[at];
            let id = done.location.as_deref().and_then(|place| place.rsplit('/').next());
            let (Ok(BulkMethod::Post), Some(name), Some(id)) = (method, bulk_id.clone(), id) else {
                self.done[at] = Some(Done::failed(&error));
                continue;
            };
            let request =
                request(Method::Delete, format!("{path}/{id}"), Conditions::default(), Object::new());
            let failed = answer_aside(self.context, at, request).await.err().map(Failure::told);
            self.done[at] = Some(Done::failed(&failed.unwrap_or(error)));
            self.incomplete.retain(|incomplete| incomplete.operation != at);
            let detail = format!("The operation with the bulkId \"{name}\" created nothing that stayed.");
            let refer = (0..self.operations.len()).filter(|it| self.references[*it].contains(&name));
            undone.extend(refer.map(|it| (it, scim::Error::status(409, detail.clone()))));
            self.created.note(&name, None);
        }
    }
}

/// References as a sentence names them.
fn listed(names: &References) -> String {
    let names: Vec<String> = names
        .iter()
        .take(10)
        .map(|name| format!("\"{}\"", name.chars().take(100).collect::<String>()))
        .collect();
    names.join(", ")
}

/// A request of which only the answer's head is wanted.
fn request(method: Method, path: String, conditions: Conditions, body: Object) -> Request {
    let query = Query { prefer: Some(Return::Minimal), ..Query::default() };
    Request { method, path, query, conditions, body }
}

/// Runs an operation, which events name by its place in the request (RFC 9967 §2.5.1.2).
async fn answer(context: Context<'_>, at: usize, request: Request) -> Result<Answer, Failure> {
    answer_as(context, &context.requester.operation(at), request).await
}

/// Runs what follows an operation that has been done.
async fn answer_aside(context: Context<'_>, at: usize, request: Request) -> Result<Answer, Failure> {
    let requester = Requester { deferred: None, ..context.requester.operation(at) };
    answer_as(context, &requester, request).await
}

async fn answer_as(context: Context<'_>, requester: &Requester, request: Request) -> Result<Answer, Failure> {
    let context = Context { requester, ..context };
    survived(Box::pin(run(context, request))).await.unwrap_or(Err(Failure::Fault(Fault::Panic)))
}

pub(super) fn done(answer: Result<Answer, Failure>) -> Done {
    match answer {
        Ok(Answer { status, tag, location, .. }) => {
            // A change is answered as a request of its own is that does not wish for less (RFC 7644 §3.7.3).
            let status = if tag.is_some() && status == 204 { 200 } else { status };
            Done { status, location, version: tag, response: None }
        }
        Err(failure) => Done::failed(&failure.told()),
    }
}
