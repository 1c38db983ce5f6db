//! One group: its members, its pools, and whether people may drop out of it unexpectedly.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::consequences::Agreed;
use operations::directory::{self, Group, GroupDetails};
use operations::groups::{self, Marking};
use operations::{Error, Right};

use super::confirm::{Question, asked_first};
use super::connections::number;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// Members of a page.
const ROWS: u64 = 100;

/// The page.
#[derive(Template)]
#[template(path = "console/group.html")]
struct Shown {
    f: Frame,
    group: Group,
    it: GroupDetails,
    previous: Option<String>,
    next: Option<String>,
    error: Option<String>,
}

impl Shown {
    fn path(&self, rest: &str) -> String {
        self.f.to(&format!("/groups/{}{rest}", self.group.id))
    }
}

pub(super) async fn show(desk: Desk) -> Response {
    shown(&desk, None).await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, error: Option<String>) -> Result<Response, Failure> {
    let (id, db) = (desk.part("id"), desk.app().db());
    if id.parse::<uuid::Uuid>().is_err() {
        return Err(Failure::no_endpoint());
    }
    let before = desk.asked("from").parse::<u32>().map_or(0, u64::from);
    let it = match directory::group(db, &desk.operator("group show"), id, before, ROWS).await {
        Err(Error::Refused(_)) => return Err(Failure::status(404, "There is no such group.")),
        it => it?,
    };
    let f = desk.frame(At::Groups).await?;
    let behind = before + it.listed.len() as u64;
    let address = |from: u64| f.to(&format!("/groups/{id}?from={from}"));
    let status = of_form(error.as_ref());
    let shown = Shown {
        previous: (before > 0).then(|| address(before.saturating_sub(ROWS))),
        next: (behind < it.group.members).then(|| address(behind)),
        group: it.group.clone(),
        f,
        it,
        error,
    };
    Ok(page(status, &shown))
}

/// Marks the group as dynamic or static.
pub(super) async fn mark(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let (db, id, operator) = (desk.app().db(), desk.part("id"), desk.operator("group update"));
        let dynamic = form.field("dynamic").is_some();
        let hours = form.field("hours").unwrap_or_default();
        let tried = async {
            let hours = if dynamic { Some(number(&hours, "the hours")?) } else { None };
            let marking = Marking { dynamic: Some(dynamic), grace_hours: hours };
            Ok::<_, Error>((marking, groups::preview_mark(db, &operator, id, marking).await?))
        };
        let (marking, follows) = match tried.await {
            Ok(tried) => tried,
            Err(error) => return shown(&desk, Some(said(error)?)).await,
        };
        if let Some(again) = asked_first(&form, &follows) {
            let f = desk.frame(At::Groups).await?;
            let path = f.to(&format!("/groups/{id}"));
            let question = Question {
                title: f.t("Change the grace of the group?").to_owned(),
                action: format!("{path}/mark"),
                back: (path, f.t("Group").to_owned()),
                button: f.t("Save").to_owned(),
                ..Question::before(&f, &form, &["dynamic", "hours"], (&follows, again))
            };
            return question.shown(&desk, At::Groups).await;
        }
        match groups::mark(db, &operator, id, marking, Agreed::Verdicts(follows.tag)).await {
            Ok(_) => {
                desk.app().work().notify_one();
                Ok(see_other(&format!("/console/{}/groups/{id}?done=saved", desk.tenant.id)))
            }
            Err(error) => shown(&desk, Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}
