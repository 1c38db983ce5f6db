//! Users who are created together: each is there with everything, or not at all.

use std::collections::BTreeSet;

use crate::support::{TestStore, newcomer, page, user_document, user_filter};
use provisioning::Subject;
use serde_json::json;
use store::{JournalQuery, Newcomer, TenantScope};

fn called(scope: &TenantScope, name: &str) -> Newcomer {
    let emails = json!([{ "value": format!("{name}@alpha.example"), "type": "work" }]);
    let body = json!({ "userName": name, "externalId": format!("ext-{name}"), "emails": emails });
    newcomer(scope, user_document(body))
}

#[tokio::test]
async fn nothing_is_left_of_a_user_whose_name_is_taken() {
    let store = TestStore::open().await;
    store.add_user("Ada").await;
    let new = ["bob", "ada", "cyd"].map(|name| called(&store.scope, name));
    let mut unit = store.unit().await;
    let arrived = unit.insert_users(new.iter().collect(), &[], &BTreeSet::new()).await.expect("created");
    unit.commit().await.expect("committed");
    let [bob, ada, cyd] = new.map(|newcomer| newcomer.user().clone());
    assert_eq!(arrived.created, BTreeSet::from([bob.id, cyd.id]));
    let unit = store.read(&store.scope).await.expect("a unit opens");
    assert_eq!(unit.users_among(&[bob.id, ada.id]).await.expect("readable"), std::slice::from_ref(&bob));
    let filter = user_filter(r#"emails.value sw "ada@" or emails.value eq "cyd@alpha.example""#);
    let (_, found) = unit.users(Some(&filter), page(1, 9)).await.expect("readable");
    assert_eq!(found, [cyd], "and no value of Ada's second self");
    for (user, entries) in [(bob.id, 1), (ada.id, 0)] {
        let query = JournalQuery {
            subject: Some(Subject::User(user)),
            after: None,
            most: 9,
            ..JournalQuery::default()
        };
        assert_eq!(unit.journal(query).await.expect("readable").len(), entries);
    }
}

#[tokio::test]
async fn what_waits_is_told_and_only_what_waits_in_the_tenant() {
    let store = TestStore::open().await;
    let group = store.add_group("Team").await;
    let mut unit = store.unit().await;
    unit.park_members(group, &["ext-bob".to_owned()], None).await.expect("parked");
    unit.commit().await.expect("committed");
    let beta = store.tenant_named("Beta").await;
    for (scope, awaited) in [(&store.scope, true), (&beta, false)] {
        let new = ["ada", "bob"].map(|name| called(scope, name));
        let mut unit = store.write(scope).await.expect("a unit opens");
        let arrived = unit.insert_users(new.iter().collect(), &[], &BTreeSet::new()).await.expect("created");
        assert_eq!(arrived.is_awaited(new[1].user()), awaited);
        assert!(!arrived.is_awaited(new[0].user()));
    }
    let other = called(&store.scope, "cyd");
    let mut unit = store.write(&beta).await.expect("a unit opens");
    assert!(unit.insert_users(vec![&other], &[], &BTreeSet::new()).await.is_err(), "made for another tenant");
}
