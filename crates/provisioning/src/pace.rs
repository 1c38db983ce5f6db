//! When mail may leave: not in quiet hours, not more of it than so much within an hour, and not while too much is refused.

use chrono::{DateTime, Datelike as _, NaiveTime, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

use crate::zone::Zone;

/// The length of time over which mail is counted.
pub const HOUR: TimeDelta = TimeDelta::hours(1);

/// The hours in which no mail leaves, where the tenant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quiet {
    /// The time of day from which on no mail leaves.
    pub from: NaiveTime,
    /// The time of day from which on mail leaves again; the next day, where it is earlier. The same as `from`: none of the day.
    pub until: NaiveTime,
    /// Whether no mail leaves on Saturdays and Sundays either.
    pub weekends: bool,
}

impl Quiet {
    /// The first instant from `at` on that is in no quiet hour.
    #[must_use]
    pub fn over(&self, zone: Zone, at: DateTime<Utc>) -> DateTime<Utc> {
        let mut at = at;
        // A weekend with the nights around it has four ends.
        for _ in 0..8 {
            let Some(end) = self.end(zone, at) else { break };
            // A clock that is put back repeats quiet hours.
            at = if end > at { end } else { at + HOUR };
        }
        at
    }

    /// The end of the quiet time that an instant is in.
    fn end(&self, zone: Zone, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (day, time) = (zone.day(at), zone.time(at));
        if self.weekends && matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            return Some(zone.end_of(day));
        }
        let over_midnight = self.from > self.until;
        let quiet = if over_midnight {
            time >= self.from || time < self.until
        } else {
            time >= self.from && time < self.until
        };
        let last = if over_midnight && time >= self.from { day.succ_opt()? } else { day };
        quiet.then(|| zone.instant(last, self.until))
    }
}

/// A number of mails that may leave within an hour, and when mail left that counts: in the last hour, the earliest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap<'c> {
    /// The most within any hour.
    pub most: u32,
    /// When mail left.
    pub left: &'c [DateTime<Utc>],
}

impl Cap<'_> {
    /// The first instant from `now` on at which one more mail keeps the cap.
    fn free(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let most = usize::try_from(self.most.max(1)).unwrap_or(usize::MAX);
        let first_of_full = self.left.len().checked_sub(most).and_then(|at| self.left.get(at));
        first_of_full.map_or(now, |at| (*at + HOUR).max(now))
    }
}

/// When one more mail may leave: at `now`, or at the first instant that keeps every cap and is not quiet.
#[must_use]
pub fn leaves_at(zone: Zone, quiet: Option<&Quiet>, caps: &[Cap<'_>], now: DateTime<Utc>) -> DateTime<Utc> {
    let free = caps.iter().map(|cap| cap.free(now)).max().unwrap_or(now);
    quiet.map_or(free, |quiet| quiet.over(zone, free))
}

/// How much refused mail is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusals {
    /// More percent than this.
    pub percent: u8,
    /// Of at least so many mails that were answered for good.
    pub of: u32,
}

impl Refusals {
    /// Whether so many refusals among so many answers are too much.
    #[must_use]
    pub fn stop(&self, refused: u64, answered: u64) -> bool {
        answered >= self.of.into() && refused * 100 > answered * u64::from(self.percent)
    }
}

#[cfg(test)]
mod tests;
