//! How a mail looks, as a document of its own that a frame of a page shows.

use axum::response::{Html, IntoResponse as _, Response};
use operations::Right;
use operations::mail::templates::Parts;
use operations::mail::{self, Look};

use super::desk::Desk;
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::Seal;
use crate::pages::form::Form;

/// Marks an answer as a mail, which our own pages may show in a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framed;

/// The headers of a mail: its own styles, nothing else, and no script whatever its template says.
pub(super) const FRAMED: Seal = Seal {
    policy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; sandbox",
    referrer: "no-referrer",
    vary: "Accept-Language, Cookie",
};

fn framed(html: String) -> Response {
    let mut response = Html(html).into_response();
    response.extensions_mut().insert(Framed);
    response
}

/// A mail, or why there is none.
fn shown(looked: Result<Look, operations::Error>) -> Result<Response, Failure> {
    match looked {
        Ok(look) => Ok(framed(look.html)),
        Err(error) => {
            let said =
                askama::filters::escape(said(error)?, askama::filters::Html).map_err(Failure::fault)?;
            Ok(framed(format!("<!doctype html><title>–</title><p>{said}</p>")))
        }
    }
}

/// A mail of some kind as this person would get it now, in the person's language and with the person's progress.
pub(super) async fn of_person(desk: Desk) -> Response {
    let made = async || {
        let (db, operator, tenant) =
            (desk.app().db(), desk.operator("mail-template preview"), desk.tenant_id());
        let whose = (Some(tenant.as_str()), Some(desk.part("id")));
        shown(mail::preview(db, &operator, whose, (desk.part("kind"), None), &Parts::default()).await)
    };
    made().await.unwrap_or_else(Failure::into_response)
}

/// A template as it is saved.
pub(super) async fn saved(desk: Desk) -> Response {
    looked(&desk, &Form::default()).await.unwrap_or_else(Failure::into_response)
}

/// A template as it was typed.
pub(super) async fn typed(desk: Desk, form: Form) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        looked(&desk, &form).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

async fn looked(desk: &Desk, form: &Form) -> Result<Response, Failure> {
    let (db, operator, tenant) = (desk.app().db(), desk.operator("mail-template preview"), desk.tenant_id());
    let user = form.field("user").map(|user| user.trim().to_owned()).filter(|user| !user.is_empty());
    let name = (desk.part("kind"), Some(desk.part("language")));
    shown(mail::preview(db, &operator, (Some(&tenant), user.as_deref()), name, &unsaved(form)).await)
}

/// The parts of a template that a form holds.
pub(super) fn unsaved(form: &Form) -> Parts {
    let text = |name: &str| form.field(name).map(|text| text.replace('\r', ""));
    Parts { subject: text("subject"), text: text("text"), html: text("html") }
}
