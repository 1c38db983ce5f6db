//! Memberships: one row each, never part of a group's document.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::{DateTime, Utc};
use provisioning::GroupId;
use scim::Registry;
use sea_orm::{DbBackend, FromJsonQueryResult, FromQueryResult};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::backend::{for_update, json_text, list_of, literal, no_value, skip_locked, uuid_in_json};
use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::ids::{IdRow, stored};
use crate::touched::{ResourceKey, Touch};
use crate::unit::{ReadUnit, WriteUnit};

/// What a member is (RFC 7643 §4.2, RFC 9944 §4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A resource of a type that files define, by the name of the type.
    Resource(String),
}

impl MemberKind {
    /// The word of the standard, as in `members.type`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Resource(name) => name,
        }
    }

    /// Where resources of the kind are.
    const fn table(&self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Group => "groups",
            Self::Resource(_) => "custom_resources",
        }
    }
}

impl From<String> for MemberKind {
    fn from(word: String) -> Self {
        match word.as_str() {
            "User" => Self::User,
            "Group" => Self::Group,
            _ => Self::Resource(word),
        }
    }
}

impl fmt::Display for MemberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id of the resource.
    pub id: Uuid,
    /// What it is.
    pub kind: MemberKind,
    /// Its display name, if the unit sees the member.
    pub display: Option<String>,
}

/// What an id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberName {
    /// What it is.
    pub kind: MemberKind,
    /// Its display name.
    pub display: Option<String>,
    /// What to call it in a sentence: what has no display name goes by another name, or by its id.
    pub called: String,
    /// Whether the unit sees it.
    pub seen: bool,
}

/// Members with their groups: group, member, kind, display name. They come as one value, because each row would be a trip
/// between two threads on `SQLite`.
#[derive(Debug, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
struct MemberRows(Vec<(Uuid, Uuid, String, Option<String>)>);

#[derive(FromQueryResult)]
struct MemberList {
    members: Option<MemberRows>,
}

#[derive(FromQueryResult)]
struct NameRow {
    id: Uuid,
    kind: String,
    display_name: Option<String>,
    user_name: Option<String>,
    seen: bool,
}

#[derive(FromQueryResult)]
struct KindRow {
    member_id: Uuid,
    member_kind: String,
}

