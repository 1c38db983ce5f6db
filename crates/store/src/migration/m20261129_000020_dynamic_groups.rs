//! Dynamic groups: the grace of a group, and grants that people keep for it after they left.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::run;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, SCHEMA).await?;
        let backend = manager.get_database_backend();
        let shares = if backend == DbBackend::Sqlite { SQLITE_SIZES } else { POSTGRES_SHARES };
        manager.get_connection().execute_unprepared(shares).await?;
        Ok(())
    }
}

/// A group without hours is static. Only a grant that somebody keeps for the grace of a group names a group.
const SCHEMA: &str = "
ALTER TABLE groups ADD COLUMN grace_hours {int};
ALTER TABLE grants ADD COLUMN group_id {uuid};
ALTER TABLE grants ADD COLUMN connection_id {uuid};
CREATE INDEX grants_by_group ON grants (tenant_id, group_id, created_at) WHERE group_id IS NOT NULL;
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('grants', 'grants_by_group', '10000 10000 100 1');
ANALYZE sqlite_schema;
";

/// As for the other tables: an index that knows only the tenant is never the best one.
const POSTGRES_SHARES: &str = "ALTER TABLE grants ALTER COLUMN group_id SET (n_distinct = 2);";
