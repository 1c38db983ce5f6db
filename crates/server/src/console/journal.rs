//! The journal: every change with its cause, the newest first, found and exported.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use operations::journal::{self, Area, Entry, Search};
use operations::{Right, csv};
use provisioning::Subject;
use serde_json::Value;

use super::chip::{self, Chip};
use super::desk::Desk;
use super::frame::{At, Frame};
use super::period::Period;
use crate::http::error::Failure;
use crate::pages::answer::page;

/// Entries of a page.
const ROWS: u64 = 50;
/// Entries that an export reads at once.
const PORTION: u64 = 500;

/// The entries with their filters.
#[derive(Template)]
#[template(path = "console/journal.html", blocks = ["entries"])]
struct Journal {
    f: Frame,
    about: String,
    chips: Vec<Chip>,
    period: Period,
    rows: Vec<Row>,
    /// Whether there is nothing by the name that is looked for.
    /// Why the name that is looked for stands for no single thing: `unknown` or `several`; empty where it does.
    without: &'static str,
    /// Whether a filter is set.
    narrowed: bool,
    query: String,
    older: Option<String>,
    exports: bool,
}

/// An entry as a row shows it.
struct Row {
    entry: Entry,
    diff: Vec<Difference>,
    /// Where the person, pool or connection is shown.
    href: Option<String>,
    concerns: String,
    cause: &'static str,
    /// Where the request is shown that caused it.
    request: Option<String>,
}

/// A value that another one took the place of.
struct Difference {
    name: String,
    before: String,
    after: String,
}

impl Row {
    fn new(f: &Frame, entry: Entry) -> Self {
        let line = &entry.line;
        let href = entry.concerns.as_ref().and_then(|_| match line.subject {
            Subject::User(id) => Some(f.to(&format!("/users/{id}"))),
            Subject::Pool(id) => Some(f.to(&format!("/licences/{id}"))),
            Subject::Connection(id) => Some(f.to(&format!("/connections/{id}"))),
            Subject::Group(id) => Some(f.to(&format!("/groups/{id}"))),
            Subject::Tenant(_) | Subject::Token(_) | Subject::Resource(_) => None,
        });
        let gone = match line.subject {
            Subject::User(_) => "A deleted person",
            Subject::Group(_) => "A deleted group",
            Subject::Pool(_) => "A deleted pool",
            Subject::Connection(_) => "A deleted connection",
            Subject::Tenant(_) => "The organisation",
            Subject::Token(_) => "A token",
            Subject::Resource(_) => "A resource",
        };
        Self {
            diff: differences(line.before.as_ref(), line.after.as_ref()),
            href,
            concerns: entry.concerns.clone().unwrap_or_else(|| f.t(gone).to_owned()),
            cause: cause(&line.actor),
            request: (line.actor == "connection").then(|| f.to(&format!("/inspector/{}", line.cause))),
            entry,
        }
    }
}

/// What stands for the word of a cause.
fn cause(word: &str) -> &'static str {
    match word {
        "connection" => "Connection",
        "operator" => "At the terminal",
        "job" => "Job",
        "application" => "Application",
        "person" => "The person",
        _ => "In the console",
    }
}

/// The values that differ; a value that is no object stands for itself.
fn differences(before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let fields = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    if before.or(after).is_none_or(|value| !value.is_object()) {
        let (before, after) = (text(before), text(after));
        let name = "value".to_owned();
        return if before == after { Vec::new() } else { vec![Difference { name, before, after }] };
    }
    let (before, after) = (fields(before), fields(after));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let difference = |name: &String| Difference {
        name: name.clone(),
        before: text(before.get(name)),
        after: text(after.get(name)),
    };
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).map(difference).collect()
}

/// What is looked for, as the address says it.
struct Asked {
    about: String,
    area: String,
    cause: String,
    period: Period,
}

impl Asked {
    fn of(desk: &Desk) -> Self {
        let [span, from, to] = ["period", "from", "to"].map(|name| desk.asked(name));
        let period = Period { span, from, to };
        Self { about: desk.asked("q"), area: desk.asked("area"), cause: desk.asked("cause"), period }
    }

    fn search(&self, desk: &Desk, most: u64) -> Search {
        let (since, until) = self.period.bounds(desk.tenant.time_zone, desk.now());
        Search {
            about: self.about.clone(),
            area: Area::ALL.into_iter().find(|area| area.as_str() == self.area),
            cause: self.cause.clone(),
            since,
            until,
            before: desk.asked("before").parse().ok(),
            most,
        }
    }

