//! Sessions: begun, looked up with each request, ended.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Subject};
use store::{Administrator, Session, Stage, TenantScope, WriteUnit, new_id};
use uuid::Uuid;

use super::{BETWEEN, Browser, Lasts, Refused, Secret, failures};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::{By, Operator};
use crate::rights::Right;
use crate::secret::{Plain, hash};

/// The longest text of a browser about itself that is kept.
const AGENT: usize = 300;

/// An administrator in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Of which tenant; of the installation, a tenant of zeros.
    pub(crate) scope: TenantScope,
    /// The administrator.
    pub(crate) administrator: Administrator,
    /// The session.
    pub(crate) session: Session,
}

impl SignedIn {
    /// What the administrator is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.administrator.name
    }

    /// The id of the administrator.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.administrator.id
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.administrator.email
    }

    /// The administrator as an operator who gives a command, in a tenant if one is named.
    #[must_use]
    pub fn operator(
        &self,
        (command, tenant): (&'static str, Option<String>),
        batch: u64,
        now: DateTime<Utc>,
    ) -> Operator {
        let by = By::Console(self.administrator.id, self.administrator.role);
        Operator { name: self.administrator.name.clone(), by, command, tenant, now, batch }
    }

    /// The word for the role.
    #[must_use]
    pub fn role(&self) -> &'static str {
        self.administrator.role.as_str()
    }

    /// The tenant whose administrator this is; none for an administrator of the installation.
    #[must_use]
    pub fn tenant(&self) -> Option<Uuid> {
        Some(self.scope.tenant_id().uuid()).filter(|tenant| !tenant.is_nil())
    }
}

/// Begins a session at a stage, through an issuer if one let the administrator in, and answers its secret.
pub(crate) async fn begin(
    unit: &mut WriteUnit,
    administrator: Uuid,
    (stage, issuer): (Stage, Option<Uuid>),
    browser: &Browser,
) -> Result<Secret, Error> {
    let now = browser.now;
    let lasts = if stage == Stage::SignedIn { browser.lasts.whole } else { BETWEEN };
    let plain = Plain::new();
    let hash = hash(&plain.0).ok_or_else(|| Error::Refused("a session could not be made".to_owned()))?;
    let session = Session {
        id: new_id(now),
        administrator,
        stage,
        agent: browser.agent.chars().filter(|c| !c.is_control()).take(AGENT).collect(),
        address: browser.address.clone(),
        created_at: now,
        seen_at: now,
        ends_at: now + lasts,
        issuer,
    };
    unit.insert_session(&session, hash).await?;
    Ok(Secret(plain.0))
}

/// The administrator who has signed in with this secret; none when the session is unknown, has ended, or is not at that stage.
///
/// # Errors
/// What the database says.
pub async fn session(
    db: &Database,
    secret: &str,
    lasts: Lasts,
    now: DateTime<Utc>,
) -> Result<Option<SignedIn>, Error> {
    Ok(at(db, secret, lasts, now).await?.filter(|found| found.session.stage == Stage::SignedIn))
}

/// The session of this secret, at whichever stage.
pub(super) async fn at(
    db: &Database,
    secret: &str,
    lasts: Lasts,
    now: DateTime<Utc>,
) -> Result<Option<SignedIn>, Error> {
    let Some(hash) = hash(secret) else { return Ok(None) };
    let found = db.store().session(&hash, now, now - lasts.idle).await?;
    Ok(found.map(|(scope, administrator, session)| SignedIn { scope, administrator, session }))
}

/// The session of this secret at a stage.
pub(super) async fn at_stage(
    db: &Database,
    secret: &str,
    stage: Stage,
    browser: &Browser,
) -> Result<SignedIn, Refused> {
    let found = at(db, secret, browser.lasts, browser.now).await?;
    found.filter(|found| found.session.stage == stage).ok_or(Refused::NoSession)
}

/// Ends the session of this secret.
///
/// # Errors
/// What the database says.
pub async fn sign_out(db: &Database, secret: &str, lasts: Lasts, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(found) = at(db, secret, lasts, now).await? else { return Ok(()) };
    let end = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.end_session(found.session.id).await?;
        Ok((unit, ()))
    };
    db.write(&found.scope, end).await.map(drop)
}

/// A session as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub administrator: Uuid,
    /// What the browser says of itself.
    pub agent: String,
    /// Where it comes from.
    pub address: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to about a minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub ends_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub own: bool,
}

/// The sessions of a tenant's administrators, the last used first; the one with this secret is marked.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn sessions(
    db: &Database,
    tenant: &str,
    lasts: Lasts,
    now: DateTime<Utc>,
    secret: Option<&str>,
) -> Result<Vec<Listed>, Error> {
    let own = match secret {
        Some(secret) => session(db, secret, lasts, now).await?.map(|found| found.session.id),
        None => None,
    };
    let (scope, _) = db.tenant(tenant).await?;
    let sessions = db.read(&scope).await?.sessions(now, now - lasts.idle).await?;
    let listed = |session: Session| Listed {
        own: own == Some(session.id),
        id: session.id,
        administrator: session.administrator,
        agent: session.agent,
        address: session.address,
        created_at: session.created_at,
        seen_at: session.seen_at,
        ends_at: session.ends_at,
    };
    Ok(sessions.into_iter().map(listed).collect())
}

/// Ends a session of a tenant's administrators by its id: one's own, or any of them with the right to say who else looks after
/// the tenant.
///
/// # Errors
/// [`Error`] if there is no such session, or it is another's and the right is missing.
pub async fn end_session(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    me: Uuid,
    (session, lasts): (&str, Lasts),
) -> Result<(), Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    let unknown = || Error::Refused("there is no such session: it has ended".to_owned());
    let id: Uuid = session.parse().map_err(|_| unknown())?;
    let now = operator.now;
    let end = async |mut unit: WriteUnit| -> Attempt<()> {
        let all = unit.sessions(now, now - lasts.idle).await?;
        let found = all.into_iter().find(|session| session.id == id).ok_or_else(unknown)?;
        let right = if found.administrator == me { Right::Look } else { Right::Administer };
        unit.end_session(id).await?;
        let administrators = unit.administrators().await?;
        let name = administrators.iter().find(|known| known.id == found.administrator);
        let name = name.map_or("an administrator", |known| known.name.as_str());
        let why = format!("A session of {name} was ended.");
        let entry = Entry::new(Subject::Tenant(tenant.id), EntryKind::SessionEnded, why);
        unit.record([(&entry, &operator.actor(right)?)], now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, end).await.map(drop)
}

/// Forgets sessions and links that have ended; answers how many sessions those were.
///
/// # Errors
/// What the database says.
pub async fn forget(db: &Database, lasts: Lasts, now: DateTime<Utc>) -> Result<u64, Error> {
    Ok(db.store().forget_sessions(now, now - lasts.idle, now - failures::COUNTS).await?)
}
