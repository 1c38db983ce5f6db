//! Changes of users and groups become rows in the order of commits, and streams carry them to receivers.

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
        if manager.get_database_backend() == DbBackend::Sqlite {
            manager.get_connection().execute_unprepared(SQLITE_SIZES).await?;
            return Ok(());
        }
        let columns = [
            ("changes", "tenant_id"),
            ("streams", "tenant_id"),
            ("stream_subjects", "tenant_id"),
            ("sets", "tenant_id"),
            ("sets", "stream_id"),
        ];
        few_values(manager, &columns).await
    }
}

const SCHEMA: &str = "
CREATE TABLE changes (
    position {order},
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    txn {text} NOT NULL,
    uri {text} NOT NULL,
    resource_id {uuid} NOT NULL,
    external_id {text},
    user_name {text},
    happenings {json} NOT NULL,
    data {json},
    attributes {json} NOT NULL,
    version {text},
    created_at {time} NOT NULL,
    UNIQUE (tenant_id, id)
) {end};
CREATE INDEX changes_in_order ON changes (tenant_id, position, id);

CREATE TABLE streams (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    description {text} NOT NULL,
    events {json} NOT NULL,
    wants_full {bool} NOT NULL,
    types {json} NOT NULL,
    every_subject {bool} NOT NULL,
    algorithm {text} NOT NULL,
    url {text},
    secret {bytes},
    status {text} NOT NULL,
    reason {text},
    after_position {int} NOT NULL,
    after_id {uuid} NOT NULL,
    created_at {time} NOT NULL,
    failing_since {time},
    verified_at {time},
    PRIMARY KEY (tenant_id, id)
) {end};

CREATE TABLE stream_subjects (
    tenant_id {uuid} NOT NULL,
    stream_id {uuid} NOT NULL,
    resource_id {uuid} NOT NULL,
    included {bool} NOT NULL,
    PRIMARY KEY (tenant_id, stream_id, resource_id),
    FOREIGN KEY (tenant_id, stream_id) REFERENCES streams (tenant_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE sets (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    stream_id {uuid} NOT NULL,
    change_id {uuid},
    own {json},
    state {text} NOT NULL,
    attempts {int} NOT NULL,
    answer {text},
    next_at {time},
    created_at {time} NOT NULL,
    tried_at {time},
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, stream_id) REFERENCES streams (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, change_id) REFERENCES changes (tenant_id, id) ON DELETE CASCADE
) {end};
CREATE INDEX sets_by_stream ON sets (tenant_id, stream_id, state, id);
CREATE INDEX sets_by_change ON sets (tenant_id, change_id);
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('changes', 'sqlite_autoindex_changes_1', '1000000 1000000 1'),
    ('changes', 'changes_in_order', '1000000 1000000 1 1'),
    ('streams', 'sqlite_autoindex_streams_1', '10 10 1'),
    ('stream_subjects', 'stream_subjects', '1000 1000 500 1'),
    ('sets', 'sqlite_autoindex_sets_1', '1000000 1000000 1'),
    ('sets', 'sets_by_stream', '1000000 1000000 500000 250000 1'),
    ('sets', 'sets_by_change', '1000000 1000000 2');
ANALYZE sqlite_schema;
";
