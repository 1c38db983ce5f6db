//! Look-ups across tenants, for the operator at the terminal: by id, or by a name that must stand for one thing in all
//! tenants, or in the one that the operator names.

use provisioning::{GroupId, PoolId, UserId};
use scim::text::{fold, fold_name};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::connections::Connection;
use crate::db::sql::Sql;
use crate::error::Error;
use crate::groups::Group;
use crate::ids::ConnectionId;
use crate::pools::PoolState;
use crate::scope::TenantScope;
use crate::store::Store;
use crate::users::User;

#[derive(FromQueryResult)]
struct Found {
    tenant_id: Uuid,
    id: Uuid,
    tenant_name: String,
}

impl Store {
    /// The connection of this id or name.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] if several tenants have one of this name.
    pub async fn connection(
        &self,
        id_or_name: &str,
        within: Option<&TenantScope>,
    ) -> Result<Option<(TenantScope, Connection)>, Error> {
        let found = self
            .find("connections", "name_folded", fold(id_or_name).into_owned(), id_or_name, within)
            .await?;
        let Some((scope, id)) = found else { return Ok(None) };
        let connection = self.read(&scope).await?.connection(ConnectionId::new(id)).await?;
        Ok(connection.map(|connection| (scope, connection)))
    }

    /// The group of this id or display name.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] if there are several of this name.
    pub async fn find_group(
        &self,
        id_or_name: &str,
        within: Option<&TenantScope>,
    ) -> Result<Option<(TenantScope, Group)>, Error> {
        let found = self
            .find("groups", "display_name_folded", fold(id_or_name).into_owned(), id_or_name, within)
            .await?;
        let Some((scope, id)) = found else { return Ok(None) };
        let group = self.read(&scope).await?.group(GroupId::new(id)).await?;
        Ok(group.map(|group| (scope, group)))
    }

    /// The pool of this id or name.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] if several tenants have one of this name.
    pub async fn find_pool(
        &self,
        id_or_name: &str,
        within: Option<&TenantScope>,
    ) -> Result<Option<(TenantScope, PoolState)>, Error> {
        let found =
            self.find("pools", "name_folded", fold(id_or_name).into_owned(), id_or_name, within).await?;
        let Some((scope, id)) = found else { return Ok(None) };
        let pools = self.read(&scope).await?.pools().await?;
        Ok(pools.into_iter().find(|state| state.pool.id == PoolId::new(id)).map(|state| (scope, state)))
    }

    /// The user of this id or user name.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] if several tenants have one of this name.
    pub async fn find_user(
        &self,
        id_or_name: &str,
        within: Option<&TenantScope>,
    ) -> Result<Option<(TenantScope, User)>, Error> {
        let found = self.find("users", "user_name_folded", fold_name(id_or_name), id_or_name, within).await?;
        let Some((scope, id)) = found else { return Ok(None) };
        // By id, a person is found, too, who was deleted and whose access the brake keeps.
        let held = scope.clone().with_held();
        let user = self.read(&held).await?.user(UserId::new(id)).await?;
        Ok(user.map(|user| (if user.deleted { held } else { scope }, user)))
    }

    /// The person of this id or `userName` for whom the brake holds something, who may have been deleted.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] if several have this name.
    pub async fn find_held(
        &self,
        id_or_name: &str,
        within: Option<&TenantScope>,
    ) -> Result<Option<(TenantScope, UserId)>, Error> {
        let held = "(SELECT DISTINCT u.tenant_id, u.id, u.user_name_folded FROM users u JOIN held_losses h \
             ON h.tenant_id = u.tenant_id AND h.user_id = u.id)";
        let found = self.find(held, "user_name_folded", fold_name(id_or_name), id_or_name, within).await?;
        Ok(found.map(|(scope, id)| (scope, UserId::new(id))))
    }

    async fn find(
        &self,
        table: &str,
        column: &str,
        folded: String,
        given: &str,
        within: Option<&TenantScope>,
    ) -> Result<Option<(TenantScope, Uuid)>, Error> {
        let mut sql = Sql::new(&format!(
            "SELECT r.tenant_id, r.id, t.name AS tenant_name FROM {table} r JOIN tenants t ON t.id = r.tenant_id \
             WHERE ({}r.{column} = ",
            if table == "users" { "r.deleted_at IS NULL AND " } else { "" }
        ));
        sql.bind(folded);
        if let Ok(id) = given.parse::<Uuid>() {
            sql.push(" OR r.id = ").bind(id);
        }
        sql.push(")");
        if let Some(scope) = within {
            sql.push(" AND r.tenant_id = ").bind(scope.tenant_id().uuid());
        }
        sql.push(" ORDER BY r.id");
        let mut found =
            Found::find_by_statement(sql.statement(self.backend())).all(&*self.database().await?).await?;
        // An id is of one thing, whatever name another one has got.
        if let Ok(id) = given.parse::<Uuid>()
            && found.iter().any(|row| row.id == id)
        {
            found.retain(|row| row.id == id);
        }
        if found.len() > 1 {
            let one = |row: &Found| format!("{} (tenant {})", row.id, row.tenant_name);
            let ids: Vec<String> = found.iter().map(one).collect();
            return Err(Error::Ambiguous(format!(
                "\"{given}\" is one of several, name it by id or say --tenant: {}",
                ids.join(", ")
            )));
        }
        Ok(found.pop().map(|row| (TenantScope::of(row.tenant_id), row.id)))
    }
}
