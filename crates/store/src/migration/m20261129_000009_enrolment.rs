//! The enrolment of a user is stored once, in columns: the JSON document beside them goes.

use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::in_words_of;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        for statement in STATEMENTS.split(";\n") {
            connection.execute_unprepared(&in_words_of(backend, statement)).await?;
        }
        Ok(())
    }
}

/// A user who has just arrived has an empty document.
const STATEMENTS: &str = "
ALTER TABLE users ADD COLUMN enrolment_steps {json} NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN enrolment_resumes {text};
ALTER TABLE users ADD COLUMN enrolment_cause {text};
ALTER TABLE users RENAME COLUMN enrolment_reason TO enrolment_cause_folded;
UPDATE users SET enrolment_steps = COALESCE(enrolment -> 'steps', '{}'), enrolment_resumes = enrolment ->> 'resumes',
    enrolment_cause = enrolment ->> 'cause'
WHERE enrolment <> '{}';
ALTER TABLE users DROP COLUMN enrolment;
ALTER TABLE users DROP COLUMN enrolment_known
";