    fn query(&self) -> String {
        let pairs = [("q", self.about.as_str()), ("area", &self.area), ("cause", &self.cause)];
        chip::query(pairs.into_iter().chain(self.period.pairs()))
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    answer(&desk).await.unwrap_or_else(Failure::into_response)
}

async fn answer(desk: &Desk) -> Result<Response, Failure> {
    let asked = Asked::of(desk);
    let (db, tenant, search) = (desk.app().db(), desk.tenant_id(), asked.search(desk, ROWS));
    let operator = desk.operator("journal");
    let found = journal::search(db, &tenant, &search).await?;
    let connections = operations::connections::list(db, &tenant).await?;
    let f = desk.frame(At::Journal).await?;
    let query = asked.query();
    let older = |id| f.to(&format!("/journal?{query}{}before={id}", if query.is_empty() { "" } else { "&" }));
    let shown = Journal {
        rows: found.entries.into_iter().map(|entry| Row::new(&f, entry)).collect(),
        older: found.further.map(older),
        without: if found.unknown {
            "unknown"
        } else if found.several {
            "several"
        } else {
            ""
        },
        narrowed: !query.is_empty(),
        chips: chips(&asked, connections.into_iter().map(|known| (known.id.to_string(), known.name))),
        exports: operator.has(Right::Export),
        about: asked.about,
        period: asked.period,
        query,
        f,
    };
    if desk.fragment() {
        return Ok(page(StatusCode::OK, &shown.as_entries()));
    }
    Ok(page(StatusCode::OK, &shown))
}

fn chips(asked: &Asked, connections: impl Iterator<Item = (String, String)>) -> Vec<Chip> {
    let causes: Vec<_> =
        journal::causes().filter(|word| *word != "connection").map(|word| (word, cause(word))).collect();
    let areas = [
        ("users", "Users"),
        ("seats", "Seats and grants"),
        ("groups", "Groups and bindings"),
        ("enrolment", "Enrolment"),
        ("connections", "Connections and tokens"),
        ("settings", "Settings"),
        ("sign-ins", "Sign-ins"),
    ];
    vec![
        Chip::new("Caused by", "cause", &asked.cause, &causes).with_names(connections),
        Chip::new("What", "area", &asked.area, &areas),
        asked.period.chip(),
    ]
}

/// The columns of an export as comma-separated values.
const COLUMNS: [&str; 10] =
    ["id", "at", "kind", "about", "name", "why", "before", "after", "caused by", "cause"];

pub(super) async fn export(desk: Desk) -> Response {
    exported(desk).unwrap_or_else(Failure::into_response)
}

/// All entries that are found, as comma-separated values or as one JSON object a line. They are read in portions while they
/// are sent.
fn exported(desk: Desk) -> Result<Response, Failure> {
    desk.may(Right::Export)?;
    let (kind, name) = match desk.part("file") {
        "journal.csv" => ("text/csv; charset=utf-8; header=present", "journal.csv"),
        "journal.ndjson" => ("application/x-ndjson", "journal.ndjson"),
        _ => return Err(Failure::no_endpoint()),
    };
    let as_csv = name == "journal.csv";
    let search = Asked::of(&desk).search(&desk, PORTION);
    let begin = if as_csv { csv::line(COLUMNS) + "\r\n" } else { String::new() };
    let first = stream::once(async { Ok::<_, operations::Error>(Bytes::from(begin)) });
    let portions = stream::try_unfold(Some((desk, search)), move |state| async move {
        let Some((desk, mut search)) = state else { return Ok(None) };
        let found = journal::search(desk.app().db(), &desk.tenant_id(), &search).await?;
        let lines: String =
            found.entries.iter().map(|entry| if as_csv { as_row(entry) } else { as_json(entry) }).collect();
        search.before = found.further;
        // The name stands for the same on every page.
        if let Some(about) = found.about {
            search.about = about.uuid().to_string();
        }
        let next = found.further.is_some().then_some((desk, search));
        Ok(Some((Bytes::from(lines), next)))
    });
    let mut response = Body::from_stream(futures::StreamExt::chain(first, portions)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    let file = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(Failure::fault)?;
    headers.insert(CONTENT_DISPOSITION, file);
    Ok(response)
}

fn as_row(entry: &Entry) -> String {
    let line = &entry.line;
    let json = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
    let row = csv::line([
        line.id.to_string(),
        line.at.to_rfc3339(),
        line.kind.to_string(),
        line.subject.uuid().to_string(),
        entry.concerns.clone().unwrap_or_default(),
        line.why.clone(),
        json(&line.before),
        json(&line.after),
        format!("{}: {}", line.actor, line.actor_name),
        line.cause.clone(),
    ]);
    row + "\r\n"
}

fn as_json(entry: &Entry) -> String {
    // A line is made of texts and values, which are always JSON.
    serde_json::to_string(&entry.line).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let shown = |before: Value, after: Value| {
            let some = |value: Value| Some(value).filter(|value| !value.is_null());
            let found = differences(some(before).as_ref(), some(after).as_ref());
            found
                .into_iter()
                .map(|it| format!("{}: {} > {}", it.name, it.before, it.after))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            shown(json!({"a": 1, "b": "x", "c": [1]}), json!({"a": 2, "b": "x", "d": true})),
            ["a: 1 > 2", "c: [1] > –", "d: – > true"]
        );
        assert_eq!(shown(json!(null), json!({"a": "<b>"})), ["a: – > <b>"]);
        assert_eq!(shown(json!("active"), json!("none")), ["value: active > none"]);
        assert_eq!(shown(json!(null), json!(null)), [""; 0]);
    }
}
