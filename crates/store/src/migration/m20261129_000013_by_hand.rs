//! What administrators say about people by hand, and people who come by a file.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::{few_values, run};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        run(manager, SCHEMA).await?;
        if backend == DbBackend::Sqlite {
            connection.execute_unprepared(SQLITE_SIZES).await?;
            return Ok(());
        }
        let columns = [
            ("withheld", "tenant_id"),
            ("imports", "tenant_id"),
            ("import_rows", "tenant_id"),
            ("import_rows", "import_id"),
        ];
        few_values(manager, &columns).await
    }
}

/// What stands on a user's row is null where nothing was said.
const SCHEMA: &str = "
ALTER TABLE users ADD COLUMN deactivated_by_hand_at {time};
ALTER TABLE users ADD COLUMN held_domain {text};
ALTER TABLE users ADD COLUMN flagged_domain {text};

CREATE TABLE withheld (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    pool_id {uuid} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, user_id, pool_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, pool_id) REFERENCES pools (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX withheld_by_pool ON withheld (tenant_id, pool_id);

CREATE TABLE imports (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    operator {text} NOT NULL,
    pool_id {uuid},
    state {text} NOT NULL,
    total {int} NOT NULL,
    created_at {time} NOT NULL,
    ended_at {time},
    PRIMARY KEY (tenant_id, id)
) {end};

CREATE TABLE import_rows (
    tenant_id {uuid} NOT NULL,
    import_id {uuid} NOT NULL,
    number {int} NOT NULL,
    name {text} NOT NULL,
    email {text} NOT NULL,
    user_name {text} NOT NULL,
    verdict {text} NOT NULL,
    reason {text},
    user_id {uuid},
    PRIMARY KEY (tenant_id, import_id, number),
    FOREIGN KEY (tenant_id, import_id) REFERENCES imports (tenant_id, id) ON DELETE CASCADE
) {clustered};
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('withheld', 'withheld', '10000 10000 2 1'), ('withheld', 'withheld_by_pool', '10000 10000 1000'),
    ('imports', 'sqlite_autoindex_imports_1', '100 100 1'),
    ('import_rows', 'import_rows', '1000000 1000000 50000 1');
ANALYZE sqlite_schema;
";
