//! What an operator asks for: counts, lists with names, people in the journal, and a tenant that goes with everything.

use crate::support::{TestStore, actor, by, id_at, insert_group, insert_user, new_connection, new_pool, now};
use provisioning::{Cause, Entry, EntryKind, PoolId, PoolPolicy, SeatState, Subject, UserId};
use serde_json::json;
use store::{Error, GrantKind, JournalQuery, MemberKind, NewToken, PoolRule, TenantScope, WriteUnit};

/// What stands in a tenant.
struct Filled {
    user: UserId,
    waiting: UserId,
    pool: PoolId,
}

/// A tenant with something in every table.
async fn fill(store: &TestStore, scope: &TenantScope, token: u8) -> Filled {
    let mut unit = store.write(scope).await.expect("a unit opens");
    let connection = unit.insert_connection(&new_connection("IdP"), now()).await.expect("inserted").id;
    let new = NewToken::bearer(connection, [token; 32], "rollcall_abcd".to_owned(), None);
    unit.insert_token(&new, now()).await.expect("inserted");
    let mail = json!([{ "value": "ada@mail.example", "type": "work" }]);
    let user = insert_user(&mut unit, json!({ "userName": "Ada_1", "emails": mail })).await;
    let waiting = insert_user(&mut unit, json!({ "userName": "ben" })).await;
    let group = insert_group(&mut unit, "Crew").await;
    unit.add_members(group, &[(user.uuid(), MemberKind::User)], now()).await.expect("added");
    unit.park_members(group, &["cleo".to_owned()], None).await.expect("parked");
    let pool = unit.insert_pool(&new_pool("Vault", 1, PoolPolicy::Queue), now()).await.expect("inserted");
    let pool = pool.pool.id;
    unit.insert_binding(group, pool, 0, now()).await.expect("bound");
    unit.insert_grant(waiting, pool, GrantKind::ByHand, now()).await.expect("given");
    for person in [user, waiting] {
        settle(&mut unit, person, &Cause::GrantedByHand).await;
    }
    unit.commit().await.expect("committed");
    Filled { user, waiting, pool }
}

async fn settle(unit: &mut WriteUnit, person: UserId, cause: &Cause) {
    let situation = unit.lock_facts(&[person], &[], now()).await.expect("readable");
    let decision = provisioning::settle(&situation, cause, now()).expect("nothing is refused");
    unit.carry_out(&decision, by, now()).await.expect("carried out");
    let actor = actor();
    unit.record(decision.entries.iter().map(|entry| (entry, &actor)), now()).await.expect("recorded");
}

#[tokio::test]
async fn what_is_in_a_tenant_is_counted_and_listed_with_names() {
    let store = TestStore::open().await;
    let other = store.tenant_named("Beta").await;
    let Filled { user, waiting, pool } = fill(&store, &store.scope, 1).await;
    fill(&store, &other, 2).await;
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let contents = unit.contents().await.expect("readable");
    assert_eq!(
        (contents.connections, contents.tokens, contents.people, contents.groups, contents.pools),
        (1, 1, 2, 1, 1)
    );
    assert_eq!((contents.seats, contents.waiting), (1, 1));
    for (state, person, name) in [(SeatState::Assigned, user, "Ada_1"), (SeatState::Waiting, waiting, "ben")]
    {
        let seats = unit.seats_of(pool, state, 0, 9).await.expect("readable");
        assert_eq!(seats.len(), 1);
        assert_eq!((seats[0].user, seats[0].user_name.as_str(), seats[0].state), (person, name, state));
        assert!(unit.seats_of(pool, state, 1, 9).await.expect("readable").is_empty(), "behind the first");
    }
    let grants = unit.grants(None, Some(pool), 0, 9).await.expect("readable");
    assert_eq!((grants.len(), grants[0].user_name.as_str(), grants[0].kind), (1, "ben", GrantKind::ByHand));
    assert!(unit.grants(Some(user), None, 0, 9).await.expect("readable").is_empty());
    let groups: Vec<_> = unit.bindings().await.expect("readable").iter().map(|it| it.group).collect();
    let counts = unit.member_counts(&groups).await.expect("readable");
    assert_eq!(counts.get(&groups[0]), Some(&1));
    let connection = unit.connections().await.expect("readable").remove(0).id;
    assert_eq!(unit.owned_by(connection).await.expect("readable"), (0, 0), "made by nobody");
}

