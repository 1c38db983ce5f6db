//! Whose users and groups are: an owner exists, and a connection that is deleted leaves nothing behind.

use crate::support::{TestStore, create, id_at, new_connection, new_user, now, user_document};
use provisioning::GroupId;
use serde_json::{Map, json};
use store::{Error, NewConnection, NewGroup};

#[tokio::test]
async fn an_owner_is_a_connection_that_exists() {
    let store = TestStore::open().await;
    let one = store.add_connection("One").await.id;
    let mut unit = store.unit().await;
    let mut new = new_user(id_at(now()), user_document(json!({ "userName": "ada" })));
    new.connection = Some(one);
    create(&mut unit, new, now()).await.expect("the owner exists");
    unit.delete_connection(one).await.expect("deleted");
    let (users, groups) = unit.owned_by(one).await.expect("readable");
    assert_eq!((users, groups), (0, 0), "the user has no owner now");
    unit.commit().await.expect("committed");

    let mut unit = store.unit().await;
    let mut new = new_user(id_at(now()), user_document(json!({ "userName": "bob" })));
    new.connection = Some(one);
    let refused = create(&mut unit, new, now()).await.expect_err("a request that came too late");
    assert!(matches!(refused, Error::ConnectionGone), "{refused:?}");
    drop(unit);
    let mut unit = store.unit().await;
    let group = NewGroup {
        id: GroupId::new(id_at(now())),
        document: Map::new(),
        unique_name: None,
        connection: Some(one),
    };
    let refused = unit.insert_group(&group, now()).await.expect_err("a request that came too late");
    assert!(matches!(refused, Error::ConnectionGone), "{refused:?}");
}

#[tokio::test]
async fn connections_that_took_over_from_a_deleted_one_forget_it() {
    let store = TestStore::open().await;
    let old = store.add_connection("Old").await.id;
    let mut unit = store.unit().await;
    let new = NewConnection { takes_over: vec![old], ..new_connection("New") };
    let new = unit.insert_connection(&new, now()).await.expect("inserted").id;
    unit.delete_connection(old).await.expect("deleted");
    let left = unit.connections().await.expect("readable");
    assert_eq!(left.iter().map(|it| (it.id, it.takes_over.len())).collect::<Vec<_>>(), [(new, 0)]);
}
