//! Identifiers: ordered by time, and kept apart by the compiler.

use std::sync::Mutex;

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

static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A version 7 UUID of the instant, or of a later one that this process has seen; those of one process sort in the order
/// in which they were made.
#[must_use]
pub fn new_id(now: DateTime<Utc>) -> Uuid {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(&ORDER, seconds, now.timestamp_subsec_nanos()))
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
