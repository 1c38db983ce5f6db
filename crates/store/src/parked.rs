//! Parked members: values that a group names before the user has arrived (O-21).

use provisioning::GroupId;
use sea_orm::FromQueryResult;

use crate::backend::most_rows;
use crate::entity::parked_members;
use crate::error::Error;
use crate::gates::Gates;
use crate::rows::Rows;
use crate::sql::Sql;
use crate::unit::{CHUNK, ReadUnit, WriteUnit};

#[derive(FromQueryResult)]
struct ValueRow {
    value: String,
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
        for chunk in values.chunks(most_rows(self.backend())) {
            let row = |value: &String| parked_members::Model {
                tenant_id: self.tenant(),
                group_id: group.uuid(),
                value: value.clone(),
            };
            let rows: Rows<parked_members::Entity> = chunk.iter().map(row).collect();
            let mut sql = Sql::default();
            sql.insert(self.backend(), &Gates::NONE, rows, " ON CONFLICT DO NOTHING");
            self.session.run(sql).await?;
        }
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
            self.session.run(sql).await?;
        }
        Ok(())
    }
}
