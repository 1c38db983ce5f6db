//! HTTP around the protocol: errors, limits, headers, bodies, queries, paths and traces.

pub(crate) mod accept;
pub(crate) mod error;
pub(crate) mod headers;
pub(crate) mod id;
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod link;
pub(crate) mod paths;
pub(crate) mod peer;
pub(crate) mod query;
mod refusal;
mod rest;
pub(crate) mod socket;
pub(crate) mod trace;
