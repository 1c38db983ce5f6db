//! The permissions: named values that the application reads, for everyone, by group and for single people.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::Right;
use operations::permissions::{self, For, Listed, ListedException, Shown as Granted, value};
use provisioning::permission::Holder;

use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// All permissions, and what one person has.
#[derive(Template)]
#[template(path = "console/permissions.html")]
struct Permissions {
    f: Frame,
    all: Vec<Listed>,
    user: String,
    granted: Option<Vec<Granted>>,
    error: Option<String>,
}

/// For whom an exception is, as a form says it.
fn holder(except: &ListedException) -> (&'static str, String) {
    match except.holder {
        Holder::Group(id) => ("group", id.to_string()),
        Holder::User(id) => ("user", id.to_string()),
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    shown(&desk, None).await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, mut error: Option<String>) -> Result<Response, Failure> {
    let (db, operator) = (desk.app().db(), desk.operator("permission list"));
    let all = permissions::list(db, &desk.tenant_id()).await?;
    let user = desk.asked("user").trim().to_owned();
    let mut granted = None;
    if !user.is_empty() {
        match permissions::show(db, &operator, &user).await {
            Ok(found) => granted = Some(found),
            Err(refused) => error = Some(said(refused)?),
        }
    }
    let f = desk.frame(At::Permissions).await?;
    let status = of_form(error.as_ref());
    Ok(page(status, &Permissions { f, all, user, granted, error }))
}

/// What can be done with a permission.
pub(super) async fn act(desk: Desk, form: Form) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let (db, tenant, operator) = (desk.app().db(), desk.tenant_id(), desk.operator("permission set"));
        let text = |name: &str| form.field(name).unwrap_or_default().trim().to_owned();
        let (name, given) = (text("name"), value(&text("value")));
        let holder = match form.field("holder").as_deref() {
            Some("group") => For::Group(text("whose")),
            _ => For::User(text("whose")),
        };
        let carried = match desk.part("act") {
            "set" => {
                let summary = Some(text("summary")).filter(|summary| !summary.is_empty());
                permissions::set(db, &operator, &tenant, (&name, &given, summary.as_deref())).await
            }
            "delete" => permissions::delete(db, &operator, &tenant, &name).await,
            "except" => {
                let first = form.field("first").is_some();
                permissions::set_for(db, &operator, &tenant, (&name, &holder, &given), first).await.map(drop)
            }
            "except-no-more" => permissions::unset_for(db, &operator, &tenant, (&name, &holder)).await,
            _ => return Err(Failure::no_endpoint()),
        };
        match carried {
            Ok(()) => Ok(see_other(&format!("/console/{tenant}/permissions?done=saved"))),
            Err(error) => shown(&desk, Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}
