//! Accounts at issuers that administrators connect with their own.

use chrono::{DateTime, Utc};
use provisioning::EntryKind;
use store::{ReadUnit, WriteUnit};
use uuid::Uuid;

use super::decide::{subject, taken};
use super::enter::known;
use super::{Claims, Party};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::sign_in::{Browser, SignedIn, record};

/// Connects an account at an issuer with the administrator of a session. The sessions that another account at this issuer opened
/// for the administrator end.
///
/// # Errors
/// [`Error`] if the administrator is of another tenant than the issuer, or the subject is another administrator's.
pub async fn connect(
    db: &Database,
    (party, me): (&Party, &SignedIn),
    claims: &Claims,
    browser: &Browser,
) -> Result<(), Error> {
    let (scope, issuer) = known(db, party).await?;
    if me.scope != scope {
        return Err(Error::Refused("this issuer is of another organisation".to_owned()));
    }
    let connect = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.lock_administrator(me.id()).await?;
        taken(&unit, &issuer, claims, me.id()).await?;
        let own = unit.subjects_of(me.id()).await?;
        // Whom a claim alone made an administrator is none without it, whatever is connected.
        let invited_as = own.first().map_or(Some(me.administrator.role), |known| known.invited_as);
        if own.iter().any(|known| known.issuer == issuer.id && known.subject != claims.subject) {
            unit.end_sessions_through(issuer.id, me.id()).await?;
        }
        unit.insert_issuer_subject(&subject(&issuer, claims, me.id(), invited_as, browser.now)).await?;
        let why = format!("{} connected the account with {}.", me.name(), issuer.name);
        let what = (EntryKind::CredentialChanged, why);
        record(&mut unit, (&scope, &me.administrator), what, browser.now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, connect).await.map(drop)
}

/// Takes the connection of one's own account to an issuer away; sessions that the issuer opened end.
///
/// # Errors
/// [`Error`] if there is no such connection, or no other way in is left.
pub async fn disconnect(db: &Database, me: &SignedIn, issuer: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    let disconnect = async |mut unit: WriteUnit| -> Attempt<()> {
        if !gets_in_without(&unit, me.id(), issuer).await? {
            let said = "without this account you could not sign in any more: ask an owner for an invitation, and set a password first";
            return Err(Error::Refused(said.to_owned()));
        }
        if !unit.forget_subject(issuer, me.id()).await? {
            return Err(Error::Refused("the account is not connected".to_owned()));
        }
        unit.end_sessions_through(issuer, me.id()).await?;
        let why = format!("{} disconnected the account from an issuer.", me.name());
        let what = (EntryKind::CredentialChanged, why);
        record(&mut unit, (&me.scope, &me.administrator), what, now).await?;
        Ok((unit, ()))
    };
    db.write(&me.scope, disconnect).await.map(drop)
}

/// Whether an administrator can sign in without an issuer: by another one, or by a password that may be used.
pub(super) async fn gets_in_without(
    unit: &ReadUnit,
    administrator: Uuid,
    issuer: Uuid,
) -> Result<bool, Error> {
    if unit.subjects_of(administrator).await?.iter().any(|known| known.issuer != issuer) {
        return Ok(true);
    }
    let has_password = unit.credential(administrator).await?.signs_in();
    Ok(has_password && super::allows_password(unit, administrator).await?)
}

/// The issuers to which an administrator's account is connected, and since when.
///
/// # Errors
/// What the database says.
pub async fn connected(db: &Database, me: &SignedIn) -> Result<Vec<(Uuid, DateTime<Utc>)>, Error> {
    let own = db.read(&me.scope).await?.subjects_of(me.id()).await?;
    Ok(own.into_iter().map(|known| (known.issuer, known.created_at)).collect())
}
