//! The journal, the request log, connections and tokens.

use std::collections::HashSet;

use crate::support::{TestStore, actor, create_tenant, id_at, insert_group, new_connection, new_pool, now};
use chrono::TimeDelta;
use provisioning::{Entry, EntryKind, GroupId, PoolId, Subject, UserId};
use serde_json::json;
use store::{
    Actor, ActorKind, Constraint, Error, JournalQuery, Kept, NewToken, Place, RequestBatch, RequestRecord,
    SealedKey, WriteUnit,
};

#[tokio::test]
async fn the_journal_keeps_its_order() {
    let store = TestStore::open().await;
    let subjects = [
        Subject::User(UserId::new(id_at(now()))),
        Subject::Group(GroupId::new(id_at(now()))),
        Subject::Pool(PoolId::new(id_at(now()))),
    ];
    let entries: Vec<Entry> = (0..30)
        .map(|number| Entry {
            subject: subjects[number % 3],
            kind: EntryKind::ALL[number % EntryKind::ALL.len()],
            why: format!("because of {number}"),
            before: (number % 2 == 0).then(|| json!({ "number": number })),
            after: None,
        })
        .collect();
    let actor = Actor {
        kind: ActorKind::Connection,
        name: "IdP".to_owned(),
        reference: "req-1".to_owned(),
        connection: None,
    };
    let mut unit = store.unit().await;
    unit.record(entries[..20].iter().map(|entry| (entry, &actor)), now()).await.expect("recorded");
    unit.record(entries[20..].iter().map(|entry| (entry, &actor)), now()).await.expect("recorded");
    unit.commit().await.expect("committed");

    let unit = store.read(&store.scope).await.expect("a unit opens");
    let all = unit
        .journal(JournalQuery { subject: None, after: None, most: 100, ..JournalQuery::default() })
        .await
        .expect("readable");
    assert_eq!(
        all.iter().map(|record| &record.entry).collect::<Vec<_>>(),
        entries.iter().collect::<Vec<_>>()
    );
    assert!(all.iter().all(|record| record.actor == actor && record.at == now()));
    let last = unit
        .journal(JournalQuery { subject: None, after: None, most: 2, ..JournalQuery::default() })
        .await
        .expect("readable");
    assert_eq!(last, all[28..]);
    for subject in subjects {
        let query =
            JournalQuery { subject: Some(subject), after: None, most: 100, ..JournalQuery::default() };
        let found = unit.journal(query).await.expect("readable");
        assert_eq!(found.len(), 10);
        assert!(found.iter().all(|record| record.entry.subject == subject));
    }
}

/// Records entries in a unit that stays open.
async fn noted(store: &TestStore, whys: &[&str]) -> WriteUnit {
    let mut unit = store.unit().await;
    let subject = Subject::User(UserId::new(id_at(now())));
    let entry = |why: &&str| Entry {
        subject,
        kind: EntryKind::UserChanged,
        why: (*why).to_owned(),
        before: None,
        after: None,
    };
    let (entries, actor): (Vec<Entry>, _) = (whys.iter().map(entry).collect(), actor());
    unit.record(entries.iter().map(|entry| (entry, &actor)), now()).await.expect("recorded");
    unit
}

/// What stands behind a place, read two at a time; the place moves on.
async fn follow(store: &TestStore, place: &mut Place) -> Vec<String> {
    let mut whys = Vec::new();
    loop {
        let unit = store.read(&store.scope).await.expect("a unit opens");
        let query = JournalQuery { after: Some(*place), most: 2, ..JournalQuery::default() };
        let page = unit.journal(query).await.expect("readable");
        let Some(last) = page.last() else { return whys };
        *place = last.place;
        whys.extend(page.into_iter().map(|record| record.entry.why));
    }
}

