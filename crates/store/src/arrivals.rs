//! People who arrive: created many at once, told to the journal, and met with what waits for them.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use provisioning::{GroupId, PoolId, UserId};
use scim::Object;
use scim::text::fold_name;
use sea_orm::{DbBackend, FromQueryResult};
use uuid::Uuid;

use crate::backend::{concurrent, for_each, for_update, json_text, text_elements};
use crate::error::Error;
use crate::gates::{Gate, Gates};
use crate::groups::IdRow;
use crate::members::MemberKind;
use crate::newcomers::{Newcomer, Newcomers, called, names};
use crate::pools::PoolRule;
use crate::sql::Sql;
use crate::unit::{CHUNK, WriteUnit};
use crate::users::{User, text};

/// Users who were created, and what waits for them.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrived {
    /// Those who are there now; left out is whose `userName` is taken.
    pub created: BTreeSet<UserId>,
    /// Those of their names by which groups wait for them: see [`WriteUnit::unpark_for`].
    pub parked: BTreeSet<String>,
    /// The pools to which people are entitled without a binding.
    pub rules: Vec<PoolRule>,
}

#[derive(FromQueryResult)]
struct AwaitingRow {
    parked: Option<String>,
    pool: Option<Uuid>,
    rule: Option<String>,
    is_default: bool,
}

#[derive(FromQueryResult)]
struct CalledRow {
    id: Uuid,
    external_id: Option<String>,
    user_name: Option<String>,
}

#[derive(FromQueryResult)]
struct GroupRow {
    group_id: Uuid,
}

/// What follows the INSERT of users, of whom only those without a namesake are created.
pub(crate) const UNLESS_TAKEN: &str = " ON CONFLICT (tenant_id, user_name_folded) DO NOTHING";

/// Which pools `q` are for people whatever group they are in.
pub(crate) const FOR_PEOPLE_ALONE: &str = "(q.rule IS NOT NULL OR q.is_default)";

/// Appends the source of the members `t` that groups wait for by a name of these people.
pub(crate) fn parked(sql: &mut Sql, backend: DbBackend, tenant: Uuid, new: &[&Newcomer]) {
    let (before, behind) = text_elements(backend);
    sql.push(" FROM ").push(before).bind(called(new)).push(behind);
    let (before, behind) = for_each(backend);
    sql.push(&format!(" called {before} parked_members t WHERE t.value = called.value AND t.tenant_id = "));
    sql.bind(tenant).push(behind);
}

impl Arrived {
    /// Whether a group waits for this user.
    #[must_use]
    pub fn is_awaited(&self, user: &User) -> bool {
        names(user).any(|name| self.parked.contains(name))
    }
}

