//! Signing in by password and second factor, and the doors to other ways.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use fast_qr::QRBuilder;
use http::StatusCode;
use operations::sign_in::{self, Next, Refused, SetUp};
use operations::{single_sign_on, tenants};
use uuid::Uuid;

use super::cookie::Channel;
use super::desk::Visitor;
use super::frame::Frame;
use super::said::for_page;
use crate::http::error::Failure;
use crate::pages::answer::{later, page as shown, see_other};
use crate::pages::form::{Form, field};
use crate::pages::words::span;

/// The page on which an administrator signs in.
#[derive(Template)]
#[template(path = "console/sign_in.html")]
pub(super) struct SignIn {
    f: Frame,
    /// Why the page is shown again, or at all.
    notice: Option<String>,
    error: Option<String>,
    email: String,
    next: String,
    /// Whether signing in is closed here, because others could listen.
    open: bool,
    doors: Doors,
}

impl SignIn {
    /// The page to go on to, as a value of a query.
    fn onward(&self) -> String {
        url::form_urlencoded::byte_serialize(self.next.as_bytes()).collect()
    }
}

/// The ways in of the organisation that is signed in to.
#[derive(Default)]
pub(super) struct Doors {
    /// Its name, if it has identity providers.
    tenant: String,
    /// Those, by id and name.
    issuers: Vec<(Uuid, String)>,
    /// Whether the form for a password is hidden at first.
    no_password: bool,
}

/// The page on which the second factor is typed.
#[derive(Template)]
#[template(path = "console/code.html")]
pub(super) struct Code {
    f: Frame,
    error: Option<String>,
    next: String,
}

/// The page on which the second factor is set up.
#[derive(Template)]
#[template(path = "console/second_factor.html")]
pub(super) struct SecondFactor {
    f: Frame,
    set_up: SetUp,
    /// The dark squares of the code, as a path, and the length of its side.
    squares: String,
    side: usize,
    error: Option<String>,
}

/// The page in the place of a link that counts no more.
#[derive(Template)]
#[template(path = "console/gone.html")]
pub(super) struct Gone {
    pub(super) f: Frame,
}

/// Where the console begins: the tenant of the administrator who has signed in, or the sign-in.
pub(super) async fn start(visitor: Visitor) -> Response {
    match visitor.signed_in().await {
        Ok(Some(me)) => match me.tenant() {
            Some(tenant) => see_other(&format!("/console/{tenant}")),
            None => only_tenant(&visitor).await,
        },
        Ok(None) => see_other("/console/sign-in"),
        Err(failure) => failure.into_response(),
    }
}

/// The tenant of an installation that has no other one; else the choice among them.
async fn only_tenant(visitor: &Visitor) -> Response {
    match tenants::list(visitor.app.db()).await.as_deref() {
        Ok([only]) => see_other(&format!("/console/{}", only.id)),
        Ok(_) => see_other("/console/organisations"),
        Err(_) => {
            Failure::status(503, "The database does not answer now: load this page again.").into_response()
        }
    }
}

/// The address of a page of the console to go on to; any other one leads to the start.
pub(super) fn onward(next: &str) -> &str {
    let ours = next.starts_with("/console/") && !next.contains(|c: char| c == '\\' || c.is_control());
    if ours { next } else { "/console" }
}

pub(super) async fn page(visitor: Visitor, request: RawQuery) -> Response {
    let query = request.0.unwrap_or_default();
    let next = field(&query, "next").unwrap_or_default();
    at_door(&visitor, &query, next).await
}

/// The sign-in of one organisation, for a bookmark or for the tile of an identity provider.
pub(super) async fn page_of(visitor: Visitor, Path(tenant): Path<String>, request: RawQuery) -> Response {
    at_door(&visitor, &request.0.unwrap_or_default(), format!("/console/{tenant}")).await
}

async fn at_door(visitor: &Visitor, query: &str, next: String) -> Response {
    let expired = field(query, "why").as_deref() == Some("expired");
    let said = "Sign in to go on: there is no session in this browser, or it has ended.";
    let mut shown_page = match empty(visitor, next).await {
        Ok(page) => page,
        Err(failure) => return failure.into_response(),
    };
    shown_page.notice = expired.then(|| visitor.tongue.t(said).to_owned());
    if field(query, "with").as_deref() == Some("password") {
        shown_page.doors.no_password = false;
    }
    shown(StatusCode::OK, &shown_page)
}

