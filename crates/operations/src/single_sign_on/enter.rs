//! What follows from an ID token: a session, an accepted invitation, or a look at what would be.

use chrono::{DateTime, Utc};
use provisioning::EntryKind;
use store::{Administrator, Credential, Issuer, LinkKind, Role, Stage, TenantScope, WriteUnit};

use super::decide::{Decided, decided, kept, subject, taken};
use super::role::role_of;
use super::{Claims, Party};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::secret::hash;
use crate::sign_in::{Browser, Entered, Refused, Secret, record, record_failure, session};

/// What a test of an issuer comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// As whom the subject would be signed in; none where it would be refused.
    pub name: Option<String>,
    /// With which role.
    pub role: Option<&'static str>,
    /// Whether a claim would make it an administrator.
    pub is_new: bool,
    /// Why it would be refused.
    pub refused: Option<String>,
}

/// The issuer that a browser comes back from.
pub(super) async fn known(db: &Database, party: &Party) -> Result<(TenantScope, Issuer), Error> {
    let gone = || Error::Refused("the issuer has been removed".to_owned());
    db.store().issuer(party.id).await?.ok_or_else(gone)
}

/// Signs in as the administrator of the subject. One whom a claim gives a role is made an administrator; one who has lost the role
/// loses the sessions that the issuer opened.
///
/// # Errors
/// [`Refused`] for a subject that is nobody here, with a sentence that says why.
pub async fn enter(
    db: &Database,
    party: &Party,
    claims: &Claims,
    browser: &Browser,
) -> Result<Entered, Refused> {
    let (scope, issuer) = known(db, party).await?;
    let enter = async |mut unit: WriteUnit| -> Attempt<Result<Secret, String>> {
        if let Some(known) = unit.issuer_subject(issuer.id, &claims.subject).await? {
            unit.lock_administrator(known.administrator).await?;
        }
        let administrator = match decided(&unit, &issuer, claims, browser.now).await? {
            Decided::Refused(why, whose) => {
                if let Some(whose) = whose {
                    unit.end_sessions_through(issuer.id, whose).await?;
                }
                return Ok((unit, Err(why)));
            }
            Decided::New(administrator, subject) => {
                unit.save_administrator(&administrator).await?;
                unit.insert_issuer_subject(&subject).await?;
                let (name, role) = (&administrator.name, administrator.role.as_str());
                let why = format!("{} made {name} an administrator, with the role {role}.", issuer.name);
                let what = (EntryKind::AdministratorAdded, why);
                record(&mut unit, (&scope, &administrator), what, browser.now).await?;
                administrator
            }
            Decided::Known(before, role) => {
                given(&mut unit, (&scope, &issuer), (before, role), browser.now).await?
            }
        };
        let secret = opened(&mut unit, (&scope, &administrator), &issuer, browser).await?;
        Ok((unit, Ok(secret)))
    };
    match db.write(&scope, enter).await?.value {
        Ok(secret) => Ok(Entered { secret, mark: String::new() }),
        Err(why) => {
            refuse(db, party, &why, browser).await?;
            Err(Refused::Failed(Error::Refused(why)))
        }
    }
}

/// Saves the role that an issuer gives; a session that was opened with another role ends. Answers the administrator with that role.
async fn given(
    unit: &mut WriteUnit,
    (scope, issuer): (&TenantScope, &Issuer),
    (before, role): (Administrator, Role),
    now: DateTime<Utc>,
) -> Result<Administrator, Error> {
    if before.role == role {
        return Ok(before);
    }
    let after = Administrator { role, ..before };
    unit.end_sessions(after.id).await?;
    unit.save_administrator(&after).await?;
    let why = format!("{} gives {} the role {} now.", issuer.name, after.name, role.as_str());
    record(unit, (scope, &after), (EntryKind::AdministratorChanged, why), now).await?;
    Ok(after)
}

/// Notes that somebody was not let in.
///
/// # Errors
/// What the database says.
pub async fn refuse(db: &Database, party: &Party, why: &str, browser: &Browser) -> Result<(), Error> {
    let (scope, issuer) = known(db, party).await?;
    let note = async |mut unit: WriteUnit| -> Attempt<()> {
        let why = format!("A sign-in through {} failed: {why}.", issuer.name);
        record_failure(&mut unit, &scope, why, browser).await?;
        Ok((unit, ()))
    };
    db.write(&scope, note).await.map(drop)
}

