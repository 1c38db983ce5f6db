//! What every command takes: where the settings are, which database, and how to print.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use server::admin::{Admin, AdminError};
use server::config::Config;

/// Where their help stands.
const HEADING: &str = "Options of every command";

/// Flags of every command.
#[derive(Args)]
pub(crate) struct Global {
    /// A file of settings (TOML) over the defaults
    #[arg(long, global = true, value_name = "FILE", help_heading = HEADING)]
    pub(crate) config: Option<PathBuf>,
    /// The database: `sqlite://FILE?mode=rwc` or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(long, global = true, value_name = "URL", help_heading = HEADING)]
    pub(crate) database_url: Option<String>,
    /// Print one line of JSON instead of text for people; lists are {"items": [...]}
    #[arg(long, global = true, help_heading = HEADING)]
    pub(crate) json: bool,
}

/// An error of an operation as the command line tells it.
pub(crate) fn told(error: operations::Error) -> anyhow::Error {
    anyhow::Error::from(AdminError::from(error))
}

impl Global {
    /// The settings, with the flags over everything.
    ///
    /// # Errors
    /// A sentence that names the setting, where it stands and what to do.
    pub(crate) fn settings(&self, flags: &[(&str, String)]) -> Result<Config> {
        let database = self.database_url.iter().map(|url| ("database_url", url.clone()));
        let flags: Vec<(&str, String)> = database.chain(flags.iter().cloned()).collect();
        Ok(Config::load(self.config.as_deref(), &flags)?)
    }

    /// The administration of the database that the settings name; a server may be running on it.
    ///
    /// # Errors
    /// When the settings cannot be used, or there is no such database or it cannot be opened.
    pub(crate) async fn admin(&self) -> Result<Admin> {
        Ok(Admin::open_existing(&self.settings(&[])?).await?)
    }

    /// As [`Global::admin`], making a database that does not exist.
    ///
    /// # Errors
    /// When the settings cannot be used or the database not be opened.
    pub(crate) async fn admin_of_new(&self) -> Result<Admin> {
        Ok(Admin::open(&self.settings(&[])?).await?)
    }
}
