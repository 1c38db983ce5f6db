//! Mail that waits for its turn, reminders, templates of a tenant, and whether a tenant's mail has stopped.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::run;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        run(manager, SCHEMA).await?;
        let sizes = match backend {
            DbBackend::Sqlite => SQLITE_SIZES,
            // As for the other tables: an index that knows only the tenant is never the best one.
            _ => "ALTER TABLE mail_templates ALTER COLUMN tenant_id SET (n_distinct = 2)",
        };
        connection.execute_unprepared(sizes).await?;
        Ok(())
    }
}

/// Of mail that was sent before, nothing is counted.
const SCHEMA: &str = "
ALTER TABLE tenants ADD COLUMN mail_stopped_at {time};
ALTER TABLE tenants ADD COLUMN mail_resumed_at {time};
ALTER TABLE users ADD COLUMN reminders {int} NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN reminded_at {time};
ALTER TABLE mail ADD COLUMN domain {text} NOT NULL DEFAULT '';
ALTER TABLE mail ADD COLUMN by_hand {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE mail ADD COLUMN released_at {time};
ALTER TABLE mail ADD COLUMN answered_at {time};
CREATE INDEX mail_by_release ON mail (tenant_id, released_at) WHERE released_at IS NOT NULL;
CREATE INDEX mail_by_answer ON mail (tenant_id, answered_at) WHERE answered_at IS NOT NULL;

CREATE TABLE mail_templates (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    kind {text} NOT NULL,
    language {text} NOT NULL,
    subject {text},
    plain {text},
    html {text},
    changed_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, kind, language)
) {clustered};
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('mail', 'mail_by_release', '1000000 1000000 10'), ('mail', 'mail_by_answer', '1000000 1000000 10'),
    ('mail_templates', 'mail_templates', '20 20 2 1');
ANALYZE sqlite_schema;
";
