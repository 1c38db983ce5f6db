//! How pools change is kept.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::in_words_of;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        for statement in SCHEMA.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
            connection.execute_unprepared(&in_words_of(backend, statement)).await?;
        }
        let (hour, rest) = if backend == DbBackend::Sqlite {
            ("strftime('%Y-%m-%dT%H:00:00+00:00', 'now')", SQLITE_SIZES)
        } else {
            ("date_trunc('hour', now())", POSTGRES_SHARES)
        };
        let begin = format!(
            "INSERT INTO pool_changes (tenant_id, pool_id, at, bought, taken, freed, waiting) \
             SELECT p.tenant_id, p.id, {hour}, 0, 0, 0, 0 FROM pools p"
        );
        connection.execute_unprepared(&begin).await?;
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
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('pool_changes', 'pool_changes', '100000 100000 1000 1');
ANALYZE sqlite_schema;
";

/// As for the other tables: an index that knows only the tenant is never the best one.
const POSTGRES_SHARES: &str = "
ALTER TABLE pool_changes ALTER COLUMN tenant_id SET (n_distinct = 2);
ALTER TABLE pool_changes ALTER COLUMN pool_id SET (n_distinct = 2);
";
