//! The history of a pool by day, and when it runs full.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use provisioning::{Forecast, LOOKED_AT, PoolDay, PoolId, Zone, days};
use serde::Serialize;
use store::{PoolState, ReadUnit};

use super::Pool;
use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

/// A pool day by day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The pool.
    #[serde(flatten)]
    pub pool: Pool,
    /// When it runs full.
    #[serde(flatten)]
    pub forecast: Forecast,
    /// The day, where the tenant is, on which the history begins.
    pub since: NaiveDate,
    /// The days, the last of which is today; a day without a change is like the one before.
    pub days: Vec<PoolDay>,
}

/// A pool with when it runs full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// The pool.
    #[serde(flatten)]
    pub pool: Pool,
    /// When it runs full.
    #[serde(flatten)]
    pub forecast: Forecast,
}

/// The last `most` days of a pool, today included, as far as its history goes.
///
/// # Errors
/// [`Error`] if there is no such pool.
pub async fn history(db: &Database, operator: &Operator, pool: &str, most: u32) -> Result<History, Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    let unit = db.read(&scope).await?;
    // As the unit sees it, like the changes.
    let known = unit.pools().await?.into_iter().find(|known| known.pool.id == state.pool.id);
    let state = known.ok_or(store::Error::NotFound)?;
    let past = Past::of(&unit, Some(state.pool.id), most.max(1).into(), operator.now).await?;
    Ok(past.history(state, most))
}

/// The last `most` days of each pool of a tenant, oldest first, as far as their history goes.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn histories(
    db: &Database,
    operator: &Operator,
    tenant: &str,
    most: u32,
) -> Result<Vec<History>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let past = Past::of(&unit, None, most.into(), operator.now).await?;
    Ok(unit.pools().await?.into_iter().map(|state| past.history(state, most)).collect())
}

/// The pools of a tenant, oldest first, with when they run full.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn outlook(db: &Database, operator: &Operator, tenant: &str) -> Result<Vec<Outlook>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let states = unit.pools().await?;
    let past = Past::of(&unit, None, 0, operator.now).await?;
    let outlook = |state: PoolState| Outlook { forecast: past.forecast(&state), pool: state.into() };
    Ok(states.into_iter().map(outlook).collect())
}

/// When a pool runs full.
pub(super) async fn forecast(
    unit: &ReadUnit,
    state: &PoolState,
    now: DateTime<Utc>,
) -> Result<Forecast, Error> {
    Ok(Past::of(unit, Some(state.pool.id), 0, now).await?.forecast(state))
}

/// How pools have changed lately.
struct Past {
    zone: Zone,
    today: NaiveDate,
    /// The first day that is looked at.
    first: NaiveDate,
    begun: BTreeMap<PoolId, DateTime<Utc>>,
    changes: BTreeMap<PoolId, Vec<provisioning::PoolChange>>,
}

impl Past {
    /// So many days, and those of a forecast.
    async fn of(unit: &ReadUnit, pool: Option<PoolId>, most: u64, now: DateTime<Utc>) -> Result<Self, Error> {
        let zone = unit.time_zone().await?;
        let today = zone.day(now);
        let first = today.checked_sub_days(Days::new(most.max(LOOKED_AT + 1))).unwrap_or(today);
        let since = zone.end_of(first.pred_opt().unwrap_or(first));
        let (begun, changes) = (unit.pool_beginnings().await?, unit.pool_changes(pool, since).await?);
        Ok(Self { zone, today, first, begun, changes })
    }

    /// The day on which the history of a pool begins, and its days, today included.
    fn days(&self, state: &PoolState) -> (NaiveDate, Vec<PoolDay>) {
        let begun = self.begun.get(&state.pool.id).copied().unwrap_or(state.created_at);
        let since = self.zone.day(begun).min(self.today);
        let now = PoolDay {
            day: self.today,
            seats: state.pool.seats.into(),
            used: state.pool.used.into(),
            waiting: state.waiting.into(),
            joined: 0,
            left: 0,
        };
        let changes = self.changes.get(&state.pool.id).map_or(&[][..], Vec::as_slice);
        (since, days(now, since.max(self.first), changes, self.zone))
    }

    /// The last `most` days of a pool.
    fn history(&self, state: PoolState, most: u32) -> History {
        let (since, mut all) = self.days(&state);
        let forecast = self.forecast(&state);
        let more = all.len().saturating_sub(usize::try_from(most.max(1)).unwrap_or(usize::MAX));
        all.drain(..more);
        History { pool: state.into(), forecast, since, days: all }
    }

    fn forecast(&self, state: &PoolState) -> Forecast {
        let (since, all) = self.days(state);
        let Some((today, before)) = all.split_last() else { return Forecast::TooEarly };
        // The first day is no whole one.
        let whole = before.partition_point(|day| day.day <= since);
        Forecast::of(today, &before[whole..])
    }
}
