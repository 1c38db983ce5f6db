//! The sections of a letter's two files, set apart by lines such as `=== foot`.

use crate::{Kind, Language};

/// The templates of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sections {
    pub(crate) subject: &'static str,
    /// What lists of mails show beside the subject.
    pub(crate) preheader: &'static str,
    pub(crate) html: &'static str,
    pub(crate) html_foot: &'static str,
    pub(crate) text: &'static str,
    pub(crate) text_foot: &'static str,
}

impl Sections {
    pub(crate) fn of(language: Language, kind: Kind) -> Self {
        let (html, text) = language.files(kind);
        Self {
            subject: section(text, "subject"),
            preheader: section(html, "preheader"),
            html: section(html, "body"),
            html_foot: section(html, "foot"),
            text: section(text, "body"),
            text_foot: section(text, "foot"),
        }
    }
}

/// What stands between the line with a name and the next such line; nothing for a name that is not there, which a test
/// rules out.
fn section(file: &'static str, name: &str) -> &'static str {
    let after = file.split("=== ").filter_map(|part| part.split_once('\n'));
    after
        .filter(|(title, _)| *title == name)
        .map(|(_, text)| text.trim_matches('\n'))
        .next()
        .unwrap_or_default()
}
