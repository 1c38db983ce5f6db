//! What the command line works with: the database of the settings, also while a server runs on it, and who gives the
//! command.

use operations::keys::MasterKey;
use operations::outside::Purpose;
use operations::webhooks::{Fate, Outgoing};
use operations::work::{Progress, Work, WorkError};
use operations::{By, Database, Error, Operator, sentence};
use thiserror::Error as ThisError;

use crate::clock::Clock;
use crate::config::Config;
use crate::jobs::JobContext;
use crate::outbound::mailer::{Mailer, SendError};
use crate::outbound::postman::Postman;
use crate::serve::{
    ServeError, database_options, database_place, must_exist, open_database, reachable, unopened,
};

/// The database, opened for an operator.
#[derive(Debug)]
pub struct Admin {
    db: Database,
    clock: Clock,
    config: Config,
    name: String,
}

/// Why something was not done, in one sentence that says what to do.
#[derive(Debug, ThisError)]
pub enum AdminError {
    /// The operation did not do what was asked.
    #[error("{}", sentence(.0))]
    Operation(#[from] Error),
    /// Work that was begun cannot be brought to its end.
    #[error("{0}")]
    Broken(String),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] ServeError),
}

impl Admin {
    /// Opens the database of the settings.
    ///
    /// # Errors
    /// [`AdminError::Open`], with what to do about it.
    pub async fn open(config: &Config) -> Result<Self, AdminError> {
        Self::open_with(config, Clock::system()).await
    }

    /// As [`Admin::open`], but never makes a `SQLite` database that does not exist.
    ///
    /// # Errors
    /// As [`Admin::open`], and [`ServeError::NoDatabase`].
    pub async fn open_existing(config: &Config) -> Result<Self, AdminError> {
        must_exist(config)?;
        Self::open(config).await
    }

    /// As [`Admin::open`], with a clock that a test can move.
    ///
    /// # Errors
    /// As [`Admin::open`].
    pub async fn open_with(config: &Config, clock: Clock) -> Result<Self, AdminError> {
        let db = open_database(config, "", None).await?;
        Ok(Self { db, clock, config: config.clone(), name: "operator".to_owned() })
    }

    /// Runs the migrations that the database needs, whatever the settings say about the start of a server; answers
    /// their names.
    ///
    /// # Errors
    /// [`AdminError::Open`].
    pub async fn migrate(config: &Config) -> Result<Vec<String>, AdminError> {
        let (options, file) = database_options(config, true)?;
        let migrated = operations::migrate(&options).await;
        Ok(migrated.map_err(|error| unopened(&options, file.as_deref(), error))?)
    }

    /// The same for the operator of this name, whom the journal then names.
    ///
    /// # Errors
    /// [`AdminError::Operation`] for a name that people could not read again.
    pub fn acting_as(self, name: &str) -> Result<Self, AdminError> {
        Ok(Self { name: Operator::checked_name(name)?.to_owned(), ..self })
    }

    /// Which database the settings name, without any password.
    #[must_use]
    pub fn place(config: &Config) -> String {
        database_place(config)
    }

    /// The address under which a server of these settings has its pages, without a slash at its end.
    #[must_use]
    pub fn site(&self) -> String {
        let Config { base_url, listen, .. } = &self.config;
        if !base_url.is_empty() {
            return base_url.clone();
        }
        listen.parse().map_or_else(|_| format!("http://{listen}"), reachable)
    }

    /// The database.
    #[must_use]
    pub const fn db(&self) -> &Database {
        &self.db
    }

    /// The operator who gives this command now.
    #[must_use]
    pub fn operator(&self, command: &'static str) -> Operator {
        let (name, batch) = (self.name.clone(), self.config.jobs.batch.into());
        Operator { name, by: By::Terminal, command, tenant: None, now: self.clock.now(), batch }
    }

    /// Seals the keys of the database under another master key, and answers how many they are.
    ///
    /// # Errors
    /// As [`Database::rotate_master_key`].
    pub async fn rotate_master_key(&self, new: &MasterKey) -> Result<usize, Error> {
        self.db.rotate_master_key(new, self.clock.now()).await
    }

    /// Asks the mail server of the settings whether it would take mail; none of the settings is `false`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do.
    pub async fn check_mail(&self) -> Result<bool, AdminError> {
        let Some(mailer) = Mailer::of(&self.config.mail).map_err(AdminError::Broken)? else {
            return Ok(false);
        };
        match mailer.check().await {
            Ok(()) => Ok(true),
            Err(
                SendError::Settings { said } | SendError::Later { said } | SendError::Refused { said, .. },
            ) => Err(AdminError::Broken(said)),
        }
    }

    /// Whether the settings allow webhooks in private networks.
    #[must_use]
    pub const fn allows_private_webhooks(&self) -> bool {
        self.config.webhooks.allow_private
    }

    /// Sends a request to a webhook from here, and says what came of it.
    ///
    /// # Errors
    /// A sentence that names the setting with a wrong value.
    pub async fn post(&self, outgoing: Outgoing) -> Result<Fate, AdminError> {
        Ok(Postman::of(Purpose::Webhook, &self.config.webhooks)
            .map_err(AdminError::Broken)?
            .send(outgoing)
            .await)
    }

    /// Brings long work to its end; `seen` is told how far it is.
    ///
    /// # Errors
    /// [`AdminError`]; a server goes on with the work.
    pub async fn finish(
        &self,
        mut work: Work,
        mut seen: impl FnMut(Progress) + Send,
    ) -> Result<Progress, AdminError> {
        let context = JobContext::new(&self.db, &self.clock, &self.config, None);
        let mut total = Progress::default();
        while let Some(step) = work.step(&self.db, context.pace()).await? {
            total.add(step);
            seen(total);
        }
        Ok(total)
    }
}

impl From<WorkError> for AdminError {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Failed(error) => error.into(),
            WorkError::Broken(sentence) => Self::Broken(sentence),
        }
    }
}
