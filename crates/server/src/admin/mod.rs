//! What an operator does: one module a noun, called by the command line, on the database of the settings and also
//! while a server runs on it.
//!
//! Every result serialises to an object with an `id`. Long work tells a callback how many people it has settled, and
//! leaves a job behind until it is done, so that a server finishes what an interrupted command began.

pub mod binding;
pub mod connection;
mod find;
pub mod grant;
pub mod journal;
pub mod pool;
pub mod report;
pub mod requests;
pub mod tenant;
pub mod token;
pub mod user;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::Refusal;
use serde::Serialize;
use store::{Actor, ActorKind, Constraint, NewJob, Store, TenantScope, WriteUnit};
use thiserror::Error;

use crate::clock::Clock;
use crate::config::Config;
use crate::http::error::chain;
use crate::jobs::{Desk, Progress, Stopped};
use crate::serve::{ServeError, must_exist, open_store};
use crate::settle::Unsettled;

/// How long the job that stands in for an interrupted command waits for the command itself.
const STAND_IN: TimeDelta = TimeDelta::seconds(60);

/// The database, opened for an operator.
#[derive(Debug)]
pub struct Admin {
    store: Arc<Store>,
    clock: Clock,
    config: Config,
}

/// Why something was not done, in one sentence that says what to do.
#[derive(Debug, Error)]
pub enum AdminError {
    /// Something named does not exist, exists already or cannot be used.
    #[error("{0}")]
    Refused(String),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] ServeError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(String),
}

/// What long work came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// People who were looked at.
    pub people: u64,
    /// Of these, those for whom a pool of the policy `reject` had no seat.
    pub refused: u64,
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
        Ok(Self { store: Arc::new(open_store(config, config.migrate).await?), clock, config: config.clone() })
    }

    /// Runs the migrations that the database needs, whatever the settings say about the start of a server; answers
    /// their names.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn migrate(config: &Config) -> Result<Vec<String>, AdminError> {
        match open_store(config, false).await {
            Ok(store) => {
                store.close().await;
                Ok(Vec::new())
            }
            Err(ServeError::Database { error: store::Error::PendingMigrations(names), .. }) => {
                open_store(config, true).await?.close().await;
                Ok(names)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// As whom the journal knows a command.
    fn actor(&self, command: &str) -> Actor {
        let _ = self;
        Actor { kind: ActorKind::Operator, name: "operator".to_owned(), cause: command.to_owned() }
    }

    fn desk(&self) -> Desk<'_> {
        Desk::new(&self.store, &self.clock, &self.config, None)
    }

    /// Queues the job that would finish work which this command begins.
    async fn stand_in(&self, unit: &mut WriteUnit, job: NewJob) -> Result<(), AdminError> {
        Ok(unit.enqueue(job, self.now()).await?)
    }

    /// Takes that job back: the command has come to its end.
    async fn stand_down(&self, scope: &TenantScope, key: String) -> Result<(), AdminError> {
        let mut unit = self.store.write(scope).await?;
        unit.withdraw_jobs(&[key]).await?;
        Ok(unit.commit().await?)
    }
}

/// A name that people can type again.
fn checked_name(name: &str) -> Result<&str, AdminError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(AdminError::Refused("a name has 1 to 200 letters and no control characters".to_owned()));
    }
    Ok(name)
}

impl AdminError {
    fn unknown(kind: &str, name: &str, advice: &str) -> Self {
        Self::Refused(format!("there is no {kind} \"{name}\": {advice}"))
    }
}

impl From<Progress> for Settled {
    fn from(progress: Progress) -> Self {
        Self { people: progress.people, refused: progress.refused }
    }
}

impl From<store::Error> for AdminError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Conflict(constraint @ Constraint::Binding) => {
                Self::Refused(format!("{constraint} exists already: nothing is to be done"))
            }
            store::Error::Conflict(constraint) => {
                Self::Refused(format!("{constraint} exists already: choose another name"))
            }
            store::Error::Ambiguous(sentence) => Self::Refused(sentence),
            store::Error::Busy => Self::Database("it is busy, try again".to_owned()),
            store::Error::Other(cause) => Self::Database(chain(cause.as_ref())),
            other => Self::Database(chain(&other)),
        }
    }
}

impl From<Refusal> for AdminError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(format!("nothing was changed: {refusal}"))
    }
}

impl From<Unsettled> for AdminError {
    fn from(unsettled: Unsettled) -> Self {
        match unsettled {
            Unsettled::Refused(refusal) => refusal.into(),
            Unsettled::Store(error) => error.into(),
        }
    }
}

impl From<Stopped> for AdminError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failed(unsettled) => unsettled.into(),
            other => Self::Refused(other.to_string()),
        }
    }
}
