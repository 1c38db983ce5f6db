//! Runs the tests of a profile on one server, several at a time, and deletes what they made.
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::exchange::{Log, Made, Remark};
use crate::requirement::{Level, Requirement};
use crate::requirements::{self, Test};
use crate::run::Run;
use crate::service::Service;
use crate::verdict::{Finding, Outcome, outcome_of};
use crate::{ExpectedFailures, Target, cleaning, profile};

/// After so many tests without an answer, one after the other, a run does not wait for more.
const SILENT: usize = 20;

/// What to run, on which server.
#[derive(Debug)]
pub struct Plan {
    /// The server under test.
    pub target: Target,
    /// Another tenant of it.
    pub other: Option<Target>,
    /// The same tenant with a token that may manage event streams.
    pub events: Option<Target>,
    /// A name of [`crate::profile::names`].
    pub profile: String,
    /// Ids and starts of ids; all when there are none.
    pub only: Vec<String>,
    /// How many tests run at once.
    pub jobs: usize,
    /// Whether what is recommended, optional or the project's own rule fails like what is required.
    pub every_level: bool,
    /// Ids that must fail.
    pub expected: ExpectedFailures,
    /// When it starts, for the reports.
    pub when: String,
}

impl Plan {
    /// Whether the plan selects any requirement.
    ///
    /// # Errors
    /// One sentence when it selects none.
    pub fn check(&self) -> Result<(), String> {
        selected(self).map(|_| ())
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Results {
    /// Base URL of the server.
    pub(crate) url: String,
    /// Name of the profile.
    pub(crate) profile: String,
    /// When it started.
    pub(crate) when: String,
    /// What the server says about itself.
    pub(crate) service: Arc<Service>,
    /// In the order of the table.
    pub(crate) findings: Vec<Finding>,
    /// What could not be deleted, a line each.
    pub(crate) left: Vec<String>,
    /// How many seconds it took.
    pub(crate) seconds: f64,
    /// Whether it was interrupted.
    pub(crate) interrupted: bool,
}

/// The requirements of a profile that have a test and are asked for.
///
/// # Errors
/// A table that cannot be read, and an `only` that matches nothing.
fn selected(plan: &Plan) -> Result<Vec<(Requirement, &'static Test)>, String> {
    let tests: BTreeMap<String, &Test> = requirements::all().map(|test| (test.id(), test)).collect();
    let all = profile::requirements_of(&plan.profile)?;
    let only: Vec<String> = plan.only.iter().map(|one| one.to_uppercase()).collect();
    let asked = |id: &str| only.is_empty() || only.iter().any(|start| id.starts_with(start.as_str()));
    let chosen: Vec<_> = all
        .into_iter()
        .filter(|one| asked(one.id))
        .filter_map(|one| tests.get(one.id).map(|test| (one, *test)))
        .collect();
    if chosen.is_empty() {
        return Err(format!("no requirement with a test starts with {}", plan.only.join(" or ")));
    }
    Ok(chosen)
}

/// Runs the plan; `stop` ends it early, and `seen` hears of each finding.
///
/// # Errors
/// A plan that selects nothing, and a server that does not answer at all.
pub fn run(
    plan: &Plan,
    stop: &Arc<AtomicBool>,
    seen: &(dyn Fn(&str, &str, usize) + Sync),
) -> Result<Results, String> {
    let start = Instant::now();
    let chosen = selected(plan)?;
    if let Err(error) = plan.target.request("GET", "/ServiceProviderConfig").received() {
        return Err(format!("{} does not answer: {error}", plan.target.base));
    }
    let tenancy = plan.other.is_some() || crate::environment::binary().is_some();
    let service = Arc::new(Service::read(&plan.target, tenancy));
    let session =
        Session { plan, stop, service: &service, gone: AtomicBool::new(false), silent: AtomicUsize::new(0) };

    let hook = std::panic::take_hook();
    // A finding is reported once, with its exchange, and not where it is made.
    std::panic::set_hook(Box::new(|_| {}));
    let (findings, left) = session.all(&chosen, seen);
    std::panic::set_hook(hook);

    let left = cleaning::delete_all(left);
    cleaning::sweep(&plan.target, &service);
    Ok(Results {
        url: plan.target.base.clone(),
        profile: plan.profile.clone(),
        when: plan.when.clone(),
        service,
        findings,
        left: left.into_iter().map(|(made, why)| format!("{}: {why}", made.path)).collect(),
        seconds: start.elapsed().as_secs_f64(),
        interrupted: stop.load(Ordering::Relaxed),
    })
}

struct Session<'a> {
    plan: &'a Plan,
    stop: &'a Arc<AtomicBool>,
    service: &'a Arc<Service>,
    /// Whether the server stopped answering.
    gone: AtomicBool,
    /// How many tests in a row got no answer.
    silent: AtomicUsize,
}

impl Session<'_> {
    /// Runs the chosen tests on as many threads as the plan says; also answers what could not be deleted yet.
    fn all(
        &self,
        chosen: &[(Requirement, &'static Test)],
        seen: &(dyn Fn(&str, &str, usize) + Sync),
    ) -> (Vec<Finding>, Vec<Made>) {
        let next = AtomicUsize::new(0);
        let done = Mutex::new((BTreeMap::new(), Vec::new(), Vec::new()));
        thread::scope(|scope| {
            for _ in 0..self.plan.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some((requirement, test)) = chosen.get(index) else { break };
                        let (finding, remarks, left) = self.one(requirement, test);
                        seen(requirement.id, finding.outcome.word(), chosen.len());
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        done.0.insert(index, finding);
                        done.1.extend(remarks);
                        done.2.extend(left);
                    }
                });
            }
        });
        let (findings, remarks, left) = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let finish = |finding: Finding| self.finished(finding, &remarks);
        (findings.into_values().map(finish).collect(), left)
    }

    /// Runs one test, and deletes what it made.
    fn one(&self, requirement: &Requirement, test: &Test) -> (Finding, Vec<Remark>, Vec<Made>) {
        let start = Instant::now();
        let log = Log::new(requirement.id, Arc::clone(self.service), Arc::clone(self.stop));
        let log = Arc::new(log.lenient(!self.plan.every_level));
        let outcome = if let Some(why) = self.obstacle(requirement) {
            Outcome::Skipped(why)
        } else {
            let run = Run::new(&self.plan.target, self.plan.other.as_ref(), self.plan.events.as_ref(), &log);
            let level = if self.plan.every_level { Level::Must } else { requirement.level };
            outcome_of(catch_unwind(AssertUnwindSafe(|| (test.run)(&run))), level)
        };
        let left = cleaning::delete_all(log.take_made()).into_iter().map(|(made, _)| made).collect();
        self.watch(&outcome);
        let (exchanges, remarks) = log.take();
        let seconds = start.elapsed().as_secs_f64();
        (Finding { requirement: requirement.clone(), outcome, exchanges, seconds }, remarks, left)
    }

    /// Gives the server up when it does not even describe itself any more, or when test after test gets no answer.
    fn watch(&self, outcome: &Outcome) {
        if !outcome.message().contains("no answer") {
            self.silent.store(0, Ordering::Relaxed);
            return;
        }
        let silent = self.silent.fetch_add(1, Ordering::Relaxed) + 1;
        let probe = self.plan.target.request("GET", "/ServiceProviderConfig").received();
        self.gone.fetch_or(probe.is_err() || silent >= SILENT, Ordering::Relaxed);
    }

    /// Why a test is not started.
    fn obstacle(&self, requirement: &Requirement) -> Option<String> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(crate::requirement::INTERRUPTED.to_owned());
        }
        if self.gone.load(Ordering::Relaxed) {
            return Some("the server no longer answers".to_owned());
        }
        requirement.needs.iter().find_map(|need| self.service.lacks(need))
    }

    /// The finding with the remarks on its requirement, judged by the list of known deviations.
    fn finished(&self, finding: Finding, remarks: &[Remark]) -> Finding {
        let id = finding.requirement.id;
        let about: Vec<Remark> = remarks.iter().filter(|remark| remark.id == id).cloned().collect();
        let mut finding = finding.with_remarks(&about, self.plan.every_level);
        finding.outcome = match (finding.outcome, self.plan.expected.reason(id)) {
            (Outcome::Passed, Some(reason)) => Outcome::Failed(format!(
                "it passes although the list of known deviations has it ({reason}): take it off the list"
            )),
            (Outcome::Skipped(why), _) => Outcome::Skipped(why),
            (Outcome::Passed, None) => Outcome::Passed,
            (_, Some(reason)) => Outcome::Expected(reason.to_owned()),
            (other, None) => other,
        };
        finding
    }
}
