//! Which attributes have all their values among the unique ones, and whose resources of other types are.

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
        few_values(manager, &[("unique_attributes", "tenant_id")]).await
    }
}

const SCHEMA: &str = "
CREATE TABLE unique_attributes (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    resource_type {text} NOT NULL,
    attribute {text} NOT NULL,
    form {text} NOT NULL,
    PRIMARY KEY (tenant_id, resource_type, attribute)
) {clustered};
CREATE INDEX custom_resources_by_owner ON custom_resources (tenant_id, connection_id, id);
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('unique_attributes', 'unique_attributes', '100 100 10 1'),
    ('custom_resources', 'custom_resources_by_owner', '100000 100000 10000 1');
ANALYZE sqlite_schema;
";
