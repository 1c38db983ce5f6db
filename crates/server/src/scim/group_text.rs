//! Groups as the text of an answer, page by page of their members: an answer with a hundred thousand of them is never
//! more in memory than its own text.

use axum::body::{Body, Bytes};
use futures::stream;
use provisioning::GroupId;
use scim::Resource;
use scim::project::Projection;
use serde_json::Value;
use store::{Group, Member, ReadUnit};
use uuid::Uuid;

use super::respond::{member, projected};
use crate::app::App;

/// Members that are read at once.
const PAGE: u64 = 1_000;

/// Bytes after which a new piece of text begins.
const PIECE: usize = 128 * 1024;

/// Text in pieces, so that a long one is never copied to grow.
#[derive(Debug, Default)]
pub(super) struct Text(Vec<String>);

impl Text {
    pub(super) fn push(&mut self, text: &str) {
        match self.0.last_mut() {
            Some(last) if last.len() + text.len() <= PIECE => last.push_str(text),
            _ => self.0.push(text.to_owned()),
        }
    }

    /// Bytes of all pieces.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }

    pub(super) fn into_body(self) -> Body {
        Body::from_stream(stream::iter(
            self.0.into_iter().map(|piece| Ok::<_, std::io::Error>(Bytes::from(piece))),
        ))
    }
}

/// Writes groups, which are in the order of their ids, with a comma between them.
pub(super) async fn write(
    text: &mut Text,
    app: &App,
    unit: &ReadUnit,
    groups: Vec<Group>,
    projection: &Projection,
) -> Result<(), store::Error> {
    let mut members = Members {
        unit,
        groups: groups.iter().map(|group| group.id).collect(),
        page: Vec::new().into_iter(),
        next: None,
        after: None,
        more: projection.wants("members") && !groups.is_empty(),
    };
    for (position, group) in groups.into_iter().enumerate() {
        text.push(if position > 0 { ",{" } else { "{" });
        let mut resource = group.resource;
        let mut comma = "";
        // Somebody with everything shows where the members stand, if the projection wants any of it.
        let anybody = serde_json::json!([{ "value": resource.id, "type": "User", "display": "x" }]);
        resource.document.insert("members".to_owned(), anybody);
        let alone = Resource { document: scim::Object::new(), ..resource.clone() };
        for (name, value) in projected(app, resource, projection) {
            if name == "members" {
                let mut before = format!("{comma}\"members\":[");
                while let Some(page) = members.of(group.id).await? {
                    for element in elements(app, alone.clone(), &page, projection) {
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
fn elements(app: &App, mut resource: Resource, page: &[Member], projection: &Projection) -> Vec<Value> {
    resource.document.insert("members".to_owned(), page.iter().map(member).collect());
    match projected(app, resource, projection).remove("members") {
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
    async fn of(&mut self, group: GroupId) -> Result<Option<Vec<Member>>, store::Error> {
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
