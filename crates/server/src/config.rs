//! Settings: `config/default.toml`, a file, the environment and flags, and where each value is from.

mod addresses;
mod bounds;
mod issuers;
mod mail;
mod outside;
pub(crate) mod schemas;
mod sources;
#[cfg(test)]
mod tests;
mod webhooks;

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use operations::sign_in::Lasts;
use operations::{Registries, TenantId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::files::sqlite_url;
use crate::http::peer::TrustedProxies;
use crate::outbound::Outbound;
use addresses::without_password;
pub use issuers::Issuers;
pub use mail::{Mail, Security};
pub(crate) use outside::Outside;
pub use schemas::{Example, ListedType};
pub use webhooks::Webhooks;

/// The defaults, which are also the manual.
pub const DEFAULT: &str = include_str!("../../../config/default.toml");

/// All settings of a run; `config/default.toml` says what each means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: String,
    /// Address under which clients reach the server; empty means the listening address.
    pub base_url: String,
    /// Folder for what the server keeps by itself.
    pub data_dir: PathBuf,
    /// The database, after files and defaults were looked at.
    pub database_url: SecretString,
    /// File that holds the database URL.
    pub database_url_file: PathBuf,
    /// File that holds the key under which secrets are sealed; empty: beside a `SQLite` database.
    pub master_key_file: PathBuf,
    /// Folder with schemas and resource types of the operator's own.
    pub schemas_dir: PathBuf,
    /// Whether licence pools are roles and entitlements that clients read.
    pub roles_and_entitlements: bool,
    /// Most open connections to the database.
    pub database_connections: u32,
    /// Whether pending migrations run at start.
    pub migrate: bool,
    /// The proxies whose word about the addresses of clients is believed.
    pub trusted_proxies: TrustedProxies,
    /// What a request may cost.
    pub limits: Limits,
    /// Authentication.
    pub auth: Auth,
    /// Defaults of new connections.
    pub provisioning: Provisioning,
    /// The console.
    pub console: Console,
    /// Background work.
    pub jobs: Jobs,
    /// The mail server.
    pub mail: Mail,
    /// What the application is told.
    pub events: Events,
    /// Where the application is told.
    pub webhooks: Webhooks,
    /// Through whom administrators may sign in.
    pub issuers: Issuers,
    /// The request log.
    pub requests: Requests,
    /// The program's own log.
    pub log: Log,
    /// Measurements.
    pub metrics: Metrics,
    /// What the files of that folder define.
    #[serde(skip)]
    pub(crate) registries: Registries,
    #[serde(skip)]
    origins: Vec<Setting>,
}

/// What a request may cost.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// Nesting of arrays and objects in a body.
    pub json_depth: usize,
    /// Operations of one PATCH.
    pub patch_operations: usize,
    /// Operations of one bulk request.
    pub bulk_operations: usize,
    /// Resources of a list answer when the client does not say.
    pub page_size: u64,
    /// Most resources of a list answer.
    pub page_size_max: u64,
    /// Resources that are sorted at most where no index has them in the order.
    pub sorted_resources: u64,
    /// Seconds that a request may take.
    pub request_seconds: u64,
    /// Connections that clients may have open.
    pub connections: usize,
    /// Seconds in which the head of a request must arrive.
    pub header_seconds: u64,
    /// Seconds for which a connection waits for its next request.
    pub keep_alive_seconds: u64,
    /// Seconds in which a client must take more of an answer.
    pub reader_seconds: u64,
    /// Requests a second of one connection; 0 is no limit.
    pub requests_per_second: u32,
    /// Requests that a connection may send at once.
    pub burst: u32,
    /// Seconds that a shutdown waits for accepted requests.
    pub shutdown_seconds: u64,
}

/// Authentication.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Seconds for which the tokens in memory are believed; 0 reads them for each request.
    pub token_cache_seconds: u64,
}

/// Defaults of new connections.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioning {
    /// Days for which a suspended person keeps seat and data.
    pub grace_days: u32,
    /// Seconds by which an invitation waits.
    pub invitation_delay_seconds: u32,
    /// Days for which what is kept of deleted people is kept.
    pub deleted_days: u32,
}

/// The console.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Minutes after which a session ends that is not used.
    pub session_idle_minutes: u32,
    /// Hours after which a session ends, however much it is used.
    pub session_hours: u32,
}

impl Console {
    /// How long sessions last.
    pub(crate) fn lasts(self) -> Lasts {
        Lasts {
            idle: TimeDelta::minutes(self.session_idle_minutes.into()),
            whole: TimeDelta::hours(self.session_hours.into()),
        }
    }
}

/// Background work.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Seconds between two looks for work.
    pub poll_seconds: u64,
    /// Seconds for which a worker owns a job.
    pub lease_seconds: u32,
    /// People that one step of a long job settles.
    pub batch: u32,
}

/// What the application is told.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Days for which events and their deliveries are kept.
    pub retention_days: u32,
}

/// The request log.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// Days for which it is kept.
    pub retention_days: u32,
    /// Requests that wait to be written.
    pub queue: usize,
}

/// The program's own log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Level or directives.
    pub level: String,
    /// For whom it is written.
    pub format: LogFormat,
}

