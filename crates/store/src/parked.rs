//! Parked members: values that a group names before the user has arrived (O-21).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use provisioning::{Grant, GrantSource, GroupId, PoolId, UserId};
use scim::Object;
use scim::text::fold_name;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::bindings::priority;
use crate::db::backend::for_update;
use crate::db::locks::Lock;
use crate::db::sql::{CHUNK, Sql};
use crate::entity::parked_members;
use crate::error::Error;
use crate::ids::ConnectionId;
use crate::members::MemberKind;
use crate::unit::{ReadUnit, WriteUnit};
use crate::users::{User, text};

#[derive(FromQueryResult)]
pub(crate) struct ValueRow {
    pub(crate) value: String,
}

#[derive(FromQueryResult)]
struct ParkedRow {
    group_id: Uuid,
    value: String,
}

#[derive(FromQueryResult)]
struct AwaitingRow {
    id: Uuid,
    grace_hours: Option<i64>,
}

#[derive(FromQueryResult)]
struct AwaitedRow {
    value: String,
    pool_id: Uuid,
    group_id: Uuid,
    name: Option<String>,
    priority: i64,
}

#[derive(FromQueryResult)]
struct CalledRow {
    id: Uuid,
    external_id: Option<String>,
    user_name_folded: String,
}

impl ReadUnit {
    /// The values parked in a group, sorted.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn parked(&self, group: GroupId) -> Result<Vec<String>, Error> {
        let mut sql = Sql::new("SELECT p.value FROM parked_members p WHERE p.tenant_id = ");
        sql.bind(self.tenant()).push(" AND p.group_id = ").bind(group.uuid()).push(" ORDER BY p.value");
        Ok(self.transaction.all::<ValueRow>(sql).await?.into_iter().map(|row| row.value).collect())
    }

    /// The grants that bound groups have ready for users of these names, by name: they join those groups when they arrive.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn grants_awaiting(&self, names: &[String]) -> Result<HashMap<String, Vec<Grant>>, Error> {
        let mut awaiting: HashMap<String, Vec<Grant>> = HashMap::new();
        for chunk in names.chunks(CHUNK) {
            let mut sql = Sql::new(
                "SELECT p.value, b.pool_id, b.group_id, g.display_name AS name, b.priority FROM parked_members p \
                 JOIN bindings b ON b.tenant_id = p.tenant_id AND b.group_id = p.group_id \
                 JOIN groups g ON g.tenant_id = p.tenant_id AND g.id = p.group_id WHERE p.tenant_id = ",
            );
            sql.bind(self.tenant()).push(" AND p.value IN ").list(chunk.iter().cloned());
            sql.claimed(&self.scope, "p").push(" ORDER BY p.value, b.group_id, b.pool_id");
            for row in self.transaction.all::<AwaitedRow>(sql).await? {
                let source = GrantSource::Binding {
                    group: GroupId::new(row.group_id),
                    name: row.name.unwrap_or_default(),
                    priority: priority(row.priority),
                };
                let grant = Grant { pool: PoolId::new(row.pool_id), source };
                awaiting.entry(row.value).or_default().push(grant);
            }
        }
        Ok(awaiting)
    }
}

