//! The administrators of a tenant, and the people whom no push may deactivate.

use chrono::{DateTime, Utc};
use provisioning::{Entry, EntryKind, Subject, TenantId, UserId};
use serde::Serialize;
use serde_json::json;
use store::{Role, TenantScope, WriteUnit, new_id};
use uuid::Uuid;

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::find::{checked_address, checked_name};
use crate::requester::{By, Operator};
use crate::rights::Right;

/// An administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Administrator {
    /// The id.
    pub id: Uuid,
    /// What people call the administrator.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// `owner`, `administrator`, `help-desk` or `auditor`.
    pub role: &'static str,
    /// The person whom the administrator is, where that is known.
    pub user: Option<UserId>,
    /// Whether alerts are mailed to the administrator.
    pub alerts: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// An administrator to add.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct New {
    /// What people call the administrator.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The role.
    pub role: String,
    /// The person whom the administrator is, by id or `userName`: never by an equal e-mail address.
    pub user: Option<String>,
    /// Whether alerts are mailed to the administrator.
    pub alerts: bool,
}

/// What of an administrator is to be another; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What people call the administrator.
    pub name: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// The person whom the administrator is; an empty text is none.
    pub user: Option<String>,
    /// Whether alerts are mailed to the administrator.
    pub alerts: Option<bool>,
}

impl From<store::Administrator> for Administrator {
    fn from(known: store::Administrator) -> Self {
        Self {
            id: known.id,
            name: known.name,
            email: known.email,
            role: known.role.as_str(),
            user: known.user,
            alerts: known.alerts,
            created_at: known.created_at,
        }
    }
}

/// The words for roles.
#[must_use]
pub fn roles() -> [&'static str; 4] {
    Role::ALL.map(Role::as_str)
}

fn role(word: &str) -> Result<Role, Error> {
    let known = Role::ALL.into_iter().find(|role| role.as_str() == word);
    known.ok_or_else(|| Error::Refused(format!("\"{word}\" is no role: use one of {}", roles().join(", "))))
}

/// Adds an administrator of a tenant, or of the installation.
///
/// # Errors
/// [`Error`] for values that cannot be used, or an e-mail address that another administrator has.
pub async fn add(
    db: &Database,
    operator: &Operator,
    tenant: Option<&str>,
    new: &New,
) -> Result<Administrator, Error> {
    let scope = db.scope_of(tenant).await?;
    let (name, email) = (checked_name(&new.name)?, checked_address(&new.email)?);
    let role = role(&new.role)?;
    let user = linked(db, operator, &scope, new.user.as_deref()).await?;
    let now = operator.now;
    let administrator = store::Administrator {
        id: new_id(now),
        name: name.to_owned(),
        email: email.to_owned(),
        role,
        user,
        alerts: new.alerts,
        created_at: now,
    };
    let add = async |mut unit: WriteUnit| -> Attempt<()> {
        unit.save_administrator(&administrator).await?;
        let why = format!("{name} became an administrator, with the role {}.", role.as_str());
        record(&mut unit, operator, scope.tenant_id(), EntryKind::AdministratorAdded, why, None).await?;
        Ok((unit, ()))
    };
    db.write(&scope, add).await?;
    Ok(administrator.into())
}

/// The administrators of a tenant, or of the installation, oldest first.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: Option<&str>) -> Result<Vec<Administrator>, Error> {
    let scope = db.scope_of(tenant).await?;
    Ok(db.read(&scope).await?.administrators().await?.into_iter().map(Administrator::from).collect())
}

/// Changes an administrator, who is named by id or e-mail address.
///
/// # Errors
/// [`Error`] if there is none of this name, for values that cannot be used, and if no owner would be left.
pub async fn update(
    db: &Database,
    operator: &Operator,
    tenant: Option<&str>,
    (administrator, change): (&str, &Change),
) -> Result<Administrator, Error> {
    let scope = db.scope_of(tenant).await?;
    let name = change.name.as_deref().map(checked_name).transpose()?;
    let role = change.role.as_deref().map(role).transpose()?;
    let user = match change.user.as_deref() {
        Some(user) => Some(linked(db, operator, &scope, Some(user)).await?),
        None => None,
    };
    let update = async |mut unit: WriteUnit| -> Attempt<store::Administrator> {
        let all = unit.administrators().await?;
        let before = find(&all, administrator)?;
        let mut after = before.clone();
        after.name = name.map_or(after.name, str::to_owned);
        after.role = role.unwrap_or(after.role);
        after.user = user.unwrap_or(after.user);
        after.alerts = change.alerts.unwrap_or(after.alerts);
        if after == *before {
            return Err(Error::already(&before.name, "is like that already"));
        }
        if before.role == Role::Owner && after.role != Role::Owner {
            leaves_an_owner(&all, before)?;
        }
        let weaker = after.role != Role::Owner || after.user.is_some();
        if weaker && unit.break_glass().await? == Some(after.id) {
            let said = format!(
                "{} is the break-glass account: it stays an owner that is linked to no person",
                after.name
            );
            return Err(Error::Refused(said));
        }
        unit.save_administrator(&after).await?;
        if before.role != after.role {
            unit.set_invited_as(after.id, after.role).await?;
        }
        let seen = |known: &store::Administrator| json!({ "name": known.name, "role": known.role.as_str(), "user": known.user, "alerts": known.alerts });
        let why = format!("The administrator {} was changed.", after.name);
        let states = Some((seen(before), seen(&after)));
        record(&mut unit, operator, scope.tenant_id(), EntryKind::AdministratorChanged, why, states).await?;
        Ok((unit, after))
    };
    Ok(db.write(&scope, update).await?.value.into())
}