#[tokio::test]
async fn people_are_found_in_the_journal_by_whole_names_and_values() {
    let store = TestStore::open().await;
    let (ada, eve) = (UserId::new(id_at(now())), UserId::new(id_at(now())));
    let mut created =
        Entry::new(Subject::User(ada), EntryKind::UserCreated, "Ada_1 was created by “IdP”.".to_owned());
    created.after = Some(json!({ "emails": [{ "value": "Ada@mail.example" }] }));
    let other =
        Entry::new(Subject::User(eve), EntryKind::UserCreated, "AdaX1 was created by “IdP”.".to_owned());
    let mut unit = store.unit().await;
    let actor = actor();
    unit.record([(&created, &actor), (&other, &actor)], now()).await.expect("recorded");
    unit.record_for_installation([(&created, &actor)], now()).await.expect("recorded");
    unit.commit().await.expect("committed");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    for (name, found) in [
        ("ada_1", vec![ada]),
        ("ADA@MAIL.EXAMPLE", vec![ada]),
        ("adax1", vec![eve]),
        ("ada", vec![]),
        ("mail.example", vec![]),
        ("%", vec![]),
        ("!", vec![]),
        ("ada\"1", vec![]),
    ] {
        assert_eq!(unit.people_in_journal(name, None).await.expect("readable"), found, "{name}");
    }
    let later =
        JournalQuery { since: Some(now() + chrono::TimeDelta::days(1)), most: 9, ..JournalQuery::default() };
    assert!(unit.journal(later).await.expect("readable").is_empty());
    let kinds = vec![EntryKind::Removed, EntryKind::UserCreated];
    let some = JournalQuery { since: Some(now()), kinds, most: 9, ..JournalQuery::default() };
    assert_eq!(unit.journal(some.clone()).await.expect("readable").len(), 2);
    let unit = store.read(&TenantScope::installation()).await.expect("a unit opens");
    assert_eq!(unit.journal(some).await.expect("readable").len(), 1, "the installation has its own");
}

#[tokio::test]
async fn a_deleted_tenant_leaves_nothing_and_touches_no_other() {
    let store = TestStore::open().await;
    let other = store.tenant_named("Beta").await;
    fill(&store, &store.scope, 1).await;
    fill(&store, &other, 2).await;
    let before = store.read(&other).await.expect("a unit opens").contents().await.expect("readable");
    let mut unit = store.unit().await;
    unit.revoke_all_tokens(now()).await.expect("revoked");
    unit.commit().await.expect("committed");
    assert!(store.authenticate(&[1; 32], now()).await.expect("readable").is_none());
    assert!(store.authenticate(&[2; 32], now()).await.expect("readable").is_some());
    let mut people = 0;
    loop {
        let mut unit = store.unit().await;
        let (rows, gone) = unit.delete_some_data(1).await.expect("deleted");
        people += gone;
        if rows == 0 {
            unit.delete_tenant("delete-tenant").await.expect("it is empty");
            unit.commit().await.expect("committed");
            break;
        }
        assert_eq!(rows, 1, "as many as asked for");
        unit.commit().await.expect("committed");
    }
    assert_eq!(people, 2);
    assert!(store.tenant("Alpha").await.expect("readable").is_none());
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert!(
        unit.journal(JournalQuery { most: 9, ..JournalQuery::default() }).await.expect("readable").is_empty()
    );
    assert_eq!(unit.contents().await.expect("readable").people, 0);
    let unit = store.read(&other).await.expect("a unit opens");
    assert_eq!(unit.contents().await.expect("readable"), before);
    assert!(
        !unit
            .journal(JournalQuery { most: 9, ..JournalQuery::default() })
            .await
            .expect("readable")
            .is_empty()
    );
}

#[tokio::test]
async fn a_pool_goes_once_it_is_empty_and_names_stay_unique() {
    let store = TestStore::open().await;
    let Filled { user, waiting, pool } = fill(&store, &store.scope, 1).await;
    store.add_pool("Safe", 1, PoolPolicy::Queue).await;
    let none = PoolRule { pool, rule: None, default: false };
    let mut unit = store.unit().await;
    let taken = unit.set_pool_terms(pool, "SAFE", PoolPolicy::Reject, &none, now()).await;
    assert!(matches!(taken, Err(Error::Conflict(store::Constraint::PoolName))), "{taken:?}");
    drop(unit);
    let mut unit = store.unit().await;
    unit.delete_pool(pool).await.expect_err("somebody is in it");
    drop(unit);
    let mut unit = store.unit().await;
    for binding in unit.bindings().await.expect("readable") {
        unit.remove_binding(binding.group, binding.pool).await.expect("unbound");
    }
    unit.delete_grants(&[user, waiting], pool).await.expect("lifted");
    for person in [user, waiting] {
        settle(&mut unit, person, &Cause::GrantLifted).await;
    }
    assert!(unit.delete_pool(pool).await.expect("nobody is in it"));
    assert!(!unit.delete_pool(pool).await.expect("it is gone"));
    unit.commit().await.expect("committed");
}
