//! Requests whose clients do not wait for the end, and what came of them.

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
        let connection = manager.get_connection();
        let sizes = if manager.get_database_backend() == DbBackend::Sqlite {
            SQLITE_SIZES
        } else {
            "ALTER TABLE deferred_requests ALTER COLUMN tenant_id SET (n_distinct = 2)"
        };
        connection.execute_unprepared(sizes).await?;
        Ok(())
    }
}

const SCHEMA: &str = "
CREATE TABLE deferred_requests (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    request {bytes},
    bulk {bool} NOT NULL,
    done {bool} NOT NULL,
    runner {uuid},
    runs_until {time},
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) {end};
CREATE INDEX deferred_requests_in_order ON deferred_requests (tenant_id, connection_id, done, id);

CREATE TABLE deferred_operations (
    tenant_id {uuid} NOT NULL,
    request_id {uuid} NOT NULL,
    number {int} NOT NULL,
    set_id {uuid} NOT NULL,
    applied {text},
    completion {json},
    done_at {time},
    PRIMARY KEY (tenant_id, request_id, number),
    FOREIGN KEY (tenant_id, request_id) REFERENCES deferred_requests (tenant_id, id) ON DELETE CASCADE
) {clustered};
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('deferred_requests', 'sqlite_autoindex_deferred_requests_1', '100000 100000 1'),
    ('deferred_requests', 'deferred_requests_in_order', '100000 100000 50000 1000 1'),
    ('deferred_operations', 'deferred_operations', '100000 100000 10 1');
ANALYZE sqlite_schema;
";
