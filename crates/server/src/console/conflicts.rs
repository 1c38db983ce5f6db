//! The conflicts: users whom two connections push, and how each is solved.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::conflicts::{self, Conflict, SharedEmail};
use operations::{Right, connections, owners};

use super::confirm::Question;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::guide::{self, Advice};
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};
use crate::pages::form::Form;

/// Conflicts of a page.
const ROWS: u64 = 100;

/// All conflicts.
#[derive(Template)]
#[template(path = "console/conflicts.html")]
struct Conflicts {
    f: Frame,
    rows: Vec<Row>,
    shared: Vec<SharedEmail>,
}

/// A conflict, with what to change in the product that is refused.
struct Row {
    conflict: Conflict,
    /// The id of the connection that is refused.
    to: String,
    advice: Option<Advice>,
}

pub(super) async fn list(desk: Desk) -> Response {
    let made = async || {
        let (db, tenant) = (desk.app().db(), desk.tenant_id());
        let found = conflicts::list(db, &tenant, ROWS).await?;
        let shared = conflicts::shared_emails(db, &tenant, ROWS).await?;
        let known = connections::list(db, &tenant).await?;
        let row = |conflict: Conflict| {
            let refused = known.iter().find(|known| known.name == conflict.connection);
            Row {
                to: refused.map(|refused| refused.id.to_string()).unwrap_or_default(),
                advice: refused.and_then(|it| guide::advice(409, &it.profile, desk.visitor.tongue)),
                conflict,
            }
        };
        let rows = found.into_iter().map(row).collect();
        let f = desk.frame(At::Conflicts).await?;
        Ok::<_, Failure>(page(StatusCode::OK, &Conflicts { f, rows, shared }))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn ask(desk: Desk) -> Response {
    question(&desk, None).await.unwrap_or_else(Failure::into_response)
}

async fn question(desk: &Desk, error: Option<String>) -> Result<Response, Failure> {
    desk.may(Right::Change)?;
    let found = conflicts::list(desk.app().db(), &desk.tenant_id(), ROWS).await?;
    let user = desk.part("user");
    let conflict = found.into_iter().find(|conflict| conflict.user.to_string() == user);
    let conflict = conflict.ok_or_else(|| Failure::status(404, "This conflict is solved."))?;
    let f = desk.frame(At::Conflicts).await?;
    let kept = "Access, seat and devices stay. No e-mail is sent, and nothing has to be restored.";
    let mut effects = vec![
        ("check", "icon-ok", f.say(kept, "")),
        (
            "pencil",
            "",
            f.say("Name, e-mail and active are from then on what *{a}* says.", &conflict.connection),
        ),
    ];
    if let Some(owner) = &conflict.owner {
        let lost = "A seat by a group of *{a}* goes once that group loses the person.";
        effects.push(("groups", "icon-warn", f.say(lost, owner)));
        effects.push(("ban", "", f.say("*{a}* is refused from then on for this person.", owner)));
    }
    let question = Question {
        title: f.tongue.title(
            "Hand over {a} to {b}?",
            &crate::pages::phrase::Slots::default()
                .text("a", conflict.user_name.clone())
                .text("b", conflict.connection.clone()),
        ),
        error,
        effects,
        hidden: vec![("to", desk.asked("to"))],
        action: f.to(&format!("/conflicts/{user}?to={}", desk.asked("to"))),
        back: (f.to("/conflicts"), f.t("Conflicts").to_owned()),
        button: f.t("Hand over 1 user").to_owned(),
        ..Question::default()
    };
    question.shown(desk, At::Conflicts).await
}

pub(super) async fn hand_over(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let (db, operator) = (desk.app().db(), desk.operator("user hand-over"));
        let to = form.field("to").unwrap_or_default();
        match owners::hand_over_user(db, &operator, desk.part("user"), &to).await {
            Ok(()) => {
                desk.app().work().notify_one();
                Ok(see_other(&format!("/console/{}/conflicts?done=given", desk.tenant.id)))
            }
            Err(error) => question(&desk, Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}
