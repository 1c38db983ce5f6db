//! Changes of users and groups: noted by the statements that make them, read once each in the order of commits, and kept for
//! as long as a stream has yet to pass them.

use crate::support::{TestStore, insert_group, insert_user, now, user_document};
use chrono::TimeDelta;
use serde_json::json;
use store::{
    Error, Kept, MemberKind, NewChange, Place, ResourceKey, SetState, Stream, StreamDelivery, StreamStatus,
    Touch, new_id,
};
use uuid::Uuid;

fn change(resource: Uuid, word: &str) -> NewChange {
    NewChange {
        txn: word.to_owned(),
        uri: format!("/Users/{resource}"),
        resource,
        external_id: None,
        user_name: Some("ada".to_owned()),
        happenings: vec!["patch"],
        data: Some(json!({ "word": word })),
        attributes: vec!["title".to_owned()],
        version: Some("W/\"2\"".to_owned()),
    }
}

fn stream(status: StreamStatus, wants_full: bool) -> Stream {
    Stream {
        id: new_id(now()),
        description: "A test".to_owned(),
        events: vec!["urn:x".to_owned()],
        wants_full,
        types: vec!["User".to_owned()],
        every_subject: true,
        algorithm: "RS256".to_owned(),
        delivery: StreamDelivery::Poll,
        status,
        reason: None,
        after: Place::default(),
        created_at: now(),
        failing_since: None,
        verified_at: None,
    }
}

/// The transactions of the changes behind a place, once there are so many: other tests of the same server may hold
/// transactions open for a while.
async fn read(store: &TestStore, many: usize) -> Vec<String> {
    loop {
        let unit = store.read(&store.scope).await.expect("a unit opens");
        let changes = unit.changes(Place::default(), 100).await.expect("readable");
        if changes.len() >= many {
            return changes.into_iter().map(|change| change.txn).collect();
        }
        drop(unit);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_unit_notes_what_its_statements_change() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let ada = insert_user(&mut unit, json!({ "userName": "ada" })).await;
    let group = insert_group(&mut unit, "Staff").await;
    let (user_key, group_key) = (ResourceKey::user(ada.uuid()), ResourceKey::group(group.uuid()));
    unit.ascribe(user_key, Some("t".to_owned()), false);
    let (touched, at) = unit.take_touched();
    assert_eq!(at, now());
    assert_eq!([touched[&user_key].touch, touched[&group_key].touch], [Touch::Created; 2]);
    let transactions = [&touched[&user_key].transaction, &touched[&group_key].transaction];
    assert_eq!(transactions, [&Some("t".to_owned()); 2], "what followed from the only request is of it");
    unit.add_members(group, &[(ada.uuid(), MemberKind::User)], now()).await.expect("added");
    unit.add_members(group, &[(ada.uuid(), MemberKind::User)], now()).await.expect("there already");
    let user = unit.lock_user(ada).await.expect("readable").expect("there");
    let document = user_document(json!({ "userName": "ada", "title": "Dr" }));
    unit.save_user(&user, &document, now()).await.expect("saved");
    unit.ascribe(user_key, None, true);
    let (touched, _) = unit.take_touched();
    assert_eq!(touched[&user_key].before.as_ref(), Some(&user.resource.document));
    assert!(touched[&user_key].replaced && !touched[&group_key].replaced);
    assert_eq!(touched[&group_key].joined, [(ada.uuid(), MemberKind::User)]);
    unit.hide_user(ada, now()).await.expect("hidden");
    let (touched, _) = unit.take_touched();
    assert_eq!((touched[&user_key].touch, touched[&group_key].touch), (Touch::Deleted, Touch::Changed));
    assert_eq!(touched[&group_key].left, [ada.uuid()]);
    unit.delete_user(ada, now() + TimeDelta::days(1)).await.expect("deleted");
    assert!(unit.take_touched().0.is_empty(), "for the protocol the user was deleted before");
    unit.delete_group(group, now()).await.expect("deleted");
    assert_eq!(unit.take_touched().0[&group_key].touch, Touch::Deleted);
    let ben = insert_user(&mut unit, json!({ "userName": "ben" })).await;
    unit.delete_user(ben, now()).await.expect("deleted");
    let (touched, _) = unit.take_touched();
    assert_eq!(touched[&ResourceKey::user(ben.uuid())].touch, Touch::Deleted);
}

#[tokio::test]
async fn changes_of_one_resource_are_read_in_the_order_in_which_they_happened() {
    let store = TestStore::open().await;
    let (ada, ben) = (store.add_user("ada").await, store.add_user("ben").await);
    let group = store.add_group("Staff").await;
    if store.kind() == "postgresql" {
        let mut early = store.unit().await;
        early.lock_group(group).await.expect("readable").expect("there");
        let mut late = store.unit().await;
        late.insert_changes(vec![change(ada.uuid(), "0")], now()).await.expect("written");
        late.commit().await.expect("committed");
        let refused = early.insert_changes(vec![change(ada.uuid(), "early")], now()).await;
        assert!(matches!(refused, Err(Error::OutOfOrder)), "{refused:?}");
        drop(early);
    } else {
        let mut unit = store.unit().await;
        unit.insert_changes(vec![change(ada.uuid(), "0")], now()).await.expect("written");
        unit.commit().await.expect("committed");
    }
    let mut dropped = store.unit().await;
    dropped.insert_changes(vec![change(ben.uuid(), "dropped")], now()).await.expect("written");
    drop(dropped);
    let mut unit = store.unit().await;
    unit.insert_changes(vec![change(ada.uuid(), "1"), change(ben.uuid(), "2")], now())
        .await
        .expect("written");
    unit.commit().await.expect("committed");
    assert_eq!(read(&store, 3).await, ["0", "1", "2"]);
    let other = store.tenant_named("Beta").await;
    let unit = store.read(&other).await.expect("opens");
    assert_eq!(unit.changes(Place::default(), 9).await.expect("readable"), [], "of another tenant");
}

#[tokio::test]
async fn only_streams_that_take_changes_have_them_written() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    assert_eq!(unit.followed().await.expect("readable"), None);
    unit.insert_stream(&stream(StreamStatus::Disabled, true)).await.expect("inserted");
    assert_eq!(unit.followed().await.expect("readable"), None);
    unit.insert_stream(&stream(StreamStatus::Paused, false)).await.expect("inserted");
    assert_eq!(unit.followed().await.expect("readable").map(|it| it.full), Some(false));
    let full = stream(StreamStatus::Enabled, true);
    unit.insert_stream(&full).await.expect("inserted");
    assert_eq!(unit.followed().await.expect("readable").map(|it| it.full), Some(true));
    let push = StreamDelivery::Push { url: "https://a.example/".to_owned(), authorization: Some(vec![1]) };
    let changed = Stream { delivery: push, reason: Some("why".to_owned()), ..full.clone() };
    unit.save_stream(&changed).await.expect("saved");
    assert_eq!(unit.lock_stream(full.id).await.expect("readable"), Some(changed));
    assert_eq!(unit.streams().await.expect("readable").len(), 3);
    for _ in 0..2 {
        unit.set_stream_subject(full.id, Uuid::nil(), false).await.expect("said");
    }
    let subjects = unit.stream_subjects(full.id, &[Uuid::nil(), Uuid::max()]).await.expect("readable");
    assert_eq!(subjects, [(Uuid::nil(), false)]);
    unit.delete_stream(full.id).await.expect("deleted");
    assert_eq!(unit.stream(full.id).await.expect("readable"), None);
}

