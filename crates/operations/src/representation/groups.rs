//! Groups as text, page by page of their members: an answer with a hundred thousand of them is never more in memory
//! than its own text.

use provisioning::GroupId;
use scim::project::Projection;
use serde_json::{Value, json};
use store::{Group, Member, ReadUnit};
use uuid::Uuid;

use super::list::Items;
use super::{Shown, Text, View};
use crate::error::Error;

/// Members that are read at once.
const PAGE: u64 = 1_000;

/// One group, as an answer shows it.
pub(crate) async fn group(unit: &ReadUnit, group: Group, view: View<'_>) -> Result<Shown, Error> {
    let mut shown = view.head(&group.resource, None);
    if *view.projection == Projection::Nothing {
        return Ok(shown);
    }
    let mut items = Items::default();
    write(&mut items, unit, vec![group], view).await?;
    shown.body = Some(items.text);
    Ok(shown)
}

/// Writes groups, which are in the order of their ids, until the page ends.
pub(super) async fn write(
    items: &mut Items,
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
    for group in groups {
        if items.are_long() {
            break;
        }
        items.begin("{");
        let text = &mut items.text;
        let mut resource = group.resource;
        let mut comma = "";
        // A member with everything shows which parts of a member the projection wants, and in which order.
        let whole = json!([{ "value": resource.id, "type": "User", "display": "x" }]);
        resource.document.insert("members".to_owned(), whole);
        for (name, value) in view.projected(resource) {
            if name == "members" {
                let shape = Shape::of(&value);
                let mut before = format!("{comma}\"members\":[");
                while let Some(page) = members.of(group.id).await? {
                    for member in &page {
                        if shape.write(text, &before, member, view) {
                            ",".clone_into(&mut before);
                        }
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

/// The parts of a member that an answer shows (RFC 7643 §4.2), in their order.
struct Shape(Vec<&'static str>);

impl Shape {
    /// The shape of the elements of a list of members.
    fn of(members: &Value) -> Self {
        let parts = members[0].as_object().map(|member| member.keys()).into_iter().flatten();
        Self(parts.filter_map(|part| PARTS.into_iter().find(|known| known == part)).collect())
    }

    /// Appends a member as JSON; `false` if nothing of the member is shown. An id and a kind hold no letter that JSON
    /// escapes. What is of a type that is defined no more has no address.
    fn write(&self, text: &mut Text, before: &str, member: &Member, view: View<'_>) -> bool {
        let (id, kind) = (member.id, member.kind.as_str());
        let mut element = String::from(before);
        let mut between = "{";
        for part in &self.0 {
            let value = match *part {
                "value" => format!("\"{id}\""),
                "$ref" => match view.of.endpoint_of(kind) {
                    Some(endpoint) => Value::from(format!("{}{endpoint}/{id}", view.base)).to_string(),
                    None => continue,
                },
                "type" => format!("\"{kind}\""),
                _ => match &member.display {
                    Some(display) => Value::from(display.as_str()).to_string(),
                    None => continue,
                },
            };
            element.extend([between, "\"", part, "\":", &value]);
            between = ",";
        }
        let any = between == ",";
        if any {
            element.push('}');
            text.push(&element);
        }
        any
    }
}

const PARTS: [&str; 4] = ["value", "$ref", "type", "display"];

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
