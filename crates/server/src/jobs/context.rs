//! What the steps of jobs need, in a server and in a command.

use chrono::TimeDelta;
use operations::Database;
use operations::work::Pace;

use crate::clock::Clock;
use crate::config::Config;

/// The database, the clock, and how much a step may do.
#[derive(Clone, Copy)]
pub(crate) struct JobContext<'c> {
    pub(super) db: &'c Database,
    pub(super) clock: &'c Clock,
    batch: u64,
    pub(super) lease: TimeDelta,
}

impl<'c> JobContext<'c> {
    /// With the sizes of the settings.
    pub(crate) fn new(db: &'c Database, clock: &'c Clock, config: &Config) -> Self {
        let lease = TimeDelta::seconds(config.jobs.lease_seconds.into());
        Self { db, clock, batch: config.jobs.batch.into(), lease }
    }

    /// The pace of a step that is taken now.
    pub(crate) fn pace(&self) -> Pace {
        Pace { now: self.clock.now(), batch: self.batch, lease: self.lease }
    }
}
