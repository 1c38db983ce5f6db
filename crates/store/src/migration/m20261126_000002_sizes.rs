//! Indexes by which workers find their jobs among those that nobody takes yet, and what the databases are to believe
//! about sizes before there is any data.

use sea_orm::{DbBackend, Statement};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(INDEXES).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            connection.execute_unprepared(SQLITE_SIZES).await?;
            return Ok(());
        }
        // Nothing is written without a tenant, so nobody's data can come in between the look and the TRUNCATE.
        connection.execute_unprepared("LOCK TABLE tenants IN EXCLUSIVE MODE").await?;
        let any = Statement::from_string(DbBackend::Postgres, "SELECT 1 FROM tenants LIMIT 1");
        let empty = connection.query_all_raw(any).await?.is_empty();
        if empty {
            connection.execute_unprepared(EXAMPLE).await?;
        }
        connection.execute_unprepared(&format!("ANALYZE {TABLES}")).await?;
        if empty {
            connection.execute_unprepared(&format!("TRUNCATE {TABLES}")).await?;
        }
        Ok(())
    }
}

const INDEXES: &str = "
DROP INDEX jobs_by_time;
CREATE INDEX jobs_ready ON jobs (kind, run_at) WHERE state = 'ready';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
";

/// As in the migration before: rows in all, then rows that agree on the first column, and so on.
const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('jobs', 'jobs_ready', '1000000 100000 1'), ('jobs', 'jobs_running', '10 1');
ANALYZE sqlite_schema;
";

const TABLES: &str = "tenants, connections, tokens, users, user_values, groups, group_members, parked_members, pools, \
    bindings, grants, seats, journal, jobs, requests, quirk_uses";

/// Tenants as an example for `PostgreSQL`'s ANALYZE: what it learned of their columns stays after they are gone.
///
/// Plans are made once for each connection, for foreign keys too. Made on empty tables, any index that begins with the
/// tenant is as good as any other, and whoever sends ten thousand people on the first day finds each of them by
/// reading all. The tenants are more than ANALYZE lists one by one: else a new one would look like the exception, and
/// every statement would be planned anew.
const EXAMPLE: &str = "
INSERT INTO tenants (id, name, name_folded, created_at)
SELECT gen_random_uuid(), 't' || n, 't' || n, now() FROM generate_series(1, 120) n;
INSERT INTO connections
    (tenant_id, id, name, name_folded, profile, with_quirks, without_quirks, policy, created_at)
SELECT t.id, gen_random_uuid(), t.name, t.name, 'generic', '[]', '[]', '{}', now() FROM tenants t;
INSERT INTO tokens (tenant_id, id, connection_id, hash, hint, created_at)
SELECT c.tenant_id, gen_random_uuid(), c.id, decode(md5(c.name), 'hex'), 'x', now() FROM connections c;
INSERT INTO users
    (tenant_id, id, document, search, user_name_folded, external_id, display_name, display_name_folded, active,
     enrolment, enrolment_status, enrolment_known, restore_owed, connection_id, created_at, modified_at, version)
SELECT c.tenant_id, gen_random_uuid(), '{}', '{}', c.name || n, c.name || n, c.name || n, c.name || n, true,
    '{}', 'pending', true, false, c.id, now(), now(), 1
FROM connections c, generate_series(1, 5) n;
INSERT INTO user_values (tenant_id, user_id, attribute, position, value, kind, is_primary)
SELECT u.tenant_id, u.id, a, 0, a || u.external_id, 'work', true
FROM users u, unnest(ARRAY['emails', 'phoneNumbers']) a;
INSERT INTO groups
    (tenant_id, id, document, search, display_name, display_name_folded, unique_name, external_id, created_at,
     modified_at, version)
SELECT t.id, gen_random_uuid(), '{}', '{}', t.name || n, t.name || n, t.name || n, t.name || n, now(), now(), 1
FROM tenants t, generate_series(1, 3) n;
INSERT INTO group_members (tenant_id, group_id, member_id, member_kind, added_at)
SELECT g.tenant_id, g.id, u.id, 'User', now() FROM groups g JOIN users u ON u.tenant_id = g.tenant_id;
INSERT INTO parked_members (tenant_id, group_id, value)
SELECT g.tenant_id, g.id, g.external_id || n FROM groups g, generate_series(1, 3) n;
INSERT INTO pools (tenant_id, id, name, name_folded, seats, used, policy, is_default, created_at)
SELECT t.id, gen_random_uuid(), 'p' || n, 'p' || n, 100, 0, 'queue', false, now()
FROM tenants t, generate_series(1, 2) n;
INSERT INTO bindings (tenant_id, group_id, pool_id, created_at)
SELECT g.tenant_id, g.id, p.id, now() FROM groups g JOIN pools p ON p.tenant_id = g.tenant_id AND p.name = 'p1';
INSERT INTO grants (tenant_id, user_id, pool_id, kind, created_at)
SELECT u.tenant_id, u.id, p.id, 'by-hand', now() FROM users u JOIN pools p ON p.tenant_id = u.tenant_id;
INSERT INTO seats (tenant_id, user_id, pool_id, state, since, overage)
SELECT tenant_id, user_id, pool_id, CASE WHEN random() < 0.1 THEN 'waiting' ELSE 'assigned' END,
    now() + random() * interval '1 day', false
FROM grants;
INSERT INTO journal
    (tenant_id, id, at, subject_kind, subject_id, kind, why, actor_kind, actor_name, cause)
SELECT u.tenant_id, gen_random_uuid(), now(), 'user', u.id, 'user-changed', 'x', 'connection', 'x', 'x'
FROM users u, generate_series(1, 2) n;
INSERT INTO jobs (tenant_id, id, kind, payload, state, run_at, dedup, attempt, created_at)
SELECT u.tenant_id, gen_random_uuid(), k, '{}', 'ready', now() + random() * interval '1 day', k || u.external_id, 0, now()
FROM users u, unnest(ARRAY['a', 'b', 'c']) k;
INSERT INTO requests
    (tenant_id, id, connection_id, at, method, path, status, duration_us, quirks, effects, ignored)
SELECT c.tenant_id, gen_random_uuid(), c.id, now() + random() * interval '1 day', 'GET', 'x', 200, 1, '[]', '[]', '[]'
FROM connections c, generate_series(1, 10) n;
INSERT INTO quirk_uses (tenant_id, connection_id, name, uses, last_at)
SELECT c.tenant_id, c.id, 'q' || n, 1, now() FROM connections c, generate_series(1, 2) n;
";
