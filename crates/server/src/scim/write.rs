//! The write path that users and groups share: from a changed document to rows, journal and what follows.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use provisioning::{Cause, Entry, EntryKind, Subject, UserId};
use scim::compat::{Used, names};
use scim::{Object, ResourceType, resource};
use serde_json::Value;
use store::{User, WriteUnit};

use crate::app::App;
use crate::auth::Tenant;
use crate::entitle::Rules;
use crate::http::error::Failure;
use crate::http::headers::Conditions;
use crate::jobs::join_groups;
use crate::requests::Notes;
use crate::settle::Change;

/// What was found, or 404.
pub(super) fn existing<T>(found: Option<T>, kind: &str, id: &impl Display) -> Result<T, Failure> {
    found.ok_or_else(|| scim::Error::not_found(kind, &id.to_string()).into())
}

/// Why a write to a user is refused: whether it exists and may be changed is said before what is wrong with the body.
pub(super) async fn refuse_user(
    app: &App,
    tenant: &Tenant,
    id: UserId,
    conditions: &Conditions,
    error: scim::Error,
) -> Failure {
    let found = async {
        let user = app.store().read(&tenant.scope).await?.user(id).await?;
        conditions.allow_write(existing(user, "User", &id)?.resource.meta.version)
    };
    found.await.err().unwrap_or_else(|| error.into())
}

/// The document that a PUT leaves.
pub(super) fn replaced(
    tenant: &Tenant,
    notes: &Notes,
    resource_type: &ResourceType,
    stored: &Object,
    incoming: Object,
    mentioned: impl Fn(&str) -> bool,
) -> Result<Object, scim::Error> {
    let keep: &[&str] = if tenant.dialect.rules().keep_external_id { &["externalId"] } else { &[] };
    let kept = keep.iter().any(|name| stored.contains_key(*name) && !mentioned(name));
    note_rule(notes, kept, names::PUT_KEEPS_EXTERNAL_ID);
    resource::replace(resource_type, stored, incoming, mentioned, keep)
}

/// Notes that a rule of the connection made a difference.
pub(super) fn note_rule(notes: &Notes, used: bool, name: &'static str) {
    if used {
        notes.used(Used { quirks: [name].into(), ignored: Vec::new() });
    }
}

