//! What every handler and job shares: the store, the clock, limits, caches, the request log.

use chrono::{DateTime, Utc};
use operations::Shared;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::auth::Tokens;
use crate::clock::Clock;
use crate::config::{Config, Limits};
use crate::console::Counted;
use crate::doctor::Refusals;
use crate::figures::Latest;
use crate::http::limits::Rates;
use crate::jobs::Bell;
use crate::outbound::Outbound;
use crate::request_log::RequestLog;

/// One running server.
#[derive(Debug)]
pub(crate) struct App {
    config: Config,
    db: Shared,
    clock: Clock,
    tokens: Tokens,
    rates: Rates,
    refusals: Refusals,
    counted: Counted,
    requests: RequestLog,
    figures: Latest,
    outbound: Outbound,
    work: Bell,
    tasks: TaskTracker,
    stop: CancellationToken,
    draining: CancellationToken,
}

impl App {
    /// Puts the parts together.
    pub(crate) fn new(
        config: Config,
        db: Shared,
        clock: Clock,
        requests: RequestLog,
        outbound: Outbound,
    ) -> Self {
        Self {
            tokens: Tokens::new(config.auth.token_cache_seconds),
            rates: Rates::new(&config.limits),
            refusals: Refusals::default(),
            counted: Counted::default(),
            figures: Latest::starting(clock.now()),
            work: Bell::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            draining: CancellationToken::new(),
            config,
            db,
            clock,
            requests,
            outbound,
        }
    }

    /// The present instant, to be read once at the top of a handler or job.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A new id.
    pub(crate) fn id(&self) -> Uuid {
        self.clock.id()
    }

    /// What was refused of late before it could be told whose it was.
    pub(crate) const fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// The people of each tenant as they were counted last.
    pub(crate) const fn counted(&self) -> &Counted {
        &self.counted
    }

    /// The database.
    pub(crate) const fn db(&self) -> &Shared {
        &self.db
    }

    /// The settings.
    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// What a request may cost.
    pub(crate) const fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// The address of the protocol's endpoints, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.db.base()
    }

    /// Tokens that were found lately.
    pub(crate) const fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// How much each connection sends.
    pub(crate) const fn rates(&self) -> &Rates {
        &self.rates
    }

    /// The request log.
    pub(crate) const fn requests(&self) -> &RequestLog {
        &self.requests
    }

    /// The figures for those who watch.
    pub(crate) const fn figures(&self) -> &Latest {
        &self.figures
    }

    /// The ways out.
    pub(crate) const fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Rings when there may be work for the workers.
    pub(crate) const fn work(&self) -> &Bell {
        &self.work
    }

    /// What runs beside the requests; a shutdown waits for it.
    pub(crate) const fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Is cancelled when a shutdown begins: what would never end by itself ends then.
    pub(crate) const fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Cancelled when no request is left and the workers are to end.
    pub(crate) const fn stop(&self) -> &CancellationToken {
        &self.stop
    }
}
