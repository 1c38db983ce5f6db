//! Everything in which the two databases differ: how they connect, lock and read JSON.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use sea_orm::{
    ColumnType, ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection, SqliteConnection};
use uuid::Uuid;

use crate::db::connection::{DbConnection, PATIENCE, Raw, connect, unconnected};
use crate::error::Error;

/// Statements that each connection keeps prepared.
const STATEMENTS: usize = 128;

/// The database that a URL names.
pub(crate) fn of_url(url: &str) -> Result<DbBackend, Error> {
    if url.starts_with("sqlite:") {
        Ok(DbBackend::Sqlite)
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        Ok(DbBackend::Postgres)
    } else {
        Err(Error::other("the database URL must start with sqlite: or postgres:"))
    }
}

/// The name by which people know the database.
pub(crate) fn name(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Sqlite { "sqlite" } else { "postgresql" }
}

/// The one connection that writes, for a database that has no more; others write through the pool.
pub(crate) async fn connect_only_writer(
    backend: DbBackend,
    url: &str,
) -> Result<Option<DbConnection>, Error> {
    if backend == DbBackend::Sqlite { Ok(Some(connect_writer(url).await?)) } else { Ok(None) }
}

/// The one connection that writes to `SQLite`.
pub(crate) async fn connect_writer(url: &str) -> Result<DbConnection, Error> {
    let options = writing(sqlite(url)?);
    let writer = DbConnection::new(
        Raw::Sqlite(connect::<SqliteConnection>(&options).await?.into()),
        DbBackend::Sqlite,
    );
    write_ahead(&writer).await?;
    Ok(writer)
}

/// Switches a new file to write-ahead logging, which stays with it.
///
/// Two processes that switch the same file at once would wait for each other until both gave up, so each gives up
/// soon and comes again, after pauses of its own.
async fn write_ahead(writer: &DbConnection) -> Result<(), Error> {
    let pause = Duration::from_millis(u64::from(std::process::id() % 13) + 3);
    let began = Instant::now();
    writer.tell("PRAGMA busy_timeout = 20").await?;
    let mut attempt = 1;
    loop {
        match writer.tell("PRAGMA journal_mode = WAL").await.map_err(Error::from) {
            Err(Error::Busy) if began.elapsed() < PATIENCE => tokio::time::sleep(pause * attempt).await,
            switched => {
                switched?;
                break;
            }
        }
        attempt = attempt % 7 + 1;
    }
    writer.execute_unprepared(&format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis())).await?;
    Ok(())
}

/// A connection for reads, on `PostgreSQL` also for writes; there no statement takes longer than the limit, if there is
/// one.
pub(crate) async fn connect_reader(url: &str, limit: Option<Duration>) -> Result<DbConnection, DbErr> {
    let backend = of_url(url).map_err(|error| DbErr::Custom(error.to_string()))?;
    let raw = if backend == DbBackend::Postgres {
        let options = postgres(url.parse().map_err(unconnected)?);
        let mut connection = connect::<PgConnection>(&options).await?;
        // Statements are short, and compiling one costs more than it saves. Each knows an index, and reading a table from
        // its beginning is only cheap while the planner knows nothing. A client that is gone is looked for.
        let limit = limit.map_or(0, |limit| limit.as_millis());
        let session = format!(
            "SET jit = off; SET enable_seqscan = off; SET client_connection_check_interval = '1s'; SET statement_timeout = {limit}"
        );
        connection.execute(AssertSqlSafe(session)).await.map_err(unconnected)?;
        Raw::Postgres(connection.into(), options.into())
    } else {
        // KiB, negative by SQLite's convention: each reader has a cache of its own, and the system caches the file.
        let options = sqlite(url)?.pragma("query_only", "1").pragma("cache_size", "-512");
        Raw::Sqlite(connect::<SqliteConnection>(&options).await?.into())
    };
    let connection = DbConnection::new(raw, backend);
    connection.give_up_when_abandoned().await?;
    Ok(connection)
}

/// A connection for migrations, which want sea-orm's own.
pub(crate) async fn connect_for_migrations(url: &str) -> Result<DatabaseConnection, Error> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).acquire_timeout(PATIENCE).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(writing);
    options.map_sqlx_postgres_opts(postgres);
    Ok(Database::connect(options).await?)
}

