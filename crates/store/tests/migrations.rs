//! Migrations run once, whoever opens the database, and are refused where they are switched off.

use crate::support::postgres::MIGRATIONS;
use crate::support::{create_tenant, empty_database, options};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, Statement};
use store::{Error, Options, Store};
use tokio::task::JoinSet;

#[tokio::test]
async fn pending_migrations_are_refused_where_they_are_switched_off() {
    let (url, _folder) = empty_database().await;
    let strict = Options { migrate: false, ..options(&url) };
    let Err(Error::PendingMigrations(names)) = Store::open(&strict).await else {
        panic!("opened without a schema")
    };
    let known: Vec<&str> = MIGRATIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, known, "the databases of the tests are keyed by these migrations");
    let text = Error::PendingMigrations(names).to_string();
    assert!(text.contains("m20261122_000001_initial") && text.contains("migrate"), "{text}");

    let store = Store::open(&options(&url)).await.expect("migrates");
    assert_eq!(store.pending_migrations().await.expect("readable"), [""; 0]);
    assert_eq!(store.migrate().await.expect("nothing to do"), [""; 0]);
    create_tenant(&store, "Alpha").await.expect("created");
    store.close().await;

    let store = Store::open(&strict).await.expect("nothing is pending");
    assert_eq!(store.tenants().await.expect("readable").len(), 1, "data outlives the process");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_migrate_once() {
    let (url, _folder) = empty_database().await;
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
    let (url, _folder) = empty_database().await;
    Store::open(&options(&url)).await.expect("migrates").close().await;
    let mut one = ConnectOptions::new(&url);
    let database = Database::connect(one.max_connections(1).to_owned()).await.expect("the database opens");
    let backend = database.get_database_backend();
    let postgres = url.starts_with("postgres");
    if postgres {
        // As foreign keys are planned, and statements that are prepared and used often.
        database.execute_unprepared("SET plan_cache_mode = force_generic_plan").await.expect("set");
    }
    for (number, (query, index, condition)) in [
        // What a foreign key asks.
        ("users WHERE tenant_id = $1 AND id = $2", "users", "AND"),
        ("parked_members WHERE tenant_id = $1 AND value = $2", "parked_members_by_value", "AND"),
        (
            "user_values WHERE tenant_id = $1 AND attribute = 'a' AND value = $2",
            "user_values_by_value",
            "AND",
        ),
        ("group_members WHERE tenant_id = $1 AND member_id = $2", "group_members_by_member", "AND"),
        ("jobs WHERE state = 'ready' AND kind IN ('a', $1) AND run_at <= $2", "jobs_ready", "run_at"),
    ]
    .into_iter()
    .enumerate()
    {
        let explain = if postgres {
            let prepare = format!("PREPARE query_{number} AS SELECT 1 FROM {query}");
            database.execute_unprepared(&prepare).await.expect("prepared");
            format!("EXPLAIN EXECUTE query_{number} (NULL, NULL)")
        } else {
            format!("EXPLAIN QUERY PLAN SELECT 1 FROM {query}")
        };
        let rows = database.query_all_raw(Statement::from_string(backend, explain)).await.expect("a plan");
        let column = if postgres { "QUERY PLAN" } else { "detail" };
        let plan: Vec<String> = rows.iter().map(|row| row.try_get("", column).expect("text")).collect();
        let plan = plan.join("\n");
        assert!(plan.contains(index) && plan.contains(condition), "{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("SCAN "), "{plan}");
    }
    database.close().await.expect("closed");
}

#[tokio::test]
async fn a_url_says_which_database_and_stays_secret() {
    let options = Options {
        url: "mysql://root:secret@db.example/x".to_owned(),
        max_connections: 1,
        migrate: true,
        statement_limit: None,
    };
    let error = Store::open(&options).await.map(|_| ()).expect_err("no such database");
    assert!(error.to_string().contains("sqlite:"), "{error}");
    assert!(!format!("{options:?}{error:?}").contains("secret"));
    let url = "postgres://root:secret@%2Fnowhere/x".to_owned();
    let error = Store::open(&Options { url, ..options }).await.map(|_| ()).expect_err("no such socket");
    assert!(
        matches!(error, Error::NoServer(_)) && !format!("{error} {error:?}").contains("secret"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_database_of_a_later_program_is_named_as_such() {
    let (url, _folder) = empty_database().await;
    Store::open(&options(&url)).await.expect("migrates").close().await;
    let mut one = ConnectOptions::new(&url);
    let database = Database::connect(one.max_connections(1).to_owned()).await.expect("the database opens");
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000099_later', 1)";
    database.execute_unprepared(later).await.expect("recorded");
    database.close().await.expect("closed");
    for migrate in [true, false] {
        let Err(error) = Store::open(&Options { migrate, ..options(&url) }).await else {
            panic!("an older program must not work on it");
        };
        assert!(
            matches!(&error, Error::NewerDatabase(names) if *names == ["m20990101_000099_later"]),
            "{error}"
        );
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}
