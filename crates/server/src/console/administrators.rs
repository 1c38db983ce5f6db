//! The administrators: invited, with a role, linked to a person, and their sessions.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::administrators::{self, Administrator, Change, New};
use operations::sign_in::{self, Session};
use operations::{Error, Right, single_sign_on};

use super::confirm::Question;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use super::secret::Made;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// All administrators, their sessions, and the form of a new one.
#[derive(Template)]
#[template(path = "console/administrators.html")]
struct Administrators {
    f: Frame,
    all: Vec<Administrator>,
    sessions: Vec<Session>,
    /// The id of the administrator who looks.
    me: String,
    /// Whether that administrator may say who else looks after the organisation.
    administers: bool,
    typed: New,
    error: Option<String>,
}

impl Administrators {
    fn is_me(&self, it: &Administrator) -> bool {
        it.id.to_string() == self.me
    }

    fn named(&self, session: &Session) -> &str {
        let found = self.all.iter().find(|it| it.id == session.administrator);
        found.map_or("", |it| it.name.as_str())
    }
}

/// The roles, and what each is called.
pub(super) const ROLES: [(&str, &str); 4] = [
    ("owner", "Owner"),
    ("administrator", "Administrator"),
    ("help-desk", "Help desk"),
    ("auditor", "Auditor"),
];

pub(super) async fn list(desk: Desk) -> Response {
    let typed = New { role: "administrator".to_owned(), alerts: true, ..New::default() };
    shown(&desk, typed, None).await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, typed: New, error: Option<String>) -> Result<Response, Failure> {
    let (db, tenant) = (desk.app().db(), desk.tenant_id());
    let all = administrators::list(db, Some(&tenant)).await?;
    let lasts = desk.visitor.browser.lasts;
    let sessions = sign_in::sessions(db, &tenant, lasts, desk.now(), desk.visitor.secret.as_deref()).await?;
    let f = desk.frame(At::Administrators).await?;
    let status = of_form(error.as_ref());
    let shown = Administrators {
        me: desk.me.id().to_string(),
        administers: desk.operator("look").has(Right::Administer),
        f,
        all,
        sessions,
        typed,
        error,
    };
    Ok(page(status, &shown))
}

pub(super) async fn add(desk: Desk, form: Form) -> Response {
    let added = async || {
        desk.may(Right::Administer)?;
        let text = |name: &str| form.field(name).unwrap_or_default().trim().to_owned();
        let new = New {
            name: text("name"),
            email: text("email"),
            role: text("role"),
            user: Some(text("user")).filter(|user| !user.is_empty()),
            alerts: form.field("alerts").is_some(),
        };
        let (db, tenant, operator) = (desk.app().db(), desk.tenant_id(), desk.operator("administrator add"));
        match administrators::add(db, &operator, Some(&tenant), &new).await {
            Ok(added) => link(&desk, &added.id.to_string(), true).await,
            Err(error) => shown(&desk, new, Some(said(error)?)).await,
        }
    };
    added().await.unwrap_or_else(Failure::into_response)
}

/// Shows the link by which an administrator sets a password, or signs in once.
async fn link(desk: &Desk, administrator: &str, joins: bool) -> Result<Response, Failure> {
    let (db, tenant) = (desk.app().db(), desk.tenant_id());
    let operator = desk.operator("administrator invite");
    let made = if joins {
        sign_in::invite(db, &operator, Some(&tenant), administrator).await?
    } else {
        sign_in::sign_in_link(db, &operator, Some(&tenant), administrator).await?
    };
    let f = desk.frame(At::Administrators).await?;
    let help = if joins {
        "Give it to the administrator, who sets a password with it. It counts once, until {a}."
    } else {
        "Give it to the administrator, who signs in with it once, without password and code. It counts until {a}."
    };
    let shown = Made {
        title: f.label("A link for {a}", &made.name),
        label: f.t("Link").to_owned(),
        secret: format!("{}{}", db.pages(), made.path),
        help: f.label(help, f.moment(&made.expires_at)),
        back: (f.to("/administrators"), f.t("Administrators").to_owned()),
    };
    shown.shown(desk, At::Administrators).await
}