/// Opens a session of an administrator whom an issuer lets in.
async fn opened(
    unit: &mut WriteUnit,
    (scope, administrator): (&TenantScope, &Administrator),
    issuer: &Issuer,
    browser: &Browser,
) -> Result<Secret, Error> {
    let through = (Stage::SignedIn, Some(issuer.id));
    let secret = session::begin(unit, administrator.id, through, browser).await?;
    let why = format!("{} signed in through {}.", administrator.name, issuer.name);
    record(unit, (scope, administrator), (EntryKind::SignedIn, why), browser.now).await?;
    Ok(secret)
}

/// Accepts an invitation: the subject is the invited administrator from now on, and a password from before counts no more, but
/// that of the account which breaks the glass.
///
/// # Errors
/// [`Refused::Gone`] if the link counts no more, or a sentence if the subject is another administrator's.
pub async fn join(
    db: &Database,
    (party, link): (&Party, &str),
    claims: &Claims,
    browser: &Browser,
) -> Result<Entered, Refused> {
    let (scope, issuer) = known(db, party).await?;
    let used = hash(link).ok_or(Refused::Gone)?;
    let found = db.store().sign_in_link(&used, browser.now).await?;
    let invited = found.filter(|(of, _, kind, _)| *of == scope && *kind == LinkKind::Join);
    let (_, invited, ..) = invited.ok_or(Refused::Gone)?;
    let join = async |mut unit: WriteUnit| -> Attempt<Option<Secret>> {
        let present = unit.lock_administrator(invited.id).await?;
        let Some(present) = present else { return Ok((unit, None)) };
        if !unit.use_sign_in_link(used).await? {
            return Ok((unit, None));
        }
        taken(&unit, &issuer, claims, present.id).await?;
        let invited_as = Some(present.role);
        let all = unit.administrators().await?;
        let role = kept(&unit, &all, &present, by_claim(&issuer, claims, &present)?).await?;
        let present = given(&mut unit, (&scope, &issuer), (present, role), browser.now).await?;
        unit.end_sessions(present.id).await?;
        if unit.break_glass().await? != Some(present.id) {
            unit.save_credential(present.id, &Credential::default()).await?;
            unit.set_recovery_codes(present.id, &[]).await?;
        }
        unit.insert_issuer_subject(&subject(&issuer, claims, present.id, invited_as, browser.now)).await?;
        let why = format!("{} accepted the invitation through {}.", present.name, issuer.name);
        let what = (EntryKind::CredentialChanged, why);
        record(&mut unit, (&scope, &present), what, browser.now).await?;
        let secret = opened(&mut unit, (&scope, &present), &issuer, browser).await?;
        Ok((unit, Some(secret)))
    };
    match db.write(&scope, join).await {
        Err(Error::Refused(why)) => {
            refuse(db, party, &why, browser).await?;
            Err(Refused::Failed(Error::Refused(why)))
        }
        joined => {
            let secret = joined?.value.ok_or(Refused::Gone)?;
            Ok(Entered { secret, mark: String::new() })
        }
    }
}

/// The role of somebody who is invited: what the claim gives, else the one of the invitation, where that is enough.
fn by_claim(issuer: &Issuer, claims: &Claims, invited: &Administrator) -> Result<Role, Error> {
    let given = role_of(&issuer.claim, &issuer.roles, &claims.all).map_err(Error::Refused)?;
    match given {
        None if issuer.only_matching => Err(Error::Refused(format!(
            "none of the values of the claim “{}” gives this account a role",
            issuer.claim
        ))),
        given => Ok(given.unwrap_or(invited.role)),
    }
}

/// What a sign-in of a subject would come to; nothing is changed.
///
/// # Errors
/// What the database says.
pub async fn tried(
    db: &Database,
    party: &Party,
    claims: &Claims,
    now: DateTime<Utc>,
) -> Result<Tried, Error> {
    let (scope, issuer) = known(db, party).await?;
    let unit = db.read(&scope).await?;
    let (administrator, is_new) = match decided(&unit, &issuer, claims, now).await? {
        Decided::Known(found, role) => (Administrator { role, ..found }, false),
        Decided::New(administrator, _) => (administrator, true),
        Decided::Refused(why, _) => {
            return Ok(Tried { name: None, role: None, is_new: false, refused: Some(why) });
        }
    };
    let role = Some(administrator.role.as_str());
    Ok(Tried { name: Some(administrator.name), role, is_new, refused: None })
}
