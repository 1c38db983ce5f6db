//! The command line of `rollcall` on one database, as an operator's script uses it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo;

/// A setting of the environment.
pub(crate) type Setting = (&'static str, String);

/// Commands on one database.
#[derive(Clone)]
pub(crate) struct Commands {
    binary: PathBuf,
    pub(crate) database_url: String,
    /// Further settings.
    pub(crate) settings: Vec<Setting>,
}

impl Commands {
    /// The commands of this executable on a database.
    pub(crate) fn new(binary: &Path, database_url: String) -> Self {
        Self { binary: binary.to_path_buf(), database_url, settings: Vec::new() }
    }

    /// As [`Commands::new`], after the database got the newest schema.
    ///
    /// # Errors
    /// When `rollcall migrate` fails.
    pub(crate) fn on_migrated(binary: &Path, database_url: &str) -> Result<Self> {
        let commands = Self::new(binary, database_url.to_owned());
        commands.run(&["migrate"])?;
        Ok(commands)
    }

    /// A bearer token of a new connection with the profile, in a new tenant.
    ///
    /// # Errors
    /// When a command fails or prints something other than JSON.
    pub(crate) fn token(&self, tenant: &str, profile: &str) -> Result<String> {
        let tenant = self.field(&["tenant", "create", tenant], "id")?;
        let connection =
            ["connection", "create", "--tenant", &tenant, "--name", profile, "--profile", profile];
        let connection = self.field(&connection, "id")?;
        self.field(&["token", "create", "--connection", &connection], "token")
    }

    /// A command with these arguments, to be started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        cargo::clean_environment(&mut command);
        command
            .args(arguments)
            .env("ROLLCALL_DATABASE_URL", &self.database_url)
            .envs(self.settings.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command and gives what it printed.
    ///
    /// # Errors
    /// When it does not start or fails.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(arguments)
            .output()
            .with_context(|| format!("{} did not start", self.binary.display()))?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("rollcall {} failed: {}", arguments.join(" "), error.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The JSON that a command prints.
    ///
    /// # Errors
    /// When the command fails or prints something else.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        let printed = self.run(&[arguments, &["--json"]].concat())?;
        serde_json::from_str(&printed)
            .with_context(|| format!("rollcall {} printed no JSON: {printed}", arguments.join(" ")))
    }

    /// One text of the JSON that a command prints.
    ///
    /// # Errors
    /// When the command fails or prints no such text.
    pub(crate) fn field(&self, arguments: &[&str], name: &str) -> Result<String> {
        let value = self.json(arguments)?;
        let field = value[name].as_str().map(str::to_owned);
        field.with_context(|| format!("rollcall {} printed no `{name}`: {value}", arguments.join(" ")))
    }
}
