//! Many writers at once: seats never overshoot, nothing is lost, one name has one winner, nobody waits in a circle.

use std::future::Future;
use std::sync::Arc;

use crate::support::{
    TestStore, by, create, id_at, insert_user, licences_of, new_user, now, options, page, user_document,
};
use chrono::TimeDelta;
use provisioning::{Cause, Decision, Effect, GroupId, PoolPolicy, UserId, settle};
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::json;
use store::{
    Claim, Constraint, Error, GrantKind, MemberKind, NewGroup, Options, Store, TenantScope, job_kind,
};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

const WRITERS: usize = 20;

/// Runs the same work for every number, all at once.
async fn at_once<F, T>(store: &TestStore, work: impl Fn(Arc<Store>, TenantScope, usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..WRITERS {
        tasks.spawn(work(Arc::clone(&store.store), store.scope.clone(), number));
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_seats_are_given_once() {
    let store = TestStore::open().await;
    let pool = store.add_pool("Vault", 5, PoolPolicy::Queue).await;
    let outcomes = at_once(&store, move |store, scope, number| async move {
        let mut unit = store.write(&scope).await?;
        let id = insert_user(&mut unit, json!({ "userName": format!("user-{number}") })).await;
        unit.insert_grant(id, pool, GrantKind::ByHand, now()).await?;
        let situation = unit.lock_facts(&[id], &[], now()).await?;
        let decision = settle(&situation, &Cause::Created, now()).expect("a queue refuses nobody");
        unit.carry_out(&decision, by, now()).await?;
        unit.commit().await
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let state = unit.pools().await.expect("readable").remove(0);
    assert_eq!((state.pool.used, state.waiting), (5, 15));
    let history = unit.pool_changes(None, now()).await.expect("readable");
    let changes: Vec<_> = history[&pool].iter().map(|at| (at.bought, at.taken, at.waiting)).collect();
    assert_eq!(changes, [(5, 5, 15)], "writers at once add up in one row");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn seats_do_not_overshoot_even_for_who_does_not_look() {
    let store = TestStore::open().await;
    let pool = store.add_pool("Vault", 5, PoolPolicy::Queue).await;
    let mut users = Vec::new();
    for number in 0..WRITERS {
        users.push(store.add_user(&format!("user-{number}")).await);
    }
    let users = Arc::new(users);
    let outcomes = at_once(&store, move |store, scope, number| {
        let users = Arc::clone(&users);
        async move {
            let mut unit = store.write(&scope).await?;
            let effects =
                vec![Effect::SeatTaken { user: users[number], pool, overage: false, waited: false }];
            unit.carry_out(&Decision { effects, entries: vec![] }, by, now()).await?;
            unit.commit().await
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 5);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(Error::Busy))), "{outcomes:?}");
    assert_eq!(store.pool(pool).await.used, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn members_added_at_once_are_all_there() {
    let store = TestStore::open().await;
    let group = store.add_group("Staff").await;
    let mut users = Vec::new();
    for number in 0..WRITERS {
        users.push(store.add_user(&format!("user-{number}")).await);
    }
    let users = Arc::new(users);
    let outcomes = at_once(&store, move |store, scope, number| {
        let users = Arc::clone(&users);
        async move {
            let mut unit = store.write(&scope).await?;
            unit.lock_group(group).await?.ok_or(Error::NotFound)?;
            unit.add_members(group, &[(users[number].uuid(), MemberKind::User)], now()).await?;
            unit.touch_group(group, now()).await?;
            unit.commit().await
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.members(group).await.expect("readable").len(), WRITERS);
    let version = unit.group(group).await.expect("readable").expect("there").resource.meta.version;
    assert_eq!(usize::try_from(version), Ok(1 + WRITERS));
}

/// People join or leave a group and are settled; one of them is removed by the way.
async fn join_leave_and_go(
    store: &Store,
    scope: &TenantScope,
    (groups, users): (&[GroupId], &[UserId]),
    (number, round): (usize, usize),
) -> Result<(), Error> {
    let mut unit = store.write(scope).await?;
    if number == 0 && round == 3 {
        if unit.lock_user_for_removal(users[0]).await?.is_some() {
            let situation = unit.lock_facts(&users[..1], &[], now()).await?;
            let decision = settle(&situation, &Cause::Removed, now()).expect("not refused");
            unit.carry_out(&decision, by, now()).await?;
            unit.delete_user(users[0], now()).await?;
        }
        return unit.commit().await;
    }
    let group = groups[(number + round) % groups.len()];
    unit.lock_group(group).await?.ok_or(Error::NotFound)?;
    let mut people: Vec<UserId> = users.to_vec();
    people.rotate_left((number + round) % 4);
    let ids: Vec<_> = people.iter().map(|user| user.uuid()).collect();
    unit.lock_people(&ids).await?;
    if (number + round) % 3 == 0 {
        unit.remove_members(group, &ids).await?;
    } else {
        let members: Vec<_> = ids.iter().map(|id| (*id, MemberKind::User)).collect();
        unit.add_members(group, &members, now()).await?;
    }
    unit.touch_group(group, now()).await?;
    let situation = unit.lock_facts(&people, &[], now()).await?;
    let cause = Cause::JoinedGroup { group, name: "Staff".to_owned() };
    let decision = settle(&situation, &cause, now()).expect("a queue refuses nobody");
    unit.carry_out(&decision, by, now()).await?;
    unit.commit().await
}

/// The same people join and leave several groups, are settled and deleted, all at once: locks are taken in one order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_waits_in_a_circle() {
    let store = TestStore::open().await;
    let pool = store.add_pool("Vault", 3, PoolPolicy::Queue).await;
    let mut groups: Vec<GroupId> = Vec::new();
    let mut users: Vec<UserId> = Vec::new();
    for number in 0..4 {
        groups.push(store.add_group(&format!("group-{number}")).await);
        users.push(store.add_user(&format!("user-{number}")).await);
    }
    let mut unit = store.unit().await;
    for group in &groups {
        unit.insert_binding(*group, pool, 0, now()).await.expect("bound");
    }
    unit.commit().await.expect("committed");
    let (groups, all) = (Arc::new(groups), Arc::new(users.clone()));
    let outcomes = at_once(&store, move |store, scope, number| {
        let (groups, users) = (Arc::clone(&groups), Arc::clone(&all));
        async move {
            for round in 0..5 {
                // What would be told out of order is done again; a deadlock is not.
                loop {
                    match join_leave_and_go(&store, &scope, (&groups, &users), (number, round)).await {
                        Err(Error::OutOfOrder) => {}
                        done => break done?,
                    }
                }
            }
            Ok::<(), Error>(())
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let licences = licences_of(&unit, &users).await;
    assert_eq!(licences.get(&users[0]), None, "who was removed holds nothing");
    assert!(store.pool(pool).await.used <= 3);
}

/// Somebody who waits and is held by another unit is not waited for, not passed over, and not forgotten.
#[tokio::test]
async fn a_held_waiter_is_served_by_a_job() {
    let store = TestStore::open().await;
    if store.kind() == "sqlite" {
        println!("not tried on SQLite: it has one writer at a time");
        return;
    }
    let pool = store.add_pool("Vault", 1, PoolPolicy::Queue).await;
    let mut users = Vec::new();
    for (minute, name) in (0..).zip(["ada", "bob", "cy"]) {
        let user = store.add_user(name).await;
        let at = now() + TimeDelta::minutes(minute);
        let mut unit = store.unit().await;
        unit.insert_grant(user, pool, GrantKind::ByHand, at).await.expect("given");
        let situation = unit.lock_facts(&[user], &[], at).await.expect("facts");
        let decision = settle(&situation, &Cause::GrantedByHand, at).expect("a queue refuses nobody");
        unit.carry_out(&decision, by, at).await.expect("carried out");
        unit.commit().await.expect("committed");
        users.push(user);
    }
    let mut holder = store.unit().await;
    holder.lock_user(users[1]).await.expect("readable").expect("there");
    let mut unit = store.unit().await;
    unit.delete_grant(users[0], pool, GrantKind::ByHand).await.expect("lifted");
    let situation = unit.lock_facts(&users[..1], &[], now()).await.expect("nobody is waited for");
    assert_eq!(situation.queue, [], "cy does not pass bob");
    let decision = settle(&situation, &Cause::GrantLifted, now()).expect("not refused");
    unit.carry_out(&decision, by, now()).await.expect("carried out");
    unit.commit().await.expect("committed");
    holder.commit().await.expect("committed");
    let lease = TimeDelta::minutes(1);
    let jobs =
        store.claim_jobs(&Claim::of(&[job_kind::SERVE_QUEUE], 10), "w", now(), lease).await.expect("claimed");
    assert_eq!(jobs.iter().map(|job| &job.payload).collect::<Vec<_>>(), [&json!({ "pool": pool })]);
    let mut unit = store.unit().await;
    let situation = unit.lock_facts(&[], &[pool], now()).await.expect("facts");
    assert_eq!(situation.queue.iter().map(|person| person.id).collect::<Vec<_>>(), users[1..2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_has_one_winner() {
    let store = TestStore::open().await;
    let outcomes = at_once(&store, |store, scope, number| async move {
        let mut unit = store.write(&scope).await?;
        let name = if number % 2 == 0 { "ZOË" } else { "zoe\u{308}" };
        let document = user_document(json!({ "userName": name }));
        create(&mut unit, new_user(id_at(now()), document), now()).await?;
        unit.commit().await
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let lost = |outcome: &&Result<(), Error>| matches!(outcome, Err(Error::Conflict(Constraint::UserName)));
    assert_eq!(outcomes.iter().filter(lost).count(), WRITERS - 1, "{outcomes:?}");

    let outcomes = at_once(&store, |store, scope, number| async move {
        let mut unit = store.write(&scope).await?;
        let document = json!({ "displayName": "Staff" }).as_object().expect("an object").clone();
        // Half of the writers do not ask for a name of their own.
        let unique_name = (number % 2 == 0).then(|| "staff".to_owned());
        unit.insert_group(
            &NewGroup { id: GroupId::new(id_at(now())), document, unique_name, connection: None },
            now(),
        )
        .await?;
        unit.commit().await
    })
    .await;
    let lost = |outcome: &&Result<(), Error>| matches!(outcome, Err(Error::Conflict(Constraint::GroupName)));
    assert_eq!(outcomes.iter().filter(lost).count(), WRITERS / 2 - 1, "{outcomes:?}");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.groups(None, page(1, 0)).await.expect("readable").0, 1 + WRITERS as u64 / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_who_come_and_go_at_once_are_counted() {
    let store = TestStore::open().await;
    let mut ids = Vec::new();
    for number in 0..WRITERS {
        ids.push(store.add_user(&format!("old-{number}")).await);
    }
    let ids = Arc::new(ids);
    let outcomes = at_once(&store, move |store, scope, number| {
        let ids = Arc::clone(&ids);
        async move {
            for new in ["one", "two"] {
                let mut unit = store.write(&scope).await?;
                insert_user(&mut unit, json!({ "userName": format!("{new}-{number}") })).await;
                unit.commit().await?;
            }
            let mut unit = store.write(&scope).await?;
            unit.delete_user(ids[number], now()).await?;
            // Every fourth one changes its mind.
            if number % 4 == 0 { Ok(()) } else { unit.commit().await }
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let left = WRITERS as u64 * 2 + WRITERS as u64 / 4;
    assert_eq!(unit.users(None, page(1, 0)).await.expect("readable").0, left);
}

#[tokio::test]
async fn no_writer_waits_for_another_to_be_counted() {
    let store = TestStore::open().await;
    if store.kind() == "sqlite" {
        return; // It has one writer, who meets nobody.
    }
    let old = store.add_user("old").await;
    // Who would wait here is told after a second, and the test fails.
    let limit = Some(std::time::Duration::from_secs(1));
    let limited =
        Store::open(&Options { statement_limit: limit, ..options(&store.url) }).await.expect("opens");
    let mut open = Vec::new();
    for name in ["one", "two", "three"] {
        let mut unit = limited.write(&store.scope).await.expect("a unit opens");
        insert_user(&mut unit, json!({ "userName": name })).await;
        open.push(unit);
    }
    let mut unit = limited.write(&store.scope).await.expect("a unit opens");
    assert!(unit.delete_user(old, now()).await.expect("deleted"));
    open.push(unit);
    for unit in open {
        unit.commit().await.expect("committed");
    }
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.users(None, page(1, 0)).await.expect("readable").0, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_writers_on_one_version_one_wins() {
    let store = TestStore::open().await;
    let id = store.add_user("ada").await;
    let read = store.read(&store.scope).await.expect("a unit opens");
    let user = Arc::new(read.user(id).await.expect("readable").expect("there"));
    drop(read);
    let outcomes = at_once(&store, move |store, scope, number| {
        let user = Arc::clone(&user);
        async move {
            let mut unit = store.write(&scope).await?;
            let document = user_document(json!({ "userName": "ada", "title": number.to_string() }));
            unit.save_user(&user, &document, now()).await?;
            unit.commit().await
        }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let lost = |outcome: &&Result<(), Error>| matches!(outcome, Err(Error::VersionMismatch));
    assert_eq!(outcomes.iter().filter(lost).count(), WRITERS - 1, "{outcomes:?}");
}

/// What is kept apart to be searched goes with the user, whoever writes it last.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_value_outlives_its_user_in_parallel() {
    let store = TestStore::open().await;
    let with = |name: &str, email: &str| {
        let emails = json!([{ "value": email, "type": "work" }]);
        user_document(json!({ "userName": name, "emails": emails }))
    };
    for meeting in 0..60 {
        let name = format!("user-{meeting}");
        let mut unit = store.unit().await;
        let new = new_user(id_at(now()), with(&name, "old@alpha.example"));
        let user = create(&mut unit, new, now()).await.expect("a new user");
        unit.commit().await.expect("committed");
        let barrier = Barrier::new(2);
        let change = async {
            barrier.wait().await;
            let mut unit = store.unit().await;
            let saved = unit.save_user(&user, &with(&name, "new@alpha.example"), now()).await;
            assert!(matches!(saved, Ok(2) | Err(Error::VersionMismatch)), "{saved:?}");
            if saved.is_ok() {
                unit.commit().await.expect("committed");
            }
        };
        let delete = async {
            barrier.wait().await;
            let mut unit = store.unit().await;
            assert!(unit.delete_user(user.id, now()).await.expect("deleted"));
            unit.commit().await.expect("committed");
        };
        tokio::join!(change, delete);
    }
    let database = Database::connect(&store.url).await.expect("the database opens");
    let rows = Statement::from_string(database.get_database_backend(), "SELECT 1 FROM user_values");
    assert_eq!(database.query_all_raw(rows).await.expect("readable").len(), 0);
}
