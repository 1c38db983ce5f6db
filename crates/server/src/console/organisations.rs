//! The organisations, for administrators of the installation: each can be entered, and another one made.

use std::sync::Arc;

use askama::Template;
use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use operations::sign_in::SignedIn;
use operations::tenants::{self, New, Tenant};
use operations::{Operator, Right};

use super::desk::Visitor;
use super::frame::Frame;
use super::said::said;
use crate::app::App;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// All organisations.
#[derive(Template)]
#[template(path = "console/organisations.html")]
struct Organisations {
    f: Frame,
    all: Vec<Tenant>,
    makes: bool,
    name: String,
    error: Option<String>,
}

/// A request of an administrator of the installation.
pub(super) struct Lobby {
    visitor: Visitor,
    me: SignedIn,
    id: String,
}

impl Lobby {
    fn operator(&self, command: &'static str, tenant: Option<String>) -> Operator {
        self.visitor.operator(&self.me, command, tenant)
    }
}

impl FromRequestParts<Arc<App>> for Lobby {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let Ok(visitor) = parts.extract_with_state::<Visitor, _>(app).await;
        let signed_in = visitor.signed_in().await.map_err(axum::response::IntoResponse::into_response)?;
        let Some(me) = signed_in else { return Err(see_other("/console/sign-in")) };
        if me.tenant().is_some() {
            return Err(Failure::no_endpoint().into_response());
        }
        let id = parts.extract::<Path<String>>().await.map(|Path(id)| id).unwrap_or_default();
        Ok(Self { visitor, me, id })
    }
}

pub(super) async fn list(lobby: Lobby) -> Response {
    shown(&lobby, String::new(), None).await.unwrap_or_else(Failure::into_response)
}

async fn shown(lobby: &Lobby, name: String, error: Option<String>) -> Result<Response, Failure> {
    let all = tenants::list(lobby.visitor.app.db()).await?;
    let status = of_form(error.as_ref());
    let makes = lobby.operator("look", None).has(Right::Administer);
    Ok(page(status, &Organisations { f: lobby.visitor.frame(), all, makes, name, error }))
}

/// Makes an organisation, and enters it.
pub(super) async fn create(lobby: Lobby, form: Form) -> Response {
    let made = async || {
        let operator = lobby.operator("tenant create", None);
        operator.may(Right::Administer)?;
        let name = form.field("name").unwrap_or_default().trim().to_owned();
        let new = New { name: name.clone(), time_zone: None };
        match tenants::create(lobby.visitor.app.db(), &operator, &new).await {
            Ok(tenant) => entered(&lobby, &tenant.id.to_string()).await,
            Err(error) => shown(&lobby, name, Some(said(error)?)).await,
        }
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn enter(lobby: Lobby) -> Response {
    entered(&lobby, &lobby.id).await.unwrap_or_else(Failure::into_response)
}

/// The overview of an organisation whose journal says who entered it.
async fn entered(lobby: &Lobby, tenant: &str) -> Result<Response, Failure> {
    if tenant.parse::<uuid::Uuid>().is_err() {
        return Err(Failure::no_endpoint());
    }
    let operator = lobby.operator("tenant enter", Some(tenant.to_owned()));
    match tenants::enter(lobby.visitor.app.db(), &operator, tenant).await {
        Err(operations::Error::Refused(_)) => Err(Failure::status(404, "There is no such organisation.")),
        entered => {
            entered?;
            Ok(see_other(&format!("/console/{tenant}")))
        }
    }
}
