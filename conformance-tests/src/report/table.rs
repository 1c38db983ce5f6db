//! The end of a run in a terminal: a row for each group, a line for each finding, a line of totals.
use std::fmt::Write as _;

use super::Totals;
use crate::runner::Results;
use crate::verdict::{Finding, Outcome};

/// How many characters of a message are shown; a report has them all.
const SHOWN: usize = 240;

/// Everything, with the totals as its last line.
pub(crate) fn render(results: &Results) -> String {
    let mut out = String::new();
    for (title, of_kind) in [
        ("Failed: what the server must do and does not", "failed"),
        ("Advised: what the server should do and does not", "advised"),
        ("Differs: what the standard leaves open, and the server does in another way", "differs"),
    ] {
        let found: Vec<_> = results.findings.iter().filter(|one| one.outcome.word() == of_kind).collect();
        if !found.is_empty() {
            let _ = writeln!(out, "{title}");
            for one in found {
                out.push_str(&line(one));
            }
            out.push('\n');
        }
    }
    out.push_str(&skipped(results));
    out.push_str(&groups(results));
    for note in &results.service.notes {
        let _ = writeln!(out, "note: {note}");
    }
    if !results.left.is_empty() {
        let _ = writeln!(out, "not deleted, please delete by hand:");
        for left in &results.left {
            let _ = writeln!(out, "  {left}");
        }
    }
    if results.interrupted {
        out.push_str("the run was interrupted; what it had made is deleted\n");
    }
    out + &total(Totals::of(&results.findings)) + "\n"
}

/// The id, the requirement, and what was found instead.
fn line(finding: &Finding) -> String {
    let Finding { requirement, outcome, .. } = finding;
    let message = outcome.message().lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let shown: String = message.chars().take(SHOWN).collect();
    let message = if shown.len() < message.len() { format!("{shown}…") } else { shown };
    format!(
        "  {:<13} {} ({})\n                {message}\n",
        requirement.id, requirement.sentence, requirement.section
    )
}

/// The reasons of what was skipped, each once with its number.
fn skipped(results: &Results) -> String {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for finding in &results.findings {
        let Outcome::Skipped(why) = &finding.outcome else { continue };
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((why, 1)),
        }
    }
    if reasons.is_empty() {
        return String::new();
    }
    let mut out = "Skipped, by reason\n".to_owned();
    for (why, count) in reasons {
        let _ = writeln!(out, "  {count:>4}  {why}");
    }
    out + "\n"
}

fn groups(results: &Results) -> String {
    let mut names: Vec<&str> = Vec::new();
    for finding in &results.findings {
        let group = finding.requirement.group();
        if !names.contains(&group) {
            names.push(group);
        }
    }
    let mut out = format!("{:<12}", "Group");
    for heading in ["passed", "failed", "advised", "differs", "skipped"] {
        let _ = write!(out, "{heading:>9}");
    }
    out.push('\n');
    for name in names {
        let of_group = Totals::of(results.findings.iter().filter(|one| one.requirement.group() == name));
        let _ = write!(out, "{name:<12}");
        let passed = of_group.passed + of_group.expected;
        for count in [passed, of_group.failed, of_group.advised, of_group.differs, of_group.skipped] {
            let shown = if count == 0 { "·".to_owned() } else { count.to_string() };
            let _ = write!(out, "{shown:>9}");
        }
        out.push('\n');
    }
    out
}

/// One line of totals; kinds that are usually empty are left out when they are.
pub(crate) fn total(totals: Totals) -> String {
    let Totals { passed, failed, advised, differs, skipped, expected } = totals;
    let mut line = format!("rollcall-conformance: {passed} passed, {failed} failed");
    for (count, word) in
        [(advised, "advised"), (differs, "differs"), (skipped, "skipped"), (expected, "expected")]
    {
        if count > 0 || word == "skipped" {
            let _ = write!(line, ", {count} {word}");
        }
    }
    line
}
