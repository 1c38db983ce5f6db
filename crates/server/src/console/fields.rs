//! Settings as a form: sections of fields, each with what it says now, and what of them was changed.

use std::collections::BTreeMap;

use super::chip;
use super::frame::Frame;
use crate::pages::form::{Form, field};

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

/// What a check that is on says.
const CHECKED: &str = "yes";

/// What fields say, by their names; a check that is on says `yes`.
pub(super) type Values = BTreeMap<&'static str, String>;

/// The sections with these values.
pub(super) fn filled(mut sections: Vec<Section>, values: &Values) -> Vec<Section> {
    for field in sections.iter_mut().flat_map(|section| &mut section.fields) {
        field.value = values.get(field.name).cloned().unwrap_or_default();
    }
    sections
}

/// The field in which a form says what stood in its fields when it was shown.
pub(super) const SHOWN: &str = "shown";

/// What stands in the fields of a form when it is shown, for [`SHOWN`].
pub(super) fn as_shown(values: &Values) -> String {
    let field = |(name, value): (&&'static str, &String)| format!("{name}={}", chip::encoded(value));
    values.iter().map(field).collect::<Vec<_>>().join("&")
}

/// What is to stand in the fields after a form that was shown with some values and is sent with others, while `now` stands
/// there: only what was changed in the form is another. Also whether something else was changed in it at the same time.
pub(super) fn typed(form: &Form, now: &Values) -> (Values, bool) {
    let (shown, mut clash) = (form.field(SHOWN), false);
    let text = |name: &str| form.field(name).map(|text| text.replace('\r', "").trim().to_owned());
    let merged = |(name, now): (&&'static str, &String)| {
        let Some(shown) = &shown else { return (*name, text(name).unwrap_or_else(|| now.clone())) };
        // A field that was not shown is none of the form's.
        let Some(was) = field(shown, name) else { return (*name, now.clone()) };
        // A check that is off is not sent.
        let typed = text(name).unwrap_or_else(|| if was == CHECKED { String::new() } else { was.clone() });
        if typed == was {
            return (*name, now.clone());
        }
        clash |= *now != was && *now != typed;
        (*name, typed)
    };
    let merged = now.iter().map(merged).collect();
    (merged, clash)
}

/// What is said of a form in which something was changed that another administrator has changed since it was shown.
pub(super) const CLASH: &str = "Another administrator has changed the same since this page was opened. Save again to have it as it stands here.";

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

#[cfg(test)]
mod tests {
    use super::*;

    fn values(name: &str, check: &str, lines: &str) -> Values {
        Values::from([("name", name.to_owned()), ("check", check.to_owned()), ("lines", lines.to_owned())])
    }

    /// A form that was shown with some values and is sent with others.
    fn sent(shown: &Values, typed: &Values) -> Form {
        let filled = typed.iter().filter(|(name, value)| **name != "check" || !value.is_empty());
        let fields = filled.map(|(name, value)| format!("{name}={}", chip::encoded(value)));
        let shown = format!("{SHOWN}={}", chip::encoded(&as_shown(shown)));
        Form::of(fields.chain([shown]).collect::<Vec<_>>().join("&"))
    }

    #[test]
    fn only_what_was_changed_in_a_form_is_another() {
        let (a, b) = (values("Ada & Co = \u{e9}", "yes", "one\ntwo"), values("Ada", "", "one"));
        assert_eq!(typed(&sent(&a, &a), &b), (b.clone(), false), "nothing was changed here");
        assert_eq!(typed(&sent(&a, &b), &a), (b.clone(), false), "all was changed here");
        let other = values("Ada & Co = \u{e9}", "yes", "three");
        let expected = values("Ada", "", "three");
        assert_eq!(typed(&sent(&a, &values("Ada", "", "one\ntwo")), &other), (expected, false));
        let (merged, clash) = typed(&sent(&a, &b), &other);
        assert_eq!((merged, clash), (b.clone(), true), "the lines were changed in two places");
        assert_eq!(typed(&sent(&a, &b), &b), (b, false), "in the same way");
    }

    #[test]
    fn a_field_that_is_not_sent_stays() {
        let now = values("Ada", "yes", "one");
        let form = Form::of("name=Eve".to_owned());
        assert_eq!(typed(&form, &now), (values("Eve", "yes", "one"), false));
    }
}
