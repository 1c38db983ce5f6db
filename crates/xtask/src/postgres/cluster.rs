//! A throw-away cluster on a free loopback port.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::binaries::Binaries;
use crate::packages::is_root;
use crate::watched::{Plan, Watched};

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing is synced: for tests, whose data is not needed.
    Off,
    /// As installed: for measurements.
    Full,
}

/// A running cluster; ends when dropped, and when this process ends in any other way.
pub(crate) struct Cluster {
    // Ends before its folder does: fields are dropped in this order.
    _server: Watched,
    folder: TempDir,
    binaries: Binaries,
    port: u16,
}

/// How long a start may take.
const PATIENCE: Duration = Duration::from_mins(1);

impl Cluster {
    /// Makes a cluster in a new folder under `parent` and starts it.
    ///
    /// # Errors
    /// When a program fails or the cluster does not answer in time; the message holds the end of its log.
    pub(crate) fn start(binaries: Binaries, durability: Durability, parent: &Path) -> Result<Self> {
        let user = if is_root() { Some(unprivileged_user()?) } else { None };
        let folder = tempfile::Builder::new().prefix("rollcall-postgres-").tempdir_in(parent)?;
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group))?;
        }
        let data = folder.path().join("data");
        let log = folder.path().join("log");
        initialise(&binaries, &data, user)?;
        let port = free_port()?;
        let command = server_command(&binaries, &data, port, durability);
        let plan = Plan {
            command: &command,
            user,
            signal: "QUIT",
            folder: Some(folder.path()),
            log: File::create(&log)?,
        };
        let (server, output) = Watched::start(plan)?;
        // The server writes its log to the error output; its standard output only has to be emptied.
        thread::spawn(move || output.for_each(drop));
        let cluster = Self { _server: server, folder, binaries, port };
        cluster.wait_until_ready().with_context(|| {
            let log = fs::read_to_string(&log).unwrap_or_default();
            format!("the PostgreSQL cluster did not start; its log:\n{log}")
        })?;
        Ok(cluster)
    }

    /// The URL of one of its databases for the superuser.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Creates a database and gives its URL.
    ///
    /// # Errors
    /// When `createdb` fails, for example because the database exists.
    pub(crate) fn create_database(&self, name: &str) -> Result<String> {
        let output = self.client("createdb").arg(name).output().context("createdb did not start")?;
        if !output.status.success() {
            bail!("createdb {name} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(self.url(name))
    }

    /// One of PostgreSQL's client programs, pointed at this cluster.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = self.binaries.command(program);
        command
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres"])
            .current_dir(self.folder.path());
        command
    }

    fn wait_until_ready(&self) -> Result<()> {
        let start = Instant::now();
        loop {
            let query = self
                .client("psql")
                .args(["-d", "postgres", "-Atqc", "select 1"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .context("psql did not start")?;
            if query.success() {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("no answer after {} s", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn initialise(binaries: &Binaries, data: &Path, user: Option<(u32, u32)>) -> Result<()> {
    let mut command = binaries.command("initdb");
    command
        .args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
            "-D",
        ])
        .arg(data)
        .current_dir("/");
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    let output = command.output().context("initdb did not start")?;
    if !output.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn server_command(binaries: &Binaries, data: &Path, port: u16, durability: Durability) -> Command {
    let mut command = binaries.command("postgres");
    command.arg("-D").arg(data).args(["-p", &port.to_string()]).current_dir("/");
    // The socket beside the data leaves the system's socket folder alone.
    let socket = format!("unix_socket_directories={}", data.display());
    let mut settings = vec!["listen_addresses=127.0.0.1", &socket, "max_connections=300"];
    if durability == Durability::Off {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
    }
    for setting in settings {
        command.args(["-c", setting]);
    }
    command
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The user to run as in place of root, whom PostgreSQL refuses.
fn unprivileged_user() -> Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let found = ["postgres", "nobody"].iter().find_map(|name| user_in(&users, name));
    found.context("PostgreSQL refuses to run as root, and there is neither a user postgres nor a user nobody")
}

fn user_in(users: &str, name: &str) -> Option<(u32, u32)> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_their_whole_name() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\npostgres2:x:9:9::/:/bin/sh\npostgres:x:105:113::/:/bin/sh\n";
        assert_eq!(user_in(users, "postgres"), Some((105, 113)));
        assert_eq!(user_in(users, "nobody"), None);
    }

    #[test]
    fn only_tests_go_without_the_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        for program in ["initdb", "postgres"] {
            fs::write(folder.path().join(program), "").expect("a file");
        }
        let binaries = Binaries::find_or_install(Some(folder.path())).expect("both programs are there");
        let unsynced = |durability| {
            let command = server_command(&binaries, Path::new("/d"), 1, durability);
            command.get_args().any(|argument| argument == "fsync=off")
        };
        assert!(unsynced(Durability::Off) && !unsynced(Durability::Full));
    }
}
