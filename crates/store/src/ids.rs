//! Identifiers: ordered by time, and kept apart by the compiler.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, Utc};
pub use provisioning::{ConnectionId, TenantId, TokenId};
use sea_orm::FromQueryResult;
use uuid::timestamp::context::ContextV7;
use uuid::{Timestamp, Uuid};

/// A row of which only the id is wanted.
#[derive(FromQueryResult)]
pub(crate) struct IdRow {
    pub(crate) id: Uuid,
}

/// Seconds by which a clock may be set back, and ids still go forward.
const SET_BACK: u64 = 60;

/// Hours whose order is remembered.
const HOURS: usize = 48;

/// Each hour has an order of its own: of several clocks in one process, as tests have them, one that runs far ahead takes none
/// of the others along.
static ORDER: Mutex<Order> = Mutex::new(Order { hours: BTreeMap::new(), newest: 0 });

struct Order {
    hours: BTreeMap<u64, ContextV7>,
    /// The second of the newest id.
    newest: u64,
}

/// A version 7 UUID of the instant, or of a later one that this process has seen up to a minute after it; those of one process
/// and clock sort in the order in which they were made.
#[must_use]
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    // What a panic left behind is still an order.
    let mut order = ORDER.lock().unwrap_or_else(PoisonError::into_inner);
    let set_back = (seconds..=seconds + SET_BACK).contains(&order.newest);
    order.newest = if set_back { order.newest } else { seconds };
    let hour = order.newest / 3_600;
    if order.hours.len() >= HOURS && !order.hours.contains_key(&hour) {
        order.hours.pop_first();
    }
    let context = order.hours.entry(hour).or_default();
    Uuid::new_v7(Timestamp::from_unix(&*context, seconds, now.timestamp_subsec_nanos()))
}

/// The smallest UUID of version 7 that an instant has.
pub(crate) fn first_id(at: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

/// The instant as it is stored: whole milliseconds, so that both databases hold the same.
pub(crate) fn stored(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.trunc_subsecs(3)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn ids_go_forward_with_their_clock_and_a_clock_that_is_set_back_a_little() {
        let noon = DateTime::from_timestamp(1_772_366_400, 0).expect("an instant");
        let ids: Vec<Uuid> =
            [0, 1, 1, -30, 0, 5, -55, 60].map(|seconds| new_id(noon + TimeDelta::seconds(seconds))).to_vec();
        assert!(ids.is_sorted(), "{ids:?}");
        let later = new_id(noon + TimeDelta::days(400));
        let now = new_id(noon + TimeDelta::seconds(61));
        assert!(
            ids.iter().all(|id| *id < now) && now < later,
            "a clock that runs ahead takes no other along"
        );
        assert!(now >= first_id(noon) && now < first_id(noon + TimeDelta::minutes(3)));
    }
}
