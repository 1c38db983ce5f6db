//! What an administrator sets for the own account: how it signs in, and its sessions.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::sign_in::{self, Session};
use operations::single_sign_on::{self, Aim};
use uuid::Uuid;

use super::desk::Desk;
use super::frame::{At, Frame};
use super::issuers;
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// The page.
#[derive(Template)]
#[template(path = "console/preferences.html")]
struct Preferences {
    f: Frame,
    email: String,
    sessions: Vec<Session>,
    issuers: Vec<Door>,
    /// Whether single sign-on is enforced for this administrator.
    enforced: bool,
    error: Option<String>,
}

/// An issuer, and since when the account is connected to it.
struct Door {
    id: Uuid,
    name: String,
    since: Option<chrono::DateTime<chrono::Utc>>,
}

pub(super) async fn show(desk: Desk) -> Response {
    shown(&desk, None).await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, error: Option<String>) -> Result<Response, Failure> {
    let (db, tenant, me) = (desk.app().db(), desk.tenant_id(), desk.me.id());
    let lasts = desk.visitor.browser.lasts;
    let mut sessions =
        sign_in::sessions(db, &tenant, lasts, desk.now(), desk.visitor.secret.as_deref()).await?;
    sessions.retain(|session| session.administrator == me);
    // An administrator of the installation is none of the organisation, and signs in with a password.
    let mut doors = Vec::new();
    let mut enforced = false;
    if desk.me.tenant().is_some() {
        let connected = single_sign_on::connected(db, &desk.me).await?;
        let since = |id: Uuid| connected.iter().find(|(known, _)| *known == id).map(|(_, since)| *since);
        let all = single_sign_on::list(db, &tenant).await?;
        doors.extend(all.into_iter().map(|it| Door { id: it.id, since: since(it.id), name: it.name }));
        let account = single_sign_on::enforced(db, &tenant).await?.break_glass;
        enforced = account.is_some_and(|(id, _)| id != me);
    }
    let status = of_form(error.as_ref());
    let f = desk.frame(At::Preferences).await?;
    let email = desk.me.email().to_owned();
    Ok(page(status, &Preferences { f, email, sessions, issuers: doors, enforced, error }))
}

/// Sends the administrator to an issuer, whose account signs in from then on.
pub(super) async fn connect(desk: Desk) -> Response {
    let sent = async || {
        let issuer = desk.part("id").parse().map_err(|_| Failure::no_endpoint())?;
        let all = single_sign_on::list(desk.app().db(), &desk.tenant_id()).await?;
        if desk.me.tenant().is_none() || all.iter().all(|known| known.id != issuer) {
            return Err(Failure::no_endpoint());
        }
        let back = format!("/console/{}/preferences", desk.tenant.id);
        issuers::go(&desk, issuer, Aim::Connect(desk.me.id()), &back).await
    };
    sent().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn act(desk: Desk, form: Form) -> Response {
    let done = async || {
        let (db, tenant, now) = (desk.app().db(), desk.tenant_id(), desk.now());
        let (carried, word) = match desk.part("act") {
            "end" => {
                let session = form.field("session").unwrap_or_default();
                let named = (session.as_str(), desk.visitor.browser.lasts);
                let operator = desk.operator("session end");
                (sign_in::end_session(db, &operator, &tenant, desk.me.id(), named).await, "ended")
            }
            "disconnect" => {
                let issuer = form.field("issuer").and_then(|id| id.parse().ok()).unwrap_or_default();
                (single_sign_on::disconnect(db, &desk.me, issuer, now).await, "disconnected")
            }
            _ => return Err(Failure::no_endpoint()),
        };
        match carried {
            Ok(()) => Ok(see_other(&format!("/console/{tenant}/preferences?done={word}"))),
            Err(error) => shown(&desk, Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}