/// The page of the sign-in for one who goes on to a page of an organisation.
async fn empty(visitor: &Visitor, next: String) -> Result<SignIn, Failure> {
    let db = visitor.app.db();
    let tenant = match tenant_of(&next) {
        Some(tenant) => tenant.to_string(),
        None => match tenants::list(db).await?.as_slice() {
            [only] => only.id.to_string(),
            _ => String::new(),
        },
    };
    let doors = single_sign_on::doors(db, &tenant).await?;
    let doors = doors.map(|(tenant, issuers, no_password)| Doors { tenant, issuers, no_password });
    Ok(SignIn {
        f: visitor.frame(),
        notice: None,
        error: None,
        email: String::new(),
        next,
        open: visitor.channel == Channel::Open,
        doors: doors.unwrap_or_default(),
    })
}

/// The organisation of a page.
fn tenant_of(next: &str) -> Option<Uuid> {
    next.strip_prefix("/console/")?.split(['/', '?']).next()?.parse().ok()
}

/// The same page with what went wrong.
pub(super) async fn failed(visitor: &Visitor, status: StatusCode, said: String, next: String) -> Response {
    match empty(visitor, next).await {
        Ok(page) => shown(status, &SignIn { error: Some(said), ..page }),
        Err(failure) => failure.into_response(),
    }
}

/// The same page with the reason why an administrator was not let in.
pub(super) async fn again(visitor: &Visitor, refused: Refused, next: String) -> Response {
    match empty(visitor, next).await {
        Ok(page) => refusal(visitor, refused, |_, status, error| {
            shown(status, &SignIn { error: Some(error), ..page })
        }),
        Err(failure) => failure.into_response(),
    }
}

pub(super) async fn with_password(visitor: Visitor, form: Form) -> Response {
    let [email, password, next] =
        ["email", "password", "next"].map(|name| form.field(name).unwrap_or_default());
    if visitor.channel == Channel::Open {
        return see_other("/console/sign-in");
    }
    let typed = (email.as_str(), password.as_str(), tenant_of(&next));
    let tried = sign_in::with_password(visitor.app.db(), typed, &visitor.browser).await;
    let to = |path: &str| {
        let next: String = url::form_urlencoded::byte_serialize(onward(&next).as_bytes()).collect();
        format!("{path}?next={next}")
    };
    match tried {
        Ok(Next::Code(secret)) => visitor.go(&to("/console/sign-in/code"), Some(secret.expose())),
        Ok(Next::SetUp(secret)) => visitor.go("/console/second-factor", Some(secret.expose())),
        Err(refused) => {
            let mut page = match empty(&visitor, next).await {
                Ok(page) => page,
                Err(failure) => return failure.into_response(),
            };
            (page.email, page.doors.no_password) = (email, false);
            let again = |_, status, error| shown(status, &SignIn { error: Some(error), ..page });
            refusal(&visitor, refused, again)
        }
    }
}

/// The same page with the reason why it went no further.
pub(super) fn refusal(
    visitor: &Visitor,
    refused: Refused,
    again: impl FnOnce(Frame, StatusCode, String) -> Response,
) -> Response {
    let f = visitor.frame();
    let said = match refused {
        Refused::Wrong => f.t("E-mail or password is wrong. Nothing says which, on purpose.").to_owned(),
        Refused::WrongCode => wrong_code(&f),
        Refused::Wait(wait) => {
            let said = too_many(&f, wait);
            return later(wait, again(f, StatusCode::TOO_MANY_REQUESTS, said));
        }
        Refused::Weak(said) => f.t(&said).to_owned(),
        Refused::Gone => return shown(StatusCode::GONE, &Gone { f }),
        Refused::NoSession => return visitor.go("/console/sign-in?why=expired", None),
        Refused::Failed(operations::Error::Refused(said)) => for_page(&said),
        Refused::Failed(error) => return Failure::from(error).into_response(),
    };
    again(f, StatusCode::UNPROCESSABLE_ENTITY, said)
}

