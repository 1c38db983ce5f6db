//! Who arrives and what is being set up for them never miss each other, whichever of the two commits first.

use std::sync::Arc;

use crate::support::{TestStore, new_pool, newcomer, now, page, push_member, user_document};
use provisioning::PoolPolicy;
use serde_json::json;
use store::{GrantKind, MemberKind, NewPool};
use tokio::sync::Barrier;

/// How often each pair meets: on PostgreSQL, one of the first meetings goes wrong without the locks; SQLite has one
/// writer and needs none.
const MEETINGS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_member_who_is_parked_in_the_instant_of_arriving_is_a_member_in_parallel() {
    let store = TestStore::open().await;
    let group = store.add_group("Team").await;
    for meeting in 0..MEETINGS {
        let name = format!("ext-{meeting}");
        let barrier = Arc::new(Barrier::new(2));
        let (parking, arriving) = (Arc::clone(&barrier), barrier);
        let (first, second) = (Arc::clone(&store.store), Arc::clone(&store.store));
        let (scope, named) = (store.scope.clone(), name.clone());
        let park = async move {
            parking.wait().await;
            push_member(first.write(&scope).await.expect("a unit opens"), group, &named).await;
        };
        let (scope, named) = (store.scope.clone(), name.clone());
        let arrive = async move {
            arriving.wait().await;
            let body = json!({ "userName": format!("user of {named}"), "externalId": named });
            let newcomer = newcomer(&scope, user_document(body));
            let user = newcomer.user();
            let mut unit = second.write(&scope).await.expect("a unit opens");
            unit.lock_groups_awaiting(&[&user.resource.document]).await.expect("locked");
            let arrived = unit
                .insert_users(vec![&newcomer], &[], &std::collections::BTreeSet::new())
                .await
                .expect("created");
            if arrived.is_awaited(user) {
                unit.unpark_for(&[user], now()).await.expect("joined");
            }
            unit.commit().await.expect("committed");
            user.id
        };
        let ((), user) = tokio::join!(park, arrive);
        let user = user.uuid();
        let unit = store.read(&store.scope).await.expect("a unit opens");
        assert_eq!(unit.members_among(group, &[user]).await.expect("readable"), [user], "meeting {meeting}");
        assert_eq!(unit.parked(group).await.expect("readable"), [""; 0], "meeting {meeting}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_for_everybody_and_somebody_who_arrives_see_each_other_in_parallel() {
    let store = TestStore::open().await;
    for meeting in 0..MEETINGS {
        let barrier = Arc::new(Barrier::new(2));
        let (making, arriving) = (Arc::clone(&barrier), barrier);
        let (first, second) = (Arc::clone(&store.store), Arc::clone(&store.store));
        let scope = store.scope.clone();
        let make = async move {
            making.wait().await;
            let mut unit = first.write(&scope).await.expect("a unit opens");
            let new = NewPool { default: true, ..new_pool(&format!("Pool {meeting}"), 9, PoolPolicy::Queue) };
            let pool = unit.insert_pool(&new, now()).await.expect("a new pool").pool.id;
            unit.commit().await.expect("committed");
            // What the job does that gives the pool to those who are there.
            let unit = first.read(&scope).await.expect("a unit opens");
            (pool, unit.users(None, page(1, 1_000)).await.expect("readable").1)
        };
        let scope = store.scope.clone();
        let arrive = async move {
            arriving.wait().await;
            let document = user_document(json!({ "userName": format!("user-{meeting}") }));
            let newcomer = newcomer(&scope, document);
            let mut unit = second.write(&scope).await.expect("a unit opens");
            let arrived = unit
                .insert_users(vec![&newcomer], &[], &std::collections::BTreeSet::new())
                .await
                .expect("created");
            unit.commit().await.expect("committed");
            (newcomer.user().id, arrived)
        };
        let ((pool, seen), (user, arrived)) = tokio::join!(make, arrive);
        let met = arrived.rules.iter().any(|rule| rule.pool == pool) || seen.iter().any(|one| one.id == user);
        assert!(met, "meeting {meeting}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_conflict_with_a_user_who_is_deleted_in_that_instant_is_none_in_parallel() {
    let store = TestStore::open().await;
    let connection = store.add_connection("directory").await.id;
    for meeting in 0..MEETINGS {
        let name = format!("user-{meeting}");
        let user = store.add_user(&name).await;
        let barrier = Arc::new(Barrier::new(2));
        let (noting, deleting) = (Arc::clone(&barrier), barrier);
        let (first, second) = (Arc::clone(&store.store), Arc::clone(&store.store));
        let (scope, other) = (store.scope.clone(), store.scope.clone());
        let note = async move {
            noting.wait().await;
            let mut unit = first.write(&scope).await.expect("a unit opens");
            unit.note_conflict(connection, &name, now()).await.expect("noted, or nothing to note");
            unit.commit().await.expect("committed");
        };
        let delete = async move {
            deleting.wait().await;
            let mut unit = second.write(&other).await.expect("a unit opens");
            unit.lock_user_for_removal(user).await.expect("locked").expect("there");
            unit.delete_user(user, now()).await.expect("deleted");
            unit.commit().await.expect("committed");
        };
        tokio::join!(note, delete);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pool_that_is_changed_and_people_who_are_settled_wait_in_no_circle_in_parallel() {
    let store = TestStore::open().await;
    let first = store.add_pool("First", 1, PoolPolicy::Queue).await;
    let last = store.add_pool("Last", 1, PoolPolicy::Queue).await;
    let person = store.add_user("ada").await;
    let mut unit = store.unit().await;
    unit.insert_grant(person, first, GrantKind::ByHand, now()).await.expect("given");
    unit.commit().await.expect("committed");
    for (seats, _) in (2..).zip(0..MEETINGS) {
        let barrier = Arc::new(Barrier::new(2));
        let (changing, settling) = (Arc::clone(&barrier), barrier);
        let (one, other) = (Arc::clone(&store.store), Arc::clone(&store.store));
        let (scope, whole) = (store.scope.clone(), store.scope.clone());
        let change = async move {
            changing.wait().await;
            let mut unit = one.write(&scope).await.expect("a unit opens");
            unit.set_pool_size(last, seats, now()).await.expect("another size");
            unit.lock_facts(&[], &[last], now()).await.expect("no circle");
            unit.commit().await.expect("committed");
        };
        let settle = async move {
            settling.wait().await;
            let mut unit = other.write(&whole).await.expect("a unit opens");
            unit.lock_facts(&[person], &[], now()).await.expect("no circle");
            unit.commit().await.expect("committed");
        };
        tokio::join!(change, settle);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_device_that_is_locked_shows_the_group_that_it_has_just_joined_in_parallel() {
    let store = TestStore::open().await;
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/schemas/devices.json"));
    let definitions =
        scim::schema::Definition::read("devices.json", &text.expect("readable")).expect("definitions");
    let registry = scim::Registry::standard().with(&definitions).expect("a registry");
    let device = registry.resource_type("Device").expect("there");
    for meeting in 0..MEETINGS {
        let group = store.add_group(&format!("Group {meeting}")).await;
        let id = store::new_id(now());
        let mut unit = store.unit().await;
        unit.insert_custom_resource(device, id, scim::Object::new(), None, now()).await.expect("created");
        unit.commit().await.expect("committed");
        let barrier = Arc::new(Barrier::new(2));
        let mut joining = store.unit().await;
        let kind = MemberKind::Resource("Device".to_owned());
        joining.add_members(group, &[(id, kind)], now()).await.expect("joined");
        let (joined, locking) = (Arc::clone(&barrier), barrier);
        let join = async move {
            joined.wait().await;
            joining.commit().await.expect("committed");
        };
        let (other, scope) = (Arc::clone(&store.store), store.scope.clone());
        let lock = async move {
            locking.wait().await;
            let mut unit = other.write(&scope).await.expect("a unit opens");
            let locked = unit.lock_custom_resource(device, id).await.expect("locked").expect("there");
            locked.groups.iter().map(|held| held.id).collect::<Vec<_>>()
        };
        let ((), groups) = tokio::join!(join, lock);
        assert_eq!(groups, [group], "meeting {meeting}");
    }
}
