//! The sync inspector: what the connections sent, how it was read, what followed, and why it was refused.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::request_log::{self, Details, Look, Request, RequestOutcome, Search};
use provisioning::ConnectionId;

use super::chip::{self, Chip};
use super::desk::Desk;
use super::frame::{At, Frame};
use super::guide::{self, Advice};
use super::period::Period;
use crate::http::error::Failure;
use crate::http::paths::{SCIM, is_scim};
use crate::pages::answer::{page, see_other};

/// Requests of a page.
const ROWS: u64 = 50;

/// The requests with their filters.
#[derive(Template)]
#[template(path = "console/inspector.html", blocks = ["stream"])]
struct Inspector {
    f: Frame,
    path: String,
    outcome: &'static str,
    quiet: bool,
    chips: Vec<Chip>,
    views: Vec<View>,
    rows: Vec<Row>,
    narrowed: bool,
    newest: String,
    /// Whether the newest requests are on the page.
    first: bool,
    older: Option<String>,
}

/// A choice of outcomes.
struct View {
    label: &'static str,
    query: String,
    present: bool,
}

/// A request as a row shows it.
struct Row {
    id: String,
    connection: String,
    request: Request,
    class: &'static str,
}

impl Row {
    /// The path below the address of SCIM.
    fn path(&self) -> &str {
        let path = self.request.path.as_str();
        path.strip_prefix(SCIM).filter(|rest| !rest.is_empty()).unwrap_or(path)
    }

    /// What followed, in one line.
    fn effect(&self) -> String {
        let Request { error, effects, .. } = &self.request;
        error.clone().unwrap_or_else(|| effects.join(" · "))
    }
}

/// One request.
#[derive(Template)]
#[template(path = "console/request.html", blocks = ["detail"])]
struct Shown {
    f: Frame,
    id: String,
    connection: String,
    request: Request,
    body: Option<String>,
    /// What the refusal means, and what to change where.
    advice: Option<Advice>,
}

fn milliseconds(request: &Request) -> String {
    let us = request.duration_us;
    if us < 10_000 { format!("{}.{}", us / 1_000, us % 1_000 / 100) } else { (us / 1_000).to_string() }
}

/// What is looked for, as the address says it.
struct Asked {
    path: String,
    outcome: String,
    connection: String,
    method: String,
    resource: String,
    quiet: bool,
    period: Period,
}

impl Asked {
    fn of(desk: &Desk) -> Self {
        let [span, from, to] = ["period", "from", "to"].map(|name| desk.asked(name));
        Self {
            path: desk.asked("q"),
            outcome: desk.asked("outcome"),
            connection: desk.asked("connection"),
            method: desk.asked("method"),
            resource: desk.asked("resource"),
            quiet: !desk.asked("quiet").is_empty(),
            period: Period { span, from, to },
        }
    }

    /// The outcome as the word of a view.
    fn view(&self) -> &'static str {
        ["changed", "held", "refused"].into_iter().find(|word| *word == self.outcome).unwrap_or("")
    }

    fn search(&self, desk: &Desk) -> Search {
        let (since, until) = self.period.bounds(desk.tenant.time_zone, desk.now());
        let outcome = match self.view() {
            "changed" => Some(RequestOutcome::Changed),
            "held" => Some(RequestOutcome::Held),
            "refused" => Some(RequestOutcome::Refused),
            _ if self.quiet => None,
            _ => Some(RequestOutcome::Told),
        };
        let below = |path: &str| {
            let path = path.trim_start_matches('/');
            if is_scim(path) { format!("/{path}") } else { format!("{SCIM}/{path}") }
        };
        let resource = match self.resource.as_str() {
            "users" => Some(below("Users")),
            "groups" => Some(below("Groups")),
            _ => None,
        };
        let typed = Some(self.path.trim()).filter(|path| !path.is_empty()).map(below);
        Search {
            connection: self.connection.parse().ok(),
            method: Some(self.method.clone()).filter(|method| !method.is_empty()),
            path: typed.or(resource),
            outcome,
            look: Look { before: desk.asked("before").parse().ok(), since, until, most: ROWS },
        }
    }

    /// The query of this search with another outcome.
    fn query(&self, outcome: &str) -> String {
        let pairs = [
            ("outcome", outcome),
            ("q", &self.path),
            ("connection", &self.connection),
            ("method", &self.method),
            ("resource", &self.resource),
            ("quiet", if self.quiet { "yes" } else { "" }),
        ];
        chip::query(pairs.into_iter().chain(self.period.pairs()))
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    answer(&desk).await.unwrap_or_else(Failure::into_response)
}

