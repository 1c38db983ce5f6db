//! Customer organisations.

use chrono::{DateTime, Utc};
use serde::Serialize;
use store::TenantId;

use crate::database::Database;
use crate::error::Error;
use crate::find::checked_name;
use crate::requester::Operator;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

impl From<store::Tenant> for Tenant {
    fn from(tenant: store::Tenant) -> Self {
        Self { id: tenant.id, name: tenant.name, created_at: tenant.created_at }
    }
}

/// Creates a tenant.
///
/// # Errors
/// [`Error`] for an empty name or one that exists.
pub async fn create(db: &Database, operator: &Operator, name: &str) -> Result<Tenant, Error> {
    let name = checked_name(name)?;
    Ok(db.store().create_tenant(name, operator.now).await?.into())
}

/// Every tenant, oldest first.
///
/// # Errors
/// What the database says.
pub async fn list(db: &Database) -> Result<Vec<Tenant>, Error> {
    Ok(db.store().tenants().await?.into_iter().map(Tenant::from).collect())
}
