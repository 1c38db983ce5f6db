//! What the targets share: resources to work on, and what holds of every resource.

pub mod laws;
pub mod samples;
