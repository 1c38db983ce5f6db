//! Parked members: values that a group names before the user has arrived (O-21).

use chrono::{DateTime, Utc};
use provisioning::{GroupId, UserId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::backend::for_update;
use crate::entity::parked_members;
use crate::error::Error;
use crate::groups::IdRow;
use crate::members::MemberKind;
use crate::sql::Sql;
use crate::unit::{ReadUnit, WriteUnit};

#[derive(FromQueryResult)]
struct ValueRow {
    value: String,
}

#[derive(FromQueryResult)]
struct GroupRow {
    group_id: Uuid,
}

impl ReadUnit {
    /// The values parked in a group, sorted.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn parked(&self, group: GroupId) -> Result<Vec<String>, Error> {
        let mut sql = Sql::new("SELECT p.value FROM parked_members p WHERE p.tenant_id = ");
        sql.bind(self.tenant()).push(" AND p.group_id = ").bind(group.uuid()).push(" ORDER BY p.value");
        Ok(self.session.all::<ValueRow>(sql).await?.into_iter().map(|row| row.value).collect())
    }
}

impl WriteUnit {
    /// Keeps values for users who have not arrived; those parked before stay.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn park_members(&mut self, group: GroupId, values: &[String]) -> Result<(), Error> {
        let parked = self.parked(group).await?;
        let mut fresh: Vec<&String> = values.iter().filter(|value| !parked.contains(value)).collect();
        fresh.sort_unstable();
        fresh.dedup();
        let row = |value: &String| parked_members::Model {
            tenant_id: self.tenant(),
            group_id: group.uuid(),
            value: value.clone(),
        };
        self.session.insert_all(fresh.into_iter().map(row).collect()).await
    }

    /// Forgets parked values.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn unpark_members(&mut self, group: GroupId, values: &[String]) -> Result<(), Error> {
        for chunk in values.chunks(crate::unit::CHUNK) {
            let mut sql = Sql::new("DELETE FROM parked_members WHERE tenant_id = ");
            sql.bind(self.tenant()).push(" AND group_id = ").bind(group.uuid());
            sql.push(" AND value IN ").list(chunk.iter().cloned());
            self.session.run(sql).await?;
        }
        Ok(())
    }

    /// Makes a user who has arrived a member of every group in which the `externalId` or the `userName` is parked,
    /// and answers those groups; they get a new version.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn unpark_for(
        &mut self,
        user: UserId,
        external_id: Option<&str>,
        user_name: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<GroupId>, Error> {
        let values: Vec<&str> = external_id.into_iter().chain([user_name]).collect();
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
            self.add_members(group, &[(user.uuid(), MemberKind::User)], now).await?;
            self.touch_group(group, now).await?;
            joined.push(group);
        }
        Ok(joined)
    }
}
