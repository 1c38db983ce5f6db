//! Who looks after a tenant, what people may do in the application, and what must be handed over before a person leaves.

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
        let columns = ["administrators", "permissions", "permission_exceptions", "holds"]
            .map(|table| (table, "tenant_id"));
        few_values(manager, &columns).await
    }
}

const SCHEMA: &str = "
CREATE TABLE administrators (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
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
CREATE UNIQUE INDEX unique_administrator_email ON administrators (tenant_id, email_folded);

CREATE TABLE protected_users (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    since {time} NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE permissions (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    name {text} NOT NULL,
    summary {text} NOT NULL,
    value {json} NOT NULL,
    PRIMARY KEY (tenant_id, name)
) {end};

CREATE TABLE permission_exceptions (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    group_id {uuid},
    user_id {uuid},
    position {int} NOT NULL,
    value {json} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, name) REFERENCES permissions (tenant_id, name) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {end};
CREATE INDEX exceptions_of_group ON permission_exceptions (tenant_id, group_id);
CREATE INDEX exceptions_of_user ON permission_exceptions (tenant_id, user_id);

CREATE TABLE holds (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    reference {text} NOT NULL,
    words {text} NOT NULL,
    put_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, user_id, reference),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {clustered};
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('administrators', 'sqlite_autoindex_administrators_1', '10 10 1'),
    ('administrators', 'unique_administrator_email', '10 10 1'),
    ('protected_users', 'protected_users', '10 10 1'),
    ('permissions', 'sqlite_autoindex_permissions_1', '10 10 1'),
    ('permission_exceptions', 'sqlite_autoindex_permission_exceptions_1', '1000 1000 1'),
    ('permission_exceptions', 'exceptions_of_group', '1000 1000 10'),
    ('permission_exceptions', 'exceptions_of_user', '1000 1000 10'),
    ('holds', 'holds', '100000 100000 2 1');
ANALYZE sqlite_schema;
";
