//! Tenants: the customer organisations.

use chrono::{DateTime, Utc};
use scim::text::fold;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::tenants;
use crate::error::Error;
use crate::ids::{TenantId, new_id, stored};
use crate::scope::TenantScope;
use crate::store::Store;

/// One customer organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl From<tenants::Model> for Tenant {
    fn from(row: tenants::Model) -> Self {
        Self { id: TenantId::new(row.id), name: row.name, created_at: row.created_at }
    }
}

impl Store {
    /// Creates a tenant.
    ///
    /// # Errors
    /// [`Error::Conflict`] if one of this name exists.
    pub async fn create_tenant(&self, name: &str, now: DateTime<Utc>) -> Result<Tenant, Error> {
        let row = tenants::Model {
            id: new_id(now),
            name: name.to_owned(),
            name_folded: fold(name).into_owned(),
            created_at: stored(now),
        };
        let transaction = self.writing().await?;
        transaction.insert(row.clone()).await?;
        transaction.commit().await?;
        Ok(row.into())
    }

    /// Every tenant, oldest first.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        let rows =
            tenants::Entity::find().order_by_asc(tenants::Column::Id).all(&*self.database().await?).await?;
        Ok(rows.into_iter().map(Tenant::from).collect())
    }

    /// The tenant of this id or name.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn tenant(&self, id_or_name: &str) -> Result<Option<(TenantScope, Tenant)>, Error> {
        let named = tenants::Column::NameFolded.eq(fold(id_or_name).into_owned());
        let condition = match id_or_name.parse::<Uuid>() {
            Ok(id) => named.or(tenants::Column::Id.eq(id)),
            Err(_) => named,
        };
        let row = tenants::Entity::find().filter(condition).all(&*self.database().await?).await?.pop();
        Ok(row.map(|row| (TenantScope::of(row.id), row.into())))
    }
}
