//! Sends a fixture and proves what it says about the answer; every fixture of a client on its own.
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use conformance_tests::{Connection, ExpectedFailures, Skipped, database, report, require_server, skip};
use serde_json::Value;

use crate::at_once;
use crate::facts::{is_conditional, prove};
use crate::fixture::{Expected, Fixture};
use crate::library::Library;
use crate::need::Need;
use crate::scene::{Scene, check, send};
use crate::snapshot::Snapshot;
use crate::tables;
use crate::world::World;

/// How many tenants are replayed against at a time.
const WORKERS: usize = 4;

/// Replays each fixture of a client in a fresh tenant, with what it needs created first.
pub(crate) fn replay_each_alone(client: &str) {
    replay_each(client, WORKERS);
}

/// The same, one after the other.
pub(crate) fn replay_one_by_one(client: &str) {
    replay_each(client, 1);
}

fn replay_each(client: &str, workers: usize) {
    require_server();
    let fixtures = Library::of(client).all();
    assert!(!fixtures.is_empty(), "there are no fixtures of {client}");
    let waiting = Mutex::new(fixtures.iter());
    let outcomes = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(fixture) = { waiting.lock().expect("no worker panics").next() } {
                    let outcome = attempt(|| replay_alone(fixture));
                    outcomes.lock().expect("no worker panics").insert(fixture.id.clone(), outcome);
                }
            });
        }
    });
    judge(client, &outcomes.into_inner().expect("no worker panics"));
}

/// Replays one fixture in a world that has what it needs, or is given it now.
pub(crate) fn replay(world: &mut World, fixture: &Fixture) {
    fixture.needs.iter().for_each(|need| world.ensure(need));
    let subject = fixture.needs.first().and_then(|need| need.subject());
    world.connect_beside(&fixture.before);
    for message in &fixture.before {
        world.send(message, subject);
    }
    if let Some(rounds) = &fixture.rounds {
        at_once::go_round(world, rounds);
    }
    let snapshot = |world: &World| {
        let large = fixture.needs.iter().any(Need::is_large);
        if large { Snapshot::default() } else { Snapshot::take(&world.target) }
    };
    let before = snapshot(world);
    let filled = |text: &str| world.fill(text, subject).unwrap_or_else(|complaint| panic!("{complaint}"));
    let path = filled(&fixture.path);
    let headers: Vec<_> = fixture.headers.iter().map(|(name, value)| (name.clone(), filled(value))).collect();
    let body = fixture.body.clone().unwrap_or_default();
    let sent = world.fill_json(&body, subject).unwrap_or_else(|complaint| panic!("{complaint}"));
    let to = world.limited.take().unwrap_or_else(|| world.target.clone());
    let request = || send(&to, &fixture.method, &path, &headers, &sent);
    let answer = if fixture.meanwhile.is_empty() {
        request()
    } else {
        at_once::with_others(world, &fixture.meanwhile, request)
    };

    if fixture.method != "GET" {
        world.changed(&path);
    }
    let decided = tables::DECISIONS.iter().find(|(id, ..)| *id == fixture.id);
    let right = decided.map_or(fixture.statuses.as_slice(), |(_, status, _)| std::slice::from_ref(status));
    if !right.contains(&answer.status) {
        answer.fail(&format!("expected one of {right:?}"));
    }
    let answer = answer.check();
    for (name, pointer) in fixture.saves.iter().filter(|_| answer.status < 300) {
        let name = name.strip_suffix(".id").expect("only ids are saved");
        let saved = answer.at(pointer);
        let id = saved.as_ref().and_then(Value::as_str);
        world.bind(name, id.unwrap_or_else(|| answer.fail("the id to save is no string")));
    }

    let after = snapshot(world);
    let document = serde_json::from_str(&answer.text).unwrap_or_default();
    let world = &*world;
    let scene = Scene {
        world,
        answer: &answer,
        document: &document,
        sent: &sent,
        headers: &headers,
        before: &before,
        after: &after,
    };
    let mut complaints = prove_all(&fixture.expected, &scene, decided.is_some());
    for read in &fixture.after {
        let path = world.fill(&read.path, subject).unwrap_or_else(|complaint| panic!("{complaint}"));
        let document = world.target.get(&path).expect_status(read.status).json();
        let scene = Scene { document: &document, ..scene };
        complaints.extend(prove_all(&read.expected, &scene, false));
    }
    if !complaints.is_empty() {
        answer.fail(&format!("{}\n  ({}, {})", complaints.join("\n"), fixture.step, fixture.evidence));
    }
}

/// The connection of a client: its profile, on a new tenant.
pub(crate) fn connect(client: &str) -> Connection {
    let known = tables::CONNECTIONS.iter().find(|(known, ..)| *known == client);
    let (_, profile, with) = known.unwrap_or_else(|| panic!("{client} has no connection in the table"));
    Connection::fresh(profile, with, &[])
}

