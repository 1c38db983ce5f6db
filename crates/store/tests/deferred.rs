//! Requests whose clients do not wait: in the order of their connection, each operation once; and the keys that sign what is told.

use crate::support::{TestStore, insert_user, now};
use chrono::TimeDelta;
use serde_json::json;
use store::{Deferred, Error, Kept, ResourceKey, SigningKey, new_id};

#[tokio::test]
async fn each_operation_of_an_accepted_request_is_done_once_and_told_once() {
    let store = TestStore::open().await;
    let connection = store.add_connection("One").await;
    let mut unit = store.unit().await;
    let request = |sealed: u8| Deferred {
        id: new_id(now()),
        connection: connection.id,
        request: Some(vec![sealed]),
        bulk: true,
        runs: None,
    };
    let (first, second) = (request(1), request(2));
    unit.insert_deferred(&first, 2, now()).await.expect("kept");
    unit.insert_deferred(&second, 1, now()).await.expect("kept");
    assert_eq!(unit.count_deferred(connection.id).await.expect("readable"), 2);
    assert_eq!(unit.lock_next_deferred(connection.id).await.expect("readable"), Some(first.clone()));
    let runner = new_id(now());
    unit.run_deferred(first.id, runner, now()).await.expect("saved");
    let next = unit.lock_next_deferred(connection.id).await.expect("readable").expect("the same");
    assert_eq!(next.runs, Some((runner, now())));
    unit.commit().await.expect("committed");

    let mut unit = store.unit().await;
    let ada = insert_user(&mut unit, json!({ "userName": "ada" })).await;
    unit.await_end(ResourceKey::user(ada.uuid()), (first.id, 1));
    unit.note_ends().await.expect("done");
    unit.await_end(ResourceKey::group(ada.uuid()), (first.id, 0));
    unit.note_ends().await.expect("what changed nothing is not done");
    unit.commit().await.expect("committed");
    let mut unit = store.unit().await;
    let ben = insert_user(&mut unit, json!({ "userName": "ben" })).await;
    unit.await_end(ResourceKey::user(ben.uuid()), (first.id, 1));
    assert!(matches!(unit.note_ends().await, Err(Error::NotFound)), "it was done before");
    drop(unit);

    let mut unit = store.unit().await;
    let operations = unit.deferred_operations(first.id).await.expect("readable");
    let applied: Vec<_> = operations.iter().map(|operation| operation.applied.clone()).collect();
    assert_eq!(applied, [None, Some(format!("/Users/{ada}"))]);
    for (fresh, word) in [(true, "first"), (false, "second")] {
        let told = unit.complete_deferred(first.id, (0, json!(word)), now()).await.expect("saved");
        assert_eq!(told, fresh);
    }
    unit.end_deferred(first.id).await.expect("ended");
    let ended = unit.deferred(first.id).await.expect("readable").expect("kept");
    assert_eq!(ended.request, None, "what it said is kept no more");
    assert_eq!(unit.lock_next_deferred(connection.id).await.expect("readable"), Some(second.clone()));
    unit.delete_deferred(second.id).await.expect("deleted");
    unit.commit().await.expect("committed");
    let later = now() + TimeDelta::days(1);
    assert_eq!(store.forget(Kept::Deferred, now(), 9, || true).await.expect("nothing is older"), 0);
    assert_eq!(store.forget(Kept::Deferred, later, 9, || true).await.expect("forgotten"), 1);
}

#[tokio::test]
async fn a_new_key_retires_those_of_its_algorithm_which_stay_for_a_while() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    for (algorithm, hour) in [("RS256", 0), ("EdDSA", 1), ("RS256", 2)] {
        let key = SigningKey {
            id: new_id(now() + TimeDelta::hours(hour)),
            algorithm: algorithm.to_owned(),
            secret: vec![1],
            public: json!({ "kty": "x" }),
            created_at: now() + TimeDelta::hours(hour),
            retired_at: None,
        };
        unit.insert_signing_key(&key).await.expect("kept");
    }
    let keys = unit.signing_keys().await.expect("readable");
    let retired: Vec<bool> = keys.iter().map(|key| key.retired_at.is_some()).collect();
    assert_eq!(retired, [true, false, false]);
    let hours = |hours| now() + TimeDelta::hours(hours);
    assert_eq!(unit.delete_retired_keys(hours(2)).await.expect("asked"), 0);
    assert_eq!(unit.delete_retired_keys(hours(3)).await.expect("deleted"), 1);
}