#[tokio::test]
async fn an_entry_that_is_committed_late_is_followed_too() {
    let store = TestStore::open().await;
    let (mut place, mut seen) = (Place::default(), Vec::new());
    let mut expected = vec!["a", "b", "c", "d", "e"];
    if store.kind() == "postgresql" {
        let early = noted(&store, &["a", "b"]).await;
        noted(&store, &["c", "d", "e"]).await.commit().await.expect("committed");
        assert_eq!(follow(&store, &mut place).await, [""; 0], "something can still come before it");
        let unit = store.read(&store.scope).await.expect("a unit opens");
        assert_eq!(unit.end_of_journal().await.expect("readable"), Place::default());
        let tail = unit.journal(JournalQuery { most: 9, ..JournalQuery::default() }).await.expect("readable");
        assert_eq!(tail.len(), 3, "the last entries are shown at once");
        early.commit().await.expect("committed");
    } else {
        noted(&store, &["a", "b"]).await.commit().await.expect("committed");
        noted(&store, &["c", "d", "e"]).await.commit().await.expect("committed");
    }
    // An entry whose change was asked for earlier than those that were read.
    let asked = now() - TimeDelta::hours(1);
    let entry = Entry {
        subject: Subject::User(UserId::new(id_at(asked))),
        kind: EntryKind::UserChanged,
        why: "asked for an hour ago".to_owned(),
        before: None,
        after: None,
    };
    let mut late = store.unit().await;
    late.record([(&entry, &actor())], asked).await.expect("recorded");
    late.commit().await.expect("committed");
    expected.push(&entry.why);
    // Tests beside this one hold transactions open on the same server.
    while seen.len() < expected.len() {
        seen.extend(follow(&store, &mut place).await);
        tokio::task::yield_now().await;
    }
    assert_eq!(seen, expected);
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.end_of_journal().await.expect("readable"), place);
    let other = store.tenant_named("Beta").await;
    let unit = store.read(&other).await.expect("a unit opens");
    assert_eq!(unit.end_of_journal().await.expect("readable"), Place::default(), "of another tenant");
}

#[tokio::test]
async fn requests_are_logged_and_their_quirks_counted() {
    let store = TestStore::open().await;
    let connection = store.add_connection("IdP").await.id;
    let record = |number: i64, quirks: &[&str]| RequestRecord {
        // Ids that a test beside this one made for a later instant must not push these ahead.
        id: id_at(now() + TimeDelta::seconds(number)),
        scope: store.scope.clone(),
        connection,
        at: now() + TimeDelta::seconds(number),
        method: "PATCH".to_owned(),
        path: "/Users/1".to_owned(),
        status: 200,
        duration_us: 1_500,
        quirks: quirks.iter().map(|name| (*name).to_owned()).collect(),
        effects: vec!["seat taken in Vault".to_owned()],
        ignored: vec!["nickname".to_owned()],
        body: Some(json!({ "userName": "•••" }).to_string()),
        error: None,
    };
    store.log_requests(RequestBatch::default()).await.expect("nothing to log");
    let records = vec![record(1, &["a", "b"]), record(2, &["a"]), record(3, &[])];
    store.log_requests(records.iter().cloned().collect()).await.expect("logged");
    store.log_requests([record(4, &["a"])].into_iter().collect()).await.expect("logged");

    let unit = store.read(&store.scope).await.expect("a unit opens");
    let found = unit.requests(connection, 100).await.expect("readable");
    assert_eq!(found[..3], records);
    assert_eq!(unit.requests(connection, 1).await.expect("readable"), found[3..]);
    let uses = unit.quirk_uses().await.expect("readable");
    let uses: Vec<_> = uses.iter().map(|one| (one.name.as_str(), one.uses, one.last_at)).collect();
    assert_eq!(uses, [("a", 3, now() + TimeDelta::seconds(4)), ("b", 1, now() + TimeDelta::seconds(1))]);
    drop(unit);
    let before = now() + TimeDelta::seconds(3);
    assert_eq!(store.forget(Kept::Requests, before, 1, || false).await.expect("nothing"), 0);
    assert_eq!(store.forget(Kept::Requests, before, 1, || true).await.expect("forgotten"), 2);
    assert_eq!(store.forget(Kept::Requests, before, 9, || true).await.expect("nothing left"), 0);
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.requests(connection, 100).await.expect("readable").len(), 2);
}

