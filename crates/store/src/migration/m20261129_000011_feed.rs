//! What the application is told becomes rows in the order of commits, and webhooks deliver them.

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
            ("events", "tenant_id"),
            ("webhooks", "tenant_id"),
            ("webhook_deliveries", "tenant_id"),
            ("webhook_deliveries", "webhook_id"),
        ];
        few_values(manager, &columns).await
    }
}

/// Messages that waited as jobs are dropped: nothing could read them, and an application that begins to read events asks
/// for the people as they are.
const SCHEMA: &str = "
DELETE FROM jobs WHERE kind = 'tell-application';

CREATE TABLE events (
    position {order},
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    kind {text} NOT NULL,
    user_id {uuid} NOT NULL,
    user_name {text},
    external_id {text},
    details {json} NOT NULL,
    created_at {time} NOT NULL,
    UNIQUE (tenant_id, id)
) {end};
CREATE INDEX events_in_order ON events (tenant_id, position, id);

CREATE TABLE webhooks (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    url {text} NOT NULL,
    description {text} NOT NULL,
    events {json} NOT NULL,
    secret {bytes} NOT NULL,
    former_secret {bytes},
    former_until {time},
    after_position {int} NOT NULL,
    after_id {uuid} NOT NULL,
    created_at {time} NOT NULL,
    failing_since {time},
    disabled_at {time},
    disabled_why {text},
    PRIMARY KEY (tenant_id, id)
) {end};

CREATE TABLE webhook_deliveries (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    webhook_id {uuid} NOT NULL,
    event_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    state {text} NOT NULL,
    attempts {int} NOT NULL,
    status {int},
    answer {text},
    next_at {time},
    created_at {time} NOT NULL,
    tried_at {time},
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, event_id) REFERENCES events (tenant_id, id) ON DELETE CASCADE
) {end};
CREATE UNIQUE INDEX unique_webhook_delivery ON webhook_deliveries (tenant_id, event_id, webhook_id);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (tenant_id, webhook_id, id);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (tenant_id, webhook_id, user_id, id) WHERE state = 'waiting';
";

const SQLITE_SIZES: &str = "
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('events', 'sqlite_autoindex_events_1', '1000000 1000000 1'), ('events', 'events_in_order', '1000000 1000000 1 1'),
    ('webhooks', 'sqlite_autoindex_webhooks_1', '10 10 1'),
    ('webhook_deliveries', 'sqlite_autoindex_webhook_deliveries_1', '1000000 1000000 1'),
    ('webhook_deliveries', 'unique_webhook_delivery', '1000000 1000000 2 1'),
    ('webhook_deliveries', 'webhook_deliveries_by_webhook', '1000000 1000000 500000 1'),
    ('webhook_deliveries', 'webhook_deliveries_waiting', '1000 1000 500 2 1');
ANALYZE sqlite_schema;
";
