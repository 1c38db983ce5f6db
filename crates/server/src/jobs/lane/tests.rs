//! A lane serves tenants in turn, and one bad job ends nothing but itself.

use std::sync::Mutex;

use operations::{By, Database, Operator, Options, pools, tenants};
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::config::Config;

/// A database, a clock, and one long job for each of these names: of the tenant and of the job.
async fn queued(jobs: &[(&str, &str)]) -> (Database, Clock, Config) {
    let config = Config::from_sources(None, &[], &[]).expect("the defaults");
    let options = Options {
        url: "sqlite::memory:".to_owned(),
        max_connections: 2,
        migrate: true,
        statement_limit: None,
    };
    let db = Database::open(&options, ("", ""), config.policy(), None).await.expect("a database in memory");
    let start = DateTime::from_timestamp(1_772_355_600, 0).expect("an instant");
    let operator = Operator {
        name: "test".to_owned(),
        by: By::Terminal,
        command: "test",
        tenant: None,
        now: start,
        batch: 200,
    };
    for (tenant, name) in jobs {
        // The tenant is there already for all but its first job.
        let new = tenants::New { name: (*tenant).to_owned(), ..tenants::New::default() };
        drop(tenants::create(&db, &operator, &new).await);
        let pool = pools::New {
            tenant: (*tenant).to_owned(),
            name: (*name).to_owned(),
            seats: 1,
            policy: "queue".to_owned(),
            for_everyone: true,
            ..pools::New::default()
        };
        pools::create(&db, &operator, &pool).await.expect("a pool, and the job that settles it");
    }
    let clock = Clock::standing_at(start);
    clock.advance(TimeDelta::hours(1));
    (db, clock, config)
}

fn lane<'l>(
    (db, clock, config): &'l (Database, Clock, Config),
    worker: &str,
    take_step: TakeStep,
) -> Lane<'l> {
    let lane = Lane::new(JobContext::new(db, clock, config, None), PLANS[1], worker.to_owned());
    Lane { take_step, ..lane }
}

/// Notes the name of a job whose step is taken.
fn note(seen: &Mutex<Vec<String>>, job: &Job) -> String {
    let name = job.payload["name"].as_str().expect("a name").to_owned();
    seen.lock().expect("no step panics here").push(name.clone());
    name
}

#[test]
fn timers_have_a_lane_in_which_no_long_work_is() {
    let [timers, long, ..] = PLANS;
    assert!(timers.kinds.contains(&"end-grace") && long.kinds.contains(&"settle-group"));
    assert!(timers.kinds.iter().all(|kind| !long.kinds.contains(kind)));
}

#[tokio::test]
async fn tenants_have_their_turns_one_step_at_a_time() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let set = queued(&[("Alpha", "a1"), ("Alpha", "a2"), ("Alpha", "a3"), ("Beta", "b1")]).await;
    let mut lane = lane(&set, "w", |_, job| {
        note(&SEEN, job);
        let steps = job.payload["steps"].as_u64().unwrap_or(0) + 1;
        job.payload["steps"] = json!(steps);
        Box::pin(async move { Ok((steps < 3).then(Progress::default)) })
    });
    while lane.turn().await {}
    let seen = SEEN.lock().expect("no step panics here").join(" ");
    assert_eq!(seen, "a1 b1 a2 b1 a3 b1 a1 a2 a3 a1 a2 a3");
}

#[tokio::test]
async fn a_job_that_panics_ends_alone_and_after_its_attempts() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let set = queued(&[("Alpha", "bad"), ("Alpha", "good")]).await;
    let mut lane = lane(&set, "w", |_, job| {
        let name = note(&SEEN, job);
        Box::pin(async move { if name == "bad" { panic!("of the step") } else { Ok(None) } })
    });
    for _ in 0..20 {
        while lane.turn().await {}
        set.1.advance(TimeDelta::hours(2));
    }
    let seen = SEEN.lock().expect("no step panics here");
    assert_eq!(seen.iter().filter(|name| *name == "good").count(), 1);
    assert_eq!(i64::try_from(seen.len() - 1), Ok(ATTEMPTS));
}

#[tokio::test]
async fn a_lane_lets_go_of_a_job_whose_lease_went_to_another() {
    static FIRST: Mutex<Vec<String>> = Mutex::new(Vec::new());
    static SECOND: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let set = queued(&[("Alpha", "a")]).await;
    let mut first = lane(&set, "first", |_, job| {
        note(&FIRST, job);
        Box::pin(async { Ok(Some(Progress::default())) })
    });
    let mut second = lane(&set, "second", |_, job| {
        note(&SECOND, job);
        Box::pin(async { Ok(Some(Progress::default())) })
    });
    assert!(first.turn().await);
    set.1.advance(TimeDelta::seconds(40));
    assert!(first.turn().await && !second.turn().await, "a lease that is kept goes to no other worker");
    set.1.advance(TimeDelta::seconds(61));
    assert!(second.turn().await, "one that is over does");
    assert!(!first.turn().await, "the first has nothing left");
    assert_eq!(FIRST.lock().expect("no step panics here").len(), 2);
    second.hand_over().await;
    assert!(first.turn().await, "what is handed over is free at once");
    assert_eq!(first.jobs().next().map(|job| job.attempt), Some(2), "and no attempt is lost");
}

#[tokio::test]
async fn a_job_that_ends_every_worker_is_given_up() {
    let set = queued(&[("Alpha", "a")]).await;
    let (db, clock, _) = &set;
    for attempt in 1..=ATTEMPTS {
        let jobs = db.claim_jobs(&Claim::of(LONG, 9), "w", clock.now(), TimeDelta::seconds(30)).await;
        assert_eq!(jobs.expect("claimed")[0].attempt, attempt);
        clock.advance(TimeDelta::minutes(1));
    }
    let mut lane = lane(&set, "w", |_, _| panic!("no step is taken"));
    assert!(lane.turn().await && !lane.turn().await);
    clock.advance(TimeDelta::days(1));
    assert!(!lane.turn().await, "the row is left for a person");
}
