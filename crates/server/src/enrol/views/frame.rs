//! What stands around a page: organisation, language, whom to ask, and the sentences with what is filled into them.

use chrono::NaiveDate;

use super::{Enrol, Journey, Markup, Reader, Sender, Slots, Words, languages, markup, plain};

/// What every page has.
pub(crate) struct Frame {
    pub(super) words: &'static Enrol,
    language: &'static Words,
    /// The organisation that invites; an error page knows none.
    pub(super) sender: Option<Sender>,
    /// The other languages of this page.
    pub(super) others: Vec<Other>,
    slots: Slots,
}

/// The page in a language.
pub(crate) struct Other {
    pub(super) href: String,
    pub(super) tag: &'static str,
    pub(super) name: &'static str,
    pub(super) present: bool,
}

impl Frame {
    /// A frame; without an address at which the page can be opened there is no choice of languages.
    pub(crate) fn new(reader: &Reader, sender: Option<&Sender>, address: Option<&str>) -> Self {
        let words = &reader.language.words;
        let other = |address: &str| {
            let all = languages().iter().map(|language| Other {
                href: format!("{address}?lang={}", language.code),
                tag: &language.words.tag,
                name: &language.words.name,
                present: language.code == reader.language.code,
            });
            all.collect()
        };
        let mut slots = Slots::default();
        if let Some(sender) = sender {
            slots = slots
                .text("organisation", sender.organisation.as_str())
                .text("application", sender.application.as_str());
            if let Some(support) = &sender.support {
                slots = slots.mail("support", support);
            }
        }
        Self {
            words: &words.enrol,
            language: words,
            sender: sender.cloned(),
            others: address.map(other).unwrap_or_default(),
            slots,
        }
    }

    /// With what sentences say of the person.
    pub(crate) fn of(self, journey: &Journey) -> Self {
        let frame = self.with("name", journey.name.as_str()).with("sign_in", journey.sign_in.as_str());
        match journey.off {
            Some(day) => frame.with_day("off", day),
            None => frame,
        }
    }

    /// With a further text for sentences.
    pub(super) fn with(mut self, slot: &'static str, text: impl Into<String>) -> Self {
        self.slots = self.slots.text(slot, text);
        self
    }

    pub(super) fn with_device(self, device: Option<&str>) -> Self {
        match device {
            Some(device) => self.with("device", device),
            None => self,
        }
    }

    pub(super) fn with_day(self, slot: &'static str, day: NaiveDate) -> Self {
        let day = self.language.day(day);
        self.with(slot, day)
    }

    /// A sentence, filled.
    pub(super) fn say(&self, sentence: &str) -> Markup {
        markup(sentence, &self.slots)
    }

    /// A sentence as plain text, for a title.
    pub(super) fn title(&self, sentence: &str) -> String {
        plain(sentence, &self.slots)
    }

    /// The title of a page that has an error.
    pub(super) fn error_title(&self, sentence: &str) -> String {
        plain(&self.words.frame.error, &Slots::default().text("title", self.title(sentence)))
    }

    /// Which step this is; a person who comes back has five.
    pub(super) fn step(&self, step: u8, back: bool) -> String {
        let steps = if back { "5" } else { "4" };
        plain(&self.words.frame.step, &Slots::default().text("step", step.to_string()).text("steps", steps))
    }

    pub(super) fn tag(&self) -> &'static str {
        &self.language.tag
    }

    /// The first letters of the organisation's first two words.
    pub(super) fn initials(&self) -> String {
        let name = self.sender.as_ref().map_or("", |sender| sender.organisation.as_str());
        let words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
        words.take(2).flat_map(char::to_uppercase).collect()
    }
}
