//! The languages of mails: which there are, which one suits a person, and how it writes dates and numbers.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use crate::Kind;

#[cfg(test)]
mod tests;

/// A language that mails are written in: one folder of `letters/templates`.
#[derive(Clone, Copy)]
pub struct Language(&'static Files);

/// What a language consists of.
struct Files {
    tag: &'static str,
    words: &'static str,
    help_html: &'static str,
    help_text: &'static str,
    letters: [(Kind, &'static str, &'static str); 7],
}

macro_rules! language {
    ($tag:literal) => {
        Language(&Files {
            tag: $tag,
            words: include_str!(concat!("../templates/", $tag, "/words.txt")),
            help_html: include_str!(concat!("../templates/", $tag, "/help.html")),
            help_text: include_str!(concat!("../templates/", $tag, "/help.txt")),
            letters: [
                language!($tag, Invitation, "invitation"),
                language!($tag, Code, "code"),
                language!($tag, Reminder, "reminder"),
                language!($tag, Return, "return"),
                language!($tag, Deactivated, "deactivated"),
                language!($tag, Alert, "alert"),
                language!($tag, Test, "test"),
            ],
        })
    };
    ($tag:literal, $kind:ident, $name:literal) => {
        (
            Kind::$kind,
            include_str!(concat!("../templates/", $tag, "/", $name, ".html")),
            include_str!(concat!("../templates/", $tag, "/", $name, ".txt")),
        )
    };
}

impl Language {
    /// All languages; the first is the one for people whose own is not there.
    pub const ALL: &'static [Self] = &[language!("en"), language!("de")];
    /// The language for people whose own is not there: English.
    pub const DEFAULT: Self = Self::ALL[0];

    /// The tag: `en`, `de`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.tag
    }

    /// The name of the language in the language.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.word("name")
    }

    /// The language that suits best: for a tag such as `de-AT`, or for an `Accept-Language` header (RFC 9110 §12.5.4).
    /// Whatever is wrong with the text, the answer is a language.
    #[must_use]
    pub fn best(wanted: &str) -> Self {
        let weighed = wanted.split(',').filter_map(|range| {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).unwrap_or(0.0);
            Some((Self::of_tag(tag.trim())?, weight)).filter(|(_, weight)| *weight > 0.0)
        });
        // The first of those that weigh most.
        let heaviest = weighed.reduce(|best, other| if other.1 > best.1 { other } else { best });
        heaviest.map_or(Self::DEFAULT, |(language, _)| language)
    }

    /// A day, written out: 9 December 2026.
    #[must_use]
    pub fn date(self, day: NaiveDate) -> String {
        let month = self.word("months").split(' ').nth(day.month0() as usize).unwrap_or_default();
        let shape = self.word("date");
        shape
            .replace("DAY", &day.day().to_string())
            .replace("MONTH", month)
            .replace("YEAR", &day.year().to_string())
    }

    /// A number with its thousands set apart: 20,000.
    #[must_use]
    pub fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut written = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                written.push_str(self.word("thousands"));
            }
            written.push(digit);
        }
        written
    }

    /// What the language says for a key of its `words.txt`; nothing for a key that is not there, which a test rules out.
    pub(crate) fn word(self, key: &str) -> &'static str {
        let pairs = self.0.words.lines().filter_map(|line| line.split_once(" = "));
        pairs.filter(|(name, _)| *name == key).map(|(_, word)| word).next().unwrap_or_default()
    }

    /// The two files of a letter: HTML and text.
    pub(crate) fn files(self, kind: Kind) -> (&'static str, &'static str) {
        let found = self.0.letters.iter().find(|(of, _, _)| *of == kind);
        found.map_or(("", ""), |(_, html, text)| (html, text))
    }

    /// The lines about help below every letter: HTML and text.
    pub(crate) fn help(self) -> (&'static str, &'static str) {
        (self.0.help_html, self.0.help_text)
    }

    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.iter().copied().find(|language| language.0.tag.eq_ignore_ascii_case(primary))
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.0.tag == other.0.tag
    }
}

impl Eq for Language {}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.0.tag)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.tag)
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// Reads exactly a tag of [`Language::ALL`]; [`Language::best`] reads everything.
    fn from_str(tag: &str) -> Result<Self, UnknownLanguage> {
        let known = Self::ALL.iter().copied().find(|language| language.0.tag == tag);
        known.ok_or_else(|| UnknownLanguage(tag.to_owned()))
    }
}

/// A tag that is not that of a language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no language “{0}”: the languages are {list}",
    list = Language::ALL.iter().map(|language| language.as_str()).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownLanguage(String);
