//! How administrators of a tenant sign in through their identity provider. The issuer and its subject identify an administrator; an
//! e-mail address never does (OpenID Connect Core 1.0 §5.7).

mod connect;
mod decide;
mod enforce;
mod enter;
mod issuers;
mod role;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use store::TenantScope;
use uuid::Uuid;

use crate::database::Database;
use crate::error::Error;
use crate::keys::{Keys, Purpose};
use crate::sign_in::failures::Sources;
use crate::sign_in::{Browser, Refused};

pub use connect::{connect, connected, disconnect};
pub use enforce::{Enforced, enforce, enforced};
pub use enter::{Tried, enter, join, refuse, tried};
pub use issuers::{Issuer, Typed, doors, list, remove, save};

pub(crate) use decide::as_invited;
pub(crate) use enforce::{allows_password, tell_owners};

/// How long a browser may take at the issuer.
const AWAY: TimeDelta = TimeDelta::minutes(10);

/// What the cookie of a browser that is at an issuer is sealed for.
const GOING: &[u8] = b"going";

/// An issuer and this application as its client.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    /// The id of the issuer.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The issuer, as its tokens say it.
    pub issuer: String,
    /// What it calls this application.
    pub client_id: String,
    /// The secret that they share.
    pub secret: String,
    /// The scopes beside `openid`, `profile` and `email`, with spaces between them.
    pub scopes: String,
    /// The claim that gives roles; empty without one.
    pub claim: String,
    /// The tenant.
    pub tenant: Uuid,
    /// Where a browser comes back to.
    pub redirect: String,
}

impl std::fmt::Debug for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Party").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a browser goes to the issuer for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// To sign in.
    SignIn,
    /// To see whether it works, as this administrator; nothing is changed.
    Test(Uuid),
    /// To sign in as this administrator from now on.
    Connect(Uuid),
    /// To accept the invitation of this link.
    Join(String),
}

/// A browser that is at the issuer. All of it stays in a cookie of that browser, sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    /// The id of the issuer.
    pub issuer: Uuid,
    /// By which the answer is known, RFC 6749 §10.12.
    pub state: String,
    /// By which the ID token is known, OpenID Connect Core 1.0 §3.1.2.1.
    pub nonce: String,
    /// By which the code is ours, RFC 7636.
    pub verifier: String,
    /// What it is for.
    pub aim: Aim,
    /// The page to go on to.
    pub next: String,
    /// Until when it counts.
    pub until: DateTime<Utc>,
}

impl Going {
    /// Whether many such browsers of one address are slowed down: a browser in which an administrator has signed in is not.
    const fn counts(&self) -> bool {
        matches!(self.aim, Aim::SignIn | Aim::Join(_))
    }
}

/// What an ID token says, after it was checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who it is, for this issuer and for ever.
    pub subject: String,
    /// All that it says.
    pub all: Map<String, Value>,
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Claims")
    }
}

/// The issuer of this id as a party to a sign-in; none when there is none.
///
/// # Errors
/// [`Error::Refused`] if its secret cannot be opened.
pub async fn party(db: &Database, id: &str, now: DateTime<Utc>) -> Result<Option<Party>, Error> {
    let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
    let Some((scope, issuer)) = db.store().issuer(id).await? else { return Ok(None) };
    let secret = open(db.keys(now).await?, &scope, &issuer)?;
    Ok(Some(Party {
        id,
        name: issuer.name,
        issuer: issuer.issuer,
        client_id: issuer.client_id,
        secret,
        scopes: issuer.scopes,
        claim: issuer.claim,
        tenant: scope.tenant_id().uuid(),
        redirect: redirect(db, id),
    }))
}

/// Where a browser comes back to from an issuer.
#[must_use]
pub fn redirect(db: &Database, issuer: Uuid) -> String {
    format!("{}/console/sso/{issuer}/callback", db.pages())
}

/// What a browser keeps while it is at the issuer; ten minutes later it counts no more.
///
/// # Errors
/// What the database says.
pub async fn leave(db: &Database, going: Going, now: DateTime<Utc>) -> Result<String, Error> {
    let going = Going { until: now + AWAY, ..going };
    let plain = serde_json::to_vec(&going).map_err(|error| Error::Refused(error.to_string()))?;
    Ok(db.keys(now).await?.seal_text(Purpose::Issuer, GOING, &plain))
}

/// The browser that comes back from an issuer with a state. A sign-in counts as a failed attempt until [`arrived`] takes the count
/// back.
///
/// # Errors
/// [`Refused::NoSession`] when it never went there, took too long, or comes twice; [`Refused::Wait`] after too many failures.
pub async fn come_back(
    db: &Database,
    kept: &str,
    (issuer, state): (&str, &str),
    browser: &Browser,
) -> Result<Going, Refused> {
    let (now, keys) = (browser.now, db.keys(browser.now).await?);
    let opened = keys.open_text(Purpose::Issuer, GOING, kept);
    let going = opened.and_then(|plain| serde_json::from_slice::<Going>(&plain).ok());
    let same = |going: &Going| {
        let in_time = now < going.until && going.until <= now + AWAY;
        going.state == state && going.issuer.to_string() == issuer && in_time
    };
    let going = going.filter(same).ok_or(Refused::NoSession)?;
    if going.counts() {
        Sources::at_issuers(browser).attempt(db, now, true).await?;
    }
    let hash = Sha256::digest(going.state.as_bytes()).into();
    let first = db.store().use_once(hash, (now, going.until)).await?;
    if first { Ok(going) } else { Err(Refused::NoSession) }
}

/// The attempt of a browser that came back was none that failed.
///
/// # Errors
/// What the database says.
pub async fn arrived(db: &Database, going: &Going, browser: &Browser) -> Result<(), Refused> {
    if going.counts() { Sources::at_issuers(browser).forgive(db).await } else { Ok(()) }
}

/// The row to which the secret of an issuer belongs.
fn about(scope: &TenantScope, issuer: Uuid) -> Vec<u8> {
    [*scope.tenant_id().uuid().as_bytes(), *issuer.as_bytes()].concat()
}

/// The id of an issuer that is added soon, and the same sealed for the form. An administrator cannot choose the id: the redirect
/// address of another id may be known to the identity provider of another tenant.
///
/// # Errors
/// What the database says.
pub async fn prepared(db: &Database, tenant: Uuid, now: DateTime<Utc>) -> Result<(Uuid, String), Error> {
    let id = store::new_id(now);
    Ok((id, db.keys(now).await?.seal_text(Purpose::Issuer, tenant.as_bytes(), id.as_bytes())))
}

/// The id that was prepared for an issuer of a tenant; none for other text.
///
/// # Errors
/// What the database says.
pub async fn prepared_id(
    db: &Database,
    tenant: Uuid,
    kept: &str,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, Error> {
    let bytes = db.keys(now).await?.open_text(Purpose::Issuer, tenant.as_bytes(), kept);
    Ok(bytes.and_then(|bytes| Uuid::from_slice(&bytes).ok()))
}

fn open(keys: &Keys, scope: &TenantScope, issuer: &store::Issuer) -> Result<String, Error> {
    let opened = keys.open(Purpose::Issuer, &about(scope, issuer.id), &issuer.client_secret);
    let secret = opened.and_then(|bytes| String::from_utf8(bytes).ok());
    let said = "the client secret of the issuer cannot be opened with the present master key: type it again";
    secret.ok_or_else(|| Error::Refused(said.to_owned()))
}
