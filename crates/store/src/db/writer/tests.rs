//! What a crash, a rollback, a cancelled request and a broken transaction leave behind.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures::poll;
use sea_orm::{ConnectionTrait as _, Statement};

use super::{Lease, Limits, Writer};
use crate::db::backend;
use crate::db::connection::DbConnection;
use crate::error::Error;

/// No limit of time, so that what shares a commit does not depend on the machine.
const PATIENT: Limits = Limits { units: 3, time: Duration::from_hours(1) };

struct Bench {
    writer: Writer,
    reader: DbConnection,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn set_up() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = url(folder.path());
        let connection = backend::connect_writer(&url).await.expect("opens");
        connection.execute_unprepared("CREATE TABLE t (n INTEGER)").await.expect("a table");
        let reader = backend::connect_reader(&url, None).await.expect("opens");
        Self { writer: Writer::start_within(PATIENT, connection, url), reader, folder }
    }

    async fn lease(&self) -> Lease {
        self.writer.lease().await.expect("a turn")
    }

    /// What another process would find after a crash at this instant.
    async fn after_crash(&self) -> Vec<i64> {
        let copy = tempfile::tempdir().expect("a folder");
        for entry in std::fs::read_dir(self.folder.path()).expect("readable") {
            let name = entry.expect("readable").file_name();
            if !name.to_string_lossy().ends_with("-shm") {
                std::fs::copy(self.folder.path().join(&name), copy.path().join(&name)).expect("copied");
            }
        }
        let database = backend::connect_writer(&url(copy.path())).await.expect("recovers");
        rows(&database).await
    }
}

fn url(folder: &Path) -> String {
    format!("sqlite://{}?mode=rwc", folder.join("t.db").display())
}

async fn rows(database: &DbConnection) -> Vec<i64> {
    let statement = Statement::from_string(database.get_database_backend(), "SELECT n FROM t ORDER BY n");
    let rows = database.query_all_raw(statement).await.expect("readable");
    rows.iter().map(|row| row.try_get("", "n").expect("a number")).collect()
}

async fn put(lease: &Lease, number: i64) {
    let sql = format!("INSERT INTO t VALUES ({number})");
    lease.connection().execute_unprepared(&sql).await.expect("inserted");
}

#[tokio::test]
async fn nothing_is_acknowledged_before_the_real_commit() {
    let bench = Bench::set_up().await;
    let first = bench.lease().await;
    put(&first, 1).await;
    let mut second = pin!(bench.writer.lease());
    assert!(poll!(&mut second).is_pending(), "one at a time");
    let mut commit = pin!(first.commit());
    assert!(poll!(&mut commit).is_pending());

    // The second has its turn in the same transaction: the first is through, and not yet on the disk.
    let second = second.await.expect("a turn");
    put(&second, 2).await;
    assert!(poll!(&mut commit).is_pending(), "acknowledged too early");
    assert_eq!(rows(&bench.reader).await, [0_i64; 0]);
    assert_eq!(bench.after_crash().await, [0_i64; 0]);

    second.commit().await.expect("committed");
    commit.await.expect("committed with it");
    assert_eq!(rows(&bench.reader).await, [1, 2]);
    assert_eq!(bench.after_crash().await, [1, 2]);
}

#[tokio::test]
async fn a_unit_that_rolls_back_leaves_the_others() {
    let bench = Bench::set_up().await;
    let first = bench.lease().await;
    put(&first, 1).await;
    let mut second = pin!(bench.writer.lease());
    assert!(poll!(&mut second).is_pending());
    let mut commit = pin!(first.commit());
    assert!(poll!(&mut commit).is_pending());
    let second = second.await.expect("a turn");
    put(&second, 2).await;
    let mut third = pin!(bench.writer.lease());
    assert!(poll!(&mut third).is_pending());
    drop(second);
    let third = third.await.expect("a turn");
    put(&third, 3).await;
    assert!(poll!(&mut commit).is_pending());
    third.commit().await.expect("committed");
    commit.await.expect("committed");
    assert_eq!(bench.after_crash().await, [1, 3]);
}

