//! The language of the console: templates hold the English words, and a file for each other language says what stands for
//! them. A sentence without a translation stays English; a test holds templates and files together.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use provisioning::Zone;

use crate::pages::phrase::{Markup, Slots, markup, plain};
use crate::pages::words::Language;

/// The files of other languages, by code; several files of a language are one.
const FILES: &[(&str, &str)] = &[
    ("de", include_str!("../../words/console.de.toml")),
    ("de", include_str!("../../words/console.de.sync.toml")),
    ("de", include_str!("../../words/console.de.settings.toml")),
    ("de", include_str!("../../words/console.de.signon.toml")),
];

static TONGUES: LazyLock<HashMap<&'static str, HashMap<String, String>>> = LazyLock::new(|| {
    let mut tongues: HashMap<_, HashMap<_, _>> = HashMap::new();
    for (code, text) in FILES {
        tongues.entry(*code).or_default().extend(read(code, text));
    }
    tongues
});

fn read(code: &str, text: &str) -> HashMap<String, String> {
    toml::from_str(text).unwrap_or_else(|error| panic!("words/console.{code}: {error}"))
}

/// A language as the console speaks it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tongue(&'static Language);

impl Tongue {
    pub(super) fn new(language: &'static Language) -> Self {
        Self(language)
    }

    /// The language's tag for `<html lang>`.
    pub(super) fn tag(self) -> &'static str {
        &self.0.words.tag
    }

    /// The code of the language.
    pub(super) fn code(self) -> &'static str {
        self.0.code
    }

    /// What stands for English words.
    pub(super) fn t<'a>(self, english: &'a str) -> &'a str
    where
        'static: 'a,
    {
        TONGUES.get(self.0.code).and_then(|words| words.get(english)).map_or(english, String::as_str)
    }

    /// A sentence with slots.
    pub(super) fn say(self, english: &str, slots: &Slots) -> Markup {
        markup(self.t(english), slots)
    }

    /// A sentence with slots, for titles and labels.
    pub(super) fn title(self, english: &str, slots: &Slots) -> String {
        plain(self.t(english), slots)
    }

    /// A number with thin spaces or commas between thousands.
    pub(super) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let between = if self.0.code == "de" { '.' } else { ',' };
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push(between);
            }
            text.push(digit);
        }
        text
    }

    /// So many things, in one of two sentences with the slot `n`.
    pub(super) fn count(self, number: u64, one: &str, many: &str) -> String {
        let slots = Slots::default().text("n", self.number(number));
        plain(self.t(if number == 1 { one } else { many }), &slots)
    }

    /// An instant as a person would say it: how long ago within a day, else the day and the time.
    pub(super) fn when(self, at: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> String {
        let ago = now - at;
        if ago >= TimeDelta::zero() && ago < TimeDelta::minutes(1) {
            return self.t("just now").to_owned();
        }
        if ago >= TimeDelta::zero() && ago < TimeDelta::hours(1) {
            return self.count(u64::try_from(ago.num_minutes()).unwrap_or(0), "1 min ago", "{n} min ago");
        }
        if ago >= TimeDelta::zero() && ago < TimeDelta::hours(24) {
            return self.count(u64::try_from(ago.num_hours()).unwrap_or(0), "1 h ago", "{n} h ago");
        }
        self.at(at, now, zone)
    }

    /// An instant as day and time; the year only if it is another one.
    pub(super) fn at(self, at: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> String {
        let time = zone.time(at);
        format!("{}, {}", self.date(zone.day(at), zone.day(now)), time.format("%H:%M"))
    }

    /// A day; the year only if it is another one than today's.
    pub(super) fn date(self, day: NaiveDate, today: NaiveDate) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = months.get(day.month0() as usize).copied().unwrap_or_default();
        let slots = Slots::default()
            .text("d", day.day().to_string())
            .text("m", self.t(month))
            .text("y", day.year().to_string());
        let form = if day.year() == today.year() { "{d} {m}" } else { "{d} {m} {y}" };
        plain(self.t(form), &slots)
    }
}

#[cfg(test)]
mod tests;
