//! A preview under way holds nothing that a writer waits for, and sees nothing of what is written meanwhile.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use provisioning::{Policy, PoolPolicy};
use scim::project::Projection;
use serde_json::json;
use sqlx::Connection as _;
use store::Options;

use super::postgres;
use super::*;
use crate::consequences::{Agreed, Shift};
use crate::database::{Database, Shared, migrate};
use crate::requester::{By, Operator, Provider, Requester};
use crate::{bindings, connections, grants, groups, pools, tenants, users};

/// How long a writer is waited for that should not have to wait at all.
const PATIENCE: Duration = Duration::from_secs(30);

fn options(url: &str, migrate: bool) -> Options {
    Options { url: url.to_owned(), max_connections: 4, migrate, statement_limit: None }
}

/// A new database, and its URL.
async fn database() -> (Shared, String) {
    let url = match postgres::server() {
        Some(server) => {
            let prepare = async |url: &str| drop(migrate(&options(url, true)).await.expect("migrated"));
            postgres::migrated(&server, prepare).await
        }
        None => "sqlite::memory:".to_owned(),
    };
    let db =
        Database::open(&options(&url, true), ("https://scim.example", ""), Policy::default(), None).await;
    (Arc::new(db.expect("the database opens")), url)
}

/// How many locks on tables are held that are more than a reader's; none where the database is `SQLite`, whose readers
/// hold no others.
async fn locks(url: &str) -> i64 {
    if !url.starts_with("postgres") {
        return 0;
    }
    let mut database = sqlx::PgConnection::connect(url).await.expect("the database opens");
    let query = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'relation' AND mode <> 'AccessShareLock' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    sqlx::query_scalar(query).fetch_one(&mut database).await.expect("a number")
}

#[tokio::test]
async fn a_write_goes_through_while_a_preview_is_under_way() {
    let (db, url) = database().await;
    let now = DateTime::from_timestamp(1_772_355_600, 0).expect("an instant");
    let operator =
        Operator { name: "test".to_owned(), by: By::Terminal, command: "test", tenant: None, now, batch: 1 };
    let new = tenants::New { name: "Alpha".to_owned(), ..Default::default() };
    tenants::create(&db, &operator, &new).await.expect("a tenant");
    let new = connections::New {
        tenant: "Alpha".to_owned(),
        name: "staff".to_owned(),
        profile: "generic".to_owned(),
        ..Default::default()
    };
    connections::create(&db, &operator, &new).await.expect("a connection");
    let (scope, connection) = db.connection(&operator, "staff").await.expect("a connection");
    let provider = Arc::new(Provider::new(connection).expect("a profile"));
    let requester = Requester::push(scope.clone(), provider, "test".to_owned(), now);
    for name in ["ada", "ben", "cleo"] {
        let document = json!({ "userName": name }).as_object().cloned().expect("an object");
        users::create(&db, &requester, document, &Projection::Default).await.expect("a user");
    }
    let mut ids = Vec::new();
    for name in ["ada", "ben", "cleo"] {
        ids.push(db.user(&operator, name).await.expect("a user").1.id);
    }
    let listed: Vec<_> = ids.iter().map(|id| json!({ "value": id })).collect();
    let document = json!({ "displayName": "Crew", "members": listed });
    let document = document.as_object().cloned().expect("an object");
    groups::create(&db, &requester, document, &Projection::Default).await.expect("a group");
    let new = pools::New {
        tenant: "Alpha".to_owned(),
        name: "Vault".to_owned(),
        seats: 2,
        policy: PoolPolicy::Queue.to_string(),
        ..Default::default()
    };
    let pool = pools::create(&db, &operator, &new).await.expect("a pool").0.id;

    let unit = db.read(&scope).await.expect("a unit");
    let by_hand = provisioning::Grant { pool, source: provisioning::GrantSource::ByHand };
    let change = |situation: &mut Situation| {
        situation.people.iter_mut().for_each(|person| person.grants.push(by_hand.clone()));
    };
    let mut preview = Preview::new(&unit, vec![pool], 1, now, change);
    preview.settle(&ids[..2], &Cause::GrantedByHand).await.expect("decided");

    assert_eq!(locks(&url).await, 0, "what reads locks nothing");

    // The same people and the same pool are written, a pool is changed, and a whole group is settled.
    let writes = async {
        grants::create(&db, &operator, "ada", "Vault").await.expect("a seat");
        let fewer = pools::Change { seats: Some(1), ..Default::default() };
        pools::update(&db, &operator, "Vault", &fewer, Agreed::Nothing).await.expect("no loss");
        bindings::create(&db, &operator, bindings::New::of(&["Crew"], "Vault"), Agreed::Nothing)
            .await
            .expect("bound");
    };
    tokio::time::timeout(PATIENCE, writes).await.expect("no write waits for the preview");

    preview.settle(&ids[2..], &Cause::GrantedByHand).await.expect("decided");
    let told = preview.consequences().await.expect("told");
    assert_eq!(told.sentence(), "2 people would get a seat, 1 would wait");
    assert_eq!((told.pools[0].seats, told.pools[0].free), (shift(2, 2), shift(2, 0)), "one snapshot");
    drop(unit);
    let written = pools::find(&db, &operator, "Vault").await.expect("there");
    assert_eq!(
        (written.seats, written.used, written.waiting),
        (1, 1, 0),
        "of the preview nothing is written"
    );
}

fn shift(before: u64, after: u64) -> Shift {
    Shift { before, after }
}
