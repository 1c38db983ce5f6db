//! Identity providers through which administrators sign in, and whom they know.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::{few_values, run};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, SCHEMA).await?;
        let connection = manager.get_connection();
        if manager.get_database_backend() == DbBackend::Sqlite {
            connection.execute_unprepared(SQLITE_SIZES).await?;
            return Ok(());
        }
        let columns = ["issuers", "issuer_subjects"].map(|table| (table, "tenant_id"));
        few_values(manager, &columns).await
    }
}

const SCHEMA: &str = "
CREATE TABLE issuers (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    issuer {text} NOT NULL,
    client_id {text} NOT NULL,
    client_secret {bytes} NOT NULL,
    scopes {text} NOT NULL,
    claim {text} NOT NULL,
    roles {json} NOT NULL,
    only_matching {bool} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE UNIQUE INDEX issuers_by_id ON issuers (id);

CREATE TABLE issuer_subjects (
    tenant_id {uuid} NOT NULL,
    issuer_id {uuid} NOT NULL,
    subject {text} NOT NULL,
    administrator_id {uuid} NOT NULL,
    invited_as {text},
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, issuer_id, subject),
    FOREIGN KEY (tenant_id, issuer_id) REFERENCES issuers (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, administrator_id) REFERENCES administrators (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE UNIQUE INDEX subjects_of_administrator ON issuer_subjects (tenant_id, administrator_id, issuer_id);

CREATE TABLE single_sign_on (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    break_glass {uuid} NOT NULL,
    enforced_at {time} NOT NULL,
    PRIMARY KEY (tenant_id),
    FOREIGN KEY (tenant_id, break_glass) REFERENCES administrators (tenant_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE used_sign_ins (
    hash {bytes} NOT NULL,
    expires_at {time} NOT NULL,
    PRIMARY KEY (hash)
) {clustered};

ALTER TABLE sessions ADD COLUMN issuer_id {uuid};
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('issuers', 'sqlite_autoindex_issuers_1', '10 10 1'),
    ('issuers', 'issuers_by_id', '10 1'),
    ('issuer_subjects', 'issuer_subjects', '10 10 10 1'),
    ('issuer_subjects', 'subjects_of_administrator', '10 10 1 1'),
    ('single_sign_on', 'single_sign_on', '10 1'),
    ('used_sign_ins', 'used_sign_ins', '100 1');
ANALYZE sqlite_schema;
";
