//! Resources of types that files define, and values that are unique by the words of a schema.

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
        let sizes =
            if manager.get_database_backend() == DbBackend::Sqlite { SQLITE_SIZES } else { POSTGRES_SHARES };
        run(manager, sizes).await
    }
}

/// A connection that is deleted leaves its resources, as it leaves its groups.
const SCHEMA: &str = "
CREATE TABLE custom_resources (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    resource_type {text} NOT NULL,
    document {json} NOT NULL,
    search {json} NOT NULL,
    external_id {text},
    connection_id {uuid},
    created_at {time} NOT NULL,
    modified_at {time} NOT NULL,
    version {int} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE INDEX custom_resources_by_type ON custom_resources (tenant_id, resource_type, id);
CREATE INDEX custom_resources_by_external_id ON custom_resources (tenant_id, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE unique_values (
    tenant_id {uuid} NOT NULL,
    resource_type {text} NOT NULL,
    attribute {text} NOT NULL,
    value {text} NOT NULL,
    resource_id {uuid} NOT NULL,
    CONSTRAINT unique_value PRIMARY KEY (tenant_id, resource_type, attribute, value)
) {clustered};
CREATE INDEX unique_values_by_resource ON unique_values (tenant_id, resource_id);
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('custom_resources', 'custom_resources_by_type', '100000 100000 10000 1'),
    ('custom_resources', 'custom_resources_by_external_id', '100000 100000 1'),
    ('unique_values', 'unique_values', '100000 100000 10000 10000 1'),
    ('unique_values', 'unique_values_by_resource', '100000 100000 2');
ANALYZE sqlite_schema;
";

/// As for the other tables: an index that knows only the tenant is never the best one.
const POSTGRES_SHARES: &str = "
ALTER TABLE custom_resources ALTER COLUMN tenant_id SET (n_distinct = 2);
ALTER TABLE custom_resources ALTER COLUMN resource_type SET (n_distinct = 10);
ALTER TABLE unique_values ALTER COLUMN tenant_id SET (n_distinct = 2);
";
