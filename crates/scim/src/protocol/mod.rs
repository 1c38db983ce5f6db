//! The messages of RFC 7644.

pub mod bulk;
pub mod conditions;
pub mod error;
pub mod event;
pub mod list;
pub mod prefer;
pub mod search;
pub mod sort;
pub mod version;
