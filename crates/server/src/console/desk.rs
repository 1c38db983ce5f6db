//! A request of an administrator who has signed in, in a tenant that is theirs to look after.

use std::collections::HashMap;
use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use operations::overview::{self, Beside};
use operations::sign_in::{self, Browser, Entered, SignedIn};
use operations::{Operator, Right, tenants};

use super::around::says_foreign;
use super::cookie::{Channel, theme};
use super::frame::{At, Frame, Me};
use super::tongue::Tongue;
use crate::app::App;
use crate::http::error::Failure;
use crate::http::peer;
use crate::pages::answer::see_other;
use crate::pages::reader::Reader;

const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
const HX_HISTORY: HeaderName = HeaderName::from_static("hx-history-restore-request");
const HX_TARGET: HeaderName = HeaderName::from_static("hx-target");
pub(super) const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Whether a script asks for a part of a page, and not for a whole one to go back to.
pub(super) fn is_fragment(headers: &HeaderMap) -> bool {
    headers.contains_key(HX_REQUEST) && !headers.contains_key(HX_HISTORY)
}

/// A browser at the console, signed in or not.
pub(super) struct Visitor {
    pub(super) app: Arc<App>,
    pub(super) channel: Channel,
    /// The secret of its session.
    pub(super) secret: Option<String>,
    pub(super) browser: Browser,
    pub(super) tongue: Tongue,
    pub(super) theme: &'static str,
    /// Whether a page of another site led the browser here.
    pub(super) foreign: bool,
    /// What the browser has kept while it was at an identity provider.
    pub(super) away: Option<String>,
    /// Whether a script asks for a part of a page.
    pub(super) fragment: bool,
    /// The id of the element into which the script puts the part.
    pub(super) target: Option<String>,
}

impl Visitor {
    fn of(parts: &Parts, app: &Arc<App>) -> Self {
        let reader = Reader::of(parts);
        let asked = parts.headers.get(HOST).map(|host| host.to_str().unwrap_or("?"));
        let channel = Channel::of(app.db().pages(), asked, peer::socket(parts));
        let address = peer::address(parts, &app.config().trusted_proxies);
        Self {
            channel,
            secret: channel.read(&parts.headers),
            browser: Browser {
                agent: reader.agent,
                address,
                mark: channel.mark(&parts.headers).unwrap_or_default(),
                lasts: app.config().console.lasts(),
                now: app.now(),
            },
            tongue: Tongue::new(reader.language),
            theme: theme(&parts.headers),
            away: channel.away(&parts.headers),
            foreign: says_foreign(&parts.headers) == Some(true),
            fragment: is_fragment(&parts.headers),
            target: parts.headers.get(HX_TARGET).and_then(|id| id.to_str().ok()).map(str::to_owned),
            app: Arc::clone(app),
        }
    }

    /// What stands around a page before the sign-in.
    pub(super) fn frame(&self) -> Frame {
        Frame {
            tongue: self.tongue,
            theme: self.theme,
            root: String::new(),
            tenant: String::new(),
            beside: Beside::default(),
            me: None,
            at: None,
            now: self.browser.now,
            zone: provisioning::Zone::UTC,
            flash: None,
        }
    }

    /// Another page, whose browser has this secret from now on.
    pub(super) fn go(&self, path: &str, secret: Option<&str>) -> Response {
        let mut response = see_other(path);
        if let Some(cookie) = self.channel.write(secret) {
            response.headers_mut().insert(http::header::SET_COOKIE, cookie);
        }
        response
    }

    /// Another page for a browser that has signed in, and is known from now on.
    pub(super) fn enter(&self, path: &str, entered: &Entered) -> Response {
        let mut response = self.go(path, Some(entered.secret.expose()));
        let mark = Some(&entered.mark).filter(|mark| !mark.is_empty());
        if let Some(mark) = mark.and_then(|mark| self.channel.write_mark(mark)) {
            response.headers_mut().append(http::header::SET_COOKIE, mark);
        }
        response
    }

    /// An administrator as an operator who gives a command, in a tenant if one is named.
    pub(super) fn operator(&self, me: &SignedIn, command: &'static str, tenant: Option<String>) -> Operator {
        me.operator((command, tenant), self.app.config().jobs.batch.into(), self.browser.now)
    }

    /// The administrator of the session, if one has signed in.
    pub(super) async fn signed_in(&self) -> Result<Option<SignedIn>, Failure> {
        let Some(secret) = &self.secret else { return Ok(None) };
        let (lasts, now) = (self.browser.lasts, self.browser.now);
        Ok(sign_in::session(self.app.db(), secret, lasts, now).await?)
    }
}

impl FromRequestParts<Arc<App>> for Visitor {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, std::convert::Infallible> {
        Ok(Self::of(parts, app))
    }
}

/// A request of an administrator in a tenant.
pub(super) struct Desk {
    pub(super) visitor: Visitor,
    pub(super) me: SignedIn,
    pub(super) tenant: tenants::Tenant,
    /// The other parts of the path, by name.
    path: HashMap<String, String>,
    query: String,
}

impl Desk {
    /// The application.
    pub(super) fn app(&self) -> &Arc<App> {
        &self.visitor.app
    }

