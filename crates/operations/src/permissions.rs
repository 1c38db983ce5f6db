//! Permissions (S-02, E-15): named values that the application gets with each entitlement.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use provisioning::permission::{self, Exception, Granted, Holder, Permission, Value};
use provisioning::{Entry, EntryKind, GroupId, Subject, UserId};
use serde::Serialize;
use serde_json::json;
use store::{ExceptionRecord, PermissionRecord, ReadUnit, Wanted, WriteUnit, new_id};
use uuid::Uuid;

use crate::database::{Attempt, Database};
use crate::error::Error;
use crate::requester::Operator;
use crate::rights::Right;

/// The most letters of a value that is text, and of a summary.
const LONGEST: usize = 200;

/// A permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// The name by which the application knows it.
    pub name: String,
    /// What it is, in a few words.
    pub summary: String,
    /// The value for all for whom no other one is set.
    pub value: Value,
    /// The values for groups, the one that comes first at the top, and for people.
    pub exceptions: Vec<ListedException>,
}

/// Another value for some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedException {
    /// Its id.
    pub id: Uuid,
    /// `group` or `user`, with the id.
    pub holder: Holder,
    /// What people call the holder.
    pub called: String,
    /// The value.
    pub value: Value,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// What one person gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The name of the permission.
    pub name: String,
    /// The value.
    pub value: Value,
    /// The group or person for which it was set; none for the value of the tenant.
    pub by: Option<Holder>,
    /// What people call that one; “the tenant” for the value of the tenant.
    pub called: String,
}

/// For whom another value is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum For {
    /// The members of a group, by id or name.
    Group(String),
    /// One person, by id or `userName`.
    User(String),
}

/// A value as people type it: `true`, `false`, a whole number, or text.
#[must_use]
pub fn value(text: &str) -> Value {
    match text {
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        _ => text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Number),
    }
}

/// The permissions of a tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn list(db: &Database, tenant: &str) -> Result<Vec<Listed>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let exceptions = unit.permission_exceptions(None).await?;
    let ids: Vec<Uuid> = exceptions.iter().map(|record| holder_id(record.exception.holder)).collect();
    let names = unit.names_of_members(&ids).await?;
    let listed = |record: PermissionRecord| {
        let own = exceptions.iter().filter(|exception| exception.exception.name == record.permission.name);
        let exception = |record: &ExceptionRecord| ListedException {
            id: record.id,
            holder: record.exception.holder,
            called: names
                .get(&holder_id(record.exception.holder))
                .map_or_else(String::new, |name| name.called.clone()),
            value: record.exception.value.clone(),
            created_at: record.created_at,
        };
        Listed {
            exceptions: own.map(exception).collect(),
            name: record.permission.name,
            summary: record.summary,
            value: record.permission.value,
        }
    };
    Ok(unit.permissions().await?.into_iter().map(listed).collect())
}

/// Sets a permission for all, new or known; the kind of a known one stays.
///
/// # Errors
/// [`Error`] for a name or value that cannot be used.
pub async fn set(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    (name, value, summary): (&str, &Value, Option<&str>),
) -> Result<(), Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    if !permission::is_name(name) {
        let said = format!(
            "\"{name}\" cannot be the name of a permission: use letters, digits, dots, underscores and hyphens"
        );
        return Err(Error::Refused(said));
    }
    checked(value)?;
    let set = async |mut unit: WriteUnit| -> Attempt<()> {
        let known = unit.permissions().await?.into_iter().find(|record| record.permission.name == name);
        let before = known.as_ref().map(|record| json!({ "value": record.permission.value }));
        if let Some(record) = &known {
            of_one_kind(&record.permission, value)?;
        }
        let summary = summary.map(str::to_owned).or(known.map(|record| record.summary)).unwrap_or_default();
        if summary.chars().count() > LONGEST || summary.chars().any(char::is_control) {
            return Err(Error::Refused(format!("a summary has at most {LONGEST} letters, in one line")));
        }
        let permission = Permission { name: name.to_owned(), value: value.clone() };
        unit.save_permission(&PermissionRecord { permission, summary }).await?;
        let why = format!("The permission {name} was set to {value}.");
        let mut entry = Entry::new(Subject::Tenant(tenant.id), EntryKind::PermissionChanged, why);
        (entry.before, entry.after) = (before, Some(json!({ "value": value })));
        unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, set).await.map(drop)
}

/// Deletes a permission with all that is set otherwise.
///
/// # Errors
/// [`Error`] if there is none of this name.
pub async fn delete(db: &Database, operator: &Operator, tenant: &str, name: &str) -> Result<(), Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    let delete = async |mut unit: WriteUnit| -> Attempt<()> {
        if !unit.delete_permission(name).await? {
            return Err(unknown(name));
        }
        let why = format!("The permission {name} was deleted.");
        let entry = Entry::new(Subject::Tenant(tenant.id), EntryKind::PermissionChanged, why);
        unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, delete).await.map(drop)
}

