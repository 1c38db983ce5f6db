//! What makes creating people cheaper on `PostgreSQL`: a question that one statement can ask behind the gates, and
//! values without a foreign key.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(UNAWAITED).await?;
            manager.get_connection().execute_unprepared(VALUES).await?;
        }
        Ok(())
    }
}

/// Whether no group waits for any of these names, and no pool is for people who are in no group.
///
/// A statement sees what was there when it began, and at a gate it may have waited since. What a `VOLATILE` function
/// asks sees what is there by the time of the asking.
const UNAWAITED: &str = "
CREATE FUNCTION unawaited(tenant UUID, names JSONB) RETURNS BOOLEAN LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN NOT EXISTS (
        SELECT 1 FROM jsonb_array_elements_text(names) called
        CROSS JOIN LATERAL (
            SELECT 1 FROM parked_members p WHERE p.tenant_id = tenant AND p.value = called.value OFFSET 0
        ) p
    ) AND NOT EXISTS (
        SELECT 1 FROM pools q WHERE q.tenant_id = tenant AND (q.rule IS NOT NULL OR q.is_default)
    );
END
$$";

/// A key costs a query for each row, a tenth of what creating a person takes. The values are written only beside the
/// user, whose row is locked then, and deleted with the user by `delete_user`.
const VALUES: &str = "ALTER TABLE user_values DROP CONSTRAINT user_values_tenant_id_user_id_fkey";
