//! Users with what the server computes: groups, licences, enrolment, the manager's name.

use scim::project::Projection;
use scim::protocol::version::Digest;
use scim::schema::{ENROLMENT, ENTERPRISE_USER};
use scim::{Object, time};
use serde_json::{Value, json};
use store::{Computed, GroupOf, Licence, ReadUnit, User, Wanted};

use super::{Shown, View, wants_extension};
use crate::error::Error;

/// What of a user any of these projections wants computed: nothing still has an entity tag, which is made of it.
pub(crate) fn wanted(projections: &[&Projection]) -> Wanted {
    let any = |wants: &dyn Fn(&Projection) -> bool| projections.iter().any(|projection| wants(projection));
    Wanted {
        groups: any(&|projection| projection.wants("groups") || *projection == Projection::Nothing),
        licences: any(&|projection| {
            wants_extension(projection, ENROLMENT) || *projection == Projection::Nothing
        }),
        manager: any(&|projection| wants_extension(projection, ENTERPRISE_USER)),
    }
}

/// One user who was just written, as an answer shows the user.
pub(crate) async fn user(unit: &ReadUnit, user: User, view: View<'_>) -> Result<Shown, Error> {
    let mut computed = unit.computed(&[user.id], wanted(&[view.projection])).await?;
    let computed = computed.remove(&user.id).unwrap_or_default();
    Ok(shown(user, &computed, view))
}

/// A user, as an answer shows the user.
pub(crate) fn shown(user: User, computed: &Computed, view: View<'_>) -> Shown {
    if *view.projection == Projection::Nothing {
        let (groups, extension) = computed_parts(&user, computed);
        return view.head(&user.resource, digest(groups.as_ref(), extension.as_ref()));
    }
    let location = user.resource.location(view.of, view.base);
    let (rendered, tag) = render(user, computed, view);
    Shown { tag, location, body: Some(Value::Object(rendered).to_string().into()) }
}

/// The representation of a user, and its entity tag: the version, with a digest of what is computed.
pub(crate) fn render(user: User, computed: &Computed, view: View<'_>) -> (Object, String) {
    let (groups, extension) = computed_parts(&user, computed);
    let digest = digest(groups.as_ref(), extension.as_ref());
    let mut resource = user.resource;
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
    if let Some(name) = &computed.manager {
        resource.document[ENTERPRISE_USER]["manager"]["displayName"] = name.as_str().into();
    }
    view.rendered(resource, digest)
}

/// The groups and the extension that an answer adds to what is stored.
fn computed_parts(user: &User, computed: &Computed) -> (Option<Value>, Option<Value>) {
    let extension = user.shows_enrolment(&computed.licences).then(|| enrolled(user, &computed.licences));
    let groups = (!computed.groups.is_empty()).then(|| computed.groups.iter().map(group_of).collect());
    (groups, extension)
}

fn digest(groups: Option<&Value>, extension: Option<&Value>) -> Option<Digest> {
    let parts: Vec<&Value> = groups.into_iter().chain(extension).collect();
    (!parts.is_empty()).then(|| Digest::of(parts))
}

/// A group as an element of `groups`.
pub(super) fn group_of(group: &GroupOf) -> Value {
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
