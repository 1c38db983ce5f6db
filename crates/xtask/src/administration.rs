//! The binary's own commands, as a script would use them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo;

/// The command line of `rollcall` on one database.
pub(crate) struct Administration {
    binary: PathBuf,
    database_url: String,
}

impl Administration {
    /// Brings the database to the newest schema.
    ///
    /// # Errors
    /// When `rollcall migrate` fails.
    pub(crate) fn on_migrated(binary: &Path, database_url: &str) -> Result<Self> {
        let this = Self { binary: binary.to_path_buf(), database_url: database_url.to_owned() };
        this.run(&["migrate"])?;
        Ok(this)
    }

    /// A bearer token of a new connection with the profile, in a new tenant.
    ///
    /// # Errors
    /// When a command fails or prints something other than JSON.
    pub(crate) fn token(&self, tenant: &str, profile: &str) -> Result<String> {
        let tenant = self.field(&["tenant", "create", tenant, "--json"], "id")?;
        let connection =
            ["connection", "create", "--tenant", &tenant, "--name", profile, "--profile", profile, "--json"];
        let connection = self.field(&connection, "id")?;
        self.field(&["token", "create", "--connection", &connection, "--json"], "token")
    }

    fn field(&self, arguments: &[&str], name: &str) -> Result<String> {
        let printed = self.run(arguments)?;
        let value: Value = serde_json::from_str(&printed)
            .with_context(|| format!("rollcall {} printed no JSON: {printed}", arguments.join(" ")))?;
        let field = value[name].as_str().map(str::to_owned);
        field.with_context(|| format!("rollcall {} printed no `{name}`: {printed}", arguments.join(" ")))
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.binary);
        cargo::clean_environment(&mut command);
        let output = command
            .args(arguments)
            .env("ROLLCALL_DATABASE_URL", &self.database_url)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("{} did not start", self.binary.display()))?;
        if !output.status.success() {
            bail!(
                "rollcall {} failed: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
