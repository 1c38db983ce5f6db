//! The list of known deviations: one `id<TAB>reason` a line, `#` starts a comment line.
//!
//! An id that ends in `@sqlite` or `@postgresql` is expected to fail on that database alone.
use std::collections::BTreeMap;

use crate::environment;

/// Ids of tests that must fail today, with the reason of each.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ExpectedFailures {
    reasons: BTreeMap<String, String>,
    database: Option<&'static str>,
}

/// What an id may end in.
const DATABASES: &[&str] = &["sqlite", "postgresql"];

impl ExpectedFailures {
    /// The list of this package, `expected-failures.txt`.
    pub fn of_this_suite() -> ExpectedFailures {
        ExpectedFailures::parse(include_str!("../expected-failures.txt"))
            .unwrap_or_else(|complaint| panic!("expected-failures.txt, {complaint}"))
            .on(environment::database())
    }

    /// The list as it counts on this database.
    #[must_use]
    pub fn on(self, database: Option<&'static str>) -> ExpectedFailures {
        ExpectedFailures { database, ..self }
    }

    /// Parses the list; an id without a reason, an unknown database and an id named twice are errors that name the
    /// line.
    ///
    /// # Errors
    /// One sentence that starts with the line's number.
    pub fn parse(text: &str) -> Result<ExpectedFailures, String> {
        let mut reasons = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (id, reason) = line.split_once('\t').ok_or(format!("line {number}: no tab after the id"))?;
            let (id, reason) = (id.trim(), reason.trim());
            if id.is_empty() || reason.is_empty() {
                return Err(format!("line {number}: an id and a reason are needed"));
            }
            if id.split_once('@').is_some_and(|(_, database)| !DATABASES.contains(&database)) {
                return Err(format!("line {number}: after the @ stands one of {}", DATABASES.join(", ")));
            }
            if reasons.insert(id.to_owned(), reason.to_owned()).is_some() {
                return Err(format!("line {number}: {id} stands here twice"));
            }
        }
        Ok(ExpectedFailures { reasons, database: None })
    }

    /// Why this test is expected to fail; none when it must pass.
    pub fn reason(&self, id: &str) -> Option<&str> {
        let here = self.database.and_then(|database| self.reasons.get(&format!("{id}@{database}")));
        self.reasons.get(id).or(here).map(String::as_str)
    }

    /// All listed ids, sorted, without their databases.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.reasons.keys().map(|id| id.split('@').next().unwrap_or(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_id_a_tab_and_a_reason() {
        let list = ExpectedFailures::parse("# comment\n\nR-A-1\tlater\nentra/009\tOAuth comes later\n")
            .expect("well-formed");
        assert_eq!(list.reason("R-A-1"), Some("later"));
        assert_eq!(list.reason("entra/009"), Some("OAuth comes later"));
        assert_eq!(list.reason("R-A-2"), None);
        assert_eq!(list.ids().count(), 2);
    }

    #[test]
    fn an_id_may_be_limited_to_one_database() {
        let list = || ExpectedFailures::parse("a/1@postgresql\tlater\na/2\tlater").expect("well-formed");
        let [sqlite, postgresql] = [Some("sqlite"), Some("postgresql")].map(|database| list().on(database));
        assert_eq!((sqlite.reason("a/1"), sqlite.reason("a/2")), (None, Some("later")));
        assert_eq!((postgresql.reason("a/1"), postgresql.reason("a/2")), (Some("later"), Some("later")));
        assert_eq!(list().ids().collect::<Vec<_>>(), ["a/1", "a/2"]);
    }

    #[test]
    fn what_is_malformed_names_its_line() {
        for (text, line) in [
            ("R-A-1 later", "line 1"),
            ("\nR-A-1\t ", "line 2"),
            ("A\tx\nA\ty", "line 2"),
            ("\tx", "line 1"),
            ("A@oracle\tx", "line 1"),
        ] {
            let complaint = ExpectedFailures::parse(text).expect_err(text);
            assert!(complaint.starts_with(line), "{text:?}: {complaint}");
        }
    }

    #[test]
    fn the_list_of_this_suite_can_be_read() {
        ExpectedFailures::of_this_suite();
    }
}
