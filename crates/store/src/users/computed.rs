//! What the server adds to stored users when it shows them: groups, licences, the manager's name. One statement finds it,
//! together with the users or for those that are known already.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use provisioning::{GroupId, PoolId, UserId};
use scim::schema::ENTERPRISE_USER;
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::db::backend::{for_each, json_text, list_of, no_list, uuid_in_json, uuid_of_text};
use crate::db::sql::{CHUNK, Sql};
use crate::error::Error;
use crate::groups::GroupOf;
use crate::seats::{Licence, seat_state};
use crate::unit::ReadUnit;

/// What is computed for a user, as far as it is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Computed {
    /// The groups that the unit sees, those around a group included, in the order of ids.
    pub groups: Vec<GroupOf>,
    /// The seats and places in queues, in the order of the pools' ids.
    pub licences: Vec<Licence>,
    /// The display name of the manager, where the manager's value is the id of a user or group that the unit sees.
    pub manager: Option<String>,
}

/// What is to be computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The groups.
    pub groups: bool,
    /// The licences.
    pub licences: bool,
    /// The manager's name.
    pub manager: bool,
}

impl Wanted {
    /// Everything.
    pub const ALL: Self = Self { groups: true, licences: true, manager: true };

    /// Whether there is nothing to compute.
    #[must_use]
    pub const fn is_nothing(self) -> bool {
        !self.groups && !self.licences && !self.manager
    }
}

/// The columns that [`Wanted`] adds to a query of users `u`.
#[derive(FromQueryResult)]
pub(crate) struct ComputedRow {
    groups: Option<Value>,
    licences: Option<Value>,
    manager_name: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    #[sea_orm(nested)]
    computed: ComputedRow,
}

impl ComputedRow {
    /// What the columns say about a user.
    pub(crate) fn read(self, user: Uuid) -> Result<Computed, Error> {
        let inconsistent =
            || Error::Inconsistent { table: "users", column: "computed", id: user.to_string() };
        let groups = read_groups(self.groups).ok_or_else(inconsistent)?;
        let licence = |row: &Value| {
            Some(Licence {
                pool: PoolId::new(row[0].as_str()?.parse().ok()?),
                name: row[1].as_str()?.to_owned(),
                state: seat_state(row[2].as_str()?, user).ok()?,
                since: row[3].as_str()?.parse::<DateTime<Utc>>().ok()?,
                overage: is_true(&row[4]),
            })
        };
        let mut licences: Vec<Licence> =
            rows(self.licences).iter().map(licence).collect::<Option<_>>().ok_or_else(inconsistent)?;
        licences.sort_unstable_by_key(|licence| licence.pool);
        Ok(Computed { groups, licences, manager: self.manager_name })
    }
}

/// What the groups of a resource say that one statement has found, in the order of ids.
pub(crate) fn read_groups(list: Option<Value>) -> Option<Vec<GroupOf>> {
    let group = |row: &Value| {
        let id = row[0].as_str()?.parse().ok()?;
        Some(GroupOf {
            id: GroupId::new(id),
            display: row[1].as_str().map(str::to_owned),
            direct: is_true(&row[2]),
        })
    };
    let mut groups: Vec<GroupOf> = rows(list).iter().map(group).collect::<Option<_>>()?;
    groups.sort_unstable_by_key(|group| group.id);
    Some(groups)
}

fn rows(list: Option<Value>) -> Vec<Value> {
    match list {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    }
}

/// `SQLite` writes truth as a number.
fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_i64() == Some(1))
}

impl ReadUnit {
    /// What is wanted about these users, whether the unit sees the users or not.
    ///
    /// # Errors
    /// [`Error::Inconsistent`], [`Error::Busy`] or [`Error::Other`].
    pub async fn computed(
        &self,
        users: &[UserId],
        wanted: Wanted,
    ) -> Result<HashMap<UserId, Computed>, Error> {
        let mut computed = HashMap::new();
        if wanted.is_nothing() {
            return Ok(computed);
        }
        for chunk in users.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT u.id");
            self.add_computed(&mut sql, wanted).push(" FROM ");
            sql.users_among(self, chunk.iter().map(|user| user.uuid()));
            for row in self.transaction.all::<Row>(sql).await? {
                computed.insert(UserId::new(row.id), row.computed.read(row.id)?);
            }
        }
        Ok(computed)
    }

    /// Appends the groups that hold the resource of a row, and those around them, as a list for [`read_groups`].
    pub(crate) fn add_groups<'s>(&self, sql: &'s mut Sql, row: &str) -> &'s mut Sql {
        let (before, behind) = for_each(self.backend());
        sql.push("(WITH RECURSIVE up(group_id) AS (SELECT m.group_id FROM group_members m ");
        sql.push(&format!("WHERE m.tenant_id = {row}.tenant_id AND m.member_id = {row}.id"));
        sql.push(&format!(" UNION SELECT t.group_id FROM up {before} group_members t"));
        sql.push(&format!(
            " WHERE t.member_id = up.group_id AND t.tenant_id = {row}.tenant_id{behind}) SELECT "
        ));
        let id = uuid_in_json(self.backend(), "t.id");
        let direct = format!(
            "EXISTS (SELECT 1 FROM group_members d WHERE d.tenant_id = {row}.tenant_id \
             AND d.group_id = t.id AND d.member_id = {row}.id)"
        );
        sql.push(&list_of(self.backend(), &[&id, "t.display_name", &direct]));
        sql.push(&format!(" FROM up {before} groups t WHERE t.tenant_id = {row}.tenant_id"));
        sql.push(&format!(" AND t.id = up.group_id{behind}"));
        sql.push(if behind.is_empty() { "" } else { " WHERE TRUE" }).seen(&self.scope, "t").push(")")
    }

    /// Appends the columns of a [`ComputedRow`] to the columns of users `u`.
    pub(crate) fn add_computed<'s>(&self, sql: &'s mut Sql, wanted: Wanted) -> &'s mut Sql {
        let (before, behind) = for_each(self.backend());
        sql.push(", ");
        if wanted.groups {
            self.add_groups(sql, "u");
        } else {
            sql.push(no_list(self.backend()));
        }
        sql.push(" AS groups, ");
        if wanted.licences {
            let id = uuid_in_json(self.backend(), "s.pool_id");
            let columns = [id.as_str(), "t.name", "s.state", "s.since", "s.overage"];
            let list = list_of(self.backend(), &columns);
            let held = "SELECT * FROM seats s WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id";
            sql.push(&format!("(SELECT {list} FROM ({held}) s {before} pools t"));
            sql.push(&format!(" WHERE t.tenant_id = s.tenant_id AND t.id = s.pool_id{behind})"));
        } else {
            sql.push(no_list(self.backend()));
        }
        sql.push(" AS licences, ");
        if wanted.manager {
            let id = json_text(self.backend(), "u.document", &[ENTERPRISE_USER, "manager", "value"]);
            let id = uuid_of_text(self.backend(), &id);
            sql.push("COALESCE(");
            for (table, between) in [("users", ", "), ("groups", ")")] {
                sql.push("(SELECT CASE WHEN TRUE").seen(&self.scope, "x").push(" THEN x.display_name END");
                sql.push(&format!(
                    " FROM {table} x WHERE x.tenant_id = u.tenant_id AND x.id = {id}){between}"
                ));
            }
        } else {
            sql.push("CAST(NULL AS TEXT)");
        }
        sql.push(" AS manager_name")
    }
}
