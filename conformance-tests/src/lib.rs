//! A black-box SCIM 2.0 client and its assertions: a URL, a token, raw JSON, and nothing shared with the server.
#![expect(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "every function here is an assertion of a test: it panics on purpose and is chained for its effect"
)]

mod client;
mod environment;
mod expect;
mod expected_failures;
mod make;
mod mint;
mod raw;
mod requirement;

pub use client::{Request, Target};
pub use environment::{ADVICE, database, limited_base, require_server};
pub use expect::Answer;
pub use expected_failures::ExpectedFailures;
pub use make::{encode, group, patch_op, unique, user};
pub use mint::Connection;
pub use requirement::{Skipped, case, report, requirement, skip};