impl ReadUnit {
    /// The members of a group, in the order of ids.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn members(&self, group: GroupId) -> Result<Vec<Member>, Error> {
        let all = self.members_behind(&[group], None, u32::MAX.into()).await?;
        Ok(all.into_iter().map(|(_, member)| member).collect())
    }

    /// At most `most` members of these groups behind `after`, in the order of groups and members.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn members_behind(
        &self,
        groups: &[GroupId],
        after: Option<(GroupId, Uuid)>,
        most: u64,
    ) -> Result<Vec<(GroupId, Member)>, Error> {
        // A look-up by its key for each member, which no planner can turn into a scan.
        let [group, member] = ["l.group_id", "l.member_id"].map(|id| uuid_in_json(self.backend(), id));
        let list = list_of(self.backend(), &[&group, &member, "l.member_kind", "l.display"]);
        let mut sql = Sql::new(&format!("SELECT {list} AS members FROM (SELECT m.group_id, m.member_id, "));
        sql.push("m.member_kind, CASE m.member_kind");
        let resource = resource_name(self.backend(), &self.registry, "x", "document");
        for (when, name, table) in [
            (" WHEN 'User' THEN", "x.display_name", "users"),
            (" WHEN 'Group' THEN", "x.display_name", "groups"),
            (" ELSE", &resource, "custom_resources"),
        ] {
            sql.push(when).push(" (SELECT CASE WHEN TRUE").seen(&self.scope, "x");
            sql.push(&format!(" THEN {name} END FROM {table} x"));
            sql.push(" WHERE x.tenant_id = m.tenant_id AND x.id = m.member_id)");
        }
        sql.push(" END AS display FROM group_members m WHERE m.tenant_id = ").bind(self.tenant());
        sql.push(" AND m.group_id IN ").list(groups.iter().map(|group| group.uuid()));
        if let Some((group, member)) = after {
            sql.push(" AND (m.group_id, m.member_id) > (")
                .bind(group.uuid())
                .push(", ")
                .bind(member)
                .push(")");
        }
        sql.push(" ORDER BY m.group_id, m.member_id LIMIT ").bind(most).push(") l");
        let rows = self.transaction.one::<MemberList>(sql).await?.and_then(|row| row.members);
        let member = |(group, id, kind, display): (Uuid, Uuid, String, Option<String>)| {
            (GroupId::new(group), Member { id, kind: kind.into(), display })
        };
        let members = rows.map(|rows| rows.0).unwrap_or_default().into_iter().map(member);
        let mut members: Vec<_> = members.collect();
        // A list keeps the order of its rows, but no standard says so.
        members.sort_unstable_by_key(|(group, member)| (*group, member.id));
        Ok(members)
    }

    /// Which of these are members of the group.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn members_among(&self, group: GroupId, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        let mut found = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT m.member_id AS id FROM ");
            let members = ("group_members", "m", "member_id");
            let ids = chunk.iter().copied();
            sql.among_those(self.backend(), self.tenant(), members, ids, |sql| {
                sql.push(" AND t.group_id = ").bind(group.uuid())
            });
            sql.push(" ORDER BY m.member_id");
            found.extend(self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| row.id));
        }
        Ok(found)
    }

    /// At most `most` members behind `after`, in the order of ids, for work in batches.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn members_page(
        &self,
        group: GroupId,
        after: Option<Uuid>,
        most: u64,
    ) -> Result<Vec<(Uuid, MemberKind)>, Error> {
        let mut sql = Sql::new("SELECT m.member_id, m.member_kind FROM group_members m WHERE m.tenant_id = ");
        sql.bind(self.tenant()).push(" AND m.group_id = ").bind(group.uuid());
        sql.push(" AND m.member_id > ").bind(after.unwrap_or(Uuid::nil()));
        sql.push(&format!(" ORDER BY m.member_id LIMIT {most}"));
        let rows = self.transaction.all::<KindRow>(sql).await?;
        Ok(rows.into_iter().map(|row| (row.member_id, row.member_kind.into())).collect())
    }

    /// The resource that each id stands for, of those that the unit sees.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn names_of(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, MemberName>, Error> {
        let mut names = self.names_of_members(ids).await?;
        names.retain(|_, name| name.seen);
        Ok(names)
    }

    /// As [`ReadUnit::names_of`] for members of a group, whether the unit sees them or not.
    ///
    /// # Errors
    /// As [`ReadUnit::names_of`].
    pub async fn names_of_members(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, MemberName>, Error> {
        let mut names = HashMap::new();
        for chunk in ids.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT u.id, 'User' AS kind, u.display_name, ");
            sql.push(&json_text(self.backend(), "u.document", &["userName"])).push(" AS user_name, (TRUE");
            sql.seen_user(&self.scope, "u").push(") AS seen FROM ").users_among(self, chunk.iter().copied());
            sql.push(" UNION ALL SELECT g.id, 'Group', g.display_name, NULL, (TRUE").seen(&self.scope, "g");
            let groups = ("groups", "g", "id");
            sql.push(") FROM ").among(self.backend(), self.tenant(), groups, chunk.iter().copied());
            let name = resource_name(self.backend(), &self.registry, "c", "document");
            sql.push(&format!(" UNION ALL SELECT c.id, c.resource_type, {name}, c.external_id, (TRUE"));
            let resources = ("custom_resources", "c", "id");
            sql.seen(&self.scope, "c").push(") FROM ");
            sql.among(self.backend(), self.tenant(), resources, chunk.iter().copied());
            for row in self.transaction.all::<NameRow>(sql).await? {
                let called = row.display_name.clone().or(row.user_name).unwrap_or_else(|| row.id.to_string());
                let (kind, display) = (MemberKind::from(row.kind), row.display_name);
                let seen = row.seen && self.registry.resource_type(kind.as_str()).is_some();
                let name = MemberName { kind, display, called, seen };
                names.insert(row.id, name);
            }
        }
        Ok(names)
    }
}

/// The display name of a row of a type that files define, by one of its documents; none where the type has no such name, or where no
/// file defines it any more.
pub(crate) fn resource_name(backend: DbBackend, registry: &Registry, row: &str, document: &str) -> String {
    let named = registry.custom().iter().filter(|of| of.has_display_name());
    let types: Vec<String> = named.map(|of| literal(&of.name)).collect();
    if types.is_empty() {
        return no_value(backend, "TEXT");
    }
    let name = json_text(backend, &format!("{row}.{document}"), &["displayName"]);
    format!("(CASE WHEN {row}.resource_type IN ({}) THEN {name} END)", types.join(", "))
}

