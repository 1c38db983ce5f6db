//! Requests whose clients do not wait for the end: kept before they are accepted, run in the order of their connection, each
//! operation once, and what came of each.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::db::backend::for_update;
use crate::db::sql::Sql;
use crate::entity::{deferred_operations, deferred_requests};
use crate::error::Error;
use crate::ids::{ConnectionId, IdRow, new_id, stored};
use crate::unit::{ReadUnit, WriteUnit};

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Deferred {
    /// Its id, which is the transaction.
    pub id: Uuid,
    /// The connection that sent it.
    pub connection: ConnectionId,
    /// The request, sealed; none once it is done.
    pub request: Option<Vec<u8>>,
    /// Whether it is a bulk request.
    pub bulk: bool,
    /// The runner of the request, and until when: a job, or, by the id of the request, the server whose client waits.
    pub runs: Option<(Uuid, DateTime<Utc>)>,
}

/// An operation of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct DeferredOperation {
    /// Its place in the request, from 0.
    pub number: i64,
    /// The id of the token that tells its end.
    pub set: Uuid,
    /// The path of the resource that it has changed.
    pub applied: Option<String>,
    /// What is told of its end, with when that came.
    pub completion: Option<(Value, DateTime<Utc>)>,
}

impl From<deferred_requests::Model> for Deferred {
    fn from(row: deferred_requests::Model) -> Self {
        Self {
            id: row.id,
            connection: ConnectionId::new(row.connection_id),
            request: row.request,
            bulk: row.bulk,
            runs: row.runner.zip(row.runs_until),
        }
    }
}

impl From<deferred_operations::Model> for DeferredOperation {
    fn from(row: deferred_operations::Model) -> Self {
        let completion = row.completion.zip(row.done_at);
        Self { number: row.number, set: row.set_id, applied: row.applied, completion }
    }
}

/// Reads the first request of a connection that is not done.
fn first(columns: &str, tenant: Uuid, connection: ConnectionId) -> Sql {
    let mut sql = Sql::new(&format!("SELECT {columns} FROM deferred_requests d WHERE d.tenant_id = "));
    sql.bind(tenant).push(" AND d.connection_id = ").bind(connection.uuid());
    sql.push(" AND NOT d.done ORDER BY d.id LIMIT 1");
    sql
}

impl ReadUnit {
    /// The request of this id.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn deferred(&self, id: Uuid) -> Result<Option<Deferred>, Error> {
        let mut sql = Sql::new("SELECT d.* FROM deferred_requests d WHERE d.tenant_id = ");
        sql.bind(self.tenant()).push(" AND d.id = ").bind(id);
        Ok(self.transaction.one::<deferred_requests::Model>(sql).await?.map(Deferred::from))
    }

    /// The operations of a request, in its order.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn deferred_operations(&self, id: Uuid) -> Result<Vec<DeferredOperation>, Error> {
        let mut sql = Sql::new("SELECT o.* FROM deferred_operations o WHERE o.tenant_id = ");
        sql.bind(self.tenant()).push(" AND o.request_id = ").bind(id).push(" ORDER BY o.number");
        let rows = self.transaction.all::<deferred_operations::Model>(sql).await?;
        Ok(rows.into_iter().map(DeferredOperation::from).collect())
    }

    /// The first request of a connection that is not done.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn next_deferred(&self, connection: ConnectionId) -> Result<Option<Uuid>, Error> {
        let sql = first("d.id", self.tenant(), connection);
        Ok(self.transaction.one::<IdRow>(sql).await?.map(|row| row.id))
    }

    /// How many requests of a connection are not done.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn count_deferred(&self, connection: ConnectionId) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT COUNT(*) FROM deferred_requests d WHERE d.tenant_id = ");
        sql.bind(self.tenant()).push(" AND d.connection_id = ").bind(connection.uuid());
        sql.push(" AND NOT d.done");
        self.transaction.number(sql).await
    }
}

impl WriteUnit {
    /// Keeps a request of so many operations.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn insert_deferred(
        &mut self,
        request: &Deferred,
        operations: usize,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tenant_id = self.tenant();
        let row = deferred_requests::Model {
            tenant_id,
            id: request.id,
            connection_id: request.connection.uuid(),
            request: request.request.clone(),
            bulk: request.bulk,
            done: false,
            runner: request.runs.map(|(runner, _)| runner),
            runs_until: request.runs.map(|(_, until)| stored(until)),
            created_at: stored(now),
        };
        self.transaction.insert(row).await?;
        let operation = |number: usize| deferred_operations::Model {
            tenant_id,
            request_id: request.id,
            number: i64::try_from(number).unwrap_or(i64::MAX),
            set_id: new_id(now),
            applied: None,
            completion: None,
            done_at: None,
        };
        let rows = (0..operations).map(operation).collect();
        self.transaction.insert_all::<deferred_operations::Entity>(rows).await
    }

    /// The first request of a connection that is not done, locked.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn lock_next_deferred(&mut self, connection: ConnectionId) -> Result<Option<Deferred>, Error> {
        let mut sql = first("d.*", self.tenant(), connection);
        sql.push(for_update(self.backend()));
        Ok(self.transaction.one::<deferred_requests::Model>(sql).await?.map(Deferred::from))
    }

    /// Gives a request a runner, and says until when no other runner takes the request.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn run_deferred(&mut self, id: Uuid, runner: Uuid, until: DateTime<Utc>) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE deferred_requests SET runner = ");
        sql.bind(runner).push(", runs_until = ").bind(stored(until));
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND id = ").bind(id);
        self.transaction.run(sql).await.map(drop)
    }

    /// Notes that this unit does what an operation asks for; `false` if that was done before, and the unit must be dropped.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn apply_deferred(&mut self, id: Uuid, number: i64, uri: &str) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE deferred_operations SET applied = ");
        sql.bind(uri).push(" WHERE tenant_id = ").bind(self.tenant());
        sql.push(" AND request_id = ").bind(id).push(" AND number = ").bind(number);
        sql.push(" AND applied IS NULL AND completion IS NULL");
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Saves what is told of the end of an operation; `false` if that was told before.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn complete_deferred(
        &mut self,
        id: Uuid,
        (number, completion): (i64, Value),
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let mut sql = Sql::new("UPDATE deferred_operations SET completion = ");
        sql.bind(completion).push(", done_at = ").bind(stored(now));
        sql.push(" WHERE tenant_id = ").bind(self.tenant()).push(" AND request_id = ").bind(id);
        sql.push(" AND number = ").bind(number).push(" AND completion IS NULL");
        Ok(self.transaction.run(sql).await? == 1)
    }

    /// Ends a request: what it said is kept no more.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn end_deferred(&mut self, id: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("UPDATE deferred_requests SET done = TRUE, request = NULL WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(id);
        self.transaction.run(sql).await.map(drop)
    }

    /// Deletes a request whose client was answered after all.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn delete_deferred(&mut self, id: Uuid) -> Result<(), Error> {
        let mut sql = Sql::new("DELETE FROM deferred_requests WHERE tenant_id = ");
        sql.bind(self.tenant()).push(" AND id = ").bind(id);
        self.transaction.run(sql).await.map(drop)
    }
}
