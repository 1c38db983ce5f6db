//! What one test of a requirement may use: the server, what it says about itself, and other tenants where the run has some.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::exchange::Log;
use crate::requirement::INTERRUPTED;
use crate::service::Service;
use crate::support::Scratch;
use crate::verdict::{Outcome, outcome_of};
use crate::{Connection, Level, Target, environment, skip};

/// The run, as one test sees it.
#[derive(Debug)]
pub(crate) struct Run {
    target: Target,
    other: Option<Target>,
    events: Option<Target>,
    log: Arc<Log>,
}

impl Run {
    /// A test on this server, whose exchanges go into the log.
    pub(crate) fn new(
        target: &Target,
        other: Option<&Target>,
        events: Option<&Target>,
        log: &Arc<Log>,
    ) -> Run {
        let logged = |target: &Target| target.clone().logged(log);
        let (other, events) = (other.map(logged), events.map(logged));
        Run { target: logged(target), other, events, log: Arc::clone(log) }
    }

    /// The server under test.
    pub(crate) fn target(&self) -> Target {
        self.target.clone()
    }

    /// What the server says about itself.
    pub(crate) fn service(&self) -> &Service {
        self.log.service()
    }

    /// A check that weighs no more than this level, in the test of a requirement that may weigh more: what a server accepts
    /// although it could refuse it, or leaves out although it could show it.
    pub(crate) fn at_most(&self, level: Level, check: impl FnOnce()) {
        match outcome_of(catch_unwind(AssertUnwindSafe(check)), Level::Must) {
            Outcome::Failed(complaint) => self.log.weaker(complaint, level),
            Outcome::Skipped(why) if why == INTERRUPTED => skip(&why),
            _ => {}
        }
    }

    /// The tenant that all tests share.
    pub(crate) fn shared(&self) -> Scratch {
        Scratch::on(self.target())
    }

    /// A tenant of its own, for tests that are about the whole of it.
    pub(crate) fn fresh(&self) -> Scratch {
        self.profile("strict")
    }

    /// As [`Run::fresh`]; none where the run cannot make tenants.
    pub(crate) fn fresh_if_any(&self) -> Option<Scratch> {
        environment::binary().map(|_| self.fresh())
    }

    /// As [`Run::sibling`]; none where the run has no other tenant.
    pub(crate) fn sibling_if_any(&self) -> Option<Target> {
        (self.other.is_some() || environment::binary().is_some()).then(|| self.sibling())
    }

    /// A place for many resources, and how many are no burden to it.
    pub(crate) fn roomy(&self) -> (Scratch, usize) {
        self.fresh_if_any().map_or_else(|| (self.shared(), 100), |fresh| (fresh, 1000))
    }

    /// A tenant of its own with a connection of this profile of Rollcall.
    pub(crate) fn profile(&self, profile: &str) -> Scratch {
        self.fresh_with(profile, &[], &[])
    }

    /// As [`Run::profile`], with quirks switched on and off.
    pub(crate) fn fresh_with(&self, profile: &str, with: &[&str], without: &[&str]) -> Scratch {
        if environment::binary().is_none() {
            skip("it needs a tenant of its own, which only a run that starts a Rollcall server can make");
        }
        Scratch::on(Connection::fresh(profile, with, without).target.logged(&self.log))
    }

    /// Another tenant of the same server.
    pub(crate) fn sibling(&self) -> Target {
        match &self.other {
            Some(other) => other.clone(),
            None if environment::binary().is_some() => Target::fresh("strict").logged(&self.log),
            None => skip("it needs a token of another tenant, which `--other-token` gives"),
        }
    }

    /// A connection, who manages the event streams of its tenant, and the connection anew where the run made the tenant.
    pub(crate) fn streams(&self) -> (Scratch, Target, Option<Connection>) {
        if let Some(events) = &self.events {
            return (self.shared(), events.clone(), None);
        }
        if environment::binary().is_none() {
            skip("no token for event streams was given (`--event-token`)");
        }
        let made = Connection::fresh("strict", &[], &[]);
        let events = Target::new(&made.target.base, &made.event_token()).logged(&self.log);
        (Scratch::on(made.target.clone().logged(&self.log)), events, Some(made))
    }

    /// The same connection on a server with a tight rate limit; none where the run has no such server.
    pub(crate) fn limited(&self) -> Option<Target> {
        let base = environment::limited_base()?;
        Some(Target::fresh("generic").at(&base).logged(&self.log))
    }
}
