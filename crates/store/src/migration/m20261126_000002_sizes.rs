//! Indexes by which workers find their jobs among those that no worker has taken, and what `SQLite` is to believe about
//! their sizes before there is any data.

use sea_orm::DbBackend;
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
