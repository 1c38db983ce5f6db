//! Reports of a run: the table for the terminal, and files as HTML, JSON and `JUnit` XML.
use std::path::Path;

use crate::runner::Results;
use crate::verdict::{Finding, Outcome};

mod html;
mod json;
mod junit;
mod table;

/// How many findings there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) advised: usize,
    pub(crate) differs: usize,
    pub(crate) skipped: usize,
    pub(crate) expected: usize,
}

impl Totals {
    pub(crate) fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Totals {
        let mut totals = Totals::default();
        for finding in findings {
            *match finding.outcome {
                Outcome::Passed => &mut totals.passed,
                Outcome::Failed(_) => &mut totals.failed,
                Outcome::Advised(_) => &mut totals.advised,
                Outcome::Differs(_) => &mut totals.differs,
                Outcome::Skipped(_) => &mut totals.skipped,
                Outcome::Expected(_) => &mut totals.expected,
            } += 1;
        }
        totals
    }
}

impl Results {
    /// Whether nothing failed and the run came to its end.
    pub fn is_good(&self) -> bool {
        Totals::of(&self.findings).failed == 0 && !self.interrupted
    }

    /// The table by group, what was found, and one line of totals.
    pub fn text(&self) -> String {
        table::render(self)
    }

    /// Writes a report whose form the ending of its name says: `.html`, `.json` or `.xml`.
    ///
    /// # Errors
    /// One sentence when the ending is another one, or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let text = match ending(path)? {
            "html" => html::render(self)?,
            "json" => json::render(self),
            _ => junit::render(self)?,
        };
        std::fs::write(path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
    }
}

/// The ending of a report's name, which says its form.
///
/// # Errors
/// One sentence when it is none of the three.
pub fn ending(path: &Path) -> Result<&'static str, String> {
    let found = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["html", "json", "xml"]
        .into_iter()
        .find(|known| found.eq_ignore_ascii_case(known))
        .ok_or_else(|| format!("{}: the name of a report ends in .html, .json or .xml", path.display()))
}
