//! Adding one user by hand.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::Right;
use operations::users::by_hand::{self, Licence, Person};

use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use super::user::{Pool, pools};
use crate::http::error::Failure;
use crate::pages::answer::{page, see_other};
use crate::pages::form::Form;

/// The form.
#[derive(Template)]
#[template(path = "console/users_add.html")]
struct UsersAdd {
    f: Frame,
    name: String,
    email: String,
    assign: bool,
    pools: Vec<Pool>,
    error: Option<String>,
}

pub(super) async fn form(desk: Desk) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        shown(&desk, Person::default(), true, None, StatusCode::OK).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

async fn shown(
    desk: &Desk,
    typed: Person,
    assign: bool,
    error: Option<String>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let (f, pools) = (desk.frame(At::Users).await?, pools(desk).await?);
    Ok(page(status, &UsersAdd { f, name: typed.name, email: typed.email, assign, pools, error }))
}

pub(super) async fn add(desk: Desk, form: Form) -> Response {
    let text = |name: &str| form.field(name).unwrap_or_default();
    let added = async || {
        let person = Person { name: text("name"), email: text("email"), user_name: None };
        let assign = form.field("assign").is_some();
        let licence = if assign { Licence::Of(text("pool")) } else { Licence::None };
        let (db, operator) = (desk.app().db(), desk.operator("user add"));
        match by_hand::add(db, &operator, &desk.tenant_id(), &person, &licence).await {
            Ok(added) => {
                let root = format!("/console/{}/users", desk.tenant.id);
                let done = if assign { "invited" } else { "added" };
                let another = form.field("another").is_some();
                let next = if another { "add".to_owned() } else { added.id.to_string() };
                Ok(see_other(&format!("{root}/{next}?done={done}")))
            }
            Err(error) => {
                let said = said(error)?;
                shown(&desk, person, assign, Some(said), StatusCode::UNPROCESSABLE_ENTITY).await
            }
        }
    };
    added().await.unwrap_or_else(Failure::into_response)
}
