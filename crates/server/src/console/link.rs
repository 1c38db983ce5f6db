//! Links that let an administrator in once: to accept an invitation, or to sign in without a password.

use std::sync::Arc;

use askama::Template;
use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use operations::sign_in::{self, Link, Owner, Refused};

use super::cookie::Channel;
use super::desk::Visitor;
use super::frame::Frame;
use super::sign_in::{Gone, gone};
use crate::app::App;
use crate::http::error::Failure;
use crate::pages::answer::{page as shown, see_other};
use crate::pages::form::Form;

/// The page of an invitation.
#[derive(Template)]
#[template(path = "console/join.html")]
pub(super) struct Join {
    f: Frame,
    link: Link,
    /// The secret of the link.
    secret: String,
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

/// The invitation again, with the reason why it was not accepted.
pub(super) async fn refused(visitor: &Visitor, link: &str, said: String) -> Response {
    invitation(visitor, link, Some(said), Owner::default(), StatusCode::UNPROCESSABLE_ENTITY).await
}

pub(super) async fn join_page(Follower { visitor, link }: Follower) -> Response {
    invitation(&visitor, &link, None, Owner::default(), StatusCode::OK).await
}

async fn invitation(
    visitor: &Visitor,
    secret: &str,
    error: Option<String>,
    owner: Owner,
    status: StatusCode,
) -> Response {
    match sign_in::look(visitor.app.db(), secret, visitor.browser.now).await {
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
            let secret = secret.to_owned();
            shown(status, &Join { f, link, secret, error, owner, until })
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
