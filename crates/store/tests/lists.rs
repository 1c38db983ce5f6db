//! Lists: a page is read in portions of a bounded size, and how many there are is right whatever was written before.

use crate::support::{
    TestStore, create, id_at, insert_group, insert_user, new_user, now, page, user_document, user_filter,
};
use chrono::TimeDelta;
use provisioning::UserId;
use serde_json::json;
use store::{ConnectionId, Stretch, TenantScope, Wanted, WriteUnit};

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_page_is_read_in_portions_of_a_bounded_size() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let mut ids = Vec::new();
    for letters in [1, 1, 3 * MIB, MIB / 2, MIB, 1, 5 * MIB, 1].into_iter().chain([1; 250]) {
        let number = ids.len();
        let body = json!({ "userName": format!("user-{number}"), "nickName": "n".repeat(letters) });
        let id = id_at(now() + TimeDelta::milliseconds(number.try_into().expect("small")));
        ids.push(create(&mut unit, new_user(id, user_document(body)), now()).await.expect("a new user").id);
    }
    unit.commit().await.expect("committed");

    let unit = store.read(&store.scope).await.expect("a unit opens");
    let stretch = Stretch::of(page(2, 200));
    let mut listing = unit.list_users(None, None, &stretch, Wanted::default()).await.expect("readable");
    let mut portions = Vec::new();
    while let Some(portion) = listing.next().await.expect("readable") {
        let size = |user: &store::User| json!(user.resource.document).to_string().len();
        let bytes: usize = portion.iter().map(|(user, _)| size(user)).sum();
        assert!(portion.len() == 1 || bytes < 4 * MIB + 64 * portion.len(), "{} of {bytes}", portion.len());
        portions.push(portion.into_iter().map(|(user, _)| user.id).collect::<Vec<_>>());
    }
    assert_eq!(listing.total(), 258);
    assert!(portions.concat() == ids[1..201], "each user of the page comes once, in the order of ids");
    let lengths: Vec<usize> = portions.iter().map(Vec::len).collect();
    // PostgreSQL keeps large documents compressed, and may take them for larger than they are.
    assert!(lengths.ends_with(&[100, 94]) && (5..=8).contains(&lengths.len()), "{lengths:?}");
    assert_eq!(unit.statements(), 2 + portions.len(), "what is found, each portion, and how many there are");
}

#[tokio::test]
async fn an_ordinary_page_is_one_portion() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    for number in 0..100 {
        insert_user(&mut unit, json!({ "userName": format!("user-{number}") })).await;
        insert_group(&mut unit, &format!("group-{number}")).await;
    }
    unit.commit().await.expect("committed");
    let unit = store.read(&store.scope).await.expect("a unit opens");
    let stretch = Stretch::of(page(1, 101));
    let mut users = unit.list_users(None, None, &stretch, Wanted::default()).await.expect("readable");
    assert_eq!(users.next().await.expect("readable").map(|portion| portion.len()), Some(100));
    assert!(users.next().await.expect("readable").is_none());
    assert_eq!(unit.statements(), 2);
    let mut groups = unit.list_groups(None, None, &stretch).await.expect("readable");
    assert_eq!(groups.next().await.expect("readable").map(|portion| portion.len()), Some(100));
    assert!(groups.next().await.expect("readable").is_none());
    assert_eq!(unit.statements(), 4);
}

/// Creates users of a connection, or of none, in one statement.
async fn arrive<const N: usize>(
    unit: &mut WriteUnit,
    owner: Option<ConnectionId>,
    names: [&str; N],
) -> [UserId; N] {
    let newcomers = names.map(|name| {
        let mut new = new_user(id_at(now()), user_document(json!({ "userName": name })));
        new.connection = owner;
        store::Newcomer::new(unit.registry(), unit.scope(), new, now()).expect("a user with a name")
    });
    unit.insert_users(newcomers.iter().collect(), &[], &std::collections::BTreeSet::new())
        .await
        .expect("created");
    newcomers.map(|newcomer| newcomer.user().id)
}

#[tokio::test]
async fn how_many_users_there_are_is_right_after_every_change() {
    let store = TestStore::open().await;
    let (one, two) = (store.add_connection("One").await, store.add_connection("Two").await);
    let other = store.tenant_named("Beta").await;
    let sights = [store.scope.clone(), one.sight(&store.scope), two.sight(&store.scope), other];
    // What is kept says the same as a look at every user, and the whole tenant's number is the one expected.
    let expect = async |all: [u64; 4], change: &str| {
        let total = async |scope: &TenantScope, filter: Option<&str>| {
            let unit = store.read(scope).await.expect("a unit opens");
            let filter = filter.map(user_filter);
            unit.users(filter.as_ref(), page(1, 0)).await.expect("readable").0
        };
        for (scope, expected) in sights.iter().zip(all) {
            let both = (total(scope, None).await, total(scope, Some("userName pr")).await);
            assert_eq!(both, (expected, expected), "{change}: {scope:?}");
        }
    };
    expect([0, 0, 0, 0], "nobody came").await;

    let mut unit = store.unit().await;
    let [ada, _] = arrive(&mut unit, Some(one.id), ["ada", "bob"]).await;
    arrive(&mut unit, Some(two.id), ["cy"]).await;
    let [dee] = arrive(&mut unit, None, ["dee"]).await;
    arrive(&mut unit, Some(two.id), ["ada", "eve"]).await;
    unit.commit().await.expect("committed");
    expect([5, 3, 3, 0], "five came, and one whose name is taken").await;

    let mut unit = store.unit().await;
    arrive(&mut unit, Some(one.id), ["gil"]).await;
    drop(unit);
    expect([5, 3, 3, 0], "what came in between was rolled back").await;

    let mut unit = store.unit().await;
    for (id, owner) in [(ada, Some(one.id)), (dee, Some(one.id))] {
        let mut user = unit.lock_user(id).await.expect("readable").expect("there");
        user.connection = owner;
        let document = user_document(json!({ "userName": user.user_name(), "title": "Dr" }));
        unit.save_user(&user, &document, now()).await.expect("current");
    }
    unit.commit().await.expect("committed");
    expect([5, 3, 2, 0], "one was changed, and one was adopted").await;

    let mut unit = store.unit().await;
    assert_eq!(unit.hand_over_users(one.id, Some(two.id), 2).await.expect("handed over").len(), 2);
    assert!(unit.delete_user(ada, now()).await.expect("deleted"));
    unit.commit().await.expect("committed");
    let counted = store.read(&store.scope).await.expect("a unit opens").owned_by(two.id).await;
    let of_two = counted.expect("readable").0;
    expect([4, 4 - of_two, of_two, 0], "two were handed over, and one was deleted").await;

    let mut unit = store.unit().await;
    unit.delete_connection(two.id).await.expect("deleted");
    unit.commit().await.expect("committed");
    expect([4, 4, of_two, 0], "a connection was deleted").await;
    let mut unit = store.unit().await;
    create(&mut unit, new_user(id_at(now()), user_document(json!({ "userName": "hal" }))), now())
        .await
        .expect("a new name");
    unit.commit().await.expect("committed");
    expect([5, 5, of_two + 1, 0], "one more came who has no owner").await;
}
