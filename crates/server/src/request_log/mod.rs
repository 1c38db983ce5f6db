//! The request log of the connections: notes that a request collects, and the queue to the one task that writes them.

pub(crate) mod mask;
mod notes;
mod writer;

pub(crate) use notes::{Notes, record};
pub(crate) use writer::{RequestLog, write};
