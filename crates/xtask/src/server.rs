//! The built server as a background process.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cargo;
use crate::commands::Setting;
use crate::watched::{Plan, Watched};

/// A running `rollcall serve`; asked to end when dropped.
pub(crate) struct Server {
    process: Watched,
    address: SocketAddr,
}

/// How many requests a connection may make.
#[derive(Clone, Copy)]
pub(crate) enum RateLimit {
    Off,
    PerSecond { rate: u32, burst: u32 },
}

/// How long the server may take until it is ready.
const PATIENCE: Duration = Duration::from_mins(1);

impl Server {
    /// Starts the server on a free port and waits until it is ready; its log goes to a file in `folder`.
    ///
    /// # Errors
    /// When it ends early or is not ready in time; the message holds the end of its log.
    pub(crate) fn start(binary: &Path, database_url: &str, limit: RateLimit, folder: &Path) -> Result<Self> {
        Self::start_until("/readyz", binary, database_url, (limit, &[]), folder)
    }

    /// As [`Server::start`], without a rate limit and with further settings of the environment.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub(crate) fn start_with(
        binary: &Path,
        database_url: &str,
        settings: &[Setting],
        folder: &Path,
    ) -> Result<Self> {
        Self::start_until("/readyz", binary, database_url, (RateLimit::Off, settings), folder)
    }

    /// Starts the server without a rate limit, and says how long it took from there to its first answer.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub(crate) fn cold_start(binary: &Path, database_url: &str, folder: &Path) -> Result<(Self, Duration)> {
        let start = Instant::now();
        let server = Self::start_until("/healthz", binary, database_url, (RateLimit::Off, &[]), folder)?;
        Ok((server, start.elapsed()))
    }

    fn start_until(
        path: &str,
        binary: &Path,
        url: &str,
        settings: (RateLimit, &[Setting]),
        folder: &Path,
    ) -> Result<Self> {
        let log = free_name(folder);
        let launched = launch(binary, url, settings, folder, &log);
        let started = launched.and_then(|server| server.wait_for(path).map(|()| server));
        started.with_context(|| format!("the server did not start; the end of its log:\n{}", end_of(&log)))
    }

    /// The base URL of its SCIM endpoints.
    pub(crate) fn scim_url(&self) -> String {
        format!("http://{}/scim/v2", self.address)
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id of the server.
    pub(crate) const fn process(&self) -> u32 {
        self.process.program()
    }

    fn wait_for(&self, path: &str) -> Result<()> {
        let start = Instant::now();
        while !is_ok(self.address, path) {
            if start.elapsed() > PATIENCE {
                bail!("{path} gave no 200 within {} s", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// A file with a master key, which is the same for all servers and commands of this run.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn master_key(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("master.key");
    // No secret of these databases is worth a key that differs from run to run.
    fs::write(&file, "rollcall-master-key:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n")?;
    Ok(file)
}

fn launch(
    binary: &Path,
    database_url: &str,
    (limit, settings): (RateLimit, &[Setting]),
    folder: &Path,
    log: &Path,
) -> Result<Server> {
    let mut command = Command::new(binary);
    cargo::clean_environment(&mut command);
    command.envs(settings.iter().map(|(name, value)| (*name, value)));
    // The types of resources that ship as files are tried, too.
    command.env("ROLLCALL_SCHEMAS_DIR", cargo::workspace().join("config/schemas"));
    // The issuers of the suite are on this machine.
    command.env("ROLLCALL_ISSUERS__ALLOW_PRIVATE", "true");
    if database_url.starts_with("postgres") {
        command.env("ROLLCALL_MASTER_KEY_FILE", master_key(folder)?);
    }
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", database_url]).current_dir(folder);
    let (rate, burst) = match limit {
        RateLimit::Off => (0, None),
        RateLimit::PerSecond { rate, burst } => (rate, Some(burst)),
    };
    command.env("ROLLCALL_LIMITS__REQUESTS_PER_SECOND", rate.to_string());
    if let Some(burst) = burst {
        command.env("ROLLCALL_LIMITS__BURST", burst.to_string());
    }
    let plan = Plan { command: &command, user: None, signal: "TERM", folder: None, log: File::create(log)? };
    let (process, mut output) = Watched::start(plan)?;
    let address = output.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
    let address = address.context("it ended before it printed `listening on http://…`")?;
    // A full pipe would stop the server, so the rest of its output is taken and dropped.
    thread::spawn(move || output.for_each(drop));
    Ok(Server { process, address })
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    rest.split_whitespace().next()?.trim_end_matches('/').parse().ok()
}

/// One GET over a connection of its own; a client library would add its own start to what is measured.
fn is_ok(address: SocketAddr, path: &str) -> bool {
    let exchange = || -> std::io::Result<String> {
        let mut connection = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        connection.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(connection, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    };
    exchange().is_ok_and(|answer| answer.split_whitespace().nth(1) == Some("200"))
}

fn free_name(folder: &Path) -> PathBuf {
    let names = (1_u32..).map(|number| folder.join(format!("server-{number}.log")));
    names.into_iter().find(|name| !name.exists()).unwrap_or_else(|| folder.join("server.log"))
}

fn end_of(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::io::BufRead;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_address_is_read_from_the_line_that_announces_it() {
        let address = Some("127.0.0.1:8080".parse().expect("an address"));
        assert_eq!(address_in("listening on http://127.0.0.1:8080"), address);
        assert_eq!(address_in("rollcall is listening on http://127.0.0.1:8080/ (press Ctrl-C)"), address);
        assert_eq!(address_in("starting"), None);
    }

    #[test]
    fn only_a_200_is_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            for status in ["200 OK", "503 Service Unavailable"] {
                let (connection, _) = listener.accept().expect("a client");
                let mut reader = std::io::BufReader::new(connection);
                let mut line = String::new();
                while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                    line.clear();
                }
                write!(reader.get_mut(), "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
                    .expect("an answer");
            }
        });
        assert!(is_ok(address, "/readyz"));
        assert!(!is_ok(address, "/readyz"));
        server.join().expect("the listener ends");
        assert!(!is_ok(address, "/readyz"), "nobody listens any more");
    }

    #[test]
    fn a_server_that_ends_at_once_is_reported_with_its_log() {
        let folder = tempfile::tempdir().expect("a folder");
        // The shell takes `serve` for a script that it cannot open, and says so.
        let started = Server::start(Path::new("sh"), "sqlite://x", RateLimit::Off, folder.path());
        let error = format!("{:#}", started.err().expect("it cannot start"));
        assert!(error.contains("it ended before") && error.contains("serve"), "{error}");
    }
}
