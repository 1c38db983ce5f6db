//! What the steps of jobs need, in a server and in a command, which sends no mail.

use chrono::TimeDelta;
use operations::Database;
use operations::work::Pace;

use super::lane::Sends;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::outbound::Outbound;

/// The database, the clock, and how much a step may do.
#[derive(Clone, Copy)]
pub(crate) struct JobContext<'c> {
    pub(super) db: &'c Database,
    pub(super) clock: &'c Clock,
    /// The ways out, in a server.
    pub(super) outbound: Option<&'c Outbound>,
    /// The server itself, for what runs as a request.
    pub(super) app: Option<&'c App>,
    batch: u64,
    pub(super) lease: TimeDelta,
    mail_limit: TimeDelta,
    webhook_limit: TimeDelta,
}

impl<'c> JobContext<'c> {
    /// With the sizes of the settings.
    pub(crate) fn new(
        db: &'c Database,
        clock: &'c Clock,
        config: &Config,
        outbound: Option<&'c Outbound>,
    ) -> Self {
        let lease = TimeDelta::seconds(config.jobs.lease_seconds.into());
        let seconds = |limit| TimeDelta::seconds(i64::try_from(limit).unwrap_or(i64::MAX / 4000));
        Self {
            db,
            clock,
            outbound,
            app: None,
            batch: config.jobs.batch.into(),
            lease,
            mail_limit: seconds(config.mail.smtp_timeout_seconds),
            webhook_limit: seconds(config.webhooks.timeout_seconds),
        }
    }

    /// The same in a server.
    pub(crate) const fn within(self, app: &'c App) -> Self {
        Self { app: Some(app), ..self }
    }

    /// The same for a lane that sends something: its worker owns a job for longer than that may take, so that no other worker
    /// sends it, too.
    pub(super) fn for_sending(self, sends: Sends) -> Self {
        let limit = match sends {
            Sends::Nothing => TimeDelta::zero(),
            Sends::Mail => self.mail_limit,
            Sends::Events => self.webhook_limit,
        };
        Self { lease: self.lease + limit * 2, ..self }
    }

    /// The pace of a step that is taken now.
    pub(crate) fn pace(&self) -> Pace {
        Pace { now: self.clock.now(), batch: self.batch, lease: self.lease }
    }
}
