//! How many users there are, by tenant and owner, kept by the database itself: counting them for each list would cost more
//! than the list.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::in_words_of;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        let (own, id) = if backend == DbBackend::Sqlite {
            (SQLITE, "randomblob(16)")
        } else {
            (POSTGRESQL, "gen_random_uuid()")
        };
        let counted = COUNTED.replace("{new}", id);
        for statement in [SCHEMA].into_iter().chain(own.split("\n\n")).chain([counted.as_str()]) {
            connection.execute_unprepared(&in_words_of(backend, statement)).await?;
        }
        Ok(())
    }
}

/// The users of an owner, or those without one, are the sum of `people` over all its rows.
const SCHEMA: &str = "
CREATE TABLE user_counts (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    connection_id {uuid},
    people {int} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
) {clustered}";

/// Behind the triggers, whose creation keeps other writers away until the migration ends.
const COUNTED: &str = "
INSERT INTO user_counts (tenant_id, id, connection_id, people)
SELECT n.tenant_id, {new}, n.connection_id, n.people FROM (
    SELECT tenant_id, connection_id, COUNT(*) AS people FROM users GROUP BY tenant_id, connection_id
) n";

/// There is one writer, and so one row for each owner.
const SQLITE: &str = "
CREATE TRIGGER new_users_are_counted AFTER INSERT ON users BEGIN
    UPDATE user_counts SET people = people + 1
    WHERE tenant_id = NEW.tenant_id AND connection_id IS NEW.connection_id;
    INSERT INTO user_counts (tenant_id, id, connection_id, people)
    SELECT NEW.tenant_id, randomblob(16), NEW.connection_id, 1 WHERE changes() = 0;
END

CREATE TRIGGER deleted_users_are_counted AFTER DELETE ON users BEGIN
    UPDATE user_counts SET people = people - 1
    WHERE tenant_id = OLD.tenant_id AND connection_id IS OLD.connection_id;
END

CREATE TRIGGER users_of_another_owner_are_counted AFTER UPDATE OF connection_id ON users
WHEN OLD.connection_id IS NOT NEW.connection_id BEGIN
    UPDATE user_counts SET people = people - 1
    WHERE tenant_id = OLD.tenant_id AND connection_id IS OLD.connection_id;
    UPDATE user_counts SET people = people + 1
    WHERE tenant_id = NEW.tenant_id AND connection_id IS NEW.connection_id;
    INSERT INTO user_counts (tenant_id, id, connection_id, people)
    SELECT NEW.tenant_id, randomblob(16), NEW.connection_id, 1 WHERE changes() = 0;
END";

/// Writers at the same time take a row each, so that none of them waits for another one: there are as many rows for an
/// owner as there ever were such writers at once, and one of them may be below zero.
const POSTGRESQL: &str = "
CREATE FUNCTION count_users(tenant UUID, connection UUID, more BIGINT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    UPDATE user_counts SET people = people + more WHERE tenant_id = tenant AND id = (
        SELECT c.id FROM user_counts c
        WHERE c.tenant_id = tenant AND c.connection_id IS NOT DISTINCT FROM connection
        LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    );
    IF NOT FOUND THEN
        INSERT INTO user_counts (tenant_id, id, connection_id, people)
        VALUES (tenant, gen_random_uuid(), connection, more);
    END IF;
END $$

CREATE FUNCTION users_are_counted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM count_users(OLD.tenant_id, OLD.connection_id, -1);
        PERFORM count_users(NEW.tenant_id, NEW.connection_id, 1);
    ELSE
        PERFORM count_users(tenant_id, connection_id, CASE TG_OP WHEN 'INSERT' THEN COUNT(*) ELSE -COUNT(*) END)
        FROM changed GROUP BY tenant_id, connection_id;
    END IF;
    RETURN NULL;
END $$

CREATE TRIGGER new_users_are_counted AFTER INSERT ON users
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION users_are_counted()

CREATE TRIGGER deleted_users_are_counted AFTER DELETE ON users
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION users_are_counted()

CREATE TRIGGER users_of_another_owner_are_counted AFTER UPDATE OF connection_id ON users
FOR EACH ROW WHEN (OLD.connection_id IS DISTINCT FROM NEW.connection_id) EXECUTE FUNCTION users_are_counted()";
