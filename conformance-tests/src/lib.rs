//! A black-box SCIM 2.0 client, a test for each requirement, and a runner: a URL, a token, raw JSON, and nothing shared
//! with the server.
#![expect(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "every function here is an assertion of a test: it panics on purpose and is chained for its effect"
)]

mod cleaning;
mod client;
mod environment;
mod exchange;
mod expect;
mod expected_failures;
mod lacking;
mod make;
mod mint;
mod probe;
pub mod profile;
mod raw;
mod received;
pub mod report;
mod requirement;
mod requirements;
mod run;
pub mod runner;
mod service;
mod support;
mod transport;
mod verdict;
mod words;

pub use client::{Request, Target};
pub use environment::{ADVICE, database, limited_base, require_server};
pub use expect::Answer;
pub use expected_failures::ExpectedFailures;
pub use make::{encode, group, patch_op, unique, user};
pub use mint::Connection;
pub use requirement::{Level, Requirement, Skipped, case, report, requirements, skip};
pub use transport::Transport;
