//! Links that let an administrator in once: to set a password, or to sign in without one.

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::{EntryKind, Subject};
use serde::Serialize;
use store::{Administrator, Credential, LinkKind, Role, Stage, TenantScope, WriteUnit, new_id};
use uuid::Uuid;

use super::{Browser, Refused, Secret, password, record, second_factor, session};
use crate::administrators;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::{checked_address, checked_name};
use crate::requester::{By, Operator};
use crate::rights::Right;
use crate::secret::{Plain, hash};
use crate::single_sign_on::{self, allows_password};

/// How long an invitation counts.
const JOIN: TimeDelta = TimeDelta::days(3);

/// How long a link counts by which an administrator signs in without a password.
const ENTER: TimeDelta = TimeDelta::hours(1);

/// The address of the first owner of the installation, until the owner says another one.
pub const UNNAMED: &str = "owner@localhost";

/// A link as it is shown, once.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// The administrator's name.
    pub name: String,
    /// The path of the page: a secret that lets its holder in.
    pub path: String,
    /// Until when it counts.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Whether it lets the administrator set a password, instead of signing in without one.
    pub sets_password: bool,
    /// The administrator's name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The word for the role.
    pub role: &'static str,
    /// The name of the tenant; none for the installation.
    pub tenant: Option<String>,
    /// The identity providers of the tenant, by id and name, through which it can be accepted.
    pub issuers: Vec<(Uuid, String)>,
    /// Whether a password can be set.
    pub password: bool,
    /// Until when it counts.
    pub expires_at: DateTime<Utc>,
}

/// Invites an administrator of a tenant, or of the installation, named by id or e-mail address, to set a password and a second
/// factor. As soon as the link is used, earlier ones count no more and every session ends.
///
/// # Errors
/// [`Error`] if there is no such administrator.
pub async fn invite(
    db: &Database,
    operator: &Operator,
    tenant: Option<&str>,
    administrator: &str,
) -> Result<Invitation, Error> {
    let scope = db.scope_of(tenant).await?;
    make(db, operator, &scope, (administrator, LinkKind::Join)).await
}

/// Makes a link by which an administrator signs in once without a password: for a lost telephone, or a first look.
///
/// # Errors
/// [`Error`] if there is no such administrator.
pub async fn sign_in_link(
    db: &Database,
    operator: &Operator,
    tenant: Option<&str>,
    administrator: &str,
) -> Result<Invitation, Error> {
    let scope = db.scope_of(tenant).await?;
    make(db, operator, &scope, (administrator, LinkKind::Enter)).await
}

/// The link of the first owner of the installation, where no administrator of the installation can sign in yet; none otherwise.
///
/// # Errors
/// What the database says.
pub async fn first(db: &Database, operator: &Operator) -> Result<Option<Invitation>, Error> {
    if db.store().has_owner().await? {
        return Ok(None);
    }
    let scope = TenantScope::installation();
    let owners = db.read(&scope).await?.administrators().await?;
    let id = if let Some(owner) = owners.first() {
        owner.id
    } else {
        let owner = unnamed_owner(operator.now);
        let add = async |mut unit: WriteUnit| -> Attempt<()> {
            unit.save_administrator(&owner).await?;
            Ok((unit, ()))
        };
        match db.write(&scope, add).await {
            // Another server of this database starts at the same time.
            Err(Error::Database(error)) if matches!(*error, store::Error::Conflict(_)) => return Ok(None),
            added => added?,
        };
        owner.id
    };
    make(db, operator, &scope, (&id.to_string(), LinkKind::Join)).await.map(Some)
}

/// The first owner of the installation, who says name and address when the password is set.
fn unnamed_owner(now: DateTime<Utc>) -> Administrator {
    Administrator {
        id: new_id(now),
        name: "Owner".to_owned(),
        email: UNNAMED.to_owned(),
        role: Role::Owner,
        user: None,
        alerts: false,
        created_at: now,
    }
}

async fn make(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    (administrator, kind): (&str, LinkKind),
) -> Result<Invitation, Error> {
    let plain = Plain::new();
    let hash = hash(&plain.0).ok_or_else(|| Error::Refused("a link could not be made".to_owned()))?;
    let (path, lasts) = match kind {
        LinkKind::Join => ("join", JOIN),
        LinkKind::Enter => ("enter", ENTER),
    };
    let expires_at = operator.now + lasts;
    let make = async |mut unit: WriteUnit| -> Attempt<String> {
        let all = unit.administrators().await?;
        let found = administrators::find(&all, administrator)?;
        // At the terminal of the machine there has to be a way in.
        let around = kind == LinkKind::Enter && matches!(operator.by, By::Console(..));
        if around && unit.break_glass().await?.is_some() {
            let said = "single sign-on is enforced: a link would lead around it";
            return Err(Error::Refused(said.to_owned()));
        }
        unit.insert_sign_in_link(found.id, kind, hash, expires_at).await?;
        let why = match kind {
            LinkKind::Join => format!("{} was invited to the console.", found.name),
            LinkKind::Enter => format!("A link was made by which {} signs in once.", found.name),
        };
        let subject = Subject::Tenant(scope.tenant_id());
        let entry = provisioning::Entry::new(subject, EntryKind::AdministratorInvited, why);
        unit.record([(&entry, &operator.actor(Right::Administer)?)], operator.now).await?;
        Ok((unit, found.name.clone()))
    };
    let name = db.write(scope, make).await?.value;
    Ok(Invitation { name, path: format!("/console/{path}/{}", plain.0), expires_at })
}