#[tokio::test]
async fn a_change_is_kept_until_every_stream_has_passed_it_and_every_token_of_it_was_taken() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let (one, other) = (stream(StreamStatus::Enabled, true), stream(StreamStatus::Paused, true));
    unit.insert_stream(&one).await.expect("inserted");
    unit.insert_stream(&other).await.expect("inserted");
    unit.insert_stream(&stream(StreamStatus::Disabled, true)).await.expect("inserted");
    unit.insert_changes(vec![change(Uuid::nil(), "0"), change(Uuid::max(), "1")], now())
        .await
        .expect("written");
    unit.commit().await.expect("committed");
    read(&store, 2).await;
    let mut unit = store.unit().await;
    let changes = unit.changes(Place::default(), 9).await.expect("readable");
    let end = changes[1].place;
    assert_eq!(unit.end_of_changes().await.expect("readable"), end);
    unit.insert_sets(one.id, vec![(Some(changes[0].place.id), None), (None, Some(json!({})))], now())
        .await
        .expect("made");
    unit.save_stream(&Stream { after: end, ..one.clone() }).await.expect("saved");
    assert_eq!(unit.delete_passed_changes(9).await.expect("asked"), 0, "the other stream has not passed");
    unit.save_stream(&Stream { after: end, ..other.clone() }).await.expect("saved");
    assert_eq!(unit.delete_passed_changes(9).await.expect("asked"), 1, "a token is made of one of them");
    let waiting = unit.sets(one.id, SetState::Waiting, 9).await.expect("readable");
    assert_eq!(waiting.len(), 2);
    assert_eq!(unit.sets(other.id, SetState::Waiting, 9).await.expect("readable"), []);
    assert_eq!(unit.bury_set(other.id, waiting[0].id, "no").await.expect("asked"), 0, "of another stream");
    assert_eq!(unit.bury_set(one.id, waiting[0].id, "no").await.expect("buried"), 1);
    assert_eq!(unit.count_sets(one.id, SetState::Dead).await.expect("readable"), 1);
    assert_eq!(unit.revive_sets(one.id).await.expect("revived"), 1);
    let ids: Vec<Uuid> = waiting.iter().map(|set| set.id).collect();
    assert_eq!(unit.delete_sets(one.id, &ids).await.expect("taken"), 2);
    assert_eq!(unit.delete_passed_changes(9).await.expect("asked"), 1);
    unit.insert_changes(vec![change(Uuid::nil(), "2")], now()).await.expect("written");
    unit.commit().await.expect("committed");
    let later = now() + TimeDelta::days(1);
    assert_eq!(store.forget(Kept::Changes, now(), 9, || true).await.expect("nothing is older"), 0);
    assert_eq!(store.forget(Kept::Changes, later, 9, || true).await.expect("forgotten"), 1);
}
