//! Migrations run once, whoever opens the database, and are refused where they are switched off.

mod support;

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use store::{Error, Options, Store};
use support::{fresh_database, now, options};
use tokio::task::JoinSet;

#[tokio::test]
async fn pending_migrations_are_refused_where_they_are_switched_off() {
    let (url, _folder) = fresh_database().await;
    let strict = Options { migrate: false, ..options(&url) };
    let Err(Error::PendingMigrations(names)) = Store::open(&strict).await else {
        panic!("opened without a schema")
    };
    assert_eq!(names, ["m20261122_000001_initial", "m20261126_000002_sizes"]);
    let text = Error::PendingMigrations(names).to_string();
    assert!(text.contains("m20261122_000001_initial") && text.contains("migrate"), "{text}");

    let store = Store::open(&options(&url)).await.expect("migrates");
    assert_eq!(store.pending_migrations().await.expect("readable"), [""; 0]);
    assert_eq!(store.migrate().await.expect("nothing to do"), [""; 0]);
    store.create_tenant("Alpha", now()).await.expect("created");
    store.close().await;

    let store = Store::open(&strict).await.expect("nothing is pending");
    assert_eq!(store.tenants().await.expect("readable").len(), 1, "data outlives the process");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_migrate_once() {
    let (url, _folder) = fresh_database().await;
    let mut starts = JoinSet::new();
    for _ in 0..8 {
        let options = Options { max_connections: 2, ..options(&url) };
        starts.spawn(async move { Store::open(&options).await.map(|store| store.kind()) });
    }
    for outcome in starts.join_all().await {
        outcome.expect("every one opens");
    }
}

#[tokio::test]
async fn a_new_database_expects_a_full_one_and_asks_its_indexes() {
    let (url, _folder) = fresh_database().await;
    Store::open(&options(&url)).await.expect("migrates").close().await;
    let database = Database::connect(&url).await.expect("the database opens");
    let (postgres, explain) = match database.get_database_backend() {
        DbBackend::Sqlite => (false, "EXPLAIN QUERY PLAN"),
        _ => (true, "EXPLAIN"),
    };
    let id = if postgres { "'01900000-0000-7000-8000-000000000000'" } else { "x'00'" };
    for (query, index, condition) in [
        // What a foreign key asks.
        ("SELECT 1 FROM users WHERE tenant_id = {id} AND id = {id}", "users", "AND"),
        (
            "SELECT 1 FROM parked_members WHERE tenant_id = {id} AND value = 'x'",
            "parked_members_by_value",
            "AND",
        ),
        (
            "SELECT 1 FROM user_values WHERE tenant_id = {id} AND attribute = 'a' AND value = 'x'",
            "user_values_by_value",
            "AND",
        ),
        (
            "SELECT 1 FROM group_members WHERE tenant_id = {id} AND member_id = {id}",
            "group_members_by_member",
            "AND",
        ),
        (
            "SELECT 1 FROM jobs WHERE state = 'ready' AND kind IN ('a', 'b') AND run_at <= '2026-03-01'",
            "jobs_ready",
            "run_at",
        ),
    ] {
        let query = format!("{explain} {}", query.replace("{id}", id));
        let rows =
            database.query_all_raw(Statement::from_string(database.get_database_backend(), query)).await;
        let column = if postgres { "QUERY PLAN" } else { "detail" };
        let plan: Vec<String> =
            rows.expect("a plan").iter().map(|row| row.try_get("", column).expect("text")).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(index) && plan.contains(condition), "{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("SCAN "), "{plan}");
    }
    database.close().await.expect("closed");
}

#[tokio::test]
async fn a_url_says_which_database_and_stays_secret() {
    let options =
        Options { url: "mysql://root:secret@db.example/x".to_owned(), max_connections: 1, migrate: true };
    let error = Store::open(&options).await.map(|_| ()).expect_err("no such database");
    assert!(error.to_string().contains("sqlite:"), "{error}");
    assert!(!format!("{options:?}{error:?}").contains("secret"));
    let url = "postgres://root:secret@%2Fnowhere/x".to_owned();
    let error = Store::open(&Options { url, ..options }).await.map(|_| ()).expect_err("no such socket");
    assert!(
        matches!(error, Error::Other(_)) && !format!("{error} {error:?}").contains("secret"),
        "{error:?}"
    );
}
