//! What an administrator does to one person: at once, or after a dialog that says what follows.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode};
use operations::consequences::{Agreed, Consequences};
use operations::hand::{self, Word};
use operations::people::User;
use operations::users::by_hand;
use operations::{Right, reminders, roster};

use super::confirm::CHANGED;
use super::desk::{Desk, HX_REDIRECT};
use super::frame::{At, Frame};
use super::user::{Shown, person};
use super::users::{OneRow, Row};
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};
use crate::pages::form::Form;

/// What a dialog is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Unassign,
    Deactivate,
    Remove,
    Name,
}

impl About {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "unassign" => Self::Unassign,
            "deactivate" => Self::Deactivate,
            "remove" => Self::Remove,
            "name" => Self::Name,
            _ => return None,
        })
    }

    /// What the page says afterwards, as a word in its address.
    const fn done(self) -> &'static str {
        match self {
            Self::Unassign => "unassigned",
            Self::Deactivate => "deactivated",
            Self::Remove => "removed",
            Self::Name => "renamed",
        }
    }
}

/// A dialog on a page of its own.
#[derive(Template)]
#[template(path = "console/dialog.html")]
struct DialogPage {
    f: Frame,
    d: Dialog,
}

/// The dialog alone, for a script that opens it.
#[derive(Template)]
#[template(path = "console/_dialog.html")]
struct Fragment<'a> {
    f: &'a Frame,
    d: &'a Dialog,
}

/// What a dialog shows.
struct Dialog {
    about: &'static str,
    u: Shown,
    /// What would follow; none for a name, and for a person who cannot be removed yet.
    follows: Option<Consequences>,
    /// What went wrong with the last answer.
    error: Option<String>,
    /// Whether the dialog stands on a page of its own.
    whole: bool,
    /// What was typed as the name.
    typed: String,
}

impl Dialog {
    fn is(&self, about: &str) -> bool {
        self.about == about
    }

    /// Whether the licence would be withheld, because a grant stands that is not by hand.
    fn withholds(&self) -> bool {
        !self.u.user.entitled.is_empty()
    }

    fn tag(&self) -> &str {
        self.follows.as_ref().map_or("", |follows| follows.tag.as_str())
    }

    fn restores(&self) -> bool {
        self.follows.as_ref().is_some_and(|follows| follows.restores > 0)
    }

    fn seats(&self) -> bool {
        self.follows.as_ref().is_some_and(|follows| follows.losses.seats > 0)
    }

    fn served(&self) -> u64 {
        self.follows.as_ref().map_or(0, |follows| follows.gains.seats)
    }

    fn administrators(&self) -> &[String] {
        self.follows.as_ref().map_or(&[], |follows| &follows.administrators)
    }
}

fn word(about: About) -> Option<Word> {
    match about {
        About::Unassign => Some(Word::Unassign(None)),
        About::Deactivate => Some(Word::Deactivate),
        About::Remove | About::Name => None,
    }
}

/// What would follow from what a dialog is about.
async fn consequences(desk: &Desk, about: About, user: &User) -> Result<Option<Consequences>, Failure> {
    let (db, id) = (desk.app().db(), user.id.to_string());
    Ok(match (about, word(about)) {
        (_, Some(word)) => Some(hand::preview(db, &desk.operator("user preview"), &id, &word).await?),
        (About::Remove, None) => by_hand::preview_remove(db, &desk.operator("user preview"), &id).await.ok(),
        _ => None,
    })
}

