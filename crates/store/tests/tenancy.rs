//! Nothing of one tenant is visible to another, or can be changed by it.

use crate::support::{
    TestStore, by, create, group_filter, id_at, insert_group, insert_user, new_connection, new_pool,
    new_user, now, page, user_document, user_filter,
};
use provisioning::{GroupId, PoolPolicy, Subject};
use serde_json::json;
use store::{
    Error, GrantKind, JournalQuery, MemberKind, NewGroup, NewToken, RequestRecord, TenantScope, Wanted,
};

#[tokio::test]
async fn a_tenant_sees_and_changes_only_its_own() {
    let store = TestStore::open().await;
    let other = store.tenant_named("Beta").await;
    let mut unit = store.unit().await;
    let ada = insert_user(
        &mut unit,
        json!({ "userName": "ada", "externalId": "1", "emails": [{ "value": "a@b.example" }] }),
    )
    .await;
    let group = insert_group(&mut unit, "Staff").await;
    let pool =
        unit.insert_pool(&new_pool("Vault", 1, PoolPolicy::Queue), now()).await.expect("inserted").pool.id;
    unit.add_members(group, &[(ada.uuid(), MemberKind::User)], now()).await.expect("added");
    unit.insert_binding(group, pool, 0, now()).await.expect("bound");
    unit.insert_grant(ada, pool, GrantKind::ByHand, now()).await.expect("given");
    unit.park_members(group, &["bob".to_owned()], None).await.expect("parked");
    let connection = unit.insert_connection(&new_connection("IdP"), now()).await.expect("inserted").id;
    let token = NewToken::bearer(connection, [1; 32], "…1".to_owned(), None);
    let token = unit.insert_token(&token, now()).await.expect("inserted").id;
    let situation = unit.lock_facts(&[ada], &[], now()).await.expect("facts");
    let decision = provisioning::settle(&situation, &provisioning::Cause::Created, now());
    unit.carry_out(&decision.expect("room"), by, now()).await.expect("carried out");
    unit.commit().await.expect("committed");
    store.log_requests([request(&store.scope, connection)].into_iter().collect()).await.expect("logged");

    let unit = store.read(&other).await.expect("a unit opens");
    assert_eq!(unit.user(ada).await.expect("readable"), None);
    assert_eq!(unit.group(group).await.expect("readable"), None);
    assert_eq!(unit.users(None, page(1, 10)).await.expect("readable"), (0, vec![]));
    for filter in [
        "userName eq \"ada\"",
        "emails pr",
        "emails eq \"a@b.example\"",
        "externalId eq \"1\"",
        &format!("id eq \"{ada}\""),
        &format!("groups.value eq \"{group}\""),
        "not (title pr)",
    ] {
        assert_eq!(
            unit.users(Some(&user_filter(filter)), page(1, 10)).await.expect(filter),
            (0, vec![]),
            "{filter}"
        );
    }
    for filter in ["displayName eq \"staff\"".to_owned(), format!("members eq \"{ada}\"")] {
        assert_eq!(unit.groups(Some(&group_filter(&filter)), page(1, 10)).await.expect(&filter), (0, vec![]));
    }
    assert!(unit.members(group).await.expect("readable").is_empty());
    assert!(unit.members_among(group, &[ada.uuid()]).await.expect("readable").is_empty());
    assert!(unit.members_page(group, None, 10).await.expect("readable").is_empty());
    assert!(unit.names_of(&[ada.uuid(), group.uuid()]).await.expect("readable").is_empty());
    assert!(unit.computed(&[ada], Wanted::ALL).await.expect("readable").is_empty());
    assert!(unit.whole_user(ada, Wanted::ALL).await.expect("readable").is_none());
    assert!(unit.pool_people(pool, None, 10).await.expect("readable").is_empty());
    assert_eq!(unit.group_named("staff").await.expect("readable"), None);
    assert!(unit.parked(group).await.expect("readable").is_empty());
    assert!(unit.pools().await.expect("readable").is_empty());
    assert!(unit.bindings().await.expect("readable").is_empty());
    assert!(unit.connections().await.expect("readable").is_empty());
    assert_eq!(unit.connection(connection).await.expect("readable"), None);
    assert!(unit.tokens(connection).await.expect("readable").is_empty());
    assert!(unit.requests(connection, 10).await.expect("readable").is_empty());
    assert!(unit.quirk_uses().await.expect("readable").is_empty());
    assert!(unit.waiting().await.expect("readable").is_empty());
    assert!(unit.people_by_status().await.expect("readable").iter().all(|(_, people)| *people == 0));
    for subject in [None, Some(Subject::User(ada))] {
        let query = JournalQuery { subject, after: None, most: 10, ..JournalQuery::default() };
        assert_eq!(unit.journal(query).await.expect("readable"), []);
    }
    drop(unit);

    let mut unit = store.write(&other).await.expect("a unit opens");
    assert_eq!(unit.lock_user(ada).await.expect("readable"), None);
    assert_eq!(unit.lock_user_for_removal(ada).await.expect("readable"), None);
    assert_eq!(unit.lock_group(group).await.expect("readable"), None);
    assert!(!unit.delete_user(ada, now()).await.expect("nothing"));
    assert!(!unit.delete_group(group, now()).await.expect("nothing"));
    assert!(matches!(unit.touch_group(group, now()).await, Err(Error::NotFound)));
    assert!(matches!(unit.set_pool_size(pool, 9, now()).await, Err(Error::NotFound)));
    assert!(matches!(unit.set_pool_expiry(pool, Some(now()), None, now()).await, Err(Error::NotFound)));
    assert!(!unit.remove_binding(group, pool).await.expect("nothing"));
    assert!(!unit.delete_grant(ada, pool, GrantKind::ByHand).await.expect("nothing"));
    assert!(!unit.insert_grant(ada, pool, GrantKind::ByHand, now()).await.expect("nothing"));
    assert!(!unit.revoke_token(token, now()).await.expect("nothing"));
    assert!(unit.remove_members(group, &[ada.uuid()]).await.expect("nothing").is_empty());
    assert_eq!(unit.remove_all_members(group).await.expect("nothing"), 0);
    let situation = unit.lock_facts(&[ada], &[pool], now()).await.expect("facts");
    assert_eq!((situation.people.len(), situation.pools.len()), (0, 0));
    let bob =
        create(&mut unit, new_user(id_at(now()), user_document(json!({ "userName": "bob" }))), now()).await;
    let bob = bob.expect("a new user");
    assert!(unit.unpark_for(&[&bob], now()).await.expect("nothing").is_empty());
    let theirs = insert_group(&mut unit, "Theirs").await;
    let added = unit
        .add_members(theirs, &[(ada.uuid(), MemberKind::User), (group.uuid(), MemberKind::Group)], now())
        .await;
    assert!(added.expect("nobody of theirs").is_empty());
    assert!(unit.insert_binding(theirs, pool, 0, now()).await.is_err(), "the pool is not theirs");
    drop(unit);

    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.user(ada).await.expect("readable").expect("there").resource.meta.version, 1);
    assert_eq!(unit.members(group).await.expect("readable").len(), 1);
    assert_eq!(unit.pools().await.expect("readable")[0].pool.seats, 1);
}

