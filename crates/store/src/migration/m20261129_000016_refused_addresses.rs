//! Of mail that was refused it is known whether its address was.

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

/// Of mail that was refused before, it stays as it was: every refusal counts.
const SCHEMA: &str = "
ALTER TABLE mail ADD COLUMN address_refused {bool} NOT NULL DEFAULT FALSE;
UPDATE mail SET address_refused = TRUE WHERE state = 'refused';
";