async fn answer(desk: &Desk) -> Result<Response, Failure> {
    let asked = Asked::of(desk);
    if asked.path.trim().parse::<uuid::Uuid>().is_ok() {
        return Ok(see_other(&format!("/console/{}/inspector/{}", desk.tenant.id, asked.path.trim())));
    }
    let found = request_log::search(desk.app().db(), &desk.tenant_id(), &asked.search(desk)).await?;
    let f = desk.frame(At::Inspector).await?;
    let named = |id: ConnectionId| found.connections.iter().find(|(known, _)| *known == id);
    let row = |(connection, request): (ConnectionId, Request)| Row {
        id: request.id.to_string(),
        connection: named(connection).map(|(_, name)| name.clone()).unwrap_or_default(),
        class: match () {
            () if request.status >= 400 => " req-err",
            () if request.effects.iter().any(|effect| effect.contains("held by the brake")) => " req-held",
            () => "",
        },
        request,
    };
    let names: Vec<_> = found.connections.iter().map(|(id, name)| (id.to_string(), name.clone())).collect();
    let query = asked.query(asked.view());
    let with = |query: &str| f.to(&format!("/inspector{}{query}", if query.is_empty() { "" } else { "?" }));
    let older = |id| with(&format!("{query}{}before={id}", if query.is_empty() { "" } else { "&" }));
    let views = [
        ("", "All"),
        ("changed", "Changed something"),
        ("held", "Held by the brake"),
        ("refused", "Refused"),
    ];
    let view = |(word, label)| View { label, query: with(&asked.query(word)), present: word == asked.view() };
    let shown = Inspector {
        older: found.further.map(older),
        newest: with(&query),
        first: desk.asked("before").is_empty(),
        rows: found.requests.iter().cloned().map(row).collect(),
        views: views.map(view).into(),
        chips: chips(&asked, names),
        outcome: asked.view(),
        narrowed: !query.is_empty(),
        quiet: asked.quiet,
        path: asked.path,
        f,
    };
    if desk.fragment() {
        return Ok(page(StatusCode::OK, &shown.as_stream()));
    }
    Ok(page(StatusCode::OK, &shown))
}

fn chips(asked: &Asked, connections: Vec<(String, String)>) -> Vec<Chip> {
    let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"].map(|method| (method, method));
    vec![
        Chip::new("Connection", "connection", &asked.connection, &[]).with_names(connections),
        Chip::new("Method", "method", &asked.method, &methods),
        Chip::new("Resource", "resource", &asked.resource, &[("users", "Users"), ("groups", "Groups")]),
        asked.period.chip(),
    ]
}

pub(super) async fn request(desk: Desk) -> Response {
    let made = async || {
        let id = desk.part("id");
        let missing = || Failure::status(404, "There is no such request. Old requests are forgotten.");
        let found = request_log::show(desk.app().db(), &desk.operator("requests show"), id).await;
        let Details { request, connection, profile, .. } = match found {
            Err(operations::Error::Refused(_)) => return Err(missing()),
            found => found?,
        };
        let f = desk.frame(At::Inspector).await?;
        let shown = Shown {
            id: request.id.to_string(),
            body: request.body.as_ref().and_then(|body| serde_json::to_string_pretty(body).ok()),
            advice: guide::advice(
                request.status,
                profile.as_deref().unwrap_or_default(),
                desk.visitor.tongue,
            ),
            connection: connection.unwrap_or_else(|| f.t("A deleted connection").to_owned()),
            request,
            f,
        };
        if desk.fragment() {
            return Ok(page(StatusCode::OK, &shown.as_detail()));
        }
        Ok(page(StatusCode::OK, &shown))
    };
    made().await.unwrap_or_else(Failure::into_response)
}
