//! Removal by an administrator: only once the licence is unassigned (S-33, S-36).

use thiserror::Error;

use crate::{id::PoolId, person::Person};

/// Whether an administrator may remove a person; a push (SCIM DELETE) is not asked about and is settled as
/// [`Cause::Removed`](crate::Cause::Removed).
///
/// A place in a queue is no obstacle: it is no licence, and the removal gives it up.
///
/// # Errors
///
/// [`RemovalRefused::SeatHeld`] while a seat is assigned, a suspended person's kept one included.
pub fn may_remove(person: &Person) -> Result<(), RemovalRefused> {
    let pools: Vec<_> = person.assigned().map(|seat| seat.pool).collect();
    if pools.is_empty() { Ok(()) } else { Err(RemovalRefused::SeatHeld { name: person.name.clone(), pools }) }
}

/// Why a person may not be removed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RemovalRefused {
    /// A seat is assigned.
    #[error("{name} still has a licence: unassign it first, then remove the person")]
    SeatHeld {
        /// The person's name.
        name: String,
        /// The pools in which a seat is assigned.
        pools: Vec<PoolId>,
    },
}
