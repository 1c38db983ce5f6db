//! Time zones: when a day of a tenant ends.

use std::fmt;
use std::str::FromStr;

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};
use serde::{Serialize, Serializer};
use thiserror::Error;

/// A time zone of the IANA list, with its daylight saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

/// A name that no time zone has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("“{name}” is no time zone: write {known}")]
pub struct UnknownZone {
    /// What was given.
    pub name: String,
    /// What would do.
    pub known: String,
}

impl Zone {
    /// The zone of a tenant that has named none.
    pub const UTC: Self = Self(Tz::UTC);

    /// Its name, such as `Europe/Berlin`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }

    /// The day of an instant.
    #[must_use]
    pub fn day(self, at: DateTime<Utc>) -> NaiveDate {
        self.local(at).date_naive()
    }

    /// The time of day of an instant.
    #[must_use]
    pub fn time(self, at: DateTime<Utc>) -> NaiveTime {
        self.local(at).time()
    }

    /// An instant as the clocks of the zone show it. At the ends of the calendar some zones have no such day.
    fn local(self, at: DateTime<Utc>) -> DateTime<Tz> {
        let day = TimeDelta::days(2);
        at.clamp(DateTime::<Utc>::MIN_UTC + day, DateTime::<Utc>::MAX_UTC - day).with_timezone(&self.0)
    }

    /// The instant of a time of a day. One that the clock skips is the first instant after the gap, and of two that are called
    /// the same it is the later one.
    #[must_use]
    pub fn instant(self, day: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
        let local = day.and_time(time);
        let at = match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(_, at) => Some(at),
            LocalResult::None => GapInfo::new(&local, &self.0).and_then(|gap| gap.end),
        };
        at.map_or_else(|| local.and_utc(), |at| at.to_utc())
    }

    /// The instant at which a day is over: the next midnight. Where the clock skips that midnight, the next day begins
    /// at the first instant after the gap; where the clock is put back over midnight, the repeated hour still belongs
    /// to the day.
    #[must_use]
    pub fn end_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.succ_opt().unwrap_or(day).and_time(NaiveTime::MIN);
        let end = match self.0.from_local_datetime(&midnight) {
            LocalResult::Single(end) => Some(end),
            // The second midnight ends the day only if the clock was put back into the day.
            LocalResult::Ambiguous(first, second) => {
                let before = second - TimeDelta::seconds(1);
                Some(if before.date_naive() == day { second } else { first })
            }
            LocalResult::None => GapInfo::new(&midnight, &self.0).and_then(|gap| gap.end),
        };
        // A gap without an end is in no table.
        end.map_or_else(|| midnight.and_utc(), |end| end.to_utc())
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self).map_err(|_| UnknownZone { name: name.to_owned(), known: nearest(name) })
    }
}

/// The zones that are called so in other letters, or that have a city of this name.
fn nearest(name: &str) -> String {
    let wanted = name.trim().replace(' ', "_");
    let is_near = |zone: &&str| {
        let city = zone.rsplit('/').next().unwrap_or(zone);
        zone.eq_ignore_ascii_case(&wanted) || city.eq_ignore_ascii_case(&wanted)
    };
    let near: Vec<&str> = TZ_VARIANTS.iter().map(|zone| zone.name()).filter(is_near).collect();
    if near.is_empty() {
        "a name of the IANA list, such as Europe/Berlin, America/New_York or UTC".to_owned()
    } else {
        near.join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_the_next_midnight_of_its_zone() {
        for (zone, day, end) in [
            ("UTC", "2027-01-31", "2027-02-01T00:00:00Z"),
            ("Europe/Berlin", "2027-01-31", "2027-01-31T23:00:00Z"),
            ("Europe/Berlin", "2027-07-31", "2027-07-31T22:00:00Z"),
            ("America/New_York", "2027-01-31", "2027-02-01T05:00:00Z"),
            ("Pacific/Auckland", "2027-01-31", "2027-01-31T11:00:00Z"),
            // The clock changes later on the last day: it has 23 or 25 hours.
            ("Europe/Berlin", "2027-03-28", "2027-03-28T22:00:00Z"),
            ("Europe/Berlin", "2027-10-31", "2027-10-31T23:00:00Z"),
            // There is no midnight: the clock goes from 24:00 to 01:00.
            ("America/Santiago", "2026-09-05", "2026-09-06T04:00:00Z"),
            ("Africa/Cairo", "2026-04-23", "2026-04-23T22:00:00Z"),
            // There is no next day at all: the one behind it begins at once.
            ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
            // Two midnights begin the next day, and the first one ends this.
            ("America/Havana", "2026-10-31", "2026-11-01T04:00:00Z"),
            // The clock goes from 24:00 back to 23:00, or from 00:01 to 23:01, and the day goes on.
            ("America/Santiago", "2026-04-04", "2026-04-05T04:00:00Z"),
            ("Asia/Beirut", "2026-10-24", "2026-10-24T22:00:00Z"),
            ("America/St_Johns", "2010-11-06", "2010-11-07T03:30:00Z"),
        ] {
            let day: NaiveDate = day.parse().expect("a day");
            let ended = zone.parse::<Zone>().expect("a zone").end_of(day);
            assert_eq!(ended, end.parse::<DateTime<Utc>>().expect("an instant"), "{day} in {zone}");
        }
    }

    #[test]
    fn an_unknown_zone_is_told_what_to_write() {
        for (name, advice) in [
            ("Berlin", "write Europe/Berlin"),
            ("europe/berlin", "write Europe/Berlin"),
            ("new york", "write America/New_York"),
            ("+02:00", "such as Europe/Berlin, America/New_York or UTC"),
            ("", "such as Europe/Berlin, America/New_York or UTC"),
        ] {
            let said = name.parse::<Zone>().expect_err("no zone").to_string();
            let is_told = said.starts_with(&format!("“{name}” is no time zone: ")) && said.ends_with(advice);
            assert!(is_told, "{said}");
        }
        for name in ["UTC", "Europe/Berlin", "Asia/Calcutta"] {
            assert_eq!(name.parse::<Zone>().expect("a zone").as_str(), name);
        }
    }
}
