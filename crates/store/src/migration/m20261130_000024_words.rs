//! People are found by the words of their names: rows of values, as addresses are.

use sea_orm::{EntityTrait as _, FromQueryResult, IntoActiveModel as _};
use sea_orm_migration::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::db::sql::Sql;
use crate::entity::user_values;
use crate::users::values::{self, WORDS};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// Users whose words are written at once.
const PORTION: u64 = 200;

#[derive(FromQueryResult)]
struct User {
    tenant_id: Uuid,
    id: Uuid,
    search: Value,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    #[expect(elided_lifetimes_in_paths, reason = "the trait spells the signature so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
        let mut after = (Uuid::nil(), Uuid::nil());
        loop {
            let mut sql =
                Sql::new("SELECT u.tenant_id, u.id, u.search FROM users u WHERE (u.tenant_id, u.id) > (");
            sql.bind(after.0).push(", ").bind(after.1);
            sql.push(") AND u.deleted_at IS NULL ORDER BY u.tenant_id, u.id LIMIT ").bind(PORTION);
            let users = User::find_by_statement(sql.statement(backend)).all(connection).await?;
            let Some(last) = users.last() else { return Ok(()) };
            after = (last.tenant_id, last.id);
            let mut words = Vec::new();
            for user in &users {
                let Some(search) = user.search.as_object() else { continue };
                let rows = values::rows(user.tenant_id, user.id, search).into_iter();
                let own = rows.filter(|row| row.attribute == WORDS);
                words.extend(own.map(user_values::Model::into_active_model));
            }
            if !words.is_empty() {
                user_values::Entity::insert_many(words).exec_without_returning(connection).await?;
            }
        }
    }
}