pub(super) async fn change(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Administer)?;
        let (db, tenant, id) = (desk.app().db(), desk.tenant_id(), desk.part("id"));
        let operator = desk.operator("administrator update");
        let change = match desk.part("act") {
            "role" => Change { role: form.field("role"), ..Change::default() },
            "person" => {
                let user = form.field("user").unwrap_or_default().trim().to_owned();
                Change { user: Some(user), alerts: Some(form.field("alerts").is_some()), ..Change::default() }
            }
            "invite" => return link(&desk, id, true).await,
            "enter" => return link(&desk, id, false).await,
            "remove" => {
                return match administrators::remove(db, &operator, Some(&tenant), id).await {
                    Ok(_) => Ok(back(&desk, "deleted")),
                    Err(error) => shown(&desk, New::default(), Some(said(error)?)).await,
                };
            }
            _ => return Err(Failure::no_endpoint()),
        };
        match administrators::update(db, &operator, Some(&tenant), (id, &change)).await {
            Ok(_) | Err(Error::Already { .. }) => Ok(back(&desk, "saved")),
            Err(error) => shown(&desk, New::default(), Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}

fn back(desk: &Desk, done: &str) -> Response {
    see_other(&format!("/console/{}/administrators?done={done}", desk.tenant.id))
}

/// Asks before an administrator is removed, or gets a link that signs in without password and code.
pub(super) async fn ask(desk: Desk) -> Response {
    let asked = async || {
        desk.may(Right::Administer)?;
        let (act, id) = (desk.part("act"), desk.part("id"));
        let all = administrators::list(desk.app().db(), Some(&desk.tenant_id())).await?;
        let found = all.into_iter().find(|it| it.id.to_string() == id);
        let found = found.ok_or_else(|| Failure::status(404, "There is no such administrator."))?;
        let f = desk.frame(At::Administrators).await?;
        let issuers = single_sign_on::list(desk.app().db(), &desk.tenant_id()).await?;
        let by_claim = issuers.iter().any(|issuer| !issuer.claim.is_empty());
        let comes_back = by_claim.then(|| {
            let said = "A group at the identity provider may make {a} an administrator again: take the person out of it as well.";
            ("groups", "icon-warn", f.say(said, &found.name))
        });
        let (title, effects, button, danger) = match act {
            "remove" => (
                "Remove the administrator {a}?",
                [
                    ("lock", "icon-bad", f.say("The sessions of {a} end now.", &found.name)),
                    ("journal", "", f.say("The journal keeps what {a} has done.", &found.name)),
                ]
                .into_iter()
                .chain(comes_back)
                .collect(),
                "Remove 1 administrator",
                true,
            ),
            "enter" => (
                "Make a link that signs {a} in?",
                vec![
                    (
                        "key",
                        "icon-warn",
                        f.say("*Whoever has the link is {a}*, once, without password and code.", &found.name),
                    ),
                    ("refresh", "", f.say("Password and second factor stay. Who has lost them needs a new invitation instead.", "")),
                ],
                "Make a link",
                false,
            ),
            _ => return Err(Failure::no_endpoint()),
        };
        let question = Question {
            title: f.label(title, &found.name),
            effects,
            action: f.to(&format!("/administrators/{id}/{act}")),
            back: (f.to("/administrators"), f.t("Administrators").to_owned()),
            button: f.t(button).to_owned(),
            danger,
            ..Question::default()
        };
        question.shown(&desk, At::Administrators).await
    };
    asked().await.unwrap_or_else(Failure::into_response)
}

/// Ends a session: one's own by everyone, another one by owners.
pub(super) async fn end_session(desk: Desk, form: Form) -> Response {
    let done = async || {
        let session = form.field("session").unwrap_or_default();
        let operator = desk.operator("session end");
        let named = (session.as_str(), desk.visitor.browser.lasts);
        sign_in::end_session(desk.app().db(), &operator, &desk.tenant_id(), desk.me.id(), named).await?;
        Ok::<_, Failure>(back(&desk, "ended"))
    };
    done().await.unwrap_or_else(Failure::into_response)
}
