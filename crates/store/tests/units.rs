//! Users and groups through units of work: round trips, versions, rollbacks, snapshots.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{
    TestStore, create, create_tenant, id_at, insert_group, insert_user, new_connection, new_pool, new_user,
    newcomer, now, page, user_document, user_filter,
};
use chrono::TimeDelta;
use provisioning::{PoolPolicy, Subject, UserId};
use serde_json::json;
use store::{
    Error, JournalQuery, MemberKind, NewGroup, NewPool, NewUser, Newcomer, Options, PoolRule, Store, Wanted,
};
use uuid::Uuid;

#[tokio::test]
async fn a_user_comes_back_as_it_was_written() {
    let store = TestStore::open().await;
    let document = user_document(json!({
        "userName": "Zoë@alpha.example",
        "externalId": "E-1",
        "name": { "familyName": "Ōkubo", "givenName": "Zoë" },
        "active": true,
        "emails": [{ "value": "zoe@alpha.example", "type": "work", "primary": true }],
    }));
    let connection = store.add_connection("Alpha IdP").await;
    let at = now() + TimeDelta::microseconds(1_234_567);
    let new = NewUser { connection: Some(connection.id), ..new_user(id_at(at), document.clone()) };
    let mut unit = store.unit().await;
    let inserted = create(&mut unit, new, at).await.expect("a new user");
    unit.commit().await.expect("committed");

    let unit = store.read(&store.scope).await.expect("a unit opens");
    let user = unit.user(inserted.id).await.expect("readable").expect("there");
    assert_eq!(user, inserted);
    assert_eq!(user.resource.document, document);
    assert_eq!(user.resource.meta.created, now() + TimeDelta::milliseconds(1_234), "whole milliseconds");
    assert_eq!(
        (user.user_name(), user.is_active(), user.connection),
        ("Zoë@alpha.example", true, Some(connection.id))
    );
    assert_eq!(unit.user(UserId::new(id_at(now()))).await.expect("readable"), None);
}

#[tokio::test]
async fn a_dropped_unit_leaves_nothing() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let id = insert_user(&mut unit, json!({ "userName": "ada" })).await;
    assert!(unit.user(id).await.expect("readable").is_some(), "a unit sees its own changes");
    drop(unit);
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert!(unit.user(id).await.expect("readable").is_none());
}

#[tokio::test]
async fn a_save_names_the_version_it_is_based_on() {
    let store = TestStore::open().await;
    let id = store.add_user("ada").await;
    let document = user_document(json!({ "userName": "ada", "title": "Countess" }));
    let later = now() + TimeDelta::hours(1);

    let mut unit = store.unit().await;
    let stale = unit.lock_user(id).await.expect("readable").expect("there");
    assert_eq!(unit.save_user(&stale, &document, later).await.expect("current"), 2);
    unit.commit().await.expect("committed");

    let mut unit = store.unit().await;
    assert!(matches!(unit.save_user(&stale, &document, later).await, Err(Error::VersionMismatch)));
    drop(unit);
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let user = unit.user(id).await.expect("readable").expect("there");
    assert_eq!((user.resource.meta.version, user.resource.meta.last_modified), (2, later));
    assert_eq!(user.resource.document, document);
}

