//! The store: opened once, it hands out units of work.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use provisioning::Policy;
use scim::Registry;
use sea_orm::{DbBackend, FromQueryResult};
use uuid::Uuid;

use crate::db::backend;
use crate::db::connection::DbConnection;
use crate::db::pool::{ConnectionPool, PooledConnection};
use crate::db::sql::Sql;
use crate::db::transaction::Transaction;
use crate::db::writer::Writer;
use crate::error::Error;
use crate::ids::new_id;
use crate::migration;
use crate::registries::Registries;
use crate::scope::TenantScope;
use crate::unit::{ReadUnit, WriteUnit};

/// How to open a store.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// `sqlite://FILE?mode=rwc`, `sqlite::memory:` (a throw-away file) or `postgres://USER@HOST/DATABASE`.
    pub url: String,
    /// The most connections at once; `SQLite` has one more, the writer.
    pub max_connections: u32,
    /// Whether pending migrations run; otherwise they refuse the opening.
    pub migrate: bool,
    /// The longest that a statement may take, where the database can be told.
    pub statement_limit: Option<Duration>,
}

impl std::fmt::Debug for Options {
    /// Without the URL, which can hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = backend::of_url(&self.url).map_or("unknown", backend::name);
        f.debug_struct("Options")
            .field("url", &kind)
            .field("max_connections", &self.max_connections)
            .field("migrate", &self.migrate)
            .field("statement_limit", &self.statement_limit)
            .finish()
    }
}

#[derive(FromQueryResult)]
struct Refuses {
    refuses: bool,
}

