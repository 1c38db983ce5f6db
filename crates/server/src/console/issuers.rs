//! Single sign-on of an organisation: its issuers, which roles their claims give, and whether there is another way in.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::Right;
use operations::single_sign_on::{self, Aim, Enforced, Issuer, Typed};
use uuid::Uuid;

use super::administrators::ROLES;
use super::confirm::Question;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use super::sso;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// Empty rows for values of a claim.
const FREE: usize = 3;

/// All issuers, and whether single sign-on is enforced.
#[derive(Template)]
#[template(path = "console/issuers.html")]
struct Issuers {
    f: Frame,
    all: Vec<Issuer>,
    enforced: Enforced,
    administers: bool,
    /// Where administrators of the organisation sign in.
    door: String,
    error: Option<String>,
}

impl Issuers {
    fn is_account(&self, id: &Uuid) -> bool {
        self.enforced.break_glass.as_ref().is_some_and(|(known, _)| known == id)
    }
}

/// One issuer, new or known.
#[derive(Template)]
#[template(path = "console/issuer.html")]
struct Shown {
    f: Frame,
    known: Option<Issuer>,
    /// What the form of a new one keeps of its id, and where browsers come back to.
    kept: String,
    redirect: String,
    typed: Typed,
    /// The values of the claim with their roles, and some empty ones.
    rows: Vec<(usize, String, String)>,
    administers: bool,
    error: Option<String>,
}

pub(super) async fn list(desk: Desk) -> Response {
    listed(&desk, None).await.unwrap_or_else(Failure::into_response)
}

async fn listed(desk: &Desk, error: Option<String>) -> Result<Response, Failure> {
    let (db, tenant) = (desk.app().db(), desk.tenant_id());
    let status = of_form(error.as_ref());
    let shown = Issuers {
        f: desk.frame(At::Administrators).await?,
        all: single_sign_on::list(db, &tenant).await?,
        enforced: single_sign_on::enforced(db, &tenant).await?,
        administers: desk.operator("look").has(Right::Administer),
        door: format!("{}/console/sign-in/{tenant}", db.pages()),
        error,
    };
    Ok(page(status, &shown))
}

/// The issuer of the address; none on the page of a new one.
async fn known(desk: &Desk) -> Result<Option<Issuer>, Failure> {
    if desk.part("id") == "add" {
        return Ok(None);
    }
    let all = single_sign_on::list(desk.app().db(), &desk.tenant_id()).await?;
    let found = all.into_iter().find(|known| known.id.to_string() == desk.part("id"));
    found.map(Some).ok_or_else(|| Failure::status(404, "There is no such issuer."))
}

pub(super) async fn form(desk: Desk) -> Response {
    let shown = async || {
        let known = known(&desk).await?;
        if known.is_none() {
            desk.may(Right::Administer)?;
        }
        let typed = known.clone().map_or_else(Typed::default, |known| Typed {
            name: known.name,
            issuer: known.issuer,
            client_id: known.client_id,
            secret: String::new(),
            scopes: known.scopes,
            claim: known.claim,
            roles: known.roles.into_iter().map(|(value, role)| (value, role.to_owned())).collect(),
            only_matching: known.only_matching,
        });
        let id = prepared(&desk).await?;
        shown(&desk, (known, id), typed, None).await
    };
    shown().await.unwrap_or_else(Failure::into_response)
}

async fn prepared(desk: &Desk) -> Result<(Uuid, String), Failure> {
    Ok(single_sign_on::prepared(desk.app().db(), desk.tenant.id.uuid(), desk.now()).await?)
}

async fn shown(
    desk: &Desk,
    (known, (new, kept)): (Option<Issuer>, (Uuid, String)),
    typed: Typed,
    error: Option<String>,
) -> Result<Response, Failure> {
    let status = of_form(error.as_ref());
    let empty = std::iter::repeat_n((String::new(), "administrator".to_owned()), FREE);
    let rows = typed.roles.iter().cloned().chain(empty).enumerate();
    let shown = Shown {
        f: desk.frame(At::Administrators).await?,
        rows: rows.map(|(at, (value, role))| (at + 1, value, role)).collect(),
        administers: desk.operator("look").has(Right::Administer),
        redirect: single_sign_on::redirect(desk.app().db(), known.as_ref().map_or(new, |known| known.id)),
        kept,
        known,
        typed,
        error,
    };
    Ok(page(status, &shown))
}

