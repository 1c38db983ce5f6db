//! The report for people: one page with nothing beside it, by requirement, good to attach to a ticket.
use askama::Template;

use super::Totals;
use crate::runner::Results;
use crate::verdict::Finding;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    results: &'a Results,
    totals: Totals,
    groups: Vec<(&'a str, Totals)>,
    sections: Vec<Section<'a>>,
}

/// The findings of one kind.
struct Section<'a> {
    word: &'static str,
    title: &'static str,
    findings: Vec<&'a Finding>,
}

/// Each kind with what it means, the gravest first.
const KINDS: [(&str, &str); 6] = [
    ("failed", "The server must do this and does not"),
    ("advised", "The server should do this and does not"),
    ("differs", "The standard leaves this open, and the server does it in another way"),
    ("expected", "Not met, and known"),
    ("skipped", "Could not be tried"),
    ("passed", "The server does this"),
];

/// The page.
///
/// # Errors
/// When the template cannot be filled in.
pub(crate) fn render(results: &Results) -> Result<String, String> {
    let mut groups: Vec<(&str, Totals)> = Vec::new();
    for finding in &results.findings {
        let name = finding.requirement.group();
        if groups.iter().all(|(known, _)| *known != name) {
            let of_group = results.findings.iter().filter(|one| one.requirement.group() == name);
            groups.push((name, Totals::of(of_group)));
        }
    }
    let sections = KINDS.map(|(word, title)| {
        let findings = results.findings.iter().filter(|one| one.outcome.word() == word).collect();
        Section { word, title, findings }
    });
    let page = Page { results, totals: Totals::of(&results.findings), groups, sections: sections.into() };
    page.render().map_err(|error| format!("the report cannot be made: {error}"))
}
