//! The brake against mass deactivation, and what is kept of deleted people.

use sea_orm::{DbBackend, Statement};
use sea_orm_migration::prelude::*;
use uuid::Uuid;

use super::m20261122_000001_initial::in_words_of;
use crate::db::backend::uuid_literal;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        let own = if backend == DbBackend::Sqlite { SQLITE } else { POSTGRESQL };
        let nil = uuid_literal(backend, Uuid::nil());
        for statement in SCHEMA.split(";\n").chain(own.split("\n\n")).map(str::trim) {
            if !statement.is_empty() {
                let statement = statement.replace("{nil}", &nil);
                connection.execute_unprepared(&in_words_of(backend, &statement)).await?;
            }
        }
        if backend == DbBackend::Postgres {
            // As in the eighth step: nothing is written without a tenant.
            connection.execute_unprepared("LOCK TABLE tenants IN EXCLUSIVE MODE").await?;
            let any = Statement::from_string(backend, "SELECT 1 FROM tenants LIMIT 1");
            let empty = connection.query_all_raw(any).await?.is_empty();
            if empty {
                connection.execute_unprepared(EXAMPLE).await?;
            }
            connection.execute_unprepared("ANALYZE users (deleted_at, ended_at, apart)").await?;
            if empty {
                connection.execute_unprepared("TRUNCATE tenants, users CASCADE").await?;
            }
        }
        Ok(())
    }
}

/// A deleted user stays as a row whose name is free: `apart` is nil for a user who is there, and the own id otherwise. Until
/// `ended_at` the brake keeps the person's access.
const SCHEMA: &str = "
ALTER TABLE users ADD COLUMN deleted_at {time};
ALTER TABLE users ADD COLUMN ended_at {time};
ALTER TABLE users ADD COLUMN apart {uuid} NOT NULL DEFAULT {nil};
DROP INDEX unique_user_name;
CREATE UNIQUE INDEX unique_user_name ON users (tenant_id, user_name_folded, apart);
CREATE INDEX deleted_users ON users (tenant_id, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE losses (
    tenant_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    at {time} NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, user_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {clustered};

CREATE TABLE held_losses (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    what {text} NOT NULL,
    pool_id {uuid},
    connection_id {uuid} NOT NULL,
    cause {json} NOT NULL,
    since {time} NOT NULL,
    rejected_at {time},
    PRIMARY KEY (tenant_id, user_id, what),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, pool_id) REFERENCES pools (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX held_losses_of_connection ON held_losses (tenant_id, connection_id, user_id);
CREATE INDEX held_losses_of_pool ON held_losses (tenant_id, pool_id);
";

const SQLITE: &str = "
CREATE TRIGGER deleted_users_are_counted_no_more AFTER UPDATE OF deleted_at ON users
WHEN OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL BEGIN
    UPDATE user_counts SET people = people - 1
    WHERE tenant_id = NEW.tenant_id AND connection_id IS NEW.connection_id;
END

CREATE TRIGGER returned_users_are_counted AFTER UPDATE OF deleted_at ON users
WHEN OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL BEGIN
    UPDATE user_counts SET people = people + 1
    WHERE tenant_id = NEW.tenant_id AND connection_id IS NEW.connection_id;
    INSERT INTO user_counts (tenant_id, id, connection_id, people)
    SELECT NEW.tenant_id, randomblob(16), NEW.connection_id, 1 WHERE changes() = 0;
END

DROP TRIGGER deleted_users_are_counted

CREATE TRIGGER deleted_users_are_counted AFTER DELETE ON users WHEN OLD.deleted_at IS NULL BEGIN
    UPDATE user_counts SET people = people - 1
    WHERE tenant_id = OLD.tenant_id AND connection_id IS OLD.connection_id;
END

DROP TRIGGER users_of_another_owner_are_counted

CREATE TRIGGER users_of_another_owner_are_counted AFTER UPDATE OF connection_id ON users
WHEN OLD.connection_id IS NOT NEW.connection_id AND OLD.deleted_at IS NULL AND NEW.deleted_at IS NULL BEGIN
    UPDATE user_counts SET people = people - 1
    WHERE tenant_id = OLD.tenant_id AND connection_id IS OLD.connection_id;
    UPDATE user_counts SET people = people + 1
    WHERE tenant_id = NEW.tenant_id AND connection_id IS NEW.connection_id;
    INSERT INTO user_counts (tenant_id, id, connection_id, people)
    SELECT NEW.tenant_id, randomblob(16), NEW.connection_id, 1 WHERE changes() = 0;
END

DELETE FROM sqlite_stat1 WHERE idx = 'unique_user_name'

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('users', 'unique_user_name', '1000000 1000000 1 1'), ('users', 'deleted_users', '10000 10000 1'),
    ('losses', 'losses', '1000 1000 200 1'), ('held_losses', 'held_losses', '1000 1000 2 1'),
    ('held_losses', 'held_losses_of_connection', '1000 1000 500 2'),
    ('held_losses', 'held_losses_of_pool', '1000 1000 500')

ANALYZE sqlite_schema";

/// The function that counts is called once for a statement, and sees whether its rows are there.
const POSTGRESQL: &str = "
CREATE OR REPLACE FUNCTION users_are_counted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.deleted_at IS NULL THEN
            PERFORM count_users(OLD.tenant_id, OLD.connection_id, -1);
        END IF;
        IF NEW.deleted_at IS NULL THEN
            PERFORM count_users(NEW.tenant_id, NEW.connection_id, 1);
        END IF;
    ELSE
        PERFORM count_users(tenant_id, connection_id, CASE TG_OP WHEN 'INSERT' THEN COUNT(*) ELSE -COUNT(*) END)
        FROM changed WHERE deleted_at IS NULL GROUP BY tenant_id, connection_id;
    END IF;
    RETURN NULL;
END $$

CREATE TRIGGER deleted_and_returned_users_are_counted AFTER UPDATE OF deleted_at ON users
FOR EACH ROW WHEN ((OLD.deleted_at IS NULL) IS DISTINCT FROM (NEW.deleted_at IS NULL))
EXECUTE FUNCTION users_are_counted()

ALTER TABLE losses ALTER COLUMN tenant_id SET (n_distinct = 2)

ALTER TABLE held_losses ALTER COLUMN tenant_id SET (n_distinct = 2)";

/// An example for ANALYZE: without one, PostgreSQL takes a row in which something is null for a rare one.
const EXAMPLE: &str = "
INSERT INTO tenants (id, name, name_folded, created_at) VALUES (gen_random_uuid(), 't', 't', now());
INSERT INTO users
    (tenant_id, id, document, search, user_name_folded, enrolment_status, restore_owed, created_at, modified_at, version)
SELECT t.id, gen_random_uuid(), '{}', '{}', n::TEXT, 'pending', false, now(), now(), 1
FROM tenants t, generate_series(1, 1000) n";
