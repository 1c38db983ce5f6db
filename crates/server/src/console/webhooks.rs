//! The webhooks: what is told to which address, what became of it, and what is sent again.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use operations::Right;
use operations::webhooks::{self, Change, Listed, New, Webhook};
use provisioning::EventKind;

use super::chip;
use super::confirm::Question;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use super::secret::Made;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// Deliveries that a page shows.
const ROWS: u64 = 100;
/// Days for which the former key signs beside a new one.
const OVERLAP: TimeDelta = TimeDelta::days(1);

/// All webhooks, and the form of a new one.
#[derive(Template)]
#[template(path = "console/webhooks.html")]
struct Webhooks {
    f: Frame,
    tab: &'static str,
    all: Vec<Webhook>,
    kinds: Vec<&'static str>,
    typed: New,
    error: Option<String>,
}

impl Webhooks {
    fn is_ticked(&self, kind: &str) -> bool {
        self.typed.events.iter().any(|ticked| ticked == kind)
    }
}

/// One webhook with its deliveries.
#[derive(Template)]
#[template(path = "console/webhook.html")]
struct Shown {
    f: Frame,
    hook: Webhook,
    deliveries: Vec<Listed>,
    kinds: Vec<&'static str>,
    state: String,
    older: Option<String>,
    error: Option<String>,
}

impl Shown {
    fn path(&self, rest: &str) -> String {
        self.f.to(&format!("/settings/webhooks/{}{rest}", self.hook.id))
    }

    fn hears(&self, kind: &str) -> bool {
        self.hook.events.contains(&kind)
    }
}

fn kinds() -> Vec<&'static str> {
    EventKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

pub(super) async fn list(desk: Desk) -> Response {
    listed(&desk, New::default(), None).await.unwrap_or_else(Failure::into_response)
}

async fn listed(desk: &Desk, typed: New, error: Option<String>) -> Result<Response, Failure> {
    let operator = desk.operator("webhook list");
    let all = webhooks::list(desk.app().db(), &operator, &desk.tenant_id()).await?;
    let f = desk.frame(At::Settings).await?;
    let status = of_form(error.as_ref());
    Ok(page(status, &Webhooks { f, tab: "webhooks", all, kinds: kinds(), typed, error }))
}

pub(super) async fn create(desk: Desk, form: Form) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let text = |name: &str| form.field(name).unwrap_or_default().trim().to_owned();
        let new = New { url: text("url"), description: text("description"), events: form.fields("event") };
        let private = desk.app().config().webhooks.allow_private;
        let (db, operator) = (desk.app().db(), desk.operator("webhook create"));
        match webhooks::create(db, &operator, &desk.tenant_id(), &new, private).await {
            Ok(created) => secret(&desk, created).await,
            Err(error) => listed(&desk, new, Some(said(error)?)).await,
        }
    };
    made().await.unwrap_or_else(Failure::into_response)
}

async fn secret(desk: &Desk, created: webhooks::Created) -> Result<Response, Failure> {
    let f = desk.frame(At::Settings).await?;
    let made = Made {
        title: f.label("The key of {a}", &created.known.url),
        label: f.t("Signing key").to_owned(),
        secret: created.secret,
        help: f.t("The receiver checks with it that a message comes from here.").to_owned(),
        back: (f.to(&format!("/settings/webhooks/{}", created.known.id)), f.t("Webhook").to_owned()),
    };
    made.shown(desk, At::Settings).await
}

pub(super) async fn show(desk: Desk) -> Response {
    shown(&desk, None).await.unwrap_or_else(Failure::into_response)
}

/// The webhook of the address.
async fn known(desk: &Desk) -> Result<Webhook, Failure> {
    let (db, operator) = (desk.app().db(), desk.operator("webhook show"));
    match webhooks::show(db, &operator, &desk.tenant_id(), desk.part("id")).await {
        Err(operations::Error::Refused(_)) => Err(Failure::status(404, "There is no such webhook.")),
        known => Ok(known?),
    }
}

