//! Customer organisations.

use chrono::{DateTime, Utc};
use serde::Serialize;
use store::TenantId;

use super::{Admin, AdminError};

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
/// [`AdminError`] for an empty name or one that exists.
pub async fn create(admin: &Admin, name: &str) -> Result<Tenant, AdminError> {
    let name = super::checked_name(name)?;
    Ok(admin.store.create_tenant(name, admin.now()).await?.into())
}

/// Every tenant, oldest first.
///
/// # Errors
/// [`AdminError`].
pub async fn list(admin: &Admin) -> Result<Vec<Tenant>, AdminError> {
    Ok(admin.store.tenants().await?.into_iter().map(Tenant::from).collect())
}
