//! Jobs are claimed by lease, by one worker at a time, and say themselves whether to try again.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::support::{TestStore, now};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use store::{Claim, Error, Job, NewJob, Outcome};
use tokio::task::JoinSet;

const LEASE: TimeDelta = TimeDelta::minutes(1);

async fn queue(store: &TestStore, count: usize) {
    let mut unit = store.unit().await;
    for number in 0..count {
        let job = NewJob { kind: "work".to_owned(), payload: json!(number), run_at: now(), dedup: None };
        unit.enqueue(job, now()).await.expect("queued");
    }
    unit.commit().await.expect("committed");
}

async fn claim(store: &TestStore, at: DateTime<Utc>) -> Vec<Job> {
    store.claim_jobs(&Claim::of(&["work"], 100), "worker", at, LEASE).await.expect("claimed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_get_each_job_once() {
    let store = TestStore::open().await;
    queue(&store, 60).await;
    let mut workers = JoinSet::new();
    for worker in 0..4 {
        let store = Arc::clone(&store.store);
        workers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let jobs = store
                    .claim_jobs(&Claim::of(&["work"], 3), &format!("worker-{worker}"), now(), LEASE)
                    .await
                    .expect("claimed");
                if jobs.is_empty() {
                    return mine;
                }
                for job in jobs {
                    store.finish_job(&job, Outcome::Done, now()).await.expect("finished");
                    mine.push(job.payload.as_u64().expect("a number"));
                }
            }
        });
    }
    let done: Vec<u64> = workers.join_all().await.into_iter().flatten().collect();
    assert_eq!(done.len(), 60, "each once");
    assert_eq!(done.iter().collect::<BTreeSet<_>>().len(), 60);
    assert_eq!(claim(&store, now() + LEASE).await, []);
}

#[tokio::test]
async fn a_lease_that_is_over_is_claimed_again() {
    let store = TestStore::open().await;
    queue(&store, 1).await;
    let early = store.claim_jobs(&Claim::of(&["work"], 1), "w", now() - LEASE, LEASE).await.expect("claimed");
    assert_eq!(early, [], "not before its time");
    let other = store.claim_jobs(&Claim::of(&["other"], 1), "w", now(), LEASE).await.expect("claimed");
    assert_eq!(other, [], "of the wanted kinds only");
    let first = claim(&store, now()).await.remove(0);
    assert_eq!((first.attempt, &first.scope, first.kind.as_str()), (1, &store.scope, "work"));
    assert_eq!(claim(&store, now() + TimeDelta::seconds(59)).await, []);
    let kept = store.keep_jobs(&[&first], now() + LEASE / 2, LEASE).await.expect("kept");
    assert_eq!(kept, [first.id], "still ours");
    assert_eq!(claim(&store, now() + LEASE).await, []);
    let second = claim(&store, now() + LEASE * 2).await.remove(0);
    assert_eq!(second.attempt, 2);

    // The first worker wakes up late: the job is no longer its own.
    let late = store.save_progress(&first, json!("late"), now() + LEASE * 2, LEASE).await;
    assert!(matches!(late, Err(Error::NotFound)));
    assert!(!store.finish_job(&first, Outcome::Done, now()).await.expect("left to the second"));
    let kept = store.keep_jobs(&[&first, &second], now() + LEASE * 2, LEASE).await.expect("kept");
    assert_eq!(kept, [second.id], "by the second alone");
    let mut unit = store.unit().await;
    unit.save_progress(&second, json!({ "after": 7 }), now() + LEASE * 2, LEASE).await.expect("ours");
    unit.commit().await.expect("committed");
    let third = claim(&store, now() + LEASE * 4).await.remove(0);
    assert_eq!((third.payload, third.attempt), (json!({ "after": 7 }), 3));
}

#[tokio::test]
async fn an_outcome_says_what_becomes_of_a_job() {
    let store = TestStore::open().await;
    queue(&store, 1).await;
    let job = claim(&store, now()).await.remove(0);
    let retry = Outcome::Retry { after: TimeDelta::hours(1), reason: "no answer".to_owned() };
    store.finish_job(&job, retry, now()).await.expect("finished");
    assert_eq!(claim(&store, now() + TimeDelta::minutes(59)).await, []);
    let job = claim(&store, now() + TimeDelta::hours(1)).await.remove(0);
    assert_eq!((job.attempt, job.last_error.as_deref()), (2, Some("no answer")));
    store.finish_job(&job, Outcome::HandedOver, now()).await.expect("finished");
    let job = claim(&store, now()).await.remove(0);
    assert_eq!(job.attempt, 2, "an attempt that was handed over does not count");
    store.finish_job(&job, Outcome::Failed("gone".to_owned()), now()).await.expect("finished");
    assert_eq!(claim(&store, now() + TimeDelta::days(9)).await, []);
}

#[tokio::test]
async fn a_retry_gives_way_to_a_newer_job_of_its_key() {
    let store = TestStore::open().await;
    let keyed = |number: i64| NewJob {
        kind: "work".to_owned(),
        payload: json!(number),
        run_at: now(),
        dedup: Some("key".to_owned()),
    };
    let mut unit = store.unit().await;
    unit.enqueue(keyed(1), now()).await.expect("queued");
    unit.commit().await.expect("committed");
    let running = claim(&store, now()).await.remove(0);
    let mut unit = store.unit().await;
    unit.enqueue(keyed(2), now()).await.expect("queued");
    unit.commit().await.expect("committed");
    let retry = Outcome::Retry { after: TimeDelta::zero(), reason: "busy".to_owned() };
    store.finish_job(&running, retry, now()).await.expect("finished");
    let jobs: Vec<_> = claim(&store, now()).await.into_iter().map(|job| job.payload).collect();
    assert_eq!(jobs, [json!(2)]);
}

#[tokio::test]
async fn the_first_job_of_every_tenant_comes_before_the_second_of_any() {
    let store = TestStore::open().await;
    queue(&store, 5).await;
    let other = store.tenant_named("Beta").await;
    let mut unit = store.write(&other).await.expect("a unit");
    let late = NewJob { kind: "work".to_owned(), payload: json!("late"), run_at: now(), dedup: None };
    unit.enqueue(late, now()).await.expect("queued");
    unit.commit().await.expect("committed");
    let claim = Claim { kinds: &["work"], most: 2, each: 2, without: &[] };
    let mut claimed = store.claim_jobs(&claim, "w", now(), LEASE).await.expect("claimed");
    claimed.sort_by_key(|job| job.payload.to_string());
    let payloads: Vec<_> = claimed.iter().map(|job| job.payload.clone()).collect();
    assert_eq!(payloads, [json!("late"), json!(0)]);
    let claim = Claim { without: &[store.scope.tenant_id()], ..claim };
    assert_eq!(store.claim_jobs(&claim, "w", now(), LEASE).await.expect("claimed"), []);
    let claim = Claim { most: 9, each: 2, without: &[other.tenant_id()], ..claim };
    assert_eq!(store.claim_jobs(&claim, "w", now(), LEASE).await.expect("claimed").len(), 2);
}
