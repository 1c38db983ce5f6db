//! Events are read once each, in the order of their commits, whoever commits when.

use crate::support::{TestStore, actor, insert_user, now};
use chrono::TimeDelta;
use proptest::prelude::*;
use provisioning::{Entry, EntryKind, EventKind, Subject, UserId};
use sea_orm::{ConnectionTrait as _, Database};
use serde_json::json;
use store::{Error, Event, Kept, NewEvent, Place, Store, TenantScope, WriteUnit};

/// Tells the application something about a person.
async fn tell(unit: &mut WriteUnit, user: UserId, number: usize) {
    let details = json!({ "number": number });
    let told = NewEvent { kind: EventKind::EnrolmentStep, user, details };
    unit.tell(vec![told], now()).await.expect("told");
}

/// Reads on from a place until nothing is new, two events at a time.
async fn read_on(store: &TestStore, place: &mut Place, seen: &mut Vec<usize>) {
    loop {
        let unit = store.read(&store.scope).await.expect("a unit opens");
        let events = unit.events(*place, 2).await.expect("readable");
        if events.is_empty() {
            return;
        }
        for event in events {
            assert!(event.place > *place, "the order never goes back");
            *place = event.place;
            seen.push(number(&event));
        }
    }
}

fn number(event: &Event) -> usize {
    usize::try_from(event.details["number"].as_u64().expect("a number")).expect("small")
}

/// Reads on until so many events were seen: other tests of the same server may hold transactions open for a while.
async fn read_all(store: &TestStore, place: &mut Place, seen: &mut Vec<usize>, many: usize) {
    while seen.len() < many {
        read_on(store, place, seen).await;
        tokio::task::yield_now().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_reader_sees_each_event_once_whatever_order_units_commit_in(
        commits in Just((0..6_usize).collect::<Vec<_>>()).prop_shuffle(),
        dropped in 0..6_usize,
        reads in proptest::collection::vec(any::<bool>(), 12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let store = TestStore::open().await;
            let user = store.add_user("ada").await;
            let (mut place, mut seen) = (Place::default(), Vec::new());
            let mut reads = reads.into_iter();
            if store.kind() == "sqlite" {
                // There is one writer: units commit in the order in which they begin.
                for number in commits {
                    let mut unit = store.unit().await;
                    tell(&mut unit, user, number).await;
                    if reads.next() == Some(true) {
                        read_on(&store, &mut place, &mut seen).await;
                    }
                    if number != dropped {
                        unit.commit().await.expect("committed");
                    }
                    if reads.next() == Some(true) {
                        read_on(&store, &mut place, &mut seen).await;
                    }
                }
            } else {
                // All are open at once, and have written before the first one commits.
                let mut open = Vec::new();
                for number in 0..commits.len() {
                    let mut unit = store.unit().await;
                    tell(&mut unit, user, number).await;
                    open.push(Some(unit));
                }
                for number in commits {
                    let unit = open[number].take().expect("open");
                    if number != dropped {
                        unit.commit().await.expect("committed");
                    }
                    if reads.next() == Some(true) {
                        read_on(&store, &mut place, &mut seen).await;
                    }
                }
            }
            let mut unit = store.unit().await;
            tell(&mut unit, user, 6).await;
            unit.commit().await.expect("committed");
            while seen.last() != Some(&6) {
                read_on(&store, &mut place, &mut seen).await;
                tokio::task::yield_now().await;
            }
            seen.sort_unstable();
            let expected: Vec<usize> = (0..7).filter(|number| *number != dropped).collect();
            assert_eq!(seen, expected);
        });
    }
}

#[tokio::test]
async fn events_of_one_person_are_read_in_the_order_of_the_changes_whoever_began_first() {
    let store = TestStore::open().await;
    let (ada, ben) = (store.add_user("ada").await, store.add_user("ben").await);
    let group = store.add_group("Staff").await;
    let (mut place, mut seen) = (Place::default(), Vec::new());
    if store.kind() == "postgresql" {
        // This one has its number once it has a lock; the other one changes the person first.
        let mut early = store.unit().await;
        early.lock_group(group).await.expect("readable").expect("there");
        let mut late = store.unit().await;
        late.lock_user(ada).await.expect("readable").expect("there");
        tell(&mut late, ada, 0).await;
        late.commit().await.expect("committed");
        early.lock_user(ada).await.expect("readable").expect("there");
        read_on(&store, &mut place, &mut seen).await;
        assert!(seen.is_empty(), "nothing is read while something can come before it");
        let event = |user| NewEvent { kind: EventKind::EnrolmentStep, user, details: json!({ "number": 9 }) };
        let refused = early.tell(vec![event(ben), event(ada)], now()).await;
        assert!(matches!(refused, Err(Error::OutOfOrder)), "{refused:?}");
        drop(early);
        // About another person it may tell.
        let mut early = store.unit().await;
        early.lock_group(group).await.expect("readable").expect("there");
        let mut late = store.unit().await;
        tell(&mut late, ada, 1).await;
        late.commit().await.expect("committed");
        tell(&mut early, ben, 2).await;
        early.commit().await.expect("committed");
    } else {
        for (user, number) in [(ada, 0), (ada, 1), (ben, 2)] {
            let mut unit = store.unit().await;
            tell(&mut unit, user, number).await;
            unit.commit().await.expect("committed");
        }
    }
    let mut unit = store.unit().await;
    unit.lock_group(group).await.expect("readable").expect("there");
    unit.lock_user(ada).await.expect("readable").expect("there");
    tell(&mut unit, ada, 3).await;
    tell(&mut unit, ada, 4).await;
    unit.commit().await.expect("committed");
    read_all(&store, &mut place, &mut seen, 5).await;
    let of_ben = seen.iter().position(|number| *number == 2).expect("told");
    seen.remove(of_ben);
    assert_eq!(seen, [0, 1, 3, 4]);
}

