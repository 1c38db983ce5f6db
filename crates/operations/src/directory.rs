//! What an operator looks up of users and groups: lists by filter, and one group.

use chrono::{DateTime, Utc};
use provisioning::{GroupGrace, GroupId, SeatState, Status, UserId};
use scim::Registry;
use scim::filter::{self, FilterDialect, ResolvedFilter};
use scim::protocol::list;
use scim::schema::ResourceType;
use serde::Serialize;
use store::{Computed, Connection, ConnectionId, Listing, Marks, ReadUnit, Stretch, Walked, Wanted};

use crate::bindings::Binding;
use crate::database::Database;
use crate::error::Error;
use crate::reminders;
use crate::requester::Operator;

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// A SCIM filter.
    pub filter: Option<String>,
    /// Only users who got so many reminders: `0`, `1`, `2`, or `3+` for three or more.
    pub reminders: Option<String>,
    /// The first one, from 1.
    pub start: u64,
    /// The most.
    pub count: u64,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed<T> {
    /// How many there are in all.
    pub total: u64,
    /// Those of the part, in the order of ids.
    pub items: Vec<T>,
}

/// A user of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// The `displayName`.
    pub display_name: Option<String>,
    /// Whether the account is switched on.
    pub active: bool,
    /// Whether it is a test user of the connection, and no person.
    pub test_user: bool,
    /// Where the enrolment is.
    pub status: Status,
    /// What administrators have said by hand, and the domain for which the person is flagged.
    pub by_hand: Vec<String>,
    /// The names of the pools in which the person has a seat.
    pub seats: Vec<String>,
    /// The names of the pools for which the person waits.
    pub waiting: Vec<String>,
    /// How many reminders were sent since the last invitation.
    pub reminders: u64,
    /// The name of the connection that owns the user.
    pub connection: Option<String>,
    /// When the user was created.
    pub created_at: DateTime<Utc>,
}

/// A group of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The id.
    pub id: GroupId,
    /// The `displayName`.
    pub name: String,
    /// How many members it has, groups among them.
    pub members: u64,
    /// The names of the pools to which it is bound.
    pub pools: Vec<String>,
    /// Whether it is marked as dynamic.
    pub dynamic: bool,
    /// How many hours a dynamic group keeps the seats of people who leave it.
    pub grace_hours: Option<u32>,
    /// The name of the connection that owns it.
    pub connection: Option<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// A group with its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupDetails {
    /// The group.
    #[serde(flatten)]
    pub group: Group,
    /// The name of its tenant.
    pub tenant: String,
    /// Its `externalId`.
    pub external_id: Option<String>,
    /// The pools to which it is bound.
    pub bindings: Vec<Binding>,
    /// How many people have left it and are kept for its grace.
    pub lingering: u64,
    /// Some of its members, in the order of ids.
    pub listed: Vec<Member>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The id.
    pub id: String,
    /// The name of its resource type, such as `User`.
    pub kind: String,
    /// The display name.
    pub name: Option<String>,
}

/// The users of a tenant.
///
/// # Errors
/// [`Error`] if there is no such tenant, or the filter cannot be used.
pub async fn users(db: &Database, tenant: &str, part: &Part) -> Result<Listed<User>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let wanted = Wanted { licences: true, ..Wanted::default() };
    let mut listing = listing(&unit, part, wanted).await?;
    let connections = unit.connections().await?;
    let listed = |(user, Computed { licences, .. }): (store::User, Computed),
                  marks: Option<&Marks>,
                  reminders: u64| {
        let pools = |state: SeatState| {
            let those = licences.iter().filter(move |licence| licence.state == state);
            those.map(|licence| licence.name.clone()).collect()
        };
        let display = user.resource.document.get("displayName").and_then(serde_json::Value::as_str);
        User {
            id: user.id,
            user_name: user.user_name().to_owned(),
            display_name: display.map(str::to_owned),
            active: user.is_active(),
            test_user: marks.is_some_and(|marks| marks.test_user),
            status: user.enrolment.status,
            by_hand: marks.map(by_hand).unwrap_or_default(),
            seats: pools(SeatState::Assigned),
            waiting: pools(SeatState::Waiting),
            reminders,
            connection: owner(&connections, user.connection),
            created_at: user.resource.meta.created,
        }
    };
    let mut items = Vec::new();
    while let Some(portion) = listing.next().await? {
        let ids: Vec<UserId> = portion.iter().map(|(user, _)| user.id).collect();
        let (marks, reminders) = (unit.marks(&ids).await?, unit.reminders(&ids).await?);
        items.extend(portion.into_iter().map(|one| {
            let id = one.0.id;
            listed(one, marks.get(&id), reminders.get(&id).map_or(0, |known| known.sent))
        }));
    }
    Ok(Listed { total: listing.total(), items })
}

