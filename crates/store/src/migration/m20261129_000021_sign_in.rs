//! How administrators sign in; the installation has administrators, too, who belong to no tenant.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::{few_values, run};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, SQLITE_ADMINISTRATORS).await?;
        } else {
            let free = "ALTER TABLE administrators DROP CONSTRAINT administrators_tenant_id_fkey";
            connection.execute_unprepared(free).await?;
        }
        run(manager, SCHEMA).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            connection.execute_unprepared(SQLITE_SIZES).await?;
            return Ok(());
        }
        let columns =
            ["credentials", "recovery_codes", "sign_in_links", "sessions"].map(|table| (table, "tenant_id"));
        few_values(manager, &columns).await
    }
}

/// The administrators of the installation have a tenant of zeros, which is no row: the table is made again without the
/// reference, which `SQLite` cannot drop.
const SQLITE_ADMINISTRATORS: &str = "
CREATE TABLE administrators_anew (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    email {text} NOT NULL,
    email_folded {text} NOT NULL,
    role {text} NOT NULL,
    user_id {uuid},
    alerts {bool} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {end};
INSERT INTO administrators_anew SELECT * FROM administrators;
DROP TABLE administrators;
ALTER TABLE administrators_anew RENAME TO administrators;
CREATE UNIQUE INDEX unique_administrator_email ON administrators (tenant_id, email_folded);
";

const SCHEMA: &str = "
CREATE INDEX administrators_by_email ON administrators (email_folded);

CREATE TABLE credentials (
    tenant_id {uuid} NOT NULL,
    administrator_id {uuid} NOT NULL,
    password {text},
    second_factor {bytes},
    last_step {int} NOT NULL,
    confirmed_at {time},
    PRIMARY KEY (tenant_id, administrator_id),
    FOREIGN KEY (tenant_id, administrator_id) REFERENCES administrators (tenant_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE recovery_codes (
    tenant_id {uuid} NOT NULL,
    administrator_id {uuid} NOT NULL,
    hash {bytes} NOT NULL,
    PRIMARY KEY (tenant_id, administrator_id, hash),
    FOREIGN KEY (tenant_id, administrator_id) REFERENCES administrators (tenant_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE sign_in_links (
    hash {bytes} NOT NULL,
    tenant_id {uuid} NOT NULL,
    administrator_id {uuid} NOT NULL,
    kind {text} NOT NULL,
    expires_at {time} NOT NULL,
    PRIMARY KEY (hash),
    FOREIGN KEY (tenant_id, administrator_id) REFERENCES administrators (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX links_of_administrator ON sign_in_links (tenant_id, administrator_id);

CREATE TABLE sessions (
    hash {bytes} NOT NULL,
    tenant_id {uuid} NOT NULL,
    administrator_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    stage {text} NOT NULL,
    agent {text} NOT NULL,
    address {text} NOT NULL,
    created_at {time} NOT NULL,
    seen_at {time} NOT NULL,
    ends_at {time} NOT NULL,
    PRIMARY KEY (hash),
    FOREIGN KEY (tenant_id, administrator_id) REFERENCES administrators (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX sessions_of_administrator ON sessions (tenant_id, administrator_id);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE sign_in_failures (
    source {text} NOT NULL,
    failures {int} NOT NULL,
    last_at {time} NOT NULL,
    PRIMARY KEY (source)
) {clustered};
CREATE INDEX failures_by_time ON sign_in_failures (last_at);
";

const SQLITE_SIZES: &str = "
DELETE FROM sqlite_stat1 WHERE tbl = 'administrators';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('administrators', 'sqlite_autoindex_administrators_1', '10 10 1'),
    ('administrators', 'unique_administrator_email', '10 10 1'),
    ('administrators', 'administrators_by_email', '10 1'),
    ('credentials', 'credentials', '10 10 1'),
    ('recovery_codes', 'recovery_codes', '100 100 10 1'),
    ('sign_in_links', 'sign_in_links', '10 1'),
    ('sign_in_links', 'links_of_administrator', '10 10 1'),
    ('sessions', 'sessions', '100 1'),
    ('sessions', 'sessions_of_administrator', '100 100 10'),
    ('sessions', 'sessions_by_end', '100 1'),
    ('sign_in_failures', 'sign_in_failures', '1000 1'),
    ('sign_in_failures', 'failures_by_time', '1000 1');
ANALYZE sqlite_schema;
";
