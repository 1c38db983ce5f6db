//! How many tests passed, failed and were skipped, read from what the runners print.

use std::fmt;

/// A tally of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Counts {
    /// Adds up every summary in the output of nextest, of cargo's own runner, or of a conformance runner.
    pub(crate) fn read(output: &str) -> Self {
        let lines: Vec<String> = output.lines().map(without_colours).collect();
        let sum = |summary: fn(&str) -> Option<Self>| {
            let mut found = lines.iter().filter_map(|line| summary(line)).peekable();
            found.peek().is_some().then(|| found.fold(Self::default(), Self::plus))
        };
        // Nextest repeats what a failed test printed, the summary of its own little run included: that one is no news.
        sum(of_nextest).or_else(|| sum(of_cargo)).or_else(|| sum(of_verdict)).unwrap_or_default()
    }

    /// Both tallies together.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }

    /// Tests that ran.
    pub(crate) const fn ran(self) -> u64 {
        self.passed + self.failed
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// `Summary [ 1.2s] 5/6 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
fn of_nextest(line: &str) -> Option<Counts> {
    let (_, list) = line.trim_start().strip_prefix("Summary [")?.split_once(" run: ")?;
    let mut counts = Counts::default();
    for part in without_brackets(list).split(',') {
        let (number, what) = part.trim().split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match what.trim() {
            "passed" => counts.passed += number,
            "skipped" => counts.skipped += number,
            _ => counts.failed += number,
        }
    }
    Some(counts)
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`.
fn of_cargo(line: &str) -> Option<Counts> {
    let (_, list) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = Counts::default();
    for part in list.split(';') {
        let mut words = part.split_whitespace();
        let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else { continue };
        match words.next() {
            Some("passed") => counts.passed += number,
            Some("failed") => counts.failed += number,
            Some("ignored" | "filtered") => counts.skipped += number,
            _ => {}
        }
    }
    Some(counts)
}

/// `scim-sanity: 28 passed, 0 failed`, the last line of a conformance runner; ours may add `, 2 skipped, 1 expected`. What fails
/// as expected has passed.
fn of_verdict(line: &str) -> Option<Counts> {
    let (name, list) = line.split_once(": ")?;
    if name.is_empty() || name.contains(char::is_whitespace) {
        return None;
    }
    let mut counts = Counts::default();
    for (place, part) in list.split(", ").enumerate() {
        let (number, what) = part.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        match (place, what) {
            (0, "passed") | (2.., "expected") => counts.passed += number,
            (1, "failed") => counts.failed += number,
            (2.., "skipped") => counts.skipped += number,
            _ => return None,
        }
    }
    list.contains(" failed").then_some(counts)
}

/// The text without terminal colour codes (`ESC [ … m`).
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, tail)| tail);
    }
    plain + rest
}

/// The text without what stands in brackets, as in `4 passed (1 slow, 1 flaky)`.
fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn nextest_summaries_in_all_their_forms() {
        let table = [
            ("     Summary [   0.005s] 1 test run: 1 passed, 0 skipped", counts(1, 0, 0)),
            (
                "  Summary [ 12.3s] 6 tests run: 3 passed (1 slow, 1 flaky), 1 failed, 1 timed out, 1 exec failed, 2 skipped",
                counts(3, 3, 2),
            ),
            ("Summary [ 2s] 5/9 tests run: 4 passed, 1 failed, 0 skipped", counts(4, 1, 0)),
            (
                "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m",
                counts(2, 0, 0),
            ),
        ];
        for (line, expected) in table {
            assert_eq!(Counts::read(line), expected, "{line}");
        }
    }

    #[test]
    fn summaries_of_cargo_test_add_up() {
        let output = "running 2 tests\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.01s\n";
        assert_eq!(Counts::read(output), counts(5, 1, 5));
    }

    #[test]
    fn what_a_failed_test_printed_is_not_counted_again() {
        let output = "  stdout ───\n\
            \x20   test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 14 filtered out\n\
            ────────\n\
            \x20    Summary [   0.1s] 17 tests run: 16 passed, 1 failed, 0 skipped\n";
        assert_eq!(Counts::read(output), counts(16, 1, 0));
    }

    #[test]
    fn the_verdict_of_a_runner_counts_and_prose_does_not() {
        assert_eq!(Counts::read("scim-sanity: 28 passed, 2 failed"), counts(28, 2, 0));
        let ours = "rollcall-conformance: 428 passed, 1 failed, 3 skipped, 1 expected";
        assert_eq!(Counts::read(ours), counts(429, 1, 3));
        assert_eq!(Counts::read("we saw: 28 passed, 2 failed"), Counts::default());
        assert_eq!(Counts::read("x: 28 passed"), Counts::default());
        assert_eq!(Counts::read("a: b passed, c failed\nnothing here"), Counts::default());
    }

    #[test]
    fn the_closing_line_has_its_exact_form() {
        assert_eq!(counts(7, 0, 1).to_string(), "7 passed, 0 failed, 1 skipped");
    }
}
