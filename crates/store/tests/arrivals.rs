//! People created in one trip, for whom nothing waits: what a unit would leave behind, and nothing otherwise.

mod support;

use std::collections::BTreeSet;

use provisioning::{PoolPolicy, Subject, UserId};
use serde_json::json;
use store::{JournalQuery, NewPool, Newcomer, TenantScope, Unawaited, WriteUnit};
use support::{TestStore, new_pool, newcomer, now, page, push_member, user_document, user_filter};
use tokio::sync::Barrier;

/// How often each pair meets: where the look after the gate sees what was there before it, one of the first goes wrong.
const MEETINGS: usize = 60;

fn called(scope: &TenantScope, name: &str) -> Newcomer {
    let emails = json!([{ "value": format!("{name}@alpha.example"), "type": "work" }]);
    let body = json!({ "userName": name, "externalId": format!("ext-{name}"), "emails": emails });
    newcomer(scope, user_document(body))
}

async fn create(store: &TestStore, scope: &TenantScope, new: &[Newcomer]) -> Option<BTreeSet<UserId>> {
    match store.create_unawaited(scope, new.iter().collect()).await.expect("the database answers") {
        Unawaited::Created(created) => Some(created),
        Unawaited::Awaited => None,
    }
}

async fn put_pool(mut unit: WriteUnit, name: &str) {
    let new = NewPool { default: true, ..new_pool(name, 9, PoolPolicy::Queue) };
    unit.insert_pool(&new, now()).await.expect("a new pool");
    unit.commit().await.expect("committed");
}

#[tokio::test]
async fn one_trip_leaves_what_a_unit_does_and_nothing_of_whose_name_is_taken() {
    let store = TestStore::open().await;
    store.add_user("Ada").await;
    let new = ["bob", "ada", "cyd"].map(|name| called(&store.scope, name));
    let created = create(&store, &store.scope, &new).await;
    let [bob, ada, cyd] = new.map(|newcomer| newcomer.user().clone());
    assert_eq!(created, Some(BTreeSet::from([bob.id, cyd.id])));
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.user(bob.id).await.expect("readable"), Some(bob.clone()));
    assert_eq!(unit.user(ada.id).await.expect("readable"), None);
    let filter = user_filter(r#"emails.value sw "ada@" or emails.value eq "cyd@alpha.example""#);
    let (_, found) = unit.users(Some(&filter), page(1, 9)).await.expect("readable");
    assert_eq!(found, [cyd], "and no value of Ada's second self");
    for (user, entries) in [(bob.id, 1), (ada.id, 0)] {
        let query = JournalQuery { subject: Some(Subject::User(user)), after: None, most: 9 };
        assert_eq!(unit.journal(query).await.expect("readable").len(), entries);
    }
}

#[tokio::test]
async fn nothing_is_done_for_whom_a_group_waits_or_where_a_pool_is_for_everybody() {
    let store = TestStore::open().await;
    let group = store.add_group("Team").await;
    let mut unit = store.unit().await;
    unit.park_members(group, &["ext-bob".to_owned()]).await.expect("parked");
    unit.commit().await.expect("committed");
    let beta = store.tenant_named("Beta").await;
    put_pool(store.write(&beta).await.expect("a unit opens"), "Everybody").await;

    let awaited = ["ada", "bob"].map(|name| called(&store.scope, name));
    assert_eq!(create(&store, &store.scope, &awaited).await, None);
    let entitled = [called(&beta, "bob")];
    assert_eq!(create(&store, &beta, &entitled).await, None);
    for scope in [&store.scope, &beta] {
        let unit = store.read(scope).await.expect("a unit opens");
        assert_eq!(unit.users(None, page(1, 9)).await.expect("readable").0, 0);
    }
    let other = [called(&store.scope, "cyd")];
    assert!(create(&store, &store.scope, &other).await.is_some(), "what waits is another's");
    assert!(store.create_unawaited(&beta, other.iter().collect()).await.is_err(), "made for another tenant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_created_while_a_group_begins_to_wait_is_found_by_it_in_parallel() {
    let store = TestStore::open().await;
    let group = store.add_group("Team").await;
    for meeting in 0..MEETINGS {
        let name = format!("user-{meeting}");
        let newcomer = called(&store.scope, &name);
        let barrier = Barrier::new(2);
        let park = async {
            barrier.wait().await;
            push_member(store.unit().await, group, &format!("ext-{name}")).await;
        };
        let arrive = async {
            barrier.wait().await;
            create(&store, &store.scope, std::slice::from_ref(&newcomer)).await
        };
        let ((), created) = tokio::join!(park, arrive);
        let user = newcomer.user().id.uuid();
        let unit = store.read(&store.scope).await.expect("a unit opens");
        let members = unit.members_among(group, &[user]).await.expect("readable");
        assert_eq!(members.len(), created.map_or(0, |created| created.len()), "meeting {meeting}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_created_while_a_pool_for_everybody_is_made_is_seen_behind_it_in_parallel() {
    let store = TestStore::open().await;
    for meeting in 0..MEETINGS {
        let scope = store.tenant_named(&format!("Tenant {meeting}")).await;
        let barrier = Barrier::new(2);
        let make = async {
            barrier.wait().await;
            put_pool(store.write(&scope).await.expect("a unit opens"), "Everybody").await;
            // What the job does that gives the pool to those who are there.
            let unit = store.read(&scope).await.expect("a unit opens");
            unit.users(None, page(1, 9)).await.expect("readable").0
        };
        let newcomer = called(&scope, "ada");
        let arrive = async {
            barrier.wait().await;
            create(&store, &scope, std::slice::from_ref(&newcomer)).await
        };
        let (seen, created) = tokio::join!(make, arrive);
        assert_eq!(seen, created.map_or(0, |created| created.len() as u64), "meeting {meeting}");
    }
}
