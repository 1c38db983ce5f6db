//! The requirements: their table, their levels, and how a test says that it cannot be tried.
use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};

/// Id, level, needed features, one sentence and sections of each requirement, with a line of headings.
const TABLE: &str = include_str!("../requirements.tsv");

/// Why a test ends when the run is interrupted.
pub(crate) const INTERRUPTED: &str = "the run was interrupted";

/// How binding a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A rule of this project where the RFCs are silent, or leave the choice.
    Proj,
    /// What a server may do, and then in this way.
    May,
    /// What a server should do.
    Should,
    /// What a server must do.
    Must,
}

impl Level {
    /// The level of this name, as tables write it.
    pub(crate) fn named(name: &str) -> Option<Level> {
        [Level::Must, Level::Should, Level::May, Level::Proj]
            .into_iter()
            .find(|level| level.to_string() == name)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
            Level::May => "MAY",
            Level::Proj => "PROJ",
        })
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Such as `R-PATCH-35`.
    pub id: &'static str,
    /// How binding it is.
    pub level: Level,
    /// Features without which it cannot be tried.
    pub needs: Vec<&'static str>,
    /// What is required.
    pub sentence: &'static str,
    /// Where it is written.
    pub section: &'static str,
}

impl Requirement {
    /// The part of the id between its first and last hyphen: `PATCH`.
    pub fn group(&self) -> &'static str {
        group_of(self.id)
    }
}

impl Requirement {
    /// The sentence in parts, each with whether it is code.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (bool, &'static str)> {
        self.sentence.split('`').enumerate().map(|(at, part)| (at % 2 == 1, part))
    }
}

/// The part of an id between its first and last hyphen.
pub(crate) fn group_of(id: &str) -> &str {
    let rest = id.split_once('-').map_or(id, |(_, rest)| rest);
    rest.rsplit_once('-').map_or(rest, |(group, _)| group)
}

/// All requirements, in the order of the table.
///
/// # Errors
/// The line that is not of five cells, or whose level is none.
pub fn requirements() -> Result<Vec<Requirement>, String> {
    TABLE.lines().skip(1).map(|line| parse(line).ok_or_else(|| format!("requirements.tsv: {line}"))).collect()
}

fn parse(line: &'static str) -> Option<Requirement> {
    let [id, level, needs, sentence, section] = line.split('\t').collect::<Vec<_>>()[..] else { return None };
    let needs = needs.split(' ').filter(|need| *need != "-").collect();
    Some(Requirement { id, level: Level::named(level)?, needs, sentence, section })
}

/// The panic payload of a test that cannot be tried in this run.
#[derive(Debug)]
pub struct Skipped(
    /// Why, in one sentence.
    pub String,
);

/// Ends the current test without a verdict; who runs it reports why.
pub fn skip(reason: &str) -> ! {
    panic_any(Skipped(reason.to_owned()))
}

/// Runs a test of the test program; a skip is reported, everything else is as in any test.
pub fn case(name: &str, test: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(test)) {
        match payload.downcast_ref::<Skipped>() {
            Some(Skipped(reason)) => report(&format!("skipped: {name}: {reason}")),
            None => resume_unwind(payload),
        }
    }
}

/// Writes one line to the test's output.
pub fn report(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_is_no_verdict_and_a_panic_is_one() {
        let verdict = |test: fn()| catch_unwind(|| case("x", test)).is_ok();
        assert!(verdict(|| {}) && verdict(|| skip("no server")) && !verdict(|| panic!("broken")));
    }

    #[test]
    fn levels_are_ordered_by_their_weight_and_read_as_written() {
        assert!(Level::Must > Level::Should && Level::Should > Level::May && Level::May > Level::Proj);
        assert_eq!(Level::named("SHOULD"), Some(Level::Should));
        assert_eq!(Level::named("should"), None);
    }

    #[test]
    fn the_group_stands_between_the_hyphens() {
        assert_eq!(
            (group_of("R-PATCH-35"), group_of("P-IPSIE-AL1-02"), group_of("x")),
            ("PATCH", "IPSIE-AL1", "x")
        );
    }

    #[test]
    fn the_table_can_be_read() {
        assert!(requirements().is_ok_and(|all| all.len() > 400));
    }
}
