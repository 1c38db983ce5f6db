//! Sentences of a language with slots: `{name}` is filled, `*…*` is strong.

use std::fmt;

use askama::filters::HtmlSafe;

use super::link::mail_to;

/// HTML in which everything that came from outside is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Markup(String);

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// What the slots of sentences are filled with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots(Vec<(&'static str, Value)>);

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Link { href: String, text: String },
}

impl Slots {
    /// With a text.
    pub(crate) fn text(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.0.push((name, Value::Text(text.into())));
        self
    }

    /// With a link that begins a mail.
    pub(crate) fn mail(mut self, name: &'static str, address: &str) -> Self {
        self.0.push((name, Value::Link { href: mail_to(address), text: address.to_owned() }));
        self
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// The sentence as HTML.
///
/// A text in a slot that is more than ASCII may be written from right to left or hold marks that turn the direction:
/// `<bdi>` ends that where the text ends.
pub(crate) fn markup(sentence: &str, slots: &Slots) -> Markup {
    let mut out = String::new();
    let mut strong = false;
    for piece in pieces(sentence, slots) {
        match piece {
            Piece::Words(words) => escape(words, &mut out),
            Piece::Star => {
                out.push_str(if strong { "</strong>" } else { "<strong>" });
                strong = !strong;
            }
            Piece::Value(Value::Text(text)) if text.is_ascii() => escape(text, &mut out),
            Piece::Value(Value::Text(text)) => {
                out.push_str("<bdi>");
                escape(text, &mut out);
                out.push_str("</bdi>");
            }
            Piece::Value(Value::Link { href, text }) => {
                out.push_str("<a href=\"");
                escape(href, &mut out);
                out.push_str("\">");
                escape(text, &mut out);
                out.push_str("</a>");
            }
        }
    }
    Markup(out)
}

/// The sentence as plain text, for titles and labels.
pub(crate) fn plain(sentence: &str, slots: &Slots) -> String {
    let words = pieces(sentence, slots).into_iter().map(|piece| match piece {
        Piece::Words(words) => words,
        Piece::Star => "",
        Piece::Value(Value::Text(text) | Value::Link { text, .. }) => text,
    });
    words.collect()
}

/// The names of the slots of a sentence, in order.
#[cfg(test)]
pub(crate) fn slots_of(sentence: &str) -> Vec<&str> {
    sentence.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

enum Piece<'a> {
    Words(&'a str),
    Star,
    Value(&'a Value),
}

/// A slot that nothing fills stays as it is written, so that a mistake is seen.
fn pieces<'a>(sentence: &'a str, slots: &'a Slots) -> Vec<Piece<'a>> {
    let mut found = Vec::new();
    let mut rest = sentence;
    while let Some(at) = rest.find(['{', '*']) {
        found.push(Piece::Words(&rest[..at]));
        let value = rest[at..].strip_prefix('{').and_then(|rest| rest.split_once('}'));
        match value.and_then(|(name, after)| Some((slots.get(name)?, after))) {
            Some((value, after)) => {
                found.push(Piece::Value(value));
                rest = after;
            }
            None if rest[at..].starts_with('*') => {
                found.push(Piece::Star);
                rest = &rest[at + 1..];
            }
            None => {
                found.push(Piece::Words(&rest[at..=at]));
                rest = &rest[at + 1..];
            }
        }
    }
    found.push(Piece::Words(rest));
    found
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_and_escaped() {
        let slots = Slots::default()
            .text("name", "<b>*Ann* {x}</b>")
            .text("other", "\u{202e}ä<")
            .mail("support", "it@a.example");
        for (sentence, html, text) in [
            (
                "Hello & *{name}*.",
                "Hello &amp; <strong>&lt;b&gt;*Ann* {x}&lt;/b&gt;</strong>.",
                "Hello & <b>*Ann* {x}</b>.",
            ),
            ("{other}", "<bdi>\u{202e}ä&lt;</bdi>", "\u{202e}ä<"),
            ("{support}", "<a href=\"mailto:it@a.example\">it@a.example</a>", "it@a.example"),
            ("{none} { *", "{none} { <strong>", "{none} { "),
            ("", "", ""),
        ] {
            assert_eq!(markup(sentence, &slots).to_string(), html, "{sentence}");
            assert_eq!(plain(sentence, &slots), text, "{sentence}");
        }
    }

    #[test]
    fn the_last_value_of_a_slot_counts() {
        let slots = Slots::default().text("a", "1").text("a", "2");
        assert_eq!(plain("{a}", &slots), "2");
    }
}
