//! A database that the release before owners left behind is migrated with all its data.

use crate::support::{empty_database, options};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, QueryResult, Statement};
use store::Store;

/// Tables whose rows all stay.
const TABLES: &[&str] = &[
    "tenants",
    "connections",
    "tokens",
    "users",
    "groups",
    "group_members",
    "parked_members",
    "pools",
    "bindings",
    "grants",
    "seats",
    "journal",
    "jobs",
    "requests",
    "quirk_uses",
];

/// Values that belong to a user: the old schema of PostgreSQL could keep values of a user that was gone. The words by
/// which people are found are new.
const VALUES_OF_USERS: &str = "SELECT COUNT(*) FROM user_values v JOIN users u \
                               ON u.tenant_id = v.tenant_id AND u.id = v.user_id WHERE v.attribute <> 'words'";

async fn number(database: &DatabaseConnection, query: &str) -> i64 {
    let statement = Statement::from_string(database.get_database_backend(), format!("SELECT ({query}) AS n"));
    let row = database.query_one_raw(statement).await.expect("readable").expect("a row");
    row.try_get("", "n").expect("a number")
}

async fn counts(database: &DatabaseConnection) -> Vec<(&'static str, i64)> {
    let mut counts = Vec::new();
    for table in TABLES {
        // Messages to the application were jobs that nothing could read, and the warnings of pools are new.
        let kept = if *table == "jobs" { " WHERE kind NOT IN ('tell-application', 'warn-pool')" } else { "" };
        counts.push((*table, number(database, &format!("SELECT COUNT(*) FROM {table}{kept}")).await));
    }
    counts.push(("user_values", number(database, VALUES_OF_USERS).await));
    counts
}

/// Parts of enrolments, in the order of users, where the enrolment is a document and where it is columns.
async fn enrolments(database: &DatabaseConnection, [cause, resumes, invited]: [&str; 3]) -> Vec<[String; 3]> {
    let query = format!(
        "SELECT COALESCE({cause}, '') AS cause, COALESCE({resumes}, '') AS resumes, COALESCE({invited}, '') AS invited \
         FROM users ORDER BY tenant_id, id"
    );
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await.expect("readable");
    let part = |row: &QueryResult, name| row.try_get::<String>("", name).expect("a text");
    rows.iter().map(|row| ["cause", "resumes", "invited"].map(|name| part(row, name))).collect()
}

#[tokio::test]
async fn nothing_is_lost_and_connections_that_stood_side_by_side_go_on_to_share() {
    let (url, _folder) = empty_database().await;
    let dump = if url.starts_with("sqlite") {
        include_str!("fixtures/before_operations.sqlite.sql")
    } else {
        include_str!("fixtures/before_operations.postgresql.sql")
    };
    let mut one = ConnectOptions::new(&url);
    let database = Database::connect(one.max_connections(1).to_owned()).await.expect("the database opens");
    if url.starts_with("sqlite") {
        // The dump names tables in the order of their names, not of their references.
        database.execute_unprepared("PRAGMA foreign_keys = OFF").await.expect("the references rest");
    }
    database.execute_unprepared(dump).await.expect("the dump is loaded");
    // One pool ends as pools do that were given a last day, the other one at nine o'clock.
    let midnight = "UPDATE pools SET expires_at = '2026-03-11T00:00:00+00:00' WHERE name = 'All' AND tenant_id = \
                    (SELECT id FROM tenants WHERE name = 'Beta')";
    database.execute_unprepared(midnight).await.expect("the pool ends at midnight");
    let later = "UPDATE pools SET expires_at = '2126-03-10T09:00:00+00:00' WHERE expires_at IS NOT NULL AND expires_at <> \
                 '2026-03-11T00:00:00+00:00'";
    database.execute_unprepared(later).await.expect("the other pool ends in a hundred years");
    let before = counts(&database).await;
    assert!(before.iter().all(|(_, rows)| *rows > 0), "the dump has rows of every kind: {before:?}");

    let document =
        ["enrolment ->> 'cause'", "enrolment ->> 'resumes'", "enrolment -> 'steps' ->> 'invitationSent'"];
    let enrolled = enrolments(&database, document).await;
    assert!(enrolled.iter().any(|[cause, ..]| !cause.is_empty()), "some people have a cause: {enrolled:?}");

    let store = Store::open(&options(&url)).await.expect("the database is migrated");
    let columns = ["enrolment_cause", "enrolment_resumes", "enrolment_steps ->> 'invitationSent'"];
    assert_eq!(enrolments(&database, columns).await, enrolled);
    assert_eq!(counts(&database).await, before);
    for (query, expected) in [
        ("SELECT COUNT(*) FROM connections WHERE shared = TRUE", 2),
        ("SELECT COUNT(*) FROM connections WHERE shared = FALSE", 1),
        (
            "SELECT COUNT(*) FROM groups g WHERE g.connection_id IS NULL AND EXISTS (SELECT 1 FROM journal j \
             JOIN connections c ON c.tenant_id = j.tenant_id AND c.name = j.actor_name WHERE j.tenant_id = g.tenant_id \
             AND j.subject_id = g.id AND j.kind = 'group-created' AND j.actor_kind = 'connection')",
            0,
        ),
        ("SELECT COUNT(*) FROM tenants WHERE time_zone <> 'UTC'", 0),
        (
            "SELECT COUNT(*) FROM pools WHERE last_day = '2026-03-10' AND expires_at > '2026-03-10T23:00:00+00:00'",
            1,
        ),
        ("SELECT COUNT(*) FROM pools WHERE last_day IS NOT NULL", 1),
        ("SELECT COUNT(*) FROM pools WHERE expires_at IS NOT NULL", 2),
        (
            "SELECT COUNT(*) FROM pools p WHERE NOT EXISTS (SELECT 1 FROM pool_changes h WHERE h.pool_id = p.id)",
            0,
        ),
        (
            "SELECT COUNT(*) FROM jobs WHERE kind = 'warn-pool' AND dedup LIKE 'warn-pool:________-____-____-____-____________'",
            1,
        ),
        (
            "SELECT COUNT(*) FROM user_values WHERE attribute <> 'words'",
            before.last().map_or(0, |(_, rows)| *rows),
        ),
    ] {
        assert_eq!(number(&database, query).await, expected, "{query}");
    }
    for tenant in store.tenants().await.expect("readable") {
        let (scope, _) = store.tenant(&tenant.name).await.expect("readable").expect("there");
        let unit = store.read(&scope).await.expect("a unit opens");
        let page = scim::protocol::list::Page { start_index: 1, count: 1_000 };
        let (total, users) = unit.users(None, page).await.expect("every user can be read");
        assert_eq!(total, users.len() as u64);
        let nothing = scim::protocol::list::Page { count: 0, ..page };
        assert_eq!(unit.users(None, nothing).await.expect("readable").0, total, "they are counted");
        unit.groups(None, page).await.expect("every group can be read");
    }
    store.close().await;
}
