//! The filters of a list: what can be chosen, and what is.

/// A filter.
pub(super) struct Chip {
    pub(super) label: &'static str,
    pub(super) name: &'static str,
    pub(super) options: Vec<Choice>,
    /// Whether it differs from the default.
    pub(super) set: bool,
    present: String,
}

/// What can be chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
    /// Whether the label is a word of ours, and no name.
    pub(super) translated: bool,
}

impl Chip {
    /// A filter with these choices besides “Any”.
    pub(super) fn new(
        label: &'static str,
        name: &'static str,
        present: &str,
        options: &[(&str, &str)],
    ) -> Self {
        let any = [("", "Any")];
        let option = |(value, label): &(&str, &str)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            chosen: *value == present,
            translated: true,
        };
        let options = any.iter().chain(options).map(option).collect();
        Self { label, name, options, set: !present.is_empty(), present: present.to_owned() }
    }

    /// With further choices, each a value and a name.
    pub(super) fn with_names(mut self, names: impl IntoIterator<Item = (String, String)>) -> Self {
        let present = &self.present;
        let choice = |(value, label): (String, String)| Choice {
            chosen: value == *present,
            value,
            label,
            translated: false,
        };
        self.options.extend(names.into_iter().map(choice));
        self
    }
}

/// A text as a part of a query.
pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The query of a list from its filters that are set.
pub(super) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
    query.finish()
}
