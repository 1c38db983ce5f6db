//! Users and groups have owners: the connection that pushed them. What creating users in one trip needed is gone.

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
        let own = if backend == DbBackend::Sqlite { SQLITE } else { POSTGRESQL };
        for statement in [SCHEMA, own].iter().flat_map(|text| text.split(";\n")) {
            let statement = statement.trim();
            if !statement.is_empty() {
                connection.execute_unprepared(&in_words_of(backend, statement)).await?;
            }
        }
        Ok(())
    }
}

/// A group's owner is the connection that the journal names as its creator. Connections that stood side by side in a
/// tenant saw and wrote each other's resources, and go on to do so.
const SCHEMA: &str = "
ALTER TABLE groups ADD COLUMN connection_id {uuid};
UPDATE groups SET connection_id = (
    SELECT c.id FROM journal j JOIN connections c ON c.tenant_id = j.tenant_id AND c.name = j.actor_name
    WHERE j.tenant_id = groups.tenant_id AND j.subject_id = groups.id
        AND j.kind = 'group-created' AND j.actor_kind = 'connection' ORDER BY j.id LIMIT 1
);
DROP INDEX unique_group_name;
CREATE UNIQUE INDEX unique_group_name ON groups (tenant_id, connection_id, unique_name)
    WHERE unique_name IS NOT NULL AND connection_id IS NOT NULL;
CREATE UNIQUE INDEX unique_unowned_group_name ON groups (tenant_id, unique_name)
    WHERE unique_name IS NOT NULL AND connection_id IS NULL;
CREATE INDEX groups_of_connection ON groups (tenant_id, connection_id, id);
CREATE INDEX users_of_connection ON users (tenant_id, connection_id, id);
ALTER TABLE parked_members ADD COLUMN connection_id {uuid};
UPDATE parked_members SET connection_id = (
    SELECT g.connection_id FROM groups g WHERE g.tenant_id = parked_members.tenant_id AND g.id = parked_members.group_id
);
ALTER TABLE connections ADD COLUMN shared {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE connections ADD COLUMN takes_over {json} NOT NULL DEFAULT '[]';
UPDATE connections SET shared = TRUE WHERE EXISTS (
    SELECT 1 FROM connections other WHERE other.tenant_id = connections.tenant_id AND other.id <> connections.id
);
UPDATE parked_members SET connection_id = NULL WHERE EXISTS (
    SELECT 1 FROM connections c WHERE c.tenant_id = parked_members.tenant_id AND c.id = parked_members.connection_id
        AND c.shared = TRUE
);
";

/// As in the first migration: rows in all, then rows that agree on the first column, and so on.
const SQLITE: &str = "
DELETE FROM sqlite_stat1 WHERE idx = 'unique_group_name';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('groups', 'unique_group_name', '10000 10000 5000 1'),
    ('groups', 'unique_unowned_group_name', '100 100 1'),
    ('groups', 'groups_of_connection', '10000 10000 5000 1'),
    ('users', 'users_of_connection', '1000000 1000000 500000 1');
ANALYZE sqlite_schema;
";

/// The values of a user are deleted with the user again.
const POSTGRESQL: &str = "
DROP FUNCTION unawaited(UUID, JSONB);
DELETE FROM user_values v WHERE NOT EXISTS (
    SELECT 1 FROM users u WHERE u.tenant_id = v.tenant_id AND u.id = v.user_id
);
ALTER TABLE user_values ADD CONSTRAINT user_values_tenant_id_user_id_fkey
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE;
";