fn sqlite(url: &str) -> Result<SqliteConnectOptions, DbErr> {
    let options: SqliteConnectOptions = url.parse().map_err(unconnected)?;
    let options = options.busy_timeout(PATIENCE).foreign_keys(true).statement_cache_capacity(STATEMENTS);
    Ok(options.disable_statement_logging())
}

fn writing(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .create_if_missing(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
}

fn postgres(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("rollcall").statement_cache_capacity(STATEMENTS).disable_statement_logging()
}

/// The query of whether the database refuses every change, where it may do so without an error.
pub(crate) fn refuses_changes(backend: DbBackend) -> Option<&'static str> {
    (backend == DbBackend::Postgres)
        .then_some("SELECT CAST(current_setting('transaction_read_only') AS BOOLEAN) AS refuses")
}

/// Begins a transaction that reads one snapshot.
pub(crate) fn begin_reading(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" } else { "BEGIN" }
}

/// Begins a transaction that writes; on `SQLite` it holds the write lock from the start.
pub(crate) fn begin_writing(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { "BEGIN" } else { "BEGIN IMMEDIATE" }
}

/// Appends the parameter of this number; in `SQLite` it is the next one, because named ones are looked for one by one.
pub(crate) fn parameter(backend: DbBackend, number: usize, text: &mut String) {
    if backend == DbBackend::Sqlite {
        text.push('?');
    } else {
        write!(text, "${number}").expect("memory takes everything");
    }
}

/// Whether the plan of a prepared statement stays good while its tables grow. `PostgreSQL` keeps the plan that was best for
/// a small table until it analyses the table.
pub(crate) fn keeps_good_plans(backend: DbBackend) -> bool {
    backend == DbBackend::Sqlite
}

/// The column of an event or an entry that says where it stands in the order of commits.
///
/// `SQLite` has one writer, so the order of inserts is that of commits; a number is never given twice. `PostgreSQL` numbers
/// transactions when they begin, and they commit in any order: see [`settled`].
pub(crate) fn commit_order_column(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Sqlite {
        "INTEGER PRIMARY KEY AUTOINCREMENT"
    } else {
        "BIGINT NOT NULL DEFAULT CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"
    }
}

/// The condition that nothing can be committed any more that stands before a place in the order of commits: on `PostgreSQL`
/// every transaction of a smaller number has ended.
pub(crate) fn settled(backend: DbBackend, position: &str) -> String {
    if backend == DbBackend::Sqlite {
        return "TRUE".to_owned();
    }
    format!("{position} < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)")
}

/// The condition that a place in the order of commits is behind that of the transaction itself, where there can be such: on
/// `PostgreSQL` a transaction can get its number and then wait for what one of a greater number changes first.
pub(crate) fn behind_own(backend: DbBackend, position: &str) -> Option<String> {
    (backend == DbBackend::Postgres)
        .then(|| format!("{position} > CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)"))
}

/// The number of a transaction, where several that write are open at once.
pub(crate) fn transaction_number(backend: DbBackend) -> Option<&'static str> {
    (backend == DbBackend::Postgres).then_some("CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)")
}

/// What puts events and entries before all that are to come, on a `PostgreSQL` server whose transactions have smaller numbers
/// than those, because the database was restored from another server: queries that answer a row when that is needed, each
/// with the statements that do it.
pub(crate) fn restored(backend: DbBackend) -> Vec<(String, Vec<String>)> {
    if backend == DbBackend::Sqlite {
        return Vec::new();
    }
    let next = "CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)";
    let installation = uuid_literal(backend, Uuid::nil());
    let mend = |table: &str, followers: &[(&str, &str)]| {
        let look = format!(
            "SELECT 1 FROM (SELECT id FROM tenants UNION ALL SELECT {installation}) t CROSS JOIN LATERAL \
             (SELECT e.position FROM {table} e WHERE e.tenant_id = t.id ORDER BY e.position DESC, e.id DESC LIMIT 1) l \
             WHERE l.position >= {next} LIMIT 1"
        );
        let last = format!("(SELECT MAX(position) FROM {table})");
        let lock = format!("LOCK TABLE {table} IN EXCLUSIVE MODE");
        let move_back = |(table, column): (&str, &str)| {
            format!(
                "UPDATE {table} SET {column} = {table}.{column} - l.position FROM {last} AS l (position) WHERE l.position >= {next}"
            )
        };
        let changes = followers.iter().copied().chain([(table, "position")]).map(move_back);
        (look, [lock].into_iter().chain(changes).collect())
    };
    vec![
        mend("events", &[("webhooks", "after_position")]),
        mend("changes", &[("streams", "after_position")]),
        mend("journal", &[]),
    ]
}

