//! When a pool runs full, as far as its last four weeks tell (O-11).

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use serde::Serialize;

use crate::history::PoolDay;

/// How many days are looked at.
pub const LOOKED_AT: u64 = 28;

/// From how many days on something can be said: each day of the week was seen once.
const ENOUGH: usize = 7;

/// How far ahead something is said.
const AHEAD: u64 = 365;

/// When a pool runs full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "forecast", content = "fullOn", rename_all = "kebab-case")]
pub enum Forecast {
    /// Its history is too short to say.
    TooEarly,
    /// It is full.
    Full,
    /// At the end of this day, if it goes on like this.
    Day(NaiveDate),
    /// Not within a year, if it goes on like this.
    NotWithinAYear,
}

impl Forecast {
    /// The rule: each coming day brings what that day of the week has brought on average, joins less leaves, within the last
    /// 28 whole days. The pool runs full on the first day at whose end no bought seat is free.
    ///
    /// `today` is how the pool stands; `days` are the whole days before today. The day on which the history of a pool begins is no
    /// whole day: that a pool was filled at its start says nothing about how it goes on.
    #[must_use]
    pub fn of(today: &PoolDay, days: &[PoolDay]) -> Self {
        if today.used >= today.seats {
            return Self::Full;
        }
        let looked_at = usize::try_from(LOOKED_AT).unwrap_or(usize::MAX);
        let days = &days[days.len().saturating_sub(looked_at)..];
        if days.len() < ENOUGH {
            return Self::TooEarly;
        }
        let mut sums: BTreeMap<u32, (i64, i64)> = BTreeMap::new();
        for day in days {
            let (sum, number) = sums.entry(index(day.day.weekday())).or_default();
            *sum += day.net();
            *number += 1;
        }
        // In 12ths of a seat there is a whole number for the mean of one, two, three or four days.
        let mean =
            |day: NaiveDate| sums.get(&index(day.weekday())).map_or(0, |(sum, number)| sum * 12 / number);
        let mut room = (today.seats - today.used) * 12;
        for ahead in 1..=AHEAD {
            let Some(day) = today.day.checked_add_days(Days::new(ahead)) else { break };
            room -= mean(day);
            if room <= 0 {
                return Self::Day(day);
            }
        }
        Self::NotWithinAYear
    }
}

fn index(day: Weekday) -> u32 {
    day.num_days_from_monday()
}
