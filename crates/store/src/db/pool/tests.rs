//! Connections are handed out in order, mended, shared among tenants, and never kept by a user who has gone.

use std::pin::pin;

use futures::poll;
use sea_orm::{ConnectionTrait as _, Statement};

use super::*;

async fn pool(count: u32) -> (tempfile::TempDir, ConnectionPool) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("t.db").display());
    backend::connect_writer(&url).await.expect("a file").close().await;
    (folder, ConnectionPool::connect(&url, count, None).await.expect("opens"))
}

/// How many pool that are free are connected.
fn connected(pool: &ConnectionPool) -> usize {
    pool.0.free().iter().flatten().count()
}

/// Gives a connection a mark.
async fn mark(pooled: &PooledConnection, mark: i32) {
    pooled.execute_unprepared(&format!("PRAGMA cache_size = {mark}")).await.expect("marked");
}

async fn mark_of(pooled: &PooledConnection) -> i32 {
    let statement = Statement::from_string(pooled.get_database_backend(), "PRAGMA cache_size");
    let row = pooled.query_one_raw(statement).await.expect("readable").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

#[tokio::test]
async fn the_link_that_came_back_last_goes_out_first_and_who_finds_none_waits() {
    let (_folder, pool) = pool(2).await;
    let first = pool.acquire(None).await.expect("free");
    assert_eq!(connected(&pool), 0, "the second is not needed yet");
    let second = pool.acquire(None).await.expect("free");
    mark(&first, 1).await;
    mark(&second, 2).await;
    {
        let mut third = pin!(pool.acquire(None));
        assert!(poll!(&mut third).is_pending());
        drop(first);
        assert_eq!(mark_of(&third.await.expect("free now")).await, 1);
    }
    drop(second);
    for _ in 0..3 {
        assert_eq!(mark_of(&pool.acquire(None).await.expect("free")).await, 2);
    }
    assert_eq!(connected(&pool), 2);
    pool.close().await;
}

#[tokio::test]
async fn a_link_is_free_again_once_what_it_left_open_is_undone() {
    let (_folder, pool) = pool(1).await;
    let pooled = pool.acquire(None).await.expect("free");
    mark(&pooled, 3).await;
    pooled.begin("BEGIN").await.expect("begun");
    assert!(!pooled.is_sound());
    drop(pooled);
    let pooled = pool.acquire(None).await.expect("free");
    assert!(pooled.is_sound());
    assert_eq!(mark_of(&pooled).await, 3);
    pooled.begin("BEGIN").await.expect("the other one has ended");
    pooled.commit().await.expect("ended");
    assert!(pooled.is_sound());
    pooled.execute_unprepared("nonsense").await.expect_err("refused");
    assert!(!pooled.is_sound(), "who knows why");
    drop(pooled);
    let pooled = pool.acquire(None).await.expect("free");
    assert!(pooled.is_sound());
    assert_eq!(mark_of(&pooled).await, 3, "it answers, so it stays");
    let mut begun = Box::pin(pooled.begin("BEGIN"));
    // Whether it gets an answer already does not matter.
    let _ = poll!(&mut begun);
    drop(begun);
    assert!(!pooled.is_sound(), "nobody knows whether it has begun, or it has");
    drop(pooled);
    let pooled = pool.acquire(None).await.expect("free");
    pooled.begin("BEGIN").await.expect("nothing is open");
    pooled.commit().await.expect("ended");
    drop(pooled);
    pool.close().await;
}

#[tokio::test]
async fn what_a_user_leaves_running_ends_and_the_connection_stays() {
    let (_folder, pool) = pool(1).await;
    let pooled = pool.acquire(None).await.expect("free");
    mark(&pooled, 3).await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let mut asked = Box::pin(pooled.execute_unprepared(endless));
    assert!(poll!(&mut asked).is_pending());
    drop(asked);
    drop(pooled);
    let pooled = pool.acquire(None).await.expect("free");
    assert_eq!(mark_of(&pooled).await, 3, "one that does not end would be made anew");
    drop(pooled);
    pool.close().await;
}

#[tokio::test]
async fn a_tenant_with_its_share_taken_leaves_a_connection_to_another() {
    let (_folder, pool) = pool(3).await;
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let first = pool.acquire(Some(one)).await.expect("free");
    let _second = pool.acquire(Some(one)).await.expect("free");
    let mut third = pin!(pool.acquire(Some(one)));
    assert!(poll!(&mut third).is_pending());
    drop(pool.acquire(Some(other)).await.expect("free at once"));
    drop(pool.acquire(None).await.expect("free at once"));
    // What is left open keeps the share until it is undone.
    first.begin("BEGIN").await.expect("begun");
    drop(first);
    assert!(poll!(&mut third).is_pending());
    third.await.expect("free once it is undone");
}

#[tokio::test]
async fn a_connection_that_is_of_no_use_any_more_is_made_anew() {
    let (_folder, pool) = pool(1).await;
    let pooled = pool.acquire(None).await.expect("free");
    mark(&pooled, 4).await;
    // What was left open cannot be undone any more: somebody ended it behind its back.
    pooled.begin("BEGIN").await.expect("begun");
    pooled.execute_unprepared("ROLLBACK").await.expect("ended");
    drop(pooled);
    let pooled = pool.acquire(None).await.expect("free");
    assert!(pooled.is_sound());
    assert_ne!(mark_of(&pooled).await, 4);
    drop(pooled);
    pool.close().await;
}

#[tokio::test]
async fn when_one_breaks_those_that_rest_are_asked_before_they_go_out_again() {
    let (_folder, pool) = pool(2).await;
    let broken = pool.acquire(None).await.expect("free");
    let sound = pool.acquire(None).await.expect("free");
    mark(&sound, 5).await;
    broken.begin("BEGIN").await.expect("begun");
    broken.execute_unprepared("ROLLBACK").await.expect("ended behind its back");
    drop(sound);
    drop(broken);
    drop(pool.0.turns.acquire_many(2).await.expect("both are back"));
    assert!(pool.0.free().iter().flatten().all(|resting| resting.doubted));
    assert_eq!(connected(&pool), 1);
    let pooled = pool.acquire(None).await.expect("free");
    assert_eq!(mark_of(&pooled).await, 5, "it answers, so it stays");
    drop(pooled);
    assert!(pool.0.free().iter().flatten().all(|resting| !resting.doubted));
    pool.close().await;
}

#[tokio::test]
async fn postgresql_ends_what_a_user_leaves_running_and_compiles_nothing() {
    #[expect(clippy::disallowed_methods, reason = "the runner of the tests names the server")]
    let Ok(url) = std::env::var("ROLLCALL_TEST_POSTGRES_URL") else {
        println!("not tried: ROLLCALL_TEST_POSTGRES_URL names no PostgreSQL");
        return;
    };
    let pool = ConnectionPool::connect(&url, 1, Some(Duration::from_hours(1))).await.expect("opens");
    let other = ConnectionPool::connect(&url, 1, None).await.expect("opens");
    let other = other.acquire(None).await.expect("free");
    let text = async |connection: &PooledConnection, sql: String| -> String {
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection.query_one_raw(statement).await.expect("readable").expect("a row");
        row.try_get_by_index(0).expect("a text")
    };
    let pooled = pool.acquire(None).await.expect("free");
    assert_eq!(text(&pooled, "SHOW jit".to_owned()).await, "off");
    assert_eq!(text(&pooled, "SHOW statement_timeout".to_owned()).await, "1h");
    let process = text(&pooled, "SELECT CAST(pg_backend_pid() AS TEXT)".to_owned()).await;
    let state = format!("SELECT CAST(count(*) AS TEXT) FROM pg_stat_activity WHERE pid = {process}");
    let active = format!("{state} AND state = 'active'");
    let sleeping = async {
        pooled.execute_unprepared("SELECT pg_sleep(600)").await.expect_err("it does not wait so long");
    };
    let seen = async { while text(&other, active.clone()).await == "0" {} };
    tokio::select! {
        () = sleeping => {}
        () = seen => {}
    }
    drop(pooled);
    let gone = async { while text(&other, state.clone()).await != "0" {} };
    tokio::time::timeout(Duration::from_mins(1), gone).await.expect("the statement has ended");
    let pooled = pool.acquire(None).await.expect("free");
    assert_ne!(text(&pooled, "SELECT CAST(pg_backend_pid() AS TEXT)".to_owned()).await, process);
}

#[tokio::test]
async fn plans_that_postgresql_made_some_time_ago_are_made_anew() {
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    let Ok(url) = std::env::var("ROLLCALL_TEST_POSTGRES_URL") else {
        println!("not tried: ROLLCALL_TEST_POSTGRES_URL names no PostgreSQL");
        return;
    };
    let pool = ConnectionPool::connect(&url, 1, None).await.expect("opens");
    let pooled = pool.acquire(None).await.expect("free");
    let steps = [
        "SET plan_cache_mode = force_generic_plan",
        "CREATE TEMPORARY TABLE growing (id INT)",
        "PREPARE all_of_it AS SELECT id FROM growing",
        "EXECUTE all_of_it",
        "INSERT INTO growing SELECT * FROM generate_series(1, 100000)",
    ];
    for step in steps {
        pooled.execute_unprepared(step).await.expect("done");
    }
    let plan = async |pooled: &PooledConnection| {
        let explain =
            Statement::from_string(pooled.get_database_backend(), "EXPLAIN (FORMAT TEXT) EXECUTE all_of_it");
        let row = pooled.query_one_raw(explain).await.expect("explained").expect("a row");
        row.try_get_by_index::<String>(0).expect("a text")
    };
    let small = plan(&pooled).await;
    drop(pooled);
    let pooled = pool.acquire(None).await.expect("free");
    assert_eq!(plan(&pooled).await, small, "it was made just now");
    pooled.age_plans();
    drop(pooled);
    let pooled = pool.acquire(None).await.expect("free");
    assert_ne!(plan(&pooled).await, small);
    drop(pooled);
    pool.close().await;
}
