//! Whom an ID token stands for, and with which role: as the subject, the claim and the invitation say.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use store::{Administrator, Issuer, IssuerSubject, ReadUnit, Role, WriteUnit, new_id};
use uuid::Uuid;

use super::Claims;
use super::role::role_of;
use crate::address::{folded, is_address};
use crate::administrators::leaves_an_owner;
use crate::error::Error;
use crate::find::{checked_address, checked_name};

/// What a token comes to.
pub(super) enum Decided {
    /// It is this administrator, as the role is to be.
    Known(Administrator),
    /// A claim makes this administrator of a subject that nobody knew.
    New(Administrator, IssuerSubject),
    /// It is nobody who is let in: why, and the administrator whom it was until now.
    Refused(String, Option<Uuid>),
}

/// What a token comes to. A unit that writes has the administrator of the subject locked.
pub(super) async fn decided(
    unit: &ReadUnit,
    issuer: &Issuer,
    claims: &Claims,
    now: DateTime<Utc>,
) -> Result<Decided, Error> {
    let (all, subjects) = (unit.administrators().await?, unit.issuer_subjects().await?);
    let known = subjects.iter().find(|known| known.issuer == issuer.id && known.subject == claims.subject);
    let role = match role_of(&issuer.claim, &issuer.roles, &claims.all) {
        Ok(role) => role,
        Err(why) => return Ok(Decided::Refused(why, known.map(|known| known.administrator))),
    };
    let Some(subject) = known else { return Ok(newcomer(&all, issuer, claims, role, now)) };
    let Some(found) = all.iter().find(|found| found.id == subject.administrator) else {
        return Ok(Decided::Refused("the administrator has been removed".to_owned(), None));
    };
    let invited = subject.invited_as.filter(|_| !issuer.only_matching);
    let Some(role) = role.or(invited) else {
        let why = format!(
            "none of the values of the claim “{}” gives {} a role any more",
            issuer.claim, found.name
        );
        return Ok(Decided::Refused(why, Some(found.id)));
    };
    let role = kept(unit, &all, found, role).await?;
    Ok(Decided::Known(Administrator { role, ..found.clone() }))
}

/// The role that an administrator has after a claim has given one: none weakens the account that is left when the identity
/// provider fails, and none takes the last owner away.
pub(super) async fn kept(
    unit: &ReadUnit,
    all: &[Administrator],
    found: &Administrator,
    role: Role,
) -> Result<Role, Error> {
    let glass = unit.break_glass().await? == Some(found.id);
    let last = found.role == Role::Owner && role != Role::Owner && leaves_an_owner(all, found).is_err();
    Ok(if glass || last { found.role } else { role })
}

/// The administrator that a claim makes of a subject that nobody knows.
fn newcomer(
    all: &[Administrator],
    issuer: &Issuer,
    claims: &Claims,
    role: Option<Role>,
    now: DateTime<Utc>,
) -> Decided {
    let refused = |why: &str| Decided::Refused(why.to_owned(), None);
    let Some(role) = role else {
        return refused(
            "this account is no administrator here: an owner invites it, or gives its group a role",
        );
    };
    let named = |name: &&str| text(&claims.all, name).is_some_and(is_address);
    let email = ["email", "preferred_username"].iter().find(|name| named(name));
    let email = email.and_then(|name| text(&claims.all, name)).map(checked_address);
    let Some(Ok(email)) = email else {
        return refused("the ID token names no e-mail address, where alerts could go");
    };
    if all.iter().any(|known| folded(&known.email) == folded(email)) {
        return refused(
            "an administrator with this e-mail address is here already, and an address proves nothing: sign in as that one and \
             connect the account under Preferences",
        );
    }
    let name = ["name", "preferred_username"].into_iter().find_map(|name| text(&claims.all, name));
    let administrator = Administrator {
        id: new_id(now),
        name: checked_name(name.unwrap_or(email)).unwrap_or(email).to_owned(),
        email: email.to_owned(),
        role,
        user: None,
        alerts: false,
        created_at: now,
    };
    let subject = subject(issuer, claims, administrator.id, None, now);
    Decided::New(administrator, subject)
}

fn text<'c>(all: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    all.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The subject of a token as it is kept.
pub(super) fn subject(
    issuer: &Issuer,
    claims: &Claims,
    administrator: Uuid,
    invited_as: Option<Role>,
    now: DateTime<Utc>,
) -> IssuerSubject {
    let (issuer, subject) = (issuer.id, claims.subject.clone());
    IssuerSubject { issuer, subject, administrator, invited_as, created_at: now }
}

/// Refuses a subject that is another administrator's.
pub(super) async fn taken(
    unit: &ReadUnit,
    issuer: &Issuer,
    claims: &Claims,
    administrator: Uuid,
) -> Result<(), Error> {
    let subjects = unit.issuer_subjects().await?;
    let other = subjects.iter().any(|known| {
        known.issuer == issuer.id && known.subject == claims.subject && known.administrator != administrator
    });
    let said = "this account is connected to another administrator";
    if other { Err(Error::Refused(said.to_owned())) } else { Ok(()) }
}

/// Gives an administrator who signs in past every issuer the role of the invitation back, where a claim had given another one.
/// Answers the administrator as the role is.
///
/// # Errors
/// What the database says.
pub(crate) async fn as_invited(
    unit: &mut WriteUnit,
    administrator: &Administrator,
) -> Result<Administrator, Error> {
    let subjects = unit.issuer_subjects().await?;
    let own = subjects.iter().find(|known| known.administrator == administrator.id);
    let Some(role) = own.and_then(|own| own.invited_as) else { return Ok(administrator.clone()) };
    let role = kept(unit, &unit.administrators().await?, administrator, role).await?;
    let after = Administrator { role, ..administrator.clone() };
    if after != *administrator {
        unit.save_administrator(&after).await?;
    }
    Ok(after)
}
