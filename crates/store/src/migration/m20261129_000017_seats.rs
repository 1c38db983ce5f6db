//! How pools change is kept, and what administrators were told about them.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::run;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        run(manager, SCHEMA).await?;
        let (hour, pool, id, rest) = if backend == DbBackend::Sqlite {
            ("strftime('%Y-%m-%dT%H:00:00+00:00', 'now')", SQLITE_ID, "randomblob(16)", SQLITE_SIZES)
        } else {
            ("date_trunc('hour', now())", "CAST(p.id AS TEXT)", "gen_random_uuid()", POSTGRES_SHARES)
        };
        let begin = format!(
            "INSERT INTO pool_changes (tenant_id, pool_id, at, bought, taken, freed, waiting) \
             SELECT p.tenant_id, p.id, {hour}, 0, 0, 0, 0 FROM pools p"
        );
        connection.execute_unprepared(&begin).await?;
        // The first ring of these timers sets them right.
        let payload = if backend == DbBackend::Sqlite { "json_object" } else { "json_build_object" };
        let warn = format!(
            "INSERT INTO jobs (tenant_id, id, kind, payload, state, run_at, dedup, attempt, created_at) \
             SELECT p.tenant_id, {id}, 'warn-pool', {payload}('pool', {pool}), 'ready', {hour}, \
             'warn-pool:' || {pool}, 0, {hour} FROM pools p WHERE p.expires_at > {hour}"
        );
        connection.execute_unprepared(&warn).await?;
        connection.execute_unprepared(rest).await?;
        Ok(())
    }
}

/// The first row of a pool is the beginning of its history: its creation, or this step.
const SCHEMA: &str = "
CREATE TABLE pool_changes (
    tenant_id {uuid} NOT NULL,
    pool_id {uuid} NOT NULL,
    at {time} NOT NULL,
    bought {int} NOT NULL,
    taken {int} NOT NULL,
    freed {int} NOT NULL,
    waiting {int} NOT NULL,
    PRIMARY KEY (tenant_id, pool_id, at),
    FOREIGN KEY (tenant_id, pool_id) REFERENCES pools (tenant_id, id) ON DELETE CASCADE
) {clustered};
ALTER TABLE pools ADD COLUMN end_told {int};
ALTER TABLE pools ADD COLUMN is_full {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE pools ADD COLUMN full_told_at {time};
";

/// An id as text.
const SQLITE_ID: &str = "lower(substr(hex(p.id), 1, 8) || '-' || substr(hex(p.id), 9, 4) || '-' || \
                         substr(hex(p.id), 13, 4) || '-' || substr(hex(p.id), 17, 4) || '-' || substr(hex(p.id), 21))";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('pool_changes', 'pool_changes', '100000 100000 1000 1');
ANALYZE sqlite_schema;
";

/// As for the other tables: an index that knows only the tenant is never the best one.
const POSTGRES_SHARES: &str = "
ALTER TABLE pool_changes ALTER COLUMN tenant_id SET (n_distinct = 2);
ALTER TABLE pool_changes ALTER COLUMN pool_id SET (n_distinct = 2);
";
