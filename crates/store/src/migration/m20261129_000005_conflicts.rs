//! A user's or group's owner is a connection that exists, and conflicts between connections are kept.

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
        let mut statements: Vec<String> = SCHEMA.split(";\n").map(str::to_owned).collect();
        for table in OWNED {
            let own = if backend == DbBackend::Sqlite { SQLITE } else { POSTGRESQL };
            statements.extend(own.split("\n\n").map(|statement| statement.replace("{table}", table)));
        }
        for statement in statements.iter().map(|statement| statement.trim()) {
            if !statement.is_empty() {
                connection.execute_unprepared(&in_words_of(backend, statement)).await?;
            }
        }
        Ok(())
    }
}

const OWNED: [&str; 3] = ["users", "groups", "parked_members"];

const SCHEMA: &str = "
CREATE TABLE conflicts (
    tenant_id {uuid} NOT NULL,
    connection_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    user_name {text} NOT NULL,
    attempts {int} NOT NULL,
    first_at {time} NOT NULL,
    last_at {time} NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, user_id),
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {clustered};
CREATE INDEX conflicts_of_user ON conflicts (tenant_id, user_id);
CREATE INDEX parked_members_of_connection ON parked_members (tenant_id, connection_id);
";

/// A foreign key of two columns cannot be added to a table that exists: triggers say the same, in the same words.
const SQLITE: &str = "
CREATE TRIGGER {table}_have_an_owner_that_exists BEFORE INSERT ON {table}
WHEN NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM connections c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.connection_id
) BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed'); END

CREATE TRIGGER {table}_get_an_owner_that_exists BEFORE UPDATE OF connection_id ON {table}
WHEN NEW.connection_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM connections c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.connection_id
) BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed'); END
";

const POSTGRESQL: &str = "
ALTER TABLE {table} ADD CONSTRAINT {table}_owner_fkey
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id)
";
