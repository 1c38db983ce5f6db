//! People for whom nothing waits: created, and told to the journal, in one trip to the database.

use std::collections::BTreeSet;

use provisioning::UserId;
use sea_orm::{DbBackend, FromQueryResult};
use uuid::Uuid;

use crate::arrivals::{FOR_PEOPLE_ALONE, UNLESS_TAKEN, parked};
use crate::entity::{journal, user_values};
use crate::error::Error;
use crate::gates::{Gate, Gates};
use crate::newcomers::{Newcomer, Newcomers, called};
use crate::rows::value;
use crate::sql::Sql;
use crate::store::Store;
use crate::tenants::TenantScope;

/// What became of people who were to be created in one trip.
#[derive(Debug)]
pub enum Unawaited {
    /// These are there now; left out is whose `userName` is taken.
    Created(BTreeSet<UserId>),
    /// Nobody is: something waits for one of them, or a pool is for people without a group. They need a unit.
    Awaited,
}

#[derive(FromQueryResult)]
struct CreatedRow {
    ready: bool,
    id: Option<Uuid>,
}

impl Store {
    /// Creates people and tells the journal, in a transaction that takes one trip to the database, if nobody waits for
    /// them and no pool is for people without a group.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn create_unawaited(
        &self,
        scope: &TenantScope,
        mut new: Vec<&Newcomer>,
    ) -> Result<Unawaited, Error> {
        let (tenant, backend) = (scope.tenant_id().uuid(), self.backend());
        let rows = Newcomers::of(tenant, &mut new)?;
        if new.is_empty() {
            return Ok(Unawaited::Created(BTreeSet::new()));
        }
        let rows = if let Some(writer) = self.writer() {
            let rows = writer.run(script(tenant, backend, &new, rows)).await?;
            let rows = rows.iter().map(|row| CreatedRow::from_query_result(row, ""));
            rows.collect::<Result<Vec<_>, _>>()?
        } else {
            let statement = statement(tenant, backend, &new, rows).statement(backend);
            CreatedRow::find_by_statement(statement).all(&*self.link().await?).await?
        };
        if rows.iter().any(|row| !row.ready) {
            return Ok(Unawaited::Awaited);
        }
        Ok(Unawaited::Created(rows.into_iter().filter_map(|row| row.id).map(UserId::new).collect()))
    }
}

/// One statement, which looks for what waits behind the gates.
fn statement(tenant: Uuid, backend: DbBackend, new: &[&Newcomer], rows: Newcomers) -> Sql {
    let mut sql = Sql::default();
    Gates(tenant, &[Gate::Parking, Gate::Rules]).push(&mut sql, "WITH ", backend);
    sql.push(", ready AS MATERIALIZED (SELECT 1 FROM gate WHERE unawaited(").bind(tenant).push(", CAST(");
    sql.bind(called(new)).push(" AS JSONB))), created AS (");
    let ready = |sql: &mut Sql| {
        sql.push("EXISTS (SELECT 1 FROM ready)");
    };
    sql.insert_if(backend, &Gates::NONE, rows.users, ready, UNLESS_TAKEN);
    sql.push(" RETURNING id), with_values AS (");
    let created = |id: String| {
        move |sql: &mut Sql| {
            sql.push(&id).push(" IN (SELECT id FROM created)");
        }
    };
    let user = created(value(backend, user_values::Column::UserId));
    sql.insert_if(backend, &Gates::NONE, rows.values, user, "), told AS (");
    let subject = created(value(backend, journal::Column::SubjectId));
    sql.insert_if(backend, &Gates::NONE, rows.entries, subject, ")");
    sql.push(" SELECT r.ready, c.id FROM (SELECT EXISTS (SELECT 1 FROM ready) AS ready) r");
    sql.push(" LEFT JOIN created c ON TRUE");
    sql
}

/// Several statements, between which nobody else writes.
fn script(tenant: Uuid, backend: DbBackend, new: &[&Newcomer], rows: Newcomers) -> Sql {
    let ready = |sql: &mut Sql| {
        sql.push("NOT EXISTS (SELECT 1");
        parked(sql, backend, tenant, new);
        sql.push(") AND NOT EXISTS (SELECT 1 FROM pools q WHERE q.tenant_id = ").bind(tenant);
        sql.push(" AND ").push(FOR_PEOPLE_ALONE).push(")");
    };
    let created = |id: String| {
        move |sql: &mut Sql| {
            sql.push("EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = ").bind(tenant);
            sql.push(" AND u.id = ").push(&id).push(")");
        }
    };
    let mut sql = Sql::default();
    sql.insert_if(backend, &Gates::NONE, rows.users, ready, UNLESS_TAKEN).push("; ");
    let user = created(value(backend, user_values::Column::UserId));
    sql.insert_if(backend, &Gates::NONE, rows.values, user, "").push("; ");
    let subject = created(value(backend, journal::Column::SubjectId));
    sql.insert_if(backend, &Gates::NONE, rows.entries, subject, "")
        .push("; SELECT r.ready, u.id FROM (SELECT ");
    ready(&mut sql);
    sql.push(" AS ready) r LEFT JOIN users u ON u.tenant_id = ").bind(tenant).push(" AND u.id IN ");
    sql.list(new.iter().map(|newcomer| newcomer.user().id.uuid()));
    sql
}
