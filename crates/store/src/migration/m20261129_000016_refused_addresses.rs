//! Of mail that was refused it is known whether its address was.

use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::in_words_of;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        for statement in SCHEMA.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
            connection.execute_unprepared(&in_words_of(backend, statement)).await?;
        }
        Ok(())
    }
}

/// Of mail that was refused before, it stays as it was: every refusal counts.
const SCHEMA: &str = "
ALTER TABLE mail ADD COLUMN address_refused {bool} NOT NULL DEFAULT FALSE;
UPDATE mail SET address_refused = TRUE WHERE state = 'refused';
";
