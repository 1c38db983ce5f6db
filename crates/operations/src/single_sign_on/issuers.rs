//! The issuers of a tenant, for its owners.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Subject};
use serde_json::json;
use store::{ReadUnit, Role, TenantScope, WriteUnit};
use uuid::Uuid;

use super::connect::gets_in_without;
use super::{about, redirect};
use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::checked_name;
use crate::keys::Purpose;
use crate::outside;
use crate::requester::{By, Operator};
use crate::rights::Right;
use crate::sign_in::SignedIn;

/// The most issuers of a tenant.
const MOST: usize = 10;
/// The most values of a claim that give a role.
const ROLES: usize = 50;
/// The most letters of a text.
const LONGEST: usize = 500;

/// An issuer as owners see it; never its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The issuer, as its tokens say it.
    pub issuer: String,
    /// What it calls this application.
    pub client_id: String,
    /// What is asked for beside `openid`, `profile` and `email`.
    pub scopes: String,
    /// The claim that says what an administrator may do; empty without one.
    pub claim: String,
    /// The values of that claim with the roles that they give.
    pub roles: Vec<(String, &'static str)>,
    /// Whether also those who were invited need a value that matches.
    pub only_matching: bool,
    /// Where a browser comes back to, as the identity provider has to know it.
    pub redirect: String,
    /// How many administrators it knows.
    pub administrators: usize,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// An issuer as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// What people call it.
    pub name: String,
    /// The issuer, as its tokens say it.
    pub issuer: String,
    /// What it calls this application.
    pub client_id: String,
    /// The secret; empty for the one that is known.
    pub secret: String,
    /// What is asked for beside `openid`, `profile` and `email`.
    pub scopes: String,
    /// The claim that says what an administrator may do; empty without one.
    pub claim: String,
    /// The values of that claim with the words of the roles that they give.
    pub roles: Vec<(String, String)>,
    /// Whether also those who were invited need a value that matches.
    pub only_matching: bool,
}

/// The issuers of a tenant, oldest first.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str) -> Result<Vec<Issuer>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let subjects = unit.issuer_subjects().await?;
    let listed = |known: store::Issuer| Issuer {
        administrators: subjects.iter().filter(|subject| subject.issuer == known.id).count(),
        redirect: redirect(db, known.id),
        id: known.id,
        name: known.name,
        issuer: known.issuer,
        client_id: known.client_id,
        scopes: known.scopes,
        claim: known.claim,
        roles: known.roles.into_iter().map(|(value, role)| (value, role.as_str())).collect(),
        only_matching: known.only_matching,
        created_at: known.created_at,
    };
    Ok(unit.issuers().await?.into_iter().map(listed).collect())
}

/// What the sign-in page of a tenant shows: its name, the names of its issuers by id, and whether passwords are off. None for a
/// tenant without issuers, and for an id that is none: whether a tenant exists is told to nobody.
///
/// # Errors
/// What the database says.
pub async fn doors(
    db: &Database,
    tenant: &str,
) -> Result<Option<(String, Vec<(Uuid, String)>, bool)>, Error> {
    if tenant.parse::<Uuid>().is_err() {
        return Ok(None);
    }
    let Some((scope, known)) = db.store().tenant(tenant).await? else { return Ok(None) };
    let unit = db.read(&scope).await?;
    let issuers: Vec<_> = unit.issuers().await?.into_iter().map(|known| (known.id, known.name)).collect();
    let enforced = unit.break_glass().await?.is_some();
    Ok((!issuers.is_empty()).then_some((known.name, issuers, enforced)))
}

/// Saves an issuer, a new one under an id that was prepared. The present one of another address forgets its subjects, because there the same words may
/// mean other people. Where other people would be let in, the sessions end that it opened for others than the operator.
///
/// # Errors
/// [`Error`] if there is no such issuer or tenant, or for values that cannot be used.
pub async fn save(
    db: &Database,
    operator: &Operator,
    (tenant, id, is_new): (&str, Uuid, bool),
    typed: &Typed,
    allow_private: bool,
) -> Result<(), Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let checked = checked(typed, allow_private)?;
    let (now, keys) = (operator.now, db.keys(operator.now).await?);
    let save = async |mut unit: WriteUnit| -> Attempt<()> {
        let all = unit.issuers().await?;
        let before = all.iter().find(|known| known.id == id);
        if is_new && before.is_some() {
            return Err(Error::Refused("this issuer was added just now".to_owned()));
        }
        if !is_new && before.is_none() {
            return Err(Error::Refused("there is no such issuer: it has been removed".to_owned()));
        }
        if before.is_none() && all.len() >= MOST {
            return Err(Error::Refused(format!("a tenant has at most {MOST} issuers: remove one first")));
        }
        let client_secret = match (typed.secret.is_empty(), before) {
            (false, _) => keys.seal(Purpose::Issuer, &about(&scope, id), typed.secret.as_bytes()),
            // A secret is sent to nobody but the issuer for which it was typed.
            (true, Some(known)) if known.issuer == checked.issuer => known.client_secret.clone(),
            (true, Some(_)) => {
                return Err(Error::Refused(
                    "the issuer is another one: type its client secret, too".to_owned(),
                ));
            }
            (true, None) => return Err(Error::Refused("the client secret is missing".to_owned())),
        };
        let created_at = before.map_or(now, |known| known.created_at);
        let after = store::Issuer { id, client_secret, created_at, ..checked.clone() };
        if before.is_some_and(|known| known.issuer != after.issuer) {
            if unit.break_glass().await?.is_some() && all.len() == 1 {
                let said = "single sign-on is enforced, and this is the only issuer: add the other one first";
                return Err(Error::Refused(said.to_owned()));
            }
            unit.forget_subjects(id).await?;
        }
        let lets_in = |known: &store::Issuer| {
            (
                known.issuer.clone(),
                known.client_id.clone(),
                known.claim.clone(),
                known.roles.clone(),
                known.only_matching,
            )
        };
        if before.is_some_and(|known| lets_in(known) != lets_in(&after)) {
            let me = match operator.by {
                By::Console(me, _) => Some(me),
                By::Terminal => None,
            };
            unit.end_sessions_of_issuer(id, me).await?;
        }
        unit.save_issuer(&after).await?;
        let (kind, word) = match before {
            Some(_) => (EntryKind::IssuerChanged, "changed"),
            None => (EntryKind::IssuerAdded, "added"),
        };
        let why = format!("The issuer “{}” for single sign-on was {word}.", after.name);
        let states = (before.map(seen), seen(&after));
        record(&mut unit, operator, (kind, why), Some(states)).await?;
        Ok((unit, ()))
    };
    db.write(&scope, save).await.map(drop)
}

