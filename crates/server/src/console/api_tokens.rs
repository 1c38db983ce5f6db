//! The tokens of the application's API: made, shown once, revoked.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::Right;
use operations::api_tokens::{self, ApiToken, Scope};

use super::confirm::Question;
use super::connections::TOKEN_DAYS;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use super::secret::Made;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page, see_other};
use crate::pages::form::Form;

/// All tokens, and the form of a new one.
#[derive(Template)]
#[template(path = "console/api_tokens.html")]
struct ApiTokens {
    f: Frame,
    tab: &'static str,
    tokens: Vec<ApiToken>,
    scopes: Vec<(&'static str, &'static str)>,
    name: String,
    /// The scopes that are ticked.
    ticked: Vec<String>,
    error: Option<String>,
}

impl ApiTokens {
    fn is_ticked(&self, scope: &str) -> bool {
        self.ticked.iter().any(|ticked| ticked == scope)
    }
}

/// What a scope allows.
const fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::PeopleRead => "Read people, their access and pools",
        Scope::EventsRead => "Read events",
        Scope::EnrolmentWrite => "Report steps of the enrolment, send and check codes",
        Scope::DevicesWrite => "Register and revoke devices",
        Scope::HoldsWrite => "Say what people must hand over",
        Scope::StreamsWrite => "Set up streams of changes, and read them",
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    shown(&desk, blank(), None).await.unwrap_or_else(Failure::into_response)
}

/// The form before anything is typed: every scope is ticked.
fn blank() -> (String, Vec<String>) {
    (String::new(), Scope::ALL.map(|scope| scope.as_str().to_owned()).into())
}

async fn shown(
    desk: &Desk,
    (name, ticked): (String, Vec<String>),
    error: Option<String>,
) -> Result<Response, Failure> {
    let operator = desk.operator("api-token list");
    let tokens = api_tokens::list(desk.app().db(), &operator, &desk.tenant_id()).await?;
    let f = desk.frame(At::Settings).await?;
    let status = of_form(error.as_ref());
    let scopes = Scope::ALL.map(|scope| (scope.as_str(), meaning(scope))).into();
    Ok(page(status, &ApiTokens { f, tab: "tokens", tokens, scopes, name, ticked, error }))
}

pub(super) async fn create(desk: Desk, form: Form) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let (name, scopes) = (form.field("name").unwrap_or_default(), form.fields("scope"));
        if scopes.is_empty() {
            let said = desk.visitor.tongue.t("Tick at least one thing that the token may do.").to_owned();
            return shown(&desk, (name, scopes), Some(said)).await;
        }
        let (db, operator) = (desk.app().db(), desk.operator("api-token create"));
        let new = (name.as_str(), scopes.as_slice());
        match api_tokens::create(db, &operator, &desk.tenant_id(), new, Some(TOKEN_DAYS)).await {
            Ok(created) => {
                let f = desk.frame(At::Settings).await?;
                let made = Made {
                    title: f.label("The token {a} is created", &created.known.name),
                    label: f.t("Token").to_owned(),
                    secret: created.token,
                    help: f.t("Only a fingerprint of it is kept. It is valid for one year.").to_owned(),
                    back: (f.to("/settings/tokens"), f.t("API tokens").to_owned()),
                };
                made.shown(&desk, At::Settings).await
            }
            Err(error) => shown(&desk, (name, scopes), Some(said(error)?)).await,
        }
    };
    made().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn ask_revoke(desk: Desk) -> Response {
    let asked = async || {
        desk.may(Right::Change)?;
        let operator = desk.operator("api-token list");
        let tokens = api_tokens::list(desk.app().db(), &operator, &desk.tenant_id()).await?;
        let token = tokens.into_iter().find(|token| token.id.to_string() == desk.part("id"));
        let token = token.ok_or_else(|| Failure::status(404, "There is no such token."))?;
        let f = desk.frame(At::Settings).await?;
        let question = Question {
            title: f.label("Revoke the token {a}?", &token.name),
            effects: vec![(
                "lock",
                "icon-bad",
                f.say("Every request with the token {a} is refused from now on.", &token.hint),
            )],
            action: f.to(&format!("/settings/tokens/{}/revoke", token.id)),
            back: (f.to("/settings/tokens"), f.t("API tokens").to_owned()),
            button: f.t("Revoke 1 token").to_owned(),
            danger: true,
            ..Question::default()
        };
        question.shown(&desk, At::Settings).await
    };
    asked().await.unwrap_or_else(Failure::into_response)
}

pub(super) async fn revoke(desk: Desk) -> Response {
    let done = async || {
        desk.may(Right::Change)?;
        let (db, operator) = (desk.app().db(), desk.operator("api-token revoke"));
        match api_tokens::revoke(db, &operator, &desk.tenant_id(), desk.part("id")).await {
            Ok(_) => Ok(see_other(&format!("/console/{}/settings/tokens?done=revoked", desk.tenant.id))),
            Err(error) => shown(&desk, blank(), Some(said(error)?)).await,
        }
    };
    done().await.unwrap_or_else(Failure::into_response)
}
