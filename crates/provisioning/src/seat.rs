//! Seats: one unit of a pool, held or waited for by one person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{id::PoolId, words::words};

/// A person's seat in a pool, or place in its queue; at most one per person and pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seat {
    /// The pool.
    pub pool: PoolId,
    /// Held or waited for.
    pub state: SeatState,
    /// Since when it has been in that state.
    pub since: DateTime<Utc>,
    /// Whether it was taken when all bought seats were in use; how many are over *now* is
    /// [`Pool::over`](crate::Pool::over).
    pub overage: bool,
}

/// Whether a seat is held or waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeatState {
    /// Held, and counted in the pool.
    Assigned,
    /// A place in the pool's queue, not counted.
    Waiting,
}

words!(SeatState, "seat state", { Assigned => "assigned", Waiting => "waiting" });
