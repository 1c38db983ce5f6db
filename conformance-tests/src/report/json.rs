//! The report for machines: one JSON object with everything that the run knows.
use serde_json::{Value, json};

use super::Totals;
use crate::exchange::Exchange;
use crate::runner::Results;
use crate::verdict::Finding;

/// The report, indented.
pub(crate) fn render(results: &Results) -> String {
    let Totals { passed, failed, advised, differs, skipped, expected } = Totals::of(&results.findings);
    let report = json!({
        "runner": concat!("rollcall-conformance ", env!("CARGO_PKG_VERSION")),
        "url": results.url,
        "profile": results.profile,
        "when": results.when,
        "seconds": results.seconds,
        "interrupted": results.interrupted,
        "totals": { "passed": passed, "failed": failed, "advised": advised, "differs": differs,
            "skipped": skipped, "expected": expected },
        "notes": results.service.notes,
        "notDeleted": results.left,
        "serviceProviderConfig": results.service.config,
        "requirements": results.findings.iter().map(requirement).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn requirement(finding: &Finding) -> Value {
    let Finding { requirement, outcome, exchanges, seconds } = finding;
    json!({
        "id": requirement.id,
        "level": requirement.level.to_string(),
        "expected": requirement.sentence,
        "section": requirement.section,
        "outcome": outcome.word(),
        "message": outcome.message(),
        "seconds": seconds,
        "exchanges": exchanges.iter().map(exchange).collect::<Vec<_>>(),
    })
}

fn exchange(exchange: &Exchange) -> Value {
    let Exchange { method, url, headers, sent, received } = exchange;
    let request = json!({ "method": method, "url": url, "headers": headers, "body": sent });
    match received {
        Ok(got) => json!({ "request": request,
            "response": { "status": got.status, "headers": got.headers, "body": got.text } }),
        Err(why) => json!({ "request": request, "error": why }),
    }
}
