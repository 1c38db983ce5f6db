//! A page of the users of one status passes over no others.

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

const SCHEMA: &str = "CREATE INDEX users_by_status ON users (tenant_id, enrolment_status, user_name_folded) \
                      WHERE deleted_at IS NULL;";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('users', 'users_by_status', '1000000 1000000 200000 1');
ANALYZE sqlite_schema;
";
