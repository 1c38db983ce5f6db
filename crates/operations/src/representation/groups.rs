//! Groups as text, page by page of their members: an answer with a hundred thousand of them is never more in memory
//! than its own text.

use provisioning::GroupId;
use scim::{Object, Resource};
use serde_json::Value;
use store::{Group, Member, ReadUnit};
use uuid::Uuid;

use super::{Shown, Text, View, member};
use crate::error::Error;

/// Members that are read at once.
const PAGE: u64 = 1_000;

/// One group, as an answer shows it.
pub(crate) async fn group(unit: &ReadUnit, group: Group, view: View<'_>) -> Result<Shown, Error> {
    let mut shown = view.shown(&group.resource, None);
    let mut text = Text::default();
    write(&mut text, unit, vec![group], view).await?;
    shown.body = Some(text);
    Ok(shown)
}

/// Writes groups, which are in the order of their ids, with a comma between them.
pub(super) async fn write(
    text: &mut Text,
    unit: &ReadUnit,
    groups: Vec<Group>,
    view: View<'_>,
) -> Result<(), Error> {
    let mut members = Members {
        unit,
        groups: groups.iter().map(|group| group.id).collect(),
        page: Vec::new().into_iter(),
        next: None,
        after: None,
        more: view.projection.wants("members") && !groups.is_empty(),
    };
    for (position, group) in groups.into_iter().enumerate() {
        text.push(if position > 0 { ",{" } else { "{" });
        let mut resource = group.resource;
        let mut comma = "";
        // A member with everything shows where the members stand, if the projection wants any of it.
        let any = serde_json::json!([{ "value": resource.id, "type": "User", "display": "x" }]);
        resource.document.insert("members".to_owned(), any);
        let alone = Resource { document: Object::new(), ..resource.clone() };
        for (name, value) in view.projected(resource) {
            if name == "members" {
                let mut before = format!("{comma}\"members\":[");
                while let Some(page) = members.of(group.id).await? {
                    for element in elements(alone.clone(), &page, view) {
                        text.push(&before);
                        text.push(&element.to_string());
                        ",".clone_into(&mut before);
                    }
                }
                if before == "," {
                    text.push("]");
                    comma = ",";
                }
            } else {
                text.push(&format!("{comma}{}:{value}", Value::from(name)));
                comma = ",";
            }
        }
        text.push("}");
    }
    Ok(())
}

/// What the projection leaves of members.
fn elements(mut resource: Resource, page: &[Member], view: View<'_>) -> Vec<Value> {
    resource.document.insert("members".to_owned(), page.iter().map(member).collect());
    match view.projected(resource).remove("members") {
        Some(Value::Array(elements)) => elements,
        _ => Vec::new(),
    }
}

/// The members of some groups, in the order of groups and members.
struct Members<'u> {
    unit: &'u ReadUnit,
    groups: Vec<GroupId>,
    page: std::vec::IntoIter<(GroupId, Member)>,
    /// The first of the page, when it belongs to a later group.
    next: Option<(GroupId, Member)>,
    after: Option<(GroupId, Uuid)>,
    more: bool,
}

impl Members<'_> {
    /// The next members of a group, a page of them at most; nothing when there are no more.
    async fn of(&mut self, group: GroupId) -> Result<Option<Vec<Member>>, Error> {
        let mut members = Vec::new();
        loop {
            match self.next.take().or_else(|| self.page.next()) {
                Some((of, member)) if of == group => members.push(member),
                Some(other) => {
                    self.next = Some(other);
                    break;
                }
                None if !members.is_empty() || !self.more => break,
                None => {
                    let page = self.unit.members_behind(&self.groups, self.after, PAGE).await?;
                    self.more = page.len() as u64 == PAGE;
                    self.after = page.last().map(|(group, member)| (*group, member.id));
                    self.page = page.into_iter();
                }
            }
        }
        Ok(Some(members).filter(|members| !members.is_empty()))
    }
}
