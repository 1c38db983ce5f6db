//! The built binary as a user has it: commands, a running server, a SCIM client of its own.

pub(crate) mod postgres;
pub(crate) mod receiver;
pub(crate) mod smtp;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a command may take; no command of the tests takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(100);

/// What the threads of a program wait for, where the system tells.
fn threads(id: u32) -> String {
    let mut told = String::new();
    for thread in std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
        for file in ["comm", "wchan", "syscall"] {
            told += std::fs::read_to_string(thread.path().join(file)).unwrap_or_default().trim();
            told += " ";
        }
        told += "; ";
    }
    told
}

/// A database and the folder in which commands run.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) database_url: String,
    /// Settings of the environment.
    pub(crate) settings: Vec<(&'static str, &'static str)>,
}

impl Site {
    /// A site with a new SQLite database.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database_url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
        Self { folder, database_url, settings: Vec::new() }
    }

    /// The binary with these arguments, on this site's database, and nothing of this process's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command.current_dir(self.folder.path()).env("ROLLCALL_DATABASE_URL", &self.database_url);
        if self.database_url.starts_with("postgres") {
            let key = self.folder.path().join("master.key");
            if !key.exists() {
                let made = bare(&["key", "create"]).arg(&key).output().expect("the binary starts");
                assert!(made.status.success(), "{made:?}");
            }
            command.env("ROLLCALL_MASTER_KEY_FILE", key);
        }
        command.envs(self.settings.iter().copied());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the binary starts");
        let (id, (done, ended)) = (child.id(), mpsc::channel());
        thread::spawn(move || done.send(child.wait_with_output()));
        let ended = ended.recv_timeout(PATIENCE);
        let output = ended.unwrap_or_else(|_| panic!("{arguments:?} does not end: {}", threads(id)));
        Ran::from(output.expect("the binary is waited for"))
    }

    /// Runs a command that must succeed and print one line of JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?} failed: {}", ran.error);
        assert_eq!(ran.output.lines().count(), 1, "{arguments:?} printed more than one line: {}", ran.output);
        serde_json::from_str(&ran.output)
            .unwrap_or_else(|_| panic!("{arguments:?} printed no JSON: {}", ran.output))
    }

    /// As [`Site::json`], handing back the `id`.
    pub(crate) fn id(&self, arguments: &[&str]) -> String {
        text(&self.json(arguments), "/id")
    }

    /// A tenant with a connection of a profile; the id of the tenant, the id of the connection and a token.
    pub(crate) fn connected(&self, name: &str, profile: &str) -> (String, String, String) {
        let tenant = self.id(&["tenant", "create", name]);
        let connection = ["connection", "create", "--tenant", &tenant, "--name", name, "--profile", profile];
        let connection = self.id(&connection);
        let token = text(&self.json(&["token", "create", "--connection", &connection]), "/token");
        (tenant, connection, token)
    }

    /// A running server on a free port, without a rate limit.
    pub(crate) fn serve(&self) -> Server {
        Server::start(self.command(&["serve", "--listen", "127.0.0.1:0"]))
    }
}

/// A site whose tenant "Alpha" has Ada and Ben, each with a seat in the pool "Vault", and its server.
pub(crate) async fn vault() -> (Site, Server) {
    let site = Site::sqlite();
    let (_, _, token) = site.connected("Alpha", "generic");
    site.id(&["pool", "create", "--tenant", "Alpha", "--name", "Vault", "--seats", "2", "--for-everyone"]);
    let server = site.serve();
    let client = server.client(&token);
    for name in ["ada", "ben"] {
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name});
        client.expect(Method::POST, "/Users", Some(body), 201).await;
    }
    (site, server)
}

/// The binary in an environment without any setting.
pub(crate) fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROLLCALL_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) output: String,
    /// Standard error without the line about the database.
    pub(crate) error: String,
    /// The line about the database.
    pub(crate) database: String,
}

/// How the line begins by which a command says which database it works on.
pub(crate) const DATABASE: &str = "rollcall: the database is ";

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        let (notes, error): (Vec<&str>, Vec<&str>) =
            error.split_inclusive('\n').partition(|line| line.starts_with(DATABASE));
        Self {
            code: output.status.code().expect("it ended by itself"),
            output: String::from_utf8(output.stdout).expect("UTF-8"),
            error: error.concat(),
            database: notes.concat(),
        }
    }
}

impl Ran {
    /// The command failed with this exit code and one line on standard error, which it hands back.
    pub(crate) fn refused(&self, code: i32) -> &str {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.output, "", "a failure prints no result");
        assert_eq!(self.error.lines().count(), 1, "an error is one line: {}", self.error);
        self.error.trim_end().strip_prefix("rollcall: ").expect("an error says who complains")
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    pub(crate) address: String,
}

impl Server {
    /// Starts a `serve` command and reads the address that it prints.
    pub(crate) fn start(mut command: Command) -> Self {
        command.env("ROLLCALL_LIMITS__REQUESTS_PER_SECOND", "0");
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the server starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("it prints");
        let address = line.trim_end().strip_prefix("listening on http://").map(str::to_owned);
        let address = address.unwrap_or_else(|| panic!("the first line is not the address: {line:?}"));
        Self { child, output, address }
    }

    /// The next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it prints");
        line
    }

    /// Ends it as a power cut would: no chance to finish anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ended");
    }

    /// Asks it to end, and waits until it has: it finishes what it accepted.
    pub(crate) fn stop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().expect("it can be asked");
        assert!(asked.success(), "the server was gone already");
        assert!(self.child.wait().expect("it ended").success(), "an asked end is a success");
    }

    /// A client with a token.
    pub(crate) fn client(&self, token: &str) -> Client {
        Client {
            http: reqwest::Client::new(),
            base: format!("http://{}/scim/v2", self.address),
            token: token.to_owned(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended already when the test killed it itself.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A SCIM client.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// One request; none when the server did not answer.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.header("content-type", "application/scim+json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }

    /// One request that must be answered with this status.
    pub(crate) async fn expect(&self, method: Method, path: &str, body: Option<Value>, status: u16) -> Value {
        let answer = self.send(method.clone(), path, body).await;
        let (got, value) = answer.unwrap_or_else(|| panic!("{method} {path} was not answered"));
        assert_eq!(got, status, "{method} {path}: {value}");
        value
    }
}

/// The text at a JSON pointer.
pub(crate) fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {pointer} in {value}")).to_owned()
}
