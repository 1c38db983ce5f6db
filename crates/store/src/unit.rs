//! Units of work: one transaction each, opened for a tenant; dropped, they are rolled back.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use provisioning::Policy;
use scim::Registry;
use sea_orm::DbBackend;
use uuid::Uuid;

use crate::db::backend::lock_rows;
use crate::db::locks::Lock;
use crate::db::transaction::Transaction;
use crate::error::Error;
use crate::scope::TenantScope;
use crate::touched::Touches;

/// A unit that reads one snapshot of a tenant's data.
#[derive(Debug)]
pub struct ReadUnit {
    pub(crate) transaction: Transaction,
    pub(crate) scope: TenantScope,
    /// The schemas and resource types of the tenant.
    pub(crate) registry: Arc<Registry>,
    pub(crate) base: Arc<str>,
    /// The delays for people without an owner.
    pub(crate) policy: Policy,
}

impl ReadUnit {
    /// How many statements it has run, without begin and commit.
    #[must_use]
    pub fn statements(&self) -> usize {
        self.transaction.statements()
    }

    /// The tenant whose data it sees.
    #[must_use]
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The schemas and resource types of the tenant.
    #[must_use]
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    pub(crate) fn tenant(&self) -> Uuid {
        self.scope.tenant_id().uuid()
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.transaction.backend()
    }
}

/// A unit that changes a tenant's data; it also reads, its own changes included.
///
/// Rows are locked in one order: the tenant where its time zone counts, the resource that a request names, then groups,
/// then users by id, then pools by id.
/// The lock of parked members (`Lock::Parking`) stands between groups and users.
#[derive(Debug)]
pub struct WriteUnit {
    reading: ReadUnit,
    /// Users who got their new version in this unit already.
    pub(crate) bumped: BTreeSet<Uuid>,
    /// Whether this unit has queued jobs.
    pub(crate) queued_work: bool,
    /// Whether groups that wait for users to come are locked, or need no lock.
    pub(crate) locked_awaiting: bool,
    /// The resources that the unit has changed.
    pub(crate) touches: Box<Touches>,
}

impl WriteUnit {
    pub(crate) fn new(reading: ReadUnit) -> Self {
        let locked_awaiting = lock_rows(reading.backend()).is_none();
        let (bumped, touches) = (BTreeSet::new(), Box::default());
        Self { reading, bumped, queued_work: false, locked_awaiting, touches }
    }

    /// Whether a worker has something new to look at once the unit is committed.
    #[must_use]
    pub fn has_queued_work(&self) -> bool {
        self.queued_work
    }

    /// Makes every change of the unit last; it has reached the disk when this returns.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`]: nothing of the unit may be relied upon then.
    pub async fn commit(self) -> Result<(), Error> {
        self.reading.transaction.commit().await
    }

    /// Passes what is being set up for users to come.
    pub(crate) async fn share(&mut self, locks: &[Lock]) -> Result<(), Error> {
        self.transaction.share(self.tenant(), locks).await
    }

    /// Lets no other unit pass until this one ends.
    pub(crate) async fn hold(&mut self, lock: Lock) -> Result<(), Error> {
        self.transaction.hold(self.tenant(), lock).await
    }
}

impl Deref for WriteUnit {
    type Target = ReadUnit;

    fn deref(&self) -> &ReadUnit {
        &self.reading
    }
}