/// Locks the selected rows against other writers, where there are any; rows that refer to them may still be added.
pub(crate) fn for_update(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { " FOR NO KEY UPDATE" } else { "" }
}

/// What locks the selected rows where a query is for nothing else, as [`for_update`].
pub(crate) fn lock_rows(backend: DbBackend) -> Option<&'static str> {
    Some(for_update(backend)).filter(|lock| !lock.is_empty())
}

/// The function that takes a lock of two numbers beside others who take it so.
pub(crate) fn share_advisory_lock(backend: DbBackend) -> Option<&'static str> {
    (backend == DbBackend::Postgres).then_some("pg_advisory_xact_lock_shared")
}

/// The function that takes a lock of two numbers alone.
pub(crate) fn hold_advisory_lock(backend: DbBackend) -> Option<&'static str> {
    (backend == DbBackend::Postgres).then_some("pg_advisory_xact_lock")
}

/// As [`for_update`], for rows that are about to be deleted.
pub(crate) fn for_removal(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { " FOR UPDATE" } else { "" }
}

/// As [`for_update`], but rows that others hold are left out.
pub(crate) fn skip_locked(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { " FOR NO KEY UPDATE SKIP LOCKED" } else { "" }
}

/// As [`skip_locked`], for the rows of jobs `j` alone of several tables.
pub(crate) fn skip_locked_jobs(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Postgres { " FOR NO KEY UPDATE OF j SKIP LOCKED" } else { "" }
}

/// What stands around a table `t` with its condition at the end of a list of sources, so that an index is asked for
/// each row of the sources before it and the table is never read as a whole, whatever the planner believes.
pub(crate) fn for_each(backend: DbBackend) -> (&'static str, &'static str) {
    if backend == DbBackend::Sqlite {
        ("CROSS JOIN", "")
    } else {
        ("CROSS JOIN LATERAL (SELECT * FROM", " OFFSET 0) t")
    }
}

/// As [`for_each`], with these columns of the table alone.
pub(crate) fn for_each_of(backend: DbBackend, columns: &str) -> (String, &'static str) {
    let (before, behind) = for_each(backend);
    (before.replace("SELECT *", &format!("SELECT {columns}")), behind)
}

/// The bytes of a column as hexadecimal digits.
pub(crate) fn in_hex(backend: DbBackend, column: &str) -> String {
    if backend == DbBackend::Sqlite { format!("hex({column})") } else { format!("encode({column}, 'hex')") }
}

/// The bytes of a UUID as hexadecimal digits.
pub(crate) fn uuid_in_hex(backend: DbBackend, column: &str) -> String {
    let bytes = if backend == DbBackend::Sqlite { column.to_owned() } else { format!("uuid_send({column})") };
    in_hex(backend, &bytes)
}

/// A text of all rows as one text; `NULL` without rows.
pub(crate) fn all_as_one(backend: DbBackend, text: &str) -> String {
    let function = if backend == DbBackend::Sqlite { "group_concat" } else { "string_agg" };
    format!("{function}({text}, '')")
}

/// A UUID as an element of a JSON list: a text of which the UUID can be read.
pub(crate) fn uuid_in_json(backend: DbBackend, id: &str) -> String {
    if backend == DbBackend::Sqlite { format!("hex({id})") } else { id.to_owned() }
}

/// The text of a UUID.
pub(crate) fn uuid_text(backend: DbBackend, id: &str) -> String {
    if backend == DbBackend::Postgres {
        return format!("CAST({id} AS TEXT) COLLATE \"C\"");
    }
    let part = |from: u32, length: u32| format!("substr(hex({id}), {from}, {length})");
    let parts = [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)];
    format!("lower({})", parts.join(" || '-' || "))
}

/// A UUID in the text of a statement.
pub(crate) fn uuid_literal(backend: DbBackend, id: Uuid) -> String {
    if backend == DbBackend::Sqlite { format!("x'{}'", id.simple()) } else { format!("CAST('{id}' AS UUID)") }
}