#[tokio::test]
async fn values_follow_the_document() {
    let store = TestStore::open().await;
    let id = store.add_user("ada").await;
    let found = async |filter: &str| {
        let unit = store.read(&store.scope).await.expect("a unit opens");
        unit.users(Some(&user_filter(filter)), page(1, 10)).await.expect("readable").0
    };
    for (address, other) in
        [("one@alpha.example", "two@alpha.example"), ("two@alpha.example", "one@alpha.example")]
    {
        let document =
            user_document(json!({ "userName": "ada", "emails": [{ "value": address, "type": "work" }] }));
        let mut unit = store.unit().await;
        let user = unit.lock_user(id).await.expect("readable").expect("there");
        unit.save_user(&user, &document, now()).await.expect("current");
        unit.commit().await.expect("committed");
        assert_eq!(found(&format!(r#"emails[type eq "work" and value eq "{address}"]"#)).await, 1);
        assert_eq!(found(&format!(r#"emails eq "{other}""#)).await, 0);
    }
}

#[tokio::test]
async fn groups_have_members_names_and_versions() {
    let store = TestStore::open().await;
    let ada = store.add_user("ada").await;
    let mut unit = store.unit().await;
    let bob = insert_user(&mut unit, json!({ "userName": "bob", "displayName": "Bob B." })).await;
    let inner = insert_group(&mut unit, "Inner").await;
    let outer = insert_group(&mut unit, "Outer").await;
    let nobody = id_at(now());
    let wanted = [(ada.uuid(), MemberKind::User), (bob.uuid(), MemberKind::User), (nobody, MemberKind::User)];
    let mut added = unit.add_members(inner, &wanted, now()).await.expect("added");
    added.sort_unstable();
    let mut both = vec![ada.uuid(), bob.uuid()];
    both.sort_unstable();
    assert_eq!(added, both, "who does not exist is left out");
    assert_eq!(
        unit.add_members(inner, &wanted, now()).await.expect("again"),
        Vec::<Uuid>::new(),
        "nobody joins twice"
    );
    unit.add_members(outer, &[(inner.uuid(), MemberKind::Group)], now()).await.expect("added");
    unit.commit().await.expect("committed");

    let unit = store.read(&store.scope).await.expect("a unit opens");
    let members = unit.members(inner).await.expect("readable");
    let found: Vec<_> =
        members.iter().map(|member| (member.id, member.kind.clone(), member.display.as_deref())).collect();
    let shown = |user: UserId| (user != ada).then_some("Bob B.");
    assert_eq!(found, [both[0], both[1]].map(|id| (id, MemberKind::User, shown(UserId::new(id)))));
    let computed = unit.computed(&[ada], Wanted::ALL).await.expect("readable").remove(&ada).expect("there");
    let mut groups: Vec<_> =
        computed.groups.iter().map(|group| (group.display.as_deref(), group.direct)).collect();
    groups.sort_unstable();
    assert_eq!(groups, [(Some("Inner"), true), (Some("Outer"), false)]);
    assert_eq!(unit.members_among(inner, &[ada.uuid(), nobody]).await.expect("readable"), [ada.uuid()]);
    assert_eq!(unit.group_named("outer").await.expect("readable"), Some(outer));
    let names = unit.names_of(&[ada.uuid(), inner.uuid(), nobody]).await.expect("readable");
    assert_eq!(names.len(), 2);
    let name =
        |id: Uuid| (names[&id].kind.clone(), names[&id].display.as_deref(), names[&id].called.as_str());
    assert_eq!(name(inner.uuid()), (MemberKind::Group, Some("Inner"), "Inner"));
    assert_eq!(name(ada.uuid()), (MemberKind::User, None, "ada"));
    let first = unit.members_page(inner, None, 1).await.expect("readable");
    let second = unit.members_page(inner, Some(first[0].0), 10).await.expect("readable");
    assert_eq!((first.len(), second.len()), (1, 1));
    assert!(first[0].0 < second[0].0);
    drop(unit);

    let mut unit = store.unit().await;
    unit.lock_user_for_removal(ada).await.expect("readable").expect("there");
    assert!(unit.delete_user(ada, now()).await.expect("deleted"));
    assert!(!unit.delete_user(ada, now()).await.expect("deleted before"));
    let group = unit.lock_group(inner).await.expect("readable").expect("there");
    assert_eq!(group.resource.meta.version, 2, "a group that loses a member changes");
    assert_eq!(unit.members(inner).await.expect("readable").len(), 1);
    assert_eq!(unit.remove_members(inner, &[bob.uuid(), nobody]).await.expect("removed"), [bob.uuid()]);
    assert_eq!(unit.touch_group(inner, now()).await.expect("there"), 3);
    assert!(unit.delete_group(inner, now()).await.expect("deleted"));
    assert_eq!(unit.group(outer).await.expect("readable").expect("there").resource.meta.version, 2);
    assert_eq!(unit.remove_all_members(outer).await.expect("removed"), 0);
}

#[tokio::test]
async fn who_was_parked_becomes_a_member_on_arrival() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let (one, two) = (insert_group(&mut unit, "One").await, insert_group(&mut unit, "Two").await);
    let values = ["ext-1".to_owned(), "ext-2".to_owned()];
    unit.park_members(one, &values, None).await.expect("parked");
    unit.park_members(one, &values[..1], None).await.expect("parked before");
    unit.park_members(two, &["ada".to_owned()], None).await.expect("parked");
    assert_eq!(unit.parked(one).await.expect("readable"), values);
    let documents = [json!({ "userName": "ada", "externalId": "ext-1" }), json!({ "userName": "bob" })];
    unit.lock_groups_awaiting(&[&user_document(documents[0].clone())]).await.expect("locked");
    let newcomers = documents.map(|body| newcomer(&store.scope, user_document(body)));
    let arrived =
        unit.insert_users(newcomers.iter().collect(), &[], &BTreeSet::new()).await.expect("created");
    assert_eq!(arrived.parked, ["ada", "ext-1"].map(str::to_owned).into());
    assert_eq!(arrived.created.len(), 2, "both names are free");
    let [ada, bob] = newcomers.each_ref().map(Newcomer::user);
    assert!(arrived.is_awaited(ada) && !arrived.is_awaited(bob));
    let joined = unit.unpark_for(&[ada], now()).await.expect("joined");
    assert_eq!(joined.len(), 2);
    assert_eq!(unit.parked(one).await.expect("readable"), values[1..]);
    assert_eq!(unit.parked(two).await.expect("readable"), Vec::<String>::new());
    for group in [one, two] {
        assert_eq!(unit.members_among(group, &[ada.id.uuid()]).await.expect("readable"), [ada.id.uuid()]);
        assert_eq!(unit.group(group).await.expect("readable").expect("there").resource.meta.version, 2);
    }
    assert_eq!(unit.unpark_for(&[ada], now()).await.expect("nothing left"), []);
    unit.unpark_members(one, &values).await.expect("forgotten");
    assert_eq!(unit.parked(one).await.expect("readable"), Vec::<String>::new());
}

#[tokio::test]
async fn many_arrive_at_once_and_those_without_a_name_of_their_own_are_left_out() {
    let store = TestStore::open().await;
    store.add_user("bob").await;
    let rule = NewPool { rule: Some("title pr".to_owned()), ..new_pool("Vault", 1, PoolPolicy::Queue) };
    let mut unit = store.unit().await;
    let pool = unit.insert_pool(&rule, now()).await.expect("a new pool").pool.id;
    unit.commit().await.expect("committed");
    let bodies = [
        json!({ "userName": "zoë", "title": "Clerk", "emails": [{ "value": "Z@alpha.example" }] }),
        json!({ "userName": "BOB" }),
        json!({ "userName": "ada" }),
        json!({ "userName": "Ada", "emails": [{ "value": "second@alpha.example" }] }),
    ];
    let newcomers = bodies.map(|body| newcomer(&store.scope, user_document(body)));
    let mut unit = store.unit().await;
    let arrived =
        unit.insert_users(newcomers.iter().collect(), &[], &BTreeSet::new()).await.expect("created");
    assert_eq!(unit.statements(), 2 + usize::from(store.kind() == "postgresql"));
    unit.commit().await.expect("committed");
    let users = newcomers.iter().map(Newcomer::user);
    let users: Vec<_> = users.filter(|user| arrived.created.contains(&user.id)).collect();
    assert_eq!(users.iter().map(|user| user.user_name()).collect::<Vec<_>>(), ["zoë", "ada"]);
    assert_eq!(arrived.rules, [PoolRule { pool, rule: rule.rule, default: false }]);

    let unit = store.read(&store.scope).await.expect("a unit opens");
    for (filter, found) in [("emails pr", 1), ("emails.value eq \"z@ALPHA.example\"", 1), ("userName pr", 3)]
    {
        let (total, _) = unit.users(Some(&user_filter(filter)), page(1, 10)).await.expect("readable");
        assert_eq!(total, found, "{filter}");
    }
    for user in users {
        assert_eq!(unit.user(user.id).await.expect("readable").as_ref(), Some(user));
        let query = JournalQuery {
            subject: Some(Subject::User(user.id)),
            after: None,
            most: 9,
            ..JournalQuery::default()
        };
        assert_eq!(unit.journal(query).await.expect("readable").len(), 1, "nobody else is told about");
    }
    let nobody = JournalQuery { subject: None, after: None, most: 9, ..JournalQuery::default() };
    assert_eq!(unit.journal(nobody).await.expect("readable").len(), 3, "bob's entry and two more");
}

#[tokio::test]
async fn who_is_there_already_is_found_by_either_name() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let ada = insert_user(&mut unit, json!({ "userName": "ada", "externalId": "x" })).await.uuid();
    let bob = insert_user(&mut unit, json!({ "userName": "x", "externalId": "b" })).await.uuid();
    let called = unit.people_called(&["ada", "ADA", "x", "b", "nobody"].map(str::to_owned)).await;
    let called = called.expect("readable").into_iter().collect::<BTreeMap<_, _>>();
    let both = BTreeSet::from([ada, bob]);
    let expected = [("ada", [ada].into()), ("ADA", [ada].into()), ("b", [bob].into()), ("x", both)];
    assert_eq!(called, expected.map(|(name, ids)| (name.to_owned(), ids)).into());
}

#[tokio::test]
async fn a_reading_unit_sees_one_snapshot() {
    let store = TestStore::open().await;
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.users(None, page(1, 10)).await.expect("readable").0, 0);
    store.add_user("ada").await;
    assert_eq!(unit.users(None, page(1, 10)).await.expect("readable").0, 0);
    drop(unit);
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.users(None, page(1, 10)).await.expect("readable").0, 1);
}

#[tokio::test]
async fn pages_are_stable_and_complete() {
    let store = TestStore::open().await;
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(store.add_user(&format!("user-{number}")).await);
    }
    ids.sort_unstable();
    let unit = store.read(&store.scope).await.expect("a unit opens");
    for count in [1, 2, 3, 7, 8] {
        let mut seen = Vec::new();
        for start in (1..=7).step_by(usize::try_from(count).expect("small")) {
            let (total, users) = unit.users(None, page(start, count)).await.expect("readable");
            assert_eq!(total, 7);
            seen.extend(users.into_iter().map(|user| user.id));
        }
        assert_eq!(seen, ids, "pages of {count}");
    }
    assert_eq!(unit.users(None, page(1, 0)).await.expect("readable"), (7, Vec::new()));
    assert_eq!(unit.users(None, page(8, 5)).await.expect("readable"), (7, Vec::new()));
    assert_eq!(unit.users(None, page(u64::MAX, 5)).await.expect("readable"), (7, Vec::new()));
    let before = unit.statements();
    let (total, users) =
        unit.users(Some(&user_filter(r#"userName eq "USER-3""#)), page(1, 1)).await.expect("readable");
    assert_eq!(
        (total, users.len(), unit.statements() - before),
        (1, 1, 1),
        "one statement answers a unique look-up"
    );
}

#[tokio::test]
async fn an_in_memory_database_is_thrown_away() {
    let options = Options {
        url: "sqlite::memory:".to_owned(),
        max_connections: 2,
        migrate: true,
        statement_limit: None,
    };
    let store = Store::open(&options).await.expect("opens");
    assert_eq!(store.kind(), "sqlite");
    let tenant = create_tenant(&store, "Alpha").await.expect("created");
    let (scope, _) = store.tenant("alpha").await.expect("readable").expect("names ignore case");
    assert_eq!(scope.tenant_id(), tenant.id);
    let reading = store.read(&scope).await.expect("a unit opens");
    let mut unit = store.write(&scope).await.expect("a writer does not wait for a reader");
    unit.insert_connection(&new_connection("One"), now()).await.expect("inserted");
    unit.commit().await.expect("committed");
    assert_eq!(
        reading.connections().await.expect("readable").len(),
        1,
        "the snapshot begins with the first read"
    );
    drop(reading);
    store.ping().await.expect("alive");
    store.close().await;
    let store = Store::open(&options).await.expect("opens");
    assert_eq!(store.tenants().await.expect("readable"), []);
}

#[tokio::test]
async fn a_group_is_saved_with_its_unique_name() {
    let store = TestStore::open().await;
    let id = provisioning::GroupId::new(id_at(now()));
    let document = json!({ "displayName": "One" }).as_object().expect("an object").clone();
    let mut unit = store.unit().await;
    let new = NewGroup { id, document, unique_name: Some("one".to_owned()), connection: None };
    let inserted = unit.insert_group(&new, now()).await.expect("inserted");
    assert_eq!(unit.group(id).await.expect("readable").as_ref(), Some(&inserted));
    let renamed = json!({ "displayName": "Two", "externalId": "g2" }).as_object().expect("an object").clone();
    assert_eq!(unit.save_group(&inserted, &renamed, None, now()).await.expect("saved"), 2);
    let group = unit.group(id).await.expect("readable").expect("there");
    assert_eq!((group.display_name(), group.unique_name.as_deref()), ("Two", None));
    assert!(matches!(unit.save_group(&inserted, &renamed, None, now()).await, Err(Error::VersionMismatch)));
}
