//! What follows from an ID token: a session, an accepted invitation, an account that is connected, or a look at what would be.

use chrono::{DateTime, Utc};
use provisioning::EntryKind;
use serde_json::{Map, Value};
use store::{
    Administrator, Issuer, IssuerSubject, LinkKind, ReadUnit, Role, Stage, TenantScope, WriteUnit, new_id,
};
use uuid::Uuid;

use super::role::role_of;
use super::{Claims, Party};
use crate::administrators::leaves_an_owner;
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::{checked_address, checked_name};
use crate::secret::hash;
use crate::sign_in::{Browser, Entered, Refused, Secret, SignedIn, record, record_failure, session};

/// What a test of an issuer comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The subject, shortened.
    pub subject: String,
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
async fn known(db: &Database, party: &Party) -> Result<(TenantScope, Issuer), Error> {
    let gone = || Error::Refused("the issuer has been removed".to_owned());
    db.store().issuer(party.id).await?.ok_or_else(gone)
}

/// Signs in as the administrator of the subject. One whom a claim gives a role is made an administrator.
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
        let (administrator, subject) = match decided(&unit, &issuer, claims, browser.now).await? {
            Ok(decided) => decided,
            Err(why) => return Ok((unit, Err(why))),
        };
        let before = unit.lock_administrator(administrator.id).await?;
        match &before {
            Some(before) if before.role != administrator.role => {
                // A session that was opened with more rights ends with them.
                unit.end_sessions(administrator.id).await?;
                unit.save_administrator(&administrator).await?;
                let (name, role) = (&administrator.name, administrator.role.as_str());
                let why = format!("{} gives {name} the role {role} now.", issuer.name);
                let what = (EntryKind::AdministratorChanged, why);
                record(&mut unit, (&scope, &administrator), what, browser.now).await?;
            }
            Some(_) => {}
            None if subject.is_some() => {
                unit.save_administrator(&administrator).await?;
                let (name, role) = (&administrator.name, administrator.role.as_str());
                let why = format!("{} made {name} an administrator, with the role {role}.", issuer.name);
                let what = (EntryKind::AdministratorAdded, why);
                record(&mut unit, (&scope, &administrator), what, browser.now).await?;
            }
            None => return Ok((unit, Err("the administrator has been removed just now".to_owned()))),
        }
        if let Some(subject) = &subject {
            unit.insert_issuer_subject(subject).await?;
        }
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

/// The administrator of a subject as the role is to be, with the subject where it is new; or why there is none.
async fn decided(
    unit: &ReadUnit,
    issuer: &Issuer,
    claims: &Claims,
    now: DateTime<Utc>,
) -> Result<Result<(Administrator, Option<IssuerSubject>), String>, Error> {
    let role = match role_of(&issuer.claim, &issuer.roles, &claims.all) {
        Ok(role) => role,
        Err(why) => return Ok(Err(why)),
    };
    let (all, subjects) = (unit.administrators().await?, unit.issuer_subjects().await?);
    let known = subjects.iter().find(|known| known.issuer == issuer.id && known.subject == claims.subject);
    let Some(subject) = known else { return Ok(newcomer(&all, issuer, claims, role, now)) };
    let Some(found) = all.iter().find(|found| found.id == subject.administrator) else {
        return Ok(Err("the administrator has been removed".to_owned()));
    };
    let Some(role) = role else {
        let needs = subject.by_claim || issuer.only_matching;
        let why = || {
            format!("none of the values of the claim “{}” gives {} a role any more", issuer.claim, found.name)
        };
        return Ok(if needs { Err(why()) } else { Ok((found.clone(), None)) });
    };
    // No claim weakens the account that is left when the identity provider fails.
    if unit.break_glass().await? == Some(found.id) {
        return Ok(Ok((found.clone(), None)));
    }
    if found.role == Role::Owner
        && role != Role::Owner
        && let Err(error) = leaves_an_owner(&all, found)
    {
        return Ok(Err(error.to_string()));
    }
    Ok(Ok((Administrator { role, ..found.clone() }, None)))
}

/// The administrator that a claim makes of a subject that nobody knows.
fn newcomer(
    all: &[Administrator],
    issuer: &Issuer,
    claims: &Claims,
    role: Option<Role>,
    now: DateTime<Utc>,
) -> Result<(Administrator, Option<IssuerSubject>), String> {
    let Some(role) = role else {
        return Err("this account is no administrator here: an owner invites it, or gives its group a role"
            .to_owned());
    };
    let email =
        text(&claims.all, "email").ok_or("the ID token names no e-mail address, where alerts could go")?;
    let email = checked_address(email).map_err(|error| error.to_string())?;
    if all.iter().any(|known| crate::address::folded(&known.email) == crate::address::folded(email)) {
        return Err("an administrator with this e-mail address is here already, and an address proves nothing: sign in as that \
                    one and connect the account under Preferences"
            .to_owned());
    }
    let name = ["name", "preferred_username", "email"].into_iter().find_map(|name| text(&claims.all, name));
    let name = checked_name(name.unwrap_or(email)).unwrap_or(email);
    let administrator = Administrator {
        id: new_id(now),
        name: name.to_owned(),
        email: email.to_owned(),
        role,
        user: None,
        alerts: false,
        created_at: now,
    };
    let subject = subject(issuer, claims, administrator.id, true, now);
    Ok((administrator, Some(subject)))
}