/// Removes an administrator, who is named by id or e-mail address.
///
/// # Errors
/// [`Error`] if there is none of this name, if no owner would be left, and in the console for oneself.
pub async fn remove(
    db: &Database,
    operator: &Operator,
    tenant: Option<&str>,
    administrator: &str,
) -> Result<Administrator, Error> {
    let scope = db.scope_of(tenant).await?;
    let remove = async |mut unit: WriteUnit| -> Attempt<store::Administrator> {
        let all = unit.administrators().await?;
        let found = find(&all, administrator)?.clone();
        if matches!(operator.by, By::Console(id, _) if id == found.id) {
            let said = "you cannot remove yourself: another owner can, or an operator at the terminal";
            return Err(Error::Refused(said.to_owned()));
        }
        if unit.break_glass().await? == Some(found.id) {
            let said = format!("{} is the break-glass account: allow passwords again first", found.name);
            return Err(Error::Refused(said));
        }
        if found.role == Role::Owner && all.len() > 1 {
            leaves_an_owner(&all, &found)?;
        }
        unit.delete_administrator(found.id).await?;
        let why = format!("{} is no administrator any more.", found.name);
        record(&mut unit, operator, scope.tenant_id(), EntryKind::AdministratorRemoved, why, None).await?;
        Ok((unit, found))
    };
    Ok(db.write(&scope, remove).await?.value.into())
}

/// Protects a person against every push, or no more.
///
/// # Errors
/// [`Error`] if there is no such person, or that changes nothing.
pub async fn protect(
    db: &Database,
    operator: &Operator,
    user: &str,
    protected: bool,
) -> Result<UserId, Error> {
    let (scope, user) = db.user(operator, user).await?;
    let protect = async |mut unit: WriteUnit| -> Attempt<()> {
        if !unit.protect(user.id, protected, operator.now).await? {
            let words = if protected { "is protected already" } else { "was not protected" };
            return Err(Error::already(user.user_name(), words));
        }
        let words =
            if protected { "No push takes access from this person any more." } else { "Pushes count again." };
        let entry = Entry::new(Subject::User(user.id), EntryKind::ProtectionChanged, words.to_owned());
        unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, protect).await?;
    Ok(user.id)
}

pub(crate) fn find<'a>(
    all: &'a [store::Administrator],
    name: &str,
) -> Result<&'a store::Administrator, Error> {
    let is = |known: &&store::Administrator| {
        known.id.to_string() == name || known.email.eq_ignore_ascii_case(name)
    };
    let advice = "name one by e-mail address or id, `rollcall administrator list --tenant TENANT` shows all";
    all.iter().find(is).ok_or_else(|| Error::unknown("administrator", name, advice))
}

/// Refuses a change after which no owner would be left.
pub(crate) fn leaves_an_owner(all: &[store::Administrator], but: &store::Administrator) -> Result<(), Error> {
    if all.iter().any(|known| known.id != but.id && known.role == Role::Owner) {
        return Ok(());
    }
    let said = format!("{} is the last owner: make another administrator an owner first", but.name);
    Err(Error::Refused(said))
}

/// The person whom an administrator is; none for an empty text.
async fn linked(
    db: &Database,
    operator: &Operator,
    scope: &TenantScope,
    user: Option<&str>,
) -> Result<Option<UserId>, Error> {
    match user.filter(|user| !user.is_empty()) {
        Some(_) if *scope == TenantScope::installation() => {
            Err(Error::Refused("an administrator of the installation is no person of a tenant".to_owned()))
        }
        Some(user) => {
            let within = operator.clone().within(Some(scope.tenant_id().to_string()));
            Ok(Some(db.user(&within, user).await?.1.id))
        }
        None => Ok(None),
    }
}

async fn record(
    unit: &mut WriteUnit,
    operator: &Operator,
    tenant: TenantId,
    kind: EntryKind,
    why: String,
    states: Option<(serde_json::Value, serde_json::Value)>,
) -> Result<(), Error> {
    let mut entry = Entry::new(Subject::Tenant(tenant), kind, why);
    (entry.before, entry.after) = states.unzip();
    Ok(unit.record([(&entry, &operator.actor(Right::Administer)?)], operator.now).await?)
}