/// Runs a part of a replay and turns its panic into an outcome.
pub(crate) fn attempt(part: impl FnOnce()) -> Outcome {
    let Err(payload) = catch_unwind(AssertUnwindSafe(part)) else { return Outcome::Passed };
    if let Some(Skipped(reason)) = payload.downcast_ref() {
        return Outcome::Skipped(reason.clone());
    }
    let message = payload.downcast_ref::<String>().cloned();
    let message = message.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Outcome::Failed(message.unwrap_or_default())
}

/// How a replay ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

/// Fails with every fixture that failed unexpectedly, or passed although it is listed as failing.
pub(crate) fn judge(title: &str, outcomes: &BTreeMap<String, Outcome>) {
    let wrong = verdicts(&ExpectedFailures::of_this_suite(), outcomes);
    for (id, outcome) in outcomes {
        if let Outcome::Skipped(reason) = outcome {
            report(&format!("skipped: {id}: {reason}"));
        }
    }
    let passed = outcomes.values().filter(|outcome| **outcome == Outcome::Passed).count();
    report(&format!("{title}: {} replayed, {passed} passed", outcomes.len()));
    assert!(
        wrong.is_empty(),
        "{title}: {} of {} are wrong\n\n{}",
        wrong.len(),
        outcomes.len(),
        wrong.join("\n\n")
    );
    if outcomes.values().all(|outcome| matches!(outcome, Outcome::Skipped(_))) {
        skip("nothing could be replayed");
    }
}

fn verdicts(expected: &ExpectedFailures, outcomes: &BTreeMap<String, Outcome>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, outcome) in outcomes {
        match (outcome, expected.reason(id)) {
            (Outcome::Passed, Some(reason)) => {
                wrong.push(format!("{id} passes although it is listed as failing ({reason})"));
            }
            (Outcome::Failed(message), None) => wrong.push(format!("{id}: {message}")),
            _ => {}
        }
    }
    wrong
}

fn replay_alone(fixture: &Fixture) {
    if let (Some(wanted), Some(here)) = (fixture.database.as_deref(), database())
        && wanted != here
    {
        skip(&format!("it is about {wanted}, and this is {here}"));
    }
    let (connection, cast) = match &fixture.profile {
        Some(profile) if fixture.client() == tables::APART => (Connection::apart(profile), fixture.client()),
        Some(profile) => {
            let with: Vec<_> = fixture.with.iter().map(String::as_str).collect();
            let without: Vec<_> = fixture.without.iter().map(String::as_str).collect();
            let cast = if fixture.client() == "own" { profile } else { fixture.client() };
            (Connection::fresh(profile, &with, &without), cast)
        }
        None => (connect(fixture.client()), fixture.client()),
    };
    replay(&mut World::new(connection, cast, BTreeMap::new()), fixture);
}

/// Proves fields and facts; after a decision of ours, only the facts that say when they apply.
fn prove_all(expected: &Expected, scene: &Scene<'_>, decided: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for (pointer, value) in expected.fields.iter().filter(|_| !decided) {
        let value = scene.world.fill_json(value, None).unwrap_or_else(|complaint| panic!("{complaint}"));
        let found = scene.at(pointer);
        complaints
            .extend(check(found == Some(&value), || format!("{pointer} is {found:?}, not {value}")).err());
    }
    let facts = expected.facts.iter().filter(|fact| !decided || is_conditional(fact));
    complaints.extend(facts.filter_map(|fact| prove(fact, scene).err()));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_failures_must_fail_and_nothing_else_may() {
        let expected = ExpectedFailures::parse("a/1\tlater\na/2\tlater").expect("well-formed");
        let failed = Outcome::Failed("broken".to_owned());
        let outcomes = BTreeMap::from([
            ("a/1".to_owned(), failed.clone()),
            ("a/2".to_owned(), Outcome::Passed),
            ("a/3".to_owned(), failed),
            ("a/4".to_owned(), Outcome::Passed),
            ("a/5".to_owned(), Outcome::Skipped("no server".to_owned())),
        ]);
        let wrong = verdicts(&expected, &outcomes);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].starts_with("a/2 passes") && wrong[1].starts_with("a/3: broken"));
    }

    #[test]
    fn a_panic_becomes_an_outcome() {
        assert_eq!(attempt(|| {}), Outcome::Passed);
        assert_eq!(attempt(|| panic!("broken")), Outcome::Failed("broken".to_owned()));
        assert_eq!(attempt(|| skip("no server")), Outcome::Skipped("no server".to_owned()));
    }

    #[test]
    fn every_fixture_that_is_listed_as_failing_exists() {
        for id in ExpectedFailures::of_this_suite().ids() {
            if let Some((client, number)) = id.split_once('/') {
                assert!(Library::of(client).fixture(number, &[]).is_some(), "{id} has no file");
            }
        }
    }

    #[test]
    fn all_fixtures_can_be_read() {
        let clients = tables::CONNECTIONS.iter().map(|(client, ..)| *client);
        let count: usize = clients.map(|client| Library::of(client).all().len()).sum();
        assert_eq!(count, 195);
        let ours = ["own", "faults", tables::APART].map(|client| Library::of(client).all());
        assert!(ours.iter().flatten().all(|fixture| fixture.profile.is_some()));
        assert_eq!(ours.map(|fixtures| fixtures.len()), [41, 22, 3]);
    }
}