async fn shown(desk: &Desk, error: Option<String>) -> Result<Response, Failure> {
    let hook = known(desk).await?;
    let state = desk.asked("state");
    let wanted = Some(state.as_str()).filter(|state| ["waiting", "delivered", "given-up"].contains(state));
    let (id, tenant) = (hook.id.to_string(), desk.tenant_id());
    let part = (desk.asked("before").parse().ok(), ROWS);
    let deliveries = webhooks::deliveries(desk.app().db(), (&tenant, &id), wanted, part).await?;
    let f = desk.frame(At::Settings).await?;
    let older = deliveries.last().filter(|_| deliveries.len() as u64 == ROWS).map(|last| {
        let last = last.id.to_string();
        let query = chip::query([("state", state.as_str()), ("before", &last)]);
        f.to(&format!("/settings/webhooks/{id}?{query}"))
    });
    let status = of_form(error.as_ref());
    Ok(page(status, &Shown { f, hook, deliveries, older, kinds: kinds(), state, error }))
}

/// What can be done with a webhook by one button.
pub(super) async fn act(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let hook = known(&desk).await?;
        let (db, tenant, id) = (desk.app().db(), desk.tenant_id(), hook.id.to_string());
        let named = (tenant.as_str(), id.as_str());
        let private = desk.app().config().webhooks.allow_private;
        let operator = desk.operator("webhook update");
        let back = |word: &str| see_other(&format!("/console/{tenant}/settings/webhooks/{id}?done={word}"));
        let enabled = |on: bool| Change { enabled: Some(on), ..Change::default() };
        let carried = match desk.part("act") {
            "enable" => webhooks::update(db, &operator, named, &enabled(true), private).await.map(drop),
            "disable" => webhooks::update(db, &operator, named, &enabled(false), private).await.map(drop),
            "events" => {
                let text = form.field("description").map(|text| text.trim().to_owned());
                let change =
                    Change { events: Some(form.fields("event")), description: text, ..Change::default() };
                webhooks::update(db, &operator, named, &change, private).await.map(drop)
            }
            "replay" => match form.field("delivery").filter(|id| !id.is_empty()) {
                Some(delivery) => webhooks::replay(db, &operator, named, &delivery).await.map(drop),
                None => match webhooks::replay_all(db, &operator, named).await {
                    Ok(0) => return Ok(back("nothing")),
                    replayed => replayed.map(drop),
                },
            },
            "rotate" => {
                let created = webhooks::rotate(db, &operator, named, OVERLAP).await?;
                return secret(&desk, created).await;
            }
            "delete" => {
                webhooks::delete(db, &operator, &tenant, &id).await?;
                return Ok(see_other(&format!("/console/{tenant}/settings/webhooks?done=deleted")));
            }
            _ => return Err(Failure::no_endpoint()),
        };
        match carried {
            Ok(()) => {
                desk.app().work().notify_one();
                Ok(back(if desk.part("act") == "replay" { "resent" } else { "saved" }))
            }
            Err(error) => shown(&desk, Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}

/// Asks before a webhook is deleted, or its key replaced.
pub(super) async fn ask(desk: Desk) -> Response {
    let asked = async || {
        desk.may(Right::Change)?;
        let hook = known(&desk).await?;
        let f = desk.frame(At::Settings).await?;
        let path = f.to(&format!("/settings/webhooks/{}", hook.id));
        let (title, effect, button, danger) = match desk.part("act") {
            "delete" => (
                "Delete the webhook {a}?",
                ("trash", "icon-bad", f.say("What waits for it is not delivered any more, and its deliveries are forgotten.", "")),
                "Delete 1 webhook",
                true,
            ),
            "rotate" => (
                "Replace the key of {a}?",
                ("key", "", f.say("Messages are signed with both keys for one day, so that there is time to enter the new one.", "")),
                "Replace 1 key",
                false,
            ),
            _ => return Err(Failure::no_endpoint()),
        };
        let question = Question {
            title: f.label(title, &hook.url),
            effects: vec![effect],
            action: format!("{path}/{}", desk.part("act")),
            back: (path, f.t("Webhook").to_owned()),
            button: f.t(button).to_owned(),
            danger,
            ..Question::default()
        };
        question.shown(&desk, At::Settings).await
    };
    asked().await.unwrap_or_else(Failure::into_response)
}
