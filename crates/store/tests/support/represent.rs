//! Whole representations of users and groups, as a client sees them: what the oracle of filters looks at.

use scim::schema::{ENROLMENT, ENTERPRISE_USER, Registry};
use scim::{Object, time};
use serde_json::{Value, json};
use store::{Computed, GroupOf, Licence, ReadUnit, Stretch, User, Wanted};
use uuid::Uuid;

use super::{BASE, page};

pub(crate) fn matching(documents: &[(Uuid, Object)], accepts: impl Fn(&Object) -> bool) -> Vec<Uuid> {
    documents.iter().filter(|(_, document)| accepts(document)).map(|(id, _)| *id).collect()
}

/// The whole representations, as a client sees them.
pub(crate) async fn user_documents(unit: &ReadUnit) -> Vec<(Uuid, Object)> {
    let listing =
        unit.list_users(None, None, &Stretch::of(page(1, 100)), Wanted::ALL).await.expect("readable");
    let (_, users) = listing.all().await.expect("readable");
    let document = |(mut user, computed): (User, Computed)| {
        let licences = &computed.licences;
        if user.shows_enrolment(licences) {
            let computed = enrolled(&user, licences);
            let stored = user.resource.document.entry(ENROLMENT).or_insert_with(|| json!({}));
            stored
                .as_object_mut()
                .expect("an object")
                .extend(computed.as_object().expect("an object").clone());
        }
        if let Some(name) = computed.manager {
            user.resource.document[ENTERPRISE_USER]["manager"]["displayName"] = name.into();
        }
        if !computed.groups.is_empty() {
            let groups = computed.groups.iter().map(group_of).collect();
            user.resource.document.insert("groups".to_owned(), groups);
        }
        (user.id.uuid(), user.resource.render(Registry::standard().user(), BASE))
    };
    users.into_iter().map(document).collect()
}

fn group_of(group: &GroupOf) -> Value {
    let kind = if group.direct { "direct" } else { "indirect" };
    unless_null(json!({ "value": group.id.to_string(), "display": group.display, "type": kind }))
}

fn enrolled(user: &User, licences: &[Licence]) -> Value {
    let enrolment = &user.enrolment;
    let licence = |licence: &Licence| {
        json!({
            "value": licence.pool.to_string(),
            "display": licence.name,
            "state": licence.state.to_string(),
            "since": time::format(licence.since),
        })
    };
    let whole = json!({
        "status": enrolment.status.to_string(),
        "statusSince": enrolment.since.map(time::format),
        "reason": enrolment.cause,
        "licences": licences.iter().map(licence).collect::<Vec<_>>(),
        "seatKeptUntil": enrolment.seat_kept_until.map(time::format),
        "restoreOwed": enrolment.restore_owed,
        "lastUsed": enrolment.last_used.map(time::format),
    });
    unless_null(whole)
}

fn unless_null(mut value: Value) -> Value {
    value.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    value
}

pub(crate) async fn group_documents(unit: &ReadUnit) -> Vec<(Uuid, Object)> {
    assert_eq!(Registry::standard().group().extensions.len(), 0, "groups have no computed extension");
    let (_, groups) = unit.groups(None, page(1, 100)).await.expect("readable");
    let mut documents = Vec::new();
    for mut group in groups {
        let members = unit.members(group.id).await.expect("readable");
        let members = members.iter().map(|member| {
            unless_null(json!({ "value": member.id.to_string(), "type": member.kind.to_string(), "display": member.display }))
        });
        group.resource.document.insert("members".to_owned(), members.collect());
        documents.push((group.id.uuid(), group.resource.render(Registry::standard().group(), BASE)));
    }
    documents
}
