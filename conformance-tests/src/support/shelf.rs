//! Users of one test, who are told apart from all others by a mark and listed page by page.
use crate::run::Run;
use crate::{encode, unique};
use serde_json::{Value, json};

use super::{Scratch, id_of, with};

/// The users of a test.
pub(crate) struct Shelf {
    pub(crate) scratch: Scratch,
    /// The mark, which is their `userType`.
    pub(crate) marker: String,
    /// Their ids, in the order in which they were created.
    pub(crate) ids: Vec<String>,
}

impl Shelf {
    /// So many users, with two digits as the `nickName` of each.
    pub(crate) fn of(run: &Run, size: usize) -> Shelf {
        let people: Vec<Value> =
            (0..size).map(|number| json!({ "nickName": format!("{number:02}") })).collect();
        Shelf::of_people(run, &people)
    }

    /// Users with these attributes.
    pub(crate) fn of_people(run: &Run, people: &[Value]) -> Shelf {
        let mut shelf = Shelf { scratch: run.shared(), marker: unique("shelf"), ids: Vec::new() };
        for person in people {
            shelf.add(person);
        }
        shelf
    }

    /// Another user with these attributes.
    pub(crate) fn add(&mut self, person: &Value) {
        let person = self.scratch.person(&with(person, &json!({ "userType": self.marker })));
        self.ids.push(id_of(&person).to_owned());
    }

    /// The path of the list with these parameters.
    pub(crate) fn path(&self, query: &str) -> String {
        let filter = encode(&format!("userType eq \"{}\"", self.marker));
        format!("/Users?filter={filter}&{query}")
    }

    /// The list with these parameters.
    pub(crate) fn page(&self, query: &str) -> Value {
        self.scratch.list(&self.path(query))
    }
}