impl WriteUnit {
    /// Adds members and answers those who were not members before; who does not exist is left out.
    ///
    /// The members are locked, in the order of ids, so that no other unit deletes them meanwhile.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn add_members(
        &mut self,
        group: GroupId,
        members: &[(Uuid, MemberKind)],
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>, Error> {
        let mut added = Vec::new();
        let mut by_kind: BTreeMap<&MemberKind, Vec<Uuid>> = BTreeMap::new();
        for (id, kind) in members {
            by_kind.entry(kind).or_default().push(*id);
        }
        for (kind, mut ids) in by_kind {
            ids.sort_unstable();
            for chunk in ids.chunks(CHUNK) {
                let mut sql = Sql::new(
                    "INSERT INTO group_members (tenant_id, group_id, member_id, member_kind, added_at) SELECT ",
                );
                sql.push("t.tenant_id, ").bind(group.uuid()).push(", t.id, ").bind(kind.as_str()).push(", ");
                sql.bind(stored(now)).push(" FROM ");
                // A member may be deleted at the same time.
                let there = if *kind == MemberKind::User { " AND t.deleted_at IS NULL" } else { "" };
                let rows = ("t.tenant_id, t.id", kind.table(), "t", "id");
                sql.columns_among(self.backend(), self.tenant(), rows, chunk.iter().copied(), |sql| {
                    sql.push(there)
                });
                sql.push(" WHERE TRUE ORDER BY t.id").push(for_update(self.backend()));
                sql.push(
                    " ON CONFLICT (tenant_id, group_id, member_id) DO NOTHING RETURNING member_id AS id",
                );
                let rows = self.transaction.all::<IdRow>(sql).await?;
                if !rows.is_empty() {
                    let touched = self.touch(ResourceKey::group(group.uuid()), Touch::Changed, now);
                    touched.joined.extend(rows.iter().map(|row| (row.id, kind.clone())));
                }
                added.extend(rows.into_iter().map(|row| row.id));
            }
        }
        Ok(added)
    }

    /// Removes members and answers those who were members before.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn remove_members(&mut self, group: GroupId, members: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        let mut removed = Vec::new();
        for chunk in members.chunks(CHUNK) {
            let mut sql = Sql::new("DELETE FROM group_members WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND group_id = ").bind(group.uuid());
            sql.push(" AND member_id IN ").list(chunk.iter().copied()).push(" RETURNING member_id AS id");
            removed.extend(self.transaction.all::<IdRow>(sql).await?.into_iter().map(|row| row.id));
        }
        if !removed.is_empty() {
            let key = ResourceKey::group(group.uuid());
            self.touch(key, Touch::Changed, DateTime::UNIX_EPOCH).left.extend(&removed);
        }
        Ok(removed)
    }

    /// Removes every member, and every parked one; says how many members there were.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn remove_all_members(&mut self, group: GroupId) -> Result<u64, Error> {
        for table in ["parked_members", "group_members"] {
            let mut sql = Sql::new(&format!("DELETE FROM {table} WHERE tenant_id = "));
            sql.bind(self.tenant()).push(" AND group_id = ").bind(group.uuid());
            let removed = self.transaction.run(sql).await?;
            if table == "group_members" {
                return Ok(removed);
            }
        }
        Ok(0)
    }

    /// Locks the groups that hold a resource which is about to be deleted, before the resource: no unit that changes one of these
    /// groups at the same time waits in the other direction, or leaves the group at a version that still holds the resource.
    pub(crate) async fn lock_groups_of(&mut self, member: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("SELECT 1 FROM groups g WHERE g.tenant_id = ");
        sql.bind(self.tenant())
            .push(" AND g.id IN (SELECT m.group_id FROM group_members m WHERE m.tenant_id = ");
        sql.bind(self.tenant()).push(" AND m.member_id = ").bind(member).push(") ORDER BY g.id");
        self.transaction.lock(sql).await
    }

    /// Takes a resource out of every group; those get a new version, but for one that another unit has locked
    /// since: that unit may wait for this member, and is about to give the group its new version.
    pub(crate) async fn leave_all_groups(&mut self, member: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE groups SET version = version + 1, modified_at = ");
        sql.bind(stored(now)).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND id IN (SELECT g.id FROM groups g WHERE g.tenant_id = ").bind(self.tenant());
        sql.push(" AND g.id IN (SELECT m.group_id FROM group_members m WHERE m.tenant_id = ")
            .bind(self.tenant());
        sql.push(" AND m.member_id = ").bind(member).push(")").push(skip_locked(self.backend())).push(")");
        self.transaction.run(sql).await?;
        let mut sql = Sql::new("DELETE FROM group_members WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND member_id = ").bind(member).push(" RETURNING group_id AS id");
        for row in self.transaction.all::<IdRow>(sql).await? {
            self.touch(ResourceKey::group(row.id), Touch::Changed, now).left.push(member);
        }
        Ok(())
    }
}
