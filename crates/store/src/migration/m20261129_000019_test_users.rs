//! The test users of connections, by user name or e-mail address.

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
        let sqlite = manager.get_database_backend() == DbBackend::Sqlite;
        manager
            .get_connection()
            .execute_unprepared(if sqlite { SQLITE_SIZES } else { POSTGRES_SHARES })
            .await?;
        Ok(())
    }
}

const SCHEMA: &str = "
CREATE TABLE test_users (
    tenant_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_folded {text} NOT NULL,
    email_folded {text} NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, name_folded),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) {clustered};
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('test_users', 'test_users', '10 10 10 1');
ANALYZE sqlite_schema;
";

const POSTGRES_SHARES: &str = "ALTER TABLE test_users ALTER COLUMN tenant_id SET (n_distinct = 2)";
