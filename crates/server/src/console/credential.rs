//! Another credential of a connection than a bearer token: a secret or a key of an OAuth client, or an issuer that is believed.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use operations::tokens::{self, New, What};
use operations::{Right, connections, oauth};

use super::connection::{back, named};
use super::connections::TOKEN_DAYS;
use super::desk::Desk;
use super::frame::{At, Frame};
use super::said::said;
use super::secret::Made;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page};
use crate::pages::form::Form;

/// The kinds, with what they are called.
const KINDS: [(&str, &str); 4] = [
    ("secret", "Client secret"),
    ("key", "Public key"),
    ("keys", "Address of public keys"),
    ("issuer", "Issuer"),
];

/// The form.
#[derive(Template)]
#[template(path = "console/credential.html")]
struct Shown {
    f: Frame,
    id: String,
    name: String,
    endpoint: String,
    typed: Typed,
    error: Option<String>,
}

/// What was typed.
struct Typed {
    kind: String,
    key: String,
    address: String,
    issuer: String,
    audience: String,
    subject: String,
    read_only: bool,
}

impl Typed {
    fn of(form: &Form) -> Self {
        let text = |name: &str| form.field(name).unwrap_or_default().trim().to_owned();
        Self {
            kind: text("kind"),
            key: text("key"),
            address: text("address"),
            issuer: text("issuer"),
            audience: text("audience"),
            subject: text("subject"),
            read_only: form.field("read_only").is_some(),
        }
    }

    fn what(&self) -> What {
        match self.kind.as_str() {
            "key" => What::Key(self.key.clone()),
            "keys" => What::Keys(self.address.clone()),
            "issuer" => What::Issuer {
                issuer: self.issuer.clone(),
                audience: self.audience.clone(),
                subject: Some(self.subject.clone()).filter(|subject| !subject.is_empty()),
            },
            _ => What::Secret,
        }
    }
}

impl Shown {
    fn kinds(&self) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
        let chosen = if self.typed.kind.is_empty() { "secret" } else { &self.typed.kind };
        KINDS.into_iter().map(move |(kind, label)| (kind, label, kind == chosen))
    }
}

pub(super) async fn form(desk: Desk) -> Response {
    let asked = async || {
        desk.may(Right::Change)?;
        shown(&desk, Typed::of(&Form::default()), None).await
    };
    asked().await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, typed: Typed, error: Option<String>) -> Result<Response, Failure> {
    let (db, id) = (desk.app().db(), named(desk)?);
    let known = connections::show(db, &desk.operator("connection show"), id).await?.connection;
    let status = of_form(error.as_ref());
    let shown = Shown {
        f: desk.frame(At::Connections).await?,
        id: known.id.to_string(),
        name: known.name,
        endpoint: oauth::token_endpoint(db),
        typed,
        error,
    };
    Ok(page(status, &shown))
}

pub(super) async fn create(desk: Desk, form: Form) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let (typed, id) = (Typed::of(&form), named(&desk)?);
        let (db, operator) = (desk.app().db(), desk.operator("token create"));
        let what = typed.what();
        // A secret ends after a year, as a token does; a key and an issuer are no secrets.
        let expires_in_days = (what == What::Secret).then_some(TOKEN_DAYS);
        let new = New { what, read_only: typed.read_only, expires_in_days };
        let created = match tokens::create(db, &operator, id, &new).await {
            Ok(created) => created,
            Err(error) => return shown(&desk, typed, Some(said(error)?)).await,
        };
        if created.token.is_empty() {
            return Ok(back(&desk, "/tokens", "saved"));
        }
        let f = desk.frame(At::Connections).await?;
        let (client, endpoint) = (created.client_id.unwrap_or_default(), oauth::token_endpoint(db));
        let help = "The client ID is {a}, and the token endpoint is {b}. Only a fingerprint of the secret is kept. It is valid for one year.";
        let made = Made {
            title: f.t("The client secret is created").to_owned(),
            label: f.t("Client secret").to_owned(),
            secret: created.token,
            help: f.label2(help, client, endpoint),
            back: (f.to(&format!("/connections/{id}/tokens")), f.t("Tokens").to_owned()),
        };
        made.shown(&desk, At::Connections).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}