/// Removes an issuer, and ends the sessions that it opened.
///
/// # Errors
/// [`Error`] if there is none of this id, or nobody could sign in without it.
pub async fn remove(
    db: &Database,
    operator: &Operator,
    (tenant, me): (&str, &SignedIn),
    id: Uuid,
) -> Result<(), Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let remove = async |mut unit: WriteUnit| -> Attempt<()> {
        let all = unit.issuers().await?;
        let unknown = || Error::Refused("there is no such issuer: it has been removed".to_owned());
        let found = all.iter().find(|known| known.id == id).ok_or_else(unknown)?;
        if all.len() == 1 && unit.break_glass().await?.is_some() {
            let said = "single sign-on is enforced, and this is the only issuer: allow passwords first";
            return Err(Error::Refused(said.to_owned()));
        }
        // An administrator of the installation has another way in.
        if me.tenant().is_some() {
            stays_reachable(&unit, id).await?;
        }
        unit.delete_issuer(id).await?;
        let why = format!("The issuer “{}” for single sign-on was removed.", found.name);
        record(&mut unit, operator, (EntryKind::IssuerRemoved, why), None).await?;
        Ok((unit, ()))
    };
    db.write(&scope, remove).await.map(drop)
}

/// Refuses what leaves no owner who can sign in.
async fn stays_reachable(unit: &ReadUnit, issuer: Uuid) -> Result<(), Error> {
    for owner in unit.administrators().await?.iter().filter(|known| known.role == Role::Owner) {
        if gets_in_without(unit, owner.id, issuer).await? {
            return Ok(());
        }
    }
    let said = "no owner could sign in without it: let an owner set a password by an invitation first";
    Err(Error::Refused(said.to_owned()))
}

/// The values of an issuer that can be used, without its secret.
fn checked(typed: &Typed, allow_private: bool) -> Result<store::Issuer, Error> {
    let text = |what: &str, text: &str, most: usize| {
        let text = text.trim();
        if text.chars().count() > most || text.chars().any(char::is_control) {
            return Err(Error::Refused(format!(
                "{what} has at most {most} letters, without control characters"
            )));
        }
        Ok(text.to_owned())
    };
    let issuer = text("the issuer", &typed.issuer, LONGEST)?;
    outside::checked(outside::Purpose::Issuer, &issuer, allow_private)?;
    if issuer.contains('?') {
        return Err(Error::Refused("an issuer has no query (?…)".to_owned()));
    }
    let client_id = text("a client ID", &typed.client_id, LONGEST)?;
    if client_id.is_empty() {
        return Err(Error::Refused("the client ID is missing".to_owned()));
    }
    text("a client secret", &typed.secret, LONGEST)?;
    if typed.roles.len() > ROLES {
        return Err(Error::Refused(format!("at most {ROLES} values give a role")));
    }
    let mut roles = Vec::new();
    for (value, word) in &typed.roles {
        let value = text("a value of the claim", value, LONGEST)?;
        if value.is_empty() {
            continue;
        }
        let role = Role::ALL.into_iter().find(|role| role.as_str() == word);
        roles.push((value, role.ok_or_else(|| Error::Refused(format!("“{word}” is no role")))?));
    }
    let claim = text("the claim", &typed.claim, LONGEST)?;
    if claim.is_empty() && (typed.only_matching || !roles.is_empty()) {
        return Err(Error::Refused("name the claim whose values give the roles".to_owned()));
    }
    Ok(store::Issuer {
        id: Uuid::nil(),
        name: checked_name(&typed.name)?.to_owned(),
        issuer,
        client_id,
        client_secret: Vec::new(),
        scopes: text("the scopes", &typed.scopes, LONGEST)?,
        claim,
        roles,
        only_matching: typed.only_matching,
        created_at: DateTime::UNIX_EPOCH,
    })
}

/// What the journal keeps of an issuer.
fn seen(known: &store::Issuer) -> serde_json::Value {
    let roles: Vec<_> = known.roles.iter().map(|(value, role)| json!([value, role.as_str()])).collect();
    json!({
        "name": known.name, "issuer": known.issuer, "clientId": known.client_id, "scopes": known.scopes,
        "claim": known.claim, "roles": roles, "onlyMatching": known.only_matching,
    })
}

async fn record(
    unit: &mut WriteUnit,
    operator: &Operator,
    (kind, why): (EntryKind, String),
    states: Option<(Option<serde_json::Value>, serde_json::Value)>,
) -> Result<(), Error> {
    let scope: &TenantScope = unit.scope();
    let mut entry = Entry::new(Subject::Tenant(scope.tenant_id()), kind, why);
    if let Some((before, after)) = states {
        (entry.before, entry.after) = (before, Some(after));
    }
    Ok(unit.record([(&entry, &operator.actor(Right::Administer)?)], operator.now).await?)
}
