//! The people whose seats are beyond those that were bought.

use chrono::{DateTime, Utc};
use provisioning::{PoolId, SeatState, UserId};
use serde::Serialize;
use store::{PoolState, ReadUnit};

use crate::database::Database;
use crate::error::Error;
use crate::requester::Operator;
use crate::settle::CHUNK;

/// A person with a seat beyond those that were bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overage {
    /// The person.
    pub id: UserId,
    /// The `userName`.
    pub user_name: String,
    /// The pool.
    pub pool: PoolId,
    /// Its name.
    pub pool_name: String,
    /// Since when the person has the seat.
    pub since: DateTime<Utc>,
    /// Whether no bought seat was free then; else fewer were bought later.
    pub assigned_beyond: bool,
    /// Through what the person has it: groups, a rule, by hand.
    pub through: Vec<String>,
}

/// The people of a tenant with seats beyond those that were bought, by pool, the seat that was taken first in front. Of a pool with so many
/// seats too many these are the ones that were taken last.
///
/// # Errors
/// [`Error`] if there is no such tenant.
pub async fn overage(db: &Database, operator: &Operator, tenant: &str) -> Result<Vec<Overage>, Error> {
    let (scope, _) = db.tenant(tenant).await?;
    let unit = db.read(&scope).await?;
    let mut all = Vec::new();
    for state in unit.pools().await?.iter().filter(|state| state.pool.over() > 0) {
        let mut before = u64::from(state.pool.seats);
        loop {
            let part = of(&unit, state, before, operator.now).await?;
            if part.is_empty() {
                break;
            }
            before += part.len() as u64;
            all.extend(part);
        }
    }
    Ok(all)
}

async fn of(
    unit: &ReadUnit,
    state: &PoolState,
    before: u64,
    now: DateTime<Utc>,
) -> Result<Vec<Overage>, Error> {
    let pool = state.pool.id;
    let seats = unit.seats_of(pool, SeatState::Assigned, before, CHUNK as u64).await?;
    let people: Vec<UserId> = seats.iter().map(|seat| seat.user).collect();
    let facts = unit.facts(&people, &[], now).await?.people;
    let through = |user: UserId| {
        let grants = facts.iter().filter(|person| person.id == user).flat_map(|person| &person.grants);
        grants.filter(|grant| grant.pool == pool).map(|grant| grant.source.to_string()).collect()
    };
    let overage = |seat: store::SeatRecord| Overage {
        id: seat.user,
        user_name: seat.user_name,
        pool,
        pool_name: state.pool.name.clone(),
        since: seat.since,
        assigned_beyond: seat.overage,
        through: through(seat.user),
    };
    Ok(seats.into_iter().map(overage).collect())
}