/// For whom the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum LogFormat {
    /// People on a terminal, machines elsewhere.
    Auto,
    /// People.
    Pretty,
    /// Machines.
    Json,
}

impl TryFrom<String> for LogFormat {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        match word.as_str() {
            "auto" => Ok(Self::Auto),
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err(format!("\"{word}\" is none of auto, pretty and json")),
        }
    }
}

/// Measurements.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Whether `/metrics` answers.
    pub enabled: bool,
}

/// One setting with its value and where that is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The key, tables separated by a dot.
    pub id: String,
    /// The value; a database URL without its password.
    pub value: String,
    /// Where the value is from, in words.
    pub origin: String,
}

/// Why the settings cannot be used.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl Config {
    /// Reads the settings: the defaults, then `file`, then the environment, then `flags` (pairs of key and value).
    ///
    /// # Errors
    /// A sentence that names the key, the place and what to do.
    pub fn load(file: Option<&Path>, flags: &[(&str, String)]) -> Result<Self, ConfigError> {
        // `std::env::vars` ends the program on a variable that is not Unicode; ours are names we know.
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let environment =
            environment.filter(|(name, _)| name.starts_with(sources::PREFIX)).map(|(name, value)| {
                let unreadable =
                    |_| ConfigError(format!("The environment variable {name} is not valid Unicode."));
                let value = value.into_string().map_err(unreadable)?;
                Ok((name, value))
            });
        let environment: Vec<(String, String)> = environment.collect::<Result<_, ConfigError>>()?;
        Self::from_sources(file, &environment, flags)
    }

    /// As [`Config::load`], with the environment given.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_sources(
        file: Option<&Path>,
        environment: &[(String, String)],
        flags: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let (mut config, origins) = sources::read(file, environment, flags)?;
        config.origins = origins;
        config.resolve_database()?;
        config.mail.read_files().map_err(ConfigError)?;
        config.webhooks.read_files().map_err(ConfigError)?;
        config.issuers.read_files().map_err(ConfigError)?;
        config.registries = config.read_registries().map_err(ConfigError)?;
        config.check()?;
        Ok(config)
    }

    /// Reads what the files of `schemas_dir` define.
    ///
    /// # Errors
    /// A sentence with the file, the attribute and the rule.
    pub(crate) fn read_registries(&self) -> Result<Registries, String> {
        schemas::read(&self.schemas_dir, self.roles_and_entitlements)
    }

    /// Every setting in the order of the manual.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.origins
    }

    /// The types of resources that all tenants have, or those of the tenant with this id.
    ///
    /// # Errors
    /// A sentence for a text that is no id.
    pub fn resource_types(&self, tenant: Option<&str>) -> Result<Vec<ListedType>, String> {
        let Some(tenant) = tenant else { return Ok(schemas::types(self.registries.common())) };
        let id = tenant.parse().map_err(|_| {
            format!("\"{tenant}\" is no id of a tenant: `rollcall tenant list` shows those there are")
        })?;
        Ok(schemas::types(self.registries.of(TenantId::new(id))))
    }

    /// Whether every setting has its default: neither file, environment nor flag sets one.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.origins.iter().all(|setting| setting.origin == sources::DEFAULTS)
    }

    /// The policy of connections that do not say otherwise.
    #[must_use]
    pub fn policy(&self) -> provisioning::Policy {
        provisioning::Policy {
            grace: TimeDelta::days(self.provisioning.grace_days.into()),
            invitation_delay: TimeDelta::seconds(self.provisioning.invitation_delay_seconds.into()),
            ..provisioning::Policy::default()
        }
    }

    fn resolve_database(&mut self) -> Result<(), ConfigError> {
        let file = &self.database_url_file;
        let given = self.database_url.expose_secret();
        let (url, origin) = if !file.as_os_str().is_empty() {
            if !given.is_empty() {
                return Err(ConfigError("Set database_url or database_url_file, not both.".to_owned()));
            }
            let read = std::fs::read_to_string(file);
            let text = read.map_err(|error| {
                ConfigError(format!("database_url_file {} cannot be read: {error}.", file.display()))
            })?;
            (text.trim().to_owned(), Some(format!("the file {}", file.display())))
        } else if given.is_empty() {
            if self.data_dir.as_os_str().as_encoded_bytes().contains(&0) {
                return Err(ConfigError("data_dir must not hold the character NUL.".to_owned()));
            }
            (sqlite_url(&self.data_dir.join("rollcall.db")), None)
        } else {
            (given.trim().to_owned(), None)
        };
        addresses::database(&url).map_err(ConfigError)?;
        if let Some(setting) = self.origins.iter_mut().find(|setting| setting.id == "database_url") {
            setting.value = without_password(&url);
            setting.origin = origin.unwrap_or_else(|| setting.origin.clone());
        }
        self.database_url = url.into();
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        bounds::check(self)?;
        addresses::listen(&self.listen).map_err(ConfigError)?;
        addresses::base(&self.base_url).map_err(ConfigError)?;
        self.mail.check().map_err(ConfigError)?;
        Outbound::of(self).map_err(ConfigError)?;
        crate::logging::filter(&self.log.level).map(drop).map_err(ConfigError)
    }
}
