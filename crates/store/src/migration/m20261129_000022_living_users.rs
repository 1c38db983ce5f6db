//! A page of users passes over no deleted ones.

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
        if manager.get_database_backend() == DbBackend::Sqlite {
            manager.get_connection().execute_unprepared(SQLITE_SIZES).await?;
        }
        Ok(())
    }
}

const SCHEMA: &str = "CREATE INDEX living_users ON users (tenant_id, id) WHERE deleted_at IS NULL;";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'living_users', '1000000 1000000 1');
ANALYZE sqlite_schema;
";
