//! Signing in: by a link once, then by password and second factor.

use std::sync::Arc;

use askama::Template;
use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use fast_qr::QRBuilder;
use http::StatusCode;
use http::request::Parts;
use operations::sign_in::{self, Link, Next, Owner, Refused, SetUp};
use operations::tenants;

use super::cookie::Channel;
use super::desk::Visitor;
use super::frame::Frame;
use crate::app::App;
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
}

/// The page on which the second factor is typed.
#[derive(Template)]
#[template(path = "console/code.html")]
pub(super) struct Code {
    f: Frame,
    error: Option<String>,
    next: String,
}

/// The page of an invitation.
#[derive(Template)]
#[template(path = "console/join.html")]
pub(super) struct Join {
    f: Frame,
    link: Link,
    error: Option<String>,
    /// What was typed of the owner of the installation.
    owner: Owner,
    until: String,
}

/// The page of a link that signs in.
#[derive(Template)]
#[template(path = "console/enter.html")]
pub(super) struct Enter {
    f: Frame,
    link: Link,
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
    f: Frame,
}

/// A link in the path, with the browser that follows it.
pub(super) struct Follower {
    visitor: Visitor,
    link: String,
}

impl FromRequestParts<Arc<App>> for Follower {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let Path(link) = parts.extract::<Path<String>>().await.map_err(|_| Failure::no_endpoint())?;
        let Ok(visitor) = parts.extract_with_state::<Visitor, _>(app).await;
        Ok(Self { visitor, link })
    }
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
fn onward(next: &str) -> &str {
    let ours = next.starts_with("/console/") && !next.contains(|c: char| c == '\\' || c.is_control());
    if ours { next } else { "/console" }
}

pub(super) async fn page(visitor: Visitor, request: axum::extract::RawQuery) -> Response {
    let query = request.0.unwrap_or_default();
    let expired = field(&query, "why").as_deref() == Some("expired");
    let said = "Sign in to go on: there is no session in this browser, or it has ended.";
    let f = visitor.frame();
    let notice = expired.then(|| f.t(said).to_owned());
    let next = field(&query, "next").unwrap_or_default();
    let open = visitor.channel == Channel::Open;
    shown(StatusCode::OK, &SignIn { f, notice, error: None, email: String::new(), next, open })
}

pub(super) async fn with_password(visitor: Visitor, form: Form) -> Response {
    let [email, password, next] =
        ["email", "password", "next"].map(|name| form.field(name).unwrap_or_default());
    if visitor.channel == Channel::Open {
        return see_other("/console/sign-in");
    }
    let tried = sign_in::with_password(visitor.app.db(), (&email, &password), &visitor.browser).await;
    let to = |path: &str| {
        let next: String = url::form_urlencoded::byte_serialize(onward(&next).as_bytes()).collect();
        format!("{path}?next={next}")
    };
    match tried {
        Ok(Next::Code(secret)) => visitor.go(&to("/console/sign-in/code"), Some(secret.expose())),
        Ok(Next::SetUp(secret)) => visitor.go("/console/second-factor", Some(secret.expose())),
        Err(refused) => {
            let again = |f: Frame, status: StatusCode, error: String| {
                shown(status, &SignIn { f, notice: None, error: Some(error), email, next, open: false })
            };
            refusal(&visitor, refused, again)
        }
    }
}

/// The same page with the reason why it went no further.
fn refusal(
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
        Refused::Failed(operations::Error::Refused(said)) => said,
        Refused::Failed(error) => return Failure::from(error).into_response(),
    };
    again(f, StatusCode::UNPROCESSABLE_ENTITY, said)
}

/// The same where no page can be shown again: the link leads nowhere any more.
fn gone(visitor: &Visitor, refused: Refused) -> Response {
    refusal(visitor, refused, |f, _, _| shown(StatusCode::GONE, &Gone { f }))
}

fn wrong_code(f: &Frame) -> String {
    f.t("That code is not valid now. Wait for the next one; check the clock of the telephone if it fails again.")
        .to_owned()
}

fn too_many(f: &Frame, wait: TimeDelta) -> String {
    f.label("Too many attempts. Try again in {a}.", span(wait))
}

pub(super) async fn code(visitor: Visitor, request: axum::extract::RawQuery) -> Response {
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

pub(super) async fn join_page(Follower { visitor, link }: Follower) -> Response {
    invitation(&visitor, &link, None, Owner::default(), StatusCode::OK).await
}

async fn invitation(
    visitor: &Visitor,
    link: &str,
    error: Option<String>,
    owner: Owner,
    status: StatusCode,
) -> Response {
    match sign_in::look(visitor.app.db(), link, visitor.browser.now).await {
        Ok(link) if link.sets_password => {
            let f = visitor.frame();
            let until = f.moment(&link.expires_at);
            // An owner who is invited again has said name and address before.
            let named = link.tenant.is_none() && link.email != sign_in::UNNAMED;
            let owner = if named && owner.name.is_empty() {
                Owner { name: link.name.clone(), email: link.email.clone() }
            } else {
                owner
            };
            shown(status, &Join { f, link, error, owner, until })
        }
        Ok(_) => shown(StatusCode::GONE, &Gone { f: visitor.frame() }),
        Err(refused) => gone(visitor, refused),
    }
}

pub(super) async fn join(Follower { visitor, link }: Follower, form: Form) -> Response {
    let [name, email, password, again] =
        ["name", "email", "password", "password2"].map(|name| form.field(name).unwrap_or_default());
    let owner = Owner { name, email };
    if visitor.channel == Channel::Open {
        return see_other("/console/sign-in");
    }
    if password != again {
        let said = visitor.tongue.t("The two passwords differ.").to_owned();
        return invitation(&visitor, &link, Some(said), owner, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let db = visitor.app.db();
    match sign_in::join(db, &link, (Some(&owner), &password), &visitor.browser).await {
        Ok(secret) => visitor.go("/console/second-factor", Some(secret.expose())),
        Err(Refused::Weak(said) | Refused::Failed(operations::Error::Refused(said))) => {
            let said = visitor.tongue.t(&said).to_owned();
            invitation(&visitor, &link, Some(said), owner, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(refused) => gone(&visitor, refused),
    }
}

pub(super) async fn enter_page(Follower { visitor, link }: Follower) -> Response {
    match sign_in::look(visitor.app.db(), &link, visitor.browser.now).await {
        Ok(link) if !link.sets_password => shown(StatusCode::OK, &Enter { f: visitor.frame(), link }),
        Ok(_) => shown(StatusCode::GONE, &Gone { f: visitor.frame() }),
        Err(refused) => gone(&visitor, refused),
    }
}

pub(super) async fn enter(Follower { visitor, link }: Follower) -> Response {
    if visitor.channel == Channel::Open {
        return see_other("/console/sign-in");
    }
    match sign_in::enter(visitor.app.db(), &link, &visitor.browser).await {
        Ok(secret) => visitor.go("/console", Some(secret.expose())),
        Err(refused) => gone(&visitor, refused),
    }
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
