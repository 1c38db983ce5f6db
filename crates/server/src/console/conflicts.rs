//! The conflicts: users whom two connections push, and how each is solved.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::conflicts::{self, Conflict, SharedEmail};
use operations::{Right, connections, owners};

use super::chip;
use super::confirm::Question;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::guide::{self, Advice};
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};

/// Conflicts of a page.
const ROWS: u64 = 100;

/// All conflicts.
#[derive(Template)]
#[template(path = "console/conflicts.html")]
struct Conflicts {
    f: Frame,
    rows: Vec<Row>,
    shared: Vec<SharedEmail>,
    /// Whether addresses of several users are asked for.
    asked: bool,
    /// Where the next conflicts stand, and the next addresses.
    next: Option<String>,
    next_shared: Option<String>,
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
        let (from, after) = (desk.asked("from").parse::<u32>().map_or(0, u64::from), desk.asked("after"));
        let found = conflicts::list(db, &tenant, (from, ROWS)).await?;
        // All addresses are compared, so that only who asks for it waits.
        let asked = !desk.asked("shared").is_empty();
        let shared =
            if asked { conflicts::shared_emails(db, &tenant, &after, ROWS).await? } else { Vec::new() };
        let full = found.len() as u64 == ROWS;
        let known = connections::list(db, &tenant).await?;
        let row = |conflict: Conflict| {
            let refused = known.iter().find(|known| known.id == conflict.connection_id);
            Row {
                to: conflict.connection_id.to_string(),
                advice: refused.and_then(|it| guide::advice(409, &it.profile, desk.visitor.tongue)),
                conflict,
            }
        };
        let rows = found.into_iter().map(row).collect();
        let f = desk.frame(At::Conflicts).await?;
        let address = |query: String| f.to(&format!("/conflicts?{query}"));
        let last = shared.last().filter(|_| shared.len() as u64 == ROWS);
        let next_shared = last.map(|last| {
            address(chip::query([("shared", "yes"), ("from", &from.to_string()), ("after", &last.email)]))
        });
        let next = full.then(|| address(format!("from={}", from + ROWS)));
        Ok::<_, Failure>(page(StatusCode::OK, &Conflicts { f, rows, shared, asked, next, next_shared }))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn ask(desk: Desk) -> Response {
    question(&desk, None).await.unwrap_or_else(Failure::into_response)
}

async fn question(desk: &Desk, error: Option<String>) -> Result<Response, Failure> {
    desk.may(Right::Change)?;
    let (user, to) = (desk.part("user"), desk.asked("to"));
    let conflict = conflicts::one(desk.app().db(), &desk.tenant_id(), user, &to).await?;
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
        action: f.to(&format!("/conflicts/{user}?to={to}")),
        back: (f.to("/conflicts"), f.t("Conflicts").to_owned()),
        button: f.t("Hand over 1 user").to_owned(),
        ..Question::default()
    };
    question.shown(desk, At::Conflicts).await
}

pub(super) async fn hand_over(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let (db, operator) = (desk.app().db(), desk.operator("user hand-over"));
        match owners::hand_over_user(db, &operator, desk.part("user"), &desk.asked("to")).await {
            Ok(()) => {
                desk.app().work().notify_one();
                Ok(see_other(&format!("/console/{}/conflicts?done=given", desk.tenant.id)))
            }
            Err(error) => question(&desk, Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}
