//! The database as operations see it: opened once; units of work are opened here and nowhere else.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use provisioning::Policy;
use scim::Registry;
use store::{
    Authenticated, Claim, Figures, Job, Kept, Options, Outcome as JobOutcome, ReadUnit, Registries,
    RequestBatch, Store, TenantScope, TokenId, WriteUnit,
};
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::changes;
use crate::error::Error;
use crate::keys::{self, Keys, MasterKey};
use crate::outcome::Outcome;
use crate::users::Arrivals;

/// How often an attempt is made that the database gave up for the sake of another one.
const ATTEMPTS: u32 = 5;

/// The database.
#[derive(Debug)]
pub struct Database {
    store: Store,
    base: String,
    pages: String,
    policy: Policy,
    arrivals: Arrivals,
    tasks: TaskTracker,
    master: Option<MasterKey>,
    keys: OnceCell<Keys>,
}

/// What a unit of work came to, with the unit that did it.
pub(crate) type Attempt<T> = Result<(WriteUnit, T), Error>;

impl Database {
    /// Opens the database. `base` is the address below which resources live, and `pages` the one below which pages for people
    /// are, without slashes at their ends; `policy` has
    /// the delays that hold where no connection says otherwise; `master` opens what is sealed.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open(
        options: &Options,
        (base, pages): (&str, &str),
        policy: Policy,
        master: Option<MasterKey>,
    ) -> Result<Self, store::Error> {
        let store = Store::open(options).await?.with_base(base).with_policy(policy);
        let tasks = TaskTracker::new();
        let (base, pages) = (base.to_owned(), pages.to_owned());
        let (arrivals, keys) = (Arrivals::default(), OnceCell::new());
        Ok(Self { store, base, pages, policy, arrivals, tasks, master, keys })
    }

    /// The keys that seal what is secret, which are opened when they are needed first.
    ///
    /// # Errors
    /// [`Error::Refused`] without the master key, or with another one than the database was set up with.
    pub(crate) async fn keys(&self, now: DateTime<Utc>) -> Result<&Keys, Error> {
        let open = async || {
            let said = "master_key_file is not set, and what is secret is sealed under that key: make one with \
                        `rollcall key create FILE`, and name the same key on every server of this database";
            let master = self.master.as_ref().ok_or_else(|| Error::Refused(said.to_owned()))?;
            Keys::load(&self.store, master, now).await
        };
        self.keys.get_or_try_init(open).await
    }

    /// Whether the master key opens the keys of this database.
    ///
    /// # Errors
    /// A sentence that says what to do if it does not, or if there is none.
    pub async fn check_keys(&self, now: DateTime<Utc>) -> Result<(), Error> {
        self.keys(now).await.map(drop)
    }

    /// Seals the keys of this database under another master key, and answers how many they are. What they seal stays as it
    /// is, so servers that run go on; each needs the new key at its next start.
    ///
    /// # Errors
    /// [`Error::Refused`] without the present master key.
    pub async fn rotate_master_key(&self, new: &MasterKey, now: DateTime<Utc>) -> Result<usize, Error> {
        self.keys(now).await?;
        let said = "master_key_file is not set: name the file of the present key";
        let master = self.master.as_ref().ok_or_else(|| Error::Refused(said.to_owned()))?;
        keys::rotate(&self.store, master, new).await
    }

    /// Opens a unit that reads.
    pub(crate) async fn read(&self, scope: &TenantScope) -> Result<ReadUnit, Error> {
        Ok(self.store.read(scope).await?)
    }

    /// Opens a unit for one statement, which needs no transaction around it.
    pub(crate) async fn read_once(&self, scope: &TenantScope) -> Result<ReadUnit, Error> {
        Ok(self.store.read_once(scope).await?)
    }

    /// Opens a unit that writes, has `attempt` do its work, and makes it last; answers what came of it, and whether
    /// there is new work for the workers. An attempt that the database gave up on, because of a deadlock or because
    /// its snapshot was too old, is made again.
    pub(crate) async fn write<T, F>(
        &self,
        scope: &TenantScope,
        attempt: impl Fn(WriteUnit) -> F + Sync,
    ) -> Result<Written<T>, Error>
    where
        T: Send,
        F: Future<Output = Attempt<T>> + Send,
    {
        let mut tried = 0;
        loop {
            tried += 1;
            let outcome = async {
                let (mut unit, value) = attempt(self.store.write(scope).await?).await?;
                Box::pin(changes::note(&mut unit, &self.base)).await?;
                let queued = unit.has_queued_work();
                unit.commit().await?;
                Ok::<_, Error>(Written { value, queued })
            };
            match outcome.await {
                Err(error) if error.is_passing() && tried < ATTEMPTS => {}
                outcome => return outcome,
            }
        }
    }

    /// Where look-ups across tenants, health and the request log are.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Says which schemas and resource types tenants have, from now on.
    pub fn use_registries(&self, registries: Registries) {
        self.store.use_registries(registries);
    }

    /// Which schemas and resource types tenants have.
    #[must_use]
    pub fn registries(&self) -> Arc<Registries> {
        self.store.registries()
    }

    /// The schemas and resource types of a tenant.
    #[must_use]
    pub fn registry(&self, scope: &TenantScope) -> Arc<Registry> {
        self.store.registry(scope)
    }

    /// The address below which resources live, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address below which pages for people are, without a slash at its end.
    #[must_use]
    pub fn pages(&self) -> &str {
        &self.pages
    }

    /// The delays that hold where no connection says otherwise.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) const fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    pub(crate) const fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// `sqlite` or `postgresql`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.store.kind()
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// As [`Store::ping`].
    pub async fn ping(&self) -> Result<(), store::Error> {
        self.store.ping().await
    }

    /// Asks whether the database takes changes now.
    ///
    /// # Errors
    /// As [`Store::takes_changes`].
    pub async fn takes_changes(&self) -> Result<(), store::Error> {
        self.store.takes_changes().await
    }

    /// The migrations that have not run.
    ///
    /// # Errors
    /// As [`Store::pending_migrations`].
    pub async fn pending_migrations(&self) -> Result<Vec<String>, store::Error> {
        self.store.pending_migrations().await
    }

    /// Figures of the whole installation at an instant: jobs of these kinds, and at most `most` pools and connections
    /// each by name.
    ///
    /// # Errors
    /// As [`Store::figures`].
    pub async fn figures(
        &self,
        kinds: &[&str],
        most: u32,
        now: DateTime<Utc>,
    ) -> Result<Figures, store::Error> {
        self.store.figures(kinds, most, now).await
    }

    /// Waits for what was begun, lets open units finish and closes the database.
    pub async fn close(self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await;
    }

    /// The connection behind a token; none when the token is unknown, expired or revoked.
    ///
    /// # Errors
    /// As [`Store::authenticate`].
    pub async fn authenticate(
        &self,
        hash: &[u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Authenticated>, store::Error> {
        self.store.authenticate(hash, now).await
    }

    /// The hashes of all tokens that are neither expired nor revoked.
    ///
    /// # Errors
    /// As [`Store::token_hashes`].
    pub async fn token_hashes(&self, now: DateTime<Utc>) -> Result<HashSet<[u8; 32]>, store::Error> {
        self.store.token_hashes(now).await
    }

    /// Notes when tokens were last used.
    ///
    /// # Errors
    /// As [`Store::tokens_used`].
    pub async fn tokens_used(&self, uses: &[(TokenId, DateTime<Utc>)]) -> Result<(), store::Error> {
        self.store.tokens_used(uses).await
    }

    /// Writes to the request log.
    ///
    /// # Errors
    /// As [`Store::log_requests`].
    pub async fn log_requests(&self, batch: RequestBatch) -> Result<(), store::Error> {
        self.store.log_requests(batch).await
    }

    /// Takes out what is older than it is kept.
    ///
    /// # Errors
    /// As [`Store::forget`].
    pub async fn forget(
        &self,
        kept: Kept,
        before: DateTime<Utc>,
        at_a_time: u64,
        go_on: impl Fn() -> bool + Send,
    ) -> Result<u64, store::Error> {
        self.store.forget(kept, before, at_a_time, go_on).await
    }

    /// Claims due jobs.
    ///
    /// # Errors
    /// As [`Store::claim_jobs`].
    pub async fn claim_jobs(
        &self,
        claim: &Claim<'_>,
        worker: &str,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Job>, store::Error> {
        self.store.claim_jobs(claim, worker, now, lease).await
    }

    /// Keeps jobs for longer; answers those whose lease did not go to another worker.
    ///
    /// # Errors
    /// As [`Store::keep_jobs`].
    pub async fn keep_jobs(
        &self,
        jobs: &[&Job],
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Uuid>, store::Error> {
        self.store.keep_jobs(jobs, now, lease).await
    }

    /// Ends a job; `false` if its lease went to another worker.
    ///
    /// # Errors
    /// As [`Store::finish_job`].
    pub async fn finish_job(
        &self,
        job: &Job,
        outcome: JobOutcome,
        now: DateTime<Utc>,
    ) -> Result<bool, store::Error> {
        self.store.finish_job(job, outcome, now).await
    }
}

/// What a unit that lasts came to.
#[derive(Debug)]
pub(crate) struct Written<T> {
    /// What the attempt answered.
    pub(crate) value: T,
    /// Whether there is new work for the workers.
    pub(crate) queued: bool,
}

impl Written<Outcome> {
    /// What the operation came to, with whether it left work for the workers.
    pub(crate) fn outcome(self) -> Outcome {
        Outcome { queued: self.queued, ..self.value }
    }
}

/// Runs the migrations that the database of these options needs, and answers their names.
///
/// # Errors
/// As [`Store::open`].
pub async fn migrate(options: &Options) -> Result<Vec<String>, store::Error> {
    match Store::open(&Options { migrate: false, ..options.clone() }).await {
        Ok(store) => {
            store.close().await;
            Ok(Vec::new())
        }
        Err(store::Error::PendingMigrations(names)) => {
            Store::open(&Options { migrate: true, ..options.clone() }).await?.close().await;
            Ok(names)
        }
        Err(error) => Err(error),
    }
}

/// A database that tasks share.
pub type Shared = Arc<Database>;
