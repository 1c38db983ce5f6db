//! What things are called that a log names by their ids.

use std::collections::HashMap;

use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::db::backend::json_text;
use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::unit::ReadUnit;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    name: Option<String>,
}

impl ReadUnit {
    /// The names of those of these people, groups, pools and connections that are there.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn names(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, Error> {
        let user_name = json_text(self.backend(), "t.document", &["userName"]);
        let of_user = format!("COALESCE(t.display_name, {user_name})");
        let mut names = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            for (table, name, also) in [
                ("users", of_user.as_str(), " WHERE t.deleted_at IS NULL"),
                ("groups", "t.display_name", ""),
                ("pools", "t.name", ""),
                ("connections", "t.name", ""),
            ] {
                let mut sql = Sql::new(&format!("SELECT t.id, {name} AS name FROM "));
                sql.among(self.backend(), self.tenant(), (table, "t", "id"), chunk.iter().copied())
                    .push(also);
                let rows = self.transaction.all::<Row>(sql).await?;
                names.extend(rows.into_iter().filter_map(|row| Some((row.id, row.name?))));
            }
        }
        Ok(names)
    }
}
