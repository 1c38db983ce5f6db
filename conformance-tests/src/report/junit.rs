//! The report for build servers: `JUnit` XML, a suite for each group.
use askama::Template;

use super::Totals;
use crate::runner::Results;
use crate::verdict::Finding;

#[derive(Template)]
#[template(path = "junit.xml")]
struct Page<'a> {
    results: &'a Results,
    totals: Totals,
    suites: Vec<Suite<'a>>,
}

struct Suite<'a> {
    name: &'a str,
    totals: Totals,
    seconds: f64,
    cases: Vec<&'a Finding>,
}

/// The report. What should be done, or is left open, is in the output of its case, because `JUnit` knows no middle.
///
/// # Errors
/// When the template cannot be filled in.
pub(crate) fn render(results: &Results) -> Result<String, String> {
    let mut suites: Vec<Suite<'_>> = Vec::new();
    for finding in &results.findings {
        let name = finding.requirement.group();
        let place = suites.iter().position(|suite| suite.name == name).unwrap_or_else(|| {
            suites.push(Suite { name, totals: Totals::default(), seconds: 0.0, cases: Vec::new() });
            suites.len() - 1
        });
        suites[place].cases.push(finding);
        suites[place].seconds += finding.seconds;
    }
    for suite in &mut suites {
        suite.totals = Totals::of(suite.cases.iter().copied());
    }
    let page = Page { results, totals: Totals::of(&results.findings), suites };
    let text = page.render().map_err(|error| format!("the report cannot be made: {error}"))?;
    Ok(text.chars().filter(|one| is_xml(*one)).collect())
}

/// Whether XML 1.0 has this character.
fn is_xml(one: char) -> bool {
    matches!(one, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}
