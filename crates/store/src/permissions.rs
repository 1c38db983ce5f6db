//! Permissions of a tenant, and what groups and people have otherwise.

use chrono::{DateTime, Utc};
use provisioning::permission::{Exception, Holder, Permission, Value};
use provisioning::{GroupId, UserId};
use sea_orm::EntityTrait as _;
use uuid::Uuid;

use crate::connections::decode;
use crate::db::sql::Sql;
use crate::entity::{permission_exceptions, permissions};
use crate::error::Error;
use crate::ids::stored;
use crate::unit::{ReadUnit, WriteUnit};

/// A permission with what people read about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionRecord {
    /// The name and the value.
    pub permission: Permission,
    /// What it is, in a few words.
    pub summary: String,
}

/// An exception as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRecord {
    /// Its id.
    pub id: Uuid,
    /// What it says.
    pub exception: Exception,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl TryFrom<permissions::Model> for PermissionRecord {
    type Error = Error;

    fn try_from(row: permissions::Model) -> Result<Self, Error> {
        let value: Value = decode(row.value, "permissions", "value", &row.name)?;
        Ok(Self { permission: Permission { name: row.name, value }, summary: row.summary })
    }
}

impl TryFrom<permission_exceptions::Model> for ExceptionRecord {
    type Error = Error;

    fn try_from(row: permission_exceptions::Model) -> Result<Self, Error> {
        let inconsistent =
            |column| Error::Inconsistent { table: "permission_exceptions", column, id: row.id.to_string() };
        let holder = match (row.group_id, row.user_id) {
            (Some(group), None) => Holder::Group(GroupId::new(group)),
            (None, Some(user)) => Holder::User(UserId::new(user)),
            _ => return Err(inconsistent("group_id")),
        };
        let position = u32::try_from(row.position).map_err(|_| inconsistent("position"))?;
        let value = decode(row.value, "permission_exceptions", "value", &row.id.to_string())?;
        let exception = Exception { name: row.name, holder, position, value };
        Ok(Self { id: row.id, exception, created_at: row.created_at })
    }
}

impl ReadUnit {
    /// The permissions, by name.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn permissions(&self) -> Result<Vec<PermissionRecord>, Error> {
        let mut sql = Sql::new("SELECT p.* FROM permissions p WHERE p.tenant_id = ");
        sql.bind(self.tenant()).push(" ORDER BY p.name");
        self.transaction
            .all::<permissions::Model>(sql)
            .await?
            .into_iter()
            .map(PermissionRecord::try_from)
            .collect()
    }

    /// The exceptions of groups and of one person, or of all people without one, in the order in which groups come first.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn permission_exceptions(&self, of: Option<UserId>) -> Result<Vec<ExceptionRecord>, Error> {
        let mut sql = Sql::new("SELECT e.* FROM permission_exceptions e WHERE e.tenant_id = ");
        sql.bind(self.tenant());
        if let Some(user) = of {
            sql.push(" AND (e.user_id IS NULL OR e.user_id = ").bind(user.uuid()).push(")");
        }
        sql.push(" ORDER BY e.position, e.id");
        let rows = self.transaction.all::<permission_exceptions::Model>(sql).await?;
        rows.into_iter().map(ExceptionRecord::try_from).collect()
    }
}

impl WriteUnit {
    /// Saves a permission, new or known.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn save_permission(&mut self, record: &PermissionRecord) -> Result<(), Error> {
        let row = permissions::Model {
            tenant_id: self.tenant(),
            name: record.permission.name.clone(),
            summary: record.summary.clone(),
            value: serde_json::json!(record.permission.value),
        };
        let otherwise =
            " ON CONFLICT (tenant_id, name) DO UPDATE SET summary = excluded.summary, value = excluded.value";
        self.transaction.insert_all_or::<permissions::Entity>(vec![row], otherwise).await
    }

    /// Deletes a permission with its exceptions; `false` if there is none of this name.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_permission(&mut self, name: &str) -> Result<bool, Error> {
        let row = permissions::Entity::delete_by_id((self.tenant(), name.to_owned()));
        Ok(row.exec(&self.transaction).await?.rows_affected == 1)
    }

    /// Saves an exception, new or known.
    ///
    /// # Errors
    /// [`Error::Other`] if the permission, the group or the person does not exist.
    pub async fn save_permission_exception(&mut self, record: &ExceptionRecord) -> Result<(), Error> {
        let (group_id, user_id) = match record.exception.holder {
            Holder::Group(group) => (Some(group.uuid()), None),
            Holder::User(user) => (None, Some(user.uuid())),
        };
        let row = permission_exceptions::Model {
            tenant_id: self.tenant(),
            id: record.id,
            name: record.exception.name.clone(),
            group_id,
            user_id,
            position: record.exception.position.into(),
            value: serde_json::json!(record.exception.value),
            created_at: stored(record.created_at),
        };
        let otherwise =
            " ON CONFLICT (tenant_id, id) DO UPDATE SET position = excluded.position, value = excluded.value";
        self.transaction.insert_all_or::<permission_exceptions::Entity>(vec![row], otherwise).await
    }

    /// Deletes an exception; `false` if there is none of this id.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_permission_exception(&mut self, id: Uuid) -> Result<bool, Error> {
        let row = permission_exceptions::Entity::delete_by_id((self.tenant(), id));
        Ok(row.exec(&self.transaction).await?.rows_affected == 1)
    }
}
