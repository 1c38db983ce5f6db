//! One pool with the people who hold its seats and the people who wait for one.

use chrono::{DateTime, Utc};
use provisioning::{Forecast, SeatState, UserId};
use serde::Serialize;
use store::SeatRecord;

use super::Pool;
use super::history::forecast;
use crate::bindings::Binding;
use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;

/// A pool with its people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Details {
    /// The pool.
    #[serde(flatten)]
    pub pool: Pool,
    /// When it runs full.
    #[serde(flatten)]
    pub forecast: Forecast,
    /// The name of its tenant.
    pub tenant: String,
    /// The groups that are bound to it.
    pub groups: Vec<Binding>,
    /// Some of the people who hold a seat, the longest held first.
    pub holders: Vec<Holder>,
    /// Some of the people who wait, in the order in which they are served.
    pub queue: Vec<Holder>,
}

/// A person in a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// The person.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// Held or waited for.
    pub state: SeatState,
    /// The place among those who hold a seat, or in the queue, from 1.
    pub place: u64,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Whether the seat was assigned beyond the bought ones.
    pub overage: bool,
    /// With which priority the person is served in the queue.
    pub priority: u16,
}

/// Shows a pool, by id or name, with at most `most` holders and waiting people behind the first `before` of each.
///
/// # Errors
/// [`Error`] if there is no such pool, or several.
pub async fn show(
    db: &Database,
    operator: &Operator,
    pool: &str,
    before: u64,
    most: u64,
) -> Result<Details, Error> {
    let (scope, state) = db.pool(operator, pool).await?;
    let (_, tenant) = db.tenant(&scope.tenant_id().to_string()).await?;
    let unit = db.read(&scope).await?;
    let id = state.pool.id;
    let numbered = |seats: Vec<SeatRecord>| {
        let place = (before + 1..).zip(seats);
        place.map(|(place, seat)| Holder::new(place, seat)).collect()
    };
    let bindings = unit.bindings().await?.into_iter().filter(|binding| binding.pool == id);
    Ok(Details {
        tenant: tenant.name,
        groups: bindings.map(Binding::from).collect(),
        holders: numbered(unit.seats_of(id, SeatState::Assigned, before, most).await?),
        queue: numbered(unit.seats_of(id, SeatState::Waiting, before, most).await?),
        forecast: forecast(&unit, &state, operator.now).await?,
        pool: state.into(),
    })
}

impl Holder {
    fn new(place: u64, seat: SeatRecord) -> Self {
        let SeatRecord { user, user_name, state, since, overage, priority } = seat;
        Self { id: user, user_name, state, place, since, overage, priority }
    }
}
