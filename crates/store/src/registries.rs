//! Which schemas and resource types each tenant has: a value that can be exchanged while the program runs.

use std::collections::HashMap;
use std::sync::Arc;

use scim::Registry;

use crate::ids::TenantId;

/// The schemas and resource types of every tenant.
#[derive(Clone, Debug)]
pub struct Registries {
    /// Those of a tenant without its own.
    common: Arc<Registry>,
    own: HashMap<TenantId, Arc<Registry>>,
}

impl Default for Registries {
    /// The standard's, for every tenant.
    fn default() -> Self {
        Self::new(Arc::clone(Registry::standard()), HashMap::new())
    }
}

impl Registries {
    /// Those that tenants have in common, and those of tenants that have more.
    #[must_use]
    pub fn new(common: Arc<Registry>, own: HashMap<TenantId, Arc<Registry>>) -> Self {
        Self { common, own }
    }

    /// Those that tenants have in common.
    #[must_use]
    pub fn common(&self) -> &Arc<Registry> {
        &self.common
    }

    /// Whether any tenant has resources at this endpoint, which stands without its slash.
    #[must_use]
    pub fn any_at(&self, endpoint: &str) -> bool {
        let mut all = std::iter::once(&self.common).chain(self.own.values());
        all.any(|registry| registry.at_endpoint(endpoint).is_some())
    }

    /// Those of a tenant.
    #[must_use]
    pub fn of(&self, tenant: TenantId) -> &Arc<Registry> {
        self.own.get(&tenant).unwrap_or(&self.common)
    }
}
