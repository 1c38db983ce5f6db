//! Tests that a read touches the rows that it needs, whatever PostgreSQL believes about its tables: before anything was
//! analysed, and after.

use chrono::DateTime;
use provisioning::{GroupId, UserId};
use sea_orm::{ConnectionTrait as _, Database, Statement};
use uuid::Uuid;

use crate::{Options, ReadUnit, Store, TenantScope, Wanted, new_id};

/// 2,000 users and as many groups: each user is in one group, and all are in the first.
const FILL: &str = "
INSERT INTO tenants (id, name, name_folded, created_at) SELECT id('0', 0), 'T', 't', now();
INSERT INTO connections SELECT id('0', 0), id('c', n), 'c' || n, 'c' || n, 'generic', '[]', '[]',
    '{\"grace\":[0,0],\"invitationDelay\":[0,0]}', now() FROM generate_series(1, 2) n;
INSERT INTO users (tenant_id, id, document, search, user_name_folded, active, enrolment, enrolment_status, enrolment_known,
    restore_owed, connection_id, created_at, modified_at, version)
SELECT id('0', 0), id('a', n), jsonb_build_object('userName', 'u' || n), '{}', 'u' || n, TRUE, enrolled(), 'no-licence', FALSE,
    FALSE, id('c', 1 + n % 2), now(), now(), 1 FROM generate_series(1, 2000) n;
INSERT INTO groups (tenant_id, id, document, search, display_name, display_name_folded, connection_id, created_at, modified_at,
    version)
SELECT id('0', 0), id('b', n), jsonb_build_object('displayName', 'g' || n), '{}', 'g' || n, 'g' || n, id('c', 1), now(), now(), 1
FROM generate_series(1, 2000) n;
INSERT INTO group_members SELECT id('0', 0), id('b', n), id('a', n), 'User', now() FROM generate_series(1, 2000) n;
INSERT INTO group_members SELECT id('0', 0), id('b', 1), id('a', n), 'User', now() FROM generate_series(2, 2000) n
";

fn id(letter: char, number: u32) -> Uuid {
    format!("{letter}0000000-0000-0000-0000-{number:012}").parse().expect("an id")
}

/// How many rows the connection of the unit has touched so far, by scans and by indexes.
async fn touched(unit: &ReadUnit) -> i64 {
    let sum =
        "SELECT SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0))::BIGINT AS rows FROM pg_stat_xact_user_tables";
    let statement = Statement::from_string(unit.backend(), sum);
    let row = unit.transaction.query_one_raw(statement).await.expect("readable").expect("a row");
    row.try_get("", "rows").expect("a number")
}

#[tokio::test]
async fn reads_by_key_touch_few_rows_without_statistics_and_with() {
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    let Ok(server) = std::env::var("ROLLCALL_TEST_POSTGRES_URL") else { return };
    let name = format!("rollcall_test_{}", new_id(DateTime::UNIX_EPOCH).simple());
    let admin = Database::connect(&server).await.expect("the server is there");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("created");
    let url = format!("{}/{name}", server.rsplit_once('/').expect("a database").0);
    let options = Options { url: url.clone(), max_connections: 2, migrate: true, statement_limit: None };
    let store = Store::open(&options).await.expect("opens");
    let filler = Database::connect(&url).await.expect("the database is there");
    let unit = "'{\"status\":\"no-licence\"}'::JSONB";
    let functions = format!(
        "CREATE FUNCTION id(letter TEXT, n INT) RETURNS UUID LANGUAGE SQL AS
         $$ SELECT (letter || '0000000-0000-0000-0000-' || lpad(n::TEXT, 12, '0'))::UUID $$;
         CREATE FUNCTION enrolled() RETURNS JSONB LANGUAGE SQL AS $$ SELECT {unit} $$"
    );
    filler.execute_unprepared(&functions).await.expect("made");
    filler.execute_unprepared(FILL).await.expect("filled");

    let whole = TenantScope::of(id('0', 0));
    let one = store.read(&whole).await.expect("a unit opens").connections().await.expect("readable");
    let seen = one.first().expect("a connection").sight(&whole);
    for analysed in [false, true] {
        if analysed {
            filler.execute_unprepared("ANALYZE").await.expect("analysed");
        }
        for scope in [&whole, &seen] {
            let unit = store.read(scope).await.expect("a unit opens");
            let mut before = touched(&unit).await;
            let mut since = async |what: &str, most: i64| {
                let now = touched(&unit).await;
                let rows = now - std::mem::replace(&mut before, now);
                assert!(rows < most, "{what}: {rows} rows; analysed: {analysed}");
            };
            let user = UserId::new(id('a', 1_000));
            unit.whole_user(user, Wanted::ALL).await.expect("readable").expect("there");
            since("a user", 20).await;
            let members =
                unit.members_behind(&[GroupId::new(id('b', 1))], None, 100).await.expect("readable");
            assert_eq!(members.len(), 100);
            since("100 members of a group", 500).await;
            let situation = unit.facts(&[user], &[], DateTime::UNIX_EPOCH).await.expect("readable");
            assert_eq!(situation.people.len(), 1);
            since("the facts of a user", 20).await;
        }
    }
    store.close().await;
    filler.close().await.expect("closed");
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("dropped");
}