impl WriteUnit {
    /// Keeps values for users of this connection who have not arrived, or of any without one; those parked before stay.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn park_members(
        &mut self,
        group: GroupId,
        values: &[String],
        owner: Option<ConnectionId>,
    ) -> Result<(), Error> {
        let row = |value: &String| parked_members::Model {
            tenant_id: self.tenant(),
            group_id: group.uuid(),
            value: value.clone(),
            connection_id: owner.map(ConnectionId::uuid),
        };
        let rows = values.iter().map(row).collect();
        self.transaction.insert_all_or::<parked_members::Entity>(rows, " ON CONFLICT DO NOTHING").await
    }

    /// Lets any user claim what this connection has parked, as it is with a connection that shares the tenant.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn share_parked(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE parked_members SET connection_id = NULL WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND connection_id = ").bind(connection.uuid());
        self.transaction.run(sql).await?;
        Ok(())
    }

    /// Forgets parked values.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn unpark_members(&mut self, group: GroupId, values: &[String]) -> Result<(), Error> {
        for chunk in values.chunks(CHUNK) {
            let mut sql = Sql::new("DELETE FROM parked_members WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND group_id = ").bind(group.uuid());
            sql.push(" AND value IN ").list(chunk.iter().cloned());
            self.transaction.run(sql).await?;
        }
        Ok(())
    }

    /// Waits until no other unit parks members.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn await_parking(&mut self) -> Result<(), Error> {
        self.share(&[Lock::Parking]).await
    }

    /// Locks the groups that wait for users of these names, to be done before such people are created and
    /// [`WriteUnit::unpark_for`] is called: a unit that parks a member locks the group first, too. (A group that begins to
    /// wait between the two calls can make two units wait for each other, and one is told to come again.)
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_groups_awaiting(&mut self, documents: &[&Object]) -> Result<(), Error> {
        let mut sql = Sql::new("SELECT 1 FROM groups g WHERE g.tenant_id = ");
        sql.bind(self.tenant())
            .push(" AND g.id IN (SELECT p.group_id FROM parked_members p WHERE p.tenant_id = ");
        sql.bind(self.tenant()).push(" AND p.value IN ");
        let named = |name: &'static str| documents.iter().filter_map(move |document| text(document, name));
        sql.list(["externalId", "userName"].into_iter().flat_map(named));
        sql.claimed(&self.scope.clone(), "p").push(") ORDER BY g.id");
        self.transaction.lock(sql).await?;
        self.locked_awaiting = true;
        Ok(())
    }

    /// Makes users who have arrived members of every group in which the `externalId` or the `userName` is parked, and
    /// answers who came into which group; the groups get a new version.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn unpark_for(
        &mut self,
        users: &[&User],
        now: DateTime<Utc>,
    ) -> Result<Vec<(UserId, GroupId)>, Error> {
        let mut people: HashMap<&str, UserId> = HashMap::new();
        for user in users {
            for name in user.names() {
                people.entry(name).or_insert(user.id);
            }
        }
        let values: Vec<&str> = people.keys().copied().collect();
        let mut sql = Sql::new("SELECT p.group_id, p.value FROM parked_members p WHERE p.tenant_id = ");
        sql.bind(self.tenant()).push(" AND p.value IN ").list(values.iter().copied());
        sql.claimed(&self.scope, "p").push(" ORDER BY p.group_id, p.value");
        let mut waiting: BTreeMap<Uuid, BTreeSet<UserId>> = BTreeMap::new();
        for row in self.transaction.all::<ParkedRow>(sql).await? {
            waiting.entry(row.group_id).or_default().extend(people.get(row.value.as_str()));
        }
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = Sql::new("SELECT g.id, g.grace_hours FROM groups g WHERE g.tenant_id = ");
        sql.bind(self.tenant()).push(" AND g.id IN ").list(waiting.keys().copied()).push(" ORDER BY g.id");
        sql.push(for_update(self.backend()));
        let groups = self.transaction.all::<AwaitingRow>(sql).await?;
        let mut sql = Sql::new("DELETE FROM parked_members WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND value IN ").list(values);
        sql.claimed(&self.scope, "parked_members");
        self.transaction.run(sql).await?;
        let mut joined = Vec::new();
        for row in groups {
            let (group, users) = (GroupId::new(row.id), waiting.remove(&row.id).unwrap_or_default());
            let members: Vec<_> = users.iter().map(|user| (user.uuid(), MemberKind::User)).collect();
            self.add_members(group, &members, now).await?;
            if row.grace_hours.is_some() {
                let back: Vec<Uuid> = users.iter().map(|user| user.uuid()).collect();
                self.linger_no_more(group, &back).await?;
            }
            self.touch_group(group, now).await?;
            joined.extend(users.into_iter().map(|user| (user, group)));
        }
        Ok(joined)
    }

    /// Lets no user arrive until the unit ends, and says which users are there already under these values, each a
    /// `userName` in any case or an `externalId`. What remains may be parked: no user who arrives later, or gets such a
    /// name, misses it.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn people_called(
        &mut self,
        values: &[String],
    ) -> Result<HashMap<String, BTreeSet<Uuid>>, Error> {
        self.hold(Lock::Parking).await?;
        let mut called: HashMap<String, BTreeSet<Uuid>> = HashMap::new();
        for chunk in values.chunks(CHUNK) {
            let mut sql =
                Sql::new("SELECT u.id, u.external_id, u.user_name_folded FROM users u WHERE u.tenant_id = ");
            sql.bind(self.tenant());
            sql.push(" AND (u.external_id IN ").list(chunk.iter().cloned());
            sql.push(" OR u.user_name_folded IN ").list(chunk.iter().map(|value| fold_name(value)));
            sql.push(")").seen_user(&self.scope, "u").push(" ORDER BY u.id");
            let mut by_name: HashMap<String, Vec<&String>> = HashMap::new();
            for value in chunk {
                by_name.entry(fold_name(value)).or_default().push(value);
            }
            for row in self.transaction.all::<CalledRow>(sql).await? {
                for value in by_name.get(&row.user_name_folded).into_iter().flatten() {
                    called.entry((*value).clone()).or_default().insert(row.id);
                }
                if let Some(value) = row.external_id.filter(|value| chunk.contains(value)) {
                    called.entry(value).or_default().insert(row.id);
                }
            }
        }
        Ok(called)
    }
}
