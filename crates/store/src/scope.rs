//! The scope that opens units of work for one tenant.

use uuid::Uuid;

use crate::ids::TenantId;

/// Permission to work on one tenant's data; handed out by look-ups of a token, a job or an operator alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TenantScope(TenantId);

impl TenantScope {
    pub(crate) fn of(tenant: Uuid) -> Self {
        Self(TenantId::new(tenant))
    }

    /// The tenant.
    #[must_use]
    pub fn tenant_id(&self) -> TenantId {
        self.0
    }
}
