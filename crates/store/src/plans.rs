//! Tests that a read touches the rows that it needs, whatever PostgreSQL believes about its tables: before anything was
//! analysed, and after.

use chrono::DateTime;
use provisioning::{GroupId, PoolId, UserId};
use scim::protocol::list::Page;
use sea_orm::{ConnectionTrait as _, Database, Statement};
use uuid::Uuid;

use crate::{Claim, MemberKind, Options, ReadUnit, Store, Stretch, TenantScope, Wanted, new_id};

/// Statistics come from the test alone, and not from a helper of PostgreSQL that passes by.
const UNDISTURBED: &str = "
DO $$ DECLARE one TEXT; BEGIN
    FOR one IN SELECT relid::regclass::text FROM pg_stat_user_tables LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', one);
    END LOOP;
END $$
";

/// Two connections.
const BEGIN: &str = "
INSERT INTO tenants (id, name, name_folded, created_at) SELECT id('0', 0), 'T', 't', now();
INSERT INTO connections SELECT id('0', 0), id('c', n), 'c' || n, 'c' || n, 'generic', '[]', '[]',
    '{\"grace\":[0,0],\"invitationDelay\":[0,0]}', now() FROM generate_series(1, 2) n
";

/// Users of these numbers and as many groups: each user is in one group.
const FILL: &str = "
INSERT INTO users (tenant_id, id, document, search, user_name_folded, active, enrolment_status,
    restore_owed, connection_id, created_at, modified_at, version)
SELECT id('0', 0), id('a', n), jsonb_build_object('userName', 'u' || n), '{}', 'u' || n, TRUE, 'pending',
    FALSE, id('c', 1 + n % 2), now(), now(), 1 FROM generate_series(FIRST, LAST) n;
INSERT INTO groups (tenant_id, id, document, search, display_name, display_name_folded, connection_id, created_at, modified_at,
    version)
SELECT id('0', 0), id('b', n), jsonb_build_object('displayName', 'g' || n), '{}', 'g' || n, 'g' || n, id('c', 1), now(), now(), 1
FROM generate_series(FIRST, LAST) n;
INSERT INTO group_members SELECT id('0', 0), id('b', n), id('a', n), 'User', now() FROM generate_series(FIRST, LAST) n;
INSERT INTO custom_resources (tenant_id, id, resource_type, document, search, created_at, modified_at, version)
SELECT id('0', 0), id('f', n), 'Device', jsonb_build_object('displayName', repeat('d', 300)), '{}', now(), now(), 1
FROM generate_series(FIRST, LAST) n;
INSERT INTO pools (tenant_id, id, name, name_folded, seats, used, policy, is_default, created_at)
SELECT id('0', 0), id('d', 1), 'p', 'p', 1, 0, 'queue', FALSE, now() ON CONFLICT DO NOTHING;
INSERT INTO jobs (tenant_id, id, kind, payload, state, run_at, attempt, created_at)
SELECT id('0', 0), id('e', n), 'a', '{}', 'ready', now(), 0, now() FROM generate_series(FIRST, LAST) n;
INSERT INTO grants (tenant_id, user_id, pool_id, kind, created_at)
SELECT id('0', 0), id('a', n), id('d', 1), 'by-hand', now() FROM generate_series(FIRST, LAST) n
";

/// The other users come into the first group.
const GATHER: &str = "
INSERT INTO group_members SELECT id('0', 0), id('b', 1), id('a', n), 'User', now() FROM generate_series(2, LAST) n
";

/// As many users who were deleted, before all others in the order of ids.
const DELETE: &str = "
INSERT INTO users (tenant_id, id, document, search, user_name_folded, active, enrolment_status,
    restore_owed, connection_id, created_at, modified_at, version, deleted_at, ended_at, apart)
SELECT id('0', 0), id('9', n), '{}', '{}', 'd' || n, TRUE, 'no-licence',
    FALSE, id('c', 1 + n % 2), now(), now(), 1, now(), now(), id('9', n) FROM generate_series(1, LAST) n
";

/// Users and groups at the end.
const ROWS: u32 = 10_000;

/// How often a statement is run while there is little to read: PostgreSQL decides on a lasting plan after five times.
const EARLY: usize = 20;

/// Resources of a page.
const PAGE: Page = Page { start_index: 1, count: 100 };

/// How many ids a read names: one, and as many as a portion or a push of members has.
const NAMED: [u32; 2] = [1, 64];

fn id(letter: char, number: u32) -> Uuid {
    format!("{letter}0000000-0000-0000-0000-{number:012}").parse().expect("an id")
}

