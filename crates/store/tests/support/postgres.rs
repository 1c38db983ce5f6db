//! Databases on the PostgreSQL server of the tests: an empty one, or a copy of one that was migrated once.
//!
//! The tests of the server include this file as well. All names begin with `rollcall_test_`. They stay on the server
//! after the tests, so that a failure can be looked into; a developer's own server drops them by that beginning.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../src/migration/", $name, ".rs")))),*]
    };
}

/// Name and text of every migration, oldest first; a test compares the names with those that really run.
pub(crate) const MIGRATIONS: &[(&str, &str)] = migrations![
    "m20261122_000001_initial",
    "m20261126_000002_sizes",
    "m20261126_000003_arrivals",
    "m20261129_000004_owners",
    "m20261129_000005_conflicts",
    "m20261129_000006_counts",
    "m20261129_000007_time_zones",
    "m20261129_000008_shares",
    "m20261129_000009_enrolment",
    "m20261129_000010_journey",
    "m20261129_000011_feed",
    "m20261129_000012_reminders",
    "m20261129_000013_by_hand",
    "m20261129_000014_administrators",
    "m20261129_000015_brake",
    "m20261129_000016_refused_addresses",
    "m20261129_000017_seats",
    "m20261129_000018_priorities",
    "m20261129_000019_test_users",
    "m20261129_000020_dynamic_groups",
    "m20261129_000021_sign_in",
    "m20261129_000022_living_users",
    "m20261129_000023_journal_in_order",
    "m20261130_000024_words",
    "m20261130_000025_statuses",
    "m20261130_000026_single_sign_on",
    "m20261130_000027_walk_places",
    "m20261130_000028_oauth",
    "m20261130_000029_streams",
    "m20261130_000030_signing_keys",
    "m20261130_000031_deferred",
    "m20261130_000032_custom_resources",
    "m20261130_000033_catalogue",
    "m20261130_000034_idempotency_keys",
    "m20261130_000035_unique_attributes",
];

/// The URL of the server on which tests may make databases, where there is one.
pub(crate) fn server() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the runner of the tests names the server")]
    std::env::var("ROLLCALL_TEST_POSTGRES_URL").ok()
}

/// The URL of a new database without a schema.
pub(crate) async fn empty(server: &str) -> String {
    let mut admin = connect(server).await;
    let name = new_name(&mut admin).await;
    create(&mut admin, &name).await;
    admin.close().await.expect("closed");
    url_of(server, &name)
}

/// The URL of a new database with the schema of today. The first test that needs it, of however many processes, has
/// `migrate` make the database of which all others are copies.
pub(crate) async fn migrated(server: &str, migrate: impl AsyncFnOnce(&str)) -> String {
    let mut admin = connect(server).await;
    let template = template_name();
    if !is_template(&mut admin, &template).await {
        run(&mut admin, &format!("SELECT pg_advisory_lock({})", key())).await;
        if !is_template(&mut admin, &template).await {
            // What a killed test began is no template yet.
            run(&mut admin, &format!("DROP DATABASE IF EXISTS \"{template}\" WITH (FORCE)")).await;
            create(&mut admin, &template).await;
            migrate(&url_of(server, &template)).await;
            // From here on nobody can connect to it, so it can be copied at any time.
            let close = format!("ALTER DATABASE \"{template}\" IS_TEMPLATE true ALLOW_CONNECTIONS false");
            run(&mut admin, &close).await;
        }
        run(&mut admin, &format!("SELECT pg_advisory_unlock({})", key())).await;
    }
    let name = new_name(&mut admin).await;
    run(&mut admin, &format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"")).await;
    admin.close().await.expect("closed");
    url_of(server, &name)
}

/// What stands for the schema: other migrations have another template, so that one of old migrations is never copied.
fn key() -> i64 {
    let mut hasher = DefaultHasher::new();
    MIGRATIONS.hash(&mut hasher);
    hasher.finish().cast_signed()
}

fn template_name() -> String {
    format!("rollcall_test_template_{:016x}", key())
}

/// A name that no other test has, of any process.
async fn new_name(admin: &mut PgConnection) -> String {
    let query = "SELECT 'rollcall_test_' || replace(gen_random_uuid()::text, '-', '')";
    sqlx::query_scalar(query).fetch_one(admin).await.expect("a name")
}

/// Whether this database was made to its end.
async fn is_template(admin: &mut PgConnection, name: &str) -> bool {
    let query = "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)";
    sqlx::query_scalar(query).bind(name).fetch_one(admin).await.expect("the catalogue is readable")
}

/// Makes a database that sorts as people do where the server can: it shows every comparison that forgets to say
/// otherwise.
async fn create(admin: &mut PgConnection, name: &str) {
    let plain = format!("CREATE DATABASE \"{name}\" TEMPLATE template0");
    let linguistic = format!("{plain} LOCALE_PROVIDER icu ICU_LOCALE 'und'");
    if admin.execute(AssertSqlSafe(linguistic)).await.is_err() {
        run(admin, &plain).await;
    }
}

async fn connect(server: &str) -> PgConnection {
    PgConnection::connect(server).await.expect("the server is there")
}

async fn run(admin: &mut PgConnection, statement: &str) {
    let run = admin.execute(AssertSqlSafe(statement.to_owned())).await;
    run.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

fn url_of(server: &str, database: &str) -> String {
    let (address, settings) = server.split_at(server.find('?').unwrap_or(server.len()));
    let (front, _) = address.rsplit_once('/').expect("a URL with a database");
    format!("{front}/{database}{settings}")
}
