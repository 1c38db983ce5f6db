//! Figures of the installation for `/metrics`: asked of the database now and then, and kept for when it is busy.

mod page;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use operations::{DatabaseError, Figures, chain};
use tokio::time::timeout;

use crate::app::App;
use crate::jobs::PLANS;
use crate::process;

/// Pools, and connections, that are told by name; the others are told together, so that the page stays small.
const NAMED: u32 = 200;

/// How long an answer waits for the database.
const PATIENCE: Duration = Duration::from_secs(1);

/// The database is asked again when the last question is older.
const FRESH: TimeDelta = TimeDelta::seconds(5);

/// The figures that came last.
#[derive(Debug)]
pub(crate) struct Latest {
    /// Held by the one who asks the database.
    turn: tokio::sync::Mutex<()>,
    seen: Mutex<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    /// When the database was asked last, whether or not it answered.
    asked: Option<DateTime<Utc>>,
    /// The instant of the figures; before there are any, that of the start.
    at: DateTime<Utc>,
    figures: Option<Arc<Figures>>,
}

impl Latest {
    /// None yet, at the start.
    pub(crate) fn starting(at: DateTime<Utc>) -> Self {
        let seen = Seen { asked: None, at, figures: None };
        Self { turn: tokio::sync::Mutex::default(), seen: Mutex::new(seen) }
    }

    /// The figures, and how old they are. The database is asked when the last question is old enough; when it does not
    /// answer in time, the figures before are the answer.
    async fn at(
        &self,
        now: DateTime<Utc>,
        ask: impl Future<Output = Result<Figures, DatabaseError>>,
    ) -> (Option<Arc<Figures>>, TimeDelta) {
        let asking = async {
            let _turn = self.turn.lock().await;
            let fresh = |asked: DateTime<Utc>| (TimeDelta::zero()..FRESH).contains(&(now - asked));
            if self.seen().asked.is_some_and(fresh) {
                return;
            }
            self.seen().asked = Some(now);
            match ask.await {
                Ok(figures) => {
                    let mut seen = self.seen();
                    (seen.at, seen.figures) = (now, Some(Arc::new(figures)));
                }
                Err(error) => {
                    tracing::warn!(error = chain(&error), "the figures for /metrics could not be read");
                }
            }
        };
        if timeout(PATIENCE, asking).await.is_err() {
            tracing::warn!("the database did not tell the figures for /metrics in time");
        }
        let seen = self.seen();
        (seen.figures.clone(), (now - seen.at).max(TimeDelta::zero()))
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of the page.
pub(crate) async fn page(app: &App) -> String {
    let now = app.now();
    let kinds: Vec<&str> = PLANS.iter().flat_map(|plan| plan.kinds).copied().collect();
    let (figures, age) = app.figures().at(now, app.db().figures(&kinds, NAMED, now)).await;
    page::lines(figures.as_deref(), age, process::now(), now)
}

#[cfg(test)]
mod tests;
