//! The server: what runs beside what, and how it ends without losing what it accepted.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use operations::{Database, Options, Registries, Shared, sentence, unique_values};
use secrecy::ExposeSecret as _;
use thiserror::Error;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::files::{make_private, make_private_file, sqlite_file};
use crate::http::paths::SCIM;
use crate::http::socket::Doorkeeper;
use crate::jobs;
use crate::master_key::{self, KeyError};
use crate::metrics;
use crate::outbound::Outbound;
use crate::request_log::{self, RequestLog};
use crate::router::router;

/// Why the server does not start, or has stopped by itself.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}; choose another address with --listen")]
    Listen {
        /// The address of the settings.
        address: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The data folder cannot be made.
    #[error("the data folder {folder} cannot be made: {error}; set data_dir or database_url")]
    DataFolder {
        /// The folder of the settings.
        folder: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file of the database cannot be made.
    #[error("the database {file} cannot be made: {error}; set data_dir or database_url")]
    DataFile {
        /// The file of the settings.
        file: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("the database{} cannot be opened: {error}", named(.place.as_deref()))]
    Database {
        /// The file of `SQLite`, or the name of the database and its host.
        place: Option<String>,
        /// What the database says.
        #[source]
        error: operations::DatabaseError,
    },
    /// There is no database, and the command is not one that makes one.
    #[error("there is no database at {}: run `rollcall serve` or `rollcall migrate` first", .file.display())]
    NoDatabase {
        /// The file of the settings.
        file: PathBuf,
    },
    /// There is no master key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The master key is not the one of the database, or is missing.
    #[error("{0}")]
    Sealed(String),
    /// The mail server or the webhooks cannot be used as the settings say.
    #[error("{0}")]
    Outbound(String),
    /// Serving failed.
    #[error("the server stopped: {0}")]
    Io(#[from] std::io::Error),
}

/// How long the work beside the requests may take to end: a step of a job, and what the request log still holds.
const ENDING: Duration = Duration::from_secs(10);

/// A server that listens already and serves once it is told to.
pub struct Server {
    app: Arc<App>,
    clock: Clock,
    listener: TcpListener,
    address: SocketAddr,
    db: Shared,
}

impl Server {
    /// Opens the database, brings it up to date if the settings allow, and takes the address.
    ///
    /// # Errors
    /// [`ServeError`], with what to do about it.
    pub async fn build(config: Config) -> Result<Self, ServeError> {
        Self::build_with(config, Clock::system()).await
    }

    /// As [`Server::build`], with a clock that a test can move.
    ///
    /// # Errors
    /// As [`Server::build`].
    pub async fn build_with(config: Config, clock: Clock) -> Result<Self, ServeError> {
        let refused = |error| ServeError::Listen { address: config.listen.clone(), error };
        let listener = TcpListener::bind(&config.listen).map_err(refused)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let base = if config.base_url.is_empty() { reachable(address) } else { config.base_url.clone() };
        if config.base_url.is_empty() && address.ip().is_unspecified() {
            tracing::warn!(
                "links point to localhost: set base_url to the address under which clients reach the server"
            );
        }
        if base.starts_with("https://") && config.trusted_proxies.is_empty() {
            tracing::warn!(
                "all clients seem to come from the proxy: name it in trusted_proxies, or who guesses passwords slows all \
                 administrators down"
            );
        }
        let limit = Duration::from_secs(config.limits.request_seconds);
        let opened = open_database(&config, &base, Some(limit)).await?;
        let db = Arc::new(opened);
        db.check_keys(clock.now()).await.map_err(|error| ServeError::Sealed(sentence(&error)))?;
        if let Err(error) = unique_values::follow(&db).await {
            tracing::error!(
                error = sentence(&error),
                "values that schemas made unique could not be taken up: the next start or SIGHUP tries again"
            );
        }
        metrics::start(db.kind());
        let (requests, queue) = RequestLog::new(config.requests.queue);
        let outbound = Outbound::of(&config).map_err(ServeError::Outbound)?;
        let app = Arc::new(App::new(config, Arc::clone(&db), clock.clone(), requests, outbound));
        app.tasks().spawn(request_log::write(Arc::clone(&db), queue, app.stop().clone()));
        Ok(Self { app, clock, listener, address, db })
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients find the protocol's endpoints, as links say it.
    #[must_use]
    pub fn scim_url(&self) -> &str {
        self.app.base()
    }

    /// Where people find the pages, without a slash at its end.
    #[must_use]
    pub fn site(&self) -> &str {
        self.db.pages()
    }

    /// The whole program as one service, for tests without a socket.
    pub fn router(&self) -> Router {
        router(&self.app)
    }

    /// Waits until the request log holds what has been answered so far.
    pub async fn flush(&self) {
        self.app.requests().flush().await;
    }

    /// Reads the files of schemas again, as SIGHUP does.
    ///
    /// # Errors
    /// A sentence with the file, the attribute and the rule; the schemas stay as they were then.
    pub async fn read_schemas(&self) -> Result<(), String> {
        read_schemas(&self.app).await
    }

    /// Runs every job that is due now, and those that they make due; for tests and tools without a worker.
    pub async fn run_due_jobs(&self) {
        jobs::run_due(&self.app, &self.clock).await;
    }

    /// Takes out what is older than the settings keep it.
    pub async fn forget_what_is_old(&self) {
        jobs::forget_what_is_old(&self.app).await;
    }

    /// Serves until `stop` is ready; then takes nothing new, finishes what was accepted (or gives up on it after
    /// the settings' time), hands jobs over, writes the request log and closes the database.
    ///
    /// # Errors
    /// [`ServeError::Io`] if the socket fails.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send) -> Result<(), ServeError> {
        let Self { app, clock, listener, address, db } = self;
        let drain = Duration::from_secs(app.limits().shutdown_seconds);
        let handle = Handle::new();
        let mut server =
            axum_server::from_tcp(listener)?.acceptor(Doorkeeper::new(app.limits())).handle(handle.clone());
        server.http_builder().http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(20));
        jobs::start(&app, &clock);
        app.tasks().spawn(read_schemas_again(Arc::clone(&app)));
        tracing::info!(%address, database = db.kind(), "serving");

        let serving = server.serve(router(&app).into_make_service_with_connect_info::<SocketAddr>());
        let draining = async {
            stop.await;
            tracing::info!("stopping: requests that were accepted are finished first");
            app.draining().cancel();
            handle.graceful_shutdown(Some(drain));
        };
        let mut serving = std::pin::pin!(serving);
        let served = tokio::select! {
            served = &mut serving => served,
            () = draining => serving.await,
        };

        app.stop().cancel();
        app.tasks().close();
        if timeout(ENDING, app.tasks().wait()).await.is_err() {
            tracing::warn!(
                "a job was still at work at the end: another worker goes on when its lease is over"
            );
        }
        drop(app);
        if let Ok(db) = Arc::try_unwrap(db) {
            db.close().await;
        } else {
            tracing::warn!("the database was still in use at the end and closes with the program");
        }
        tracing::info!("stopped");
        Ok(served?)
    }
}

/// Opens the database of the settings. `site` is the address of the whole server; no statement takes longer than the limit, if there
/// is one.
///
/// # Errors
/// [`ServeError`].
pub(crate) async fn open_database(
    config: &Config,
    site: &str,
    statement_limit: Option<Duration>,
) -> Result<Database, ServeError> {
    let (options, file) = database_options(config, config.migrate)?;
    let options = Options { statement_limit, ..options };
    let in_memory = file.is_none() && options.url.starts_with("sqlite");
    let master = master_key::read(&config.master_key_file, file.as_deref(), in_memory)?;
    // A command hands out no links.
    let base = if site.is_empty() { String::new() } else { format!("{site}{SCIM}") };
    let opened = Database::open(&options, (&base, site), config.policy(), master).await;
    let opened = opened.map_err(|error| unopened(&options, file.as_deref(), error))?;
    opened.use_registries(config.registries.clone());
    Ok(opened)
}

/// How to open the database of the settings, and the file of `SQLite`, whose folder is made.
///
/// # Errors
/// [`ServeError::DataFolder`].
pub(crate) fn database_options(
    config: &Config,
    migrate: bool,
) -> Result<(Options, Option<PathBuf>), ServeError> {
    let url = config.database_url.expose_secret();
    let file = sqlite_file(url);
    if let Some(folder) = file.as_deref().and_then(Path::parent)
        && !folder.as_os_str().is_empty()
    {
        make_private(folder)
            .map_err(|error| ServeError::DataFolder { folder: folder.display().to_string(), error })?;
    }
    if let Some(file) = file.as_deref().filter(|_| migrate) {
        make_private_file(file)
            .map_err(|error| ServeError::DataFile { file: file.display().to_string(), error })?;
    }
    let max_connections = config.database_connections;
    let options = Options { url: url.to_owned(), max_connections, migrate, statement_limit: None };
    Ok((options, file))
}

/// The database of the settings as people tell it from others: its file, or its name and host. What could hold a
/// password is left out.
pub(crate) fn database_place(config: &Config) -> String {
    let url = config.database_url.expose_secret();
    if let Some(file) = sqlite_file(url) {
        let file = std::path::absolute(&file).unwrap_or(file);
        return format!("{} (SQLite)", file.display());
    }
    place_of_url(url).unwrap_or_else(|| "the one of the settings".to_owned())
}

/// Host and name in a URL; nothing where a password could be taken for one of them.
fn place_of_url(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let address = match rest.rsplit_once('@') {
        Some((user, address)) if !user.contains(['/', '?', '@']) => address,
        Some(_) => return None,
        None => rest,
    };
    let (host, name) = address.split('?').next()?.split_once('/')?;
    Some(format!("{name} at {host} (PostgreSQL)"))
}

/// Refuses a `SQLite` file of the settings that does not exist.
///
/// # Errors
/// [`ServeError::NoDatabase`].
pub(crate) fn must_exist(config: &Config) -> Result<(), ServeError> {
    match sqlite_file(config.database_url.expose_secret()) {
        // A file that cannot be looked at is no missing one: opening it says what is wrong.
        Some(file) if matches!(file.try_exists(), Ok(false)) => Err(ServeError::NoDatabase { file }),
        _ => Ok(()),
    }
}

/// Why a database is not opened, with its file, or its name and host.
pub(crate) fn unopened(
    options: &Options,
    file: Option<&Path>,
    error: operations::DatabaseError,
) -> ServeError {
    let place = file.map(|file| file.display().to_string()).or_else(|| place_of_url(&options.url));
    ServeError::Database { place, error }
}

/// The place as part of a sentence.
fn named(place: Option<&str>) -> String {
    place.map(|place| format!(" {place}")).unwrap_or_default()
}

/// Reads the files of schemas again; those that cannot be used change nothing.
async fn read_schemas(app: &App) -> Result<(), String> {
    let (before, read) = (app.db().registries(), app.config().read_registries()?);
    app.db().use_registries(read);
    if let Err(error) = unique_values::follow(app.db()).await {
        app.db().use_registries(Registries::clone(&before));
        return Err(sentence(&error));
    }
    Ok(())
}

/// Reads the files of schemas again at each SIGHUP, until the server stops. Files that cannot be used change nothing.
async fn read_schemas_again(app: Arc<App>) {
    #[cfg(unix)]
    if let Ok(mut hangups) = signal(SignalKind::hangup()) {
        loop {
            tokio::select! {
                Some(()) = hangups.recv() => {}
                () = app.stop().cancelled() => return,
            }
            match read_schemas(&app).await {
                Ok(()) => {
                    tracing::info!(
                        "the files of schemas were read again; other settings are read at the start"
                    );
                }
                Err(error) => tracing::error!("the schemas stay as they were: {error}"),
            }
        }
    }
    app.stop().cancelled().await;
}

/// Waits for the signals by which systems end a program. SIGHUP, which would end it too, is left to the server.
pub async fn ended() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(unix)]
    let hangups = async {
        if let Ok(mut hangups) = signal(SignalKind::hangup()) {
            while hangups.recv().await.is_some() {}
        }
        std::future::pending::<()>().await;
    };
    #[cfg(not(unix))]
    let (terminate, hangups) = (std::future::pending::<()>(), std::future::pending::<()>());
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
        () = hangups => {}
    }
}

/// The address for links when none is configured; an address that means "every interface" is none.
pub(crate) fn reachable(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://localhost:{}", address.port());
    }
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_hold_an_address_that_can_be_reached() {
        for (address, link) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:80", "http://localhost:80"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("[::]:8080", "http://localhost:8080"),
        ] {
            assert_eq!(reachable(address.parse().expect("an address")), link);
        }
    }

    #[test]
    fn the_place_of_a_database_never_shows_a_password() {
        for (url, place) in [
            (
                "postgres://me:s3cret@db.internal:5433/rollcall?x=1",
                Some("rollcall at db.internal:5433 (PostgreSQL)"),
            ),
            ("postgres://db.internal/rollcall?password=s3cret", Some("rollcall at db.internal (PostgreSQL)")),
            ("postgres://me:s3/cret@db.internal/rollcall", None),
            ("postgres://me:s3?cret@db.internal/rollcall", None),
            ("postgres://me:s3@cret@db.internal/rollcall", None),
            ("postgres://db.internal/rollcall?password=s3@cret/x", None),
        ] {
            assert_eq!(place_of_url(url).as_deref(), place, "{url}");
        }
    }
}
