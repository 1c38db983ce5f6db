//! SCIM 2.0 (RFC 7643 and RFC 7644) as a library: schemas as data, resources as JSON documents, PATCH, filters,
//! projection, messages, discovery, and the dialects of the products that speak it.
//!
//! Everything here is a pure function over values: no database, no HTTP framework, no tenant, no clock. Status
//! codes are numbers. Names of products stand in [`compat`] alone.

pub mod catalogue;
pub mod compat;
pub mod discovery;
pub mod filter;
pub mod json;
pub mod matches;
pub mod patch;
pub mod path;
pub mod project;
pub mod protocol;
pub mod resource;
pub mod schema;
pub mod text;
pub mod time;
pub mod value;

pub use json::Object;
pub use protocol::error::{Error, ScimType};
pub use resource::{Meta, Resource};
pub use schema::{Registry, ResourceType};
