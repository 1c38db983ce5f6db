//! The journal is followed in the order of commits: an entry that commits late is never skipped.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::run;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, "ALTER TABLE journal ADD COLUMN position {order}").await?;
            return run(manager, IN_ORDER).await;
        }
        run(manager, SQLITE_TABLE).await?;
        run(manager, IN_ORDER).await?;
        manager.get_connection().execute_unprepared(SQLITE_SIZES).await?;
        Ok(())
    }
}

/// A table of `SQLite` gets no such column later, so the entries move to a new one in the order of their times.
const SQLITE_TABLE: &str = "
CREATE TABLE journal_in_order (
    position {order},
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    at {time} NOT NULL,
    subject_kind {text} NOT NULL,
    subject_id {uuid} NOT NULL,
    kind {text} NOT NULL,
    why {text} NOT NULL,
    before_value {json},
    after_value {json},
    actor_kind {text} NOT NULL,
    actor_name {text} NOT NULL,
    cause {text} NOT NULL,
    UNIQUE (tenant_id, id)
) {end};
INSERT INTO journal_in_order (tenant_id, id, at, subject_kind, subject_id, kind, why, before_value, after_value,
    actor_kind, actor_name, cause)
SELECT tenant_id, id, at, subject_kind, subject_id, kind, why, before_value, after_value, actor_kind, actor_name, cause
FROM journal ORDER BY id;
DROP TABLE journal;
ALTER TABLE journal_in_order RENAME TO journal;
CREATE INDEX journal_by_subject ON journal (tenant_id, subject_id, id);
";

const IN_ORDER: &str = "CREATE INDEX journal_in_order ON journal (tenant_id, position, id);";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('journal', 'sqlite_autoindex_journal_1', '1000000 1000000 1'),
    ('journal', 'journal_by_subject', '1000000 1000000 10 1'),
    ('journal', 'journal_in_order', '1000000 1000000 1 1');
ANALYZE sqlite_schema;
";
