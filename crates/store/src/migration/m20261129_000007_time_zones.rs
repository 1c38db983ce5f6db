//! A tenant has a time zone, and a pool keeps the last day that it was given.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::in_words_of;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        let last_day = if backend == DbBackend::Sqlite { SQLITE } else { POSTGRESQL };
        for statement in SCHEMA.split(";\n").chain([last_day]) {
            connection.execute_unprepared(&in_words_of(backend, statement)).await?;
        }
        Ok(())
    }
}

const SCHEMA: &str = "ALTER TABLE tenants ADD COLUMN time_zone {text} NOT NULL DEFAULT 'UTC';
ALTER TABLE pools ADD COLUMN last_day {date}";

/// Days ended at midnight in UTC until now, so what ends then was given as the day before. Nothing ends at another
/// instant before a tenant gets another time zone.
const SQLITE: &str = "UPDATE pools SET last_day = date(expires_at, '-1 day')
WHERE strftime('%H:%M:%f', expires_at) = '00:00:00.000'";

/// As on `SQLite`.
const POSTGRESQL: &str =
    "UPDATE pools SET last_day = CAST((expires_at AT TIME ZONE 'UTC') - INTERVAL '1 day' AS DATE)
WHERE CAST(expires_at AT TIME ZONE 'UTC' AS TIME) = '00:00:00'";
