//! The protocol's endpoints (RFC 7644 §3): each handler reads its inputs, runs one unit of work and answers.

mod arrivals;
pub(crate) mod discovery;
mod group_text;
mod group_write;
pub(crate) mod groups;
mod members;
mod respond;
pub(crate) mod search;
pub(crate) mod users;
mod write;

pub(crate) use arrivals::Arrivals;
