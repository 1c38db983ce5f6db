//! Gates between who arrives and what is being set up for them, so that neither misses the other.
//!
//! On `PostgreSQL` two units see nothing of each other before they commit: a group could park a member in the instant
//! in which the user arrives, and both would find nobody. So whoever creates or changes a user passes a gate, together
//! with many others, and whoever sets something up for users to come holds it, alone, until the unit ends. Both look
//! for each other only after that, in a statement of its own. `SQLite` has one writer and needs no gates.

use sea_orm::DbBackend;
use uuid::Uuid;

use crate::backend::concurrent;
use crate::error::Error;
use crate::sql::Sql;
use crate::unit::WriteUnit;

/// What is set up for users to come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gate {
    /// Members that groups name before they arrive: held behind groups and before users.
    Parking = 1,
    /// Rules of pools: held by who makes a pool, and holds no row that anybody who passes could want.
    Rules = 2,
}

impl Gate {
    /// The two numbers of its advisory lock; tenants that share the second one wait for each other, and no more.
    fn key(self, tenant: Uuid) -> [i32; 2] {
        // The end of a UUID is its random part.
        let [.., a, b, c, d] = tenant.into_bytes();
        [self as i32, i32::from_be_bytes([a, b, c, d])]
    }
}

/// The gates that a statement of a tenant passes.
pub(crate) struct Gates<'g>(pub(crate) Uuid, pub(crate) &'g [Gate]);

impl Gates<'_> {
    /// No gate.
    pub(crate) const NONE: Self = Self(Uuid::nil(), &[]);

    /// Appends what passes them to the `WITH` of a statement, which must then draw its rows from `gate`, too; `false` if
    /// there is nothing to pass.
    pub(crate) fn push(&self, sql: &mut Sql, with: &str, backend: DbBackend) -> bool {
        let Self(tenant, gates) = self;
        if gates.is_empty() || !concurrent(backend) {
            return false;
        }
        sql.push(with).push("gate AS MATERIALIZED (SELECT ");
        for (position, gate) in gates.iter().enumerate() {
            let [kind, tenant] = gate.key(*tenant);
            sql.push(if position > 0 { ", " } else { "" }).push("pg_advisory_xact_lock_shared(");
            sql.bind(kind).push(", ").bind(tenant).push(&format!(") AS gate_{position}"));
        }
        sql.push(") ");
        true
    }
}

impl WriteUnit {
    /// Waits until nobody passes the gate, and lets nobody pass until the unit ends.
    pub(crate) async fn hold(&mut self, gate: Gate) -> Result<(), Error> {
        if !concurrent(self.backend()) {
            return Ok(());
        }
        let [kind, tenant] = gate.key(self.tenant());
        let mut sql = Sql::new("SELECT pg_advisory_xact_lock(");
        sql.bind(kind).push(", ").bind(tenant).push(")");
        self.session.run(sql).await?;
        Ok(())
    }
}
