//! The first schema.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use crate::db::backend::commit_order_column;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        run(manager, SCHEMA).await?;
        if manager.get_database_backend() == DbBackend::Sqlite {
            connection.execute_unprepared("ANALYZE").await?;
            for (table, index, counts) in SIZES {
                let row = format!(
                    "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('{table}', '{index}', '{counts}')"
                );
                connection.execute_unprepared(&row).await?;
            }
            connection.execute_unprepared("ANALYZE sqlite_schema").await?;
        }
        Ok(())
    }
}

/// Runs the statements of a text, each of which ends with `;` at the end of a line.
pub(super) async fn run(manager: &SchemaManager<'_>, text: &str) -> Result<(), DbErr> {
    for statement in text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        let statement = in_words_of(manager.get_database_backend(), statement);
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Tells `PostgreSQL` that these columns, such as those of tenants, have few values: an index that knows one of them alone is never
/// the best one.
pub(super) async fn few_values(manager: &SchemaManager<'_>, columns: &[(&str, &str)]) -> Result<(), DbErr> {
    for (table, column) in columns {
        let share = format!("ALTER TABLE {table} ALTER COLUMN {column} SET (n_distinct = 2)");
        manager.get_connection().execute_unprepared(&share).await?;
    }
    Ok(())
}

/// The types as each database calls them. Text sorts by code point on both.
pub(super) fn in_words_of(backend: DbBackend, statement: &str) -> String {
    let words = if backend == DbBackend::Sqlite {
        [
            ("{uuid}", "BLOB"),
            ("{text}", "TEXT"),
            ("{json}", "TEXT"),
            ("{time}", "TEXT"),
            ("{date}", "TEXT"),
            ("{bool}", "INTEGER"),
            ("{int}", "INTEGER"),
            ("{bytes}", "BLOB"),
            ("{end}", "STRICT"),
            ("{clustered}", "STRICT, WITHOUT ROWID"),
        ]
    } else {
        [
            ("{uuid}", "UUID"),
            ("{text}", "TEXT COLLATE \"C\""),
            ("{json}", "JSONB"),
            ("{time}", "TIMESTAMPTZ"),
            ("{date}", "DATE"),
            ("{bool}", "BOOLEAN"),
            ("{int}", "BIGINT"),
            ("{bytes}", "BYTEA"),
            ("{end}", ""),
            ("{clustered}", ""),
        ]
    };
    let statement = statement.replace("{order}", commit_order_column(backend));
    words.iter().fold(statement, |text, (word, kind)| text.replace(word, kind))
}

/// What `SQLite` is to believe about its indexes: rows in all, then rows that agree on the first column, on the first
/// two, and so on. Left to itself it takes the tenant for a selective column, and reads whole tables.
const SIZES: &[(&str, &str, &str)] = &[
    ("tenants", "sqlite_autoindex_tenants_1", "10 1"),
    ("tenants", "unique_tenant_name", "10 1"),
    ("connections", "sqlite_autoindex_connections_1", "10 10 1"),
    ("connections", "unique_connection_name", "10 10 1"),
    ("tokens", "sqlite_autoindex_tokens_1", "100 100 1"),
    ("tokens", "unique_token_hash", "100 1"),
    ("tokens", "tokens_of_connection", "100 100 5"),
    ("users", "sqlite_autoindex_users_1", "1000000 1000000 1"),
    ("users", "unique_user_name", "1000000 1000000 1"),
    ("users", "users_by_external_id", "1000000 1000000 1"),
    ("user_values", "user_values", "2000000 2000000 2 1 1"),
    ("user_values", "user_values_by_value", "2000000 2000000 1000000 2"),
    ("groups", "sqlite_autoindex_groups_1", "10000 10000 1"),
    ("groups", "unique_group_name", "10000 10000 1"),
    ("groups", "groups_by_display_name", "10000 10000 2"),
    ("groups", "groups_by_external_id", "10000 10000 1"),
    ("group_members", "group_members", "1000000 1000000 100 1"),
    ("group_members", "group_members_by_member", "1000000 1000000 5 1"),
    ("parked_members", "parked_members", "1000 1000 10 1"),
    ("parked_members", "parked_members_by_value", "1000 1000 2"),
    ("pools", "sqlite_autoindex_pools_1", "10 10 1"),
    ("pools", "unique_pool_name", "10 10 1"),
    ("bindings", "bindings", "100 100 1 1"),
    ("bindings", "bindings_by_pool", "100 100 10"),
    ("grants", "grants", "100000 100000 1 1 1"),
    ("grants", "grants_by_pool", "100000 100000 10000 1"),
    ("seats", "seats", "100000 100000 1 1"),
    ("seats", "seats_in_order", "100000 100000 50000 25000 5 1"),
    ("journal", "journal", "1000000 1000000 1"),
    ("journal", "journal_by_subject", "1000000 1000000 10 1"),
    ("jobs", "sqlite_autoindex_jobs_1", "1000000 1000000 1"),
    ("jobs", "unique_ready_job", "1000000 1000000 1"),
    ("jobs", "jobs_by_time", "1000000 1000 1"),
    ("requests", "sqlite_autoindex_requests_1", "1000000 1000000 1"),
    ("requests", "requests_of_connection", "1000000 1000000 100000 1"),
    ("quirk_uses", "quirk_uses", "100 100 10 1"),
];

/// The tenant stands first in every key but two: tenants themselves, and tokens, which are what names the tenant.
const SCHEMA: &str = r"
CREATE TABLE tenants (
    id {uuid} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    name_folded {text} NOT NULL,
    created_at {time} NOT NULL
) {end};
CREATE UNIQUE INDEX unique_tenant_name ON tenants (name_folded);

CREATE TABLE connections (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_folded {text} NOT NULL,
    profile {text} NOT NULL,
    with_quirks {json} NOT NULL,
    without_quirks {json} NOT NULL,
    policy {json} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE UNIQUE INDEX unique_connection_name ON connections (tenant_id, name_folded);

CREATE TABLE tokens (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    hash {bytes} NOT NULL,
    hint {text} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time},
    revoked_at {time},
    last_used_at {time},
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) {end};
CREATE UNIQUE INDEX unique_token_hash ON tokens (hash);
CREATE INDEX tokens_of_connection ON tokens (tenant_id, connection_id);

CREATE TABLE users (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    document {json} NOT NULL,
    search {json} NOT NULL,
    user_name_folded {text} NOT NULL,
    external_id {text},
    display_name {text},
    display_name_folded {text},
    active {bool},
    enrolment {json} NOT NULL,
    enrolment_status {text} NOT NULL,
    enrolment_known {bool} NOT NULL,
    enrolment_since {time},
    enrolment_reason {text},
    restore_owed {bool} NOT NULL,
    seat_kept_until {time},
    last_used_at {time},
    connection_id {uuid},
    created_at {time} NOT NULL,
    modified_at {time} NOT NULL,
    version {int} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE UNIQUE INDEX unique_user_name ON users (tenant_id, user_name_folded);
CREATE INDEX users_by_external_id ON users (tenant_id, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE user_values (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    attribute {text} NOT NULL,
    position {int} NOT NULL,
    value {text},
    kind {text},
    is_primary {bool},
    PRIMARY KEY (tenant_id, user_id, attribute, position),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX user_values_by_value ON user_values (tenant_id, attribute, value);

CREATE TABLE groups (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    document {json} NOT NULL,
    search {json} NOT NULL,
    display_name {text},
    display_name_folded {text},
    unique_name {text},
    external_id {text},
    created_at {time} NOT NULL,
    modified_at {time} NOT NULL,
    version {int} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE UNIQUE INDEX unique_group_name ON groups (tenant_id, unique_name) WHERE unique_name IS NOT NULL;
CREATE INDEX groups_by_display_name ON groups (tenant_id, display_name_folded);
CREATE INDEX groups_by_external_id ON groups (tenant_id, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE group_members (
    tenant_id {uuid} NOT NULL,
    group_id {uuid} NOT NULL,
    member_id {uuid} NOT NULL,
    member_kind {text} NOT NULL,
    added_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, group_id, member_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX group_members_by_member ON group_members (tenant_id, member_id, group_id);

CREATE TABLE parked_members (
    tenant_id {uuid} NOT NULL,
    group_id {uuid} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (tenant_id, group_id, value),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX parked_members_by_value ON parked_members (tenant_id, value);

CREATE TABLE pools (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    name {text} NOT NULL,
    name_folded {text} NOT NULL,
    seats {int} NOT NULL CHECK (seats >= 0),
    used {int} NOT NULL CHECK (used >= 0),
    policy {text} NOT NULL,
    expires_at {time},
    rule {text},
    is_default {bool} NOT NULL,
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE UNIQUE INDEX unique_pool_name ON pools (tenant_id, name_folded);

CREATE TABLE bindings (
    tenant_id {uuid} NOT NULL,
    group_id {uuid} NOT NULL,
    pool_id {uuid} NOT NULL,
    created_at {time} NOT NULL,
    CONSTRAINT unique_binding PRIMARY KEY (tenant_id, group_id, pool_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, pool_id) REFERENCES pools (tenant_id, id)
) {clustered};
CREATE INDEX bindings_by_pool ON bindings (tenant_id, pool_id);

CREATE TABLE grants (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    pool_id {uuid} NOT NULL,
    kind {text} NOT NULL,
    rule {text},
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, user_id, pool_id, kind),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, pool_id) REFERENCES pools (tenant_id, id)
) {clustered};
CREATE INDEX grants_by_pool ON grants (tenant_id, pool_id, user_id);

CREATE TABLE seats (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    pool_id {uuid} NOT NULL,
    state {text} NOT NULL,
    since {time} NOT NULL,
    overage {bool} NOT NULL,
    PRIMARY KEY (tenant_id, user_id, pool_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
    FOREIGN KEY (tenant_id, pool_id) REFERENCES pools (tenant_id, id)
) {clustered};
CREATE INDEX seats_in_order ON seats (tenant_id, pool_id, state, since, user_id);

CREATE TABLE journal (
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
    PRIMARY KEY (tenant_id, id)
) {clustered};
CREATE INDEX journal_by_subject ON journal (tenant_id, subject_id, id);

CREATE TABLE jobs (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    kind {text} NOT NULL,
    payload {json} NOT NULL,
    state {text} NOT NULL,
    run_at {time} NOT NULL,
    dedup {text},
    attempt {int} NOT NULL,
    worker {text},
    lease_until {time},
    last_error {text},
    created_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE UNIQUE INDEX unique_ready_job ON jobs (tenant_id, dedup) WHERE state = 'ready' AND dedup IS NOT NULL;
CREATE INDEX jobs_by_time ON jobs (state, run_at);

CREATE TABLE requests (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    at {time} NOT NULL,
    method {text} NOT NULL,
    path {text} NOT NULL,
    status {int} NOT NULL,
    duration_us {int} NOT NULL,
    quirks {json} NOT NULL,
    effects {json} NOT NULL,
    ignored {json} NOT NULL,
    body {json},
    error {text},
    PRIMARY KEY (tenant_id, id)
) {end};
CREATE INDEX requests_of_connection ON requests (tenant_id, connection_id, id);

CREATE TABLE quirk_uses (
    tenant_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    name {text} NOT NULL,
    uses {int} NOT NULL,
    last_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, name)
) {clustered};
";