#[tokio::test]
async fn a_full_batch_commits_although_others_wait() {
    let bench = Bench::set_up().await;
    let mut commits = Vec::new();
    for number in 1..=3 {
        let lease = bench.lease().await;
        put(&lease, number).await;
        let mut next = Box::pin(bench.writer.lease());
        assert!(poll!(&mut next).is_pending());
        let mut commit = Box::pin(lease.commit());
        assert!(poll!(&mut commit).is_pending());
        commits.push(commit);
        // It joins the batch, or, behind the third, begins the next one.
        drop(next.await.expect("a turn"));
    }
    for commit in commits {
        commit.await.expect("committed");
    }
    assert_eq!(rows(&bench.reader).await, [1, 2, 3]);
}

#[tokio::test]
async fn who_goes_away_holds_nobody_up() {
    let bench = Bench::set_up().await;
    let first = bench.lease().await;
    put(&first, 1).await;
    let mut gone = Box::pin(bench.writer.lease());
    assert!(poll!(&mut gone).is_pending());
    drop(gone);
    let mut commit = Box::pin(first.commit());
    assert!(poll!(&mut commit).is_pending());
    drop(commit);
    let second = bench.lease().await;
    put(&second, 2).await;
    second.commit().await.expect("committed");
    assert_eq!(rows(&bench.reader).await, [1, 2], "a commit that was asked for happens, heard or not");
}

#[tokio::test]
async fn a_lost_transaction_is_acknowledged_to_nobody() {
    let bench = Bench::set_up().await;
    let first = bench.lease().await;
    put(&first, 1).await;
    let mut second = pin!(bench.writer.lease());
    assert!(poll!(&mut second).is_pending());
    let mut commit = pin!(first.commit());
    assert!(poll!(&mut commit).is_pending());
    let second = second.await.expect("a turn");
    // What SQLite does by itself when the disk is full.
    second.connection().execute_unprepared("ROLLBACK").await.expect("rolled back");
    assert!(matches!(second.commit().await, Err(Error::Other(_))));
    assert!(matches!(commit.await, Err(Error::Other(_))), "the unit before is lost, too, and told so");

    let third = bench.lease().await;
    put(&third, 3).await;
    third.commit().await.expect("the writer has recovered");
    assert_eq!(bench.after_crash().await, [3]);
}

#[tokio::test]
async fn closing_waits_for_open_units() {
    let bench = Bench::set_up().await;
    let lease = bench.lease().await;
    put(&lease, 1).await;
    let mut close = pin!(bench.writer.close());
    assert!(poll!(&mut close).is_pending());
    lease.commit().await.expect("committed");
    close.await;
    assert_eq!(rows(&bench.reader).await, [1]);
}

#[tokio::test]
async fn a_disk_that_is_full_refuses_those_who_share_the_commit_without_a_fault() {
    let bench = Bench::set_up().await;
    let first = bench.lease().await;
    put(&first, 1).await;
    let mut second = pin!(bench.writer.lease());
    assert!(poll!(&mut second).is_pending());
    let mut commit = pin!(first.commit());
    assert!(poll!(&mut commit).is_pending());
    let second = second.await.expect("a turn");
    second.connection().execute_unprepared("PRAGMA max_page_count = 3").await.expect("set");
    let full = second.connection().execute_unprepared("INSERT INTO t VALUES (zeroblob(100000))").await;
    assert!(matches!(full.map_err(Error::from), Err(Error::DiskFull)));
    drop(second);
    let shared = commit.await;
    assert!(matches!(shared, Err(Error::Busy)), "{shared:?}");
    let third = bench.lease().await;
    put(&third, 3).await;
    third.commit().await.expect("there is space again");
    assert_eq!(rows(&bench.reader).await, [3]);
}
