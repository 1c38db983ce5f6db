//! What the steps of jobs need, in a server and in a command, which sends no mail.

use chrono::TimeDelta;
use operations::Database;
use operations::work::Pace;

use crate::clock::Clock;
use crate::config::Config;
use crate::outbound::mailer::Mailer;

/// The database, the clock, and how much a step may do.
#[derive(Clone, Copy)]
pub(crate) struct JobContext<'c> {
    pub(super) db: &'c Database,
    pub(super) clock: &'c Clock,
    /// The way to the mail server, where there is one.
    pub(super) mailer: Option<&'c Mailer>,
    batch: u64,
    pub(super) lease: TimeDelta,
    mail_limit: TimeDelta,
}

impl<'c> JobContext<'c> {
    /// With the sizes of the settings.
    pub(crate) fn new(
        db: &'c Database,
        clock: &'c Clock,
        config: &Config,
        mailer: Option<&'c Mailer>,
    ) -> Self {
        let lease = TimeDelta::seconds(config.jobs.lease_seconds.into());
        let limit = i64::try_from(config.mail.smtp_timeout_seconds).unwrap_or(i64::MAX / 4000);
        Self {
            db,
            clock,
            mailer,
            batch: config.jobs.batch.into(),
            lease,
            mail_limit: TimeDelta::seconds(limit),
        }
    }

    /// The same for a lane that sends mail: its worker owns a job for longer than a mail may take, so that no other worker sends
    /// the mail, too.
    pub(super) fn for_mail(self) -> Self {
        Self { lease: self.lease + self.mail_limit * 2, ..self }
    }

    /// The pace of a step that is taken now.
    pub(crate) fn pace(&self) -> Pace {
        Pace { now: self.clock.now(), batch: self.batch, lease: self.lease }
    }
}