/// Counts the rows that the connection of a unit touches, by scans and by indexes.
struct Watch {
    so_far: i64,
    /// Whether the counts must be small.
    strict: bool,
}

impl Watch {
    async fn new(unit: &ReadUnit, strict: bool) -> Self {
        Self { so_far: touched(unit).await, strict }
    }

    /// Says that the unit should have touched at most this many rows since the last look.
    async fn at_most(&mut self, unit: &ReadUnit, most: i64, what: &str) {
        let now = touched(unit).await;
        let rows = now - std::mem::replace(&mut self.so_far, now);
        assert!(rows <= most || !self.strict, "{what}: {rows} rows touched, at most {most} are needed");
    }
}

async fn touched(unit: &ReadUnit) -> i64 {
    let sum =
        "SELECT SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0))::BIGINT AS rows FROM pg_stat_xact_user_tables";
    let statement = Statement::from_string(unit.backend(), sum);
    let row = unit.transaction.query_one_raw(statement).await.expect("readable").expect("a row");
    row.try_get("", "rows").expect("a number")
}

/// Reads by key and by page, of users and groups that there are from the beginning.
async fn read_everything(unit: &ReadUnit, strict: bool) {
    let mut watch = Watch::new(unit, strict).await;
    let group = GroupId::new(id('b', 1));
    for named in NAMED {
        let ids: Vec<Uuid> = (1..=named).map(|number| id('a', number)).collect();
        let users: Vec<UserId> = ids.iter().copied().map(UserId::new).collect();
        let each = i64::from(named);
        let what = |read: &str| format!("{read} of {named}");
        unit.users_among(&users).await.expect("readable");
        watch.at_most(unit, 6 * each, &what("users by id")).await;
        unit.owners_of(&users).await.expect("readable");
        watch.at_most(unit, 2 * each, &what("owners")).await;
        unit.computed(&users, Wanted::ALL).await.expect("readable");
        watch.at_most(unit, 20 * each, &what("computed parts")).await;
        unit.facts(&users, &[], DateTime::UNIX_EPOCH).await.expect("readable");
        watch.at_most(unit, 20 * each, &what("facts")).await;
        unit.members_among(group, &ids).await.expect("readable");
        watch.at_most(unit, 4 * each, &what("members by id")).await;
        unit.names_of(&ids).await.expect("readable");
        watch.at_most(unit, 4 * each, &what("names")).await;
    }
    let look = Claim::of(&["a", "b", "c"], 10).look(DateTime::UNIX_EPOCH);
    assert_eq!(unit.transaction.run(look).await.expect("readable"), 0, "no job is due");
    watch.at_most(unit, 20, "a look for jobs").await;
    unit.whole_user(UserId::new(id('a', 8)), Wanted::ALL).await.expect("readable").expect("there");
    watch.at_most(unit, 20, "a user").await;
    unit.members_behind(&[group], None, 100).await.expect("readable");
    watch.at_most(unit, 500, "100 members of a group").await;
    unit.members_page(group, None, 100).await.expect("readable");
    watch.at_most(unit, 500, "a page of members").await;
    unit.list_users(None, None, &Stretch::of(PAGE), Wanted::ALL)
        .await
        .expect("readable")
        .all()
        .await
        .expect("readable");
    // With the sight of one of two connections half of the users are passed over.
    watch.at_most(unit, 1_500, "a page of users").await;
    unit.group(group).await.expect("readable");
    watch.at_most(unit, 2, "a group").await;
    unit.list_groups(None, None, &Stretch::of(PAGE)).await.expect("readable").all().await.expect("readable");
    // How many groups there are is counted, one by one.
    watch.at_most(unit, i64::from(ROWS) + 500, "a page of groups").await;
}