impl WriteUnit {
    /// Creates users and tells the journal: two statements, however many they are.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_users(&mut self, mut new: Vec<&Newcomer>) -> Result<Arrived, Error> {
        let (tenant, backend) = (self.tenant(), self.backend());
        let (all, Newcomers { users, mut values, mut entries }) =
            (new.len(), Newcomers::of(tenant, &mut new)?);
        let mut sql = Sql::default();
        let behind = [UNLESS_TAKEN, " RETURNING id"].concat();
        sql.insert(backend, &Gates(tenant, &[Gate::Parking, Gate::Rules]), users, &behind);
        let created = self.session.all::<IdRow>(sql).await?;
        let created = created.iter().map(|row| UserId::new(row.id)).collect();
        let mut arrived = Arrived { created, parked: BTreeSet::new(), rules: Vec::new() };
        new.retain(|newcomer| arrived.created.contains(&newcomer.user.id));
        if new.is_empty() {
            return Ok(arrived);
        }
        if new.len() < all {
            Newcomers { values, entries, .. } = Newcomers::of(tenant, &mut new)?;
        }
        let mut sql = Sql::default();
        sql.together(backend, |sql| sql.insert(backend, &Gates::NONE, values, ""));
        sql.together(backend, |sql| sql.insert(backend, &Gates::NONE, entries, ""));
        sql.push("SELECT t.value AS parked, CAST(NULL AS UUID) AS pool, CAST(NULL AS TEXT) AS rule, FALSE AS is_default");
        parked(&mut sql, backend, tenant, &new);
        sql.push(" UNION ALL SELECT NULL, q.id, q.rule, q.is_default FROM pools q WHERE q.tenant_id = ");
        sql.bind(tenant).push(" AND ").push(FOR_PEOPLE_ALONE).push(" ORDER BY pool");
        for row in self.session.all::<AwaitingRow>(sql).await? {
            arrived.parked.extend(row.parked);
            arrived.rules.extend(row.pool.map(|pool| PoolRule {
                pool: PoolId::new(pool),
                rule: row.rule,
                default: row.is_default,
            }));
        }
        self.bumped.extend(arrived.created.iter().map(|id| id.uuid()));
        Ok(arrived)
    }

    /// Waits for whoever parks members at this moment.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn await_parking(&mut self) -> Result<(), Error> {
        let mut sql = Sql::default();
        if Gates(self.tenant(), &[Gate::Parking]).push(&mut sql, "WITH ", self.backend()) {
            sql.push("SELECT 1 FROM gate");
            self.session.run(sql).await?;
        }
        Ok(())
    }

    /// Locks the groups that wait for somebody of these names, to be done before such a person is created and
    /// [`WriteUnit::unpark_for`] is called: whoever parks a member locks the group first, too. (A group that begins to
    /// wait between the two calls can make two units wait for each other, and one is told to come again.)
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_groups_awaiting(&mut self, document: &Object) -> Result<(), Error> {
        if !concurrent(self.backend()) {
            return Ok(());
        }
        let mut sql = Sql::new("SELECT 1 FROM groups g WHERE g.tenant_id = ");
        sql.bind(self.tenant())
            .push(" AND g.id IN (SELECT p.group_id FROM parked_members p WHERE p.tenant_id = ");
        sql.bind(self.tenant()).push(" AND p.value IN ");
        sql.list(["externalId", "userName"].into_iter().filter_map(|name| text(document, name)));
        sql.push(") ORDER BY g.id").push(for_update(self.backend()));
        self.session.run(sql).await?;
        Ok(())
    }

    /// Makes a user who has arrived a member of every group in which the `externalId` or the `userName` is parked,
    /// and answers those groups; they get a new version.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn unpark_for(&mut self, user: &User, now: DateTime<Utc>) -> Result<Vec<GroupId>, Error> {
        let values: Vec<&str> = names(user).collect();
        let mut sql = Sql::new("SELECT DISTINCT p.group_id FROM parked_members p WHERE p.tenant_id = ");
        sql.bind(self.tenant())
            .push(" AND p.value IN ")
            .list(values.iter().copied())
            .push(" ORDER BY p.group_id");
        let groups: Vec<Uuid> =
            self.session.all::<GroupRow>(sql).await?.iter().map(|row| row.group_id).collect();
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("SELECT g.id FROM groups g WHERE g.tenant_id = ");
        sql.bind(self.tenant()).push(" AND g.id IN ").list(groups).push(" ORDER BY g.id");
        sql.push(for_update(self.backend()));
        let groups = self.session.all::<IdRow>(sql).await?;
        let mut sql = Sql::new("DELETE FROM parked_members WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND value IN ").list(values);
        self.session.run(sql).await?;
        let mut joined = Vec::new();
        for row in groups {
            let group = GroupId::new(row.id);
            self.add_members(group, &[(user.id.uuid(), MemberKind::User)], now).await?;
            self.touch_group(group, now).await?;
            joined.push(group);
        }
        Ok(joined)
    }

    /// Lets nobody arrive until the unit ends, and says who is there already under which of these values, by
    /// `userName` or else by `externalId`. What remains may be parked: nobody who arrives later, or gets such a name,
    /// misses it.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn people_called(&mut self, values: &[String]) -> Result<HashMap<String, Uuid>, Error> {
        self.hold(Gate::Parking).await?;
        let mut called = HashMap::new();
        for chunk in values.chunks(CHUNK) {
            let mut sql = Sql::new("SELECT u.id, u.external_id, ");
            sql.push(&json_text(self.backend(), "u.document", &["userName"]));
            sql.push(" AS user_name FROM users u WHERE u.tenant_id = ").bind(self.tenant());
            sql.push(" AND (u.external_id IN ").list(chunk.iter().cloned());
            sql.push(" OR u.user_name_folded IN ").list(chunk.iter().map(|value| fold_name(value)));
            sql.push(") ORDER BY u.id");
            let wanted: BTreeSet<&String> = chunk.iter().collect();
            for row in self.session.all::<CalledRow>(sql).await? {
                if let Some(name) = row.user_name.filter(|name| wanted.contains(name)) {
                    called.insert(name, row.id);
                }
                if let Some(name) = row.external_id.filter(|name| wanted.contains(name)) {
                    called.entry(name).or_insert(row.id);
                }
            }
        }
        Ok(called)
    }
}