/// The database.
#[derive(Debug)]
pub struct Store {
    backend: DbBackend,
    pool: ConnectionPool,
    /// `SQLite` only.
    writer: Option<Writer>,
    base: Arc<str>,
    policy: Policy,
    registries: RwLock<Arc<Registries>>,
    _scratch: Option<Scratch>,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::PendingMigrations`] if the schema is old and migrations are switched off; [`Error::Other`] if the
    /// database cannot be opened.
    pub async fn open(options: &Options) -> Result<Self, Error> {
        let backend = backend::of_url(&options.url)?;
        let scratch = if options.url.contains(":memory:") { Some(Scratch::make()?) } else { None };
        let url = scratch.as_ref().map_or_else(|| options.url.clone(), Scratch::url);
        let writer = backend::connect_only_writer(backend, &url).await?;
        let pool = ConnectionPool::connect(&url, options.max_connections, options.statement_limit).await?;
        prepare(&*pool.acquire(None).await?, &url, options.migrate).await?;
        let writer = writer.map(|connection| Writer::start(connection, url));
        let policy = Policy::default();
        let store = Self {
            backend,
            pool,
            writer,
            base: "".into(),
            policy,
            registries: RwLock::default(),
            _scratch: scratch,
        };
        store.renumber_restored().await?;
        Ok(store)
    }

    /// Says below which address resources live, for filters on `meta.location` and `$ref`; no slash at its end.
    #[must_use]
    pub fn with_base(self, base: &str) -> Self {
        Self { base: base.into(), ..self }
    }

    /// Says which delays apply to people without an owner; without this there are none.
    #[must_use]
    pub fn with_policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Says which schemas and resource types tenants have; units that are open keep what they began with.
    pub fn use_registries(&self, registries: Registries) {
        *self.registries.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(registries);
    }

    /// Which schemas and resource types tenants have.
    #[must_use]
    pub fn registries(&self) -> Arc<Registries> {
        Arc::clone(&self.registries.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The schemas and resource types of a tenant.
    #[must_use]
    pub fn registry(&self, scope: &TenantScope) -> Arc<Registry> {
        Arc::clone(self.registries().of(scope.tenant_id()))
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`] if there is none.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.database().await?.ping().await?)
    }

    /// Asks whether the database takes changes now; on `SQLite` the question waits for its turn to write.
    ///
    /// # Errors
    /// [`Error::ReadOnly`], [`Error::Busy`] or another reason why it does not.
    pub async fn takes_changes(&self) -> Result<(), Error> {
        let transaction = self.writing().await?;
        if let Some(query) = backend::refuses_changes(self.backend)
            && transaction.one::<Refuses>(Sql::new(query)).await?.is_some_and(|row| row.refuses)
        {
            return Err(Error::ReadOnly);
        }
        Ok(())
    }

    /// The migrations that have not run.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Error> {
        migration::pending(&*self.database().await?).await
    }

    /// Runs the migrations that have not run and says which they were.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`]; nothing has changed then.
    pub async fn migrate(&self) -> Result<Vec<String>, Error> {
        migration::up(self.pool.url()).await
    }

    /// `sqlite` or `postgresql`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        backend::name(self.backend)
    }

    /// A new id that sorts behind those made before.
    #[must_use]
    pub fn new_id(&self, now: DateTime<Utc>) -> Uuid {
        new_id(now)
    }

    /// Opens a unit that reads.
    ///
    /// # Errors
    /// [`Error::Busy`] if no connection is free in time, or [`Error::Other`].
    pub async fn read(&self, scope: &TenantScope) -> Result<ReadUnit, Error> {
        let transaction = self.reading(scope.share()).await?;
        Ok(self.unit(transaction, scope))
    }

    /// Opens a unit for one statement, which needs no transaction around it.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_once(&self, scope: &TenantScope) -> Result<ReadUnit, Error> {
        let transaction = Transaction::once(self.pool.acquire(scope.share()).await?);
        Ok(self.unit(transaction, scope))
    }

    /// Opens a unit that writes; on `SQLite` it waits for its turn.
    ///
    /// # Errors
    /// [`Error::Busy`] if that takes too long, or [`Error::Other`].
    pub async fn write(&self, scope: &TenantScope) -> Result<WriteUnit, Error> {
        let transaction = self.writing_for(scope.share()).await?;
        Ok(WriteUnit::new(self.unit(transaction, scope)))
    }

    fn unit(&self, transaction: Transaction, scope: &TenantScope) -> ReadUnit {
        ReadUnit {
            transaction,
            scope: scope.clone(),
            registry: self.registry(scope),
            base: Arc::clone(&self.base),
            policy: self.policy,
        }
    }

    /// Lets open writes finish and closes the database.
    pub async fn close(self) {
        if let Some(writer) = self.writer {
            writer.close().await;
        }
        self.pool.close().await;
    }

    /// A connection for a statement without a unit.
    pub(crate) async fn database(&self) -> Result<PooledConnection, Error> {
        self.pool.acquire(None).await
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.backend
    }

    async fn reading(&self, tenant: Option<Uuid>) -> Result<Transaction, Error> {
        let connection = self.pool.acquire(tenant).await?;
        Transaction::begin(connection, backend::begin_reading(self.backend)).await
    }

    /// A transaction that writes for the installation.
    pub(crate) async fn writing(&self) -> Result<Transaction, Error> {
        self.writing_for(None).await
    }

    async fn writing_for(&self, tenant: Option<Uuid>) -> Result<Transaction, Error> {
        if let Some(writer) = &self.writer {
            return Ok(Transaction::leased(writer.lease().await?));
        }
        let connection = self.pool.acquire(tenant).await?;
        Transaction::begin(connection, backend::begin_writing(self.backend)).await
    }
}

async fn prepare(connection: &DbConnection, url: &str, migrate: bool) -> Result<(), Error> {
    let pending = migration::pending(connection).await?;
    match (pending.is_empty(), migrate) {
        (true, _) => Ok(()),
        (false, true) => migration::up(url).await.map(drop),
        (false, false) => Err(Error::PendingMigrations(pending)),
    }
}

/// A folder for a throw-away database, removed with the store.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self, Error> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let folder = std::env::temp_dir().join(format!("rollcall-{}-{number}", std::process::id()));
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::Other(error.into())),
            }
        }
    }

    fn url(&self) -> String {
        format!("sqlite://{}?mode=rwc", self.0.join("rollcall.db").display())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Whatever cannot be removed lies in the system's folder for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