#[tokio::test]
async fn an_event_keeps_the_names_of_its_person() {
    let store = TestStore::open().await;
    let mut unit = store.unit().await;
    let ada = insert_user(&mut unit, json!({ "userName": "Ada", "externalId": "e-1" })).await;
    tell(&mut unit, ada, 0).await;
    unit.delete_user(ada, now()).await.expect("deleted");
    tell(&mut unit, ada, 1).await;
    let ben = insert_user(&mut unit, json!({ "userName": "Ben", "externalId": "e-2" })).await;
    tell(&mut unit, ben, 2).await;
    unit.delete_user(ben, now()).await.expect("deleted");
    assert!(unit.erase_user(ben).await.expect("erased"));
    unit.commit().await.expect("committed");
    let (mut place, mut seen) = (Place::default(), Vec::new());
    read_all(&store, &mut place, &mut seen, 2).await;
    assert_eq!(seen, [0, 1, 2], "those of one unit stand in the order in which they were told");
    let events =
        store.read(&store.scope).await.expect("opens").events(Place::default(), 9).await.expect("readable");
    assert_eq!(
        (events[0].user_name.as_deref(), events[0].external_id.as_deref()),
        (Some("Ada"), Some("e-1"))
    );
    assert_eq!(
        (events[1].user, events[1].user_name.as_deref()),
        (ada, Some("Ada")),
        "told of who is gone, too"
    );
    let erased = (events[2].user, events[2].user_name.as_deref(), events[2].external_id.as_deref());
    assert_eq!(erased, (ben, None, None), "until what is kept is erased");
    let other = store.tenant_named("Beta").await;
    let unit = store.read(&other).await.expect("opens");
    assert_eq!(unit.events(Place::default(), 9).await.expect("readable"), [], "of another tenant");
    assert_eq!(unit.end_of_events().await.expect("readable"), Place::default());
    assert!(!unit.keeps_event(place).await.expect("readable"));
}

#[tokio::test]
async fn old_events_go_and_the_last_one_stays() {
    let store = TestStore::open().await;
    let ada = store.add_user("ada").await;
    for number in 0..3 {
        let mut unit = store.unit().await;
        tell(&mut unit, ada, number).await;
        unit.commit().await.expect("committed");
    }
    let (mut place, mut seen) = (Place::default(), Vec::new());
    read_all(&store, &mut place, &mut seen, 1).await;
    read_all(&store, &mut place, &mut seen, 3).await;
    let unit = store.read(&store.scope).await.expect("opens");
    let first = unit.events(Place::default(), 1).await.expect("readable")[0].place;
    assert!(unit.keeps_event(first).await.expect("readable"));
    drop(unit);
    let later = now() + TimeDelta::days(1);
    assert_eq!(store.forget(Kept::Events, now(), 1, || true).await.expect("nothing is older"), 0);
    assert_eq!(store.forget(Kept::Events, later, 1, || true).await.expect("forgotten"), 2);
    let unit = store.read(&store.scope).await.expect("opens");
    assert!(!unit.keeps_event(first).await.expect("readable"), "a reader of this place has missed something");
    assert!(unit.keeps_event(place).await.expect("readable"), "a reader of the last one has not");
    assert_eq!(unit.end_of_events().await.expect("readable"), place);
    assert_eq!(unit.events(Place::default(), 9).await.expect("readable").len(), 1);
}

#[tokio::test]
async fn a_database_that_was_restored_from_another_server_tells_old_events_before_new_ones() {
    let store = TestStore::open().await;
    let ada = store.add_user("ada").await;
    for number in 0..2 {
        let mut unit = store.unit().await;
        tell(&mut unit, ada, number).await;
        unit.commit().await.expect("committed");
    }
    let (mut place, mut seen) = (Place::default(), Vec::new());
    read_all(&store, &mut place, &mut seen, 2).await;
    let installation = TenantScope::installation();
    let mut unit = store.write(&installation).await.expect("a unit opens");
    let entry = Entry {
        subject: Subject::User(ada),
        kind: EntryKind::UserChanged,
        why: "an entry".to_owned(),
        before: None,
        after: None,
    };
    unit.record_for_installation([(&entry, &actor())], now()).await.expect("recorded");
    unit.commit().await.expect("committed");
    let database = Database::connect(&store.url).await.expect("the database opens");
    if store.kind() == "postgresql" {
        for table in ["events", "journal"] {
            let other = format!("UPDATE {table} SET position = position + 1000000000000");
            database.execute_unprepared(&other).await.expect("as on a server with more transactions");
        }
    }
    database.close().await.expect("closed");
    let restored = Store::open(&crate::support::options(&store.url)).await.expect("the database opens");
    let mut unit = restored.write(&store.scope).await.expect("a unit opens");
    tell(&mut unit, ada, 2).await;
    unit.commit().await.expect("committed");
    let (mut place, mut seen) = (Place::default(), Vec::new());
    read_all(&store, &mut place, &mut seen, 3).await;
    assert_eq!(seen, [0, 1, 2]);
    let before = restored.read(&installation).await.expect("opens").end_of_journal().await.expect("readable");
    assert_ne!(before, Place::default(), "the journal of the installation can be followed, too");
    restored.close().await;
}
