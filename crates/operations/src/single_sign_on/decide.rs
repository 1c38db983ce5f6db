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
    /// The subject is this administrator, who is to have this role.
    Known(Administrator, Role),
    /// A claim makes this administrator of a subject that nobody knew.
    New(Administrator, IssuerSubject),
    /// The subject is not let in: why, and the administrator that the subject was until now.
    Refused(String, Option<Uuid>),
}

/// What a token comes to. A unit that writes has the administrator of the subject locked.
pub(super) async fn decided(
    unit: &ReadUnit,
    issuer: &Issuer,
    claims: &Claims,
    now: DateTime<Utc>,
) -> Result<Decided, Error> {
    let all = unit.administrators().await?;
    let known = unit.issuer_subject(issuer.id, &claims.subject).await?;
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
    Ok(Decided::Known(found.clone(), role))
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
    let known = unit.issuer_subject(issuer.id, &claims.subject).await?;
    let other = known.is_some_and(|known| known.administrator != administrator);
    let said = "this account is connected to another administrator";
    if other { Err(Error::Refused(said.to_owned())) } else { Ok(()) }
}

/// Gives an administrator who signs in past every issuer the role of the invitation back, where a claim had given another one.
///
/// # Errors
/// What the database says.
pub(crate) async fn as_invited(unit: &mut WriteUnit, administrator: &Administrator) -> Result<(), Error> {
    let own = unit.subjects_of(administrator.id).await?;
    let Some(role) = own.first().and_then(|own| own.invited_as) else { return Ok(()) };
    let role = kept(unit, &unit.administrators().await?, administrator, role).await?;
    if role != administrator.role {
        unit.save_administrator(&Administrator { role, ..administrator.clone() }).await?;
    }
    Ok(())
}
