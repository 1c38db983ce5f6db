//! Cost follows the change, not the size: statements are counted.

use crate::support::{TestStore, actor, by, insert_user, now, user_document};
use provisioning::{Cause, Entry, EntryKind, GroupId, PoolPolicy, Subject, UserId, settle};
use serde_json::json;
use store::{MemberKind, Wanted};

/// What a PATCH of one member does, and how many statements it took.
async fn patch(store: &TestStore, group: GroupId, user: UserId, joins: bool) -> usize {
    let mut unit = store.unit().await;
    unit.lock_group(group).await.expect("readable").expect("there");
    let name = "Staff".to_owned();
    let cause = if joins {
        assert_eq!(unit.names_of(&[user.uuid()]).await.expect("readable").len(), 1);
        let added = unit.add_members(group, &[(user.uuid(), MemberKind::User)], now()).await.expect("added");
        assert_eq!(added, [user.uuid()]);
        Cause::JoinedGroup { group, name }
    } else {
        let removed = unit.remove_members(group, &[user.uuid()]).await.expect("removed");
        assert_eq!(removed, [user.uuid()]);
        Cause::LeftGroup { group, name }
    };
    unit.touch_group(group, now()).await.expect("there");
    let situation = unit.lock_facts(&[user], &[], now()).await.expect("facts");
    let decision = settle(&situation, &cause, now()).expect("nothing refuses");
    assert!(!decision.is_empty(), "a seat comes and goes");
    unit.carry_out(&decision, by, now()).await.expect("carried out");
    let by = actor();
    let entries = decision.entries.iter().map(|entry| (entry, &by));
    unit.record(entries, now()).await.expect("recorded");
    let statements = unit.statements();
    unit.commit().await.expect("committed");
    statements
}

#[tokio::test]
async fn one_member_costs_the_same_in_every_group() {
    let store = TestStore::open().await;
    let pool = store.add_pool("Vault", 10_000, PoolPolicy::Queue).await;
    let mut costs = Vec::new();
    for size in [10, 5_000] {
        let group = store.add_group(&format!("Group of {size}")).await;
        let mut unit = store.unit().await;
        let mut members = Vec::new();
        for number in 0..size {
            let user = insert_user(&mut unit, json!({ "userName": format!("{size}-{number}") })).await;
            members.push((user.uuid(), MemberKind::User));
        }
        let joiner = insert_user(&mut unit, json!({ "userName": format!("joiner of {size}") })).await;
        unit.add_members(group, &members, now()).await.expect("added");
        unit.insert_binding(group, pool, 0, now()).await.expect("bound");
        unit.commit().await.expect("committed");
        costs.push((patch(&store, group, joiner, true).await, patch(&store, group, joiner, false).await));
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0], (14, 12));
}

#[tokio::test]
async fn creating_and_looking_up_a_user_is_cheap() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let body = json!({ "userName": "ada", "emails": [{ "value": "ada@alpha.example" }, { "value": "a@alpha.example" }] });
    let ada = insert_user(&mut unit, body).await;
    // PostgreSQL takes its locks first, in a statement of their own.
    let locks = usize::from(store.kind() == "postgresql");
    assert_eq!(unit.statements(), 2 + locks, "the user; values, journal and what waits");
    unit.lock_facts(&[ada], &[], now()).await.expect("facts");
    assert_eq!(unit.statements(), 4 + locks, "who has no grant costs no look at pools");
    unit.commit().await.expect("committed");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    unit.whole_user(ada, Wanted::ALL).await.expect("readable").expect("there");
    assert_eq!(unit.statements(), 1, "with groups, licences and the manager's name");
}

#[tokio::test]
async fn changing_a_user_is_cheap() {
    let store = TestStore::open().await;
    let ada = store.add_user("ada").await;
    store.add_pool("Vault", 1, PoolPolicy::Queue).await;
    let mut unit = store.unit().await;
    let user = unit.lock_user(ada).await.expect("readable").expect("there");
    let document = user_document(json!({ "userName": "ada", "title": "Dr" }));
    unit.save_user(&user, &document, now()).await.expect("current");
    let (entry, by) = (Entry::new(Subject::User(ada), EntryKind::UserChanged, "A test.".to_owned()), actor());
    let rules = unit.record_change([(&entry, &by)], now()).await.expect("recorded");
    assert_eq!(rules.len(), 1);
    unit.computed(&[ada], Wanted::ALL).await.expect("readable");
    assert_eq!(unit.statements(), 4, "the user, the change, journal and rules, what is shown");
    unit.commit().await.expect("committed");
}
