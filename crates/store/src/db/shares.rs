//! How many connections one tenant may use at once, so that those of the others find one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use uuid::Uuid;

use crate::db::connection::PATIENCE;
use crate::error::Error;

/// The shares of the tenants that use connections at the moment.
#[derive(Debug)]
pub(crate) struct Shares {
    each: usize,
    in_use: Mutex<HashMap<Uuid, Weak<Semaphore>>>,
}

/// A place in a tenant's share; dropped, it is free again.
pub(crate) type Share = OwnedSemaphorePermit;

impl Shares {
    /// Three quarters of so many connections for each tenant, but at least one.
    pub(crate) fn of(connections: u32) -> Self {
        let each = (connections as usize * 3 / 4).max(1);
        Self { each, in_use: Mutex::default() }
    }

    /// Waits for a place in the share of a tenant.
    ///
    /// # Errors
    /// [`Error::Busy`] if none is free in time.
    pub(crate) async fn take(&self, tenant: Uuid) -> Result<Share, Error> {
        let share = self.share(tenant);
        let place = timeout(PATIENCE, share.acquire_owned()).await.map_err(|_| Error::Busy)?;
        place.map_err(|_| Error::Busy)
    }

    fn share(&self, tenant: Uuid) -> Arc<Semaphore> {
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = in_use.get(&tenant).and_then(Weak::upgrade) {
            return share;
        }
        in_use.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(self.each));
        in_use.insert(tenant, Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::poll;

    use super::*;

    #[tokio::test]
    async fn a_tenant_waits_at_the_end_of_its_share_and_the_others_do_not() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let shares = Shares::of(3);
        let first = shares.take(one).await.expect("free");
        let second = shares.take(one).await.expect("free");
        let mut third = pin!(shares.take(one));
        assert!(poll!(&mut third).is_pending());
        let others = shares.take(other).await.expect("free");
        drop(first);
        let third = third.await.expect("free now");
        drop(third);
        assert_eq!(shares.in_use.lock().expect("sound").len(), 2);
        drop((second, others));
        drop(shares.take(Uuid::from_u128(3)).await.expect("free"));
        assert_eq!(shares.in_use.lock().expect("sound").len(), 1, "those at rest are forgotten");
    }

    #[test]
    fn a_share_leaves_a_connection_to_the_others_and_is_never_nothing() {
        for (connections, each) in [(1, 1), (2, 1), (3, 2), (4, 3), (10, 7)] {
            assert_eq!(Shares::of(connections).each, each);
        }
    }
}