/// The UUID that a text is, or `NULL`.
pub(crate) fn uuid_of_text(backend: DbBackend, text: &str) -> String {
    if backend == DbBackend::Sqlite {
        let shape = "'________-____-____-____-____________'";
        return format!(
            "CASE WHEN {text} LIKE {shape} OR length({text}) = 32 THEN unhex(replace({text}, '-', '')) END"
        );
    }
    let digits = "'^([0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32})$'";
    format!("CASE WHEN {text} ~ {digits} THEN CAST({text} AS UUID) END")
}

/// The text at a path of a JSON document.
pub(crate) fn json_text(backend: DbBackend, document: &str, path: &[&str]) -> String {
    if backend == DbBackend::Sqlite {
        return if path.is_empty() {
            format!("CAST({document} AS TEXT)")
        } else {
            format!("CAST(json_extract({}, {}) AS TEXT)", sqlite_object(document), sqlite_path(path))
        };
    }
    match path.split_last() {
        Some((last, parents)) => {
            format!("({} ->> {}) COLLATE \"C\"", arrows(document, parents), literal(last))
        }
        None => format!("({document} #>> '{{}}') COLLATE \"C\""),
    }
}

/// The boolean at a path of a JSON document.
pub(crate) fn json_boolean(backend: DbBackend, document: &str, path: &[&str]) -> String {
    if backend == DbBackend::Sqlite {
        let (kind, value) = sqlite_value(document, path);
        return format!("CASE WHEN {kind} IN ('true', 'false') THEN {value} END");
    }
    of_kind("boolean", "BOOLEAN", &arrows(document, path))
}

/// The number at a path of a JSON document.
pub(crate) fn json_number(backend: DbBackend, document: &str, path: &[&str]) -> String {
    if backend == DbBackend::Sqlite {
        let (kind, value) = sqlite_value(document, path);
        return format!("CASE WHEN {kind} IN ('integer', 'real') THEN CAST({value} AS REAL) END");
    }
    of_kind("number", "DOUBLE PRECISION", &arrows(document, path))
}

/// No value of a type: in a list over several tables, the other ones have values of it.
pub(crate) fn no_value(backend: DbBackend, kind: &str) -> String {
    if backend == DbBackend::Sqlite { "NULL".to_owned() } else { format!("CAST(NULL AS {kind})") }
}

/// A document that can be looked into: an element of a list may be text by now, which is no JSON.
fn sqlite_object(document: &str) -> String {
    if document == "e.value" {
        return "CASE WHEN e.type = 'object' THEN e.value END".to_owned();
    }
    document.to_owned()
}

/// The type and the value at a path.
fn sqlite_value(document: &str, path: &[&str]) -> (String, String) {
    if path.is_empty() {
        return ("e.type".to_owned(), document.to_owned());
    }
    let (document, path) = (sqlite_object(document), sqlite_path(path));
    (format!("json_type({document}, {path})"), format!("json_extract({document}, {path})"))
}

/// A value of JSON, if it is of this kind: the schema by which it was stored may have been another one.
fn of_kind(kind: &str, sql: &str, value: &str) -> String {
    format!("CASE WHEN jsonb_typeof({value}) = '{kind}' THEN CAST({value} AS {sql}) END")
}

/// Whether there is anything at a path of a JSON document; `NULL` never, the answer is a boolean.
pub(crate) fn json_exists(backend: DbBackend, document: &str, path: &[&str]) -> String {
    if backend == DbBackend::Sqlite {
        return format!("json_type({}, {}) IS NOT NULL", sqlite_object(document), sqlite_path(path));
    }
    format!("({}) IS NOT NULL", arrows(document, path))
}

/// The elements of the array at a path as rows `e`, each with its `value` and its place, the `key`.
pub(crate) fn json_elements(backend: DbBackend, document: &str, path: &[&str]) -> String {
    let quoted = sqlite_path(path);
    if backend == DbBackend::Sqlite {
        let array = format!("CASE WHEN json_type({document}, {quoted}) = 'array' THEN {document} END");
        return format!("json_each({array}, {quoted}) AS e");
    }
    let every = format!("{}[*]'", &quoted[..quoted.len() - 1]);
    format!("jsonb_path_query({document}, {every}) WITH ORDINALITY AS e(value, key)")
}

