//! The brake: what pushes would take away from many people at once, until an administrator approves or rejects it.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::brake::{self, About, Held};
use operations::connections::{self, Health};
use operations::consequences::Agreed;
use operations::{Error, Right};
use provisioning::UserId;

use super::confirm::{CHANGED, Question, effects};
use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// People of a page.
const ROWS: u64 = 100;

/// What is held.
#[derive(Template)]
#[template(path = "console/brake.html")]
struct Shown {
    f: Frame,
    connections: Vec<Health>,
    held: Vec<Held>,
    more: Option<String>,
    error: Option<String>,
}

pub(super) async fn list(desk: Desk) -> Response {
    shown(&desk, None).await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, error: Option<String>) -> Result<Response, Failure> {
    let (db, operator) = (desk.app().db(), desk.operator("brake list"));
    let mut after: Option<UserId> = desk.asked("after").parse().ok();
    // A page of people about whom an administrator has decided is passed over.
    let (held, last) = loop {
        let mut held = brake::list(db, &operator, None, after, ROWS).await?;
        let people: BTreeSet<UserId> = held.iter().map(|held| held.user).collect();
        after = people.last().copied().filter(|_| people.len() as u64 == ROWS);
        held.retain(|held| !held.rejected);
        if !held.is_empty() || after.is_none() {
            break (held, after);
        }
    };
    let connections = connections::health(db, &desk.tenant_id(), desk.now()).await?;
    let f = desk.frame(At::Brake).await?;
    let status = of_form(error.as_ref());
    let shown = Shown {
        more: last.map(|last| f.to(&format!("/brake?after={last}"))),
        connections: connections.into_iter().filter(|health| health.held > 0).collect(),
        held,
        error,
        f,
    };
    Ok(page(status, &shown))
}

/// Whom a form is about: the people who were ticked, or all of a connection.
fn about(form: &Form) -> About {
    match form.field("connection").filter(|id| !id.is_empty()) {
        Some(connection) => About::Connection(connection),
        None => About::People(form.fields("person")),
    }
}

/// Asks before what is held is carried out; a rejection is carried out at once, because nobody loses anything by it.
pub(super) async fn decide(desk: Desk, form: Form) -> Response {
    let decided = async || {
        desk.may(Right::Change)?;
        let about = about(&form);
        if form.field("decision").as_deref() == Some("approve") {
            return ask(&desk, &form, &about, None).await;
        }
        match brake::reject(desk.app().db(), &desk.operator("brake reject"), &about).await {
            Ok(_) => Ok(done(&desk, "rejected")),
            Err(error) => shown(&desk, Some(said(error)?)).await,
        }
    };
    decided().await.unwrap_or_else(Failure::into_response)
}

fn done(desk: &Desk, word: &str) -> Response {
    desk.app().work().notify_one();
    see_other(&format!("/console/{}/brake?done={word}", desk.tenant.id))
}

async fn ask(desk: &Desk, form: &Form, about: &About, error: Option<&str>) -> Result<Response, Failure> {
    let follows = match brake::preview_approve(desk.app().db(), &desk.operator("brake approve"), about).await
    {
        Ok(follows) => follows,
        Err(error) => return shown(desk, Some(said(error)?)).await,
    };
    let f = desk.frame(At::Brake).await?;
    let mut hidden: Vec<_> = form.fields("person").into_iter().map(|id| ("person", id)).collect();
    hidden.extend(form.field("connection").map(|id| ("connection", id)));
    hidden.push(("tag", follows.tag.clone()));
    let people = follows.losses.people;
    let help = f.count(
        people,
        "1 person loses a seat, a place or access.",
        "{n} people lose a seat, a place or access.",
    );
    let question = Question {
        title: f.count(people, "Approve 1 deactivation?", "Approve {n} deactivations?"),
        error: error.map(|said| f.t(said).to_owned()),
        effects: effects(&f, &follows),
        holds: follows.holds.iter().map(|hold| hold.words.clone()).collect(),
        hidden,
        typed: Some(("count", f.t("Type the number of people who lose something").to_owned(), help)),
        action: f.to("/brake/approve"),
        back: (f.to("/brake"), f.t("Brake").to_owned()),
        button: f.count(people, "Approve 1 deactivation", "Approve {n} deactivations"),
        danger: true,
        ..Question::default()
    };
    question.shown(desk, At::Brake).await
}

pub(super) async fn approve(desk: Desk, form: Form) -> Response {
    let decided = async || {
        desk.may(Right::Change)?;
        let (about, db, operator) = (about(&form), desk.app().db(), desk.operator("brake approve"));
        let follows = match brake::preview_approve(db, &operator, &about).await {
            Ok(follows) => follows,
            Err(error) => return shown(&desk, Some(said(error)?)).await,
        };
        let typed = form.field("count").and_then(|text| text.trim().parse::<u64>().ok());
        if typed != Some(follows.losses.people) {
            return ask(&desk, &form, &about, Some("The number is another one. Nothing was approved.")).await;
        }
        if !follows.holds.is_empty() && form.field("handed_over").is_none() {
            return ask(&desk, &form, &about, Some("Say that the handover is done first.")).await;
        }
        let agreed = Agreed::Verdicts(form.field("tag").unwrap_or_default());
        match brake::approve(db, &operator, &about, agreed).await {
            Ok(_) => Ok(done(&desk, "approved")),
            Err(Error::Otherwise(_)) => ask(&desk, &form, &about, Some(CHANGED)).await,
            Err(error) => shown(&desk, Some(said(error)?)).await,
        }
    };
    decided().await.unwrap_or_else(Failure::into_response)
}
