//! Where clients are that read a list page by page, by index.

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
            "ALTER TABLE walk_places ALTER COLUMN tenant_id SET (n_distinct = 2)"
        };
        connection.execute_unprepared(sizes).await?;
        Ok(())
    }
}

const SCHEMA: &str = "
CREATE TABLE walk_places (
    tenant_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    list {bytes} NOT NULL,
    start_index {int} NOT NULL,
    walk_id {uuid} NOT NULL,
    place {json} NOT NULL,
    total {int} NOT NULL,
    ended {bool} NOT NULL,
    good_until {time} NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, list, start_index, walk_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX walk_places_by_age ON walk_places (tenant_id, connection_id, good_until);
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('walk_places', 'walk_places', '1000 1000 1000 100 1 1'),
    ('walk_places', 'walk_places_by_age', '1000 1000 1000 1');
ANALYZE sqlite_schema;
";
