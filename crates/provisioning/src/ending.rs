//! When administrators are warned before a pool ends (O-11).

use chrono::{DateTime, Days, Utc};

use crate::zone::Zone;

/// How many days before its end there is a warning.
const WARNINGS: [u32; 3] = [30, 7, 1];

/// The end of a pool with the warnings before it. A warning comes so many days before the end, at the time of day of the end, where
/// the tenant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The instant from which its seats count no more.
    pub end: DateTime<Utc>,
    /// Where the tenant is.
    pub zone: Zone,
    /// The nearest warning that was sent, by its number of days.
    pub told: Option<u32>,
}

impl Ending {
    /// The warning that is to be sent now: of those whose time has come the nearest one, unless it was sent.
    #[must_use]
    pub fn due(&self, now: DateTime<Utc>) -> Option<u32> {
        self.reached(now).filter(|days| now < self.end && self.told.is_none_or(|told| *days < told))
    }

    /// When the next warning comes.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        WARNINGS.into_iter().map(|days| self.instant(days)).find(|at| *at > now && *at < self.end)
    }

    /// What counts as sent when the pool was given this end in the place of another one: a warning that this end has yet to
    /// reach is to be sent again, and none that was sent for the same number of days, or fewer, is sent twice.
    #[must_use]
    pub fn moved(self, now: DateTime<Utc>) -> Self {
        let told = self.reached(now).and_then(|reached| Some(self.told?.max(reached)));
        Self { told, ..self }
    }

    /// How many days are left, as a calendar has them.
    #[must_use]
    pub fn days_left(&self, now: DateTime<Utc>) -> i64 {
        (self.zone.day(self.end) - self.zone.day(now)).num_days()
    }

    /// The nearest warning whose time has come.
    fn reached(&self, now: DateTime<Utc>) -> Option<u32> {
        WARNINGS.into_iter().rev().find(|days| self.instant(*days) <= now)
    }

    fn instant(&self, days: u32) -> DateTime<Utc> {
        let day = self.zone.day(self.end);
        let day = day.checked_sub_days(Days::new(days.into())).unwrap_or(day);
        self.zone.instant(day, self.zone.time(self.end))
    }
}
