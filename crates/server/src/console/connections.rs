//! The connections: how each of them is doing, and a new one with its address and its first token.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use operations::connections::{self, Health, New, State};
use operations::{Error, Right, tokens};

use super::desk::Desk;
use super::frame::{At, Frame};
use super::guide::{self, Guide};
use super::said::said;
use crate::http::error::Failure;
use crate::pages::answer::{of_form, page};
use crate::pages::form::Form;

/// Days until a token expires, where nothing else is chosen.
pub(super) const TOKEN_DAYS: u32 = 365;

/// All connections.
#[derive(Template)]
#[template(path = "console/connections.html")]
struct Connections {
    f: Frame,
    rows: Vec<Row>,
    products: Vec<(&'static str, &'static Guide)>,
}

/// A connection as a row shows it.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) health: Health,
    pub(super) guide: &'static Guide,
    /// The look of the pill, and its words.
    pub(super) pill: (&'static str, String),
}

impl Row {
    pub(super) fn new(f: &Frame, health: Health) -> Self {
        let held = health.held;
        let pill = match health.heartbeat.state {
            _ if held > 0 => ("held", f.count(held, "Brake: 1 held", "Brake: {n} held")),
            State::New => ("waiting", f.t("No request yet").to_owned()),
            State::Working => ("active", f.t("Working").to_owned()),
            State::Failing => ("deactivated", f.t("Refused").to_owned()),
            State::Silent => ("pending", f.t("Silent").to_owned()),
        };
        Self {
            id: health.connection.id.to_string(),
            guide: guide::of(&health.connection.profile, f.tongue),
            pill,
            health,
        }
    }

    /// How many requests came in a day; more than are counted is said so.
    fn requests(&self, f: &Frame) -> String {
        let number = f.number(self.health.day.all);
        if self.health.day.all >= connections::MOST_COUNTED { format!("> {number}") } else { number }
    }

    pub(super) fn expires_soon(&self, f: &Frame) -> bool {
        self.health.expires_soon(f.now)
    }
}

pub(super) async fn list(desk: Desk) -> Response {
    let made = async || {
        let all = connections::health(desk.app().db(), &desk.tenant_id(), desk.now()).await?;
        let f = desk.frame(At::Connections).await?;
        let rows = all.into_iter().map(|health| Row::new(&f, health)).collect();
        let products = guide::all(f.tongue).collect();
        Ok::<_, Failure>(page(StatusCode::OK, &Connections { f, rows, products }))
    };
    made().await.unwrap_or_else(Failure::into_response)
}

/// The form of a new connection.
#[derive(Template)]
#[template(path = "console/connection_add.html")]
struct Add {
    f: Frame,
    products: Vec<(&'static str, &'static Guide)>,
    others: Vec<(String, String)>,
    typed: Typed,
    error: Option<String>,
}

/// What was typed into the form.
#[derive(Default)]
struct Typed {
    profile: String,
    name: String,
    grace: String,
    invitations: String,
    shared: bool,
    takes_over: String,
    test_users: String,
}

impl Typed {
    fn is(&self, field: &str, value: &str) -> bool {
        value == if field == "profile" { &self.profile } else { &self.invitations }
    }

    fn of(form: &Form) -> Self {
        let text = |name: &str| form.field(name).unwrap_or_default().trim().to_owned();
        Self {
            profile: text("profile"),
            name: text("name"),
            grace: text("grace"),
            invitations: text("invitations"),
            shared: form.field("shared").is_some(),
            takes_over: text("takes_over"),
            test_users: text("test_users"),
        }
    }

    fn as_new(&self, tenant: String) -> Result<New, Error> {
        Ok(New {
            tenant,
            name: self.name.clone(),
            profile: self.profile.clone(),
            grace_days: Some(number(&self.grace, "the days of grace")?),
            invitations: Some(self.invitations.clone()).filter(|word| !word.is_empty()),
            shared: self.shared,
            takes_over: Some(self.takes_over.clone()).into_iter().filter(|id| !id.is_empty()).collect(),
            test_users: lines(&self.test_users),
            ..New::default()
        })
    }
}

/// A number that was typed.
pub(super) fn number<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Error> {
    text.trim().parse().map_err(|_| Error::Refused(format!("{what} must be a whole number: 14, for example")))
}

/// The lines of a text that say something.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

pub(super) async fn form(desk: Desk) -> Response {
    let made = async || {
        desk.may(Right::Change)?;
        let profile = Some(desk.asked("profile")).filter(|word| !word.is_empty());
        let typed = Typed {
            profile: profile.unwrap_or_else(|| "generic".to_owned()),
            grace: "14".to_owned(),
            invitations: "at-once".to_owned(),
            ..Typed::default()
        };
        shown(&desk, typed, None).await
    };
    made().await.unwrap_or_else(Failure::into_response)
}

async fn shown(desk: &Desk, typed: Typed, error: Option<String>) -> Result<Response, Failure> {
    let known = connections::list(desk.app().db(), &desk.tenant_id()).await?;
    let f = desk.frame(At::Connections).await?;
    let status = of_form(error.as_ref());
    let add = Add {
        products: guide::all(f.tongue).collect(),
        others: known.into_iter().map(|known| (known.id.to_string(), known.name)).collect(),
        typed,
        error,
        f,
    };
    Ok(page(status, &add))
}

/// A connection that was made just now, with the token that is shown once.
#[derive(Template)]
#[template(path = "console/connection_made.html")]
struct Made {
    f: Frame,
    id: String,
    name: String,
    secrets: Secrets,
    /// Whether the connection is new, and not only its token.
    new: bool,
}

/// What is entered in the identity provider, in the step of the guide that says where.
pub(super) struct Secrets {
    pub(super) guide: &'static Guide,
    pub(super) application: String,
    pub(super) address: String,
    /// The token, once; later none.
    pub(super) token: Option<String>,
}

impl Secrets {
    pub(super) fn of(desk: &Desk, profile: &str, token: Option<String>) -> Self {
        Self {
            guide: guide::of(profile, desk.visitor.tongue),
            application: desk.tenant.settings.application_name(),
            address: desk.app().db().base().to_owned(),
            token,
        }
    }
}

pub(super) async fn add(desk: Desk, form: Form) -> Response {
    let added = async || {
        desk.may(Right::Change)?;
        let typed = Typed::of(&form);
        let (db, operator) = (desk.app().db(), desk.operator("connection create"));
        let made = async {
            let new = typed.as_new(desk.tenant_id())?;
            connections::create(db, &operator, &new).await
        };
        match made.await {
            Ok(made) => token_page(&desk, &made.id.to_string(), true).await,
            Err(error) => {
                let said = said(error)?;
                shown(&desk, typed, Some(said)).await
            }
        }
    };
    added().await.unwrap_or_else(Failure::into_response)
}

/// Makes a token and shows it, this once.
pub(super) async fn token_page(desk: &Desk, connection: &str, new: bool) -> Result<Response, Failure> {
    let (db, operator) = (desk.app().db(), desk.operator("token create"));
    let created = tokens::create(db, &operator, connection, &tokens::New::bearer(Some(TOKEN_DAYS))).await?;
    let known = connections::show(db, &operator, connection).await?.connection;
    let made = Made {
        f: desk.frame(At::Connections).await?,
        id: known.id.to_string(),
        secrets: Secrets::of(desk, &known.profile, Some(created.token)),
        name: known.name,
        new,
    };
    Ok(page(StatusCode::OK, &made))
}
