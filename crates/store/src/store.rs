//! The store: opened once, it hands out units of work.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend};
use uuid::Uuid;

use crate::driver::Driver;
use crate::error::Error;
use crate::ids::new_id;
use crate::links::{Link, Links};
use crate::sql::Sql;
use crate::tenants::TenantScope;
use crate::unit::{ReadUnit, Session, WriteUnit};
use crate::writer::Writer;
use crate::{backend, migration};

/// How to open a store.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// `sqlite://FILE?mode=rwc`, `sqlite::memory:` (a throw-away file) or `postgres://USER@HOST/DATABASE`.
    pub url: String,
    /// The most connections at once; `SQLite` has one more, the writer.
    pub max_connections: u32,
    /// Whether pending migrations run; otherwise they refuse the opening.
    pub migrate: bool,
}

impl std::fmt::Debug for Options {
    /// Without the URL, which can hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = backend::of_url(&self.url).map_or("unknown", backend::name);
        f.debug_struct("Options")
            .field("url", &kind)
            .field("max_connections", &self.max_connections)
            .field("migrate", &self.migrate)
            .finish()
    }
}

/// The database.
#[derive(Debug)]
pub struct Store {
    backend: DbBackend,
    links: Links,
    /// `SQLite` only.
    writer: Option<Writer>,
    base: Arc<str>,
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
        if backend::concurrent(backend) {
            let links = Links::connect(&options.url, options.max_connections).await?;
            prepare(&*links.link().await?, &options.url, options.migrate).await?;
            return Ok(Self { backend, links, writer: None, base: "".into(), _scratch: None });
        }
        let scratch = if options.url.contains(":memory:") { Some(Scratch::make()?) } else { None };
        let url = scratch.as_ref().map_or_else(|| options.url.clone(), Scratch::url);
        let writer = backend::connect_writer(&url).await?;
        prepare(&writer, &url, options.migrate).await?;
        let links = Links::connect(&url, options.max_connections).await?;
        let writer = Some(Writer::start(writer, url));
        Ok(Self { backend, links, writer, base: "".into(), _scratch: scratch })
    }

    /// Says below which address resources live, for filters on `meta.location` and `$ref`; no slash at its end.
    #[must_use]
    pub fn with_base(self, base: &str) -> Self {
        Self { base: base.into(), ..self }
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`] if there is none.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.link().await?.ping().await?)
    }

    /// The migrations that have not run.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`].
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Error> {
        migration::pending(&*self.link().await?).await
    }

    /// Runs the migrations that have not run and says which they were.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Other`]; nothing has changed then.
    pub async fn migrate(&self) -> Result<Vec<String>, Error> {
        migration::up(self.links.url()).await
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
        Ok(ReadUnit { session: self.reading().await?, scope: scope.clone(), base: Arc::clone(&self.base) })
    }

    /// Opens a unit that writes; on `SQLite` it waits for its turn.
    ///
    /// # Errors
    /// [`Error::Busy`] if that takes too long, or [`Error::Other`].
    pub async fn write(&self, scope: &TenantScope) -> Result<WriteUnit, Error> {
        let session = self.writing().await?;
        Ok(WriteUnit::new(ReadUnit { session, scope: scope.clone(), base: Arc::clone(&self.base) }))
    }

    /// Lets open writes finish and closes the database.
    pub async fn close(self) {
        if let Some(writer) = self.writer {
            writer.close().await;
        }
        self.links.close().await;
    }

    /// The one writer of a database that has no more.
    pub(crate) fn writer(&self) -> Option<&Writer> {
        self.writer.as_ref()
    }

    /// Runs statements that need nothing of each other as one unit, in one trip.
    pub(crate) async fn run_all(&self, statements: Vec<Sql>) -> Result<(), Error> {
        if statements.is_empty() {
            return Ok(());
        }
        let sql = Sql::joined(self.backend, statements);
        if let Some(writer) = &self.writer {
            writer.run(sql).await?;
        } else {
            self.link().await?.execute_raw(sql.statement(self.backend)).await?;
        }
        Ok(())
    }

    /// A connection for a statement without a unit.
    pub(crate) async fn link(&self) -> Result<Link, Error> {
        self.links.link().await
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.backend
    }

    pub(crate) async fn reading(&self) -> Result<Session, Error> {
        Session::begin(self.link().await?, backend::begin_reading(self.backend)).await
    }

    pub(crate) async fn writing(&self) -> Result<Session, Error> {
        if let Some(writer) = &self.writer {
            return Ok(Session::leased(writer.lease().await?));
        }
        Session::begin(self.link().await?, backend::begin_writing(self.backend)).await
    }
}

async fn prepare(driver: &Driver, url: &str, migrate: bool) -> Result<(), Error> {
    let pending = migration::pending(driver).await?;
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
