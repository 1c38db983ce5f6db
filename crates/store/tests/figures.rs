//! Figures of the whole installation: what they count, and how many names they say.

use crate::support::{TestStore, by, id_at, insert_user, new_connection, new_pool, now};
use chrono::TimeDelta;
use provisioning::{Cause, PoolPolicy};
use serde_json::json;
use store::{
    Claim, ConnectionFigures, GrantKind, JobFigures, NameInTenant, NewJob, PoolFigures, RequestBatch,
    RequestRecord, TenantScope,
};

const LEASE: TimeDelta = TimeDelta::minutes(1);

fn named(tenant: &str, name: &str) -> NameInTenant {
    NameInTenant { tenant: tenant.to_owned(), name: name.to_owned() }
}

/// A pool of one seat that somebody has and for which somebody waits.
async fn full_pool(store: &TestStore, scope: &TenantScope, name: &str) {
    let mut unit = store.write(scope).await.expect("a unit opens");
    let pool = unit.insert_pool(&new_pool(name, 1, PoolPolicy::Queue), now()).await.expect("inserted");
    for person in ["ada", "ben"] {
        let user = insert_user(&mut unit, json!({ "userName": format!("{person} of {name}") })).await;
        unit.insert_grant(user, pool.pool.id, GrantKind::ByHand, now()).await.expect("given");
        let situation = unit.lock_facts(&[user], &[], now()).await.expect("readable");
        let decision =
            provisioning::settle(&situation, &Cause::GrantedByHand, now()).expect("nothing is refused");
        unit.carry_out(&decision, by, now()).await.expect("carried out");
    }
    unit.commit().await.expect("committed");
}

#[tokio::test]
async fn the_oldest_pools_are_named_and_the_others_are_one_sum() {
    let store = TestStore::open().await;
    let beta = store.tenant_named("Beta").await;
    full_pool(&store, &store.scope, "Vault").await;
    full_pool(&store, &beta, "Vault").await;
    full_pool(&store, &beta, "Safe").await;
    store.add_pool("Chest", 7, PoolPolicy::Queue).await;
    let figures = |pool, bought, used, waiting| PoolFigures { pool, bought, used, waiting };
    let all = store.figures(&[], 4, now()).await.expect("readable");
    assert_eq!(
        all.pools,
        [
            figures(Some(named("Alpha", "Chest")), 7, 0, 0),
            figures(Some(named("Alpha", "Vault")), 1, 1, 1),
            figures(Some(named("Beta", "Safe")), 1, 1, 1),
            figures(Some(named("Beta", "Vault")), 1, 1, 1),
        ]
    );
    let mut some = store.figures(&[], 2, now()).await.expect("readable").pools;
    some.sort_by_key(|figures| figures.pool.is_none());
    assert_eq!(
        some,
        [
            figures(Some(named("Alpha", "Vault")), 1, 1, 1),
            figures(Some(named("Beta", "Vault")), 1, 1, 1),
            figures(None, 8, 1, 1),
        ]
    );
}

#[tokio::test]
async fn jobs_are_counted_by_kind_when_they_are_due_or_under_way() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    for (kind, minutes) in [("one", 5), ("one", 2), ("one", -60), ("other", 3), ("unwatched", 1)] {
        let run_at = now() - TimeDelta::minutes(minutes);
        let job = NewJob { kind: kind.to_owned(), payload: json!(1), run_at, dedup: None };
        unit.enqueue(job, now()).await.expect("queued");
    }
    unit.commit().await.expect("committed");
    let kinds = ["one", "other", "third"];
    let claimed = store.claim_jobs(&Claim::of(&["other"], 1), "worker", now(), LEASE).await.expect("claimed");
    assert_eq!(claimed.len(), 1);
    let figures = |kind: &str, due, running, minutes: Option<i64>| JobFigures {
        kind: kind.to_owned(),
        due,
        running,
        oldest_due: minutes.map(|minutes| now() - TimeDelta::minutes(minutes)),
    };
    let jobs = store.figures(&kinds, 1, now()).await.expect("readable").jobs;
    assert_eq!(jobs, [figures("one", 2, 0, Some(5)), figures("other", 0, 1, None)]);
    let jobs = store.figures(&kinds, 1, now() + LEASE).await.expect("readable").jobs;
    assert_eq!(jobs, [figures("one", 2, 0, Some(5)), figures("other", 1, 0, Some(3))], "its lease is over");
}

#[tokio::test]
async fn of_each_connection_the_last_request_is_told() {
    let store = TestStore::open().await;
    let beta = store.tenant_named("Beta").await;
    let mut batch = RequestBatch::default();
    for (scope, name, minutes) in [
        (&store.scope, "first", &[9, 4][..]),
        (&store.scope, "silent", &[]),
        (&beta, "second", &[7, 2]),
        (&beta, "third", &[1]),
    ] {
        let mut unit = store.write(scope).await.expect("a unit opens");
        let connection = unit.insert_connection(&new_connection(name), now()).await.expect("inserted").id;
        unit.commit().await.expect("committed");
        for minutes in minutes {
            let at = now() - TimeDelta::minutes(*minutes);
            let request = RequestRecord {
                id: id_at(at),
                scope: scope.clone(),
                connection,
                at,
                method: "GET".to_owned(),
                path: "/Users".to_owned(),
                status: 200,
                duration_us: 1,
                quirks: Vec::new(),
                effects: Vec::new(),
                ignored: Vec::new(),
                body: None,
                error: None,
            };
            batch.push(request);
        }
    }
    store.log_requests(batch).await.expect("logged");
    let figures = |connection, minutes| ConnectionFigures {
        connection,
        last_request: now() - TimeDelta::minutes(minutes),
    };
    let all = store.figures(&[], 9, now()).await.expect("readable").connections;
    assert_eq!(
        all,
        [
            figures(Some(named("Alpha", "first")), 4),
            figures(Some(named("Beta", "second")), 2),
            figures(Some(named("Beta", "third")), 1)
        ]
    );
    let mut some = store.figures(&[], 1, now()).await.expect("readable").connections;
    some.sort_by_key(|figures| figures.connection.is_none());
    assert_eq!(
        some,
        [figures(Some(named("Alpha", "first")), 4), figures(None, 2)],
        "the longest silent of the rest"
    );
}
