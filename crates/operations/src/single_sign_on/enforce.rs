//! Single sign-on as the only way in, but for one account that breaks the glass.

use chrono::{DateTime, Utc};
use letters::Alert;
use provisioning::{Entry, EntryKind, Subject};
use store::{Administrator, ReadUnit, Role, TenantScope, WriteUnit};
use uuid::Uuid;

use crate::administrators::find;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::mail::{self, Writer};
use crate::requester::Operator;
use crate::rights::Right;
use crate::sign_in::{Browser, SignedIn};

/// Whether there is another way in than the identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforced {
    /// The account that may use a password where others may not, by name; none where all may.
    pub break_glass: Option<(Uuid, String)>,
    /// The owners who could be that account, by id and name.
    pub could_be: Vec<(Uuid, String)>,
}

/// Whether single sign-on is enforced in a tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn enforced(db: &Database, tenant: &str) -> Result<Enforced, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let all = unit.administrators().await?;
    let break_glass = unit.break_glass().await?;
    let mut could_be = Vec::new();
    for known in &all {
        if could_break(&unit, known).await? {
            could_be.push((known.id, format!("{} ({})", known.name, known.email)));
        }
    }
    let named = |id: Uuid| all.iter().find(|known| known.id == id).map(|known| (id, known.name.clone()));
    Ok(Enforced { break_glass: break_glass.and_then(named), could_be })
}

/// Whether an account is one of an owner with a password and a second factor, and of no person whom a push could deactivate.
async fn could_break(unit: &ReadUnit, known: &Administrator) -> Result<bool, Error> {
    if known.role != Role::Owner || known.user.is_some() {
        return Ok(false);
    }
    Ok(unit.credential(known.id).await?.signs_in())
}

/// Lets administrators in through an issuer alone, but for one account, or lets them use passwords again. It ends every session
/// that a password opened. An owner of the tenant shows by an own session that the issuer lets somebody in.
///
/// # Errors
/// [`Error`] if the account cannot be that one, there is no issuer, or the own session was opened by a password.
pub async fn enforce(
    db: &Database,
    operator: &Operator,
    (tenant, me): (&str, &SignedIn),
    break_glass: Option<&str>,
) -> Result<(), Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let enforce = async |mut unit: WriteUnit| -> Attempt<()> {
        let all = unit.administrators().await?;
        let account = match break_glass {
            None => None,
            Some(name) => {
                let found = find(&all, name)?;
                if unit.issuers().await?.is_empty() {
                    return Err(Error::Refused("add an issuer first".to_owned()));
                }
                if !could_break(&unit, found).await? {
                    let said = "the break-glass account has to be an owner with a password and a second factor, linked to no person";
                    return Err(Error::Refused(said.to_owned()));
                }
                // An owner of the installation has a way in that a tenant cannot close.
                if me.tenant().is_some() && me.session.issuer.is_none() {
                    let said = "sign in through the issuer first: it shows that the issuer lets you in";
                    return Err(Error::Refused(said.to_owned()));
                }
                Some(found)
            }
        };
        unit.enforce_single_sign_on(account.map(|known| known.id), operator.now).await?;
        let why = match account {
            Some(known) => format!("Single sign-on is enforced for everybody but {}.", known.name),
            None => "Passwords are allowed beside single sign-on.".to_owned(),
        };
        let entry = Entry::new(Subject::Tenant(scope.tenant_id()), EntryKind::SingleSignOnChanged, why);
        unit.record([(&entry, &operator.actor(Right::Administer)?)], operator.now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, enforce).await.map(drop)
}

/// Whether an administrator may use a password.
///
/// # Errors
/// What the database says.
pub(crate) async fn allows_password(unit: &ReadUnit, administrator: Uuid) -> Result<bool, Error> {
    Ok(unit.break_glass().await?.is_none_or(|known| known == administrator))
}

/// Tells every owner that the break-glass account was used.
///
/// # Errors
/// What the database says.
pub(crate) async fn tell_owners(
    db: &Database,
    scope: &TenantScope,
    who: &Administrator,
    browser: &Browser,
) -> Result<(), Error> {
    let (now, keys): (DateTime<Utc>, _) = (browser.now, db.keys(browser.now).await?);
    let tell = async |mut unit: WriteUnit| -> Attempt<()> {
        if unit.break_glass().await? != Some(who.id) {
            return Ok((unit, ()));
        }
        let writer = Writer::new(&unit, keys, db.pages(), now).await?;
        let what = Alert {
            subject: format!("The break-glass account {} was used", who.name),
            title: "The break-glass account was used".to_owned(),
            summary: "Somebody signed in with a password, past the identity provider.".to_owned(),
            paragraphs: vec![format!(
                "{} signed in from {}. If none of you did that, end the session under Administrators and set another password.",
                who.name, browser.address
            )],
            ..Alert::default()
        };
        for owner in unit.administrators().await?.into_iter().filter(|known| known.role == Role::Owner) {
            let to = writer.administrator(None, &owner);
            mail::write(&mut unit, &writer, &to, letters::Message::Alert(what.clone()), None).await?;
        }
        Ok((unit, ()))
    };
    db.write(scope, tell).await.map(drop)
}
