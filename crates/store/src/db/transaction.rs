//! A transaction: what units run their statements in; dropped, it is rolled back.

use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::prelude::async_trait::async_trait;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, FromQueryResult, Insert,
    IntoActiveModel, QueryResult, Statement,
};

use crate::db::backend::lock_rows;
use crate::db::connection::DbConnection;
use crate::db::pool::PooledConnection;
use crate::db::rows::Rows;
use crate::db::sql::{CHUNK, Sql};
use crate::db::writer::Lease;
use crate::error::Error;

/// A transaction that counts its statements.
#[derive(Debug)]
pub(crate) struct Transaction {
    connection: Connected,
    statements: AtomicUsize,
}

#[derive(Debug)]
enum Connected {
    /// The connection is free again once the transaction has ended.
    Own(PooledConnection),
    Leased(Lease),
}

impl Transaction {
    /// Begins a transaction with this statement.
    pub(crate) async fn begin(own: PooledConnection, statement: &'static str) -> Result<Self, Error> {
        own.begin(statement).await?;
        Ok(Self { connection: Connected::Own(own), statements: AtomicUsize::new(0) })
    }

    /// For one statement, which is a transaction by itself.
    pub(crate) fn once(own: PooledConnection) -> Self {
        Self { connection: Connected::Own(own), statements: AtomicUsize::new(0) }
    }

    pub(crate) fn leased(lease: Lease) -> Self {
        Self { connection: Connected::Leased(lease), statements: AtomicUsize::new(0) }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.get_database_backend()
    }

    pub(crate) fn connection(&self) -> &DbConnection {
        match &self.connection {
            Connected::Own(own) => own,
            Connected::Leased(lease) => lease.connection(),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        match self.connection {
            Connected::Own(own) => Ok(own.commit().await?),
            Connected::Leased(lease) => lease.commit().await,
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

    /// The only number that a query answers; a query without a row counts as 0.
    pub(crate) async fn number(&self, sql: Sql) -> Result<u64, Error> {
        let row = self.query_one_raw(sql.statement(self.backend())).await?;
        let number: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// Runs a statement and says how many rows it changed.
    pub(crate) async fn run(&self, sql: Sql) -> Result<u64, Error> {
        Ok(self.execute_raw(sql.statement(self.backend())).await?.rows_affected())
    }

    /// Runs a query for its locks alone; where there is one writer, there is nothing to lock.
    pub(crate) async fn lock(&self, mut sql: Sql) -> Result<(), Error> {
        if let Some(lock) = lock_rows(self.backend()) {
            sql.push(lock);
            self.run(sql).await?;
        }
        Ok(())
    }

    /// How many statements it has run, without begin and commit.
    pub(crate) fn statements(&self) -> usize {
        self.statements.load(Ordering::Relaxed)
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
        self.insert_all_or::<E>(rows, "").await
    }

    /// As [`Transaction::insert_all`], with what is to be done `otherwise`, where there is such a row.
    pub(crate) async fn insert_all_or<E>(&self, rows: Vec<E::Model>, otherwise: &str) -> Result<(), Error>
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        self.count_inserted::<E>(rows, otherwise).await.map(drop)
    }

    /// As [`Transaction::insert_all_or`]; answers how many rows were written.
    pub(crate) async fn count_inserted<E>(&self, rows: Vec<E::Model>, otherwise: &str) -> Result<u64, Error>
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let (mut rows, mut written) = (rows.into_iter().peekable(), 0);
        while rows.peek().is_some() {
            let chunk: Rows<E> = rows.by_ref().take(CHUNK).collect();
            let mut sql = Sql::default();
            sql.insert(self.backend(), &chunk, otherwise);
            written += self.run(sql).await?;
        }
        Ok(written)
    }

    fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.connection().get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.count();
        self.connection().execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.count();
        self.connection().execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.count();
        self.connection().query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.count();
        self.connection().query_all_raw(statement).await
    }
}
