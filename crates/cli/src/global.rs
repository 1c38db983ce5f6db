//! What every command takes: where the settings are, which database, and how to print.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, value_parser};
use server::admin::{Admin, AdminError};
use server::config::Config;

use crate::output;

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
    /// The name under which the journal records what you do, instead of your name on this system
    #[arg(long = "as", global = true, value_name = "NAME", help_heading = HEADING)]
    operator: Option<String>,
    /// Print one line of JSON instead of text for people; lists are {"items": [...]}
    #[arg(long, global = true, help_heading = HEADING)]
    pub(crate) json: bool,
    /// Print a line of JSON for each item of a list
    #[arg(long, global = true, conflicts_with = "json", help_heading = HEADING)]
    json_lines: bool,
    /// Print comma-separated values; an apostrophe stands before text that a spreadsheet would take for a formula
    #[arg(long, global = true, conflicts_with_all = ["json", "json_lines"], help_heading = HEADING)]
    csv: bool,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One line of JSON.
    Json,
    /// A line of JSON for each item.
    JsonLines,
    /// Comma-separated values.
    Csv,
}

/// The tenant in which names are looked up.
#[derive(Args)]
pub(crate) struct Within {
    /// Looks names up in this tenant alone, by name or id
    #[arg(long)]
    pub(crate) tenant: Option<String>,
}

/// A part of a long list.
#[derive(Args)]
pub(crate) struct Part {
    /// The first one that is shown, from 1
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = value_parser!(u64).range(1..=u64::from(u32::MAX)))]
    pub(crate) start: u64,
    /// The most that are shown
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = value_parser!(u64).range(1..=100_000))]
    pub(crate) count: u64,
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
        let settings = self.settings(&[])?;
        self.said(Admin::open_existing(&settings).await?, &settings)
    }

    /// As [`Global::admin`], making a database that does not exist.
    ///
    /// # Errors
    /// When the settings cannot be used or the database not be opened.
    pub(crate) async fn admin_of_new(&self) -> Result<Admin> {
        let settings = self.settings(&[])?;
        self.said(Admin::open(&settings).await?, &settings)
    }

    /// Says which database it is, and in whose name it is worked with.
    fn said(&self, admin: Admin, settings: &Config) -> Result<Admin> {
        output::note(&format!("the database is {}", Admin::place(settings)));
        let name = self.operator.clone().unwrap_or_else(system_user);
        Ok(admin.acting_as(&name)?)
    }

    /// How results are printed.
    pub(crate) fn format(&self) -> Format {
        match (self.json, self.json_lines, self.csv) {
            (true, _, _) => Format::Json,
            (_, true, _) => Format::JsonLines,
            (_, _, true) => Format::Csv,
            _ => Format::Text,
        }
    }
}

/// The name under which the system knows the operator.
#[expect(clippy::disallowed_methods, reason = "the name of a person is no setting")]
fn system_user() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "operator".to_owned())
}
