//! Locks between a user who arrives and what is being set up for users to come, so that neither misses the other.
//!
//! On `PostgreSQL` two units see nothing of each other before they commit: a group could park a member in the instant
//! in which the user arrives, and neither unit would find the other's row. So a unit that creates or changes a user
//! shares a lock with all others that do, and a unit that sets something up for users to come holds it alone until it
//! ends. Both look for each other only after that, in a statement of its own. `SQLite` has one writer and needs no
//! locks.

use sea_orm::DbBackend;
use uuid::Uuid;

use crate::db::backend;
use crate::db::sql::Sql;
use crate::db::transaction::Transaction;
use crate::error::Error;

/// What is set up for users to come, or must not happen twice.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lock {
    /// Members that groups name before they arrive: held behind groups and before users.
    Parking = 1,
    /// Rules of pools: held by a unit that makes or changes a pool, before it locks any row but the tenant.
    Rules = 2,
    /// People who are added by hand or by a file: held before any row but the import.
    Additions = 3,
    /// Issuers that connections believe, in all tenants: held before a further one is.
    Trusts = 4,
}

impl Lock {
    /// Appends the two numbers of its advisory lock; tenants with an equal second number wait for each other, no more.
    fn push(self, sql: &mut Sql, tenant: Uuid) {
        // The end of a UUID is its random part.
        let [.., a, b, c, d] = tenant.into_bytes();
        sql.push("(").bind(self as i32).push(", ").bind(i32::from_be_bytes([a, b, c, d])).push(")");
    }
}

impl Transaction {
    /// Shares locks with other transactions until this one ends.
    pub(crate) async fn share(&self, tenant: Uuid, locks: &[Lock]) -> Result<(), Error> {
        self.take(backend::share_advisory_lock(self.backend()), tenant, locks).await
    }

    /// Waits until no other transaction shares the lock, and holds it until this one ends.
    pub(crate) async fn hold(&self, tenant: Uuid, lock: Lock) -> Result<(), Error> {
        self.take(backend::hold_advisory_lock(self.backend()), tenant, &[lock]).await
    }

    async fn take(&self, function: Option<&str>, tenant: Uuid, locks: &[Lock]) -> Result<(), Error> {
        let Some(function) = function else { return Ok(()) };
        let mut sql = Sql::default();
        select(&mut sql, function, tenant, locks);
        self.run(sql).await?;
        Ok(())
    }
}

impl Sql {
    /// Appends a source to an `UPDATE` by which the statement shares locks, too, in one trip.
    pub(crate) fn sharing(&mut self, backend: DbBackend, tenant: Uuid, locks: &[Lock]) -> &mut Self {
        let Some(function) = backend::share_advisory_lock(backend) else { return self };
        self.push(" FROM (");
        select(self, function, tenant, locks);
        self.push(") shared")
    }
}

fn select(sql: &mut Sql, function: &str, tenant: Uuid, locks: &[Lock]) {
    sql.push("SELECT ");
    for (position, lock) in locks.iter().enumerate() {
        sql.push(if position > 0 { ", " } else { "" }).push(function);
        lock.push(sql, tenant);
    }
}
