//! Changes of users: what was written, and what the server determines.

use std::collections::{BTreeMap, HashMap};

use provisioning::UserId;
use scim::project::Projection;
use scim::protocol::event::{self, Changed, Happening};
use scim::schema::ENROLMENT;
use scim::{Object, ResourceType};
use serde_json::Value;
use store::{NewChange, ResourceKey, Touch, Touched, User, WriteUnit};

use super::{Names, Told, Writer, data, happening, paths, text, written};
use crate::error::Error;
use crate::representation::{View, render, wanted};

/// The attributes that follow from what is decided about a person.
const DECIDED: [&str; 2] = ["status", "licences"];

impl Writer<'_> {
    /// The changes of users.
    pub(super) async fn users(
        &self,
        unit: &WriteUnit,
        touched: &BTreeMap<ResourceKey, Touched>,
    ) -> Result<Vec<NewChange>, Error> {
        let ids: Vec<UserId> = touched.keys().map(|key| UserId::new(key.id)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let users = unit.users_among(&ids).await?;
        let mut users: HashMap<_, User> = users.into_iter().map(|user| (user.id.uuid(), user)).collect();
        let there = |(key, touched): (&ResourceKey, &Touched)| {
            (touched.touch != Touch::Deleted).then(|| UserId::new(key.id))
        };
        let ids: Vec<UserId> = touched.iter().filter_map(there).collect();
        let projection = Projection::Everything;
        let mut computed = unit.computed(&ids, wanted(&[&projection])).await?;
        let (mut changes, of) = (Vec::new(), unit.registry().user());
        for (key, touched) in touched {
            let Some(user) = users.remove(&key.id) else { continue };
            // Of a person whom the brake keeps, the protocol knows nothing any more.
            if user.deleted && touched.touch != Touch::Deleted {
                continue;
            }
            let document = user.resource.document.clone();
            let names = Names {
                uri: user.resource.location(of, ""),
                external_id: text(&document, "externalId"),
                user_name: text(&document, "userName"),
            };
            if touched.touch == Touch::Deleted {
                let told = Told { happenings: vec![Happening::Deleted], ..Told::default() };
                changes.push(self.change(*key, touched, names, told));
                continue;
            }
            let attributes = attributes(of, touched, &document);
            if attributes.is_empty() {
                continue;
            }
            let computed = computed.remove(&user.id).unwrap_or_default();
            let view = View { base: self.base, of, projection: &projection };
            let (rendered, tag) = render(user, &computed, view);
            let mut happenings = vec![happening(touched)];
            happenings.extend(switched(touched, &document));
            let told = Told {
                happenings,
                attributes: paths(touched, &attributes),
                data: self.full.then(|| data(touched, &attributes, rendered)).flatten(),
                version: Some(tag),
            };
            changes.push(self.change(*key, touched, names, told));
        }
        Ok(changes)
    }
}

/// The attributes that differ from what was there before.
fn attributes(of: &ResourceType, touched: &Touched, document: &Object) -> Vec<Changed> {
    let mut changed = written(of, touched, document);
    if touched.computed
        && let Some(schema) = of.extension(ENROLMENT)
    {
        let decided = DECIDED.into_iter().filter_map(|name| schema.attribute(name));
        changed.extend(decided.map(|attribute| event::changed_attribute(Some(ENROLMENT), attribute)));
    }
    changed
}

/// Whether `active` has become another; a user without it is active.
fn switched(touched: &Touched, document: &Object) -> Option<Happening> {
    let active = |document: &Object| document.get("active").and_then(Value::as_bool).unwrap_or(true);
    let before = touched.before.as_ref().filter(|_| touched.touch == Touch::Changed)?;
    match (active(before), active(document)) {
        (false, true) => Some(Happening::Activated),
        (true, false) => Some(Happening::Deactivated),
        _ => None,
    }
}
