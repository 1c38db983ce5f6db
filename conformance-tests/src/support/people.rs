//! A small population for filters: users that carry labels and share a marker that keeps others out.
use std::collections::BTreeMap;

use crate::{Answer, encode, unique};
use serde_json::{Value, json};

use super::{Scratch, id_of, with};

/// Users of one test, told apart by label.
pub(crate) struct People<'s> {
    scratch: &'s Scratch,
    /// The `displayName` that they, and nobody else, have.
    pub(crate) marker: String,
    users: BTreeMap<&'static str, Value>,
}

impl Scratch {
    /// Makes one user for each label with these attributes.
    pub(crate) fn people(&self, wanted: &[(&'static str, Value)]) -> People<'_> {
        let marker = unique("people");
        let users = wanted.iter().map(|(label, extra)| {
            let common = json!({ "displayName": marker });
            (*label, self.person(&with(&common, extra)))
        });
        People { scratch: self, users: users.collect(), marker }
    }

    /// GETs the users that a filter selects.
    pub(crate) fn filtered(&self, endpoint: &str, filter: &str) -> Answer {
        self.get(&format!("{endpoint}?filter={}", encode(filter)))
    }

    /// Requires that a filter on users is refused with 400 `invalidFilter`.
    pub(crate) fn bad_filter(&self, filter: &str) -> Answer {
        self.filtered("/Users", filter).expect_error(400, &["invalidFilter"])
    }
}

impl People<'_> {
    /// The user of a label.
    pub(crate) fn of(&self, label: &str) -> &Value {
        &self.users[label]
    }

    /// Requires that a filter selects exactly these of the population, labels in alphabetical order.
    ///
    /// The filter goes into brackets beside the marker, so that the users of other tests never count. Where a server cannot
    /// read the two together the filter goes alone, and only these users are looked at: brackets have requirements of their own.
    pub(crate) fn expect(&self, filter: &str, labels: &[&str]) {
        let marked = format!("displayName eq \"{}\" and ({filter})", self.marker);
        let together = self.scratch.filtered("/Users", &marked);
        let is_together = together.status == 200;
        let answer = if is_together {
            together.check()
        } else {
            let alone = format!("/Users?filter={}&count=1000", encode(filter));
            self.scratch.get(&alone).expect_status(200)
        };
        let list = answer.json();
        let found = list["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
        let selected = |user: &&Value| found.iter().any(|resource| id_of(resource) == id_of(user));
        let matching: Vec<_> =
            self.users.iter().filter(|(_, user)| selected(user)).map(|(label, _)| *label).collect();
        let others = is_together && (found.len() != labels.len() || list["totalResults"] != labels.len());
        if matching != labels || others {
            answer.fail(&format!("{filter}: expected {labels:?}, selected {matching:?}"));
        }
    }
}
