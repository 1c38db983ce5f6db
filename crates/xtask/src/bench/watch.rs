//! What another tenant feels of heavy work: one reader who reads on and on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinHandle;

use super::client::Scim;
use super::load::timed;
use super::place::Place;

/// Reads of a user, one at a time, until it ends.
pub(crate) struct Watch {
    over: Arc<AtomicBool>,
    reads: JoinHandle<Result<Duration>>,
}

impl Watch {
    /// Begins to read the user of this id.
    pub(crate) fn begin(place: &Place<'_>, reader: Scim, user: &str) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (ended, path) = (Arc::clone(&over), format!("/scim/v2/Users/{user}"));
        let reads = place.runtime.spawn(async move {
            let mut longest = Duration::ZERO;
            while !ended.load(Ordering::Relaxed) {
                longest = longest.max(timed(async { reader.read(&path).await.map(drop) }).await?);
            }
            anyhow::Ok(longest)
        });
        Self { over, reads }
    }

    /// Ends it; gives what the longest read took in milliseconds.
    ///
    /// # Errors
    /// The first read that failed.
    pub(crate) fn end(self, place: &Place<'_>) -> Result<f64> {
        self.over.store(true, Ordering::Relaxed);
        Ok(place.block_on(self.reads)??.as_secs_f64() * 1_000.0)
    }
}
