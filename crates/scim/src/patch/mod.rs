//! PATCH (RFC 7644 §3.5.2): what is asked for, what it needs, what it changes.

mod apply;
mod budget;
mod elements;
mod footprint;
mod list;
mod outcome;
mod request;
#[cfg(test)]
mod tests;

pub use apply::Stored;
pub use budget::MAX_STEPS;
pub use footprint::Members;
pub use outcome::{MemberChanges, PatchOutcome};
pub use request::{MAX_OPERATIONS, Operation, Operator, PatchRequest, SCHEMA, Target};
