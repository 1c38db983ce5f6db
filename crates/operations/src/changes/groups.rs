//! Changes of groups: the document, and the members that joined and left.

use std::collections::BTreeMap;

use scim::project::Projection;
use scim::protocol::event::{self, Changed, Happening};
use scim::protocol::version::entity_tag;
use scim::{Object, Resource};
use serde_json::{Value, json};
use store::{Group, Member, MemberKind, NewChange, ReadUnit, ResourceKey, Touch, Touched, WriteUnit};
use uuid::Uuid;

use super::{MEMBERS, Names, Told, Writer, happening, paths, text, written};
use crate::error::Error;
use crate::representation::{View, member};

impl Writer<'_> {
    /// The changes of groups.
    pub(super) async fn groups(
        &self,
        unit: &WriteUnit,
        touched: &BTreeMap<ResourceKey, Touched>,
    ) -> Result<Vec<NewChange>, Error> {
        let (gone, there): (Vec<_>, Vec<_>) =
            touched.iter().partition(|(_, touched)| touched.touch == Touch::Deleted);
        let mut changes = Vec::new();
        for (key, touched) in gone {
            let uri = format!("{}/{}", unit.registry().group().endpoint, key.id);
            let names = Names { uri, external_id: touched.external_id.clone(), user_name: None };
            let told = Told { happenings: vec![Happening::Deleted], ..Told::default() };
            changes.push(self.change(*key, touched, names, told));
        }
        let ids: Vec<Uuid> = there.iter().map(|(key, _)| key.id).collect();
        let groups = if ids.is_empty() { Vec::new() } else { unit.groups_among(&ids).await? };
        for group in groups {
            let key = ResourceKey::group(group.id.uuid());
            let Some(touched) = touched.get(&key) else { continue };
            let document = &group.resource.document;
            let names = Names {
                uri: group.resource.location(unit.registry().group(), ""),
                external_id: text(document, "externalId"),
                user_name: None,
            };
            let changed = written(unit.registry().group(), touched, document);
            let mut attributes = paths(touched, &changed);
            if !touched.joined.is_empty() || !touched.left.is_empty() {
                attributes.push("members".to_owned());
            }
            if attributes.is_empty() {
                continue;
            }
            let version = Some(entity_tag(group.resource.meta.version, None));
            let data = if self.full { self.data(unit, touched, &changed, group).await? } else { None };
            let told = Told { happenings: vec![happening(touched)], attributes, data, version };
            changes.push(self.change(key, touched, names, told));
        }
        Ok(changes)
    }

    /// What the full form tells; none with too many members.
    async fn data(
        &self,
        unit: &ReadUnit,
        touched: &Touched,
        changed: &[Changed],
        group: Group,
    ) -> Result<Option<Value>, Error> {
        let view = View { base: self.base, of: unit.registry().group(), projection: &Projection::Everything };
        if happening(touched) == Happening::Patched {
            if touched.joined.len() + touched.left.len() > MEMBERS {
                return Ok(None);
            }
            let rendered = view.projected(group.resource.clone());
            let mut operations = event::operations(changed, &rendered);
            operations.extend(joined(unit, touched, group.resource, view).await?);
            operations.extend(touched.left.iter().map(|id| {
                let path = format!("members[value eq \"{id}\"]");
                json!({ "op": "remove", "path": path })
            }));
            return Ok((!operations.is_empty()).then(|| event::patch_message(operations)));
        }
        let members = unit.members_behind(&[group.id], None, MEMBERS as u64 + 1).await?;
        if members.len() > MEMBERS {
            return Ok(None);
        }
        let members = members.iter().map(|(_, known)| member(known)).collect();
        Ok(Some(Value::Object(with_members(group.resource, members, view))))
    }
}

/// The operation that adds those who joined.
async fn joined(
    unit: &ReadUnit,
    touched: &Touched,
    resource: Resource,
    view: View<'_>,
) -> Result<Option<Value>, Error> {
    if touched.joined.is_empty() {
        return Ok(None);
    }
    let ids: Vec<Uuid> = touched.joined.iter().map(|(id, _)| *id).collect();
    let names = unit.names_of_members(&ids).await?;
    let element = |(id, kind): &(Uuid, MemberKind)| {
        let display = names.get(id).and_then(|name| name.display.clone());
        member(&Member { id: *id, kind: kind.clone(), display })
    };
    let members = touched.joined.iter().map(element).collect();
    let mut rendered = with_members(resource, members, view);
    Ok(rendered.remove("members").map(|value| json!({ "op": "add", "path": "members", "value": value })))
}

/// The representation of a group with these members.
fn with_members(mut resource: Resource, members: Vec<Value>, view: View<'_>) -> Object {
    if !members.is_empty() {
        resource.document.insert("members".to_owned(), members.into());
    }
    view.projected(resource)
}