pub(super) async fn save(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Administer)?;
        let known = known(&desk).await?;
        let text = |name: &str| form.field(name).unwrap_or_default().trim().to_owned();
        let roles = form.fields("value").into_iter().zip(form.fields("role"));
        let typed = Typed {
            name: text("name"),
            issuer: text("issuer"),
            client_id: text("client_id"),
            secret: text("client_secret"),
            scopes: text("scopes"),
            claim: text("claim"),
            roles: roles.filter(|(value, _)| !value.trim().is_empty()).collect(),
            only_matching: form.field("only_matching").is_some(),
        };
        let (db, tenant) = (desk.app().db(), desk.tenant_id());
        let kept = form.field("id").unwrap_or_default();
        let id =
            single_sign_on::prepared_id(desk.app().db(), desk.tenant.id.uuid(), &kept, desk.now()).await?;
        let new = match id {
            Some(id) => (id, kept),
            None => prepared(&desk).await?,
        };
        let id = known.as_ref().map_or(new.0, |known| known.id);
        let named = (tenant.as_str(), id, known.is_none());
        let private = desk.app().config().issuers.allow_private;
        match single_sign_on::save(db, &desk.operator("issuer save"), named, &typed, private).await {
            Ok(()) => Ok(see_other(&format!("/console/{tenant}/administrators/sso/{id}?done=saved"))),
            Err(error) => {
                let typed = Typed { secret: String::new(), ..typed };
                shown(&desk, (known, new), typed, Some(said(error)?)).await
            }
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}

/// Sends the owner to the issuer, to see whether it works.
pub(super) async fn test(desk: Desk) -> Response {
    let sent = async || {
        desk.may(Right::Administer)?;
        let known = known(&desk).await?.ok_or_else(Failure::no_endpoint)?;
        let back = format!("/console/{}/administrators/sso/{}", desk.tenant.id, known.id);
        go(&desk, known.id, Aim::Test(desk.me.id()), &back).await
    };
    sent().await.unwrap_or_else(Failure::into_response)
}

/// Sends the administrator of a session to an issuer, from one of our own pages alone: what comes back counts for that session.
pub(super) async fn go(desk: &Desk, issuer: Uuid, aim: Aim, back: &str) -> Result<Response, Failure> {
    if desk.visitor.foreign {
        return Err(Failure::status(403, "A page of another site led here: open it from the console."));
    }
    let party = single_sign_on::party(desk.app().db(), &issuer.to_string(), desk.now()).await?;
    let party = party.ok_or_else(Failure::no_endpoint)?;
    Ok(sso::away(&desk.visitor, &party, aim, back).await?)
}

/// Asks before an issuer is removed.
pub(super) async fn ask_remove(desk: Desk) -> Response {
    let asked = async || {
        desk.may(Right::Administer)?;
        let known = known(&desk).await?.ok_or_else(Failure::no_endpoint)?;
        let f = desk.frame(At::Administrators).await?;
        let path = format!("/administrators/sso/{}", known.id);
        let people = known.administrators as u64;
        let question = Question {
            title: f.label("Remove the issuer {a}?", &known.name),
            effects: vec![
                (
                    "lock",
                    "icon-bad",
                    f.many(
                        people,
                        "*1 administrator* cannot sign in through it any more.",
                        "*{n} administrators* cannot sign in through it any more.",
                    ),
                ),
                (
                    "key",
                    "",
                    f.say("Sessions that it opened end now. Who has no password needs an invitation.", ""),
                ),
            ],
            action: f.to(&format!("{path}/remove")),
            back: (f.to(&path), f.t("Single sign-on").to_owned()),
            button: f.t("Remove 1 issuer").to_owned(),
            danger: true,
            ..Question::default()
        };
        question.shown(&desk, At::Administrators).await
    };
    asked().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn remove(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Administer)?;
        let known = known(&desk).await?.ok_or_else(Failure::no_endpoint)?;
        let (db, tenant) = (desk.app().db(), desk.tenant_id());
        match single_sign_on::remove(db, &desk.operator("issuer remove"), (&tenant, &desk.me), known.id).await
        {
            Ok(()) => Ok(back(&desk, "deleted")),
            Err(error) => listed(&desk, Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}

/// Enforces single sign-on for everybody but one account, or allows passwords again.
pub(super) async fn enforce(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Administer)?;
        let enforced = form.field("enforced").as_deref() == Some("yes");
        let account = form.field("break_glass").unwrap_or_default();
        let (db, tenant) = (desk.app().db(), desk.tenant_id());
        let (operator, account) = (desk.operator("sign-on enforce"), enforced.then_some(account.as_str()));
        match single_sign_on::enforce(db, &operator, (&tenant, &desk.me), account).await {
            Ok(()) => Ok(back(&desk, if enforced { "enforced" } else { "allowed" })),
            Err(error) => listed(&desk, Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}

fn back(desk: &Desk, done: &str) -> Response {
    see_other(&format!("/console/{}/administrators/sso?done={done}", desk.tenant.id))
}
