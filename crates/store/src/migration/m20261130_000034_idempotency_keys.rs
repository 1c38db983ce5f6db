//! Keys by which a client that sends a request again gets what the first one created.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::{few_values, run};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, SCHEMA).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            return run(manager, SQLITE_SIZES).await;
        }
        few_values(manager, &[("idempotency_keys", "tenant_id"), ("idempotency_keys", "connection_id")]).await
    }
}

const SCHEMA: &str = "
CREATE TABLE idempotency_keys (
    tenant_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    key {text} NOT NULL,
    request {bytes} NOT NULL,
    resource_id {uuid} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, key),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (tenant_id, created_at);
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('idempotency_keys', 'idempotency_keys', '100000 100000 10000 1'),
    ('idempotency_keys', 'idempotency_keys_by_age', '100000 100000 1');
ANALYZE sqlite_schema;
";
