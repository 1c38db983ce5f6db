//! What a person's journey leaves behind: mail, verification codes, devices; the application's tokens, the settings of a
//! tenant, and the keys that seal what is secret.

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
        let columns = ["mail", "codes", "devices", "api_tokens"].map(|table| (table, "tenant_id"));
        few_values(manager, &columns).await
    }
}

/// Mail outlives its person, as the journal does.
const SCHEMA: &str = "
ALTER TABLE tenants ADD COLUMN settings {json} NOT NULL DEFAULT '{}';

CREATE TABLE data_keys (
    number {int} NOT NULL PRIMARY KEY,
    sealed {bytes} NOT NULL,
    created_at {time} NOT NULL
) {end};

CREATE TABLE mail (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    user_id {uuid},
    kind {text} NOT NULL,
    recipient {text} NOT NULL,
    content {bytes},
    state {text} NOT NULL,
    attempts {int} NOT NULL,
    said {text},
    created_at {time} NOT NULL,
    expires_at {time},
    sent_at {time},
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE INDEX mail_of_user ON mail (tenant_id, user_id, id);
CREATE INDEX mail_by_state ON mail (tenant_id, state, id);

CREATE TABLE codes (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    hash {bytes} NOT NULL,
    created_at {time} NOT NULL,
    tries_left {int} NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE devices (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    reference {text} NOT NULL,
    name {text} NOT NULL,
    platform {text} NOT NULL,
    app_version {text} NOT NULL,
    registered_at {time} NOT NULL,
    seen_at {time} NOT NULL,
    hub_at {time},
    revoked_at {time},
    PRIMARY KEY (tenant_id, user_id, reference),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE api_tokens (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    hash {bytes} NOT NULL,
    hint {text} NOT NULL,
    scopes {json} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time},
    revoked_at {time},
    last_used_at {time},
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE UNIQUE INDEX unique_api_token_hash ON api_tokens (hash);
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('mail', 'sqlite_autoindex_mail_1', '1000000 1000000 1'), ('mail', 'mail_of_user', '1000000 1000000 10 1'),
    ('mail', 'mail_by_state', '1000000 1000000 100000 1'), ('codes', 'codes', '1000000 1000000 10 1'),
    ('devices', 'devices', '1000000 1000000 5 1'),
    ('api_tokens', 'sqlite_autoindex_api_tokens_1', '100 100 1'), ('api_tokens', 'unique_api_token_hash', '100 1');
ANALYZE sqlite_schema;
";
