//! What became of each person, as tables and sentences that a person reads.

use anyhow::{Context as _, Result};
use operations::{conflicts, people, pools, report};
use sample_application::NAME;
use server::admin::Admin;

use super::incremental::HERO;
use super::play::Play;
use crate::global::told;
use crate::table::table;

/// The most conflicts that the report tells.
const CONFLICTS: u64 = 10;

/// The lines of the report.
pub(super) async fn lines(admin: &Admin, play: &Play<'_>) -> Result<Vec<String>> {
    let report = report::of(admin.db(), &play.stage.tenant).await.map_err(told)?;
    let mut lines = Vec::new();

    lines.push("People by status".to_owned());
    let row = |people: &report::People| vec![people.id.to_string(), people.people.to_string()];
    lines.extend(indented(&["Status", "People"], report.people.iter().map(row)));

    lines.push("Seats by pool".to_owned());
    let row = |pool: &pools::Pool| {
        let numbers = [pool.seats, pool.used, pool.waiting].map(|number| number.to_string());
        [pool.name.clone()].into_iter().chain(numbers).collect()
    };
    lines.extend(indented(&["Pool", "Bought", "Used", "Waiting"], report.pools.iter().map(row)));

    lines.push("Who waits, and why".to_owned());
    let row = |waiting: &report::Waiting| {
        let since = waiting.since.format("%Y-%m-%d").to_string();
        vec![
            waiting.name.clone(),
            waiting.pool.clone(),
            waiting.place.to_string(),
            since,
            waiting.why.clone(),
        ]
    };
    let headings = ["Person", "Pool", "Place", "Since", "Why"];
    lines.extend(indented(&headings, report.waiting.iter().map(row)));

    lines.push("The brake: people who kept access when the directory took it by mistake".to_owned());
    lines
        .push(format!("  {} people; the filter was mended on the next day, and nothing was lost", play.held));
    lines.push(String::new());

    lines.push("Conflicts: people whom a directory could not create".to_owned());
    let found = conflicts::list(admin.db(), &play.stage.tenant, (0, CONFLICTS)).await.map_err(told)?;
    lines.extend(found.iter().map(|conflict| format!("  {}", what_to_do(conflict))));
    lines.push(String::new());

    lines.push("Quirks seen: what the products said differently from the standard".to_owned());
    let row = |quirk: &report::QuirkUse| {
        vec![quirk.uses.to_string(), quirk.connection.clone(), quirk.id.clone(), quirk.summary.to_owned()]
    };
    let headings = ["Uses", "Connection", "Quirk", "What is tolerated"];
    lines.extend(indented(&headings, report.quirks.iter().map(row)));

    let hero = &play.staff.people[HERO];
    let operator = admin.operator("demo");
    let shown = people::show(admin.db(), &operator, play.staff.id(HERO)?).await.map_err(told)?;
    lines.push(format!("The story of {}, from the journal", hero.display_name()));
    lines.extend(shown.journal.iter().map(|line| format!("  {}  {}", line.at.format("%Y-%m-%d"), line.why)));
    lines.push(format!("  And so, why does {} have a seat?", hero.given));
    lines.extend(shown.explanation.iter().map(|sentence| format!("              {sentence}")));

    Ok(lines)
}

/// A conflict, and what an administrator can do about it.
fn what_to_do(conflict: &conflicts::Conflict) -> String {
    let conflicts::Conflict { user_name, connection, owner, .. } = conflict;
    let Some(owner) = owner else {
        return format!("{user_name}: wanted by {connection}, and owned by no connection");
    };
    format!(
        "{user_name}: owned by {owner}, wanted by {connection}. Take the person out of one directory, or let {connection} \
         take over: rollcall connection update {connection} --takes-over '{owner}'"
    )
}

/// What to try while the server at this SCIM base URL is up.
pub(super) async fn to_try(play: &Play<'_>, url: &str, link: &str) -> Result<Vec<String>> {
    let status = "urn:rollcall:params:scim:schemas:extension:enrolment:1.0:User:status";
    let query = format!("attributes=userName&filter={status}%20eq%20%22deactivated%22");
    let token = &play.stage.entra.token;
    let person = play.somebody_invited().await?.context("nobody is invited and has yet to begin")?;
    let page = &play.page;
    Ok(vec![
        String::new(),
        format!(
            "{NAME}, the sample application, is at {page}: install it there as {person}, whose mail is in the demo's mailbox."
        ),
        format!("The server is at {url} until you press Ctrl-C. For example, who is deactivated?"),
        format!("  curl -H 'Authorization: Bearer {token}' '{url}/Users?{query}'"),
        "The console of administrators opens by this link, which counts for an hour and once:".to_owned(),
        format!("  {link}"),
    ])
}

/// How to look at one person in the demo's database.
pub(super) fn to_look_at(play: &Play<'_>, database: &str) -> Vec<String> {
    let user_name = &play.staff.people[HERO].user_name;
    vec![format!("  rollcall user show {user_name} --database-url '{database}'")]
}

fn indented(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let rows: Vec<_> = rows.collect();
    let lines = if rows.is_empty() { vec!["none".to_owned()] } else { table(headings, &rows, usize::MAX) };
    lines.into_iter().map(|line| format!("  {line}")).chain([String::new()]).collect()
}