/// Sets another value for a group or a person. A group that is new comes behind the others; `first` puts it before them.
///
/// # Errors
/// [`Error`] if there is no such permission, group or person, and for a value of another kind.
pub async fn set_for(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    (name, holder, value): (&str, &For, &Value),
    first: bool,
) -> Result<Uuid, Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    checked(value)?;
    let (holder, subject) = held(db, &operator.clone().within(Some(tenant.id.to_string())), holder).await?;
    let now = operator.now;
    let set = async |mut unit: WriteUnit| -> Attempt<Uuid> {
        let known = unit.permissions().await?.into_iter().find(|record| record.permission.name == name);
        of_one_kind(&known.ok_or_else(|| unknown(name))?.permission, value)?;
        let mut all = unit.permission_exceptions(None).await?;
        all.retain(|record| record.exception.name == name);
        let before = all.iter().find(|record| record.exception.holder == holder);
        let positions = all.iter().map(|record| record.exception.position);
        let position = match (before, first) {
            (Some(record), false) => record.exception.position,
            (_, true) => 0,
            (None, false) => positions.max().map_or(1, |last| last.saturating_add(1)),
        };
        if first {
            // The others keep their order behind the new first one.
            for (number, record) in
                (1_u32..).zip(all.iter().filter(|record| record.exception.holder != holder))
            {
                let exception = Exception { position: number, ..record.exception.clone() };
                unit.save_permission_exception(&ExceptionRecord { exception, ..record.clone() }).await?;
            }
        }
        let exception = Exception { name: name.to_owned(), holder, position, value: value.clone() };
        let (id, created_at) =
            before.map_or_else(|| (new_id(now), now), |record| (record.id, record.created_at));
        unit.save_permission_exception(&ExceptionRecord { id, exception, created_at }).await?;
        let mut entry = Entry::new(
            subject,
            EntryKind::PermissionChanged,
            format!("The permission {name} was set to {value}."),
        );
        entry.before = before.map(|record| json!({ "value": record.exception.value }));
        entry.after = Some(json!({ "value": value }));
        unit.record([(&entry, &operator.actor(Right::Change)?)], now).await?;
        Ok((unit, id))
    };
    Ok(db.write(&scope, set).await?.value)
}

/// Takes away what was set otherwise for a group or a person.
///
/// # Errors
/// [`Error`] if nothing was.
pub async fn unset_for(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    (name, holder): (&str, &For),
) -> Result<(), Error> {
    let (scope, tenant) = db.tenant(tenant).await?;
    let (holder, subject) = held(db, &operator.clone().within(Some(tenant.id.to_string())), holder).await?;
    let unset = async |mut unit: WriteUnit| -> Attempt<()> {
        let all = unit.permission_exceptions(None).await?;
        let found =
            all.iter().find(|record| record.exception.name == name && record.exception.holder == holder);
        let said = || Error::already(format!("the permission {name}"), "is not set otherwise there");
        let found = found.ok_or_else(said)?;
        unit.delete_permission_exception(found.id).await?;
        let why = format!("The permission {name} is not set otherwise any more.");
        let mut entry = Entry::new(subject, EntryKind::PermissionChanged, why);
        entry.before = Some(json!({ "value": found.exception.value }));
        unit.record([(&entry, &operator.actor(Right::Change)?)], operator.now).await?;
        Ok((unit, ()))
    };
    db.write(&scope, unset).await.map(drop)
}

/// What one person gets, and why.
///
/// # Errors
/// [`Error`] if there is no such person.
pub async fn show(db: &Database, operator: &Operator, user: &str) -> Result<Vec<Shown>, Error> {
    let (scope, user) = db.user(operator, user).await?;
    let unit = db.read(&scope).await?;
    let granted = granted(&unit, user.id).await?;
    let ids: Vec<Uuid> = granted.values().filter_map(|granted| granted.by).map(holder_id).collect();
    let names = unit.names_of_members(&ids).await?;
    let called = |by: Holder| names.get(&holder_id(by)).map_or_else(String::new, |name| name.called.clone());
    let shown = |(name, Granted { value, by })| {
        let called = by.map_or_else(|| "the tenant".to_owned(), called);
        Shown { name, value, by, called }
    };
    Ok(granted.into_iter().map(shown).collect())
}

/// What one person gets: by the groups in which the person is, not by those around them.
pub(crate) async fn granted(unit: &ReadUnit, user: UserId) -> Result<BTreeMap<String, Granted>, Error> {
    let permissions: Vec<Permission> =
        unit.permissions().await?.into_iter().map(|record| record.permission).collect();
    if permissions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let exceptions: Vec<Exception> =
        unit.permission_exceptions(Some(user)).await?.into_iter().map(|record| record.exception).collect();
    let wanted = Wanted { groups: true, ..Wanted::default() };
    let computed = unit.computed(&[user], wanted).await?.remove(&user).unwrap_or_default();
    let groups: BTreeSet<GroupId> =
        computed.groups.iter().filter(|group| group.direct).map(|group| group.id).collect();
    Ok(permission::granted(&permissions, &exceptions, user, &groups))
}

async fn held(db: &Database, operator: &Operator, holder: &For) -> Result<(Holder, Subject), Error> {
    match holder {
        For::Group(group) => {
            let id = db.group(operator, group).await?.1.id;
            Ok((Holder::Group(id), Subject::Group(id)))
        }
        For::User(user) => {
            let id = db.user(operator, user).await?.1.id;
            Ok((Holder::User(id), Subject::User(id)))
        }
    }
}

const fn holder_id(holder: Holder) -> Uuid {
    match holder {
        Holder::Group(group) => group.uuid(),
        Holder::User(user) => user.uuid(),
    }
}

fn checked(value: &Value) -> Result<(), Error> {
    match value {
        Value::Text(text) if text.chars().count() > LONGEST || text.chars().any(char::is_control) => {
            Err(Error::Refused(format!("a value has at most {LONGEST} letters, in one line")))
        }
        _ => Ok(()),
    }
}

fn of_one_kind(permission: &Permission, value: &Value) -> Result<(), Error> {
    if permission.value.is_like(value) {
        return Ok(());
    }
    let kind = match permission.value {
        Value::Boolean(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
    };
    Err(Error::Refused(format!(
        "the permission {} is {kind}: delete it first to give it another kind",
        permission.name
    )))
}

fn unknown(name: &str) -> Error {
    Error::unknown("permission", name, "`rollcall permission list --tenant TENANT` shows all")
}
