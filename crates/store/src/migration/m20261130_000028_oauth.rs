//! Other credentials than bearer tokens: secrets and keys of OAuth clients, and issuers whose tokens are believed (RFC 6749,
//! RFC 7523); and the networks that a connection comes from.

use sea_orm_migration::prelude::*;

use super::m20261122_000001_initial::run;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, SCHEMA).await
    }
}

const SCHEMA: &str = "
ALTER TABLE tokens ADD COLUMN kind {text} NOT NULL DEFAULT 'bearer';
ALTER TABLE tokens ADD COLUMN scopes {json} NOT NULL DEFAULT '[\"scim\"]';
ALTER TABLE tokens ADD COLUMN details {json};
ALTER TABLE connections ADD COLUMN networks {json} NOT NULL DEFAULT '[]';
";
