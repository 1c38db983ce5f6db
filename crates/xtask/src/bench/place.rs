//! Where a scenario runs: an empty folder, a database server without any database, the executable and the sizes.

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::client::Scim;
use super::sizes::Sizes;
use crate::commands::{Commands, Setting};
use crate::postgres::{Binaries, Cluster, Durability};
use crate::server::{Server, master_key};

/// The databases that can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Database {
    Sqlite,
    #[value(name = "postgresql", alias = "postgres")]
    Postgres,
}

/// The place of one scenario on one database; nothing is left of it when dropped.
pub(crate) struct Place<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) binary: &'a Path,
    pub(crate) sizes: Sizes,
    /// A cluster of its own, so that no scenario waits for the housekeeping after another; none on SQLite.
    pub(crate) cluster: Option<Cluster>,
    folder: TempDir,
}

/// A running server on a database of its own.
pub(crate) struct Site {
    pub(crate) server: Server,
    pub(crate) commands: Commands,
}

impl Database {
    /// How tables name it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl<'a> Place<'a> {
    /// A new place in a new folder under `parent`.
    ///
    /// # Errors
    /// When the folder cannot be made or the cluster does not start.
    pub(crate) fn new(
        runtime: &'a Runtime,
        binary: &'a Path,
        sizes: Sizes,
        database: Database,
        postgres: &Binaries,
        parent: &Path,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("rollcall-bench-").tempdir_in(parent)?;
        let cluster = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(Cluster::start(postgres.clone(), Durability::Full, parent)?),
        };
        Ok(Self { runtime, binary, sizes, cluster, folder })
    }

    /// The folder on the disk to measure.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Says what is done next.
    pub(crate) fn say(&self, what: &str) {
        let database = if self.cluster.is_some() { Database::Postgres } else { Database::Sqlite };
        println!("── {}: {what}", database.label());
    }

    /// Waits for work of the load generator.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// A new database with the schema, and the command line on it.
    ///
    /// # Errors
    /// When it cannot be created or migrated.
    pub(crate) fn database(&self, name: &str) -> Result<Commands> {
        let url = match &self.cluster {
            Some(cluster) => cluster.create_database(name)?,
            None => format!("sqlite://{}?mode=rwc", self.folder().join(name).with_extension("db").display()),
        };
        let mut commands = Commands::new(self.binary, url);
        if self.cluster.is_some() {
            let key = master_key(self.folder())?.display().to_string();
            commands.settings.push(("ROLLCALL_MASTER_KEY_FILE", key));
        }
        commands.run(&["migrate"])?;
        Ok(commands)
    }

    /// A server without a rate limit on a database, with the settings of its commands.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn serve(&self, commands: Commands) -> Result<Site> {
        let server =
            Server::start_with(self.binary, &commands.database_url, &commands.settings, self.folder())?;
        Ok(Site { server, commands })
    }

    /// A server on a new database.
    ///
    /// # Errors
    /// As [`Place::database`] and [`Place::serve`].
    pub(crate) fn site(&self, name: &str) -> Result<Site> {
        self.serve(self.database(name)?)
    }

    /// As [`Place::site`], with further settings for server and commands.
    ///
    /// # Errors
    /// As [`Place::site`].
    pub(crate) fn site_with(&self, name: &str, settings: Vec<Setting>) -> Result<Site> {
        let mut commands = self.database(name)?;
        commands.settings.extend(settings);
        self.serve(commands)
    }

    /// Takes from PostgreSQL what it knows of a database's tables and keeps it from learning anything, as just after
    /// a restore; SQLite, which never learns by itself, stays as it is.
    ///
    /// # Errors
    /// When psql fails.
    pub(crate) fn forget_statistics(&self, name: &str) -> Result<()> {
        let Some(cluster) = &self.cluster else { return Ok(()) };
        let status = cluster.client("psql").args(["-q", "-d", name, "-c", FORGET]).status()?;
        if status.success() { Ok(()) } else { bail!("psql could not take the statistics away") }
    }
}

const FORGET: &str = "DO $$ DECLARE one regclass; BEGIN
    FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', one);
    END LOOP;
    DELETE FROM pg_statistic;
    UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE relnamespace = 'public'::regnamespace;
END $$";

impl Site {
    /// A client with a token of a new connection, in a new tenant.
    ///
    /// # Errors
    /// When a command fails.
    pub(crate) fn tenant(&self, name: &str) -> Result<Scim> {
        self.commands.run(&["tenant", "create", name])?;
        self.connect(name, &[])
    }

    /// A client with a token of a new connection of a tenant, with further flags for the connection.
    ///
    /// # Errors
    /// When a command fails.
    pub(crate) fn connect(&self, tenant: &str, flags: &[&str]) -> Result<Scim> {
        let create = ["connection", "create", "--tenant", tenant, "--name", "load", "--profile", "entra"];
        let connection = self.commands.field(&[&create[..], flags].concat(), "id")?;
        let token = self.commands.field(&["token", "create", "--connection", &connection], "token")?;
        Scim::new(self.server.address(), &token)
    }

    /// The client of a connection, by an access token in place of its bearer token.
    ///
    /// # Errors
    /// When a command fails or the server gives no access token.
    pub(crate) async fn by_access_token(&self, scim: &Scim, tenant: &str) -> Result<Scim> {
        let create = ["token", "create", "--tenant", tenant, "--connection", "load", "--client-secret"];
        let created = self.commands.json(&create)?;
        let field = |name: &str| created[name].as_str().with_context(|| format!("no {name} was printed"));
        scim.with_access_token(field("clientId")?, field("token")?).await
    }

    /// A pool with so many seats and further flags in a tenant that has none; gives its id.
    ///
    /// # Errors
    /// When the command fails.
    pub(crate) fn pool(&self, tenant: &str, seats: usize, flags: &[&str]) -> Result<String> {
        let seats = seats.to_string();
        let create = ["pool", "create", "--tenant", tenant, "--name", "Vault", "--seats", &seats];
        self.commands.field(&[&create[..], flags].concat(), "id")
    }

    /// Seats of the tenant's only pool that are in use.
    ///
    /// # Errors
    /// When the command fails or says something else.
    pub(crate) fn seats_in_use(&self, tenant: &str) -> Result<usize> {
        let pools = self.commands.json(&["pool", "list", "--tenant", tenant])?;
        let used = pools["items"][0]["used"].as_u64().context("`rollcall pool list` printed no `used`")?;
        Ok(usize::try_from(used)?)
    }
}