/// What a link leads to; opening it changes nothing.
///
/// # Errors
/// [`Refused::Gone`] if it counts no more.
pub async fn look(db: &Database, link: &str, now: DateTime<Utc>) -> Result<Link, Refused> {
    let (scope, administrator, kind, expires_at) = found(db, link, now).await?;
    let unit = db.read(&scope).await?;
    let tenant =
        if scope == TenantScope::installation() { None } else { Some(unit.own_tenant().await?.name) };
    let issuers = unit.issuers().await?.into_iter().map(|known| (known.id, known.name)).collect();
    let password = allows_password(&unit, administrator.id).await?;
    Ok(Link {
        sets_password: kind == LinkKind::Join,
        name: administrator.name,
        email: administrator.email,
        role: administrator.role.as_str(),
        tenant,
        issuers,
        password,
        expires_at,
    })
}

async fn found(
    db: &Database,
    link: &str,
    now: DateTime<Utc>,
) -> Result<(TenantScope, Administrator, LinkKind, DateTime<Utc>), Refused> {
    let hash = hash(link).ok_or(Refused::Gone)?;
    db.store().sign_in_link(&hash, now).await?.ok_or(Refused::Gone)
}

/// What the first owner of the installation says at the first link: name and e-mail address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// What people call the owner.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// Sets a password by a link; what follows is the second factor.
///
/// # Errors
/// [`Refused::Gone`] or [`Refused::Weak`].
pub async fn join(
    db: &Database,
    link: &str,
    (owner, new_password): (Option<&Owner>, &str),
    browser: &Browser,
) -> Result<Secret, Refused> {
    let (scope, mut administrator, kind, _) = found(db, link, browser.now).await?;
    if kind != LinkKind::Join {
        return Err(Refused::Gone);
    }
    if let Some(owner) = owner.filter(|_| scope == TenantScope::installation()) {
        administrator.name = checked_name(&owner.name)?.to_owned();
        administrator.email = checked_address(&owner.email)?.to_owned();
    }
    password::check(new_password, &[&administrator.email, &administrator.name, "rollcall"])?;
    let (password, keys) = (password::hash(new_password).await?, db.keys(browser.now).await?);
    let hash = hash(link).ok_or(Refused::Gone)?;
    let id = administrator.id;
    let attempt = async |mut unit: WriteUnit| -> Attempt<Option<Secret>> {
        // As the administrator is now: the hash took a while, and the role may have changed meanwhile.
        let present = unit.lock_administrator(id).await?;
        let Some(mut present) = present else { return Ok((unit, None)) };
        if !allows_password(&unit, id).await? {
            let said = "passwords are off for this organisation: go on through its identity provider";
            return Err(Error::Refused(said.to_owned()));
        }
        if !unit.use_sign_in_link(hash).await? {
            return Ok((unit, None));
        }
        unit.end_sessions(id).await?;
        if scope == TenantScope::installation() {
            (present.name, present.email) = (administrator.name.clone(), administrator.email.clone());
            unit.save_administrator(&present).await?;
        }
        let credential = Credential {
            password: Some(password.clone()),
            second_factor: Some(second_factor::new_sealed(keys, &scope, id)),
            ..Credential::default()
        };
        unit.save_credential(id, &credential).await?;
        unit.set_recovery_codes(id, &[]).await?;
        let secret = session::begin(&mut unit, id, (Stage::SetUp, None), browser).await?;
        let why = format!("{} set a password.", administrator.name);
        let what = (EntryKind::CredentialChanged, why);
        record(&mut unit, (&scope, &present), what, browser.now).await?;
        Ok((unit, Some(secret)))
    };
    db.write(&scope, attempt).await?.value.ok_or(Refused::Gone)
}

/// Signs in by a link.
///
/// # Errors
/// [`Refused::Gone`] if it counts no more, or is none for that.
pub async fn enter(db: &Database, link: &str, browser: &Browser) -> Result<Secret, Refused> {
    let (scope, administrator, kind, _) = found(db, link, browser.now).await?;
    let hash = hash(link).filter(|_| kind == LinkKind::Enter).ok_or(Refused::Gone)?;
    let attempt = async |mut unit: WriteUnit| -> Attempt<Option<Secret>> {
        if !unit.use_sign_in_link(hash).await? {
            return Ok((unit, None));
        }
        let secret = session::begin(&mut unit, administrator.id, (Stage::SignedIn, None), browser).await?;
        let why = format!("{} signed in by a link that an operator had made.", administrator.name);
        let what = (EntryKind::SignedIn, why);
        record(&mut unit, (&scope, &administrator), what, browser.now).await?;
        Ok((unit, Some(secret)))
    };
    let secret = db.write(&scope, attempt).await?.value.ok_or(Refused::Gone)?;
    single_sign_on::tell_owners(db, &scope, &administrator, browser).await?;
    Ok(secret)
}
