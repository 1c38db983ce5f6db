//! What `PostgreSQL` is to believe about tenants, owners, groups and pools: each has a good part of a table, so that an
//! index that knows a row's key is always better than one that knows only a part of the key.

use sea_orm::{DbBackend, Statement};
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::few_values;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Sqlite {
            return Ok(());
        }
        let tenants = TABLES.iter().filter(|table| **table != "tenants").map(|table| (*table, "tenant_id"));
        let columns: Vec<(&str, &str)> = tenants.chain(SHARES).collect();
        few_values(manager, &columns).await?;
        // Nothing is written without a tenant, so no data can come in between the look and the TRUNCATE.
        connection.execute_unprepared("LOCK TABLE tenants IN EXCLUSIVE MODE").await?;
        let any = Statement::from_string(DbBackend::Postgres, "SELECT 1 FROM tenants LIMIT 1");
        let empty = connection.query_all_raw(any).await?.is_empty();
        if empty {
            connection.execute_unprepared(EXAMPLE).await?;
        }
        let tables = TABLES.join(", ");
        connection.execute_unprepared(&format!("ANALYZE {tables}")).await?;
        if empty {
            connection.execute_unprepared(&format!("TRUNCATE {tables}")).await?;
        }
        Ok(())
    }
}

const TABLES: [&str; 18] = [
    "tenants",
    "connections",
    "tokens",
    "users",
    "user_values",
    "user_counts",
    "groups",
    "group_members",
    "parked_members",
    "pools",
    "bindings",
    "grants",
    "seats",
    "conflicts",
    "journal",
    "jobs",
    "requests",
    "quirk_uses",
];

/// Other columns by whose value alone no row is to be looked for where more is known.
const SHARES: [(&str, &str); 6] = [
    ("users", "connection_id"),
    ("groups", "connection_id"),
    ("group_members", "group_id"),
    ("parked_members", "group_id"),
    ("grants", "pool_id"),
    ("seats", "pool_id"),
];

/// An example for ANALYZE, which learns what a column is like and remembers it when the rows are gone.
///
/// A tenant occurs once in a table, because ANALYZE lists values that occur more often one by one, and a tenant outside
/// such a list looks like one that has nothing.
const EXAMPLE: &str = "
INSERT INTO tenants (id, name, name_folded, created_at)
SELECT gen_random_uuid(), 't' || n, 't' || n, now() FROM generate_series(1, 1000) n;
INSERT INTO connections
    (tenant_id, id, name, name_folded, profile, with_quirks, without_quirks, policy, created_at)
SELECT t.id, gen_random_uuid(), t.name, t.name, 'generic', '[]', '[]', '{}', now() FROM tenants t;
INSERT INTO tokens (tenant_id, id, connection_id, hash, hint, created_at)
SELECT c.tenant_id, gen_random_uuid(), c.id, decode(md5(c.name), 'hex'), 'x', now() FROM connections c;
INSERT INTO users
    (tenant_id, id, document, search, user_name_folded, external_id, display_name, display_name_folded, active,
     enrolment, enrolment_status, enrolment_known, restore_owed, connection_id, created_at, modified_at, version)
SELECT c.tenant_id, gen_random_uuid(), '{}', '{}', c.name, c.name, c.name, c.name, true,
    '{}', 'pending', true, false, c.id, now(), now(), 1
FROM connections c;
INSERT INTO user_values (tenant_id, user_id, attribute, position, value, kind, is_primary)
SELECT u.tenant_id, u.id, 'emails', 0, u.external_id, 'work', true FROM users u;
INSERT INTO groups
    (tenant_id, id, document, search, display_name, display_name_folded, unique_name, external_id, created_at,
     modified_at, version)
SELECT t.id, gen_random_uuid(), '{}', '{}', t.name, t.name, t.name, t.name, now(), now(), 1
FROM tenants t;
INSERT INTO group_members (tenant_id, group_id, member_id, member_kind, added_at)
SELECT g.tenant_id, g.id, u.id, 'User', now() FROM groups g JOIN users u ON u.tenant_id = g.tenant_id;
INSERT INTO parked_members (tenant_id, group_id, value)
SELECT g.tenant_id, g.id, g.external_id FROM groups g;
INSERT INTO pools (tenant_id, id, name, name_folded, seats, used, policy, is_default, created_at)
SELECT t.id, gen_random_uuid(), 'p1', 'p1', 100, 0, 'queue', false, now()
FROM tenants t;
INSERT INTO bindings (tenant_id, group_id, pool_id, created_at)
SELECT g.tenant_id, g.id, p.id, now() FROM groups g JOIN pools p ON p.tenant_id = g.tenant_id;
INSERT INTO grants (tenant_id, user_id, pool_id, kind, created_at)
SELECT u.tenant_id, u.id, p.id, 'by-hand', now() FROM users u JOIN pools p ON p.tenant_id = u.tenant_id;
INSERT INTO seats (tenant_id, user_id, pool_id, state, since, overage)
SELECT tenant_id, user_id, pool_id, CASE WHEN random() < 0.1 THEN 'waiting' ELSE 'assigned' END,
    now() + random() * interval '1 day', false
FROM grants;
INSERT INTO journal
    (tenant_id, id, at, subject_kind, subject_id, kind, why, actor_kind, actor_name, cause)
SELECT u.tenant_id, gen_random_uuid(), now(), 'user', u.id, 'user-changed', 'x', 'connection', 'x', 'x'
FROM users u;
INSERT INTO jobs (tenant_id, id, kind, payload, state, run_at, dedup, attempt, created_at)
SELECT u.tenant_id, gen_random_uuid(), chr(97 + (row_number() OVER () % 10)::INT), '{}', 'ready', now() + random() * interval '1 day', u.external_id, 0, now()
FROM users u;
INSERT INTO requests
    (tenant_id, id, connection_id, at, method, path, status, duration_us, quirks, effects, ignored)
SELECT c.tenant_id, gen_random_uuid(), c.id, now() + random() * interval '1 day', 'GET', 'x', 200, 1, '[]', '[]', '[]'
FROM connections c;
INSERT INTO conflicts (tenant_id, connection_id, user_id, user_name, attempts, first_at, last_at)
SELECT u.tenant_id, u.connection_id, u.id, u.external_id, 1, now(), now() FROM users u;
INSERT INTO quirk_uses (tenant_id, connection_id, name, uses, last_at)
SELECT c.tenant_id, c.id, 'q', 1, now() FROM connections c;
";