fn text<'c>(all: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    all.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

fn subject(
    issuer: &Issuer,
    claims: &Claims,
    administrator: Uuid,
    by_claim: bool,
    now: DateTime<Utc>,
) -> IssuerSubject {
    let (issuer, subject) = (issuer.id, claims.subject.clone());
    IssuerSubject { issuer, subject, administrator, by_claim, created_at: now }
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

/// Accepts an invitation: the subject is the invited administrator from now on, who needs no password.
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
        let Some(mut present) = present else { return Ok((unit, None)) };
        if !unit.use_sign_in_link(used).await? {
            return Ok((unit, None));
        }
        taken(&unit, &issuer, claims, present.id).await?;
        unit.end_sessions(present.id).await?;
        present.role = by_claim(&issuer, claims, &present)?;
        unit.save_administrator(&present).await?;
        unit.insert_issuer_subject(&subject(&issuer, claims, present.id, false, browser.now)).await?;
        let secret = opened(&mut unit, (&scope, &present), &issuer, browser).await?;
        Ok((unit, Some(secret)))
    };
    let secret = db.write(&scope, join).await?.value.ok_or(Refused::Gone)?;
    Ok(Entered { secret, mark: String::new() })
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

/// Refuses a subject that is another administrator's.
async fn taken(unit: &ReadUnit, issuer: &Issuer, claims: &Claims, administrator: Uuid) -> Result<(), Error> {
    let subjects = unit.issuer_subjects().await?;
    let other = subjects.iter().any(|known| {
        known.issuer == issuer.id && known.subject == claims.subject && known.administrator != administrator
    });
    let said = "this account is connected to another administrator";
    if other { Err(Error::Refused(said.to_owned())) } else { Ok(()) }
}

/// Connects the account of an administrator who has signed in.
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
        taken(&unit, &issuer, claims, me.id()).await?;
        unit.insert_issuer_subject(&subject(&issuer, claims, me.id(), false, browser.now)).await?;
        let why = format!("{} connected the account with {}.", me.name(), issuer.name);
        let what = (EntryKind::CredentialChanged, why);
        record(&mut unit, (&scope, &me.administrator), what, browser.now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, connect).await.map(drop)
}

/// Takes the connection of one's own account to an issuer away; sessions that it opened end.
///
/// # Errors
/// [`Error`] if there is no such connection, or single sign-on is enforced.
pub async fn disconnect(db: &Database, me: &SignedIn, issuer: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    let disconnect = async |mut unit: WriteUnit| -> Attempt<()> {
        if unit.break_glass().await?.is_some_and(|known| known != me.id()) {
            let said = "single sign-on is enforced: without this account you could not sign in any more";
            return Err(Error::Refused(said.to_owned()));
        }
        if !unit.forget_subject(issuer, me.id()).await? {
            return Err(Error::Refused("the account is not connected".to_owned()));
        }
        let why = format!("{} disconnected the account from an issuer.", me.name());
        let what = (EntryKind::CredentialChanged, why);
        record(&mut unit, (&me.scope, &me.administrator), what, now).await?;
        Ok((unit, ()))
    };
    db.write(&me.scope, disconnect).await.map(drop)
}

/// The issuers to which an administrator's account is connected, and since when.
///
/// # Errors
/// What the database says.
pub async fn connected(db: &Database, me: &SignedIn) -> Result<Vec<(Uuid, DateTime<Utc>)>, Error> {
    let subjects = db.read(&me.scope).await?.issuer_subjects().await?;
    let own = subjects.into_iter().filter(|known| known.administrator == me.id());
    Ok(own.map(|known| (known.issuer, known.created_at)).collect())
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
    let subject: String = claims.subject.chars().take(8).collect();
    Ok(match decided(&unit, &issuer, claims, now).await? {
        Ok((administrator, new)) => Tried {
            subject,
            name: Some(administrator.name),
            role: Some(administrator.role.as_str()),
            is_new: new.is_some(),
            refused: None,
        },
        Err(why) => Tried { subject, name: None, role: None, is_new: false, refused: Some(why) },
    })
}
