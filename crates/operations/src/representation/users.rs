//! Users with what the server computes: groups, licences, enrolment, the manager's name.

use std::collections::HashMap;

use provisioning::UserId;
use scim::project::Projection;
use scim::protocol::version::{Digest, entity_tag};
use scim::schema::{ENROLMENT, ENTERPRISE_USER};
use scim::{Object, time};
use serde_json::{Value, json};
use store::{GroupOf, Licence, MemberName, ReadUnit, User};
use uuid::Uuid;

use super::{Shown, View, wants_extension};
use crate::error::Error;

/// One user, as an answer shows it.
pub(crate) async fn user(unit: &ReadUnit, user: User, view: View<'_>) -> Result<Shown, Error> {
    let computed = Computed::load(unit, std::slice::from_ref(&user), &[view.projection]).await?;
    Ok(computed.shown(user, view))
}

/// What the server adds to stored users.
#[derive(Debug, Default)]
pub(crate) struct Computed {
    groups: HashMap<UserId, Vec<GroupOf>>,
    licences: HashMap<UserId, Vec<Licence>>,
    names: HashMap<Uuid, MemberName>,
}

impl Computed {
    /// Loads what any of the projections wants, and no more.
    pub(crate) async fn load(
        unit: &ReadUnit,
        users: &[User],
        projections: &[&Projection],
    ) -> Result<Self, Error> {
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let mut computed = Self::named(unit, users, projections).await?;
        if ids.is_empty() {
            return Ok(computed);
        }
        if projections.iter().any(|projection| projection.wants("groups")) {
            computed.groups = unit.groups_of(&ids).await?;
        }
        if projections.iter().any(|projection| wants_extension(projection, ENROLMENT)) {
            computed.licences = unit.licences_of(&ids).await?;
        }
        Ok(computed)
    }

    /// As [`Computed::load`] for users without groups and licences: the names of managers who are users of ours.
    pub(crate) async fn named(
        unit: &ReadUnit,
        users: &[User],
        projections: &[&Projection],
    ) -> Result<Self, Error> {
        let mut computed = Self::default();
        if projections.iter().any(|projection| wants_extension(projection, ENTERPRISE_USER)) {
            let mut managers: Vec<Uuid> =
                users.iter().filter_map(|user| manager(&user.resource.document)).collect();
            managers.sort_unstable();
            managers.dedup();
            if !managers.is_empty() {
                computed.names = unit.names_of(&managers).await?;
            }
        }
        Ok(computed)
    }

    /// One of these users, as an answer shows it.
    pub(crate) fn shown(&self, user: User, view: View<'_>) -> Shown {
        let location = user.resource.location(view.base);
        let (rendered, tag) = self.render(user, view);
        Shown { tag, location, body: Some(Value::Object(rendered).to_string().into()) }
    }

    /// The representation of one of these users, and its entity tag: the version, with a digest of what is computed.
    pub(crate) fn render(&self, user: User, view: View<'_>) -> (Object, String) {
        let licences = self.licences.get(&user.id).map(Vec::as_slice).unwrap_or_default();
        let extension = user.shows_enrolment(licences).then(|| enrolled(&user, licences));
        let groups: Option<Value> =
            self.groups.get(&user.id).map(|groups| groups.iter().map(group_of).collect());
        let computed: Vec<&Value> = groups.iter().chain(&extension).collect();
        let digest = (!computed.is_empty()).then(|| Digest::of(computed));
        let mut resource = user.resource;
        let tag = entity_tag(resource.meta.version, digest);
        if let Some(groups) = groups {
            resource.document.insert("groups".to_owned(), groups);
        }
        if let Some(Value::Object(extension)) = extension {
            // The client's remark stands in the same container.
            match resource.document.get_mut(ENROLMENT).and_then(Value::as_object_mut) {
                Some(stored) => stored.extend(extension),
                None => drop(resource.document.insert(ENROLMENT.to_owned(), Value::Object(extension))),
            }
        }
        let name = manager(&resource.document).and_then(|id| self.names.get(&id)?.display.as_deref());
        if let Some(name) = name {
            resource.document[ENTERPRISE_USER]["manager"]["displayName"] = name.into();
        }
        let resource_type = resource.resource_type;
        let mut rendered = resource.render(view.base);
        rendered["meta"]["version"] = tag.as_str().into();
        (view.projection.project(resource_type, rendered), tag)
    }
}

fn group_of(group: &GroupOf) -> Value {
    let mut element = json!({ "value": group.id.to_string() });
    if let Some(display) = &group.display {
        element["display"] = display.as_str().into();
    }
    element["type"] = if group.direct { "direct" } else { "indirect" }.into();
    element
}

/// What became of the person, as our extension shows it.
fn enrolled(user: &User, licences: &[Licence]) -> Value {
    let enrolment = &user.enrolment;
    let mut shown = Object::new();
    shown.insert("status".to_owned(), enrolment.status.to_string().into());
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value);
        }
    };
    put("statusSince", enrolment.since.map(|at| time::format(at).into()));
    put("reason", enrolment.cause.as_deref().map(Value::from));
    let licences: Vec<Value> = licences.iter().map(licence).collect();
    put("licences", (!licences.is_empty()).then_some(Value::Array(licences)));
    put("seatKeptUntil", enrolment.seat_kept_until.map(|at| time::format(at).into()));
    put("restoreOwed", Some(enrolment.restore_owed.into()));
    put("lastUsed", enrolment.last_used.map(|at| time::format(at).into()));
    Value::Object(shown)
}

fn licence(licence: &Licence) -> Value {
    json!({
        "value": licence.pool.to_string(),
        "display": licence.name,
        "state": licence.state.to_string(),
        "since": time::format(licence.since),
    })
}

/// The manager of a user, as far as it may be a user of ours.
fn manager(document: &Object) -> Option<Uuid> {
    document.get(ENTERPRISE_USER)?.get("manager")?.get("value")?.as_str()?.parse().ok()
}