    /// The instant of the request.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.visitor.browser.now
    }

    /// The administrator as an operator in the tenant.
    pub(super) fn operator(&self, command: &'static str) -> Operator {
        self.visitor.operator(&self.me, command, Some(self.tenant_id()))
    }

    /// The tenant's id, as operations take it.
    pub(super) fn tenant_id(&self) -> String {
        self.tenant.id.to_string()
    }

    /// A part of the path.
    pub(super) fn part(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A value of the query.
    pub(super) fn asked(&self, name: &str) -> String {
        crate::pages::form::field(&self.query, name).unwrap_or_default()
    }

    /// Whether a script asks for a part of a page.
    pub(super) const fn fragment(&self) -> bool {
        self.visitor.fragment
    }

    /// Refuses an administrator without a right.
    pub(super) fn may(&self, right: Right) -> Result<(), Failure> {
        Ok(self.operator("look").may(right)?)
    }

    /// What stands around a page.
    pub(super) async fn frame(&self, at: At) -> Result<Frame, Failure> {
        // A part of a page does not say it.
        let beside = if self.fragment() {
            Beside::default()
        } else {
            overview::beside(self.app().db(), &self.tenant_id()).await?
        };
        let said = self.asked("done");
        Ok(Frame {
            root: format!("/console/{}", self.tenant.id),
            tenant: self.tenant.name.clone(),
            beside,
            me: Some(Me::of(&self.me, &self.operator("look"))),
            at: Some(at),
            zone: self.tenant.time_zone,
            flash: done(&said).map(|english| self.visitor.tongue.t(english).to_owned()),
            ..self.visitor.frame()
        })
    }
}

/// What was done just now, by the word in the address; other words say nothing, so that a link cannot put words on a page.
fn done(word: &str) -> Option<&'static str> {
    Some(match word {
        "added" => "The user is added.",
        "invited" => "The user is added. An invitation goes out.",
        "assigned" => "The licence is assigned.",
        "unassigned" => "The licence is unassigned.",
        "deactivated" => "The user is deactivated.",
        "assigned-many" => "The licences are assigned.",
        "deactivated-many" => "The users are deactivated.",
        "reminded-many" => "The reminders are on their way.",
        "some" => {
            "It is done. Some people were left out, because a full pool refused them or another administrator was faster."
        }
        "activated" => "The user is active again.",
        "renamed" => "The name is changed.",
        "bound" => "The groups are bound. Their members are being enrolled.",
        "unbound" => "The groups are removed. Their members are being settled.",
        "removed" => "The user is removed.",
        "saved" => "The settings are saved.",
        "released" => "The mail is on its way.",
        "resent" => "It is sent again.",
        "nothing" => "There was nothing to do.",
        "deleting" => "It is being deleted.",
        "tested" => "The test is on its way.",
        "ended" => "The session is ended.",
        "connected" => "The account is connected. You can sign in through the identity provider from now on.",
        "disconnected" => "The account is disconnected.",
        "enforced" => "Single sign-on is enforced. Sessions that a password had opened are ended.",
        "allowed" => "Passwords are allowed again.",
        "discarded" => "The import is discarded.",
        "approved" => "Approved. What was pushed is being carried out.",
        "rejected" => "Rejected. The people keep access.",
        "given" => "The user is handed over.",
        "revoked" => "The token is revoked.",
        "deleted" => "It is deleted.",
        "handed-over" => "The hand-over has begun.",
        "reminded" => "The reminder is on its way.",
        _ => return None,
    })
}

impl FromRequestParts<Arc<App>> for Desk {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let visitor = Visitor::of(parts, app);
        let signed_in = visitor.signed_in().await.map_err(axum::response::IntoResponse::into_response)?;
        let Some(me) = signed_in else { return Err(to_sign_in(parts)) };
        let path = parts.extract::<Path<HashMap<String, String>>>().await;
        let Path(path) = path.map_err(|_| Failure::no_endpoint().into_response())?;
        let asked = path.get("tenant").map_or("", String::as_str);
        // Whether a tenant exists is told to its own administrators, and to those of the installation.
        let own = me.tenant().is_none_or(|tenant| tenant.to_string() == asked);
        let by_id = asked.parse::<uuid::Uuid>().is_ok_and(|id| !id.is_nil());
        if !own || !by_id {
            return Err(Failure::no_endpoint().into_response());
        }
        let found = tenants::find(app.db(), asked).await;
        let found = found.map_err(|error| Failure::from(error).into_response())?;
        let tenant = found.ok_or_else(|| Failure::no_endpoint().into_response())?;
        let query = parts.uri.query().unwrap_or_default().to_owned();
        Ok(Self { visitor, me, tenant, path, query })
    }
}

/// Where a browser without a session goes: to the sign-in, and from there back to the page that was opened.
fn to_sign_in(parts: &Parts) -> Response {
    let opened = matches!(parts.method, Method::GET | Method::HEAD);
    let fragment = is_fragment(&parts.headers);
    let mut address = "/console/sign-in?why=expired".to_owned();
    if opened && !fragment {
        let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
        address.push_str("&next=");
        address.extend(url::form_urlencoded::byte_serialize(path.as_bytes()));
    }
    if fragment {
        let mut headers = HeaderMap::new();
        if let Ok(address) = HeaderValue::from_str(&address) {
            headers.insert(HX_REDIRECT, address);
        }
        return (http::StatusCode::UNAUTHORIZED, headers).into_response();
    }
    see_other(&address)
}