#[tokio::test]
async fn names_are_unique_in_a_tenant_only() {
    let store = TestStore::open().await;
    let other = store.tenant_named("Beta").await;
    for scope in [&store.scope, &other] {
        let mut unit = store.write(scope).await.expect("a unit opens");
        let document = user_document(json!({ "userName": "ada" }));
        create(&mut unit, new_user(id_at(now()), document), now()).await.expect("free in this tenant");
        let document = json!({ "displayName": "Staff" }).as_object().expect("an object").clone();
        let id = GroupId::new(id_at(now()));
        unit.insert_group(
            &NewGroup { id, document, unique_name: Some("staff".to_owned()), connection: None },
            now(),
        )
        .await
        .expect("free in this tenant");
        unit.insert_connection(&new_connection("IdP"), now()).await.expect("free in this tenant");
        unit.insert_pool(&new_pool("Vault", 1, PoolPolicy::Queue), now()).await.expect("free in this tenant");
        unit.commit().await.expect("committed");
    }
    for found in [
        store.find_user("ADA", None).await.map(|_| ()),
        store.find_group("staff", None).await.map(|_| ()),
        store.find_pool("vault", None).await.map(|_| ()),
        store.connection("idp", None).await.map(|_| ()),
    ] {
        let Err(Error::Ambiguous(text)) = found else { panic!("{found:?} is not ambiguous") };
        assert!(text.contains("tenant Alpha") && text.contains("tenant Beta"), "{text}");
    }
}

#[tokio::test]
async fn the_operator_finds_things_by_id_and_by_name() {
    let store = TestStore::open().await;
    let (user, group) = (store.add_user("ada").await, store.add_group("Staff").await);
    let pool = store.add_pool("Vault", 1, PoolPolicy::Reject).await;
    let connection = store.add_connection("IdP").await;
    for name in [user.to_string(), "ADA".to_owned()] {
        let (scope, found) = store.find_user(&name, None).await.expect("readable").expect("there");
        assert_eq!((scope, found.id), (store.scope.clone(), user));
    }
    for name in [group.to_string(), "STAFF".to_owned()] {
        assert_eq!(store.find_group(&name, None).await.expect("readable").expect("there").1.id, group);
    }
    for name in [pool.to_string(), "vault".to_owned()] {
        assert_eq!(store.find_pool(&name, None).await.expect("readable").expect("there").1.pool.id, pool);
    }
    for name in [connection.id.to_string(), "idp".to_owned()] {
        assert_eq!(store.connection(&name, None).await.expect("readable").expect("there").1, connection);
    }
    assert!(store.find_user("nobody", None).await.expect("readable").is_none());
    assert!(store.find_group(&user.to_string(), None).await.expect("readable").is_none());
    assert_eq!(store.tenants().await.expect("readable").len(), 1);
    assert!(store.tenant("Gamma").await.expect("readable").is_none());
}

fn request(scope: &TenantScope, connection: store::ConnectionId) -> RequestRecord {
    RequestRecord {
        id: id_at(now()),
        scope: scope.clone(),
        connection,
        at: now(),
        method: "GET".to_owned(),
        path: "/Users".to_owned(),
        status: 200,
        duration_us: 1,
        quirks: vec!["q".to_owned()],
        effects: vec![],
        ignored: vec![],
        body: None,
        error: None,
    }
}
