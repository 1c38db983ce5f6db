//! Users to create, written out for the database: what can be done before a unit is opened.

use chrono::{DateTime, Utc};
use provisioning::{Enrolment, Entry, UserId};
use scim::schema::Registry;
use scim::text::fold;
use scim::{Meta, Object, Resource};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::rows::Rows;
use crate::entity;
use crate::error::Error;
use crate::ids::{ConnectionId, stored};
use crate::journal::{self, Actor};
use crate::scope::TenantScope;
use crate::users::user::{Indexed, User};
use crate::users::values;

/// A user to create.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUser {
    /// The id.
    pub id: UserId,
    /// The canonical document.
    pub document: Object,
    /// The connection that creates the user.
    pub connection: Option<ConnectionId>,
    /// What the journal says about it.
    pub entry: Entry,
    /// As whom.
    pub actor: Actor,
}

/// A user to create, written out for the database: what can be done before the writer is taken.
#[derive(Clone, Debug)]
pub struct Newcomer {
    tenant: Uuid,
    pub(super) user: User,
    user_name_folded: String,
    row: Rows<entity::users::Entity>,
    values: Rows<entity::user_values::Entity>,
    entry: Rows<entity::journal::Entity>,
}

/// The rows of several newcomers.
#[derive(Default)]
pub(super) struct NewcomerRows {
    pub(super) users: Rows<entity::users::Entity>,
    pub(super) values: Rows<entity::user_values::Entity>,
    pub(super) entries: Rows<entity::journal::Entity>,
}

impl Newcomer {
    /// Makes a user of this tenant at version 1.
    ///
    /// # Errors
    /// [`Error::Other`] for a document without a `userName`.
    pub fn new(
        registry: &Registry,
        scope: &TenantScope,
        new: NewUser,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let (tenant, now) = (scope.tenant_id().uuid(), stored(now));
        let indexed = Indexed::of(registry, &new.document)?;
        let document = serde_json::to_string(&new.document).map_err(|error| Error::Other(error.into()))?;
        Ok(Self {
            tenant,
            user_name_folded: indexed.user_name_folded.clone(),
            values: values::rows(tenant, new.id.uuid(), &indexed.search).into_iter().collect(),
            entry: std::iter::once(journal::row(tenant, &new.entry, &new.actor, now)).collect(),
            row: Rows::with(row(tenant, &new, indexed, now), entity::users::Column::Document, Some(document)),
            user: user(new, now),
        })
    }

    /// The user as it will be.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.user
    }
}

/// The names of all, as one JSON array: with many parameters, `PostgreSQL` plans a statement anew each time.
pub(super) fn called(new: &[&Newcomer], returned: &[&User]) -> String {
    let users = new.iter().map(|newcomer| &newcomer.user).chain(returned.iter().copied());
    json!(users.flat_map(User::names).collect::<Vec<_>>()).to_string()
}

impl NewcomerRows {
    /// Puts newcomers into one order, so that two units that create the same people do not wait for each other, and
    /// gathers their rows.
    pub(super) fn of(tenant: Uuid, new: &mut [&Newcomer]) -> Result<Self, Error> {
        if new.iter().any(|newcomer| newcomer.tenant != tenant) {
            return Err(Error::other("a user was made for another tenant"));
        }
        new.sort_unstable_by(|one, other| one.user_name_folded.cmp(&other.user_name_folded));
        let mut rows = Self::default();
        for newcomer in new {
            rows.users.append(newcomer.row.clone());
            rows.values.append(newcomer.values.clone());
            rows.entries.append(newcomer.entry.clone());
        }
        Ok(rows)
    }
}

/// The row of a user who has just arrived, without the document.
fn row(tenant: Uuid, new: &NewUser, indexed: Indexed, now: DateTime<Utc>) -> entity::users::Model {
    let enrolment = Enrolment::default();
    entity::users::Model {
        tenant_id: tenant,
        id: new.id.uuid(),
        document: Value::Null,
        search: Value::Object(indexed.search),
        user_name_folded: indexed.user_name_folded,
        external_id: indexed.external_id,
        display_name_folded: indexed.display_name.as_deref().map(|name| fold(name).into_owned()),
        display_name: indexed.display_name,
        active: indexed.active,
        enrolment_status: enrolment.status.to_string(),
        enrolment_since: enrolment.since,
        // Steps that are left out were not taken.
        enrolment_steps: json!({}),
        enrolment_resumes: None,
        enrolment_cause: None,
        enrolment_cause_folded: None,
        restore_owed: enrolment.restore_owed,
        seat_kept_until: enrolment.seat_kept_until,
        last_used_at: enrolment.last_used,
        connection_id: new.connection.map(ConnectionId::uuid),
        created_at: now,
        modified_at: now,
        version: 1,
    }
}

/// The same as a value.
fn user(new: NewUser, now: DateTime<Utc>) -> User {
    User {
        id: new.id,
        resource: Resource {
            id: new.id.to_string(),
            document: new.document,
            meta: Meta { created: now, last_modified: now, version: 1 },
        },
        enrolment: Enrolment::default(),
        connection: new.connection,
        deleted: false,
    }
}