/// The users whom a part of a list is about.
pub(crate) async fn listing<'u>(
    unit: &'u ReadUnit,
    part: &Part,
    wanted: Wanted,
) -> Result<Walked<Listing<'u, (store::User, Computed)>>, Error> {
    let filter = parsed_users(unit.registry(), part)?;
    let (filter, page) = (filter.as_ref(), &Stretch::of(part.page()));
    Ok(match part.reminders.as_deref().map(reminders::count).transpose()? {
        Some(count) => unit.list_reminded_users(filter, count, page, wanted).await?,
        None => unit.list_users(filter, None, page, wanted).await?,
    })
}

/// The filter of users, read.
pub(crate) fn parsed_users(registry: &Registry, part: &Part) -> Result<Option<ResolvedFilter>, Error> {
    parsed(registry.user(), part)
}

/// The groups of a tenant: dynamic ones or static ones where it is said.
///
/// # Errors
/// [`Error`] if there is no such tenant, or the filter cannot be used.
pub async fn groups(
    db: &Database,
    tenant: &str,
    dynamic: Option<bool>,
    part: &Part,
) -> Result<Listed<Group>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let filter = parsed(db.registry(&scope).group(), part)?;
    let unit = db.read(&scope).await?;
    let (filter, page) = (filter.as_ref(), part.page());
    let (total, groups) = match dynamic {
        Some(dynamic) => unit.groups_marked(filter, dynamic, page).await?,
        None => unit.groups(filter, page).await?,
    };
    Ok(Listed { total, items: described(&unit, groups).await? })
}

/// One group, by id or name, with at most `most` members behind the first `before` of them.
///
/// # Errors
/// [`Error`] if there is no such group, or several.
pub async fn group(
    db: &Database,
    operator: &Operator,
    group: &str,
    before: u64,
    most: u64,
) -> Result<GroupDetails, Error> {
    let (scope, group) = db.group(operator, group).await?;
    let (_, tenant) = db.tenant(&scope.tenant_id().to_string()).await?;
    let unit = db.read(&scope).await?;
    let members =
        unit.members_behind(&[group.id], None, before.saturating_add(most).min(u32::MAX.into())).await?;
    let skipped = members.into_iter().skip(usize::try_from(before).unwrap_or(usize::MAX));
    let member = |(_, member): (GroupId, store::Member)| Member {
        id: member.id.to_string(),
        kind: member.kind.to_string(),
        name: member.display,
    };
    let id = group.id;
    let bindings = unit.bindings().await?.into_iter().filter(|binding| binding.group == id);
    let external_id = group.resource.document.get("externalId").and_then(serde_json::Value::as_str);
    let external_id = external_id.map(str::to_owned);
    let lingering = unit.lingerers(id, store::Lingerers::default()).await?.len() as u64;
    let described = described(&unit, vec![group]).await?.pop();
    Ok(GroupDetails {
        tenant: tenant.name,
        external_id,
        bindings: bindings.map(Binding::from).collect(),
        lingering,
        listed: skipped.map(member).collect(),
        group: described.ok_or_else(|| Error::Refused("the group was deleted just now".to_owned()))?,
    })
}

/// What stands on a person's row, in words.
fn by_hand(marks: &Marks) -> Vec<String> {
    let deactivated = marks.deactivated_since.map(|_| "deactivated".to_owned());
    let held = marks.held.iter().map(|domain| format!("held: {domain}"));
    let flagged = marks.flagged.iter().map(|domain| format!("flagged: {domain}"));
    deactivated.into_iter().chain(held).chain(flagged).collect()
}

/// Groups as they are listed.
pub(crate) async fn described(unit: &ReadUnit, groups: Vec<store::Group>) -> Result<Vec<Group>, Error> {
    let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
    let counts = unit.member_counts(&ids).await?;
    let (bindings, connections) = (unit.bindings().await?, unit.connections().await?);
    let group = |group: store::Group| {
        let bound = bindings.iter().filter(|binding| binding.group == group.id);
        Group {
            id: group.id,
            name: group.display_name().to_owned(),
            members: counts.get(&group.id).copied().unwrap_or(0),
            pools: bound.map(|binding| binding.pool_name.clone()).collect(),
            dynamic: group.grace.is_some(),
            grace_hours: group.grace.map(GroupGrace::hours),
            connection: owner(&connections, group.connection),
            created_at: group.resource.meta.created,
        }
    };
    Ok(groups.into_iter().map(group).collect())
}

impl Part {
    fn page(&self) -> list::Page {
        list::Page { start_index: self.start.max(1), count: self.count }
    }
}

fn parsed(of: &ResourceType, part: &Part) -> Result<Option<ResolvedFilter>, Error> {
    let Some(text) = &part.filter else { return Ok(None) };
    let parsed = filter::parse(of, text, FilterDialect::default());
    let sentence = |error| Error::Refused(format!("the filter \"{text}\" cannot be used: {error}"));
    Ok(Some(parsed.map_err(sentence)?.0))
}

/// The name of the connection that owns something.
pub(crate) fn owner(connections: &[Connection], owner: Option<ConnectionId>) -> Option<String> {
    let found = connections.iter().find(|connection| Some(connection.id) == owner);
    found.map(|connection| connection.name.clone())
}
