//! What the database alone does: durable transactions of one bare INSERT, as large as a person's document.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use tokio::task::JoinSet;

use super::load::count;
use super::people;
use crate::postgres::Cluster;

/// How long a SQLite connection waits for the others.
const PATIENCE: Duration = Duration::from_secs(10);

/// Transactions per second of so many SQLite connections of the product's driver, each `BEGIN IMMEDIATE`, one INSERT
/// and `COMMIT`, with WAL and `synchronous=FULL`, as the store opens it.
///
/// # Errors
/// When the file cannot be written.
pub(crate) async fn sqlite(folder: &Path, connections: usize, seconds: u32) -> Result<f64> {
    let options = sqlite_table(folder).await?;
    let mut running = JoinSet::new();
    let (start, document) = (Instant::now(), document());
    for _ in 0..connections {
        let (options, document) = (options.clone(), document.clone());
        running.spawn(async move {
            let mut connection = options.connect().await?;
            let mut done = 0;
            while start.elapsed() < Duration::from_secs(seconds.into()) {
                let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::query(SQLITE_INSERT).bind(&document).execute(&mut *transaction).await?;
                transaction.commit().await?;
                done += 1;
            }
            connection.close().await?;
            anyhow::Ok(done)
        });
    }
    rate(running, start).await
}

/// Statements per second of one SQLite connection that never has to wait for another, each a transaction of its own.
///
/// # Errors
/// When the file cannot be written.
pub(crate) async fn sqlite_alone(folder: &Path, seconds: u32) -> Result<f64> {
    let mut connection = sqlite_table(folder).await?.connect().await?;
    let document = document();
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(seconds.into()) {
        sqlx::query(SQLITE_INSERT).bind(&document).execute(&mut connection).await?;
        done += 1;
    }
    let rate = count(done) / start.elapsed().as_secs_f64();
    connection.close().await?;
    Ok(rate)
}

const SQLITE_INSERT: &str = "INSERT INTO baseline (document) VALUES (?1)";

/// A file with the table, and how to open it.
async fn sqlite_table(folder: &Path) -> Result<SqliteConnectOptions> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("baseline.db"))
        .create_if_missing(true)
        .busy_timeout(PATIENCE)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    let table = "CREATE TABLE IF NOT EXISTS baseline (id INTEGER PRIMARY KEY, document TEXT NOT NULL)";
    sqlx::query(table).execute(&mut connection).await?;
    connection.close().await?;
    Ok(options)
}

/// What all workers did together, by the second.
async fn rate(mut running: JoinSet<Result<usize>>, start: Instant) -> Result<f64> {
    let mut done = 0;
    while let Some(worker) = running.join_next().await {
        done += worker??;
    }
    Ok(count(done) / start.elapsed().as_secs_f64())
}

/// Transactions per second of so many connections of the product's driver, each `BEGIN`, one INSERT and `COMMIT`, on
/// a database made for it by [`prepare_postgres`].
///
/// # Errors
/// When the server does not do it.
pub(crate) async fn postgres(cluster: &Cluster, connections: usize, seconds: u32) -> Result<f64> {
    let options: PgConnectOptions = cluster.url("baseline").parse()?;
    let mut running = JoinSet::new();
    let (start, document) = (Instant::now(), document());
    for _ in 0..connections {
        let (options, document) = (options.clone(), document.clone());
        running.spawn(async move {
            let mut connection = options.connect().await?;
            let mut done = 0;
            while start.elapsed() < Duration::from_secs(seconds.into()) {
                let mut transaction = connection.begin().await?;
                let insert = sqlx::query("INSERT INTO baseline (document) VALUES ($1)").bind(&document);
                insert.execute(&mut *transaction).await?;
                transaction.commit().await?;
                done += 1;
            }
            connection.close().await?;
            anyhow::Ok(done)
        });
    }
    rate(running, start).await
}

/// Statements per second of `pgbench` with so many connections, each a transaction of its own, on the same database:
/// what PostgreSQL does for a client that costs next to nothing.
///
/// # Errors
/// When pgbench is missing or fails.
pub(crate) fn pgbench(cluster: &Cluster, folder: &Path, connections: usize, seconds: u32) -> Result<f64> {
    let script = folder.join("baseline.sql");
    fs::write(&script, format!("INSERT INTO baseline (document) VALUES ('{}');\n", plain(document().len())))?;
    let output = cluster
        .client("pgbench")
        .args([
            "-n",
            "-M",
            "prepared",
            "-j",
            "2",
            "-c",
            &connections.to_string(),
            "-T",
            &seconds.to_string(),
            "-f",
        ])
        .arg(&script)
        .arg("baseline")
        .output()
        .context("pgbench, which belongs to PostgreSQL's server programs, did not start")?;
    if !output.status.success() {
        bail!("pgbench failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    rate_in(&String::from_utf8_lossy(&output.stdout)).context("pgbench printed no rate")
}

/// Makes the database and the table for [`postgres`] and [`pgbench`].
///
/// # Errors
/// When a client program fails.
pub(crate) fn prepare_postgres(cluster: &Cluster) -> Result<()> {
    cluster.create_database("baseline")?;
    let table = "CREATE TABLE baseline (id BIGSERIAL PRIMARY KEY, document TEXT NOT NULL)";
    let status = cluster.client("psql").args(["-q", "-d", "baseline", "-c", table]).status()?;
    if status.success() { Ok(()) } else { bail!("psql failed") }
}

/// A person as the store keeps one.
fn document() -> String {
    people::person(123_456)
}

/// Text without a repetition that a database could compress, and without what pgbench would take for a variable.
fn plain(length: usize) -> String {
    let mut state: u32 = 1;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + u8::try_from((state >> 24) % 26).unwrap_or_default())
    };
    (0..length).map(|_| letter()).collect()
}

fn rate_in(output: &str) -> Option<f64> {
    output.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_from_what_pgbench_prints() {
        let output = "latency average = 3.1 ms\ntps = 5123.25 (without initial connection time)\n";
        assert_eq!(rate_in(output), Some(5_123.25));
        assert_eq!(rate_in("nothing"), None);
    }

    #[test]
    fn the_row_of_the_baseline_is_as_large_as_a_document() {
        let text = plain(document().len());
        assert_eq!(text.len(), document().len());
        assert!(text.chars().all(|letter| letter.is_ascii_lowercase()));
    }

    #[tokio::test]
    async fn the_file_of_the_baseline_is_written_with_a_write_ahead_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let rate = sqlite_alone(folder.path(), 0).await.expect("SQLite opens a file");
        assert!(rate.abs() < f64::EPSILON, "no second, no transaction");
        assert!(folder.path().join("baseline.db").exists());
    }
}
