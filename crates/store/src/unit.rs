//! Units of work: one transaction each, opened for a tenant; dropped, they are rolled back.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, FromQueryResult, Insert,
    IntoActiveModel, QueryResult, Statement,
};
use uuid::Uuid;

use crate::backend::{concurrent, most_rows};
use crate::driver::Driver;
use crate::error::Error;
use crate::gates::Gates;
use crate::links::Link;
use crate::rows::Rows;
use crate::sql::Sql;
use crate::tenants::TenantScope;
use crate::writer::Lease;

/// The most rows that one statement inserts or names, well below the limits of both databases on parameters.
pub(crate) const CHUNK: usize = 500;

/// A transaction that counts its statements.
#[derive(Debug)]
pub(crate) struct Session {
    door: Door,
    statements: AtomicUsize,
}

#[derive(Debug)]
enum Door {
    /// The link is free again once the transaction has ended.
    Own(Link),
    Leased(Lease),
}

impl Session {
    /// Begins a transaction with this statement.
    pub(crate) async fn begin(link: Link, statement: &'static str) -> Result<Self, Error> {
        link.begin(statement).await?;
        Ok(Self { door: Door::Own(link), statements: AtomicUsize::new(0) })
    }

    pub(crate) fn leased(lease: Lease) -> Self {
        Self { door: Door::Leased(lease), statements: AtomicUsize::new(0) }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.get_database_backend()
    }

    fn driver(&self) -> &Driver {
        match &self.door {
            Door::Own(link) => link,
            Door::Leased(lease) => lease.driver(),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self.door {
            Door::Own(link) => Ok(link.commit().await?),
            Door::Leased(lease) => lease.commit().await,
        }
    }

    /// The rows that a query answers.
    pub(crate) async fn all<T: FromQueryResult>(&self, sql: Sql) -> Result<Vec<T>, Error> {
        Ok(T::find_by_statement(sql.statement(self.backend())).all(self).await?)
    }

    /// The only row that a query answers.
    pub(crate) async fn one<T: FromQueryResult>(&self, sql: Sql) -> Result<Option<T>, Error> {
        Ok(self.all(sql).await?.pop())
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn run(&self, sql: Sql) -> Result<u64, Error> {
        Ok(self.execute_raw(sql.statement(self.backend())).await?.rows_affected())
    }

    /// Inserts one row.
    pub(crate) async fn insert<M, A>(&self, row: M) -> Result<(), Error>
    where
        M: IntoActiveModel<A>,
        A: ActiveModelTrait,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        Insert::<A>::one(row.into_active_model()).exec_without_returning(self).await?;
        Ok(())
    }

    /// Inserts rows, many in a statement.
    pub(crate) async fn insert_all<E>(&self, rows: Vec<E::Model>) -> Result<(), Error>
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let chunk: Rows<E> = rows.by_ref().take(most_rows(self.backend())).collect();
            let mut sql = Sql::default();
            sql.insert(self.backend(), &Gates::NONE, chunk, "");
            self.run(sql).await?;
        }
        Ok(())
    }

    fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl ConnectionTrait for Session {
    fn get_database_backend(&self) -> DbBackend {
        self.driver().get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.count();
        self.driver().execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.count();
        self.driver().execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.count();
        self.driver().query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.count();
        self.driver().query_all_raw(statement).await
    }
}

/// A unit that reads one snapshot of a tenant's data.
#[derive(Debug)]
pub struct ReadUnit {
    pub(crate) session: Session,
    pub(crate) scope: TenantScope,
    pub(crate) base: Arc<str>,
}

impl ReadUnit {
    /// How many statements it has run, without begin and commit.
    #[must_use]
    pub fn statements(&self) -> usize {
        self.session.statements.load(Ordering::Relaxed)
    }

    /// The tenant whose data it sees.
    #[must_use]
    pub fn scope(&self) -> &TenantScope {
        &self.scope
    }

    pub(crate) fn tenant(&self) -> Uuid {
        self.scope.tenant_id().uuid()
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.session.backend()
    }
}

/// A unit that changes a tenant's data; it also reads, its own changes included.
///
/// Rows are locked in one order: the resource that a request names, then groups, then users by id, then pools by id.
/// The gate of parked members (`gates`) stands between groups and users.
#[derive(Debug)]
pub struct WriteUnit {
    reading: ReadUnit,
    /// Users who got their new version in this unit already.
    pub(crate) bumped: BTreeSet<Uuid>,
    /// Whether this unit has queued jobs.
    pub(crate) queued_work: bool,
}

impl WriteUnit {
    pub(crate) fn new(reading: ReadUnit) -> Self {
        Self { reading, bumped: BTreeSet::new(), queued_work: false }
    }

    /// Whether nobody else writes before this unit ends, so that no order of locks matters.
    #[must_use]
    pub fn is_only_writer(&self) -> bool {
        !concurrent(self.backend())
    }

    /// Whether a worker has something new to look at once the unit is committed.
    #[must_use]
    pub fn has_queued_work(&self) -> bool {
        self.queued_work
    }

    /// Makes every change of the unit last; it has reached the disk when this returns.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`]: nothing of the unit may be relied upon then.
    pub async fn commit(self) -> Result<(), Error> {
        self.reading.session.commit().await
    }
}

impl Deref for WriteUnit {
    type Target = ReadUnit;

    fn deref(&self) -> &ReadUnit {
        &self.reading
    }
}