/// Changes by key, of which nothing stays.
async fn change_everything(store: &Store, scope: &TenantScope, strict: bool) {
    let mut unit = store.write(scope).await.expect("a unit opens");
    let mut watch = Watch::new(&unit, strict).await;
    let group = GroupId::new(id('b', 1));
    for named in NAMED {
        let ids: Vec<Uuid> = (1..=named).map(|number| id('a', number)).collect();
        let members: Vec<(Uuid, MemberKind)> = ids.iter().map(|id| (*id, MemberKind::User)).collect();
        let devices: Vec<Uuid> = (1..=named).map(|number| id('f', number)).collect();
        let users: Vec<UserId> = ids.iter().copied().map(UserId::new).collect();
        let (each, what) = (i64::from(named), |change: &str| format!("{change} of {named}"));
        unit.lock_people(&ids).await.expect("locked");
        unit.lock_facts(&users, &[], DateTime::UNIX_EPOCH).await.expect("locked");
        watch.at_most(&unit, 20 * each, &what("locks")).await;
        let removed = unit.remove_members(group, &ids).await.expect("removed");
        assert_eq!(removed.len(), ids.len());
        watch.at_most(&unit, 8 * each, &what("removal")).await;
        unit.add_members(group, &members, DateTime::UNIX_EPOCH).await.expect("added");
        watch.at_most(&unit, 8 * each, &what("addition")).await;
        let kind = MemberKind::Resource("Device".to_owned());
        let members: Vec<_> = devices.iter().map(|id| (*id, kind.clone())).collect();
        unit.add_members(group, &members, DateTime::UNIX_EPOCH).await.expect("added");
        watch.at_most(&unit, 8 * each, &what("addition of devices")).await;
        unit.names_of_members(&devices).await.expect("readable");
        watch.at_most(&unit, 4 * each, &what("names of devices")).await;
        unit.remove_members(group, &devices).await.expect("removed");
        watch.at_most(&unit, 8 * each, &what("removal of devices")).await;
        unit.delete_grants(&users, PoolId::new(id('d', 1))).await.expect("deleted");
        watch.at_most(&unit, 8 * each, &what("grants")).await;
        unit.linger(group, &ids, None, DateTime::UNIX_EPOCH).await.expect("kept");
        unit.linger_no_more(group, &ids).await.expect("back");
        watch.at_most(&unit, 8 * each, &what("lingering")).await;
    }
}

#[tokio::test]
async fn reads_touch_few_rows_in_a_table_that_has_grown_and_in_one_that_was_analysed() {
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    let Ok(server) = std::env::var("ROLLCALL_TEST_POSTGRES_URL") else { return };
    let name = format!("rollcall_test_{}", new_id(DateTime::UNIX_EPOCH).simple());
    let admin = Database::connect(&server).await.expect("the server is there");
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("created");
    let url = format!("{}/{name}", server.rsplit_once('/').expect("a database").0);
    let options = Options { url: url.clone(), max_connections: 2, migrate: true, statement_limit: None };
    let store = Store::open(&options).await.expect("opens");
    let filler = Database::connect(&url).await.expect("the database is there");
    let function = "CREATE FUNCTION id(letter TEXT, n INT) RETURNS UUID LANGUAGE SQL AS
        $$ SELECT (letter || '0000000-0000-0000-0000-' || lpad(n::TEXT, 12, '0'))::UUID $$";
    filler.execute_unprepared(function).await.expect("made");
    filler.execute_unprepared(UNDISTURBED).await.expect("switched off");
    let fill = |first, last| FILL.replace("FIRST", first).replace("LAST", last);
    filler.execute_unprepared(BEGIN).await.expect("filled");
    filler.execute_unprepared(&fill("1", "100")).await.expect("filled");
    filler.execute_unprepared(&GATHER.replace("LAST", "100")).await.expect("filled");

    let whole = TenantScope::of(id('0', 0));
    let one = store.read(&whole).await.expect("a unit opens").connections().await.expect("readable");
    let seen = one.first().expect("a connection").sight(&whole);
    let scopes = [&whole, &seen];
    for scope in scopes.repeat(EARLY) {
        read_everything(&store.read(scope).await.expect("a unit opens"), false).await;
        change_everything(&store, scope, false).await;
    }
    let last = ROWS.to_string();
    filler.execute_unprepared(&fill("101", &last)).await.expect("filled");
    filler.execute_unprepared(&GATHER.replace("2, LAST", &format!("101, {last}"))).await.expect("filled");
    filler.execute_unprepared(&DELETE.replace("LAST", &last)).await.expect("filled");
    // Plans of small tables go when they are some seconds old.
    let units = [store.read(&whole).await.expect("opens"), store.read(&whole).await.expect("opens")];
    for unit in &units {
        unit.transaction.connection().age_plans();
    }
    drop(units);
    for analysis in ["SELECT 1", "ANALYZE"] {
        filler.execute_unprepared(analysis).await.expect("analysed");
        for scope in scopes.repeat(2) {
            read_everything(&store.read(scope).await.expect("a unit opens"), true).await;
            change_everything(&store, scope, true).await;
        }
    }
    store.close().await;
    filler.close().await.expect("closed");
    admin.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await.expect("dropped");
}
