//! The protocol's endpoints (RFC 7644 §3): each handler reads a request, calls one operation and renders what it
//! answers. [`request`] runs a request that did not come over HTTP.

pub(crate) mod bulk;
pub(crate) mod deferred;
pub(crate) mod discovery;
mod every;
pub(crate) mod http;
mod read;
pub(crate) mod request;
mod resources;
mod respond;
