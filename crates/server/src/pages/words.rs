//! The words of the pages, one file a language in `words`: a new language is a new file and its line in [`FILES`].

use std::sync::LazyLock;

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use config::{Config, File, FileFormat};
use serde::Deserialize;

use super::phrase::{Slots, plain};

/// Each language under the code by which addresses and browsers ask for it; the first is taken when none fits.
const FILES: &[(&str, &str)] =
    &[("en", include_str!("../../words/en.toml")), ("de", include_str!("../../words/de.toml"))];

static LANGUAGES: LazyLock<Vec<Language>> =
    LazyLock::new(|| FILES.iter().map(|(code, text)| Language { code, words: read(code, text) }).collect());

/// A language and its words.
#[derive(Debug)]
pub(crate) struct Language {
    /// The primary subtag (RFC 5646).
    pub(crate) code: &'static str,
    /// Everything that pages say.
    pub(crate) words: Words,
}

/// What a file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// The language's tag for `<html lang>`.
    pub(crate) tag: String,
    /// The language's name in itself.
    pub(crate) name: String,
    date: String,
    months: Vec<String>,
    /// The pages of an enrolment.
    pub(crate) enrol: crate::enrol::words::Enrol,
}

impl Words {
    /// A day as a person would write it.
    pub(crate) fn day(&self, day: NaiveDate) -> String {
        let month = usize::try_from(day.month0()).ok().and_then(|month| self.months.get(month));
        let slots = Slots::default()
            .text("day", day.day().to_string())
            .text("month", month.map_or("", String::as_str))
            .text("year", day.year().to_string());
        plain(&self.date, &slots)
    }
}

/// How long something takes, rounded up: `25 s`, `10 min`, `3 h`; the units are the same in all languages.
pub(crate) fn span(time: TimeDelta) -> String {
    let seconds = time.num_seconds() + i64::from(time.subsec_nanos() > 0);
    match seconds.max(1) {
        seconds @ ..100 => format!("{seconds} s"),
        seconds @ ..6_000 => format!("{} min", (seconds + 59) / 60),
        seconds => format!("{} h", (seconds + 3_599) / 3_600),
    }
}

/// All languages.
pub(crate) fn languages() -> &'static [Language] {
    &LANGUAGES
}

/// The language under a code, whatever its case.
pub(crate) fn language(code: &str) -> Option<&'static Language> {
    languages().iter().find(|language| language.code.eq_ignore_ascii_case(code))
}

/// The language for those whose own is not here.
pub(crate) fn default_language() -> &'static Language {
    &LANGUAGES[0]
}

fn read(code: &str, text: &str) -> Words {
    let source = File::from_str(text, FileFormat::Toml);
    let words = Config::builder().add_source(source).build().and_then(Config::try_deserialize);
    words.unwrap_or_else(|error| panic!("words/{code}.toml: {error}"))
}

#[cfg(test)]
mod tests;
