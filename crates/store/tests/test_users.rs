//! Test users of connections, in the facts and in every count.

use std::collections::BTreeSet;

use provisioning::{Policy, Status, UserId};
use serde_json::{Value, json};
use store::{ConnectionId, NewUser};

use crate::support::{TestStore, create, new_user, now, user_document};

struct Site {
    store: TestStore,
    directory: ConnectionId,
    other: ConnectionId,
}

impl Site {
    async fn open(test_users: &[&str]) -> Self {
        let store = TestStore::open().await;
        let directory = store.add_connection("directory").await.id;
        let other = store.add_connection("other").await.id;
        let mut unit = store.unit().await;
        let names: Vec<String> = test_users.iter().map(|name| (*name).to_owned()).collect();
        unit.set_test_users(directory, &names).await.expect("set");
        unit.commit().await.expect("committed");
        Self { store, directory, other }
    }

    async fn user(&self, owner: Option<ConnectionId>, name: &str, emails: &[&str]) -> UserId {
        let emails: Vec<Value> = emails.iter().map(|email| json!({ "value": email })).collect();
        let document = user_document(json!({ "userName": name, "emails": emails }));
        let new = NewUser { connection: owner, ..new_user(self.store.new_id(now()), document) };
        let mut unit = self.store.unit().await;
        let user = create(&mut unit, new, now()).await.expect("created").id;
        unit.commit().await.expect("committed");
        user
    }
}

#[tokio::test]
async fn a_test_user_is_one_of_its_connection_by_name_or_address() {
    let site = Site::open(&["Probe@Alpha.example", "jürgen"]).await;
    let (ours, theirs) = (Some(site.directory), Some(site.other));
    let mut expected = Vec::new();
    for (owner, name, emails, is) in [
        (ours, "PROBE@alpha.EXAMPLE", &[][..], true),
        (ours, "ju\u{308}rgen", &["x@alpha.example"], true),
        (ours, "ada", &["ada@alpha.example", "probe@ALPHA.example"], true),
        (ours, "ben", &["ben@alpha.example"], false),
        (theirs, "cleo", &["probe@alpha.example"], false),
        (None, "dan", &["probe@alpha.example"], false),
    ] {
        let id = site.user(owner, name, emails).await;
        expected.push((id, is));
    }
    let ids: Vec<UserId> = expected.iter().map(|(id, _)| *id).collect();
    let unit = site.store.read(&site.store.scope).await.expect("a unit opens");
    let facts = unit.facts(&ids, &[], now()).await.expect("readable").people;
    let marks = unit.marks(&ids).await.expect("readable");
    let among: BTreeSet<UserId> = expected.iter().filter(|(_, is)| *is).map(|(id, _)| *id).collect();
    for (id, is) in &expected {
        let person = facts.iter().find(|person| person.id == *id).expect("there");
        assert_eq!(person.test_user, *is, "{}", person.name);
        assert_eq!(marks.get(id).is_some_and(|marks| marks.test_user), *is, "{}", person.name);
    }
    let names = unit.test_users().await.expect("readable");
    assert_eq!(names[&site.directory], ["jürgen", "Probe@Alpha.example"]);
    let found = unit.users_named(site.directory, &names[&site.directory]).await.expect("readable");
    assert_eq!(found, among);

    // No count has them but that of the protocol.
    assert_eq!(unit.owned_by(site.directory).await.expect("readable").0, 1);
    assert_eq!(unit.owned_by(site.other).await.expect("readable").0, 1);
    assert_eq!(unit.contents().await.expect("readable").people, 3);
    let by_status = unit.people_by_status().await.expect("readable");
    assert!(by_status.contains(&(Status::NoLicence, 3)), "{by_status:?}");
    let (listed, _) = unit.users(None, crate::support::page(1, 100)).await.expect("readable");
    assert_eq!(listed, 6);
}

/// The brake lets a tenth of a connection's people go, and five at least.
#[tokio::test]
async fn the_brake_reckons_with_people_and_not_with_test_users() {
    let site = Site::open(&["probe@alpha.example"]).await;
    for number in 0..60 {
        // Ten of them are told apart by name alone.
        let shared = if number < 10 { "probe@alpha.example" } else { "x@alpha.example" };
        site.user(Some(site.directory), &format!("user-{number}"), &[shared]).await;
    }
    let mut unit = site.store.unit().await;
    let mut connection = unit.connection(site.directory).await.expect("readable").expect("there");
    connection.policy.brake.people = 1_000;
    connection.policy.brake.percent = 20;
    unit.save_connection(&connection).await.expect("saved");
    let brake = unit.lock_brake(site.directory, now()).await.expect("readable").expect("a brake");
    assert_eq!(brake.limit, 10, "a fifth of fifty people");
    unit.set_test_users(site.directory, &[]).await.expect("set");
    let brake = unit.lock_brake(site.directory, now()).await.expect("readable").expect("a brake");
    assert_eq!(brake.limit, 12, "a fifth of sixty people");
    assert_ne!(connection.policy, Policy::default());
}