/// Checks the form of what a request changes, where the connection wants that; what is stored already may stay.
pub(super) fn check_formats(
    tenant: &Tenant,
    stored: Option<&Object>,
    document: &Object,
) -> Result<(), scim::Error> {
    if !tenant.dialect.rules().check_formats {
        return Ok(());
    }
    let new =
        document.iter().filter(|(name, value)| stored.is_none_or(|stored| stored.get(*name) != Some(value)));
    resource::check_formats(&new.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Makes the unit last and wakes a worker if there is something for it.
pub(super) async fn finish(app: &App, unit: WriteUnit) -> Result<(), store::Error> {
    let queued = unit.has_queued_work();
    unit.commit().await?;
    if queued {
        app.work().notify_one();
    }
    Ok(())
}

/// One request's change, with everything that the write path needs to know about it.
#[derive(Clone, Copy)]
pub(super) struct Writing<'r> {
    pub(super) tenant: &'r Tenant,
    pub(super) notes: &'r Notes,
    pub(super) now: DateTime<Utc>,
}

impl Writing<'_> {
    /// Gives a user another document; nothing is written when it is the same.
    pub(super) async fn save_user(
        self,
        unit: &mut WriteUnit,
        mut user: User,
        document: Object,
    ) -> Result<User, Failure> {
        if document == user.resource.document {
            self.notes.effect("nothing changed");
            return Ok(user);
        }
        let version = unit.save_user(&user, &document, self.now).await?;
        let before = std::mem::replace(&mut user.resource.document, document);
        let was_active = active(&before);
        let renamed = |name: &&str| before.get(*name) != user.resource.document.get(*name);
        if ["userName", "externalId"].iter().any(renamed) {
            // Groups are locked before users, so whoever waits for the new name is left to a unit of its own.
            unit.enqueue(join_groups::job(user.id, self.now), self.now).await?;
        }
        user.resource.meta.version = version;
        user.resource.meta.last_modified = self.now;
        self.record(
            unit,
            vec![changed(Subject::User(user.id), EntryKind::UserChanged, &before, &user.resource.document)],
        )
        .await?;
        self.notes.effect("person changed");

        let rules = Rules::of(unit).await?;
        let entitled = rules.apply(unit, &user, self.now).await?;
        let cause = match (was_active, user.is_active()) {
            (false, true) => Cause::PushedActive,
            (true, false) => Cause::PushedInactive,
            _ if entitled => Cause::AttributesChanged,
            _ => return Ok(user),
        };
        let touched = self.settle(unit, &[user.id], &cause).await?;
        self.current(unit, user, touched).await
    }

    /// Settles people whose facts this request has changed; says whether anything followed.
    pub(super) async fn settle(
        self,
        unit: &mut WriteUnit,
        people: &[UserId],
        cause: &Cause,
    ) -> Result<bool, Failure> {
        let actor = self.tenant.actor();
        let change = Change { cause, policy: &self.tenant.connection.policy, actor: &actor, now: self.now };
        let mut touched = false;
        let settled = change.settle(unit, people, |situation, decision| {
            touched |= !decision.is_empty();
            self.notes.decision(decision, |pool| situation.pool_name(pool));
        });
        settled.await?;
        Ok(touched)
    }

    /// Appends to the journal in the name of the connection.
    pub(super) async fn record(self, unit: &mut WriteUnit, entries: Vec<Entry>) -> Result<(), store::Error> {
        unit.record(&entries, &self.tenant.actor(), self.now).await
    }

    /// The user with what has followed.
    pub(super) async fn current(self, unit: &WriteUnit, user: User, touched: bool) -> Result<User, Failure> {
        if !touched {
            return Ok(user);
        }
        let id = user.id;
        existing(unit.user(id).await?, "User", &id)
    }
}

/// An entry about the attributes in which two documents differ.
pub(super) fn changed(subject: Subject, kind: EntryKind, before: &Object, after: &Object) -> Entry {
    let differs = |one: &Object, other: &Object| -> Object {
        let different = one.iter().filter(|(name, value)| other.get(*name) != Some(value));
        different.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let (old, new) = (differs(before, after), differs(after, before));
    let mut names: Vec<&str> = new.keys().chain(old.keys()).map(|name| short(name)).collect();
    names.sort_unstable();
    names.dedup();
    let why = format!("Changed: {}.", names.join(", "));
    Entry { subject, kind, why, before: Some(Value::Object(old)), after: Some(Value::Object(new)) }
}

/// The name by which people know an extension: the last but one part of its URI is its version.
fn short(name: &str) -> &str {
    if name.starts_with("urn:") { name.rsplit(':').nth(2).unwrap_or(name) } else { name }
}

fn active(document: &Object) -> bool {
    document.get("active").and_then(Value::as_bool).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use provisioning::GroupId;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_entry_names_what_differs_and_holds_no_more() {
        let object = |value: Value| value.as_object().cloned().expect("an object");
        let enterprise = scim::schema::ENTERPRISE_USER;
        let before = object(json!({ "userName": "ada", "title": "Dr", enterprise: { "department": "a" } }));
        let after = object(json!({ "userName": "ada", "active": false, enterprise: { "department": "b" } }));
        let subject = Subject::Group(GroupId::new(Uuid::nil()));
        let entry = changed(subject, EntryKind::UserChanged, &before, &after);
        assert_eq!(entry.why, "Changed: active, enterprise, title.");
        assert_eq!(entry.before, Some(json!({ "title": "Dr", enterprise: { "department": "a" } })));
        assert_eq!(entry.after, Some(json!({ "active": false, enterprise: { "department": "b" } })));
    }
}