/// The same where no page can be shown again: the link leads nowhere any more.
pub(super) fn gone(visitor: &Visitor, refused: Refused) -> Response {
    refusal(visitor, refused, |f, _, _| shown(StatusCode::GONE, &Gone { f }))
}

fn wrong_code(f: &Frame) -> String {
    f.t("That code is not valid now. Wait for the next one; check the clock of the telephone if it fails again.")
        .to_owned()
}

fn too_many(f: &Frame, wait: TimeDelta) -> String {
    f.label("Too many attempts. Try again in {a}.", span(wait))
}

pub(super) async fn code(visitor: Visitor, request: RawQuery) -> Response {
    let next = field(&request.0.unwrap_or_default(), "next").unwrap_or_default();
    shown(StatusCode::OK, &Code { f: visitor.frame(), error: None, next })
}

pub(super) async fn with_code(visitor: Visitor, form: Form) -> Response {
    let next = form.field("next").unwrap_or_default();
    let (secret, db) = (visitor.secret.clone().unwrap_or_default(), visitor.app.db());
    let tried = if let Some(code) = form.field("recovery") {
        sign_in::with_recovery_code(db, &secret, &code, &visitor.browser).await
    } else {
        let code = form.field("code").unwrap_or_default();
        sign_in::with_code(db, &secret, &code, &visitor.browser).await
    };
    match tried {
        Ok(entered) => visitor.enter(onward(&next), &entered),
        Err(refused) => refusal(&visitor, refused, |f, status, error| {
            shown(status, &Code { f, error: Some(error), next })
        }),
    }
}

pub(super) async fn sign_out(visitor: Visitor) -> Response {
    if let Some(secret) = &visitor.secret {
        let (lasts, now) = (visitor.browser.lasts, visitor.browser.now);
        if let Err(error) = sign_in::sign_out(visitor.app.db(), secret, lasts, now).await {
            return Failure::from(error).into_response();
        }
    }
    visitor.go("/console/sign-in", None)
}

pub(super) async fn set_up(visitor: Visitor) -> Response {
    second_factor(&visitor, None, StatusCode::OK).await
}

async fn second_factor(visitor: &Visitor, error: Option<String>, status: StatusCode) -> Response {
    let secret = visitor.secret.clone().unwrap_or_default();
    match sign_in::set_up(visitor.app.db(), &secret, &visitor.browser).await {
        Ok(set_up) => {
            let Ok(code) = QRBuilder::new(set_up.url.clone()).build() else {
                return Failure::status(422, "The QR code could not be drawn.").into_response();
            };
            let (squares, side) = (squares(&code), code.size + 8);
            let f = visitor.frame();
            shown(status, &SecondFactor { f, set_up, squares, side, error })
        }
        Err(refused) => gone(visitor, refused),
    }
}

/// The dark squares of a QR code, row by row, with a margin of four as its standard asks (ISO/IEC 18004).
fn squares(code: &fast_qr::QRCode) -> String {
    let all = (0..code.size).flat_map(|y| (0..code.size).map(move |x| (x, y)));
    let dark = all.filter(|(x, y)| code[*y][*x].value());
    dark.map(|(x, y)| format!("M{} {}h1v1h-1z", x + 4, y + 4)).collect::<Vec<_>>().concat()
}

pub(super) async fn confirm(visitor: Visitor, form: Form) -> Response {
    if form.field("kept").is_none() {
        let said = visitor.tongue.t("Keep the recovery codes first, and say so.").to_owned();
        return second_factor(&visitor, Some(said), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let secret = visitor.secret.clone().unwrap_or_default();
    let code = form.field("code").unwrap_or_default();
    match sign_in::confirm(visitor.app.db(), &secret, &code, &visitor.browser).await {
        Ok(entered) => visitor.enter("/console", &entered),
        Err(Refused::WrongCode) => {
            let said = wrong_code(&visitor.frame());
            second_factor(&visitor, Some(said), StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(Refused::Wait(wait)) => {
            let said = too_many(&visitor.frame(), wait);
            later(wait, second_factor(&visitor, Some(said), StatusCode::TOO_MANY_REQUESTS).await)
        }
        Err(refused) => gone(&visitor, refused),
    }
}