#[tokio::test]
async fn a_token_opens_its_tenant_until_it_ends() {
    let store = TestStore::open().await;
    let connection = store.add_connection("IdP").await;
    let new = |byte: u8, hours: Option<i64>| {
        let end = hours.map(|hours| now() + TimeDelta::hours(hours));
        NewToken::bearer(connection.id, [byte; 32], format!("…{byte}"), end)
    };
    let mut unit = store.unit().await;
    let lasting = unit.insert_token(&new(1, None), now()).await.expect("inserted");
    let ending = unit.insert_token(&new(2, Some(1)), now()).await.expect("inserted");
    unit.commit().await.expect("committed");

    let opened = store.authenticate(&[1; 32], now()).await.expect("readable").expect("known");
    assert_eq!(opened.scope, connection.sight(&store.scope).sharing(), "a connection sees its own");
    assert_eq!((&opened.connection, opened.token), (&connection, lasting.id));
    assert!(store.authenticate(&[2; 32], now() + TimeDelta::minutes(59)).await.expect("readable").is_some());
    assert!(store.authenticate(&[2; 32], now() + TimeDelta::hours(1)).await.expect("readable").is_none());
    assert!(store.authenticate(&[3; 32], now()).await.expect("readable").is_none());

    let hashes = async |at| store.token_hashes(at).await.expect("readable");
    assert_eq!(hashes(now()).await, HashSet::from([[1; 32], [2; 32]]));
    assert_eq!(hashes(now() + TimeDelta::hours(1)).await, HashSet::from([[1; 32]]));

    let later = now() + TimeDelta::hours(2);
    store.tokens_used(&[]).await.expect("nothing to note");
    store.tokens_used(&[(lasting.id, later), (ending.id, now())]).await.expect("noted");
    store.tokens_used(&[(lasting.id, now())]).await.expect("noted, and older");
    let mut unit = store.unit().await;
    assert!(unit.revoke_token(lasting.id, later).await.expect("revoked"));
    assert!(!unit.revoke_token(lasting.id, later).await.expect("revoked before"));
    let tokens = unit.tokens(connection.id).await.expect("readable");
    unit.commit().await.expect("committed");
    assert_eq!(hashes(later).await, HashSet::new(), "one is revoked, and one has ended");
    let seen: Vec<_> = tokens.iter().map(|token| (token.id, token.last_used_at, token.revoked_at)).collect();
    assert_eq!(seen, [(lasting.id, Some(later), Some(later)), (ending.id, Some(now()), None)]);
    assert!(store.authenticate(&[1; 32], now()).await.expect("readable").is_none());
}

#[tokio::test]
async fn constraints_are_known_by_name() {
    let store = TestStore::open().await;
    let conflict = |outcome: Result<(), Error>, expected: Constraint| match outcome {
        Err(Error::Conflict(constraint)) => assert_eq!(constraint, expected),
        other => panic!("{expected:?}: {other:?}"),
    };
    conflict(create_tenant(&store, "ALPHA").await.map(|_| ()), Constraint::TenantName);

    let connection = store.add_connection("IdP").await.id;
    let mut unit = store.unit().await;
    conflict(
        unit.insert_connection(&new_connection("idp"), now()).await.map(|_| ()),
        Constraint::ConnectionName,
    );
    drop(unit);

    let pool = store.add_pool("Vault", 1, provisioning::PoolPolicy::Queue).await;
    let mut unit = store.unit().await;
    let again = new_pool("VAULT", 1, provisioning::PoolPolicy::Queue);
    conflict(unit.insert_pool(&again, now()).await.map(|_| ()), Constraint::PoolName);
    drop(unit);

    let mut unit = store.unit().await;
    let group = insert_group(&mut unit, "Staff").await;
    unit.insert_binding(group, pool, 0, now()).await.expect("bound");
    conflict(unit.insert_binding(group, pool, 0, now()).await, Constraint::Binding);
    drop(unit);

    let token = NewToken::bearer(connection, [7; 32], String::new(), None);
    let mut unit = store.unit().await;
    unit.insert_token(&token, now()).await.expect("inserted");
    conflict(unit.insert_token(&token, now()).await.map(|_| ()), Constraint::TokenHash);
    drop(unit);
    assert!(!format!("{token:?}").contains("7, 7"), "a hash is not shown");
    assert_eq!(actor().kind.to_string(), "operator");
}

#[tokio::test]
async fn data_keys_are_sealed_anew_from_what_they_are_and_all_or_none() {
    let store = TestStore::open().await;
    let key = |number, sealed: &str| SealedKey { number, sealed: sealed.as_bytes().to_vec() };
    for number in [1, 2] {
        assert!(store.insert_data_key(&key(number, "old"), now()).await.expect("inserted"));
    }
    let to = |sealed: &str| [1, 2].map(|number| (key(number, "old"), key(number, sealed)));
    let (first, second) = (to("first"), to("second"));
    // Both have read the same; one of them comes later.
    let done = tokio::join!(store.replace_data_keys(&first), store.replace_data_keys(&second));
    let (won, lost) = if done.0.is_ok() { ("first", done.1) } else { ("second", done.0) };
    assert!(matches!(lost, Err(Error::VersionMismatch)), "{lost:?}");
    let stored = [key(1, won), key(2, won)];
    assert_eq!(store.data_keys().await.expect("readable"), stored);
    let half = [(key(1, won), key(1, "third")), (key(2, "old"), key(2, "third"))];
    store.replace_data_keys(&half).await.expect_err("one of them is not what it was");
    assert_eq!(store.data_keys().await.expect("readable"), stored);
}
