//! The messages of RFC 7644.

pub mod conditions;
pub mod error;
pub mod list;
pub mod search;
pub mod version;
