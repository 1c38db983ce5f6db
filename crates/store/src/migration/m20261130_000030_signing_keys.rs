//! Each tenant has keys of its own with which what its streams carry is signed.

use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::run;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, SCHEMA).await
    }
}

const SCHEMA: &str = "
CREATE TABLE signing_keys (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    algorithm {text} NOT NULL,
    secret {bytes} NOT NULL,
    public {json} NOT NULL,
    created_at {time} NOT NULL,
    retired_at {time},
    PRIMARY KEY (tenant_id, id)
) {clustered};
";
