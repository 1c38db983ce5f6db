//! The templates of mail: what is one's own, written, looked at, sent to oneself.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::Right;
use operations::mail::templates::{self, Listed, Parts, Variable};
use operations::mail::{self, Look};

use super::confirm::Question;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::letter::unsaved;
use super::mail::kind;
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// All templates.
#[derive(Template)]
#[template(path = "console/mail_templates.html")]
struct Templates {
    f: Frame,
    tab: &'static str,
    all: Vec<Listed>,
}

/// One template, with how it looks.
#[derive(Template)]
#[template(path = "console/mail_template.html")]
struct Shown {
    f: Frame,
    of_kind: String,
    language: String,
    /// The parts that are one's own.
    own: Vec<&'static str>,
    subject: String,
    text: String,
    html: String,
    /// For whom it is looked at; an example without one.
    user: String,
    look: Option<Look>,
    variables: Vec<Variable>,
    /// Whether the fields hold what is saved.
    saved: bool,
    error: Option<String>,
}

impl Shown {
    fn path(&self, rest: &str) -> String {
        self.f.to(&format!("/mail/templates/{}/{}{rest}", self.of_kind, self.language))
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    let made = async || {
        let all = templates::list(desk.app().db(), &desk.tenant_id()).await?;
        Ok::<_, Failure>(page(
            StatusCode::OK,
            &Templates { f: desk.frame(At::Mail).await?, tab: "templates", all },
        ))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn show(desk: Desk) -> Response {
    shown(&desk, None, None, None).await.unwrap_or_else(Failure::into_response)
}

/// A template with what was typed, what was done with that, and why it was refused.
async fn shown(
    desk: &Desk,
    typed: Option<&Form>,
    done: Option<&str>,
    error: Option<String>,
) -> Result<Response, Failure> {
    let (db, tenant, operator) = (desk.app().db(), desk.tenant_id(), desk.operator("mail-template preview"));
    let name = (desk.part("kind"), desk.part("language"));
    let known = match templates::show(db, &tenant, name).await {
        Err(operations::Error::Refused(_)) => return Err(Failure::status(404, "There is no such template.")),
        known => known?,
    };
    let text = |name: &str, stored: &Option<String>| {
        let typed = typed.and_then(|form| form.field(name)).map(|text| text.replace('\r', ""));
        typed.or_else(|| stored.clone()).unwrap_or_default()
    };
    let [subject, body, html] = [
        text("subject", &known.parts.subject),
        text("text", &known.parts.text),
        text("html", &known.parts.html),
    ];
    let user = typed.and_then(|form| form.field("user")).unwrap_or_default().trim().to_owned();
    let unsaved =
        Parts { subject: Some(subject.clone()), text: Some(body.clone()), html: Some(html.clone()) };
    let of = Some(user.as_str()).filter(|user| !user.is_empty());
    let looked = mail::preview(db, &operator, (Some(&tenant), of), (name.0, Some(name.1)), &unsaved).await;
    let (look, error) = match (looked, error) {
        (Ok(look), error) => (Some(look), error),
        (Err(_), Some(error)) => (None, Some(error)),
        (Err(refused), None) => (None, Some(said(refused)?)),
    };
    let mut f = desk.frame(At::Mail).await?;
    f.flash = done.map(|done| f.t(done).to_owned()).or(f.flash);
    let status = of_form(error.as_ref());
    let shown = Shown {
        of_kind: known.listed.kind.to_owned(),
        language: known.listed.language.to_owned(),
        own: known.listed.own,
        variables: templates::variables(name.0)?,
        text: body,
        f,
        subject,
        html,
        user,
        look,
        error,
        saved: typed.is_none(),
    };
    Ok(page(status, &shown))
}

/// Asks before one's own text is thrown away.
async fn ask_reset(desk: &Desk) -> Result<Response, Failure> {
    let f = desk.frame(At::Mail).await?;
    let path = f.to(&format!("/mail/templates/{}/{}", desk.part("kind"), desk.part("language")));
    let question = Question {
        title: f.t("Back to the original?").to_owned(),
        effects: vec![(
            "trash",
            "icon-bad",
            f.say("The own text is thrown away, and cannot be had back.", ""),
        )],
        hidden: vec![("act", "reset".to_owned()), ("sure", "yes".to_owned())],
        action: path.clone(),
        back: (path, f.t("Template").to_owned()),
        button: f.t("Throw away 1 own text").to_owned(),
        danger: true,
        ..Question::default()
    };
    question.shown(desk, At::Mail).await
}

/// What can be done with what was typed.
pub(super) async fn act(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let (db, tenant) = (desk.app().db(), desk.tenant_id());
        let name = (desk.part("kind"), desk.part("language"));
        let back = |word: &str| {
            see_other(&format!("/console/{tenant}/mail/templates/{}/{}?done={word}", name.0, name.1))
        };
        let operator = desk.operator("mail-template set");
        match form.field("act").as_deref() {
            Some("save") => {
                let known = templates::show(db, &tenant, name).await?.parts;
                let changed = |name: &str, was: &Option<String>| {
                    let text = form.field(name).map(|text| text.replace('\r', ""));
                    text.filter(|text| Some(text) != was.as_ref())
                };
                let parts = Parts {
                    subject: changed("subject", &known.subject),
                    text: changed("text", &known.text),
                    html: changed("html", &known.html),
                };
                if parts == Parts::default() {
                    return Ok(back("saved"));
                }
                match templates::set(db, &operator, &tenant, name, &parts).await {
                    Ok(_) => Ok(back("saved")),
                    Err(error) => shown(&desk, Some(&form), None, Some(said(error)?)).await,
                }
            }
            Some("reset") if form.field("sure").is_none() => ask_reset(&desk).await,
            Some("reset") => {
                templates::delete(db, &operator, &tenant, name).await?;
                Ok(back("saved"))
            }
            Some("test") => {
                let (to, name) = ((tenant.as_str(), desk.me.email()), (name.0, Some(name.1)));
                match mail::test(db, &operator, to, name, &unsaved(&form)).await {
                    Ok(_) => {
                        desk.app().work().notify_one();
                        shown(&desk, Some(&form), Some("The test is on its way."), None).await
                    }
                    Err(error) => shown(&desk, Some(&form), None, Some(said(error)?)).await,
                }
            }
            _ => shown(&desk, Some(&form), None, None).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}
