//! The fixture files, by client and number.
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::fixture::Fixture;

/// All fixtures of one client, as text, by number.
#[derive(Clone, Debug)]
pub(crate) struct Library {
    client: String,
    texts: BTreeMap<String, String>,
}

impl Library {
    /// Reads `fixtures/<client>/NNN-*.json`; a client without fixtures has an empty library.
    pub(crate) fn of(client: &str) -> Library {
        let mut texts = BTreeMap::new();
        if let Ok(entries) = std::fs::read_dir(folder().join(client)) {
            for entry in entries {
                let path = entry.expect("a folder can be listed").path();
                let name = path.file_name().and_then(|name| name.to_str()).expect("a file has a plain name");
                let text = std::fs::read_to_string(&path).expect("a fixture can be read");
                let number = name.split('-').next().expect("a name has a first part").to_owned();
                assert!(texts.insert(number, text).is_none(), "{client}: two fixtures like {name}");
            }
        }
        Library { client: client.to_owned(), texts }
    }

    /// All fixtures in the order of their numbers.
    pub(crate) fn all(&self) -> Vec<Fixture> {
        self.texts.keys().map(|number| self.fixture(number, &[]).expect("is there")).collect()
    }

    /// One fixture, with some words said differently; none when there is no file of this number.
    pub(crate) fn fixture(&self, number: &str, say: &[(String, String)]) -> Option<Fixture> {
        let mut text = self.texts.get(number)?.clone();
        for (from, to) in say {
            assert!(text.contains(from.as_str()), "{}/{number} does not say {from:?}", self.client);
            text = text.replace(from.as_str(), to);
        }
        let id = format!("{}/{number}", self.client);
        Some(Fixture::parse(&id, &text).unwrap_or_else(|complaint| panic!("{complaint}")))
    }

    /// The path and body with which this client creates the resource of that name.
    pub(crate) fn creation(&self, name: &str) -> Option<(String, Value)> {
        let saved = format!("{name}.id");
        let creator =
            self.all().into_iter().find(|fixture| fixture.saves.iter().any(|(key, _)| *key == saved))?;
        Some((creator.path, creator.body?))
    }
}

/// Where the fixtures lie.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}
