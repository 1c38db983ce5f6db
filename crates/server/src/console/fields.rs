//! Settings as a form: sections of fields, each with what it says now, and what of them was changed.

use std::collections::BTreeMap;

use super::frame::Frame;
use crate::pages::form::Form;

/// Fields that belong together.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) hint: &'static str,
    pub(super) fields: Vec<Field>,
}

/// A field.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) value: String,
}

/// How a field is filled in.
pub(super) enum Kind {
    /// A line of text.
    Line,
    /// A short line, such as a number.
    Short,
    /// Several lines.
    Lines,
    /// Yes or no.
    Check,
    /// One of these values, each with its words.
    Choice(Vec<(String, String)>),
}

impl Field {
    pub(super) const fn new(name: &'static str, label: &'static str, help: &'static str, kind: Kind) -> Self {
        Self { name, label, help, kind, value: String::new() }
    }

    pub(super) fn is_line(&self) -> bool {
        matches!(self.kind, Kind::Line | Kind::Short)
    }

    pub(super) fn is_short(&self) -> bool {
        matches!(self.kind, Kind::Short)
    }

    pub(super) fn is_lines(&self) -> bool {
        matches!(self.kind, Kind::Lines)
    }

    pub(super) fn is_check(&self) -> bool {
        matches!(self.kind, Kind::Check)
    }

    pub(super) fn is_on(&self) -> bool {
        !self.value.is_empty()
    }

    pub(super) fn choices(&self) -> &[(String, String)] {
        if let Kind::Choice(choices) = &self.kind { choices } else { &[] }
    }
}

/// What fields say, by their names; a check that is on says `yes`.
pub(super) type Values = BTreeMap<&'static str, String>;

/// The sections with these values.
pub(super) fn filled(mut sections: Vec<Section>, values: &Values) -> Vec<Section> {
    for field in sections.iter_mut().flat_map(|section| &mut section.fields) {
        field.value = values.get(field.name).cloned().unwrap_or_default();
    }
    sections
}

/// What a form says in the fields of these values.
pub(super) fn typed(form: &Form, values: &Values) -> Values {
    let text = |name: &&'static str| form.field(name).unwrap_or_default().replace('\r', "");
    values.keys().map(|name| (*name, text(name).trim().to_owned())).collect()
}

/// What was typed into a field that says something else now.
pub(super) fn changed(typed: &Values, now: &Values, name: &str) -> Option<String> {
    typed.get(name).filter(|text| now.get(name) != Some(text)).cloned()
}

/// The words of a field, for the sections of a page.
pub(super) fn choices<'a>(
    f: &Frame,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<(String, String)> {
    pairs.into_iter().map(|(value, label)| (value.to_owned(), f.t(label).to_owned())).collect()
}
