//! What an identity provider remembers of the server: the ids of its people and groups there.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::cast::{Group, Person};

/// One directory with what it pushed.
pub(super) struct Directory {
    pub(super) people: Vec<Person>,
    pub(super) groups: Vec<Group>,
    ids: BTreeMap<usize, String>,
    group_ids: BTreeMap<String, String>,
}

impl Directory {
    pub(super) const fn new(people: Vec<Person>, groups: Vec<Group>) -> Self {
        Self { people, groups, ids: BTreeMap::new(), group_ids: BTreeMap::new() }
    }

    /// Remembers the id of a person by their place.
    pub(super) fn remember(&mut self, person: usize, id: String) {
        self.ids.insert(person, id);
    }

    /// Remembers the id of a group by its name.
    pub(super) fn remember_group(&mut self, name: &str, id: String) {
        self.group_ids.insert(name.to_owned(), id);
    }

    /// The id of a person who was pushed.
    pub(super) fn id(&self, person: usize) -> Result<&str> {
        self.ids.get(&person).map(String::as_str).with_context(|| format!("person {person} was never pushed"))
    }

    /// The ids of several people.
    pub(super) fn ids(&self, people: &[usize]) -> Result<Vec<&str>> {
        people.iter().map(|person| self.id(*person)).collect()
    }

    /// The id of a group that was pushed.
    pub(super) fn group(&self, name: &str) -> Result<&str> {
        self.group_ids
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("the group {name} was never pushed"))
    }

    /// The members of a group as they were at the beginning.
    pub(super) fn members(&self, name: &str) -> Result<Vec<usize>> {
        let group = self.groups.iter().find(|group| group.name == name);
        group.map(|group| group.members.clone()).with_context(|| format!("there is no group {name}"))
    }
}