/// All rows of a query as one JSON list, each a list of these columns; `NULL` or an empty list when there is none.
pub(crate) fn list_of(backend: DbBackend, columns: &[&str]) -> String {
    let columns = columns.join(", ");
    if backend == DbBackend::Sqlite {
        format!("json_group_array(json_array({columns}))")
    } else {
        format!("json_agg(json_build_array({columns}))")
    }
}

/// In the place of such a list, where it is not wanted.
pub(crate) fn no_list(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Sqlite { "NULL" } else { "CAST(NULL AS JSON)" }
}

/// What stands around a text that is a JSON array to make a row `e`, with its `value`, of each element.
pub(crate) fn elements(backend: DbBackend) -> (&'static str, &'static str) {
    if backend == DbBackend::Sqlite {
        ("json_each(", ")")
    } else {
        ("jsonb_array_elements(CAST(", " AS JSONB))")
    }
}

/// The same for an array of texts: each `value` is one of them.
pub(crate) fn text_elements(backend: DbBackend) -> (&'static str, &'static str) {
    if backend == DbBackend::Sqlite {
        ("json_each(", ")")
    } else {
        ("jsonb_array_elements_text(CAST(", " AS JSONB))")
    }
}

/// The value at a place of an element `e` that is an array, in the type of its column.
pub(crate) fn cell(backend: DbBackend, at: usize, column: &ColumnType) -> String {
    let text = format!("e.value ->> {at}");
    match (backend, column) {
        (_, ColumnType::Json | ColumnType::JsonBinary) => format!("NULLIF(e.value -> {at}, 'null')"),
        (DbBackend::Sqlite, ColumnType::Uuid) => format!("unhex({text})"),
        (DbBackend::Sqlite, _) => text,
        (_, ColumnType::Uuid) => format!("CAST({text} AS UUID)"),
        (_, ColumnType::Boolean) => format!("CAST({text} AS BOOLEAN)"),
        (_, ColumnType::BigInteger) => format!("CAST({text} AS BIGINT)"),
        (_, ColumnType::TimestampWithTimeZone) => format!("CAST({text} AS TIMESTAMPTZ)"),
        _ => text,
    }
}

/// About how many bytes a JSON document takes once it is read, told without reading it.
pub(crate) fn document_size(backend: DbBackend, document: &str) -> String {
    if backend == DbBackend::Sqlite {
        return format!("octet_length({document})");
    }
    // What is compressed has at most a hundred times as many bytes, where the server compresses as it does by default.
    let times = format!("CASE WHEN pg_column_compression({document}) IS NULL THEN 1 ELSE 100 END");
    format!("CAST(pg_column_size({document}) AS BIGINT) * {times}")
}

/// What stands before and behind a statement that goes to the database together with those behind it.
///
/// They must need nothing of each other: `PostgreSQL` runs all of them on what was there before.
pub(crate) fn together(backend: DbBackend, position: usize) -> (String, &'static str) {
    match (backend, position) {
        (DbBackend::Sqlite, _) => (String::new(), "; "),
        (_, 0) => ("WITH s0 AS (".to_owned(), ") "),
        (_, position) => (format!(", s{position} AS ("), ") "),
    }
}

/// `'$."name"."familyName"'`, which is a path of `SQLite` and of SQL/JSON alike.
fn sqlite_path(path: &[&str]) -> String {
    let step = |path: String, name: &&str| path + ".\"" + &name.replace('"', "\\\"") + "\"";
    literal(&path.iter().fold("$".to_owned(), step))
}

fn arrows(document: &str, path: &[&str]) -> String {
    path.iter().fold(document.to_owned(), |inside, name| format!("{inside} -> {}", literal(name)))
}

/// What stands around a text to take its last characters.
pub(crate) fn tail(backend: DbBackend, length: usize) -> (&'static str, String) {
    if backend == DbBackend::Sqlite {
        ("substr(", format!(", -{length})"))
    } else {
        ("right(", format!(", {length})"))
    }
}

/// A text that is compared code point by code point, as Rust does.
pub(crate) fn by_code_point(backend: DbBackend, text: &str) -> String {
    if backend == DbBackend::Postgres { format!("({text} COLLATE \"C\")") } else { text.to_owned() }
}

/// The place of a text in another one; zero where it is not.
pub(crate) fn place(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Sqlite { "instr" } else { "strpos" }
}

/// A literal of SQL for a name of our own, such as a schema's URI.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_holds_its_quotes() {
        assert_eq!(literal("it's"), "'it''s'");
    }
}