pub(super) async fn dialog(desk: Desk) -> Response {
    let made = async || {
        let about = About::of(desk.part("dialog")).ok_or_else(Failure::no_endpoint)?;
        desk.may(Right::Change)?;
        shown(&desk, about, None, String::new(), StatusCode::OK).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

async fn shown(
    desk: &Desk,
    about: About,
    error: Option<String>,
    typed: String,
    status: StatusCode,
) -> Result<Response, Failure> {
    let user = person(desk).await?;
    let follows = consequences(desk, about, &user).await?;
    let u = Shown::new(user);
    let typed = if typed.is_empty() { u.name.clone() } else { typed };
    let about = match about {
        About::Unassign => "unassign",
        About::Deactivate => "deactivate",
        About::Remove => "remove",
        About::Name => "name",
    };
    let d = Dialog { about, u, follows, error, whole: !desk.fragment(), typed };
    let f = desk.frame(At::Users).await?;
    if desk.fragment() {
        return Ok(page(status, &Fragment { f: &f, d: &d }));
    }
    Ok(page(status, &DialogPage { f, d }))
}

pub(super) async fn answer(desk: Desk, form: Form) -> Response {
    let done = async || {
        let about = About::of(desk.part("dialog")).ok_or_else(Failure::no_endpoint)?;
        desk.may(Right::Change)?;
        let user = person(&desk).await?;
        let id = user.id.to_string();
        let wrong = async |said: &str, typed: &str| {
            let said = desk.visitor.tongue.t(said).to_owned();
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            shown(&desk, about, Some(said), typed.to_owned(), status).await
        };
        let must_hand_over = matches!(about, About::Unassign | About::Deactivate) && !user.holds.is_empty();
        if must_hand_over && form.field("handed_over").is_none() {
            return wrong("Say that the handover is done first.", "").await;
        }
        let db = desk.app().db();
        let agreed = Agreed::Verdicts(form.field("tag").unwrap_or_default());
        let typed = form.field("name").unwrap_or_default();
        let said = match about {
            About::Unassign => {
                hand::say(db, &desk.operator("user unassign"), &id, &Word::Unassign(None), agreed).await
            }
            About::Deactivate => {
                hand::say(db, &desk.operator("user deactivate"), &id, &Word::Deactivate, agreed).await
            }
            About::Remove => by_hand::remove(db, &desk.operator("user remove"), &id, agreed).await,
            About::Name => by_hand::rename(db, &desk.operator("user edit"), &id, &typed).await,
        };
        match said {
            Ok(_) => changed(&desk, about == About::Remove, about.done()).await,
            Err(operations::Error::Otherwise(_)) => wrong(CHANGED, "").await,
            Err(refused @ (operations::Error::Refused(_) | operations::Error::Already { .. })) => {
                wrong(&refused.to_string(), &typed).await
            }
            Err(error) => Err(error.into()),
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}

/// What the browser sees after a change: a script the row again or the page, a form the page of the person.
async fn changed(desk: &Desk, gone: bool, done: &'static str) -> Result<Response, Failure> {
    // Mail and timers may have become due.
    desk.app().work().notify_one();
    let id = desk.part("id");
    let root = format!("/console/{}/users", desk.tenant.id);
    let address = if gone { format!("{root}?done={done}") } else { format!("{root}/{id}?done={done}") };
    if !desk.fragment() {
        return Ok(see_other(&address));
    }
    // A row can be put in the place of the old one; a page of the person is loaded again.
    let on_list = desk.visitor.target.as_deref() == Some(&format!("u-{id}"));
    let found =
        if on_list && !gone { roster::one(desk.app().db(), &desk.tenant_id(), id).await? } else { None };
    let Some(found) = found else {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if let Ok(address) = HeaderValue::from_str(&address) {
            response.headers_mut().insert(HX_REDIRECT, address);
        }
        return Ok(response);
    };
    let f = desk.frame(At::Users).await?;
    Ok(page(StatusCode::OK, &OneRow { f: &f, p: &Row::new(found) }))
}

pub(super) async fn assign(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let user = person(&desk).await?;
        let pool = form.field("pool").filter(|pool| !pool.is_empty());
        let word = Word::Assign(pool);
        let operator = desk.operator("user assign");
        hand::say(desk.app().db(), &operator, &user.id.to_string(), &word, Agreed::Nothing).await?;
        changed(&desk, false, "assigned").await
    };
    done().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn activate(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let user = person(&desk).await?;
        let operator = desk.operator("user activate");
        hand::say(desk.app().db(), &operator, &user.id.to_string(), &Word::Activate, Agreed::Nothing).await?;
        changed(&desk, false, "activated").await
    };
    done().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn remind(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Remind)?;
        let user = person(&desk).await?;
        let operator = desk.operator("reminder send");
        reminders::send_one(desk.app().db(), &operator, &user.id.to_string(), 0).await?;
        changed(&desk, false, "reminded").await
    };
    done().await.unwrap_or_else(Failure::into_response)
}
